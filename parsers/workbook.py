"""Bytes to grids: every sheet's filled cells with typed raw values, whichever reader can open the file.

calamine reads first (a hundred times quicker, and it reads what openpyxl silently drops); if it refuses or finds
nothing, openpyxl or xlrd has a try. Runs in the limited child: a hostile file may still exhaust its memory or time.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from io import BytesIO
from typing import Any

from parsers.archive import Container, check_zip, container_of
from parsers.refusals import DAMAGED, PASSWORD, Refused

Raw = str | int | float | bool | date | datetime | time | timedelta
Place = tuple[int, int]  # row and column, from 0

MAX_SHEETS = 100
MAX_ROWS = 5_000
MAX_COLUMNS = 256
MAX_CELLS = 200_000  # filled cells of one sheet


@dataclass(frozen=True, order=True)
class Area:
    """A rectangle of cells, bounds included."""

    top: int
    left: int
    bottom: int
    right: int

    def __contains__(self, place: object) -> bool:
        if not isinstance(place, tuple):
            return False
        row, column = place
        return bool(self.top <= row <= self.bottom and self.left <= column <= self.right)


@dataclass(frozen=True)
class Grid:
    """One sheet: its filled cells, and the merged areas that begin at a filled cell."""

    name: str
    cells: Mapping[Place, Raw]
    merged: tuple[Area, ...] = ()
    hidden: bool = False  # its author does not see the sheet
    cut: bool = False  # there is more on the sheet than was read

    @cached_property
    def _areas(self) -> dict[Place, Area]:
        return {(area.top, area.left): area for area in self.merged}

    @cached_property
    def rows(self) -> dict[int, list[int]]:
        """The filled columns of each row that has any, both rising."""
        rows: dict[int, list[int]] = {}
        for row, column in sorted(self.cells):
            rows.setdefault(row, []).append(column)
        return rows

    def area(self, place: Place) -> Area:
        """Return the merged area that begins at `place`, or the cell itself."""
        return self._areas.get(place) or Area(*place, *place)

    def anchor(self, place: Place) -> Place:
        """Return the filled cell whose merged area covers `place`, or `place` itself."""
        if place in self.cells:
            return place
        return next(((area.top, area.left) for area in self.merged if place in area), place)


@dataclass(frozen=True)
class Workbook:
    """All sheets of a file, hidden ones too."""

    grids: tuple[Grid, ...]
    epoch_1904: bool = False
    _content: bytes = field(default=b"", repr=False)
    _container: Container = Container.ZIP

    @cached_property
    def _formats(self) -> Callable[[str, Place], str]:
        reader = _xlsx_formats if self._container is Container.ZIP else _xls_formats
        return reader(self._content)

    def is_percentage(self, sheet: str, place: Place) -> bool:
        """Tell whether the cell is shown with a percent sign. Reads the file anew: ask only where it matters."""
        try:
            return "%" in self._formats(sheet, place)
        except Exception:
            return False

    @cached_property
    def _scales_in_formats(self) -> bool:
        """Whether any number format could say 萬 or 千; looked up cheaply before the file is read anew."""
        try:
            return _mentions_scales(self._content, self._container)
        except Exception:
            return False

    def money_format(self, sheet: str, place: Place) -> str:
        """Return the number format of a cell where the file's formats name a scale (0.0"萬"), else "General"."""
        try:
            return self._formats(sheet, place) if self._scales_in_formats else "General"
        except Exception:
            return "General"


def _mentions_scales(content: bytes, container: Container) -> bool:
    import re
    from zipfile import ZipFile

    if container is not Container.ZIP:
        return any(word.encode("utf-16-le") in content for word in "萬万千億亿")
    with ZipFile(BytesIO(content)) as archive:
        name = next(name for name in archive.namelist() if name.lower().endswith("styles.xml"))
        styles = archive.read(name).decode("utf-8", "replace")
    return re.search(r"formatCode=[^>]*(?:[萬万千億亿]|&#)", styles) is not None


def cell_name(place: Place) -> str:
    """Name a cell as spreadsheets do: (6, 2) is C7."""
    row, column = place
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def read_workbook(content: bytes, *, second_reader_only: bool = False) -> Workbook:
    """Read all sheets; Refused with a reason if nobody can. `second_reader_only` after the first has crashed."""
    container = container_of(content)
    if container is Container.ZIP:
        check_zip(content)
    second = _read_with_openpyxl if container is Container.ZIP else _read_with_xlrd
    failures: list[Refused] = []
    empty: tuple[Grid, ...] | None = None
    for reader in (second,) if second_reader_only else (_read_with_calamine, second):
        try:
            grids = _attempt(reader, content)
        except Refused as refused:
            failures.append(refused)
            continue
        if any(grid.cells for grid in grids):
            return Workbook(grids, _epoch_is_1904(content, container), content, container)
        empty = grids
    if empty is None:
        raise next((refused for refused in failures if refused.reason == PASSWORD), failures[0])
    return Workbook(empty)


