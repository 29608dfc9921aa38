"""Duties beside the stages: when they begin, when they are done, and what their lateness costs (D26, D32–D36)."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta, tzinfo

from rules.after_rules import Begins, DoneBy
from rules.amounts import amount_due
from rules.case import Case, Task
from rules.commands import CompleteTask, DeadlineReached
from rules.events import (
    Event,
    Party,
    PenaltyWithheld,
    Refused,
    Reminded,
    TaskDone,
    TaskOpened,
    TaskOverdue,
    Unfined,
)
from rules.facts import Facts, with_issuer
from rules.grading import holds
from rules.penalties import Fault, imposed
from rules.policy import Duty, Policy

_LAST_SECOND = time(23, 59, 59)


def begun(
    begins: Begins, case: Case | None, facts: Facts, policy: Policy, now: datetime, zone: tzinfo
) -> list[TaskOpened]:
    """Return the duties that this brings to a case of such facts, but none that it has already."""
    return [
        opened(duty, now, zone)
        for duty in policy.duties
        if duty.begins == begins and holds(duty.when, facts) and _is_new(duty, case)
    ]


def _is_new(duty: Duty, case: Case | None) -> bool:
    if case is None:
        return not duty.grades
    known = case.task(duty.key)
    again = known is None or (known.done and known.opening < case.openings)
    return again and (not duty.grades or case.grade in duty.grades)


def opened(duty: Duty, now: datetime, zone: tzinfo, note: str = "") -> TaskOpened:
    """Begin a duty at `now`."""
    starts = due = None
    if duty.days is not None:
        starts, due = day_of(now, duty.days, zone)
    return TaskOpened(
        at=now,
        task=duty.key,
        role=duty.role,
        due=due or now + duty.within,
        starts=starts if starts is not None and starts > now else None,
        note=note,
        clause=duty.clause,
    )


def day_of(now: datetime, days: int, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the first and the last second of the calendar day `days` after now's."""
    day = now.astimezone(zone).date() + timedelta(days=days)
    start = datetime.combine(day, time(), zone)
    return start, datetime.combine(day, _LAST_SECOND, zone)


def told_in_time(case: Case, key: str) -> datetime | None:
    """Return when a duty began: when whoever owes it was told, where mail takes no time."""
    task = case.task(key)
    return None if task is None else task.opened_at


def owed_by(case: Case, by: Party, how: Iterable[DoneBy], policy: Policy, now: datetime) -> list[Task]:
    """Return the open duties of `by` that this does, first due first; none that have not yet started."""
    done_by = tuple(how)
    return [
        task
        for task in case.open_tasks
        if task.role in by.roles
        and (duty := policy.duty(task.task)) is not None
        and duty.done_by in done_by
        and (task.starts is None or task.starts <= now)
    ]


def done(tasks: Iterable[Task], by: Party, now: datetime, note: str = "") -> list[TaskDone]:
    """Say that duties are done, in time or late."""
    return [
        TaskDone(at=now, task=task.task, role=task.role, by=by, note=note, clause=task.clause)
        for task in tasks
    ]


def complete(case: Case, command: CompleteTask, policy: Policy, now: datetime) -> list[Event]:
    """Take somebody's word that a duty is done, where nothing else shows it."""
    task, duty = case.task(command.task), policy.duty(command.task)
    if task is None or task.done or duty is None or duty.done_by in ("report", "rectification"):
        return [_refused(command, "nothing-asked", policy, now)]
    if task.role not in command.by.roles:
        return [_refused(command, "not-entitled", policy, now)]
    return [*done([task], command.by, now, command.note)]


def _refused(command: CompleteTask, reason: str, policy: Policy, now: datetime) -> Refused:
    duty = policy.duty(command.task)
    return Refused.model_validate(
        {
            "at": now,
            "by": command.by,
            "asked": "call",
            "reason": reason,
            "clause": policy.concession_clause if duty is None else duty.clause,
            "facts": {"task": command.task},
        }
    )


def remind(case: Case, key: str, policy: Policy, now: datetime) -> list[Event]:
    """Remind whoever owes a duty: once before its time, then again and again until it is done."""
    task, duty = case.task(key), policy.duty(key)
    due = None if task is None or duty is None else reminder_due(task, duty)
    if task is None or duty is None or due is None or now < due:
        return []
    about = f"task:{key}"
    return [Reminded(at=now, stage="", roles=(task.role,), due=task.due, about=about, clause=duty.clause)]


def reminder_due(task: Task, duty: Duty) -> datetime | None:
    """Return when whoever owes a duty is next reminded, None if he is not."""
    if task.done or task.opened_at is None:
        return None
    if task.overdue_at is not None:
        return None if duty.remind_every is None else _later(task) + duty.remind_every
    if duty.remind_before is None or task.reminded_at is not None:
        return None
    before = task.due - duty.remind_before
    return before if before > max(task.opened_at, task.starts or task.opened_at) else None


def _later(task: Task) -> datetime:
    return max(at for at in (task.overdue_at, task.reminded_at) if at is not None)


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
    late = said_overdue(task, duty, reached, now, unfined, until)
    return [late] if unfined else [late, *_fine(case, task, duty, reached, policy, now, facts)]


def said_overdue(
    task: Task,
    duty: Duty,
    reached: DeadlineReached,
    now: datetime,
    unfined: Unfined | None = None,
    until: datetime | None = None,
) -> TaskOverdue:
    """Return the event of a duty not done in time."""
    return TaskOverdue(
        at=now,
        task=task.task,
        role=task.role,
        due=task.due,
        told_at=reached.told_at,
        fine_at=until,
        unfined=unfined,
        clause=duty.clause if duty.overdue is None else duty.overdue.clause,
    )


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
        return [withheld(task, duty, unfined, until, reached, now)]
    return _fine(case, task, duty, reached, policy, now, facts) or [
        withheld(task, duty, "fined-before", None, reached, now)
    ]


def _put_off(duty: Duty, told_at: datetime | None, now: datetime) -> tuple[Unfined | None, datetime | None]:
    """Tell whether the penalty must wait, and until when: his time runs from the moment he was told (design.md)."""
    if duty.overdue is None or duty.overdue.penalty is None:
        return None, None
    within = duty.within or timedelta(days=duty.days or 0)
    if told_at is None:
        return "not-told", now + within
    ripe = told_at + within
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
    who = whoever_owes(task, reached)
    amount = amount_due(rule, (task.role,), case, with_issuer(facts, case.issued_by), None, policy)
    penalty = imposed(case, Fault(rule, who, task.task, task.occurrence), amount, now)
    return [] if penalty is None else [penalty]


def whoever_owes(task: Task, reached: DeadlineReached) -> Party:
    """Return whom the lateness of a duty concerns: in the office that owes it, the person who was told."""
    others = (role for role in reached.whom.roles if role != task.role)
    return reached.whom.model_copy(update={"roles": (task.role, *others)})


def withheld(
    task: Task, duty: Duty, reason: Unfined, until: datetime | None, reached: DeadlineReached, now: datetime
) -> PenaltyWithheld:
    """Return the event of a penalty that is not imposed, or not yet."""
    return PenaltyWithheld(
        at=now,
        task=task.task,
        role=task.role,
        reason=reason,
        told_at=reached.told_at,
        until=until,
        clause=duty.clause,
    )
