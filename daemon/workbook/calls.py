"""The workbook's sheet of follow-up calls: its rows, and what filling one in means (D22–D25, D35, D36)."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from daemon import words
from daemon.docket import Docket
from daemon.followup import wording
from daemon.followup.customers import key_customers
from daemon.followup.recording import Recorder
from daemon.ledger import Entry
from rules.case import Case, Task
from rules.case_parts import Call
from rules.commands import CompleteTask, RecordCall
from rules.events import Party, Refused
from rules.facts import Json
from rules.fields import FormKind
from rules.locales import Locale, Text
from sheets.entry import NO, YES

KEPT = timedelta(days=2)  # how long a call that was made stays on the sheet
_SHOWN = ("call", "check")  # duties of a complaint that stand here
_NOTED = ("called_at", "reached", "satisfied", "complaint", "call_note")


def rows_of_calls(
    docket: Docket, case: Case, now: datetime
) -> tuple[dict[str, dict[str, object]], datetime | None]:
    """Return the rows of a day, or of a complaint's revisits and re-checks, and when they next change by themselves."""
    rows: dict[str, dict[str, object]] = {}
    changes: list[datetime] = []
    found = _of_day(docket, case, now) if case.kind == "follow-up" else _of_complaint(docket, case)
    for key, begins, ends, values in found:
        if begins is not None and begins > now:
            changes.append(begins)
        elif ends is None or ends > now:
            rows[key] = values
            changes += [] if ends is None else [ends]
    return rows, min(changes, default=None)


_Found = Iterator[tuple[str, datetime | None, datetime | None, dict[str, object]]]


def _of_day(docket: Docket, case: Case, now: datetime) -> _Found:
    site, locale = docket.site_of(case), docket.site.locale
    marked = key_customers(case, docket.ledger, site.policy, now)
    business = site.catalogue.form(FormKind.DELIVERIES).field("business")
    places = {delivery.key: place for place, delivery in enumerate(case.deliveries, start=1)}
    duties = [task.task for task in case.tasks]
    known = (call for call in case.calls if call.customer in places and call.task in duties)
    # As the list has them, not as they were drawn: whoever calls goes through his sheet from the top.
    for call in sorted(known, key=lambda call: (duties.index(call.task), places[call.customer])):
        task, delivery = case.task(call.task), case.delivery(call.customer)
        if task is None or delivery is None:
            continue
        key = f"{case.number}/{call.task.removeprefix('call-')}/{places[call.customer]}"
        done = call.called_at if call.reached else None if case.is_open else case.closed_at or case.last_at
        values: dict[str, object] = {
            **_of_task(docket, case, task, locale),
            "customer_name": delivery.customer_name,
            "customer_phone": delivery.customer_phone,
            "plate_no": delivery.plate_no or delivery.vin,
            "business": words.choice(business, delivery.business, locale),
            "delivered_on": str(case.day),
            "key_customer": call.customer in marked,
            **_written(case, key, call, locale),
        }
        yield key, None, None if done is None else done + KEPT, values


def _of_complaint(docket: Docket, case: Case) -> _Found:
    policy, locale = docket.site_of(case).policy, docket.site.locale
    for task in case.tasks:
        duty = policy.duty(task.task)
        if duty is None or duty.done_by not in _SHOWN:
            continue
        key = f"{case.number}/{task.task}"
        call = next((call for call in case.calls if call.task == task.task), None)
        values: dict[str, object] = {
            **_of_task(docket, case, task, locale),
            **{
                name: str(case.facts.get(name) or "")
                for name in ("customer_name", "customer_phone", "plate_no")
            },
            "business": _category(docket, case, locale),
            "delivered_on": "",
            "key_customer": True,
            **_written(case, key, call, locale),
        }
        yield key, task.starts, None if task.done_at is None else task.done_at + KEPT, values


def _category(docket: Docket, case: Case, locale: Locale) -> str:
    field = docket.site.catalogue.form(FormKind.COMPLAINT).field("category")
    key = case.facts.get("category")
    return words.choice(field, str(key), locale) if key else ""


def _of_task(docket: Docket, case: Case, task: Task, locale: Locale) -> dict[str, object]:
    policy = docket.site_of(case).policy
    duty = policy.duty(task.task)
    title = None if duty is None else duty.title
    return {
        "call_duty": task.task if title is None else title.get(locale),
        "caller": words.role_titles([task.role], policy, locale),
        "call_due": task.due,
    }


