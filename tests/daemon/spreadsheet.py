"""A manager at work: the master opened in a spreadsheet program, changed and saved."""

from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet

KEY = "案件編號"


class Master:
    """One opening of a workbook; used as a context it is saved at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.book = load_workbook(BytesIO(path.read_bytes()))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.save()

    def save(self) -> None:
        """Save as programs do: a new file in the place of the old one."""
        stream = BytesIO()
        self.book.save(stream)
        draft = self.path.with_name("saving.tmp")
        draft.write_bytes(stream.getvalue())
        draft.replace(self.path)

    def sheet(self, table: str = "KesuCases") -> Worksheet:
        return next(sheet for sheet in self.book.worksheets if table in sheet.tables)

    def _area(self, table: str) -> tuple[int, int, int, int]:
        left, top, right, bottom = range_boundaries(self.sheet(table).tables[table].ref)
        assert None not in (left, top, right, bottom)
        return left, top, right, bottom

    def headers(self, table: str = "KesuCases") -> dict[str, int]:
        left, top, right, _ = self._area(table)
        return {str(self.sheet(table).cell(top, at).value): at for at in range(left, right + 1)}

    def numbers(self, table: str = "KesuCases") -> dict[int, dict[str, Any]]:
        """Every row of a table by its number."""
        _, top, _, bottom = self._area(table)
        page, headers = self.sheet(table), self.headers(table)
        return {
            row: {name: page.cell(row, at).value for name, at in headers.items()}
            for row in range(top + 1, bottom + 1)
        }

    def rows(self, table: str = "KesuCases") -> dict[str, dict[str, Any]]:
        """The rows of a table by case number."""
        return {str(row[KEY]): row for row in self.numbers(table).values() if row[KEY]}

    def row_of(self, number: str, table: str = "KesuCases") -> int:
        return next(at for at, row in self.numbers(table).items() if row[KEY] == number)

    def put(self, number: str, column: str, value: object, table: str = "KesuCases") -> None:
        """Type something into a case's cell."""
        self.type(self.row_of(number, table), column, value, table)

    def type(self, row: int, column: str, value: object, table: str = "KesuCases") -> None:
        cell: Any = self.sheet(table).cell(row, self.headers(table)[column])
        cell.value = value

    def swap(self, one: str, other: str, table: str = "KesuCases") -> None:
        """Sort two rows the other way round."""
        first, second = self.row_of(one, table), self.row_of(other, table)
        cells, page = self.numbers(table), self.sheet(table)
        for name, at in self.headers(table).items():
            if not str(cells[first][name]).startswith("="):
                page.cell(first, at).value = cells[second][name]
                page.cell(second, at).value = cells[first][name]

    def clear(self, number: str, table: str = "KesuCases") -> None:
        """Empty a row, as deleting it looks to whoever reads the cells."""
        row = self.row_of(number, table)
        for at in self.headers(table).values():
            self.sheet(table).cell(row, at).value = None

    def grow(self, values: dict[str, object], table: str = "KesuCases") -> int:
        """Type a new row right below the table, which Excel then takes in; return its number."""
        page = self.sheet(table)
        left, top, right, bottom = self._area(table)
        row, headers = bottom + 1, self.headers(table)
        for name, value in values.items():
            cell: Any = page.cell(row, headers[name])
            cell.value = value
        from openpyxl.utils import get_column_letter as letter

        page.tables[table].ref = f"{letter(left)}{top}:{letter(right)}{row}"
        if page.tables[table].autoFilter is not None:
            page.tables[table].autoFilter.ref = page.tables[table].ref
        return row
