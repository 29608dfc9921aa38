"""Changing a master that managers have worked in: a few cells of one sheet, in place, and nothing else.

Every other part is copied as the bytes it was, and so is everything in the sheet outside the changed cells, so that
charts, pictures, comments, filters and colours survive (facts/spreadsheets.md). What cannot be done for certain is
refused before anything is written.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from rules.locales import Locale
from sheets.archive import Archive
from sheets.columns import CellValue, Owner, Row, Sheet
from sheets.growing import OpenTable
from sheets.reading import MasterReading
from sheets.refusal import PatchRefused, case_twice
from sheets.registry import OPEN, REFUSAL_COLUMN
from sheets.removal import Outcome, remove_rows
from sheets.standing import Standing, open_master
from sheets.texts import plain_text
from sheets.writing import Edits

__all__ = ["MasterPlan", "Outcome", "PatchRefused", "carry_out", "patch_master"]


@dataclass(frozen=True)
class MasterPlan:
    """What a round writes, in managers' columns too where a row names them.

    `changes` are cells by case number, new cases among them; the rows of `removed` go; `rekeyed` are case numbers to
    stand again in rows where they were typed over; `copies` are rows that do not count though they name a case.
    `notes` are texts by row number for the refusal column of rows that belong to no case.
    """

    changes: Sequence[Row] = ()
    removed: Collection[str] = ()
    rekeyed: Mapping[int, str] = field(default_factory=dict)
    copies: Collection[int] = ()
    notes: Mapping[int, str] = field(default_factory=dict)


def patch_master(
    original: bytes, changes: Sequence[Row], locale: Locale, zone: ZoneInfo, sheet: Sheet = OPEN
) -> bytes:
    """Write the daemon-owned values of `changes` into a sheet of the master; PatchRefused if that is not certain.

    Rows are found by case number and columns by header, wherever managers moved them; cases not found are appended
    to the table. Values that `Row.values` leaves out, manager-owned columns and columns that managers removed stay
    untouched. Where a header stands twice, in two languages, the one in `locale` counts. ValueError if a row names
    a column that does not exist.
    """
    _check_keys(changes, sheet)
    return carry_out(
        original, MasterPlan([_ours(row, sheet) for row in changes]), locale, zone, sheet
    ).content


def _ours(row: Row, sheet: Sheet) -> Row:
    mine = {key: value for key, value in row.values.items() if sheet.column(key).owner is Owner.DAEMON}
    return Row(row.key, mine)


def carry_out(
    original: bytes | Archive | Standing,
    plan: MasterPlan,
    locale: Locale,
    zone: ZoneInfo,
    sheet: Sheet = OPEN,
    told: MasterReading | None = None,
) -> Outcome:
    """Carry a plan out on a sheet of the master; PatchRefused if that is not certain.

    Of a workbook opened already its own sheet is changed. Several sheets are changed one after the other in memory.
    Rows and columns are found as `patch_master` finds them. Removed rows are closed up where nothing depends on the
    place of the rows below them; else they are emptied, and where not even that is certain they are kept.
    `told`, a reading of that sheet as it stands there, saves the time of looking for the rows.
    """
    standing = original if isinstance(original, Standing) else open_master(original, locale, sheet)
    sheet, archive = standing.definition, standing.archive
    _check_keys(plan.changes, sheet)
    if plan.changes or plan.rekeyed or plan.notes:
        archive = _changed(OpenTable(standing, zone), plan, told)
    if not plan.removed:
        return Outcome(archive)
    # Where a case number is put back the reading does not have it.
    return remove_rows(archive, plan.removed, locale, sheet, plan.copies, told if not plan.rekeyed else None)


def _check_keys(changes: Sequence[Row], sheet: Sheet) -> None:
    for row in changes:
        for key in row.values:
            try:
                sheet.column(key)
            except KeyError:
                raise ValueError(f"{key} is no column of the sheet {sheet.key}") from None
    for number, times in Counter(row.key for row in changes).items():
        if times > 1 or not number.strip():
            raise case_twice(number)


def _changed(table: OpenTable, plan: MasterPlan, told: MasterReading | None) -> Archive:
    """Decide every cell to write, and the table's last row afterwards; then write."""
    edits, new = _edits(table, plan, told)
    last_row = table.table.last_row
    if new:
        first = table.first_free()
        for number, row in enumerate(new, start=first):
            values = {**_unkeyed(row, table.sheet), table.sheet.key_column: row.key}
            edits[number] = table.new_cells(values, number)
        last_row = max(last_row, first + len(new) - 1)
    edits = {number: cells for number, cells in edits.items() if cells}
    if not edits:
        return table.standing.archive
    return table.written(edits, last_row)


def _unkeyed(row: Row, sheet: Sheet) -> Mapping[str, CellValue]:
    return {key: value for key, value in row.values.items() if key != sheet.key_column}


def _edits(table: OpenTable, plan: MasterPlan, told: MasterReading | None) -> tuple[Edits, list[Row]]:
    """Return the cells of rows that stand there, and the cases that do not."""
    edits: Edits = {}
    new: list[Row] = []
    own = {key: number for number, key in plan.rekeyed.items()}
    keys = {row.key.strip() for row in plan.changes}
    standing = table.standing.rows_of(keys, None if told is None else told.places(keys))
    passed = {*plan.copies, *plan.rekeyed}
    for row in plan.changes:
        found = [place for place in standing.get(row.key.strip(), []) if place not in passed]
        places = [own[row.key]] if row.key in own else found
        if len(places) > 1:
            raise case_twice(row.key)
        if places:
            edits[places[0]] = table.cells(_unkeyed(row, table.sheet))
        else:
            new.append(row)
    for number, key in plan.rekeyed.items():
        edits.setdefault(_checked(number, table), {}).update(table.cells({table.sheet.key_column: key}))
    for number, note in plan.notes.items():
        if not _says(_checked(number, table), note, table.standing):
            edits.setdefault(number, {}).update(table.cells({REFUSAL_COLUMN: note}))
    return edits, new


def _checked(number: int, table: OpenTable) -> int:
    if number not in table.standing.data_rows:
        raise ValueError(f"row {number} is none of the table's")
    return number


def _says(number: int, note: str, standing: Standing) -> bool:
    """Tell whether a row's refusal column says that already."""
    place = standing.columns.get(REFUSAL_COLUMN)
    if place is None:
        return True
    return standing.strings.text(standing.grid.cells(number).get(place)).strip() == plain_text(note).strip()