def _attempt(reader: Callable[[bytes], tuple[Grid, ...]], content: bytes) -> tuple[Grid, ...]:
    """Run one reader and turn whatever it throws into a reason."""
    try:
        return reader(content)
    except (Refused, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        locked = any(word in f"{type(error).__name__} {error}".lower() for word in ("password", "encrypted"))
        raise Refused(PASSWORD if locked else DAMAGED) from error


def _read_with_calamine(content: bytes) -> tuple[Grid, ...]:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(BytesIO(content))
    worksheets = [sheet for sheet in book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
    return tuple(
        replace(
            _calamine_grid(book.get_sheet_by_name(sheet.name)),
            hidden=sheet.visible is not SheetVisibleEnum.Visible,
        )
        for sheet in worksheets[:MAX_SHEETS]
    )


def _calamine_grid(sheet: Any) -> Grid:
    top, left = sheet.start or (0, 0)
    rows = sheet.to_python(skip_empty_area=True, nrows=MAX_ROWS) if sheet.start else []
    filled = (
        ((top + row, left + column), value)
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value != ""
    )
    end_row, end_column = sheet.end or (0, 0)
    areas = (Area(*start, *end) for start, end in sheet.merged_cell_ranges or ())
    return _bounded(sheet.name, filled, areas, cut=end_row - top >= MAX_ROWS or end_column >= MAX_COLUMNS)


def _read_with_openpyxl(content: bytes) -> tuple[Grid, ...]:
    from openpyxl import load_workbook

    book = load_workbook(BytesIO(content), data_only=True, keep_links=False)
    return tuple(
        replace(_openpyxl_grid(sheet), hidden=sheet.sheet_state != "visible")
        for sheet in book.worksheets[:MAX_SHEETS]
    )


def _openpyxl_grid(sheet: Any) -> Grid:
    # The private dict is sparse; iter_rows would walk 17 thousand million cells between A1 and XFD1048576.
    cells = sorted(sheet._cells.items())
    filled = (
        ((row - 1, column - 1), cell.value)
        for (row, column), cell in cells
        if cell.value not in (None, "") and cell.data_type != "e"
    )
    areas = (
        Area(r.min_row - 1, r.min_col - 1, r.max_row - 1, r.max_col - 1) for r in sheet.merged_cells.ranges
    )
    return _bounded(sheet.title, filled, areas, cut=False)


def _read_with_xlrd(content: bytes) -> tuple[Grid, ...]:
    book = _open_xlrd(content, formatting_info=True)
    return tuple(
        _xlrd_grid(book, book.sheet_by_index(index)) for index in range(min(book.nsheets, MAX_SHEETS))
    )


def _open_xlrd(content: bytes, *, formatting_info: bool) -> Any:
    import os

    import xlrd

    with open(os.devnull, "w", encoding="utf-8") as silence:  # noqa: PTH123 xlrd prints its complaints
        return xlrd.open_workbook(file_contents=content, formatting_info=formatting_info, logfile=silence)


def _xlrd_grid(book: Any, sheet: Any) -> Grid:
    filled = (
        ((row, column), value)
        for row in range(min(sheet.nrows, MAX_ROWS))
        for column, cell in enumerate(sheet.row(row))
        if (value := _xlrd_value(book, cell)) is not None
    )
    areas = (Area(top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells)
    grid = _bounded(sheet.name, filled, areas, cut=sheet.nrows > MAX_ROWS)
    return replace(grid, hidden=sheet.visibility != 0)


def _xlrd_value(book: Any, cell: Any) -> Raw | None:
    import xlrd

    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            moment: datetime = xlrd.xldate_as_datetime(cell.value, book.datemode)
        except (ValueError, OverflowError):
            return float(cell.value)
        return moment.time() if cell.value < 1 else moment
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value)
    if cell.ctype in (xlrd.XL_CELL_TEXT, xlrd.XL_CELL_NUMBER) and cell.value != "":
        return cell.value if isinstance(cell.value, str) else float(cell.value)
    return None


def _bounded(name: str, filled: Iterator[tuple[Place, Any]], areas: Iterator[Area], *, cut: bool) -> Grid:
    """Keep what lies within bounds, and remember whether anything was left out."""
    cells: dict[Place, Raw] = {}
    for (row, column), value in filled:
        if not isinstance(value, Raw) or (isinstance(value, str) and not value.strip()):
            continue
        if column >= MAX_COLUMNS or row >= MAX_ROWS + 1_000 or len(cells) >= MAX_CELLS:
            cut = True
            continue
        cells[row, column] = value
    kept = tuple(sorted({area for area in areas if (area.top, area.left) in cells}))
    return Grid(name, cells, kept, cut=cut)


def _epoch_is_1904(content: bytes, container: Container) -> bool:
    """Tell whether the file counts days from 1904, for dates that stand in it as bare numbers."""
    try:
        return _zip_is_1904(content) if container is Container.ZIP else _ole_is_1904(content)
    except Exception:
        return False


def _zip_is_1904(content: bytes) -> bool:
    import re
    from zipfile import ZipFile

    with ZipFile(BytesIO(content)) as archive:
        name = next(name for name in archive.namelist() if name.lower().endswith("workbook.xml"))
        text = archive.read(name)
    return re.search(rb"""date1904\s*=\s*["'](?:1|true)["']""", text) is not None


def _ole_is_1904(content: bytes) -> bool:
    import os

    import xlrd

    with open(os.devnull, "w", encoding="utf-8") as silence:  # noqa: PTH123 xlrd prints its complaints
        book = xlrd.open_workbook(file_contents=content, on_demand=True, logfile=silence)
    return bool(book.datemode)


def _xlsx_formats(content: bytes) -> Callable[[str, Place], str]:
    from openpyxl import load_workbook

    book = load_workbook(BytesIO(content), keep_links=False)

    def number_format(sheet: str, place: Place) -> str:
        return str(book[sheet].cell(place[0] + 1, place[1] + 1).number_format)

    return number_format


def _xls_formats(content: bytes) -> Callable[[str, Place], str]:
    book = _open_xlrd(content, formatting_info=True)

    def number_format(sheet: str, place: Place) -> str:
        style = book.xf_list[book.sheet_by_name(sheet).cell_xf_index(*place)]
        return str(book.format_map[style.format_key].format_str)

    return number_format
