"""Orders to rectify, approvals, telling the customer, and what must be there before a case is closed (D32–D36, D40)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from rules import duties
from rules.after_events import Approval, Closed, Informed, Rectified, Reopened
from rules.after_rules import Begins, Gate, Rectification
from rules.case import Case, Status, Task, apply
from rules.commands import Inform, Rectify
from rules.events import (
    Amended,
    Asked,
    Escalated,
    Event,
    Graded,
    Opened,
    Party,
    RefusalReason,
    Refused,
    Reminded,
    Resolved,
)
from rules.facts import Facts, facts_to_json, with_issuer
from rules.grading import holds
from rules.policy import Policy

FILED = (Status.CLOSED, Status.WITHDRAWN, Status.MERGED)


def with_aftermath(
    case: Case | None, events: Sequence[Event], facts: Facts, policy: Policy, now: datetime, zone: tzinfo
) -> list[Event]:
    """Return the events and what follows from them: the duties they bring, the closing of a case that lacks nothing.

    `facts` are the case's, typed, with its issuer, as they are after the events.
    """
    for event in events:
        case = apply(case, event, case.number if case else "?")
    if case is None or case.kind != "complaint":
        return list(events)
    told = list(events)
    for begins in dict.fromkeys(moment for event in events if (moment := _moment(event)) is not None):
        for task in duties.begun(begins, case, facts, policy, now, zone):
            case, told = apply(case, task), [*told, task]
    if case.status is not Status.RESOLVED or not policy.gates or missing(case, policy):
        return told
    closed = Closed(at=now, clause=policy.gates[-1].clause)
    return [*told, closed, *duties.begun("closed", apply(case, closed), facts, policy, now, zone)]


def _moment(event: Event) -> Begins | None:
    """Return what of a case's life an event is, as duties name it; a form of a matter come back opens it anew."""
    if isinstance(event, Reopened):
        return "opened" if event.because == "recurrence" else None
    return _BEGINS.get(type(event))


_BEGINS: dict[type, Begins] = {
    Opened: "opened",
    Amended: "opened",
    Graded: "graded",
    Escalated: "graded",
    Resolved: "resolved",
    Rectified: "rectified",
}


def missing(case: Case, policy: Policy) -> tuple[Gate, ...]:
    """Return what a case lacks before it can be closed, whether it is resolved yet or not."""
    asked = (gate for gate in policy.gates if not gate.grades or case.grade in gate.grades)
    return tuple(gate for gate in asked if not _is_open(gate, case))


def _is_open(gate: Gate, case: Case) -> bool:
    if gate.approval:
        asking = case.asking(gate.approval)
        return asking is not None and asking.state == "approved"
    return case.afterwards.get(gate.fact) not in (None, "")


# ---------------------------------------------------------------- the order


def order_of(case: Case, policy: Policy) -> Task | None:
    """Return the duty to send back an order to rectify, None where the case has none."""
    owed = (task for task in case.tasks if _is_order(task, policy))
    return next(owed, None)


def _is_order(task: Task, policy: Policy) -> bool:
    duty = policy.duty(task.task)
    return duty is not None and duty.done_by == "rectification"


def rectify(case: Case, command: Rectify, policy: Policy, now: datetime, facts: Facts) -> list[Event]:
    """Take an order that came back: complete it is done and reviewed, incomplete it is refused with what is missing."""
    order, task = policy.rectification, order_of(case, policy)
    reason, lacking = _against(case, command, order, task)
    if order is None or task is None or reason is not None:
        clause = policy.concession_clause if order is None else order.clause
        kept = _as_sent(command, lacking)
        return [refused(command.by, "rectification", reason or "nothing-asked", clause, now, kept)]
    rectified = Rectified(
        at=now,
        by=command.by,
        task=task.task,
        facts=facts_to_json({key: value for key, value in command.facts.items() if key != "case_number"}),
        clause=order.clause,
    )
    again = [] if task.done else duties.done([task], command.by, now)
    return [
        rectified,
        *again,
        *_informed_by_form(case, command, policy, now),
        *_reviewed(case, command, policy, now, facts),
    ]


def _as_sent(command: Rectify, lacking: tuple[str, ...]) -> dict[str, object]:
    """Return what a refused order said, what it lacks, and of each fact to mend its cell and what is wrong with it."""
    mended = {*lacking, *command.unread}
    places = {f"place:{key}": place for key, place in command.places.items() if key in mended}
    unread = {f"unread:{key}": message for key, message in command.unread.items()}
    said = {**facts_to_json(command.facts), "missing": ", ".join(lacking), **places, **unread}
    return {key: value for key, value in said.items() if value not in (None, "")}


def _against(
    case: Case, command: Rectify, order: Rectification | None, task: Task | None
) -> tuple[RefusalReason | None, tuple[str, ...]]:
    if case.status in FILED:
        return "case-closed", ()
    if order is None or task is None:
        return "nothing-asked", ()
    asking = case.asking("rectification")
    if asking is not None and asking.state == "approved":
        return "already-recorded", ()
    lacking = tuple(key for key in order.required if command.facts.get(key) in (None, ""))
    return ("incomplete", lacking) if lacking or command.unread else (None, ())


