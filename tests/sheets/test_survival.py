"""What managers made in a master survives the patch, whoever saved the file last."""

import re
import struct
import zipfile
import zlib
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from python_calamine import load_workbook as load_calamine

from sheets.columns import CellValue, Row
from sheets.patch import patch_master
from sheets.registry import OPEN
from tests.sheets.cases import HANT, SHANGHAI, case, master_of

# openpyxl, the second opinion, says what it would lose; the patch does not.
pytestmark = pytest.mark.filterwarnings("ignore:.*extension is not supported")

BOOK, ASKED = "xl/workbook.xml", b' fullCalcOnLoad="1"'
HEADERS = {column.key: column.header.get(HANT) for column in OPEN.columns}
# Managers moved columns, put their own between them, and left some out.
MOVED = ["我的記號", "due_at", "customer_name", "case_number", "三成", "grade", "owner", "repair_amount", "remarks",
         "description", "remaining", "lapses", "opened_at"]  # fmt: skip


def pixel() -> bytes:
    """Return a PNG of one grey pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">2I5B", 1, 1, 8, 0, 0, 0, 0)
    image = chunk(b"IDAT", zlib.compress(b"\x00\x80"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + image + chunk(b"IEND", b"")


def by_xlsxwriter() -> bytes:
    """A master rebuilt by hand: moved columns, sorted rows, a filter, and everything Excel likes to lose."""
    stream = BytesIO()
    book = xlsxwriter.Workbook(stream, {"remove_timezone": True})
    sheet = book.add_worksheet("我的案件")
    times = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    yellow = book.add_format({"bg_color": "#FFFF00"})
    sheet.write("A1", "總經理的版本", yellow)
    left, top = 2, 5
    headers = [HEADERS.get(name, name) for name in MOVED]
    for row, number in enumerate((3, 1, 2), start=top + 1):
        values = {
            **case(number).values,
            "case_number": case(number).key,
            "remarks": f"備註{number}",
            "我的記號": "★",
        }
        for column, name in enumerate(MOVED, start=left):
            value = values.get(name)
            if isinstance(value, datetime):
                sheet.write_datetime(row, column, value, times)
            elif isinstance(value, (int, Decimal)):
                sheet.write_number(row, column, value)
            elif value:
                sheet.write_string(row, column, str(value), yellow if number == 1 else None)
    columns: list[dict[str, Any]] = [{"header": text} for text in headers]
    columns[MOVED.index("三成")]["formula"] = "=KesuCases[[#This Row],[維修金額]]*0.3"
    last = left + len(MOVED) - 1
    sheet.add_table(top, left, top + 3, last, {"name": "KesuCases", "columns": columns})
    sheet.write_comment("D8", "老闆看過", {"author": "總經理"})
    sheet.add_sparkline("A8", {"range": "J7:J9"})
    sheet.insert_image("S2", "pixel.png", {"image_data": BytesIO(pixel())})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "='我的案件'!$J$7:$J$9"})
    sheet.insert_chart("S8", chart)
    sheet.conditional_format("J7:J500", {"type": "data_bar"})
    sheet.data_validation("C7:C99", {"validate": "list", "source": ["★", "☆"]})
    sheet.freeze_panes(6, 3)
    sheet.write_rich_string("A2", "普通", yellow, "黃色")
    sheet.write_formula("A3", "=SUM(J7:J9)", None, 600)
    other = book.add_worksheet("別的表")
    other.add_table(0, 0, 2, 1, {"columns": [{"header": "案件編號"}, {"header": "x"}]})
    other.write("D1", "=我的案件!A3")
    book.close()
    return stream.getvalue()


def by_openpyxl() -> bytes:
    """Our own master after a manager's work: a chart, a comment, a note, a filter, a sheet."""
    book = openpyxl.load_workbook(BytesIO(own_master()))
    sheet = book.worksheets[0]
    sheet["M4"] = "已約週五"
    sheet["AC4"] = "表格外的字"
    sheet["B5"].comment = Comment("為什麼？", "總經理")
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=18, min_row=3, max_row=6), titles_from_data=True)
    sheet.add_chart(chart, "AD3")
    sheet.tables["KesuCases"].autoFilter.add_filter_column(5, ["售後總監"])
    sheet.row_dimensions[5].hidden = True
    book.create_sheet("我的分析")["A1"] = "=COUNTA(未結案件!A4:A99)"
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def own_master() -> bytes:
    return master_of(1, 2, 3)


