"""Rows of lists as the rules take them, and what is wrong with one: cells that cannot be read, days that cannot be."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from daemon.followup import wording
from parsers.results import ParsedForm, Severity
from rules.after_events import Delivery
from rules.commands import RecordCall
from rules.events import Party
from rules.fields import FormKind
from rules.follow_up import delivery_key
from rules.locales import Text

AHEAD = timedelta(days=1)  # a list may be written the evening before
OLDEST = timedelta(days=30)
_SKEW = timedelta(minutes=10)  # clocks differ
_OF_A_CALL = ("called_at", "reached", "satisfied", "delivered_on")
_OF_DELIVERY = ("customer_name", "customer_phone", "plate_no", "vin", "business")


@dataclass(frozen=True)
class BadCell:
    """One cell that keeps its row from counting."""

    key: str
    cell: str
    message: Text


@dataclass(frozen=True)
class ListRow:
    """A row as read, with the cells to mend; without any it counts."""

    form: ParsedForm
    bad: tuple[BadCell, ...]


def rows_of(forms: Sequence[ParsedForm], now: datetime, zone: tzinfo) -> list[ListRow]:
    """Judge every row of a list."""
    columns = _columns(forms)
    return [ListRow(form, tuple(_bad_cells(form, columns.get(form.sheet, {}), now, zone))) for form in forms]


def _bad_cells(
    form: ParsedForm, columns: Mapping[str, str], now: datetime, zone: tzinfo
) -> Iterator[BadCell]:
    told = set()
    for problem in form.problems:
        hinders = form.kind is FormKind.CALLS and problem.key in _OF_A_CALL
        if problem.key and (hinders or problem.severity is Severity.ERROR) and problem.key not in told:
            told.add(problem.key)
            yield BadCell(problem.key, problem.cell, problem.message)
    for key, message in _impossible(form, now, zone):
        if key not in told:
            told.add(key)
            yield BadCell(key, form.cells.get(key) or _cell(form, columns.get(key, "")), message)


def _impossible(form: ParsedForm, now: datetime, zone: tzinfo) -> Iterator[tuple[str, Text]]:
    """Yield what can be read but cannot be."""
    day = form.facts.get("delivered_on")
    if form.kind is FormKind.DELIVERIES:
        if isinstance(day, date):
            yield from _impossible_day(day, now.astimezone(zone).date())
        return
    if said_reached(form) is None:
        yield "reached", wording.REACHED_MISSING
    called_at = form.facts.get("called_at")
    if isinstance(called_at, datetime) and called_at > now + _SKEW:
        yield "called_at", wording.CALLED_LATER
    if isinstance(called_at, datetime) and isinstance(day, date) and called_at.astimezone(zone).date() < day:
        yield "called_at", wording.CALLED_EARLIER


def _impossible_day(day: date, today: date) -> Iterator[tuple[str, Text]]:
    if day > today + AHEAD:
        yield "delivered_on", wording.FUTURE_DAY
    elif day < today - OLDEST:
        days, old = str(OLDEST.days), wording.OLD_DAY
        yield (
            "delivered_on",
            Text(
                zh_hant=old.zh_hant.format(days=days),
                zh_hans=old.zh_hans.format(days=days),
                en=old.en.format(days=days),
            ),
        )


def _columns(forms: Iterable[ParsedForm]) -> dict[str, dict[str, str]]:
    """Return in which column of its sheet each fact stands, as far as any row says it."""
    found: dict[str, dict[str, str]] = {}
    for form in forms:
        columns = found.setdefault(form.sheet, {})
        for key, cell in form.cells.items():
            columns.setdefault(key, cell.rstrip("0123456789"))
    return found


def _cell(form: ParsedForm, column: str) -> str:
    """Return the cell of a row in a column; a cell of the row that was read where the column is not known."""
    known = next(iter(form.cells.values()), "")
    row = known.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return f"{column}{row}" if column and row else known


def said_reached(form: ParsedForm) -> bool | None:
    """Tell whether the customer was reached: one who complained or said how satisfied he is was; None: nobody says."""
    reached = form.facts.get("reached")
    if isinstance(reached, bool):
        return reached
    return True if form.facts.get("complaint") or form.facts.get("satisfied") is not None else None


def delivery_of(form: ParsedForm) -> Delivery:
    """Return a row of a delivery list as the rules keep it."""
    said = {key: str(form.facts.get(key) or "") for key in _OF_DELIVERY}
    return Delivery(key=delivery_key(**said), **said)


def by_day(rows: Iterable[ListRow]) -> dict[date, list[Delivery]]:
    """Return the rows that count, by the day their cars were handed over, in its order."""
    days: dict[date, list[Delivery]] = {}
    for row in rows:
        day = row.form.facts.get("delivered_on")
        if not row.bad and isinstance(day, date):
            days.setdefault(day, []).append(delivery_of(row.form))
    return dict(sorted(days.items()))


def call_of(form: ParsedForm, by: Party) -> RecordCall:
    """Return a row of call results as a command."""
    facts = form.facts
    called_at, satisfied = facts.get("called_at"), facts.get("satisfied")
    text = {key: str(facts.get(key) or "") for key in ("customer_phone", "plate_no", "vin", "customer_name")}
    return RecordCall(
        by=by,
        reached=bool(said_reached(form)),
        phone=text["customer_phone"],
        plate_no=text["plate_no"],
        vin=text["vin"],
        name=text["customer_name"],
        satisfied=satisfied if isinstance(satisfied, bool) else None,
        complaint=str(facts.get("complaint") or ""),
        called_at=called_at if isinstance(called_at, datetime) else None,
        note=str(facts.get("called_by") or ""),
    )
