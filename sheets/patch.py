"""Changing a master that managers have worked in: a few cells of one sheet, in place, and nothing else.

Every other part is copied as the bytes it was, and so is everything in the sheet outside the changed cells, so that
charts, pictures, comments, filters and colours survive (facts/spreadsheets.md). What cannot be done for certain is
refused before anything is written.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from zoneinfo import ZoneInfo

from rules.locales import Locale
from sheets.archive import Archive
from sheets.cellxml import CellWriter, Strings, formula_kind
from sheets.columns import (
    DUE_COLUMN,
    KEY_COLUMN,
    Column,
    ColumnKind,
    Owner,
    Row,
    column,
    column_of_header,
    remaining_formula,
)
from sheets.grid import Grid, NewCell, row_attributes
from sheets.parts import CaseTable, area, find_table, related
from sheets.places import cell_name, overlap
from sheets.refusal import (
    PatchRefused,
    case_twice,
    column_twice,
    formula_in_the_way,
    header_differs,
    merged,
    no_key_column,
    something_below,
    unexpected,
)
from sheets.soundness import check_package
from sheets.tabling import calculated_formulas, extended_table, without_calc_chain

__all__ = ["PatchRefused", "patch_master"]

_LAST_ROW = 1_048_576
_SAMPLE = 200  # rows that vote on a column's style
Edits = dict[int, dict[int, NewCell]]


def patch_master(original: bytes, changes: Sequence[Row], locale: Locale, zone: ZoneInfo) -> bytes:
    """Write the daemon-owned values of `changes` into a master workbook; PatchRefused if that is not certain.

    Rows are found by case number and columns by header, wherever managers moved them; cases not found are appended
    to the table. Values that `Row.values` leaves out, manager-owned columns and columns that managers removed stay
    untouched. Where a header stands twice, in two languages, the one in `locale` counts. ValueError if a row names
    a column that does not exist.
    """
    if not changes:
        return original
    _check_keys(changes)
    archive = Archive(original)
    workbook = _Workbook(archive, find_table(archive), locale, zone)
    edits, last_row = _plan(workbook, changes)
    return _written(workbook, edits, last_row)


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
    """The table of cases as it stands in the file."""

    def __init__(self, archive: Archive, table: CaseTable, locale: Locale, zone: ZoneInfo) -> None:
        self.archive = archive
        self.table = table
        self.grid = Grid(archive.read(table.sheet_part), table.sheet_part)
        self.strings = Strings(self._shared_strings)
        self.writer = CellWriter(zone, date1904=table.date1904, prefix=self.grid.prefix)
        self._locale = locale

    def _shared_strings(self) -> bytes:
        workbook = related(self.archive, "", "officeDocument")[0]
        parts = related(self.archive, workbook, "sharedStrings")
        if len(parts) != 1:
            raise unexpected(workbook, "sharedStrings")
        return self.archive.read(parts[0])

    @cached_property
    def columns(self) -> dict[str, int]:
        """Our columns by key, where they stand now; PatchRefused if one stands there twice or the key is missing."""
        header_cells = self.grid.cells(self.table.header_row)
        found: dict[str, list[tuple[int, str]]] = {}
        for number, header in enumerate(self.table.headers, start=self.table.first_column):
            known = column_of_header(header)
            if known is None:
                continue
            if column_of_header(self.strings.text(header_cells.get(number))) is not known:
                raise header_differs(header)
            found.setdefault(known.key, []).append((number, header))
        if KEY_COLUMN not in found:
            raise no_key_column()
        return {key: self._only(column(key), places) for key, places in found.items()}

    def _only(self, known: Column, places: list[tuple[int, str]]) -> int:
        if len(places) > 1:
            places = [place for place in places if place[1] == known.header.get(self._locale)] or places
        if len(places) > 1:
            raise column_twice(places[0][1])
        return places[0][0]

    @cached_property
    def calculated(self) -> dict[int, str]:
        """Managers' own calculated columns, by place: Excel fills them in by itself only while it is open."""
        formulas = calculated_formulas(self.archive.read(self.table.part), self.table)
        return {place: formula for place, formula in formulas.items() if place not in self.columns.values()}

    @property
    def data_rows(self) -> range:
        """The numbers of the table's rows below its header."""
        return range(self.table.header_row + 1, self.table.last_row + 1)

    @cached_property
    def rows_of(self) -> dict[str, list[int]]:
        """The rows of each case number."""
        found: dict[str, list[int]] = {}
        for number in self.data_rows:
            key = self.strings.text(self.grid.cells(number).get(self.columns[KEY_COLUMN])).strip()
            if key:
                found.setdefault(key, []).append(number)
        return found

    @cached_property
    def styles(self) -> dict[int, bytes | None]:
        """The style most cells of a column have, by column: one row that somebody painted does not decide."""
        votes: dict[int, Counter[bytes | None]] = {}
        for number in self.data_rows[-_SAMPLE:]:
            for cell in self.grid.cells(number).values():
                votes.setdefault(cell.column, Counter())[cell.style] += 1
        return {place: count.most_common(1)[0][0] for place, count in votes.items()}

    def is_blank(self, number: int) -> bool:
        """Tell whether a row of the table holds nothing but, perhaps, our own formula."""
        ours = self.columns.get("remaining")
        span = range(self.table.first_column, self.table.last_column + 1)
        return not any(
            cell.column in span and cell.column != ours and (self.strings.text(cell) or formula_kind(cell))
            for cell in self.grid.cells(number).values()
        )