MAKERS = {"own": own_master, "openpyxl": by_openpyxl, "xlsxwriter": by_xlsxwriter}
CHANGES = [
    Row("K20261121-002", {"owner": "已解決", "due_at": None, "repair_amount": Decimal("12.34"), "lapses": 9}),
    Row(
        "K20261121-004",
        {"owner": "新案", "grade": "特級", "description": "=不是公式", "repair_amount": Decimal(7)},
    ),
    Row("K20261121-005", {"owner": "新案"}),
]


@pytest.fixture(scope="module")
def saved_by_office(office: Any) -> dict[str, bytes]:
    converted: dict[str, bytes] = office({name: make() for name, make in MAKERS.items()}, "xlsx")
    return converted


@pytest.mark.parametrize("maker", MAKERS)
def test_the_patch_leaves_everything_else_as_it_was(maker: str) -> None:
    check_survival(MAKERS[maker]())


@pytest.mark.parametrize("maker", MAKERS)
def test_a_copy_saved_by_libreoffice_is_patched_as_well(
    maker: str, saved_by_office: dict[str, bytes]
) -> None:
    check_survival(saved_by_office[maker])


def test_libreoffice_reads_what_was_patched(office: Any) -> None:
    patched = {name: patch_master(make(), CHANGES, HANT, SHANGHAI) for name, make in MAKERS.items()}
    for name, saved in office(patched, "xlsx").items():
        rows = table_of(saved)
        assert rows["K20261121-002"]["負責人"] == "已解決", name
        assert rows["K20261121-002"]["維修金額"] == 12.34
        assert rows["K20261121-004"]["抱怨內容"] == "=不是公式"
        assert list(rows)[-2:] == ["K20261121-004", "K20261121-005"]
        if "三成" in rows["K20261121-004"]:
            assert rows["K20261121-004"]["三成"] == pytest.approx(2.1)


def check_survival(before: bytes) -> None:
    after = patch_master(before, CHANGES, HANT, SHANGHAI)
    old, new = parts(before), parts(after)
    new[BOOK] = new[BOOK].replace(ASKED, b"") if ASKED not in old[BOOK] else new[BOOK]
    changed = {name for name in old if old[name] != new.get(name)}
    assert set(old) == set(new)
    assert {re.sub(r"\d", "", name) for name in changed} == {"xl/worksheets/sheet.xml", "xl/tables/table.xml"}
    expect_values(before, after)
    expect_same_cells(before, after)


def expect_values(before: bytes, after: bytes) -> None:
    old, new = table_of(before), table_of(after)
    expected: dict[str, dict[str, CellValue]] = {row.key: dict(row.values) for row in CHANGES}
    for key, values in expected.items():
        for column, value in values.items():
            if HEADERS[column] in new[key]:
                shown = float(value) if isinstance(value, Decimal) else value
                assert new[key][HEADERS[column]] == ("" if shown is None else shown)
    assert list(new) == [*old, "K20261121-004", "K20261121-005"]
    for key in ("K20261121-001", "K20261121-003"):
        assert new[key] == old[key]


def expect_same_cells(before: bytes, after: bytes) -> None:
    """Every cell outside the changed ones has its value, style and comment."""
    old, new = openpyxl.load_workbook(BytesIO(before)), openpyxl.load_workbook(BytesIO(after))
    assert old.sheetnames == new.sheetnames
    written = {HEADERS[key] for row in CHANGES for key in row.values}
    for sheet in old:
        twin = new[sheet.title]
        headers = {
            cell.column: cell.value for row in sheet.iter_rows() for cell in row if cell.value in HEADERS.values()
        } if sheet is old.worksheets[0] else {}  # fmt: skip
        for row in sheet.iter_rows():
            is_changed = any(cell.value == "K20261121-002" for cell in row)
            is_new = any(twin[cell.coordinate].value in ("K20261121-004", "K20261121-005") for cell in row)
            for cell in row:
                other = twin[cell.coordinate]
                assert (cell.comment and cell.comment.text) == (other.comment and other.comment.text)
                if cell.value is not None or cell.has_style:
                    assert cell.style_id == other.style_id, cell.coordinate
                if not (is_changed and headers.get(cell.column) in written) and not (
                    is_new and cell.value is None
                ):
                    assert cell.value == other.value, cell.coordinate


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def table_of(content: bytes) -> dict[str, dict[str, Any]]:
    rows = load_calamine(BytesIO(content)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    at = next(number for number, row in enumerate(rows) if "案件編號" in row)
    width = [index for index, text in enumerate(rows[at]) if text]
    found = [{rows[at][index]: row[index] for index in width} for row in rows[at + 1 :]]
    return {row["案件編號"]: row for row in found if row["案件編號"]}
