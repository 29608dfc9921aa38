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
from sheets.editions import MASTER, Edition
from sheets.feed import fed
from sheets.generation import Stamp, stamp_of
from sheets.merge import (
    Action,
    Add,
    Conflict,
    Decisions,
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
from sheets.standing import Standing, open_master

log = logging.getLogger("kesu.workbook")

Actions = Mapping[str, Decisions]  # by sheet


@dataclass(frozen=True)
class Book:
    """One version of the workbook, opened; `missing` are sheets of ours that managers took out."""

    archive: Archive
    stamp: Stamp
    standings: Mapping[str, Standing]
    readings: Mapping[str, MasterReading]
    missing: tuple[Sheet, ...]
    edition: Edition = MASTER

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return self.archive.raw

    @property
    def sheets(self) -> tuple[Sheet, ...]:
        """The two-way sheets that stand there, those that cases move to before those they leave."""
        return tuple(sheet for sheet in reversed(self.edition.sheets) if sheet.key in self.standings)


def open_book(
    content: bytes,
    locale: Locale,
    zone: ZoneInfo,
    previous: Mapping[str, MasterReading] | None = None,
    edition: Edition = MASTER,
) -> Book:
    """Open a workbook and read its sheets; PatchRefused if it is not certain to be ours.

    `previous`, readings of an earlier version, save the time of rows that are still as they were.
    """
    archive = Archive(content)
    standings: dict[str, Standing] = {}
    readings: dict[str, MasterReading] = {}
    missing = []
    for sheet in edition.sheets:
        try:
            standing = open_master(archive, locale, sheet)
            known = (previous or {}).get(sheet.key)
            readings[sheet.key] = read_master(standing, locale, zone, known, sheet)
            standings[sheet.key] = standing
        except PatchRefused:
            if sheet.essential:
                raise
            missing.append(sheet)
    return Book(archive, stamp_of(archive), standings, readings, tuple(missing), edition)


Absent = Mapping[str, frozenset[str]]  # columns that were not there when the file was read before, by sheet
NOTHING_ABSENT: Absent = {}


def merged(
    book: Book, base: Rows, ours: Rows, *, stale: bool = False, absent: Absent = NOTHING_ABSENT
) -> dict[str, Decisions]:
    """Merge every sheet that stands there."""
    return {
        sheet.key: merge(
            base.get(sheet.key, {}),
            book.readings[sheet.key],
            ours[sheet.key],
            sheet,
            stale=stale,
            absent=absent.get(sheet.key, frozenset()),
        )
        for sheet in book.sheets
    }


def absent_in(book: Book) -> dict[str, list[str]]:
    """Return our columns that are not there, by sheet."""
    return {
        sheet.key: sorted({column.key for column in sheet.columns} - set(book.readings[sheet.key].columns))
        for sheet in book.sheets
    }


def refusal_in(actions: Actions) -> Text | None:
    """Return why the workbook is not to be touched, None if it may be."""
    return next((a.reason for found in actions.values() for a in found if isinstance(a, Refuse)), None)


def as_found(base: Rows, actions: Actions, absent: Absent = NOTHING_ABSENT) -> Rows:
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
                case Write() if action.column in absent.get(name, ()):  # the column is back, and empty
                    rows[action.key] = {**rows.get(action.key, {}), action.column: None}
                case Return():
                    rows.pop(action.key, None)
    return after


@dataclass(frozen=True)
class Drawn:
    """What is to be written: the new bytes, what will stand in them, and rows that could not be taken out.

    `refused` are sheets that cannot be changed for certain, with the reason; their rows wait. `archive`
    is `content`, opened.
    """

    content: bytes
    base: Rows
    kept: Mapping[str, Text] = field(default_factory=dict)
    refused: Mapping[str, Text] = field(default_factory=dict)
    archive: Archive | None = field(default=None, repr=False)


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
    archive, after = book.archive, dict(base)
    kept: dict[str, Text] = {}
    refused: dict[str, Text] = {}
    waiting: set[str] = set()
    for sheet in book.sheets:
        found = [a for a in actions[sheet.key] if not (isinstance(a, Remove) and a.key in waiting)]
        plan = _plan_of(found, notes.get(sheet.key, {}))
        if plan is not None:
            standing = book.standings[sheet.key]
            try:
                opened = standing if archive is book.archive else archive
                reading = book.readings[sheet.key]
                outcome = carry_out(opened, plan, locale, zone, sheet, reading)
            except PatchRefused as error:
                if sheet.essential:
                    raise
                refused[sheet.key] = error.reason
                waiting |= {a.key for a in found if isinstance(a, Add | Return)}
                continue
            archive = outcome.archive
            kept |= outcome.kept
            found = [a for a in found if not (isinstance(a, Remove) and a.key in outcome.kept)]
        decided, reading = actions[sheet.key], book.readings[sheet.key]
        after[sheet.key] = next_base(base.get(sheet.key, {}), reading, ours[sheet.key], found, sheet, decided)
    return Drawn(archive.raw, after, kept, refused, archive)


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
    content: bytes | Archive,
    feeds: Iterable[tuple[Sheet, Sequence[Mapping[str, CellValue]]]],
    locale: Locale,
    zone: ZoneInfo,
) -> bytes:
    """Write the daemon's own tables; one that managers took out, or that cannot be written, is passed over.

    Of an archive nothing is opened anew that was read in it before.
    """
    archive = content if isinstance(content, Archive) else Archive(content)
    for sheet, rows in feeds:
        try:
            archive = fed(archive, sheet, rows, locale, zone)
        except PatchRefused as refused:
            log.debug("the table %s is passed over: %s", sheet.table, refused.reason.en)
    return archive.raw
