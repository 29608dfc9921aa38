"""How a case changes after its grade: what orders, calls, approvals and corrections leave behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.after_events import (
    Approval,
    Called,
    Closed,
    Corrected,
    Drawn,
    Held,
    Informed,
    Listed,
    Merged,
    Rectified,
    Reopened,
    Resumed,
    Withdrawn,
)
from rules.case_parts import Asking, Call, Status
from rules.events import Event, JsonFacts, Party

if TYPE_CHECKING:
    from rules.case import Case


def afterwards(case: Case, event: Event) -> Case:
    """Return the case after an event of this kind; unchanged by any other."""
    match event:
        case Rectified():
            told = {key: value for key, value in event.facts.items() if value not in (None, "")}
            return case.model_copy(update={"afterwards": {**case.afterwards, **told}})
        case Informed():
            return _informed(case, event)
        case Approval():
            return _asked(case, event)
        case Listed() | Drawn() | Called():
            return _of_calls(case, event)
        case _:
            return _begun_or_ended(case, event)


def _begun_or_ended(case: Case, event: Event) -> Case:
    match event:
        case Closed():
            ended = case.resolved_at or event.at
            return case.model_copy(
                update={"status": Status.CLOSED, "closed_at": event.at, "resolved_at": ended, "due": None}
            )
        case Reopened():
            return _reopened(case, event)
        case Corrected():
            facts = {
                key: value for key, value in {**case.facts, **event.entries}.items() if value is not None
            }
            return case.model_copy(update={"facts": facts})
        case Withdrawn():
            return _ended(case, Status.WITHDRAWN, event)
        case Merged():
            return _ended(case, Status.MERGED, event).model_copy(update={"merged_into": event.into})
        case Held() | Resumed():
            return _paused(case, event)
        case _:
            return case


def _informed(case: Case, event: Informed) -> Case:
    told: JsonFacts = {"customer_informed_at": (event.informed_at or event.at).isoformat()}
    if event.opinion:
        told["customer_opinion"] = event.opinion
    if event.satisfied is not None:
        told["customer_satisfied"] = event.satisfied
    return case.model_copy(update={"afterwards": {**case.afterwards, **told}})


def _asked(case: Case, event: Approval) -> Case:
    known = case.asking(event.what)
    asked = known is not None and known.state == "requested" and event.state != "requested"
    asking = Asking(
        what=event.what,
        role=event.role,
        state=event.state,
        by=known.by if known is not None and asked else event.by,
        decided_by=Party() if event.state == "requested" else event.by,
        request=event.request,
        clause=event.clause,
        asked_at=known.asked_at if known is not None and asked else event.at,
        note=event.note,
    )
    others = (other for other in case.approvals if other.what != event.what)
    told = union(case.told, (event.role,)) if case.kind == "complaint" else case.told
    return case.model_copy(update={"approvals": (*others, asking), "told": told})


def _reopened(case: Case, event: Reopened) -> Case:
    return case.model_copy(
        update={
            "status": Status.OPEN,
            "facts": event.facts or case.facts,
            "issued_by": event.issued_by if event.because == "recurrence" else case.issued_by,
            "openings": case.openings + 1,
            "resolution": {},
            "resolved_by": Party(),
            "resolved_at": None,
            "closed_at": None,
            "merged_into": "",
            "partly": False,
            "afterwards": {},
            "approvals": (),
            "tasks": tuple(task for task in case.tasks if task.task not in event.dropped),
        }
    )


def _ended(case: Case, status: Status, event: Withdrawn | Merged) -> Case:
    return case.model_copy(
        update={
            "status": status,
            "due": None,
            "held_until": None,
            "held_seconds": None,
            "held_note": "",
            "resolved_at": case.resolved_at or event.at,
            "resolved_by": event.by,
            "closed_at": event.at,
            "tasks": tuple(task for task in case.tasks if task.task not in event.dropped),
        }
    )


def _paused(case: Case, event: Held | Resumed) -> Case:
    if isinstance(event, Held):
        return case.model_copy(
            update={
                "due": None,
                "held_until": event.until,
                "held_seconds": event.remaining_seconds,
                "held_note": event.note,
            }
        )
    return case.model_copy(
        update={"due": event.due, "held_until": None, "held_seconds": None, "held_note": ""}
    )


def _of_calls(case: Case, event: Listed | Drawn | Called) -> Case:
    match event:
        case Listed():
            begun = {"status": Status.OPEN, "closed_at": None, "resolved_at": None} if event.rows else {}
            return case.model_copy(update={"deliveries": (*case.deliveries, *event.rows), **begun})
        case Drawn():
            drawn = (Call(task=event.task, customer=key, late=event.late) for key in event.customers)
            return case.model_copy(update={"calls": (*case.calls, *drawn)})
        case Called():
            calls = (_called(call, event) for call in case.calls)
            return case.model_copy(update={"calls": tuple(calls)})


def _called(call: Call, event: Called) -> Call:
    if (call.task, call.customer) != (event.task, event.customer):
        return call
    return call.model_copy(
        update={
            "attempts": call.attempts + 1,
            "reached": call.reached or event.reached,
            "satisfied": call.satisfied if event.satisfied is None else event.satisfied,
            "called_at": event.called_at or event.at,
            "complaint": event.complaint or call.complaint,
            "note": event.note or call.note,
        }
    )


def union(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """Return both, each once, in order."""
    return tuple(dict.fromkeys((*known, *more)))
