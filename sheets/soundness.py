"""Our own checks of a patched workbook: what Excel calls damaged and no validator finds (facts/spreadsheets.md)."""

from collections.abc import Collection, Mapping

from sheets.archive import Archive
from sheets.columns import Sheet
from sheets.deflating import Spliced
from sheets.grid import Grid, opened_grid
from sheets.parts import TableParts, area, find_table, read_elements, walk
from sheets.places import cell_name, cell_place
from sheets.refusal import formula_in_the_way, unexpected


def check_package(
    patched: Archive,
    parts: Mapping[str, bytes | Spliced],
    table: TableParts,
    edits: Mapping[int, Collection[int]],
    sheet: Sheet,
) -> None:
    """Refuse a workbook whose changed parts do not read back as they were meant, or whose table lost its shape.

    `table` is the table of `sheet` as it should be now, `edits` the columns that were written, by row.
    """
    for name, content in parts.items():
        # The CRC of what is read is that of `content`, or this raises.
        if name == table.sheet_part:
            found, grid = opened_grid(patched, name)
            check_sheet(grid, edits)
        else:
            found = patched.spliced(name)
            read_elements(bytes(found.content), name)
        if len(found.content) != (content.size if isinstance(content, Spliced) else len(content)):
            raise unexpected(name, "CRC")
    if find_table(patched, sheet) != table:
        raise unexpected(table.part, "ref")


def check_sheet(grid: Grid, edits: Mapping[int, Collection[int]]) -> None:
    """Refuse a sheet whose rows do not rise one by one, or whose written rows are not well-formed.

    Rows that were not written hold the bytes they held, so that only the others are parsed.
    """
    written = [row for number in sorted(edits) if (row := grid.row(number))]
    order = _Order(grid.part)
    walk(b"".join([grid.head, *map(grid.raw, written), grid.tail]), grid.part, order.begin, order.end)
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
    """Follows the sheet's rows and cells, each of which must come after the one before.

    Other elements are called so too: the anchors of form controls, behind the rows, name theirs with `<xdr:row>`.
    """

    def __init__(self, part: str) -> None:
        self._part = part
        self._open: list[str] = []
        self._row = 0
        self._column = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's start into account."""
        self._open.append(name.rpartition(" ")[2])
        if self._open[1:] == ["sheetData", "row"]:
            self._next_row(attributes.get("r", ""))
        elif self._open[1:] == ["sheetData", "row", "c"]:
            self._next_cell(attributes.get("r", ""))

    def end(self, _: str) -> None:
        """Take an element's end into account."""
        self._open.pop()

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
