"""One of our sheets drawn for the first time: a header row, rows, and the Excel table around them."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from openpyxl.cell.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.filters import AutoFilter
from openpyxl.worksheet.table import Table, TableColumn, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale
from sheets.columns import (
    MARK,
    CellValue,
    Column,
    ColumnKind,
    Owner,
    Row,
    Sheet,
    remaining_formula,
    wall_time,
)
from sheets.links import link_formula
from sheets.looks import (
    BLUE,
    DATE_FORMAT,
    DATETIME_FORMAT,
    HAIRLINE,
    HOURS_FORMAT,
    INK,
    MINT,
    MONEY_FORMAT,
    NAVY,
    PAPER,
    RED,
    TEAL,
    TEXT_FORMAT,
    Look,
    cell_at,
    paint,
    put,
)
from sheets.registry import DUE_COLUMN, REFUSAL_COLUMN
from sheets.texts import say, stored_text

LAST_ROW = 20_003  # colours and validations reach this far, so that the patch need not touch them

LEGEND_DAEMON = say(
    "深色標題：系統維護，改動會被還原",
    "深色标题：系统维护，改动会被还原",
    "Dark header: system's own; edits are undone",
)
LEGEND_MANAGER = say("綠色標題：由主管填寫", "绿色标题：由主管填写", "Green header: for managers to fill in")
_DATE_WANTED = say(
    "這不像日期時間。例：2026-11-21 14:30",
    "这不像日期时间。例：2026-11-21 14:30",
    "This is not a date and time. E.g. 2026-11-21 14:30",
)
_CHOICE_WANTED = say(
    "請從清單選擇；其他文字會被退回。",
    "请从列表选择；其他文字会被退回。",
    "Please choose from the list; anything else is not accepted.",
)

_FORMATS = {
    ColumnKind.TEXT: TEXT_FORMAT,
    ColumnKind.PROSE: "General",
    ColumnKind.MONEY: MONEY_FORMAT,
    ColumnKind.HOURS: HOURS_FORMAT,
    ColumnKind.DATE: DATE_FORMAT,
    ColumnKind.DATETIME: DATETIME_FORMAT,
    ColumnKind.MARK: "General",
    ColumnKind.LINK: "General",
    ColumnKind.REMAINING: "General",
}
_CENTRED = {
    ColumnKind.NUMBER,
    ColumnKind.HOURS,
    ColumnKind.DATE,
    ColumnKind.DATETIME,
    ColumnKind.MARK,
    ColumnKind.REMAINING,
}
_CENTRED_TEXTS = {"grade", "status", "clause"}
_LONGEST_LIST = 255  # of a validation's choices, their commas counted


@dataclass(frozen=True)
class Dress:
    """In what language and zone a table is drawn, and how it looks; sizes are in points.

    `explained` headers show whose the column is and what it holds, and carry filter buttons; `number` is the format
    of plain numbers.
    """

    locale: Locale
    zone: ZoneInfo
    header: str = NAVY
    size: float = 10
    row_height: float = 33.0
    explained: bool = True
    number: str = "0"


def listed(rows: Sequence[Row], definition: Sheet) -> list[Mapping[str, CellValue]]:
    """Return rows as plain values, each with its key in the key column."""
    return [{**row.values, definition.key_column: row.key} for row in rows]


def draw_table(
    sheet: Worksheet,
    definition: Sheet,
    rows: Sequence[Mapping[str, CellValue]],
    dress: Dress,
    top: int,
    left: int = 1,
) -> int:
    """Draw a table with its header in row `top`; return its last row. Without rows it has the one that Excel wants."""
    for number, column in enumerate(definition.columns, start=left):
        _draw_header(cell_at(sheet, top, number), column, dress)
        if dress.explained:
            _assist(sheet, column, get_column_letter(number), top, dress.locale)
    _draw_rows(sheet, definition, rows or [{}], dress, top + 1, left)
    last_row = top + max(len(rows), 1)
    last = get_column_letter(left + len(definition.columns) - 1)
    _add_table(sheet, definition, f"{get_column_letter(left)}{top}:{last}{last_row}", dress)
    return last_row


def set_widths(sheet: Worksheet, definition: Sheet) -> None:
    """Make the columns of a sheet that holds one table from the first column on as wide as they are meant."""
    for number, column in enumerate(definition.columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = column.width


def _draw_header(cell: Cell, column: Column, dress: Dress) -> None:
    put(cell, column.header.get(dress.locale))
    fill = dress.header if column.owner is Owner.DAEMON else TEAL
    look = Look(size=dress.size + 0.5, bold=True, colour=PAPER, fill=fill, line=PAPER, horizontal="center")
    paint(cell, look, dress.locale)


def _assist(sheet: Worksheet, column: Column, letter: str, top: int, locale: Locale) -> None:
    """Say what the column holds when its header is selected, and help those who fill it in."""
    owner = LEGEND_DAEMON if column.owner is Owner.DAEMON else LEGEND_MANAGER
    message = DataValidation(showInputMessage=True, promptTitle=column.header.get(locale)[:32])
    message.prompt = f"{column.help.get(locale)}\n{owner.get(locale)}"[:255]
    sheet.add_data_validation(message)
    message.add(f"{letter}{top}")
    if column.owner is Owner.MANAGER and (rule := _wanted(column, locale)):
        rule.showErrorMessage = True
        sheet.add_data_validation(rule)
        rule.add(f"{letter}{top + 1}:{letter}{LAST_ROW}")


def _wanted(column: Column, locale: Locale) -> DataValidation | None:
    """Return what warns of entries that will not be understood; it never forbids them."""
    if column.choices:
        rule = DataValidation(type="list", formula1=_choices(column, locale), allow_blank=True)
        rule.error = _CHOICE_WANTED.get(locale)
    elif column.kind in (ColumnKind.DATE, ColumnKind.DATETIME):
        rule = DataValidation(
            type="date", operator="greaterThan", formula1="DATE(2000,1,1)", allow_blank=True
        )
        rule.error = _DATE_WANTED.get(locale)
    else:
        return None
    rule.errorStyle = "warning"
    rule.errorTitle = column.header.get(locale)[:32]
    return rule


def _choices(column: Column, locale: Locale) -> str:
    texts = [choice.get(locale) for choice in column.choices]
    joined = ",".join(texts).replace('"', '""')
    if len(joined) > _LONGEST_LIST or any("," in text for text in texts):
        raise ValueError(f"the choices of {column.key} do not fit into a list in {locale}")
    return f'"{joined}"'


def _draw_rows(
    sheet: Worksheet,
    definition: Sheet,
    rows: Sequence[Mapping[str, CellValue]],
    dress: Dress,
    first: int,
    left: int,
) -> None:
    """Draw the rows column by column: a column's cells share the look of its first, which is costly to make."""
    letters = {column.key: get_column_letter(at) for at, column in enumerate(definition.columns, start=left)}
    for number in range(first, first + len(rows)):
        sheet.row_dimensions[number].height = dress.row_height
    for place, column in enumerate(definition.columns, start=left):
        model = cell_at(sheet, first, place)
        paint(model, _look(column, definition, dress), dress.locale)
        # As in `put`, and before anybody writes: rows patched in later take over the look of these.
        model.quotePrefix = column.kind is ColumnKind.PROSE
        style = copy(model._style)  # type: ignore[attr-defined] # all there is to share looks by; before `put` adds to it
        for number, values in enumerate(rows, start=first):
            cell = cell_at(sheet, number, place)
            cell._style = copy(style)  # type: ignore[attr-defined]
            if column.kind is ColumnKind.REMAINING:
                cell.value = f"={remaining_formula(f'{letters[DUE_COLUMN]}{number}')}"
            elif column.kind is ColumnKind.LINK and (link := values.get(column.key)):
                cell.value = f"={link_formula(stored_text(str(link)))}"
            else:
                put(cell, _shown(values.get(column.key), column, dress.zone))


