"""A master workbook as Excel saves it, drawn for the benchmarks: shared strings, every sheet of ours, own columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped] # it has no types
from xlsxwriter.format import Format  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from rules.locales import Locale
from sheets.columns import CellValue, Column, ColumnKind, Sheet, remaining_formula
from sheets.dashboard import Feed, Figures, feeds_of
from sheets.places import column_name
from sheets.registry import ACTIONS, CLOSED, DUE_COLUMN, OPEN
from sheets.signals import MasterLabels

ZONE, LOCALE = ZoneInfo("Asia/Shanghai"), Locale.ZH_HANT
COLUMNS, HEADER = 30, 3
NOON = datetime(2026, 11, 21, 12, tzinfo=ZONE)
LABELS = MasterLabels("台中店", {"extra": "特級", "level-1": "一級", "level-2": "二級"}, ("已解決",))
_LINES = 500  # of what the daemon did
_TEXTS = {"customer_name", "customer_phone", "plate_no"}  # in which no two cases say the same


def number_of(place: int) -> str:
    """Return the case number of a row, from 0."""
    return f"K20261121-{place:06d}"


def draw(path: Path, size: int) -> None:
    """Draw a master with `size` open cases, a tenth as many closed ones, the feeds and a stamp."""
    with xlsxwriter.Workbook(path, {"remove_timezone": True}) as book:
        _draw_master(book, size)


def with_sheet_of_archived(path: Path, size: int, archived: int) -> None:
    """Draw the same with another sheet of so many rows: what nobody should keep in a master."""
    with xlsxwriter.Workbook(path, {"remove_timezone": True}) as book:
        _draw_master(book, size)
        sheet = book.add_worksheet("歷年")
        for row in range(archived):
            sheet.write_row(row, 0, [f"K2019-{row:06d}", "售後", "已結案", row % 900, f"說明 {row}"])


def actions(fresh: int = 0) -> list[Mapping[str, CellValue]]:
    """Return the daemon's last 500 actions, newest first, `fresh` of them new."""
    return [
        {
            "at": NOON - timedelta(minutes=place - fresh),
            "case_number": number_of(abs(place - fresh)),
            "action": f"通知已寄給售後總監，第 {place - fresh} 件",
            "clause": "D7",
        }
        for place in range(_LINES)
    ]


def feeds(labels: MasterLabels, now: datetime) -> list[Feed]:
    """Return the tables behind the dashboard's charts as they are at that time."""
    days = [
        ((now - timedelta(days=13 - day)).date(), dict.fromkeys(labels.grades, (day + now.minute) % 5))
        for day in range(14)
    ]
    shares = [("處理", 4 + now.minute), ("覆核", 2)]
    owners = [("售後總監", 40, 3 + now.minute), ("銷售總監", 20, 1)]
    return feeds_of(Figures(days, shares, shares, owners, 12), labels, LOCALE)


def _draw_master(book: xlsxwriter.Workbook, size: int) -> None:
    looks = _Looks(book)
    page = book.add_worksheet(OPEN.title.get(LOCALE))
    own = [f"我的欄 {number}" for number in range(COLUMNS - len(OPEN.columns))]
    _draw(page, OPEN, _cases(OPEN, size), looks, HEADER - 1, own)
    closed = max(1, size // 10)
    _draw(
        book.add_worksheet(CLOSED.title.get(LOCALE)),
        CLOSED,
        _cases(CLOSED, closed, 900_000),
        looks,
        HEADER - 1,
    )
    _draw(
        book.add_worksheet(ACTIONS.title.get(LOCALE)), ACTIONS, _lines(actions(), ACTIONS), looks, HEADER - 1
    )
    board, top = book.add_worksheet("總覽"), 1
    for sheet, rows in feeds(LABELS, NOON):
        _draw(board, sheet, _lines(rows, sheet), looks, top)
        top += len(rows) + 3
    book.set_custom_property("KesuGeneration", 41)
    book.set_custom_property("KesuSite", LABELS.site)


class _Looks:
    """The cell formats of a master."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.dates = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "border": 1})
        self.plain = book.add_format({"num_format": "@", "border": 1})

    def of(self, value: CellValue) -> Format:
        return self.dates if isinstance(value, datetime) else self.plain


def _draw(
    page: Worksheet,
    sheet: Sheet,
    rows: Iterable[Sequence[CellValue]],
    looks: _Looks,
    top: int,
    own: Sequence[str] = (),
) -> None:
    """Draw a table whose header stands in the row `top`, counted from 0."""
    last = top
    for last, row in enumerate(rows, start=top + 1):
        for place, value in enumerate(row):
            if isinstance(value, str) and value.startswith("=IF("):
                due = [column.key for column in sheet.columns].index(DUE_COLUMN) + 1
                formula = f"={remaining_formula(f'{column_name(due)}{last + 1}')}"
                page.write_formula(last, place, formula, looks.plain, "1:00")
            elif value is not None:
                page.write(last, place, value, looks.of(value))
        for place, text in enumerate(own, start=len(sheet.columns)):
            page.write(last, place, f"{text} {last % 50}", looks.plain)
    headers = [*(column.header.get(LOCALE) for column in sheet.columns), *own]
    table = {"name": sheet.table, "columns": [{"header": header} for header in headers]}
    page.add_table(top, 0, last, len(headers) - 1, table)


def _cases(sheet: Sheet, size: int, first: int = 0) -> Iterator[list[CellValue]]:
    for place in range(size):
        yield [_shown(column, place, first) for column in sheet.columns]


def _lines(rows: Iterable[Mapping[str, CellValue]], sheet: Sheet) -> Iterator[list[CellValue]]:
    for row in rows:
        yield [row.get(column.key) for column in sheet.columns]


def _shown(column: Column, place: int, first: int) -> CellValue:
    match column.kind:
        case _ if column.key == OPEN.key_column:
            return number_of(first + place)
        case ColumnKind.DATETIME | ColumnKind.DATE:
            return NOON.replace(day=1 + place % 28, hour=place % 24)
        case ColumnKind.MONEY | ColumnKind.NUMBER | ColumnKind.HOURS:
            return place % 9_000
        case ColumnKind.REMAINING:
            return "=IF("
        case ColumnKind.MARK:
            return None
        case ColumnKind.PROSE:
            return f"上週更換煞車片後仍有異音，來店兩次都說正常，希望重新檢查 {place % 500}"
        case _:
            return (
                f"{column.key}{place:07d}" if column.key in _TEXTS else ("售後", "處理中", "二級")[place % 3]
            )
