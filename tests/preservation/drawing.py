"""Workbooks as managers make them: our table, and on its very sheet all that Excel lets people add."""

import struct
import zlib
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import xlsxwriter
from openpyxl.chart import LineChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from sheets.columns import CellValue, ColumnKind, Row, remaining_formula
from sheets.master import MasterContents, MasterLabels, create_master
from sheets.registry import OPEN
from tests.preservation.grafting import LOCALE, OWN_FORMULA, OWN_TEXT, ROWS, key_of

_TOP, _LEFT = 4, 1  # zero-based: the header stands in row 5, from column B
UTC = ZoneInfo("UTC")
_DAY = datetime(2026, 11, 21, 9)  # noqa: DTZ001 # a cell's wall time
_KEYS = [column.key for column in OPEN.columns]
# Managers moved columns to the front and put two of their own between them.
ORDER = ["status", OWN_TEXT, "case_number", "due_at", "remaining", OWN_FORMULA,
         *(key for key in _KEYS if key not in ("status", "case_number", "due_at", "remaining"))]  # fmt: skip
HEADERS = [OPEN.header(key, LOCALE) if key in _KEYS else key for key in ORDER]
_LAST = _TOP + ROWS


def everything(*, totals: bool = False, macros: bool = True) -> bytes:
    """Draw a workbook with every feature XlsxWriter knows, most of them on the sheet of our table."""
    stream = BytesIO()
    book = xlsxwriter.Workbook(stream, {"remove_timezone": True})
    sheet = book.add_worksheet("我的案件")
    _table(book, sheet, totals=totals)
    for add in (_pictures, _formats, _notes, _beside, _views):
        add(book, sheet)
    _elsewhere(book)
    if macros:
        book.add_vba_project(BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"not Basic, but kept" * 40), True)
    book.close()
    return stream.getvalue()


def plain(
    *, totals: bool = False, from_1904: bool = False, sheets: int = 1, notes: bool = False, below: str = ""
) -> bytes:
    """Draw our table with its columns moved, and nothing that depends on where its rows stand but `notes`.

    `from_1904` counts days as Excel on the old Macintosh did; `below` is a text right under the table.
    """
    stream = BytesIO()
    book = xlsxwriter.Workbook(stream, {"remove_timezone": True, "date_1904": from_1904})
    sheet = book.add_worksheet("我的案件")
    _table(book, sheet, totals=totals)
    for number in range(1, sheets):
        book.add_worksheet(f"分析{number}").write_column("A3", ["列標籤", *HEADERS[:3]])
    if below:
        sheet.write_string(_LAST + 1, _LEFT, below)
    if notes:
        sheet.write_comment(f"{letter('description')}8", f"[Threaded comment] {key_of(3)} 為什麼？")
    book.close()
    return stream.getvalue()


def _table(book: xlsxwriter.Workbook, sheet: Worksheet, *, totals: bool) -> None:
    times = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "border": 1})
    text = book.add_format({"num_format": "@", "text_wrap": True})
    yellow = book.add_format({"bg_color": "#FFFF00", "bold": True})
    for number in range(1, ROWS + 1):
        for place, value in enumerate(_values(number, _TOP + number), start=_LEFT):
            _write(sheet, _TOP + number, place, value, times if isinstance(value, datetime) else text)
    columns: list[dict[str, Any]] = [{"header": header} for header in HEADERS]
    columns[ORDER.index(OWN_FORMULA)]["formula"] = (
        f"={OPEN.table}[[#This Row],[{_header('repair_amount')}]]*0.3"
    )
    if totals:
        columns[0]["total_string"] = "合計"
        columns[ORDER.index("repair_amount")]["total_function"] = "sum"
    last = _LAST + totals
    options = {"name": OPEN.table, "columns": columns, "total_row": totals, "style": "Table Style Medium 9"}
    sheet.add_table(_TOP, _LEFT, last, _LEFT + len(ORDER) - 1, options)
    sheet.write_string(_TOP + 5, _LEFT + ORDER.index("customer_name"), "客戶五", yellow)  # a manager's colour


def _write(sheet: Worksheet, row: int, place: int, value: CellValue, look: Format) -> None:
    match value:
        case datetime():
            sheet.write_datetime(row, place, value, look)
        case str() if value.startswith("="):
            sheet.write_formula(row, place, value, None, 3 if "0.3" in value else "1:00")
        case str():
            sheet.write_string(row, place, value, look)
        case int() | Decimal():
            sheet.write_number(row, place, float(value))


def _values(number: int, row: int) -> Iterator[CellValue]:
    """Yield the cells of one case, in the order managers brought the columns into; `row` is zero-based."""
    due = f"{letter('due_at')}{row + 1}"
    for key in ORDER:
        if key == OWN_TEXT:
            yield f"★ {number}"
        elif key == OWN_FORMULA:
            yield f"={letter('repair_amount')}{row + 1}*0.3"
        elif key == OPEN.key_column:
            yield key_of(number)
        else:
            yield _value(key, number, due)


