"""What of a month was owed and done: follow-up calls made of calls due, and the duties beside the stages (D22–D36)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from rules.courses import Course


@dataclass(frozen=True)
class Done:
    """What of one kind fell due: `due` is `in_time` + `later` + `missed`.

    `key` is the duty's; `late_lists` counts calls whose list came after they were due, which are not among them.
    """

    key: str
    role: str
    due: int
    in_time: int
    later: int
    missed: int
    late_lists: int = 0


def calls_made(courses: Iterable[Course], since: datetime, until: datetime) -> tuple[Done, ...]:
    """Count the calls that fell due in the month, by the duty of making them; an attempt is a call made."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for course in courses:
        for drawn in course.drawn:
            task = course.case.task(drawn.task)
            if task is None or not since <= task.due < until:
                continue
            for customer in drawn.customers:
                made = course.first_call(drawn.task, customer)
                counts[drawn.task, drawn.role]["late_lists" if drawn.late else _when(made, task.due)] += 1
    return _ranked(counts)


def duties_done(courses: Iterable[Course], since: datetime, until: datetime) -> tuple[Done, ...]:
    """Count the duties of complaints that fell due in the month, as they stood when counting stopped."""
    counts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for course in (course for course in courses if course.is_complaint):
        for task in course.case.tasks:
            if since <= task.due < until:
                counts[task.task, task.role][_when(task.done_at if task.done else None, task.due)] += 1
    return _ranked(counts)


def _when(done_at: datetime | None, due: datetime) -> str:
    if done_at is None:
        return "missed"
    return "in_time" if done_at <= due else "later"


def _ranked(counts: dict[tuple[str, str], Counter[str]]) -> tuple[Done, ...]:
    found = (
        Done(
            key,
            role,
            count["in_time"] + count["later"] + count["missed"],
            count["in_time"],
            count["later"],
            count["missed"],
            count["late_lists"],
        )
        for (key, role), count in counts.items()
    )
    return tuple(sorted(found, key=lambda done: (done.key, done.role)))
