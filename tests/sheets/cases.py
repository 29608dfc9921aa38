"""Cases to show in a master workbook, and a plain workbook that holds them, table by table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import Table

from rules.locales import Locale
from sheets.columns import MARK, Column, ColumnKind, Row, Sheet, remaining_formula, wall_time
from sheets.registry import ACTIONS, CLOSED, DUE_COLUMN, OPEN
from sheets.signals import MasterLabels

SHANGHAI = ZoneInfo("Asia/Shanghai")
HANT = Locale.ZH_HANT
HEADER_ROW = 3
LAST, LAST_CLOSED = (get_column_letter(len(sheet.columns)) for sheet in (OPEN, CLOSED))
BESIDE = get_column_letter(len(OPEN.columns) + 1)  # the first column that is nobody's

GRADES = {
    Locale.ZH_HANT: {
        "extra": "特級",
        "level-1": "一級",
        "level-2": "二級",
        "level-3": "三級",
        "special": "特殊",
    },
    Locale.ZH_HANS: {
        "extra": "特级",
        "level-1": "一级",
        "level-2": "二级",
        "level-3": "三级",
        "special": "特殊",
    },
    Locale.EN: {
        "extra": "Extra",
        "level-1": "Level 1",
        "level-2": "Level 2",
        "level-3": "Level 3",
        "special": "Special",
    },
}
SETTLED = {Locale.ZH_HANT: "已解決", Locale.ZH_HANS: "已解决", Locale.EN: "Resolved"}


def labels(locale: Locale) -> MasterLabels:
    return MasterLabels("台中店", GRADES[locale], (SETTLED[locale],))


def case(number: int, **values: object) -> Row:
    """One case with something in most columns."""
    shown = {
        "grade": "二級",
        "status": "處理中",
        "department": "售後",
        "customer_name": f"客戶{number}",
        "customer_phone": f"0138{number:07d}",
        "description": "空調異響，<維修>三次 & 未好",
        "repair_amount": Decimal(100 * number),
        "owner": "售後總監",
        "opened_at": datetime(2026, 11, 21, 9, number % 60, tzinfo=SHANGHAI),
        "due_at": datetime(2026, 11, 21, 11, number % 60, tzinfo=SHANGHAI),
        "lapses": number % 3,
        **values,
    }
    return Row(f"K20261121-{number:03d}", shown)  # type: ignore[arg-type]


def closed_case(number: int, **values: object) -> Row:
    """One case as the sheet of closed cases shows it."""
    known = {name: value for name, value in case(number).values.items() if name not in ("owner", DUE_COLUMN)}
    shown = {
        **known,
        "status": "已解決",
        "resolution": "換了壓縮機",
        "resolved_at": datetime(2026, 11, 21, 10, number % 60, tzinfo=SHANGHAI),
        "took": Decimal("1.5"),
        **values,
    }
    return Row(f"K20261121-{number:03d}", shown)  # type: ignore[arg-type]


_FORMATS = {
    ColumnKind.TEXT: "@",
    ColumnKind.MONEY: "#,##0.00",
    ColumnKind.HOURS: "0.0",
    ColumnKind.DATE: "yyyy-mm-dd",
    ColumnKind.DATETIME: "yyyy-mm-dd hh:mm",
}


def workbook_of(
    *tables: tuple[Sheet, Sequence[Row | Mapping[str, Any]]],
    locale: Locale = HANT,
    properties: Mapping[str, Any] | None = None,
) -> bytes:
    """A workbook with a sheet for each of the tables, the header in row 3, as openpyxl writes it."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for sheet, rows in tables:
        _draw(book.create_sheet(sheet.title.get(locale)), sheet, rows, locale)
    for name, value in (properties or {}).items():
        kind = "IntProperty" if isinstance(value, int) else "StringProperty"
        book.custom_doc_props.append(getattr(openpyxl.packaging.custom, kind)(name=name, value=value))
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _draw(page: Any, sheet: Sheet, rows: Sequence[Row | Mapping[str, Any]], locale: Locale) -> None:
    page["A1"], page["A2"] = sheet.title.get(locale), "▼"
    for place, column in enumerate(sheet.columns, start=1):
        page.cell(HEADER_ROW, place, column.header.get(locale))
    for number, row in enumerate(rows or [Row("", {})], start=HEADER_ROW + 1):
        values = {**row.values, sheet.key_column: row.key} if isinstance(row, Row) else row
        page.row_dimensions[number].height = 33
        for place, column in enumerate(sheet.columns, start=1):
            _draw_cell(page.cell(number, place), column, values.get(column.key), sheet)
    last = f"{get_column_letter(len(sheet.columns))}{HEADER_ROW + max(len(rows), 1)}"
    page.add_table(Table(displayName=sheet.table, ref=f"A{HEADER_ROW}:{last}"))


def _draw_cell(cell: Any, column: Column, value: Any, sheet: Sheet) -> None:
    if column.kind is ColumnKind.REMAINING:
        cell.value = f"={remaining_formula(place_of(DUE_COLUMN, cell.row, sheet))}"
    elif isinstance(value, bool):
        cell.value = MARK if value else None
    elif isinstance(value, datetime):
        cell.value = wall_time(value, SHANGHAI)
    elif value not in (None, ""):
        cell.value = value
        cell.data_type = "s" if isinstance(value, str) else cell.data_type
    cell.number_format = _FORMATS.get(column.kind, "General")
    cell.font = Font(bold=column.key == sheet.key_column, size=10)
    cell.border = Border(left=Side("thin"), bottom=Side("thin"))
    cell.alignment = Alignment(horizontal="center" if column.kind is ColumnKind.NUMBER else "left")


def place_of(key: str, row: int, sheet: Sheet = OPEN) -> str:
    """Where a column stands in a workbook as it was drawn, as an A1 reference."""
    return f"{get_column_letter([column.key for column in sheet.columns].index(key) + 1)}{row}"


def master_of(*numbers: int, locale: Locale = HANT) -> bytes:
    """A workbook of open cases."""
    return workbook_of((OPEN, [case(number) for number in numbers]), locale=locale)


def action(number: int) -> dict[str, Any]:
    """One line of what the daemon did."""
    return {
        "at": datetime(2026, 11, 21, 12, number % 60, tzinfo=SHANGHAI),
        "case_number": case(number).key,
        "action": f"第 {number} 件事",
        "clause": None if number % 3 else "4.1",
    }


def whole_workbook() -> bytes:
    """A workbook with every sheet of the registry, and the properties that a master has."""
    return workbook_of(
        (OPEN, [case(number) for number in (1, 2, 3)]),
        (CLOSED, [closed_case(number) for number in (11, 12)]),
        (ACTIONS, [action(number) for number in (3, 2, 1)]),
        properties={"KesuGeneration": 41, "KesuSite": "台中店"},
    )