def _shown(value: CellValue, column: Column, zone: ZoneInfo) -> CellValue:
    match value:
        case bool():
            return MARK if value else None
        case datetime():
            wall = wall_time(value, zone)
            return wall.replace(hour=0, minute=0, second=0) if column.kind is ColumnKind.DATE else wall
        case "":
            return None
    return value


def _look(column: Column, definition: Sheet, dress: Dress) -> Look:
    alignment = _alignment(column)
    return Look(
        size=dress.size,
        bold=column.key == definition.key_column,
        colour=_colour(column),
        fill=MINT if column.owner is Owner.MANAGER else "",
        line=HAIRLINE,
        horizontal=alignment,
        indent=0 if alignment == "center" else 1,
        number_format=dress.number if column.kind is ColumnKind.NUMBER else _FORMATS[column.kind],
    )


def _colour(column: Column) -> str:
    if column.key == REFUSAL_COLUMN:
        return RED
    return BLUE if column.kind is ColumnKind.LINK else INK


def _alignment(column: Column) -> str:
    if column.kind is ColumnKind.MONEY:
        return "right"
    return "center" if column.kind in _CENTRED or column.key in _CENTRED_TEXTS else "left"


def _add_table(sheet: Worksheet, definition: Sheet, area: str, dress: Dress) -> None:
    table = Table(displayName=definition.table, ref=area)
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=dress.explained)
    table.tableColumns = [
        TableColumn(id=number, name=stored_text(column.header.get(dress.locale)))
        for number, column in enumerate(definition.columns, start=1)
    ]
    if dress.explained:
        table.autoFilter = AutoFilter(ref=area)
    sheet.add_table(table)