def _informed_by_form(case: Case, command: Rectify, policy: Policy, now: datetime) -> list[Event]:
    informed_at = command.facts.get("customer_informed_at")
    if not isinstance(informed_at, datetime):
        return []
    satisfied = command.facts.get("customer_satisfied")
    said = Inform(
        by=command.by,
        informed_at=informed_at,
        opinion=str(command.facts.get("customer_opinion", "")),
        satisfied=satisfied if isinstance(satisfied, bool) else None,
    )
    return informed(case, said, policy, now)


def _reviewed(case: Case, command: Rectify, policy: Policy, now: datetime, facts: Facts) -> list[Event]:
    """Ask the director to review a complete order; one that he sends himself is reviewed (D40)."""
    known = with_issuer(facts, case.issued_by)
    order = policy.rectification
    review = None if order is None else next((r for r in order.review if holds(r.when, known)), None)
    if review is None:
        return []
    return [
        Approval(
            at=now,
            what="rectification",
            role=review.role,
            state="approved" if command.proven and review.role in command.by.roles else "requested",
            by=command.by,
            clause=review.clause,
        )
    ]


def reviewed(
    case: Case, approve: bool, by: Party, note: str, policy: Policy, now: datetime, zone: tzinfo
) -> list[Event]:
    """File an order, or send it back with the reason (D40)."""
    asking, task = case.asking("rectification"), order_of(case, policy)
    order = policy.rectification
    if asking is None or task is None or order is None:
        raise ValueError(f"{case.number}: no order to rectify waits for a review")
    clause = next((review.clause for review in order.review if review.role == asking.role), order.clause)
    decided = Approval(
        at=now,
        what="rectification",
        role=asking.role,
        state="approved" if approve else "rejected",
        by=by,
        note=note,
        clause=clause,
    )
    duty = policy.duty(task.task)
    if approve or duty is None:
        return [decided]
    return [decided, duties.opened(duty, now, zone, note)]


# ---------------------------------------------------------------- the customer


def inform(case: Case, command: Inform, policy: Policy, now: datetime) -> list[Event]:
    """Record that the customer was told; once told, only a new opinion of his is news."""
    if not _may_inform(command, policy):
        return [refused(command.by, "call", "not-entitled", _informing_clause(policy), now)]
    if case.is_open or case.status in FILED:
        reason: RefusalReason = "case-closed" if case.status in FILED else "not-open"
        return [refused(command.by, "call", reason, _informing_clause(policy), now)]
    return informed(case, command, policy, now)


def _may_inform(command: Inform, policy: Policy) -> bool:
    telling = {duty.role for duty in policy.duties if duty.done_by == "informing"}
    correcting = set() if policy.corrections is None else set(policy.corrections.by)
    return bool((telling | correcting) & set(command.by.roles))


def informed(case: Case, command: Inform, policy: Policy, now: datetime) -> list[Event]:
    """Return the events of a customer who was told, and of the duty that this does."""
    known = case.afterwards.get("customer_informed_at")
    news = command.opinion and command.opinion != case.afterwards.get("customer_opinion")
    if known and not news:
        return []
    said = Informed(
        at=now,
        by=command.by,
        informed_at=command.informed_at,
        opinion=command.opinion,
        satisfied=command.satisfied,
        clause=_informing_clause(policy),
    )
    telling = [task for task in case.open_tasks if _is_telling(task, policy)]
    return [said, *duties.done(telling, command.by, now)]


def _is_telling(task: Task, policy: Policy) -> bool:
    duty = policy.duty(task.task)
    return duty is not None and duty.done_by == "informing"


def _informing_clause(policy: Policy) -> str:
    telling = (duty.clause for duty in policy.duties if duty.done_by == "informing")
    return next(telling, policy.concession_clause)


# ---------------------------------------------------------------- what approvals and refusals share


def remind_of_approval(case: Case, what: str, policy: Policy, now: datetime) -> list[Event]:
    """Remind whoever is to approve of something."""
    asking, due = case.asking(what), approval_reminder(case, what, policy)
    if asking is None or due is None or now < due:
        return []
    clause = policy.concession_clause if policy.rectification is None else policy.rectification.clause
    about = f"approval:{what}"
    return [Reminded(at=now, stage="", roles=(asking.role,), due=None, about=about, clause=clause)]


def approval_reminder(case: Case, what: str, policy: Policy) -> datetime | None:
    """Return when whoever is to approve of something is next reminded, None if he is not."""
    asking, every = case.asking(what), _every(what, policy)
    if asking is None or asking.state != "requested" or every is None or case.status in FILED:
        return None
    return (asking.reminded_at or asking.asked_at) + every


def _every(what: str, policy: Policy) -> timedelta | None:
    if what == "rectification":
        return None if policy.rectification is None else policy.rectification.remind_review
    return None if policy.holds is None else policy.holds.remind_every


def refused(
    by: Party,
    asked: Asked,
    reason: RefusalReason,
    clause: str,
    now: datetime,
    facts: Mapping[str, object] | None = None,
) -> Refused:
    """Return the refusal of what somebody asked."""
    return Refused.model_validate(
        {"at": now, "by": by, "asked": asked, "reason": reason, "clause": clause, "facts": facts or {}}
    )
