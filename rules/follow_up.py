"""Follow-up calls of a day's customers: who is drawn, what a call comes to, what a missed one costs (D22–D25, D30).

A day of handing over is a case of its own kind: it begins with its first list and keeps the rules of that moment.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import ROUND_CEILING, Decimal
from hashlib import sha256

from rules import duties
from rules.after_events import Called, Closed, Delivery, Drawn, Listed
from rules.after_rules import Calls, FollowUp
from rules.amounts import Amount, cents
from rules.case import Case, Penalty, Task, apply
from rules.case_parts import Call
from rules.closing import inform, refused
from rules.commands import DeadlineReached, Inform, OpenCase, ReceiveList, RecordCall
from rules.events import Event, Party, RefusalReason, TaskOpened, Unfined
from rules.facts import Facts
from rules.penalties import Fault, imposed
from rules.policy import Policy
from rules.sameness import folded

_SALES = ("new-car",)


def number_of(day: date, follow_up: FollowUp) -> str:
    """Return the number of the case that keeps a day's calls."""
    return f"{follow_up.prefix}-{day:%Y%m%d}-001"


def delivery_key(customer_name: str, customer_phone: str, plate_no: str, vin: str, business: str) -> str:
    """Tell one car handed over from another of its day, however the list spells it."""
    car = folded("plate_no", plate_no) or folded("vin", vin)
    who = folded("customer_phone", customer_phone) or folded("customer_name", customer_name)
    return sha256(f"{who}|{car}|{business}".encode()).hexdigest()[:16]


# ---------------------------------------------------------------- lists


def receive(
    case: Case | None, command: ReceiveList, policy: Policy, now: datetime, zone: tzinfo
) -> list[Event]:
    """Take a list of one day: the rows that are new, and whom each caller has to call of them."""
    follow_up = policy.follow_up
    if follow_up is None:
        return []
    known = {delivery.key for delivery in case.deliveries} if case is not None else set()
    rows = tuple({row.key: row for row in command.rows if row.key not in known}.values())
    if not rows and case is not None:
        return [refused(command.by, "deliveries", "already-recorded", follow_up.clause, now)]
    pool = (*(case.deliveries if case is not None else ()), *rows)
    drawn = [(calls, draw(calls, command.day, pool, _called_for(case, calls))) for calls in follow_up.calls]
    late = tuple(calls.task for calls, new in drawn if new and now > due_of(calls, command.day, zone))
    listed = Listed(
        at=now,
        policy=command.policy if case is None else case.policy,
        by=command.by,
        day=command.day,
        rows=rows,
        known=len(command.rows) - len(rows),
        late=late,
        clause=follow_up.clause,
    )
    return [
        listed,
        *(
            event
            for calls, new in drawn
            if new
            for event in _drawn(case, calls, new, pool, command, now, zone)
        ),
    ]


def _called_for(case: Case | None, calls: Calls) -> set[str]:
    return {call.customer for call in case.calls if call.task == calls.task} if case is not None else set()


def draw(calls: Calls, day: date, pool: Sequence[Delivery], drawn: Iterable[str]) -> tuple[str, ...]:
    """Return whom to call in addition to those `drawn` already, so that `share` per cent of the pool are called.

    Everybody can draw again and find the same customers: those whose hash of day, duty and key is lowest. A later
    list only adds; nobody drawn is dropped (D23).
    """
    of_theirs = {delivery.key for delivery in pool if delivery.business in calls.businesses}
    have = of_theirs & set(drawn)
    wanted = _rounded_up(len(of_theirs) * calls.share / 100) - len(have)
    others = sorted(of_theirs - have, key=lambda key: lot(day, calls, key))
    return tuple(others[: max(0, wanted)])


def lot(day: date, calls: Calls, key: str) -> str:
    """Return the lot of a customer (`Delivery.key`): the lowest are drawn."""
    return sha256(f"{day}|{calls.key}|{key}".encode()).hexdigest()


def _rounded_up(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_CEILING))


def due_of(calls: Calls, day: date, zone: tzinfo) -> datetime:
    """Return the last second in which a customer of `day` is called in time."""
    last = day + timedelta(days=calls.days)
    return datetime.combine(last, time(23, 59, 59), zone)


def _drawn(
    case: Case | None,
    calls: Calls,
    customers: tuple[str, ...],
    pool: Sequence[Delivery],
    command: ReceiveList,
    now: datetime,
    zone: tzinfo,
) -> list[Event]:
    due = due_of(calls, command.day, zone)
    task = None if case is None else case.task(calls.task)
    begun = [] if task is not None and not task.done else [_task(calls, due, now)]
    drawn = Drawn(
        at=now,
        task=calls.task,
        role=calls.role,
        customers=customers,
        pool=sum(delivery.business in calls.businesses for delivery in pool),
        share=calls.share,
        late=now > due,
        clause=calls.clause,
    )
    return [*begun, drawn]


