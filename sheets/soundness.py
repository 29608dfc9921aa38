"""Our own checks of a patched workbook: what Excel calls damaged and no validator finds (facts/spreadsheets.md)."""

from collections.abc import Mapping

from sheets.archive import Archive
from sheets.parts import CaseTable, find_table, read_elements, walk
from sheets.places import cell_place
from sheets.refusal import unexpected


def check_package(patched: bytes, parts: Mapping[str, bytes], table: CaseTable, last_row: int) -> None:
    """Refuse a workbook whose changed parts do not read back as they were meant, or whose table lost its shape."""
    archive = Archive(patched)
    for name, content in parts.items():
        if archive.read(name) != content:
            raise unexpected(name, "CRC")
        read_elements(content, name) if name != table.sheet_part else check_sheet(content, name)
    found = find_table(archive)
    if (found.header_row, found.last_row, found.headers) != (table.header_row, last_row, table.headers):
        raise unexpected(table.part, "ref")


def check_sheet(xml: bytes, part: str) -> None:
    """Refuse a sheet whose XML is not well-formed, or whose rows or cells do not rise one by one."""
    order = _Order(part)
    walk(xml, part, order.element)


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
