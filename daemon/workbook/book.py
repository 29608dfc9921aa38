"""A master workbook as it was found: its bytes, its stamp, and what stands on each of its sheets."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from daemon.workbook.memory import Rows
from daemon.workbook.rows import as_row
from rules.locales import Locale, Text
from sheets.archive import Archive
from sheets.cellvalues import ReadValue
from sheets.columns import CellValue, Sheet
from sheets.feed import write_feed
from sheets.generation import Stamp, stamp_of
from sheets.merge import (
    Action,
    Add,
    Conflict,
    DuplicateRow,
    KeyOvertyped,
    Refuse,
    Remove,
    Restore,
    Return,
    StrangeRow,
    Take,
    Write,
    merge,
    next_base,
)
from sheets.patch import MasterPlan, PatchRefused, carry_out
from sheets.reading import MasterReading, read_master
from sheets.registry import TWO_WAY
from sheets.standing import Standing, open_master

log = logging.getLogger("kesu.workbook")

Actions = Mapping[str, Sequence[Action]]  # by sheet


@dataclass(frozen=True)
class Book:
    """One version of the workbook, opened; `missing` are sheets of ours that managers took out."""

    content: bytes
    stamp: Stamp
    standings: Mapping[str, Standing]
    readings: Mapping[str, MasterReading]
    missing: tuple[Sheet, ...]

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """The two-way sheets that stand there, those that cases move to before those they leave."""
        return tuple(sheet for sheet in reversed(TWO_WAY) if sheet.key in self.standings)


def open_book(
    content: bytes, locale: Locale, zone: ZoneInfo, previous: Mapping[str, MasterReading] | None = None
) -> Book:
    """Open a workbook and read its sheets; PatchRefused if it is not certain to be ours.

    `previous`, readings of an earlier version, save the time of rows that are still as they were.
    """
    archive = Archive(content)
    standings: dict[str, Standing] = {}
    readings: dict[str, MasterReading] = {}
    missing = []
    for sheet in TWO_WAY:
        try:
            standing = open_master(archive, locale, sheet)
            known = (previous or {}).get(sheet.key)
            readings[sheet.key] = read_master(standing, locale, zone, known, sheet)
            standings[sheet.key] = standing
        except PatchRefused:
            if sheet.essential:
                raise
            missing.append(sheet)
    return Book(content, stamp_of(archive), standings, readings, tuple(missing))


def merged(book: Book, base: Rows, ours: Rows, *, stale: bool = False) -> dict[str, list[Action]]:
    """Merge every sheet that stands there."""
    return {
        sheet.key: merge(
            base.get(sheet.key, {}), book.readings[sheet.key], ours[sheet.key], sheet, stale=stale
        )
        for sheet in book.sheets
    }


def refusal_in(actions: Actions) -> Text | None:
    """Return why the workbook is not to be touched, None if it may be."""
    return next((a.reason for found in actions.values() for a in found if isinstance(a, Refuse)), None)


def as_found(base: Rows, actions: Actions) -> Rows:
    """Return the base with what managers wrote in it: what was taken once, or undone once, is not seen again."""
    after: Rows = {name: dict(rows) for name, rows in base.items()}
    for name, found in actions.items():
        rows = after.setdefault(name, {})
        for action in found:
            match action:
                case Take():
                    rows[action.key] = {**rows.get(action.key, {}), action.column: action.value}
                case Restore() | Conflict():
                    rows[action.key] = {**rows.get(action.key, {}), action.column: action.found}
                case Return():
                    rows.pop(action.key, None)
    return after


@dataclass(frozen=True)
class Drawn:
    """What is to be written: the new bytes, what will stand in them, and rows that could not be taken out.

    `refused` are sheets that cannot be changed for certain, with the reason; their rows wait.
    """

    content: bytes
    base: Rows
    kept: Mapping[str, Text] = field(default_factory=dict)
    refused: Mapping[str, Text] = field(default_factory=dict)


def drawn(
    book: Book,
    base: Rows,
    ours: Rows,
    actions: Actions,
    notes: Mapping[str, Mapping[int, str]],
    locale: Locale,
    zone: ZoneInfo,
) -> Drawn:
    """Carry the actions out in memory, sheet by sheet; `notes` are told to rows that belong to no case.

    PatchRefused if the essential sheet cannot be changed. A case stays where it is as long as the sheet it moves to
    cannot take it.
    """
    content, after = book.content, dict(base)
    kept: dict[str, Text] = {}
    refused: dict[str, Text] = {}
    waiting: set[str] = set()
    for sheet in book.sheets:
        found = [a for a in actions[sheet.key] if not (isinstance(a, Remove) and a.key in waiting)]
        plan = _plan_of(found, notes.get(sheet.key, {}))
        if plan is not None:
            standing = book.standings[sheet.key]
            try:
                opened = standing if content is book.content else content
                outcome = carry_out(opened, plan, locale, zone, sheet)
            except PatchRefused as error:
                if sheet.essential:
                    raise
                refused[sheet.key] = error.reason
                waiting |= {a.key for a in found if isinstance(a, Add | Return)}
                continue
            content = outcome.content
            kept |= outcome.kept
            found = [a for a in found if not (isinstance(a, Remove) and a.key in outcome.kept)]
        rows = next_base(base.get(sheet.key, {}), book.readings[sheet.key], ours[sheet.key], found, sheet)
        after[sheet.key] = dict(rows)
    return Drawn(content, after, kept, refused)


def _plan_of(actions: Sequence[Action], notes: Mapping[int, str]) -> MasterPlan | None:
    """Return what is to be written; None if nothing is."""
    cells: dict[str, dict[str, ReadValue]] = {}
    removed, rekeyed, copies = [], {}, []
    for action in actions:
        match action:
            case Write() | Restore() | Conflict():
                cells.setdefault(action.key, {})[action.column] = action.value
            case Add() | Return():
                cells.setdefault(action.key, {}).update(action.values)
            case Remove():
                removed.append(action.key)
            case KeyOvertyped():
                rekeyed[action.row_number] = action.key
            case DuplicateRow():
                copies.append(action.row_number)
            case StrangeRow() | Take() | Refuse():
                pass
    if not (cells or removed or rekeyed or notes):
        return None
    return MasterPlan([as_row(key, values) for key, values in cells.items()], removed, rekeyed, copies, notes)


def with_feeds(
    content: bytes,
    feeds: Iterable[tuple[Sheet, Sequence[Mapping[str, CellValue]]]],
    locale: Locale,
    zone: ZoneInfo,
) -> bytes:
    """Write the daemon's own tables; one that managers took out, or that cannot be written, is passed over."""
    for sheet, rows in feeds:
        try:
            content = write_feed(content, sheet, rows, locale, zone)
        except PatchRefused as refused:
            log.debug("the table %s is passed over: %s", sheet.table, refused.reason.en)
    return content
