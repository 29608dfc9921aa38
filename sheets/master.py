"""A new master workbook: every case a row of one Excel table, coloured by grade and by what is due.

Only new workbooks are made here. A workbook that managers have worked in is changed by `sheets.patch` alone.
"""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from zoneinfo import ZoneInfo

from openpyxl.cell.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale
from sheets.columns import (
    COLUMNS,
    DUE_COLUMN,
    KEY_COLUMN,
    MARK,
    TABLE_NAME,
    CellValue,
    Column,
    ColumnKind,
    Owner,
    Row,
    remaining_formula,
    wall_time,
)
from sheets.guide import LEGEND_DAEMON, LEGEND_MANAGER, add_guide
from sheets.looks import (
    DATETIME_FORMAT,
    HAIRLINE,
    MONEY_FORMAT,
    NAVY,
    PAPER,
    TEAL,
    TEXT_FORMAT,
    Look,
    cell_at,
    paint,
    put,
)
from sheets.page import A3, fit_to_width
from sheets.signals import MasterLabels, add_counters, add_signals
from sheets.texts import say

__all__ = ["MasterLabels", "create_master"]

HEADER_ROW = 3
LAST_ROW = 20_003  # colours and validations reach this far, so that the patch need not touch them
_ROW_HEIGHT = 33.0

_SHEET = say("案件", "案件", "Cases")
_TITLE = say("客戶抱怨總表", "客户抱怨总表", "Customer complaints")
_DATE_WANTED = say(
    "這不像日期時間。例：2026-11-21 14:30",
    "这不像日期时间。例：2026-11-21 14:30",
    "This is not a date and time. E.g. 2026-11-21 14:30",
)

_FORMATS = {
    ColumnKind.TEXT: TEXT_FORMAT,
    ColumnKind.PROSE: "General",
    ColumnKind.MONEY: MONEY_FORMAT,
    ColumnKind.NUMBER: "0",
    ColumnKind.DATETIME: DATETIME_FORMAT,
    ColumnKind.MARK: "General",
    ColumnKind.REMAINING: "General",
}
_CENTRED = {ColumnKind.NUMBER, ColumnKind.DATETIME, ColumnKind.MARK, ColumnKind.REMAINING}


def create_master(rows: Sequence[Row], locale: Locale, *, labels: MasterLabels, zone: ZoneInfo) -> bytes:
    """Draw a new master workbook with `rows` as .xlsx; datetimes are written as wall time in `zone`.

    Manager-owned values in `rows` are written too, so that a workbook can be made anew from the ledger. Without
    rows the table has the one empty row that Excel wants.
    """
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = _SHEET.get(locale)
    _draw_columns(sheet, locale)
    for row, case in enumerate(rows, start=HEADER_ROW + 1):
        _draw_row(sheet, row, case, locale, zone)
    if not rows:
        _draw_row(sheet, HEADER_ROW + 1, Row("", {}), locale, zone)
    _add_table(sheet, HEADER_ROW + max(len(rows), 1))
    add_signals(sheet, labels, HEADER_ROW + 1, LAST_ROW)
    _draw_banner(sheet, locale, labels)
    _set_up(sheet, locale, labels)
    add_guide(workbook, locale, labels)
    workbook.properties.creator = "kesu"
    workbook.properties.title = f"{_TITLE.get(locale)} {labels.site}".strip()
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _draw_columns(sheet: Worksheet, locale: Locale) -> None:
    for number, column in enumerate(COLUMNS, start=1):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = column.width
        cell = cell_at(sheet, HEADER_ROW, number)
        put(cell, column.header.get(locale))
        fill = NAVY if column.owner is Owner.DAEMON else TEAL
        paint(cell, Look(bold=True, colour=PAPER, fill=fill, line=PAPER, horizontal="center"), locale)
        _explain(sheet, cell, column, locale)
        if column.owner is Owner.MANAGER and column.kind is ColumnKind.DATETIME:
            _want_dates(sheet, letter, locale)
    sheet.row_dimensions[HEADER_ROW].height = 34


