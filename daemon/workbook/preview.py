"""What a round would do, without doing it: for whoever wants to know before, or why something waits."""

from collections.abc import Iterator
from dataclasses import dataclass

from daemon.clock import Clock
from daemon.docket import Docket
from daemon.workbook.book import merged, open_book
from daemon.workbook.editions import editions_of, path_of
from daemon.workbook.memory import Memory, Rows
from daemon.workbook.shown import Shown
from daemon.workbook.telling import missing_of, quoted
from sheets.columns import Sheet
from sheets.editions import Edition
from sheets.files import lock_holder
from sheets.merge import (
    Action,
    Add,
    Conflict,
    DuplicateRow,
    KeyOvertyped,
    Mixed,
    Refuse,
    Remove,
    Restore,
    Return,
    StrangeRow,
    Take,
    Write,
)


@dataclass(frozen=True)
class Step:
    """One thing a round would do; `action` is the kind, `key` the case, or the row number where there is none."""

    sheet: str
    action: str
    key: str
    column: str = ""  # its header, in the site's language
    value: str = ""
    found: str = ""


@dataclass(frozen=True)
class Preview:
    """Everything a round would do, and what stands in its way; `refused` is why it would touch nothing."""

    steps: tuple[Step, ...]
    version: int | None
    expected: int
    holder: str | None
    refused: str = ""
    missing: tuple[str, ...] = ()
    workbook: str = ""  # its file name


def preview(docket: Docket, clock: Clock) -> list[Preview]:
    """Look at the workbooks as they stand, the master first; FileNotFoundError or PatchRefused as for one of them."""
    editions = editions_of(docket.site)
    shown = Shown(docket, clock, editions)
    shown.follow()
    return [_preview(docket, shown, edition) for edition in editions]


def _preview(docket: Docket, shown: Shown, edition: Edition) -> Preview:
    site = docket.site
    path = path_of(edition, site)
    book = open_book(path.read_bytes(), site.locale, site.zone, edition=edition)
    memory = Memory(docket.ledger, site.zone, edition)
    base = memory.glimpse(book.stamp.generation, book.readings)
    ours: Rows = {sheet.key: dict(shown.rows(sheet)) for sheet in edition.sheets}
    actions = merged(book, base.rows, ours, stale=base.stale)
    refused = [a.reason for found in actions.values() for a in found if isinstance(a, Refuse)]
    return Preview(
        workbook=path.name,
        steps=tuple(
            step
            for sheet in edition.sheets
            for action in actions.get(sheet.key, ())
            for step in _steps(docket, sheet, action)
        ),
        version=book.stamp.generation,
        expected=memory.confirmed,
        holder=lock_holder(path),
        refused=refused[0].get(site.locale) if refused else "",
        missing=tuple(line.get(site.locale) for line in missing_of(book)),
    )


_NAMES: dict[type, str] = {
    Take: "take",
    Write: "write",
    Restore: "restore",
    Conflict: "conflict",
    Add: "add",
    Return: "return",
    Remove: "remove",
    KeyOvertyped: "rekey",
}


def _steps(docket: Docket, sheet: Sheet, action: Action) -> Iterator[Step]:
    locale = docket.site.locale
    match action:
        case Refuse():
            return
        case Mixed():
            yield Step(sheet.key, "mixed", action.key, value=str(action.row_number))
        case DuplicateRow():
            yield Step(sheet.key, "copy", action.key, value=str(action.row_number))
        case StrangeRow():
            if action.entered:
                yield Step(sheet.key, "strange", str(action.row_number), found=quoted(action.found))
        case Take() | Write() | Restore() | Conflict():
            found = quoted(action.found) if isinstance(action, Restore | Conflict) else ""
            header = sheet.header(action.column, locale)
            yield Step(sheet.key, _NAMES[type(action)], action.key, header, quoted(action.value), found)
        case _:
            found = quoted(action.found) if isinstance(action, KeyOvertyped) else ""
            yield Step(sheet.key, _NAMES[type(action)], action.key, found=found)
