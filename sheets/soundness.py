"""Our own checks of a patched workbook: what Excel calls damaged and no validator finds (facts/spreadsheets.md)."""

from collections.abc import Collection, Mapping

from sheets.archive import Archive
from sheets.deflating import Spliced
from sheets.grid import Grid
from sheets.parts import CaseTable, area, find_table, read_elements, walk
from sheets.places import cell_name, cell_place
from sheets.refusal import formula_in_the_way, unexpected


def check_package(
    patched: bytes,
    parts: Mapping[str, bytes | Spliced],
    table: CaseTable,
    edits: Mapping[int, Collection[int]],
) -> None:
    """Refuse a workbook whose changed parts do not read back as they were meant, or whose table lost its shape.

    `table` is the table as it should be now, `edits` the columns that were written, by row.
    """
    archive = Archive(patched)
    for name, content in parts.items():
        found = archive.spliced(name)  # its CRC is that of `content`, or this raises
        if len(found.content) != (content.size if isinstance(content, Spliced) else len(content)):
            raise unexpected(name, "CRC")
        if name == table.sheet_part:
            check_sheet(found.content, name, edits)
        else:
            read_elements(bytes(found.content), name)
    if find_table(archive) != table:
        raise unexpected(table.part, "ref")


def check_sheet(xml: bytes | bytearray, part: str, edits: Mapping[int, Collection[int]]) -> None:
    """Refuse a sheet whose rows do not rise one by one, or whose written rows are not well-formed.

    Rows that were not written hold the bytes they held, so that only the others are parsed.
    """
    grid = Grid(xml, part)
    written = [row for number in sorted(edits) if (row := grid.row(number))]
    order = _Order(part)
    walk(b"".join([grid.head, *map(grid.raw, written), grid.tail]), part, order.element)
    _check_arrays(grid, edits)


def _check_arrays(grid: Grid, edits: Mapping[int, Collection[int]]) -> None:
    """Refuse a written cell in the area of an array formula that begins elsewhere: it would be filled over again."""
    for reference in grid.array_areas():
        left, top, right, bottom = area(reference, grid.part)
        for row, columns in edits.items():
            for column in columns:
                if left <= column <= right and top <= row <= bottom:
                    raise formula_in_the_way(cell_name(column, row))


class _Order:
    """Follows rows and cells, each of which must come after the one before."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._row = 0
        self._column = 0

    def element(self, name: str, attributes: dict[str, str]) -> None:
        """Take the next element into account."""
        tag = name.rpartition(" ")[2]
        if tag == "row":
            self._next_row(attributes.get("r", ""))
        elif tag == "c" and self._row:
            self._next_cell(attributes.get("r", ""))

    def _next_row(self, number: str) -> None:
        if not number.isdigit() or int(number) <= self._row:
            raise unexpected(self._part, f"row {number}")
        self._row, self._column = int(number), 0

    def _next_cell(self, reference: str) -> None:
        try:
            column, row = cell_place(reference)
        except ValueError:
            raise unexpected(self._part, f"c {reference}") from None
        if row != self._row or column <= self._column:
            raise unexpected(self._part, f"c {reference}")
        self._column = column
