"""When a case next needs attention, derived from the case alone."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from rules.case import Case
from rules.policy import Policy


class Deadline(NamedTuple):
    """A time at which the case must be looked at.

    `lapse:<stage>` and `reminder:<stage>` of its window; `overdue:<task>` when a duty's time is over and
    `penalty:<task>` when what that costs is looked at again.
    """

    name: str
    due: datetime


def deadlines(case: Case, policy: Policy) -> tuple[Deadline, ...]:
    """Return what is still to come for `case`; of a settled one, only the duties still owed beside it."""
    return (*_of_the_stage(case, policy), *_of_the_duties(case, policy))


def _of_the_stage(case: Case, policy: Policy) -> Iterator[Deadline]:
    if not case.is_open or not case.stage or case.assigned_at is None:
        return
    stage = policy.stage(case.stage)
    if case.due is not None:
        yield Deadline(f"lapse:{stage.key}", case.due)
        if (
            stage.remind_before is not None
            and case.reminded_at is None
            and case.due - stage.remind_before > case.assigned_at
        ):
            yield Deadline(f"reminder:{stage.key}", case.due - stage.remind_before)
    elif stage.repeat is not None:
        last = case.reminded_at or case.assigned_at
        yield Deadline(f"reminder:{stage.key}", last + stage.repeat.every)


def _of_the_duties(case: Case, policy: Policy) -> Iterator[Deadline]:
    for task in case.tasks:
        duty = policy.duty(task.task)
        if task.done or duty is None or duty.overdue is None:
            continue
        if task.overdue_at is None:
            yield Deadline(f"overdue:{task.task}", task.due)
        elif task.fine_at is not None and duty.overdue.penalty is not None:
            yield Deadline(f"penalty:{task.task}", task.fine_at)


def due_now(case: Case, policy: Policy, now: datetime) -> Deadline | None:
    """Return the one deadline to act on at `now`: a lapse outranks a reminder that came too late to help."""
    reached = [deadline for deadline in deadlines(case, policy) if deadline.due <= now]
    return min(
        reached, key=lambda deadline: (deadline.name.startswith("reminder:"), deadline.due), default=None
    )
