"""When a case next needs attention, derived from the case alone."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from rules.case import Case, Task
from rules.closing import approval_reminder
from rules.duties import reminder_due
from rules.follow_up import ends_at, overdue_at
from rules.policy import Policy


class Deadline(NamedTuple):
    """A time at which the case must be looked at.

    `lapse:<stage>` and `reminder:<stage>` of its window; `overdue:<task>` when a duty's time is over,
    `penalty:<task>` when what that costs is looked at again, `remind-task:<task>` and `remind-approval:<what>` when
    somebody is reminded of what he owes, `hold:` when a hold is over, `end:` when a day of calls is filed.
    """

    name: str
    due: datetime


def deadlines(case: Case, policy: Policy) -> tuple[Deadline, ...]:
    """Return what is still to come for `case`; of a settled one, only what is still owed beside it."""
    if case.kind == "follow-up":
        return (*_of_the_duties(case, policy), *_of_the_calls(case, policy)) if case.is_open else ()
    return (*_of_the_stage(case, policy), *_of_the_duties(case, policy), *_of_the_approvals(case, policy))


def _of_the_calls(case: Case, policy: Policy) -> Iterator[Deadline]:
    if (end := ends_at(case, policy)) is not None:
        yield Deadline("end:", end)


def _of_the_approvals(case: Case, policy: Policy) -> Iterator[Deadline]:
    for asking in case.approvals:
        if (due := approval_reminder(case, asking.what, policy)) is not None:
            yield Deadline(f"remind-approval:{asking.what}", due)


def _of_the_stage(case: Case, policy: Policy) -> Iterator[Deadline]:
    if not case.is_open or not case.stage or case.assigned_at is None:
        return
    if case.held_until is not None:
        yield Deadline("hold:", case.held_until)
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
        if task.done or duty is None:
            continue
        if (reminded := reminder_due(task, duty)) is not None:
            yield Deadline(f"remind-task:{task.task}", reminded)
        if duty.overdue is None:
            continue
        overdue_at = _overdue_at(case, task)
        if overdue_at is not None:
            yield Deadline(f"overdue:{task.task}", overdue_at)
        elif task.fine_at is not None and duty.overdue.penalty is not None:
            yield Deadline(f"penalty:{task.task}", task.fine_at)


def _overdue_at(case: Case, task: Task) -> datetime | None:
    if case.kind == "follow-up":
        return overdue_at(case, task)
    return task.due if task.overdue_at is None else None


def due_now(case: Case, policy: Policy, now: datetime) -> Deadline | None:
    """Return the one deadline to act on at `now`: a lapse outranks a reminder that came too late to help."""
    reached = [deadline for deadline in deadlines(case, policy) if deadline.due <= now]
    return min(
        reached,
        key=lambda deadline: (deadline.name.startswith(("reminder:", "remind-")), deadline.due),
        default=None,
    )