def _written(case: Case, key: str, call: Call | None, locale: Locale) -> dict[str, object]:
    """Return what managers' cells hold: what was recorded, else what was noted so far."""
    noted = {name: case.notes.get(note_key(key, name)) for name in _NOTED}
    at = noted["called_at"]
    found: dict[str, object] = {**noted, "called_at": datetime.fromisoformat(str(at)) if at else None}
    if call is None or not call.attempts:
        return found
    return {
        "called_at": call.called_at,
        "reached": (YES if call.reached else NO).get(locale),
        "satisfied": None if call.satisfied is None else (YES if call.satisfied else NO).get(locale),
        "complaint": call.complaint,
        "call_note": noted["call_note"] or call.note,
    }


def note_key(key: str, column: str) -> str:
    """Return the name under which a case keeps what was written in a row of this sheet."""
    return f"call {key.partition('/')[2]} {column}"


# ---------------------------------------------------------------- what somebody wrote


class Wanted(NamedTuple):
    """A row as somebody left it: typed, with what cannot be told apart left out."""

    called_at: datetime | None
    reached: bool | None
    satisfied: bool | None
    complaint: str
    note: str


def wanted_of(row: Mapping[str, object]) -> Wanted:
    """Type the managers' cells of a row."""
    called_at = row.get("called_at")
    satisfied, complaint = _yes(row.get("satisfied")), str(row.get("complaint") or "").strip()
    return Wanted(
        called_at if isinstance(called_at, datetime) else None,
        _yes(row.get("reached")),
        satisfied,
        complaint,
        str(row.get("call_note") or "").strip(),
    )


def _yes(value: object) -> bool | None:
    text = str(value or "").strip().casefold()
    if text in {"y", *(word.casefold() for word in YES.all())}:
        return True
    return False if text in {"n", *(word.casefold() for word in NO.all())} else None


def notes_of(key: str, wanted: Wanted) -> dict[str, Json]:
    """Return what a case keeps of a row until it counts."""
    return {
        note_key(key, "called_at"): None if wanted.called_at is None else wanted.called_at.isoformat(),
        note_key(key, "satisfied"): _said(wanted.satisfied),
        note_key(key, "complaint"): wanted.complaint or None,
        note_key(key, "call_note"): wanted.note or None,
    }


def _said(value: bool | None) -> str | None:
    return None if value is None else (YES if value else NO).en


def take_call(
    docket: Docket, entry: Entry, case: Case, key: str, wanted: Wanted, name: str, now: datetime
) -> list[Text]:
    """Record what a row says, as the office that owes it; return why it was not accepted."""
    parts = key.split("/")
    task = case.task(f"call-{parts[1]}" if case.kind == "follow-up" else parts[1])
    if task is None or wanted.reached is None:
        return []
    by = Party(roles=(task.role,), name=name)
    duty = docket.site_of(case).policy.duty(task.task)
    if duty is not None and duty.done_by == "check":
        return (
            _complete(docket, entry, case, CompleteTask(by, task.task, wanted.note), now)
            if wanted.reached
            else []
        )
    delivery = case.deliveries[int(parts[2]) - 1] if case.kind == "follow-up" else None
    command = RecordCall(
        by=by,
        reached=wanted.reached,
        phone="" if delivery is None else delivery.customer_phone,
        plate_no="" if delivery is None else delivery.plate_no,
        vin="" if delivery is None else delivery.vin,
        name="" if delivery is None else delivery.customer_name,
        satisfied=wanted.satisfied,
        complaint=wanted.complaint,
        called_at=wanted.called_at,
        note=wanted.note,
    )
    recorded = Recorder(docket, entry, now).record_on(case, command)
    return [] if recorded.refused is None else [_because(recorded.refused)]


def _complete(docket: Docket, entry: Entry, case: Case, command: CompleteTask, now: datetime) -> list[Text]:
    refused = [event for event in docket.foresee(case, command, now) if isinstance(event, Refused)]
    docket.perform(entry, case, command, now)
    return [_because(event.reason) for event in refused]


def _because(reason: str) -> Text:
    return wording.REFUSALS.get(reason, wording.REFUSALS["nothing-asked"])