def _explain(sheet: Worksheet, header: Cell, column: Column, locale: Locale) -> None:
    """Show what the column holds, and whose it is, when the header is selected."""
    owner = LEGEND_DAEMON if column.owner is Owner.DAEMON else LEGEND_MANAGER
    message = DataValidation(showInputMessage=True, promptTitle=column.header.get(locale)[:32])
    message.prompt = f"{column.help.get(locale)}\n{owner.get(locale)}"[:255]
    sheet.add_data_validation(message)
    message.add(header.coordinate)


def _want_dates(sheet: Worksheet, letter: str, locale: Locale) -> None:
    rule = DataValidation(
        type="date", operator="greaterThan", formula1="DATE(2000,1,1)", allow_blank=True, errorStyle="warning"
    )
    rule.error = _DATE_WANTED.get(locale)
    rule.showErrorMessage = True
    sheet.add_data_validation(rule)
    rule.add(f"{letter}{HEADER_ROW + 1}:{letter}{LAST_ROW}")


def _draw_row(sheet: Worksheet, row: int, case: Row, locale: Locale, zone: ZoneInfo) -> None:
    sheet.row_dimensions[row].height = _ROW_HEIGHT
    due = f"{get_column_letter([column.key for column in COLUMNS].index(DUE_COLUMN) + 1)}{row}"
    for number, column in enumerate(COLUMNS, start=1):
        cell = cell_at(sheet, row, number)
        if column.kind is ColumnKind.REMAINING:
            cell.value = f"={remaining_formula(due)}"
        else:
            put(cell, _shown(case.key if column.key == KEY_COLUMN else case.values.get(column.key), zone))
        paint(cell, _look(column), locale)


def _shown(value: CellValue, zone: ZoneInfo) -> CellValue:
    match value:
        case bool():
            return MARK if value else None
        case datetime():
            return wall_time(value, zone)
        case "":
            return None
    return value


def _look(column: Column) -> Look:
    return Look(
        size=10,
        bold=column.key == KEY_COLUMN,
        line=HAIRLINE,
        horizontal=_alignment(column),
        indent=0 if _alignment(column) == "center" else 1,
        number_format=_FORMATS[column.kind],
    )


def _alignment(column: Column) -> str:
    if column.kind is ColumnKind.MONEY:
        return "right"
    return "center" if column.kind in _CENTRED or column.key in ("grade", "status") else "left"


def _add_table(sheet: Worksheet, last_row: int) -> None:
    last = get_column_letter(len(COLUMNS))
    table = Table(displayName=TABLE_NAME, ref=f"A{HEADER_ROW}:{last}{last_row}")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
    sheet.add_table(table)


def _draw_banner(sheet: Worksheet, locale: Locale, labels: MasterLabels) -> None:
    """Draw the title, the counters, and above the columns whose they are."""
    title = cell_at(sheet, 1, 1)
    put(title, f"{_TITLE.get(locale)}　{labels.site}".strip())
    paint(title, Look(size=20, bold=True, colour=NAVY, wrap=False), locale)
    sheet.row_dimensions[1].height = 40
    add_counters(sheet, labels, locale, HEADER_ROW + 1, LAST_ROW)
    keys = [column.key for column in COLUMNS]
    for key, text, colour in (("description", LEGEND_DAEMON, NAVY), ("remarks", LEGEND_MANAGER, TEAL)):
        cell = cell_at(sheet, 2, keys.index(key) + 1)
        put(cell, f"▼ {text.get(locale)}")
        paint(cell, Look(size=9.5, colour=colour, wrap=False), locale)
    sheet.row_dimensions[2].height = 26


def _set_up(sheet: Worksheet, locale: Locale, labels: MasterLabels) -> None:
    sheet.freeze_panes = cell_at(sheet, HEADER_ROW + 1, 2)
    sheet.sheet_view.showGridLines = False
    sheet.sheet_view.zoomScale = 90
    sheet.sheet_properties.tabColor = NAVY
    sheet.sheet_format.defaultRowHeight = _ROW_HEIGHT
    sheet.sheet_format.customHeight = True
    sheet.print_title_rows = f"1:{HEADER_ROW}"
    fit_to_width(sheet, f"{_TITLE.get(locale)} {labels.site}".strip(), locale, paper=A3, landscape=True)