def _task(calls: Calls, due: datetime, now: datetime) -> TaskOpened:
    return TaskOpened(at=now, task=calls.task, role=calls.role, due=due, clause=calls.clause)


# ---------------------------------------------------------------- calls


def record_call(case: Case, command: RecordCall, policy: Policy, now: datetime) -> list[Event]:
    """Record that a customer was called: of a day's list, or the customer of a complaint (D34, D35)."""
    if case.kind == "complaint":
        return _call_of_a_case(case, command, policy, now)
    found = [delivery.key for delivery in case.deliveries if _is_meant(delivery, command)]
    mine = [call for call in case.calls if call.customer in found and _is_his(call, case, command.by)]
    if (reason := _against(found, mine)) is not None:
        return [_refused(command, reason, policy, now)]
    fresh = [call for call in mine if _is_news(call, command)]
    if not fresh:
        return [_refused(command, "already-recorded", policy, now)]
    events: list[Event] = [_called(call.task, call.customer, command, policy, now) for call in fresh]
    return [*events, *_all_called(case, events, command.by, policy, now)]


def _is_meant(delivery: Delivery, command: RecordCall) -> bool:
    """By telephone number, else plate, else VIN, else name: the first that the result gives decides."""
    given = (
        ("customer_phone", delivery.customer_phone, command.phone),
        ("plate_no", delivery.plate_no, command.plate_no),
        ("vin", delivery.vin, command.vin),
        ("customer_name", delivery.customer_name, command.name),
    )
    for key, theirs, wanted in given:
        if folded(key, wanted):
            return folded(key, theirs) == folded(key, wanted)
    return False


def _is_his(call: Call, case: Case, by: Party) -> bool:
    task = case.task(call.task)
    return task is not None and task.role in by.roles


def _against(found: list[str], mine: list[Call]) -> RefusalReason | None:
    if not found:
        return "not-on-list"
    return None if mine else "not-entitled"


def _is_news(call: Call, command: RecordCall) -> bool:
    """A call that reached the customer is recorded once; what he said of it later is news all the same."""
    if not call.reached:
        return command.called_at is None or command.called_at != call.called_at or command.reached
    complains = bool(command.complaint) and command.complaint != call.complaint
    return complains or (command.satisfied is not None and command.satisfied != call.satisfied)


def _called(task: str, customer: str, command: RecordCall, policy: Policy, now: datetime) -> Called:
    duty = policy.duty(task)
    return Called(
        at=now,
        task=task,
        by=command.by,
        customer=customer,
        called_at=command.called_at,
        reached=command.reached,
        satisfied=command.satisfied,
        complaint=command.complaint,
        note=command.note,
        clause=policy.concession_clause if duty is None else duty.clause,
    )


def _all_called(case: Case, events: Iterable[Event], by: Party, policy: Policy, now: datetime) -> list[Event]:
    """Say which duties are done by now, and that the day is done when all are."""
    for event in events:
        case = apply(case, event)
    ready = [task for task in case.open_tasks if all(call.reached for call in calls_of(case, task.task))]
    done: list[Event] = [*duties.done(ready, by, now)]
    if len(ready) < len(case.open_tasks) or policy.follow_up is None or not case.is_open:
        return done
    return [*done, Closed(at=now, clause=policy.follow_up.clause)]


def calls_of(case: Case, task: str) -> list[Call]:
    """Return whom a duty has to call."""
    return [call for call in case.calls if call.task == task]


def _call_of_a_case(case: Case, command: RecordCall, policy: Policy, now: datetime) -> list[Event]:
    owed = duties.owed_by(case, command.by, ("call", "informing"), policy, now)
    if not owed:
        return [_refused(command, "nothing-asked", policy, now)]
    called = _called(owed[0].task, "", command, policy, now)
    if not command.reached:
        return [called]
    said = Inform(command.by, command.called_at, command.complaint or command.note, command.satisfied)
    told = inform(case, said, policy, now) if _informs(owed, policy) else []
    calls = [task for task in owed if (duty := policy.duty(task.task)) and duty.done_by == "call"]
    return [called, *told, *duties.done(calls[:1], command.by, now)]


def _informs(owed: Iterable[Task], policy: Policy) -> bool:
    return any((duty := policy.duty(task.task)) and duty.done_by == "informing" for task in owed)


def _refused(command: RecordCall, reason: RefusalReason, policy: Policy, now: datetime) -> Event:
    about = {
        "customer_phone": command.phone,
        "plate_no": command.plate_no,
        "vin": command.vin,
        "customer_name": command.name,
        "complaint": command.complaint,
    }
    clause = policy.concession_clause if policy.follow_up is None else policy.follow_up.clause
    given = {key: value for key, value in about.items() if value}
    return refused(command.by, "call", reason, clause, now, given)


