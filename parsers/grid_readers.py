"""The libraries that read workbooks, each turned into a function from bytes to grids. They raise what they like.

They run in the limited child: a hostile file may exhaust memory or time, and calamine may end the process.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from typing import Any

from parsers.grids import MAX_COLUMNS, MAX_ROWS, MAX_SHEETS, Area, Grid, Place, Raw, bounded


def read_with_calamine(content: bytes) -> tuple[Grid, ...]:
    """Read .xlsx, .xlsm, .xlsb, .ods or .xls with calamine."""
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
    return bounded(sheet.name, filled, areas, cut=end_row - top >= MAX_ROWS or end_column >= MAX_COLUMNS)


def read_with_openpyxl(content: bytes) -> tuple[Grid, ...]:
    """Read .xlsx or .xlsm with openpyxl."""
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
    return bounded(sheet.title, filled, areas, cut=False)


def read_with_xlrd(content: bytes) -> tuple[Grid, ...]:
    """Read .xls with xlrd."""
    book = _open_xlrd(content, formatting_info=True)
    return tuple(
        _xlrd_grid(book, book.sheet_by_index(index)) for index in range(min(book.nsheets, MAX_SHEETS))
    )


def _open_xlrd(content: bytes, *, formatting_info: bool) -> Any:
    import xlrd

    with open(os.devnull, "w", encoding="utf-8") as silence:  # noqa: PTH123 xlrd prints its complaints
        return xlrd.open_workbook(file_contents=content, formatting_info=formatting_info, logfile=silence)


def _xlrd_grid(book: Any, sheet: Any) -> Grid:
    filled = (
        ((row, column), value)
        for row in range(min(sheet.nrows, MAX_ROWS))
        for column, (kind, raw) in enumerate(zip(sheet.row_types(row), sheet.row_values(row), strict=True))
        if kind and (value := _xlrd_value(book, kind, raw)) is not None
    )
    areas = (Area(top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells)
    grid = bounded(sheet.name, filled, areas, cut=sheet.nrows > MAX_ROWS)
    return replace(grid, hidden=sheet.visibility != 0)


def _xlrd_value(book: Any, kind: int, raw: Any) -> Raw | None:
    import xlrd

    if kind == xlrd.XL_CELL_DATE:
        try:
            moment: datetime = xlrd.xldate_as_datetime(raw, book.datemode)
        except (ValueError, OverflowError):
            return float(raw)
        return moment.time() if raw < 1 else moment
    if kind == xlrd.XL_CELL_BOOLEAN:
        return bool(raw)
    if kind in (xlrd.XL_CELL_TEXT, xlrd.XL_CELL_NUMBER) and raw != "":
        return raw if isinstance(raw, str) else float(raw)
    return None


def xlsx_formats(content: bytes) -> Callable[[str, Place], str]:
    """Return a function from sheet and cell to its number format."""
    from openpyxl import load_workbook

    book = load_workbook(BytesIO(content), keep_links=False)

    def number_format(sheet: str, place: Place) -> str:
        return str(book[sheet].cell(place[0] + 1, place[1] + 1).number_format)

    return number_format


def xls_formats(content: bytes) -> Callable[[str, Place], str]:
    """Return a function from sheet and cell to its number format."""
    book = _open_xlrd(content, formatting_info=True)

    def number_format(sheet: str, place: Place) -> str:
        style = book.xf_list[book.sheet_by_name(sheet).cell_xf_index(*place)]
        return str(book.format_map[style.format_key].format_str)

    return number_format


def ole_is_1904(content: bytes) -> bool:
    """Tell whether an .xls counts days from 1904."""
    import xlrd

    with open(os.devnull, "w", encoding="utf-8") as silence:  # noqa: PTH123 xlrd prints its complaints
        book = xlrd.open_workbook(file_contents=content, on_demand=True, logfile=silence)
    return bool(book.datemode)
