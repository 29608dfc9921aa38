"""A new archive workbook: the cases closed in one month, for reading."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale
from sheets.columns import Row
from sheets.drawing import LAST_ROW, Dress, draw_table, listed
from sheets.looks import MIST, MUTED, SLATE, Look, cell_at, paint
from sheets.master import HEADER_ROW, new_list
from sheets.page import A3, fit_to_width
from sheets.registry import ARCHIVED, KEY_COLUMN
from sheets.signals import MasterLabels, add_sober_signals
from sheets.stamping import stamped_file
from sheets.texts import say

_TITLE = say("結案存檔", "结案存档", "Closed cases")
_COUNT = say("案件", "案件", "Cases")
_MEDIAN = say("用時中位數（小時）", "用时中位数（小时）", "Median hours")


def create_archive(
    rows: Sequence[Row], month: str, locale: Locale, *, labels: MasterLabels, zone: ZoneInfo
) -> bytes:
    """Draw the archive of a month (`2026-10`) as .xlsx; more rows follow by `carry_out(…, sheet=ARCHIVED)`."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    dress = Dress(locale, zone, header=SLATE)
    title = f"{_TITLE.get(locale)} {month}　{labels.site}".strip("　 ")
    sheet = new_list(workbook, ARCHIVED, dress, title, SLATE)
    draw_table(sheet, ARCHIVED, listed(rows, ARCHIVED), dress, HEADER_ROW)
    add_sober_signals(sheet, ARCHIVED, labels, HEADER_ROW + 1, LAST_ROW)
    _add_sums(sheet, dress)
    sheet.print_title_cols = "A:A"
    fit_to_width(sheet, title, locale, paper=A3, landscape=True, pages=2)
    return stamped_file(workbook, title=title, site=labels.site, generation=0)


def _add_sums(sheet: Worksheet, dress: Dress) -> None:
    """Count over the table; NOW() lets Excel count again at each opening."""
    cases = f"{ARCHIVED.table}[{ARCHIVED.header(KEY_COLUMN, dress.locale)}]"
    hours = f"{ARCHIVED.table}[{ARCHIVED.header('took', dress.locale)}]"
    keys = [column.key for column in ARCHIVED.columns]
    for above, formula, shown in (
        (KEY_COLUMN, f'COUNTIFS({cases},"?*")+0*NOW()', f'"{_COUNT.get(dress.locale)}  "0'),
        ("description", f"MEDIAN({hours})+0*NOW()", f'"{_MEDIAN.get(dress.locale)}  "0.0'),
    ):
        cell = cell_at(sheet, 2, keys.index(above) + 1)
        cell.value = f'=IFERROR({formula},"–")'
        look = Look(size=11, bold=True, colour=MUTED, fill=MIST, horizontal="center", wrap=False, shrink=True)
        paint(cell, look, dress.locale)
        cell.number_format = shown