def _value(key: str, number: int, due: str) -> CellValue:
    match OPEN.column(key).kind:
        case ColumnKind.REMAINING:
            return f"={remaining_formula(due)}"
        case ColumnKind.DATETIME | ColumnKind.DATE:
            return _DAY.replace(day=20 + number)
        case ColumnKind.MONEY | ColumnKind.NUMBER | ColumnKind.HOURS:
            return 10 * number
        case ColumnKind.MARK:
            return None
        case _:
            return f"{key}{number} <&>"


def _header(key: str) -> str:
    return OPEN.header(key, LOCALE)


def letter(key: str) -> str:
    """Return the letters of a column of the table."""
    place, letters = _LEFT + ORDER.index(key) + 1, ""
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _range(key: str) -> str:
    return f"${letter(key)}${_TOP + 2}:${letter(key)}${_LAST + 1}"


def _pictures(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    """Charts over the table, pictures on its rows, a text box, a button."""
    for kind, cell in (("column", "C20"), ("pie", "K20"), ("scatter", "S20")):
        chart = book.add_chart({"type": kind})
        chart.add_series({
            "categories": f"='我的案件'!{_range('case_number')}",
            "values": f"='我的案件'!{_range('repair_amount')}",
        })  # fmt: skip
        sheet.insert_chart(cell, chart)
    sheet.insert_image("D6", "pixel.png", {"image_data": BytesIO(pixel()), "object_position": 1})
    sheet.insert_image("E9", "pixel.png", {"image_data": BytesIO(pixel()), "url": "https://example.com"})
    sheet.insert_textbox("G30", "董事會要看的", {"fill": {"color": "#DDEEFF"}})
    sheet.insert_button("A30", {"macro": "Refresh", "caption": "重算"})
    sheet.insert_checkbox("A32", True)
    sheet.set_background(BytesIO(pixel()))
    sheet.set_header("&L&G&C客訴", {"image_left": "pixel.png", "image_data_left": BytesIO(pixel())})


def _formats(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    """Conditional formats old and new (x14), validations."""
    red = book.add_format({"font_color": "#C00000"})
    amounts, last = f"{letter('repair_amount')}6", f"{letter('repair_amount')}2000"
    sheet.conditional_format(f"{amounts}:{last}", {"type": "data_bar", "data_bar_2010": True})
    sheet.conditional_format(f"{amounts}:{last}", {"type": "icon_set", "icon_style": "3_arrows"})
    sheet.conditional_format(f"{amounts}:{last}", {"type": "3_color_scale"})
    formula = f"=${letter('due_at')}6<NOW()"
    sheet.conditional_format(
        f"B6:{letter('due_at')}2000", {"type": "formula", "criteria": formula, "format": red}
    )
    status = f"{letter('status')}6:{letter('status')}2000"
    sheet.data_validation(status, {"validate": "list", "source": ["處理中", "已解決"], "ignore_blank": True})
    sheet.data_validation("B1", {"validate": "list", "source": "=選單!$A$1:$A$3"})
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})


