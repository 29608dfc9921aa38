"""The month's report as a workbook: native charts over tables that a program reads back as they were counted."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import range_boundaries

from rules.locales import Locale
from sheets.charts import Bar
from sheets.columns import ColumnKind
from sheets.looks import HOURS_FORMAT, TEAL
from sheets.report import SUMMARY, Plot, ReportBook, ReportColumn, ReportTable, report_workbook
from tests.sheets.cases import SHANGHAI

SOURCES = ReportTable(
    "by-source",
    "新增案件（依來源）",
    [
        ReportColumn("key", "來源", ColumnKind.TEXT, 20),
        ReportColumn("opened", "新增"),
        ReportColumn("open", "未結"),
    ],
    [{"key": "來電", "opened": 5, "open": 1}, {"key": "=HYPERLINK(1)", "opened": 2, "open": 0}],
    {"key": "合計", "opened": 7, "open": 1},
    "說明",
    Plot([Bar("opened", TEAL), Bar("open", TEAL)]),
)
TIMES = ReportTable(
    "times",
    "解決用時",
    [ReportColumn("key", "等級", ColumnKind.TEXT, 20), ReportColumn("median", "中位數", ColumnKind.HOURS)],
    [{"key": "三級", "median": Decimal("1.5")}, {"key": "二級", "median": None}],
    plot=Plot([Bar("median", TEAL, number=HOURS_FORMAT)], lying=True),
)
FINES = ReportTable(
    "fines",
    "罰款",
    [
        ReportColumn("key", "編號", ColumnKind.TEXT, 20),
        ReportColumn("amount", "金額", ColumnKind.MONEY),
        ReportColumn("at", "時間", ColumnKind.DATETIME, 18),
    ],
    [{"key": "KS-1/1", "amount": Decimal("50.00"), "at": datetime(2026, 11, 23, 1, tzinfo=UTC)}],
    {"key": "合計", "amount": Decimal("50.00")},
)
NOTHING = ReportTable("nothing", "逾時", TIMES.columns, [], plot=TIMES.plot)
BOOK = ReportBook(
    "月報 2026 年 11 月",
    "統計至 2026-12-01",
    [("新增", "7 件"), ("結案", "6 件"), ("罰款", "1 筆，50 元"), ("未結", "1 件")],
    [SOURCES, TIMES, FINES, NOTHING],
    ("by-source", "times", "nothing"),
)


@pytest.fixture(scope="module", params=list(Locale))
def content(request: pytest.FixtureRequest) -> bytes:
    return report_workbook(BOOK, request.param, SHANGHAI)


@pytest.fixture
def book(content: bytes) -> Workbook:
    return load_workbook(BytesIO(content))


def test_each_table_has_a_sheet_of_its_own_after_the_summary(book: Workbook) -> None:
    assert book.sheetnames[0] in SUMMARY.all()
    assert book.sheetnames[1:] == [table.title for table in BOOK.tables]
    assert [len(book[table.title].tables) for table in BOOK.tables] == [1, 1, 1, 1]
    names = [name for sheet in book.worksheets for name in sheet.tables]
    assert len(set(names)) == len(names)


def test_rows_and_totals_stand_there_as_values(book: Workbook) -> None:
    rows = [[cell.value for cell in row[:3]] for row in book[SOURCES.title].iter_rows(min_row=4, max_row=7)]
    assert rows == [["來源", "新增", "未結"], ["來電", 5, 1], ["=HYPERLINK(1)", 2, 0], ["合計", 7, 1]]
    assert book[FINES.title]["B5"].value == 50
    assert book[FINES.title]["C5"].value == datetime(2026, 11, 23, 9)  # noqa: DTZ001 - a cell has no zone
    assert not [
        cell.coordinate for sheet in book.worksheets for row in sheet for cell in row if cell.data_type == "f"
    ]


def test_charts_are_native_and_show_the_cells_they_point_to(book: Workbook) -> None:
    charts = [chart for sheet in book.worksheets for chart in sheet._charts]
    assert len(charts) == 4  # two tables, each on its own sheet and on the summary; an empty one has none
    for series in (series for chart in charts for series in chart.series):
        name, _, area = series.val.numRef.f.rpartition("!")
        left, top, _, bottom = range_boundaries(area.replace("$", ""))
        cells = [book[name.strip("'")].cell(row, left).value for row in range(top, bottom + 1)]
        cached = {point.idx: float(point.v) for point in series.val.numRef.numCache.pt}
        assert cached == {place: float(value) for place, value in enumerate(cells) if value is not None}


def test_the_summary_shows_every_figure(book: Workbook) -> None:
    shown = {cell.value for row in book.worksheets[0] for cell in row}
    assert {text for pair in BOOK.figures for text in pair} <= shown


def test_every_sheet_prints_one_page_wide_with_its_title(book: Workbook) -> None:
    for sheet in book.worksheets:
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth == 1
        assert BOOK.title in str(sheet.oddFooter.left.text)
    assert book[FINES.title].print_title_rows == "$4:$4"


def test_libreoffice_reads_the_same_numbers(office) -> None:
    content = report_workbook(BOOK, Locale.ZH_HANT, SHANGHAI)
    converted = load_workbook(BytesIO(office({"report": content}, "xlsx")["report"]))
    assert [cell.value for cell in converted[SOURCES.title][7][:3]] == ["合計", 7, 1]
    assert sum(len(sheet._charts) for sheet in converted.worksheets) == 4
