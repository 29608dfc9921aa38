"""Rows and cells of a table about to be changed: written in its styles, and put below it where there is room."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from zoneinfo import ZoneInfo

from sheets.archive import Archive
from sheets.cells import NewCell
from sheets.cellxml import CellWriter, formula_kind
from sheets.columns import CellValue, ColumnKind, remaining_formula
from sheets.parts import area
from sheets.places import cell_name, overlap
from sheets.refusal import something_below
from sheets.registry import DUE_COLUMN
from sheets.standing import Standing
from sheets.tabling import calculated_formulas
from sheets.writing import Edits, Moves, written

_LAST_ROW = 1_048_576
_SAMPLE = 24  # rows that vote on a column's style


class OpenTable:
    """The table as it stands in the file, and how cells are written into it."""

    def __init__(self, standing: Standing, zone: ZoneInfo) -> None:
        self.standing, self.sheet, self.table = standing, standing.definition, standing.table
        self._writer = CellWriter(zone, date1904=self.table.date1904, prefix=standing.grid.prefix)

    @cached_property
    def _calculated(self) -> dict[int, str]:
        """Managers' own calculated columns, by place: Excel fills them in by itself only while it is open."""
        formulas = calculated_formulas(self.standing.archive.read(self.table.part), self.table)
        ours = self.standing.columns.values()
        return {place: formula for place, formula in formulas.items() if place not in ours}

    @cached_property
    def _styles(self) -> dict[int, bytes | None]:
        """The style most cells of a column have, by column: one row that somebody painted does not decide."""
        votes: dict[int, Counter[bytes | None]] = {}
        for number in self.standing.data_rows[-_SAMPLE:]:
            for place, style in self.standing.grid.styles(number):
                votes.setdefault(place, Counter())[style] += 1
        return {place: count.most_common(1)[0][0] for place, count in votes.items()}

    def cells(self, values: Mapping[str, CellValue]) -> dict[int, NewCell]:
        """Return cells of ours by place, but for formulas and for columns that managers removed."""
        cells = {}
        for key, value in values.items():
            known = self.sheet.column(key)
            place = self.standing.columns.get(key)
            if place is not None and known.kind is not ColumnKind.REMAINING:
                cells[place] = self._writer.value(value, known, self._styles.get(place))
        return cells

    def new_cells(self, values: Mapping[str, CellValue], number: int) -> dict[int, NewCell]:
        """Return all cells of a new row: styled as the rows above, with its formulas."""
        is_below = number > self.table.last_row
        cells = {**(self._blanks(number) if is_below else {}), **self.cells(values)}
        formulas = dict(self._calculated)
        if due := self.standing.columns.get(DUE_COLUMN):
            formula = remaining_formula(cell_name(due, number))
            formulas |= dict.fromkeys(self.standing.formulas, formula)
        for place, formula in formulas.items():
            cells[place] = self._writer.formula(formula, self._styles.get(place))
        # What was painted below the table does not decide how the table looks.
        return (
            {place: replace(cell, keeps_style=False) for place, cell in cells.items()} if is_below else cells
        )

    def _blanks(self, number: int) -> dict[int, NewCell]:
        """Return empty cells for a row below the table, styled as the rows above."""
        known = self.standing.grid.cells(number)
        return {
            place: NewCell(b"", b"", self._styles.get(place))
            for place in range(self.table.first_column, self.table.last_column + 1)
            if self._styles.get(place) is not None or place in known
        }

    def first_free(self) -> int:
        """Return where new rows begin: after the last that holds something (Excel keeps one empty row in a table)."""
        number = self.table.last_row
        while number > self.table.header_row and self.standing.is_blank(number):
            number -= 1
        return number + 1

    def written(self, edits: Edits, last_row: int) -> Archive:
        """Return the workbook with those cells written and the table's data reaching down to `last_row`."""
        growth = last_row - self.table.last_row
        if growth:
            self._check_room(last_row)
        moves = Moves.of_totals(self.standing, growth) if growth and self.table.totals else Moves()
        return written(self.standing, edits, last_row, moves)

    def _check_room(self, last_row: int) -> None:
        """Refuse if anything stands where the table is to grow."""
        table, grid = self.table, self.standing.grid
        if last_row > _LAST_ROW:
            raise something_below(cell_name(table.first_column, _LAST_ROW))
        for number in range(table.last_row + 1 + table.totals, last_row + 1 + table.totals):
            for cell in grid.cells(number).values():
                inside = table.first_column <= cell.column <= table.last_column
                if inside and (self.standing.strings.text(cell) or formula_kind(cell)):
                    raise something_below(cell_name(cell.column, number))
        grown = (table.first_column, table.last_row + 1, table.last_column, last_row + table.totals)
        for reference in (*table.neighbours, *grid.merged):
            if overlap(area(reference, table.sheet_part), grown):
                raise something_below(reference)