def _notes(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    """Notes on rows, links, rich text above the table."""
    bold = book.add_format({"bold": True})
    sheet.write_comment(f"{letter('description')}7", "老闆看過", {"author": "總經理", "visible": True})
    sheet.write_comment("A1", "此檔由系統更新")
    sheet.write_url("A2", "https://example.com/客訴", string="說明", tip="開啟說明")
    sheet.write_url("A3", "internal:'選單'!A1", string="選單")
    sheet.write_rich_string("C1", "普通", bold, "粗體", " 又普通")
    sheet.merge_range("E1:G2", "合併的標題", bold)
    sheet.write_array_formula("H1:H3", "{=ROW(A1:A3)*2}", None, 2)
    sheet.write_dynamic_array_formula("I1", "=_xlfn.SEQUENCE(2)", None, 1)
    sheet.write_formula("J1", f"=SUM({OPEN.table}[{_header('repair_amount')}])", None, 210)


def _beside(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    """Sparklines and formulas right of the table, one for each row."""
    right = _LEFT + len(ORDER) + 1
    amount = letter("repair_amount")
    for row in range(_TOP + 1, _LAST + 1):
        sheet.add_sparkline(row, right, {"range": f"'我的案件'!{amount}6:{amount}{row + 1}", "markers": True})
        sheet.write_formula(row, right + 1, f"={amount}{row + 1}*2", None, 20 * (row - _TOP))
    sheet.write_string(2, right, "走勢", book.add_format({"italic": True}))


def _views(book: xlsxwriter.Workbook, sheet: Worksheet) -> None:
    """Panes, hidden and grouped rows and columns, heights, names, print settings, a filter that hides."""
    sheet.freeze_panes(_TOP + 1, 3)
    sheet.set_column("D:D", 30, None, {"hidden": True})
    sheet.set_column("F:H", 14, None, {"level": 1})
    sheet.set_row(_TOP + 2, 44, book.add_format({"italic": True}))
    sheet.set_row(_TOP + 3, None, None, {"hidden": True})
    sheet.set_row(40, None, None, {"level": 1, "collapsed": True})
    sheet.set_landscape()
    sheet.print_area("A1:Z60")
    sheet.repeat_rows(_TOP)
    sheet.set_h_pagebreaks([20, 40])
    sheet.set_tab_color("#C00000")
    sheet.set_zoom(85)
    book.define_name("金額", f"='我的案件'!{_range('repair_amount')}")
    book.define_name("'我的案件'!本頁", "='我的案件'!$A$1")


def _elsewhere(book: xlsxwriter.Workbook) -> None:
    """Sheets of the managers' own that read the table, another table, a chart sheet, hidden ones."""
    lists = book.add_worksheet("選單")
    lists.write_column("A1", ["甲", "乙", "丙"])
    lists.add_table(
        "C1:D4", {"columns": [{"header": "案件編號"}, {"header": "分數", "total_function": "sum"}]}
    )
    lists.very_hidden()
    analysis = book.add_worksheet("分析")
    analysis.write_formula("A1", f"=COUNTA({OPEN.table}[{_header('case_number')}])", None, ROWS)
    analysis.write_formula("A2", f"='我的案件'!{letter('repair_amount')}6", None, 10)
    analysis.protect("kesu")
    page = book.add_chartsheet("圖")
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": f"='我的案件'!{_range('repair_amount')}"})
    page.set_chart(chart)
    book.set_properties({"title": "總表", "author": "總經理"})
    book.set_custom_property("版本", 7)


def own_master() -> bytes:
    """Draw the master that the daemon draws, with the cases that the patches name."""
    keys = [key for key in _KEYS if key not in ("case_number", "remaining", "incomplete")]
    cases = [
        Row(key_of(number), {key: _value(key, number, "") for key in keys}) for number in range(1, ROWS + 1)
    ]
    zoned = [Row(row.key, {key: _zoned(value) for key, value in row.values.items()}) for row in cases]
    labels = MasterLabels("台中店", {"level-1": "一級"}, ("已解決",))
    return create_master(MasterContents(zoned), LOCALE, labels=labels, zone=UTC, generation=3)


def _zoned(value: CellValue) -> CellValue:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value


def by_openpyxl() -> bytes:
    """Draw our table with openpyxl: shared strings, a chart, a comment, a colour scale, a filter that hides a row."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "我的案件"
    for number in range(1, ROWS + 1):
        for place, value in enumerate(_values(number, _TOP + number), start=_LEFT + 1):
            sheet.cell(_TOP + 1 + number, place).value = value
    for place, header in enumerate(HEADERS, start=_LEFT + 1):
        sheet.cell(_TOP + 1, place).value = header
    reference = f"B{_TOP + 1}:{letter(ORDER[-1])}{_LAST + 1}"
    table = Table(displayName=OPEN.table, ref=reference)
    sheet.add_table(table)
    table._initialise_columns()
    for column, header in zip(table.tableColumns, HEADERS, strict=True):
        column.name = header
    table.autoFilter.add_filter_column(ORDER.index("status"), ["status1 <&>"])
    sheet.row_dimensions[_TOP + 4].hidden = True
    sheet[f"{letter('status')}7"].comment = Comment("為什麼？", "總經理")
    chart = LineChart()
    place = _LEFT + 1 + ORDER.index("repair_amount")
    chart.add_data(
        Reference(sheet, min_col=place, min_row=_TOP + 1, max_row=_LAST + 1), titles_from_data=True
    )
    sheet.add_chart(chart, "B20")
    amounts = f"{letter('repair_amount')}6:{letter('repair_amount')}500"
    sheet.conditional_formatting.add(amounts, ColorScaleRule("min", None, "FF0000", "max", None, "00FF00"))
    rule = DataValidation(type="decimal", operator="greaterThan", formula1="0", allow_blank=True)
    sheet.add_data_validation(rule)
    rule.add(amounts)
    sheet.freeze_panes = "D6"
    book.create_sheet("分析")["A1"] = f"=COUNTA({OPEN.table}[{_header('case_number')}])"
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def pixel() -> bytes:
    """Return a PNG of one grey pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">2I5B", 1, 1, 8, 0, 0, 0, 0)
    image = chunk(b"IDAT", zlib.compress(b"\x00\x80"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + image + chunk(b"IEND", b"")
