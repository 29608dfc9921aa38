"""Duties beside the stages: when they begin, when they are done, and what their lateness costs (D26)."""

from datetime import datetime

from rules.amounts import amount_due
from rules.case import Case, Task
from rules.commands import DeadlineReached
from rules.events import Event, Party, PenaltyWithheld, TaskDone, TaskOpened, TaskOverdue, Unfined
from rules.facts import Facts, with_issuer
from rules.grading import holds
from rules.penalties import Fault, imposed
from rules.policy import Duty, Policy


def begun(facts: Facts, policy: Policy, now: datetime) -> list[TaskOpened]:
    """Return the duties that such a case brings."""
    return [
        TaskOpened(at=now, task=duty.key, role=duty.role, due=now + duty.within, clause=duty.clause)
        for duty in policy.duties
        if holds(duty.when, facts)
    ]


def told_in_time(case: Case, key: str, policy: Policy) -> datetime | None:
    """Return when a duty began: when whoever owes it was told, where mail takes no time."""
    task, duty = case.task(key), policy.duty(key)
    return None if task is None or duty is None else task.due - duty.within


def done_by(case: Case, by: Party, now: datetime) -> list[TaskDone]:
    """Return the duties of `by` that a report of his does, in time or late."""
    return [
        TaskDone(at=now, task=task.task, role=task.role, clause=task.clause)
        for task in case.tasks
        if not task.done and task.role in by.roles
    ]


def overdue(
    case: Case, key: str, reached: DeadlineReached, policy: Policy, now: datetime, facts: Facts
) -> list[Event]:
    """Say that a duty was not done in time, and what that costs if whoever owes it knew of it for as long."""
    task, duty = case.task(key), policy.duty(key)
    if task is None or duty is None or duty.overdue is None:
        return []
    if task.done or task.overdue_at is not None or now < task.due:
        return []
    unfined, until = _put_off(duty, reached.told_at, now)
    late = TaskOverdue(
        at=now,
        task=task.task,
        role=task.role,
        due=task.due,
        told_at=reached.told_at,
        fine_at=until,
        unfined=unfined,
        clause=duty.overdue.clause,
    )
    return [late] if unfined else [late, *_fine(case, task, duty, reached, policy, now, facts)]


def penalty_due(
    case: Case, key: str, reached: DeadlineReached, policy: Policy, now: datetime, facts: Facts
) -> list[Event]:
    """Look again at the penalty of an overdue duty; for the last time where its notice was never accepted."""
    task, duty = case.task(key), policy.duty(key)
    if task is None or duty is None or duty.overdue is None or duty.overdue.penalty is None:
        return []
    if task.done or task.fine_at is None or now < task.fine_at:
        return []
    unfined, until = _put_off(duty, reached.told_at, now)
    if unfined == "not-told":
        until = None
    if unfined is not None:
        return [_withheld(task, duty, unfined, until, reached, now)]
    return _fine(case, task, duty, reached, policy, now, facts) or [
        _withheld(task, duty, "fined-before", None, reached, now)
    ]


def _put_off(duty: Duty, told_at: datetime | None, now: datetime) -> tuple[Unfined | None, datetime | None]:
    """Tell whether the penalty must wait, and until when: his time runs from the moment he was told (design.md)."""
    if duty.overdue is None or duty.overdue.penalty is None:
        return None, None
    if told_at is None:
        return "not-told", now + duty.within
    ripe = told_at + duty.within
    return ("told-late", ripe) if ripe > now else (None, None)


def _fine(
    case: Case,
    task: Task,
    duty: Duty,
    reached: DeadlineReached,
    policy: Policy,
    now: datetime,
    facts: Facts,
) -> list[Event]:
    if duty.overdue is None or duty.overdue.penalty is None:
        return []
    rule = policy.penalty(duty.overdue.penalty)
    others = (role for role in reached.whom.roles if role != task.role)
    who = reached.whom.model_copy(update={"roles": (task.role, *others)})
    amount = amount_due(rule, (task.role,), case, with_issuer(facts, case.issued_by), None, policy)
    penalty = imposed(case, Fault(rule, who, task.task, task.occurrence), amount, now)
    return [] if penalty is None else [penalty]


def _withheld(
    task: Task, duty: Duty, reason: Unfined, until: datetime | None, reached: DeadlineReached, now: datetime
) -> PenaltyWithheld:
    return PenaltyWithheld(
        at=now,
        task=task.task,
        role=task.role,
        reason=reason,
        told_at=reached.told_at,
        until=until,
        clause=duty.clause,
    )
