"""A table that the daemon alone writes, row by row from its top: the last actions, and what charts are drawn from."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rules.locales import Locale
from sheets.cells import NewCell, plain
from sheets.cellvalues import CellReader, same
from sheets.cellxml import formula_kind
from sheets.columns import CellValue, Column, ColumnKind, Sheet
from sheets.growing import OpenTable
from sheets.parts import date_styles
from sheets.standing import Standing, open_master
from sheets.writing import Edits

FeedRow = Mapping[str, CellValue]


def write_feed(
    content: bytes, sheet: Sheet, rows: Sequence[FeedRow], locale: Locale, zone: ZoneInfo
) -> bytes:
    """Write `rows` into the table of a feed, by position; PatchRefused if that is not certain, or it is not there.

    Cells that show their value already keep their bytes, and so does everything else; where all do, `content` is
    returned as it is. Rows that are too many are emptied and stay: the table grows and never shrinks. ValueError if a
    row names a column that does not exist.
    """
    unknown = {key for row in rows for key in row} - {column.key for column in sheet.columns}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: no columns of the sheet {sheet.key}")
    table = OpenTable(open_master(content, locale, sheet), zone)
    compare = _Comparison(table.standing, zone)
    edits: Edits = {}
    for number, row in enumerate([*rows, *_surplus(table, len(rows))], start=table.table.header_row + 1):
        whole = {column.key: row.get(column.key) for column in sheet.columns}
        if number > table.table.last_row:
            edits[number] = table.new_cells(whole, number)
        elif cells := _changed(table, compare, number, whole):
            edits[number] = cells
    if not edits:
        return content
    return table.written(edits, max(table.table.last_row, table.table.header_row + len(rows)))


def _surplus(table: OpenTable, count: int) -> list[FeedRow]:
    return [{}] * max(0, len(table.standing.data_rows) - count)


class _Comparison:
    """Tells whether a cell shows a value already, whoever saved it last."""

    def __init__(self, standing: Standing, zone: ZoneInfo) -> None:
        self._standing, self._zone = standing, zone
        date1904 = standing.table.date1904
        self._reader = CellReader(standing.strings, date_styles(standing.archive), zone, date1904=date1904)

    def shows(self, number: int, column: Column, value: CellValue) -> bool:
        """Tell whether the cell of that row and column shows `value` by itself, not by somebody's formula."""
        cell = self._standing.grid.cells(number).get(self._standing.columns[column.key])
        if formula_kind(cell) is not None:
            return False
        return same(self._reader.value(plain(cell) if cell else None, column), self._held(value, column))

    def _held(self, value: CellValue, column: Column) -> CellValue:
        """Return a value as a cell of that column holds it: of a moment nothing but the day."""
        if column.kind is not ColumnKind.DATE or not isinstance(value, datetime):
            return value
        return value.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _changed(table: OpenTable, compare: _Comparison, number: int, row: FeedRow) -> dict[int, NewCell]:
    stale = {
        key: value
        for key, value in row.items()
        if key in table.standing.columns and not compare.shows(number, table.sheet.column(key), value)
    }
    return table.cells(stale)
