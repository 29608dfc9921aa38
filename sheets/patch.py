"""Changing a master that managers have worked in: a few cells of one sheet, in place, and nothing else.

Every other part is copied as the bytes it was, and so is everything in the sheet outside the changed cells, so that
charts, pictures, comments, filters and colours survive (facts/spreadsheets.md). What cannot be done for certain is
refused before anything is written.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

from rules.locales import Locale
from sheets.cells import NewCell
from sheets.cellxml import CellWriter, formula_kind
from sheets.columns import (
    DUE_COLUMN,
    KEY_COLUMN,
    Column,
    ColumnKind,
    Owner,
    Row,
    column,
    remaining_formula,
)
from sheets.parts import area
from sheets.places import cell_name, overlap
from sheets.refusal import PatchRefused, case_twice, something_below
from sheets.removal import Outcome, remove_rows
from sheets.standing import Standing, open_master
from sheets.tabling import calculated_formulas
from sheets.writing import Edits, Moves, written

__all__ = ["MasterPlan", "Outcome", "PatchRefused", "carry_out", "patch_master"]

_LAST_ROW = 1_048_576
_SAMPLE = 24  # rows that vote on a column's style


@dataclass(frozen=True)
class MasterPlan:
    """What a round writes, in managers' columns too where a row names them.

    `changes` are cells by case number, new cases among them; the rows of `removed` go; `rekeyed` are case numbers to
    stand again in rows where they were typed over; `copies` are rows that do not count though they name a case.
    """

    changes: Sequence[Row] = ()
    removed: Collection[str] = ()
    rekeyed: Mapping[int, str] = field(default_factory=dict)
    copies: Collection[int] = ()


def patch_master(original: bytes, changes: Sequence[Row], locale: Locale, zone: ZoneInfo) -> bytes:
    """Write the daemon-owned values of `changes` into a master workbook; PatchRefused if that is not certain.

    Rows are found by case number and columns by header, wherever managers moved them; cases not found are appended
    to the table. Values that `Row.values` leaves out, manager-owned columns and columns that managers removed stay
    untouched. Where a header stands twice, in two languages, the one in `locale` counts. ValueError if a row names
    a column that does not exist.
    """
    _check_keys(changes)
    return carry_out(original, MasterPlan([_ours(row) for row in changes]), locale, zone).content


def _ours(row: Row) -> Row:
    mine = {key: value for key, value in row.values.items() if column(key).owner is Owner.DAEMON}
    return Row(row.key, mine)


def carry_out(original: bytes | Standing, plan: MasterPlan, locale: Locale, zone: ZoneInfo) -> Outcome:
    """Carry a plan out on a master workbook, opened already or not; PatchRefused if that is not certain.

    Rows and columns are found as `patch_master` finds them. Removed rows are closed up where nothing depends on the
    place of the rows below them; else they are emptied, and where not even that is certain they are kept.
    """
    _check_keys(plan.changes)
    content = original.archive.raw if isinstance(original, Standing) else original
    if plan.changes or plan.rekeyed:
        standing = original if isinstance(original, Standing) else open_master(original, locale)
        content = _changed(_Workbook(standing, zone), plan)
    if not plan.removed:
        return Outcome(content)
    return remove_rows(content, plan.removed, locale)


def _check_keys(changes: Sequence[Row]) -> None:
    for row in changes:
        for key in row.values:
            try:
                column(key)
            except KeyError:
                raise ValueError(f"{key} is no column of the master workbook") from None
    for number, times in Counter(row.key for row in changes).items():
        if times > 1 or not number.strip():
            raise case_twice(number)


class _Workbook:
    """The table of cases as it stands in the file, and how cells are written into it."""

    def __init__(self, standing: Standing, zone: ZoneInfo) -> None:
        self.standing = standing
        self.archive, self.table, self.grid = standing.archive, standing.table, standing.grid
        self.strings, self.columns, self.data_rows = standing.strings, standing.columns, standing.data_rows
        self.writer = CellWriter(zone, date1904=self.table.date1904, prefix=self.grid.prefix)

    @cached_property
    def calculated(self) -> dict[int, str]:
        """Managers' own calculated columns, by place: Excel fills them in by itself only while it is open."""
        formulas = calculated_formulas(self.archive.read(self.table.part), self.table)
        return {place: formula for place, formula in formulas.items() if place not in self.columns.values()}

    @cached_property
    def styles(self) -> dict[int, bytes | None]:
        """The style most cells of a column have, by column: one row that somebody painted does not decide."""
        votes: dict[int, Counter[bytes | None]] = {}
        for number in self.data_rows[-_SAMPLE:]:
            for place, style in self.grid.styles(number):
                votes.setdefault(place, Counter())[style] += 1
        return {place: count.most_common(1)[0][0] for place, count in votes.items()}

    def is_blank(self, number: int) -> bool:
        """Tell whether a row of the table holds nothing but, perhaps, our own formula."""
        return self.standing.is_blank(number)


