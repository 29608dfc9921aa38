"""A table of ours read back as plain values, by key and column, wherever managers moved them.

What a cell means is told by its column, not by how somebody formatted it: a number in a column of dates is a date, in
a column of texts it is a text. What does not fit its column comes back as the text it shows, for the rules to judge.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from rules.locales import Locale
from sheets.cells import PlainCell
from sheets.cellvalues import CellError, CellReader, ReadValue
from sheets.columns import Column, ColumnKind, Sheet
from sheets.parts import date_styles
from sheets.refusal import too_large
from sheets.registry import OPEN
from sheets.standing import Standing, open_master

__all__ = ["CellError", "MasterReading", "ReadRow", "ReadValue", "read_master"]

ROW_LIMIT = 200_000


@dataclass(frozen=True)
class ReadRow:
    """One row of the table; `values` holds every column of ours that stands in the file, but for our own formula."""

    key: str
    values: Mapping[str, ReadValue]
    row_number: int


@dataclass(frozen=True)
class _Memory:
    """Rows by the hash of their bytes: what is written the same reads the same, if `context` is the same."""

    context: object
    rows: Mapping[int, ReadRow]


@dataclass(frozen=True)
class MasterReading:
    """What stands in the table.

    `rows` are in the order of the sheet, one for each case number; `duplicates` are further rows of a number that
    stands above already, `keyless` rows hold something but no number. `columns` are those of ours that are there.
    """

    rows: tuple[ReadRow, ...]
    duplicates: tuple[ReadRow, ...]
    keyless: tuple[ReadRow, ...]
    columns: tuple[str, ...]
    memory: _Memory = field(repr=False, compare=False)

    def places(self, keys: Collection[str]) -> list[tuple[int, str]]:
        """Return number and key of every row that has one of those keys."""
        return [(row.row_number, row.key) for row in (*self.rows, *self.duplicates) if row.key in keys]


def read_master(
    content: bytes | Standing,
    locale: Locale,
    zone: ZoneInfo,
    previous: MasterReading | None = None,
    sheet: Sheet = OPEN,
) -> MasterReading:
    """Read the rows of a sheet that has keys; PatchRefused if that is not certain, or over 200,000 rows.

    Datetimes are aware, in `zone`, a day is its midnight; numbers are Decimal, or int in columns that count.
    `previous`, an earlier reading of the same workbook and sheet, saves the time of rows that are still as they were.
    Of a workbook opened already its own sheet is read.
    """
    standing = content if isinstance(content, Standing) else open_master(content, locale, sheet)
    if len(standing.data_rows) > ROW_LIMIT:
        raise too_large(standing.table.sheet_part)
    context, styles = _context(standing, zone), date_styles(standing.archive)
    known = previous.memory.rows if previous and previous.memory.context == context else {}
    reader = CellReader(standing.strings, styles, zone, date1904=standing.table.date1904)
    known_columns = ((standing.definition.column(key), place) for key, place in standing.columns.items())
    shown = {
        column.key: (place, column)
        for column, place in known_columns
        if column.kind is not ColumnKind.REMAINING
    }
    memory: dict[int, ReadRow] = {}
    for number, raw in standing.grid.raw_rows(standing.data_rows):
        memory[hash(raw)] = known.get(hash(raw)) or _row(
            standing.grid.plain_cells(number, raw), reader, shown, number, standing.definition.key_column
        )
    return _sorted_out(tuple(memory.values()), tuple(standing.columns), _Memory(context, memory))


def _context(standing: Standing, zone: ZoneInfo) -> object:
    parts = {name: standing.archive.checksum(name) for name in ("xl/sharedStrings.xml", "xl/styles.xml")}
    return (
        standing.definition.key,
        standing.table.date1904,
        str(zone),
        tuple(standing.columns.items()),
        tuple(parts.items()),
    )


def _row(
    cells: Mapping[int, PlainCell],
    reader: CellReader,
    shown: Mapping[str, tuple[int, Column]],
    number: int,
    key_column: str,
) -> ReadRow:
    values = {key: reader.value(cells.get(place), known) for key, (place, known) in shown.items()}
    number_shown = values.pop(key_column)
    return ReadRow("" if number_shown is None else str(number_shown).strip(), values, number)


def _sorted_out(found: tuple[ReadRow, ...], columns: tuple[str, ...], memory: _Memory) -> MasterReading:
    first: dict[str, ReadRow] = {}
    duplicates, keyless = [], []
    for row in found:
        if not row.key:
            if any(value is not None for value in row.values.values()):
                keyless.append(row)
        elif row.key in first:
            duplicates.append(row)
        else:
            first[row.key] = row
    return MasterReading(tuple(first.values()), tuple(duplicates), tuple(keyless), columns, memory)
