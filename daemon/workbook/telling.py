"""What one round tells managers: a reason in the row, a note on rows that do not count, a line of what kesu did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from daemon.workbook import wordings
from daemon.workbook.book import Book
from daemon.workbook.entries import Written, filled
from rules.locales import Locale, Text
from sheets.cellvalues import CellError, ReadValue
from sheets.columns import Sheet
from sheets.merge import (
    Action,
    Conflict,
    DuplicateRow,
    KeyOvertyped,
    Mixed,
    Restore,
    Return,
    StrangeRow,
    Take,
)
from sheets.reading import MasterReading, ReadRow
from sheets.registry import REFUSAL_COLUMN
from sheets.texts import plain_text

PASSED_OVER = "row-passed-over"  # the code of a row that belongs to no case
SHOWN = 60  # characters of a manager's text that are quoted back


@dataclass
class Told:
    """What is told about one sheet, by row key, by row number, and in the list of actions."""

    reasons: dict[str, list[Text]] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)
    notes: dict[int, str] = field(default_factory=dict)
    activity: list[tuple[str, str | None, Text]] = field(default_factory=list)  # code, case number, words

    def because(self, key: str, reason: Text) -> None:
        """Give a row a reason."""
        self.reasons.setdefault(key, []).append(reason)


def written_rows(sheet: Sheet, reading: MasterReading, actions: Sequence[Action]) -> list[Written]:
    """Gather what managers entered, row by row, each with its row as it stands."""
    new: dict[str, dict[str, ReadValue]] = {}
    for action in actions:
        if isinstance(action, Take):
            new.setdefault(action.key, {})[action.column] = action.value
    if not new:
        return []
    rows = {row.key: row.values for row in reading.rows}
    numbered = {row.row_number: row.values for row in _all(reading)}
    rows |= {
        action.key: numbered[action.row_number] for action in actions if isinstance(action, KeyOvertyped)
    }
    return [Written(key, sheet, cells, {**rows.get(key, {}), **cells}) for key, cells in new.items()]


def _all(reading: MasterReading) -> tuple[ReadRow, ...]:
    return (*reading.rows, *reading.duplicates, *reading.keyless)


def told_of(
    sheet: Sheet, reading: MasterReading, actions: Sequence[Action], locale: Locale, *, stale: bool
) -> Told:
    """Put into words what is undone, put back or passed over in a sheet.

    In a `stale` file cells of the daemon are simply old, and nobody is told that they are brought up to date.
    """
    told = Told()
    numbered = {row.row_number: row for row in _all(reading)}
    mixed = {action.key for action in actions if isinstance(action, Mixed)}
    for action in actions:
        match action:
            case Restore() if action.key in mixed:
                pass  # told of as a whole
            case Restore(column=column) if column == REFUSAL_COLUMN:
                _answered_back(told, action)
            case Restore() if not stale:
                _restored(told, sheet, action)
            case Conflict():
                header = sheet.column(action.column).header
                told.because(action.key, filled(wordings.CONFLICT, column=header, found=quoted(action.found)))
                whole = filled(wordings.CONFLICT, column=header, found=shown(action.found))
                told.activity.append(("entry-not-taken", action.key, whole))
            case Mixed():
                _mixed(told, sheet, action)
            case Return():
                told.activity.append(
                    ("row-returned", action.key, filled(wordings.ROW_RETURNED, key=action.key))
                )
            case KeyOvertyped():
                told.because(action.key, filled(wordings.KEY_OVERTYPED, found=quoted(action.found)))
            case DuplicateRow() | StrangeRow():
                _passed_over(told, sheet, action, numbered[action.row_number], locale)
    return told


def missing_of(book: Book) -> list[Text]:
    """Return which sheets, and which columns, managers took out or renamed."""
    lines = [filled(wordings.SHEET_MISSING, sheet=sheet.title) for sheet in book.missing]
    for sheet in book.sheets:
        standing = book.readings[sheet.key].columns
        gone = [column.header for column in sheet.columns if column.key not in standing]
        if gone:
            said = {
                language: wordings.LISTED.get(language).join(h.get(language) for h in gone)
                for language in Locale
            }
            lines.append(filled(wordings.COLUMNS_MISSING, sheet=sheet.title, columns=_text(said)))
    return lines


def _mixed(told: Told, sheet: Sheet, action: Mixed) -> None:
    """A row with cells of several cases: nothing of it counts, and what managers wrote there is named."""
    told.because(action.key, _join(wordings.MIXED, _not_taken(sheet, action.entered)))
    entered = _not_taken(sheet, action.entered, whole=True)
    line = _join(filled(wordings.MIXED_SEEN, row=action.row_number, key=action.key), entered)
    told.activity.append(("row-mixed", action.key, line))


def _answered_back(told: Told, action: Restore) -> None:
    """A reason that somebody deleted is done with; what he wrote instead is kept in the list of actions."""
    if action.found is None:
        told.cleared.add(action.key)
        return
    line = filled(wordings.ANSWERED_BACK, key=action.key, found=shown(action.found))
    told.activity.append(("answered-back", action.key, line))


def _restored(told: Told, sheet: Sheet, action: Restore) -> None:
    header, found = sheet.column(action.column).header, quoted(action.found)
    if action.found is not None:
        told.because(action.key, filled(wordings.RESTORED, column=header, found=found))
    line = filled(wordings.CELL_RESTORED, key=action.key, column=header, found=shown(action.found))
    told.activity.append(("cell-restored", action.key, line))


def _passed_over(
    told: Told, sheet: Sheet, action: DuplicateRow | StrangeRow, row: ReadRow, locale: Locale
) -> None:
    """Write beside a row why it is not read; said once, for as long as the words stand there."""
    if isinstance(action, StrangeRow):
        if not action.entered:  # nothing but our own note is left of it
            if not action.found and row.values.get(REFUSAL_COLUMN):
                told.notes[action.row_number] = ""
            return
        note = (
            filled(wordings.UNKNOWN_NUMBER, found=quoted(action.found))
            if action.found
            else wordings.NO_NUMBER
        )
        line = _join(filled(wordings.STRANGE_SEEN, row=action.row_number), _not_taken(sheet, action.entered))
    else:
        rest = _not_taken(sheet, action.entered)
        note = _join(filled(wordings.COPY, key=action.key), rest)
        line = _join(filled(wordings.COPY_SEEN, row=action.row_number, key=action.key), rest)
    said = note.get(locale)
    if row.values.get(REFUSAL_COLUMN) != said:
        told.notes[action.row_number] = said
        told.activity.append((PASSED_OVER, None, line))


def _not_taken(sheet: Sheet, entered: Mapping[str, ReadValue], *, whole: bool = False) -> Text | None:
    """Name what stands in a row that is not read."""
    if not entered:
        return None
    return filled(
        wordings.NOT_TAKEN,
        entered=_text({language: _list_of(entered, sheet, language, whole=whole) for language in Locale}),
    )


def _list_of(entered: Mapping[str, ReadValue], sheet: Sheet, locale: Locale, *, whole: bool) -> str:
    comma = wordings.ALSO.get(locale)
    show = shown if whole else quoted
    return comma.join(f"{sheet.header(key, locale)} {show(value)}" for key, value in entered.items())


def _text(said: Mapping[Locale, str]) -> Text:
    return Text(zh_hant=said[Locale.ZH_HANT], zh_hans=said[Locale.ZH_HANS], en=said[Locale.EN])


def _join(one: Text, other: Text | None) -> Text:
    if other is None:
        return one
    return Text(
        zh_hant=one.zh_hant + other.zh_hant, zh_hans=one.zh_hans + other.zh_hans, en=one.en + other.en
    )


def joined(reasons: Sequence[str], locale: Locale) -> str:
    """Put several reasons into one cell."""
    return wordings.ALSO.get(locale).join(dict.fromkeys(reasons))


def quoted(value: ReadValue) -> str:
    """Show what somebody wrote, cut where it is long."""
    text = shown(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def shown(value: ReadValue) -> str:
    """Show what somebody wrote, all of it."""
    match value:
        case None:
            return ""
        case CellError():
            return value.code
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
    return plain_text(str(value))
