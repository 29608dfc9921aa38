"""When a case next needs attention, derived from the case alone."""

from datetime import datetime
from typing import NamedTuple

from rules.case import Case
from rules.policy import Policy


class Deadline(NamedTuple):
    """A time at which the case must be looked at: `lapse:<stage>` or `reminder:<stage>`."""

    name: str
    due: datetime


def deadlines(case: Case, policy: Policy) -> tuple[Deadline, ...]:
    """Return what is still to come for `case`; a resolved case has nothing to come."""
    if not case.is_open or not case.stage or case.assigned_at is None:
        return ()
    stage = policy.stage(case.stage)
    found = []
    if case.due is not None:
        found.append(Deadline(f"lapse:{stage.key}", case.due))
        if (
            stage.remind_before is not None
            and case.reminded_at is None
            and case.due - stage.remind_before > case.assigned_at
        ):
            found.append(Deadline(f"reminder:{stage.key}", case.due - stage.remind_before))
    elif stage.repeat is not None:
        found.append(
            Deadline(f"reminder:{stage.key}", (case.reminded_at or case.assigned_at) + stage.repeat.every)
        )
    return tuple(found)


def due_now(case: Case, policy: Policy, now: datetime) -> Deadline | None:
    """Return the one deadline to act on at `now`: a lapse outranks a reminder that came too late to help."""
    reached = [deadline for deadline in deadlines(case, policy) if deadline.due <= now]
    return min(
        reached, key=lambda deadline: (deadline.name.startswith("reminder:"), deadline.due), default=None
    )
