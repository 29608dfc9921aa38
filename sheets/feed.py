"""A table that the daemon alone writes, row by row from its top: the last actions, and what charts are drawn from."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rules.locales import Locale
from sheets.archive import Archive
from sheets.cells import PlainCell, as_cell
from sheets.cellvalues import CellReader, same
from sheets.cellxml import formula_kind
from sheets.columns import CellValue, Column, ColumnKind, Sheet
from sheets.growing import OpenTable
from sheets.parts import date_styles
from sheets.standing import Standing, open_master

FeedRow = Mapping[str, CellValue]


def write_feed(
    content: bytes, sheet: Sheet, rows: Sequence[FeedRow], locale: Locale, zone: ZoneInfo
) -> bytes:
    """Return the workbook with `rows` in the table of a feed; see `fed`."""
    return fed(Archive(content), sheet, rows, locale, zone).raw


def fed(archive: Archive, sheet: Sheet, rows: Sequence[FeedRow], locale: Locale, zone: ZoneInfo) -> Archive:
    """Write `rows` into the table of a feed, by position; PatchRefused if that is not certain, or it is not there.

    Cells that show their value already keep their bytes, and so does everything else; where all do, `archive` is
    returned as it is. Rows that are too many are emptied and stay: the table grows and never shrinks. ValueError if a
    row names a column that does not exist.
    """
    unknown = {key for row in rows for key in row} - {column.key for column in sheet.columns}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: no columns of the sheet {sheet.key}")
    table = OpenTable(open_master(archive, locale, sheet), zone)
    known = table.standing.data_rows
    wanted = dict(zip(known, rows, strict=False))
    edits = {
        number: cells for number, row in _stale(table.standing, wanted, zone) if (cells := table.cells(row))
    }
    for number, row in enumerate(rows[len(known) :], start=known.stop):
        whole = {column.key: row.get(column.key) for column in sheet.columns}
        edits[number] = table.new_cells(whole, number)
    if not edits:
        return archive
    return table.written(edits, max(table.table.last_row, table.table.header_row + len(rows)))


def _stale(
    standing: Standing, wanted: Mapping[int, FeedRow], zone: ZoneInfo
) -> Iterator[tuple[int, FeedRow]]:
    """Yield for each row of the table the values that it does not show yet; what is not `wanted` is to be empty."""
    compare, grid = _Comparison(standing, zone), standing.grid
    raw = dict(grid.raw_rows(standing.data_rows))
    for number in standing.data_rows:
        cells = grid.plain_cells(number, raw[number]) if number in raw else {}
        row = wanted.get(number, {})
        yield (
            number,
            {
                column.key: row.get(column.key)
                for column, place in compare.columns
                if not compare.shows(cells.get(place), column, row.get(column.key))
            },
        )


class _Comparison:
    """Tells whether a cell shows a value already, whoever saved it last."""

    def __init__(self, standing: Standing, zone: ZoneInfo) -> None:
        self.columns = [(standing.definition.column(key), place) for key, place in standing.columns.items()]
        self._zone = zone
        date1904 = standing.table.date1904
        self._reader = CellReader(standing.strings, date_styles(standing.archive), zone, date1904=date1904)

    def shows(self, cell: PlainCell | None, column: Column, value: CellValue) -> bool:
        """Tell whether a cell of that column shows `value` by itself, not by somebody's formula."""
        if cell is not None and b"f" in cell[3] and formula_kind(as_cell(cell)) is not None:
            return False
        return same(self._reader.value(cell, column), self._held(value, column))

    def _held(self, value: CellValue, column: Column) -> CellValue:
        """Return a value as a cell of that column holds it: of a moment nothing but the day."""
        if column.kind is not ColumnKind.DATE or not isinstance(value, datetime):
            return value
        return value.astimezone(self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