def complaint_of(case: Case, called: Called, issued_by: str | None) -> OpenCase | None:
    """Return the form of a complaint found in a call; None where the customer had none (D05).

    `issued_by` is the caller's role: customer care's own calls make the case special, others' are graded normally.
    """
    if not called.complaint:
        return None
    facts: dict[str, object] = {"source": "follow-up-call", "description": called.complaint}
    delivery = case.delivery(called.customer)
    if delivery is None:
        kept = ("department", "customer_name", "customer_phone", "plate_no", "vin", "car_model")
        facts |= {key: case.facts[key] for key in kept if case.facts.get(key)}
    else:
        facts |= {
            "department": "sales" if delivery.business in _SALES else "after-sales",
            "customer_name": delivery.customer_name,
            "customer_phone": delivery.customer_phone,
            **({"plate_no": delivery.plate_no} if delivery.plate_no else {}),
            **({"vin": delivery.vin} if delivery.vin else {}),
        }
    facts |= {"category": "other", "reported_at": called.called_at or called.at}
    return OpenCase(_typed(facts), issued_by=issued_by, sender=called.by)


def _typed(facts: dict[str, object]) -> Facts:
    return {key: value for key, value in facts.items() if isinstance(value, str | datetime)}


# ---------------------------------------------------------------- time


def overdue(case: Case, key: str, reached: DeadlineReached, policy: Policy, now: datetime) -> list[Event]:
    """Say that calls were not made in time, and fine each customer not called of whom the caller knew in time (D30)."""
    task, duty, calls = case.task(key), policy.duty(key), _rule(key, policy)
    if task is None or duty is None or calls is None or task.done or task.overdue_at is not None:
        return []
    if now < task.due:
        return []
    missed = [call for call in calls_of(case, key) if not call.attempts and not call.late]
    late = duties.said_overdue(task, duty, reached, now)
    if not missed or calls.overdue.penalty is None:
        return [late]
    if reached.told_at is None or reached.told_at > task.due:
        reason: Unfined = "not-told" if reached.told_at is None else "told-late"
        return [late, duties.withheld(task, duty, reason, None, reached, now)]
    fined = [call for call in missed if call.customer not in reached.untold]
    return [late, *_fines(case, task, fined, reached, policy, now)]


def _fines(
    case: Case, task: Task, missed: list[Call], reached: DeadlineReached, policy: Policy, now: datetime
) -> list[Event]:
    """One penalty for each customer, or one for the day where the policy counts so."""
    calls = _rule(task.task, policy)
    if calls is None or calls.overdue.penalty is None:
        return []
    rule, events = policy.penalty(calls.overdue.penalty), list[Event]()
    for call in missed if rule.per == "occurrence" else missed[:1]:
        what = call.customer if rule.per == "occurrence" else "day"
        fault = Fault(rule, duties.whoever_owes(task, reached), task.task, f"{task.task}:{what}")
        delivery = case.delivery(call.customer)
        note = delivery.customer_name if delivery is not None and rule.per == "occurrence" else ""
        amount: Amount = "no-authority" if rule.amount is None else cents(rule.amount)
        penalty = imposed(case, fault, amount, now, note=note)
        if penalty is not None:
            case = apply(case, penalty)
            events.append(penalty)
    return events


def _rule(key: str, policy: Policy) -> Calls | None:
    rules = () if policy.follow_up is None else policy.follow_up.calls
    return next((calls for calls in rules if calls.task == key), None)


def overdue_at(case: Case, task: Task) -> datetime | None:
    """Return when calls are found not made in time: never where every list of theirs came too late."""
    if task.done or task.overdue_at is not None or all(call.late for call in calls_of(case, task.task)):
        return None
    return task.due


def ends_at(case: Case, policy: Policy) -> datetime | None:
    """Return when a day is filed although customers were not reached."""
    if policy.follow_up is None or not case.is_open or not case.tasks:
        return None
    last = max(max(task.due, task.opened_at or task.due) for task in case.tasks)
    return last + timedelta(days=policy.follow_up.keep_days)


def ended(case: Case, policy: Policy, now: datetime) -> list[Event]:
    """File a day whose time is over: whoever was not called is called no more."""
    due = ends_at(case, policy)
    if due is None or now < due or policy.follow_up is None:
        return []
    return [Closed(at=now, clause=policy.follow_up.clause)]


def customer_of(penalty: Penalty, case: Case) -> Delivery | None:
    """Return the customer whose missing call a penalty is about."""
    return case.delivery(penalty.occurrence.rpartition(":")[2])