def _plan(workbook: _Workbook, changes: Sequence[Row]) -> tuple[Edits, int]:
    """Decide every cell to write, and the table's last row afterwards."""
    edits: Edits = {}
    new: list[Row] = []
    for row in changes:
        places = workbook.rows_of.get(row.key.strip(), [])
        if len(places) > 1:
            raise case_twice(row.key)
        if places:
            edits[places[0]] = _changed_cells(workbook, row)
        else:
            new.append(row)
    last_row = workbook.table.last_row
    if new:
        first = _first_free(workbook)
        for number, row in enumerate(new, start=first):
            edits[number] = _new_cells(workbook, row, number)
        last_row = max(last_row, first + len(new) - 1)
        _check_room(workbook, last_row)
    _check_cells(workbook, edits)
    return {number: cells for number, cells in edits.items() if cells}, last_row


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
        if place is None or known.owner is not Owner.DAEMON or key == KEY_COLUMN or _is_formula(known):
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
    for number in range(table.last_row + 1, last_row + 1):
        for cell in workbook.grid.cells(number).values():
            inside = table.first_column <= cell.column <= table.last_column
            if inside and (workbook.strings.text(cell) or formula_kind(cell)):
                raise something_below(cell_name(cell.column, number))
    grown = (table.first_column, table.last_row + 1, table.last_column, last_row)
    for reference in (*table.neighbours, *workbook.grid.merged):
        if overlap(area(reference, table.sheet_part), grown):
            raise something_below(reference)


def _check_cells(workbook: _Workbook, edits: Mapping[int, Mapping[int, NewCell]]) -> None:
    """Refuse if a cell to be written is merged, or holds a formula that others depend on."""
    merges = [(reference, area(reference, workbook.grid.part)) for reference in workbook.grid.merged]
    arrays = [area(reference, workbook.grid.part) for reference in workbook.grid.array_areas()]
    for number, cells in edits.items():
        old = workbook.grid.cells(number)
        for place in cells:
            spot = (place, number, place, number)
            if formula_kind(old.get(place)) == "spread" or any(overlap(spot, other) for other in arrays):
                raise formula_in_the_way(cell_name(place, number))
            for reference, covered in merges:
                if overlap(spot, covered):
                    raise merged(reference)


def _written(workbook: _Workbook, edits: Edits, last_row: int) -> bytes:
    archive, table = workbook.archive, workbook.table
    model = workbook.grid.rows.get(table.last_row)
    height = row_attributes(model.attributes, (b"ht", b"customHeight")) if model else b""
    parts = {table.sheet_part: workbook.grid.edited(edits, height)}
    if last_row > table.last_row or any(
        workbook.is_blank(number) for number in edits if number in workbook.data_rows
    ):
        parts[table.part] = extended_table(archive.read(table.part), table, last_row)
    dropped: frozenset[str] = frozenset()
    if _formula_goes(workbook, edits):
        more, dropped = without_calc_chain(archive)
        parts |= more
    patched = archive.rewritten(parts, dropped)
    check_package(patched, parts, table, last_row)
    return patched


def _formula_goes(workbook: _Workbook, edits: Edits) -> bool:
    """Tell whether a cell is to lose its formula."""
    return any(
        formula_kind(workbook.grid.cells(number).get(place)) is not None and not cell.is_formula
        for number, cells in edits.items()
        for place, cell in cells.items()
    )