def _changed(workbook: _Workbook, plan: MasterPlan) -> bytes:
    """Decide every cell to write, and the table's last row afterwards; then write."""
    edits, new = _edits(workbook, plan)
    last_row = workbook.table.last_row
    if new:
        first = _first_free(workbook)
        for number, row in enumerate(new, start=first):
            edits[number] = _new_cells(workbook, row, number)
        last_row = max(last_row, first + len(new) - 1)
        _check_room(workbook, last_row)
    edits = {number: cells for number, cells in edits.items() if cells}
    growth = last_row - workbook.table.last_row
    moves = Moves.of_totals(workbook.standing, growth) if growth and workbook.table.totals else Moves()
    return written(workbook.standing, edits, last_row, moves)


def _edits(workbook: _Workbook, plan: MasterPlan) -> tuple[Edits, list[Row]]:
    """Return the cells of rows that stand there, and the cases that do not."""
    edits: Edits = {}
    new: list[Row] = []
    own = {key: number for number, key in plan.rekeyed.items()}
    standing = workbook.standing.rows_of({row.key.strip() for row in plan.changes})
    for row in plan.changes:
        places = [place for place in standing.get(row.key.strip(), []) if place not in plan.copies]
        places = (
            [own[row.key]] if row.key in own else [place for place in places if place not in plan.rekeyed]
        )
        if len(places) > 1:
            raise case_twice(row.key)
        if places:
            edits[places[0]] = _changed_cells(workbook, row)
        else:
            new.append(row)
    for number, key in plan.rekeyed.items():
        if number not in workbook.data_rows:
            raise ValueError(f"row {number} is none of the table's")
        place = workbook.columns[KEY_COLUMN]
        edits.setdefault(number, {})[place] = workbook.writer.value(
            key, column(KEY_COLUMN), workbook.styles.get(place)
        )
    return edits, new


def _first_free(workbook: _Workbook) -> int:
    """Return where new rows begin: after the last row that holds something (Excel keeps one empty row in a table)."""
    number = workbook.table.last_row
    while number > workbook.table.header_row and workbook.is_blank(number):
        number -= 1
    return number + 1


def _changed_cells(workbook: _Workbook, row: Row) -> dict[int, NewCell]:
    cells = {}
    for key, value in row.values.items():
        known = column(key)
        place = workbook.columns.get(key)
        if place is None or key == KEY_COLUMN or _is_formula(known):
            continue
        cells[place] = workbook.writer.value(value, known, workbook.styles.get(place))
    return cells


def _new_cells(workbook: _Workbook, row: Row, number: int) -> dict[int, NewCell]:
    table = workbook.table
    cells = {
        place: NewCell(b"", b"", style)
        for place, style in workbook.styles.items()
        if style is not None and table.first_column <= place <= table.last_column and number > table.last_row
    }
    cells |= _changed_cells(workbook, row)
    key, left, due = (workbook.columns.get(name) for name in (KEY_COLUMN, "remaining", DUE_COLUMN))
    for place, calculated in workbook.calculated.items():
        cells[place] = workbook.writer.formula(calculated, workbook.styles.get(place))
    if key is not None:
        cells[key] = workbook.writer.value(row.key, column(KEY_COLUMN), workbook.styles.get(key))
    if left is not None and due is not None:
        formula = remaining_formula(cell_name(due, number))
        cells[left] = workbook.writer.formula(formula, workbook.styles.get(left))
    return cells


def _is_formula(known: Column) -> bool:
    return known.kind is ColumnKind.REMAINING


def _check_room(workbook: _Workbook, last_row: int) -> None:
    """Refuse if anything stands where the table is to grow."""
    table = workbook.table
    if last_row > _LAST_ROW:
        raise something_below(cell_name(table.first_column, _LAST_ROW))
    for number in range(table.last_row + 1 + table.totals, last_row + 1 + table.totals):
        for cell in workbook.grid.cells(number).values():
            inside = table.first_column <= cell.column <= table.last_column
            if inside and (workbook.strings.text(cell) or formula_kind(cell)):
                raise something_below(cell_name(cell.column, number))
    grown = (table.first_column, table.last_row + 1, table.last_column, last_row + table.totals)
    for reference in (*table.neighbours, *workbook.grid.merged):
        if overlap(area(reference, table.sheet_part), grown):
            raise something_below(reference)
