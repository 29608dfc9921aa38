"""Our table as it stands in a workbook, read by plain XML parsing: the tests' own opinion of every cell."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from xml.etree import ElementTree

from openpyxl.utils import range_boundaries
from openpyxl.utils.cell import column_index_from_string as column_number
from openpyxl.utils.cell import coordinate_from_string

from sheets.registry import OPEN
from tests.preservation.packages import NotAWorkbook, Package, children, iterate_rows, local, parsed

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_RELATIVE = re.compile(r"(?<![\w$.])(\$?[A-Z]{1,3})(\d+)(?![\w(])")
_DIMENSION = re.compile(rb"<(?:\w+:)?dimension\b[^>]*>")


@dataclass(frozen=True)
class CellView:
    """One cell: its attributes but for its place, its XML as a parser understands it, and what it shows."""

    attributes: Mapping[str, str]
    inner: str
    formula: str | None
    shown: str

    @property
    def style(self) -> str:
        """The cell's style id; cells that name none have the first."""
        return self.attributes.get("s", "0")

    @property
    def is_empty(self) -> bool:
        """Tell whether the cell holds nothing, whatever it looks like."""
        return not self.shown and self.formula is None


NO_CELL = CellView({}, "", None, "")


class CaseSheet:
    """The sheet with our table; NotAWorkbook where there is none."""

    def __init__(self, content: bytes, table: str = OPEN.table) -> None:
        self.package = Package(content)
        self.workbook = self.package.workbook()
        self.part, self.table_part = self._found(table)
        self.xml = self.package.read(self.part)
        self.table = parsed(self.package.read(self.table_part), self.table_part)
        self.left, self.top, self.right, bottom = range_boundaries(self.table.attrib["ref"])
        self.totals = int(self.table.get("totalsRowCount", "0"))
        self.bottom = bottom - self.totals

    def _found(self, table: str) -> tuple[str, str]:
        for sheet in self.package.related(self.workbook, "worksheet").values():
            for part in self.package.related(sheet, "table").values():
                if parsed(self.package.read(part), part).get("displayName") == table:
                    return sheet, part
        raise NotAWorkbook(f"no table {table}")

    @property
    def data_rows(self) -> range:
        """The rows between header and totals."""
        return range(self.top + 1, self.bottom + 1)

    @cached_property
    def headers(self) -> dict[int, str]:
        """The table's headers by column of the sheet."""
        names = [found.get("name", "") for found in self.table.iter() if local(found.tag) == "tableColumn"]
        return dict(enumerate(map(_plain, names), start=self.left))

    @cached_property
    def calculated(self) -> frozenset[int]:
        """The columns that fill in a formula by themselves."""
        columns = [found for found in self.table.iter() if local(found.tag) == "tableColumn"]
        return frozenset(
            place
            for place, column in enumerate(columns, start=self.left)
            if any(local(inner.tag) == "calculatedColumnFormula" for inner in column)
        )

    def place_of(self, header: str) -> int | None:
        """Return the column with that header."""
        return next((place for place, text in self.headers.items() if text == header), None)

    @cached_property
    def raw_rows(self) -> dict[int, bytes]:
        """Every row of the sheet as its bytes."""
        return dict(iterate_rows(self.xml, self.part))

    @cached_property
    def rows(self) -> dict[int, dict[int, CellView]]:
        """Every cell of the sheet by row and column."""
        root = parsed(self.xml, self.part)
        data = next(found for found in root if local(found.tag) == "sheetData")
        return {number: dict(self._cells(row)) for number, row in zip(self.raw_rows, data, strict=True)}

    def _cells(self, row: ElementTree.Element) -> list[tuple[int, CellView]]:
        found: list[tuple[int, CellView]] = []
        for cell in row:
            reference = cell.get("r")
            place = (
                column_number(coordinate_from_string(reference)[0])
                if reference
                else (found[-1][0] if found else 0) + 1
            )
            found.append((place, self._view(cell)))
        return found

    def _view(self, cell: ElementTree.Element) -> CellView:
        parts = {local(inner.tag): inner for inner in cell}
        inner = "".join(ElementTree.tostring(child, encoding="unicode") for child in cell)
        formula = parts.get("f")
        attributes = {name: text for name, text in cell.attrib.items() if name != "r"}
        return CellView(
            attributes, inner, None if formula is None else formula.text or "", self._shown(cell, parts)
        )

    def _shown(self, cell: ElementTree.Element, parts: Mapping[str, ElementTree.Element]) -> str:
        if (text := parts.get("is")) is not None:
            return _text_of(text)
        value = (parts["v"].text or "") if "v" in parts else ""
        if cell.get("t") == "s" and value.isdigit() and int(value) < len(self._strings):
            return self._strings[int(value)]
        return _plain(value)

    @cached_property
    def _strings(self) -> list[str]:
        """The shared strings; none where somebody damaged them, and cells are then told apart by number."""
        try:
            found = list(self.package.related(self.workbook, "sharedStrings").values())
            return [_text_of(item) for part in found for item in parsed(self.package.read(part), part)]
        except NotAWorkbook:
            return []

    def cell(self, row: int, column: int) -> CellView:
        """Return one cell; an empty one where there is none."""
        return self.rows.get(row, {}).get(column, NO_CELL)

    def keys(self) -> dict[str, int]:
        """Return the row of each case number."""
        place = self.place_of(next(text for text in self.headers.values() if text in _KEY_HEADERS))
        assert place is not None
        found = {self.cell(number, place).shown.strip(): number for number in self.data_rows}
        return {key: number for key, number in found.items() if key}

    @cached_property
    def around(self) -> tuple[bytes, bytes]:
        """The sheet's bytes before and after its rows, but for the extent it claims to have."""
        data = next(child for child in children(self.xml, self.part) if child.name == "sheetData")
        start = self.xml.index(b">", data.start) + 1
        return _DIMENSION.sub(b"", self.xml[:start]), self.xml[data.close :]

    @cached_property
    def counts_from_1904(self) -> bool:
        """Tell whether the workbook counts days from 1904."""
        root = parsed(self.package.read(self.workbook), self.workbook)
        found = next((found for found in root if local(found.tag) == "workbookPr"), None)
        return found is not None and found.get("date1904") in ("1", "true")


_KEY_HEADERS = OPEN.column(OPEN.key_column).header.all()


def own_row_marked(formula: str | None, row: int) -> str | None:
    """Return a formula with the number of its own row replaced, so that it reads the same wherever the row stands."""
    if formula is None:
        return None
    return _RELATIVE.sub(lambda at: f"{at[1]}#" if int(at[2]) == row else at[0], formula)


def _text_of(element: ElementTree.Element) -> str:
    """Return the text of a string with its runs, without the phonetic guide."""
    texts = [
        inner.text or ""
        for child in element
        if local(child.tag) in ("t", "r")
        for inner in child.iter()
        if local(inner.tag) == "t"
    ]
    return _plain("".join(texts))


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
