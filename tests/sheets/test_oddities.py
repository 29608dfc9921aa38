"""What other programs write differently, each with its cause: patched all the same, or refused for a reason."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from python_calamine import load_workbook as load_calamine

from sheets.columns import Row
from sheets.patch import MasterPlan, PatchRefused, carry_out, patch_master
from sheets.reading import read_master
from tests.sheets.cases import HANT, SHANGHAI, case, master_of
from tests.sheets.test_patch import SHEET, TABLE, by_case, edited, parts, rezipped

MASTER = master_of(1, 2, 3)
CHANGES = [Row("K20261121-002", {"owner": "已解決"}), Row("K20261121-004", {"owner": "新案"})]


def everywhere(change: Callable[[bytes], bytes]) -> bytes:
    return rezipped(MASTER, dict.fromkeys(parts(MASTER), change))


def without_row_numbers(xml: bytes) -> bytes:
    """Some report writers count on the reader's counting (ECMA-376 part 1, 18.3.1.73: r is optional)."""
    return re.sub(rb'<row r="\d+"', b"<row", xml)


def without_places(xml: bytes) -> bytes:
    """The same writers name no cell either (18.3.1.4)."""
    return re.sub(rb'<c r="[A-Z]+\d+"', b"<c", xml)


def single_quotes(xml: bytes) -> bytes:
    """XML allows both; libraries that write by hand use these."""
    return re.sub(rb'="([^"\']*)"', rb"='\1'", xml)


def style_first(xml: bytes) -> bytes:
    """The order of attributes means nothing."""
    return re.sub(rb'<c (r="[^"]*") (s="[^"]*")', rb"<c \2 \1", xml)


def spread_out(xml: bytes) -> bytes:
    """Written for people to read, with a line for each element."""
    return re.sub(rb"(</?(?:row|c)\b[^>]*>)", rb"\1", xml).replace(b"</row><row", b"</row>\n  <row")


def rich_key(xml: bytes) -> bytes:
    """A manager made half the number bold."""
    runs = b"<r><t>K20261121</t></r><r><rPr><b/></rPr><t>-002</t></r>"
    return re.sub(
        rb'<c r="A5"( s="\d+")? t="\w+">.*?</c>',
        rb'<c r="A5"\1 t="inlineStr"><is>' + runs + b"</is></c>",
        xml,
    )


def padded_key(xml: bytes) -> bytes:
    """Pasted from a mail, with a no-break space."""
    return re.sub(
        rb'<c r="A5"( s="\d+")? t="\w+">.*?</c>',
        '<c r="A5" t="inlineStr"><is><t>K20261121-002\u00a0</t></is></c>'.encode(),
        xml,
    )


def formula_key(xml: bytes) -> bytes:
    """The number comes from another sheet."""
    return re.sub(
        rb'<c r="A5"( s="\d+")? t="\w+">.*?</c>',
        b'<c r="A5" t="str"><f>"K20261121-"&amp;"002"</f><v>K20261121-002</v></c>',
        xml,
    )


def hidden_rows(xml: bytes) -> bytes:
    """A filter is on."""
    return xml.replace(b'<row r="5"', b'<row r="5" hidden="1"')


SHEETS = [
    without_row_numbers,
    without_places,
    lambda xml: without_places(without_row_numbers(xml)),
    single_quotes,
    style_first,
    spread_out,
    rich_key,
    padded_key,
    formula_key,
    hidden_rows,
]


@pytest.mark.parametrize("odd", SHEETS, ids=lambda odd: odd.__name__)
def test_a_sheet_written_differently_is_patched_and_read(odd: Callable[[bytes], bytes]) -> None:
    strange = rezipped(MASTER, {SHEET: odd})
    assert parts(strange)[SHEET] != parts(MASTER)[SHEET]
    out = patch_master(strange, CHANGES, HANT, SHANGHAI)
    rows = {key.strip(): row for key, row in by_case(out).items()}
    assert [row["負責人"] for row in rows.values()] == ["售後總監", "已解決", "售後總監", "新案"]
    assert rows["K20261121-001"] == by_case(MASTER)["K20261121-001"]
    read = {row.key: row.values["owner"] for row in read_master(out, HANT, SHANGHAI).rows}
    assert list(read.values()) == ["售後總監", "已解決", "售後總監", "新案"]


def test_a_filtered_row_stays_hidden() -> None:
    out = patch_master(rezipped(MASTER, {SHEET: hidden_rows}), CHANGES, HANT, SHANGHAI)
    assert re.search(rb'<row r="5"[^>]*hidden="1"', parts(out)[SHEET])


def test_the_strict_namespaces_are_as_good() -> None:
    """Excel's `Strict Open XML Spreadsheet`."""

    def strict(xml: bytes) -> bytes:
        for old, new in (
            (
                b"schemas.openxmlformats.org/spreadsheetml/2006/main",
                b"purl.oclc.org/ooxml/spreadsheetml/main",
            ),
            (
                b"schemas.openxmlformats.org/officeDocument/2006/relationships",
                b"purl.oclc.org/ooxml/officeDocument/relationships",
            ),
        ):
            xml = xml.replace(old, new)
        return xml

    out = patch_master(everywhere(strict), CHANGES, HANT, SHANGHAI)
    assert b"purl.oclc.org" in parts(out)[SHEET]
    owners = [row.values["owner"] for row in read_master(out, HANT, SHANGHAI).rows]
    assert owners == ["售後總監", "已解決", "售後總監", "新案"]


def test_a_sheet_without_rows_is_refused() -> None:
    """The table's header must stand in cells; a program that dropped them left a file that Excel repairs."""
    empty = rezipped(
        MASTER,
        {SHEET: lambda xml: re.sub(rb"<sheetData>.*</sheetData>", b"<sheetData/>", xml, flags=re.DOTALL)},
    )
    with pytest.raises(PatchRefused):
        patch_master(empty, CHANGES, HANT, SHANGHAI)


def test_a_table_of_a_single_cell_is_one_of_a_header_alone() -> None:
    """Its area is written `A1`, not `A1:A1`."""
    book = openpyxl.Workbook()
    book.active["A1"] = "案件編號"
    table = openpyxl.worksheet.table.Table(displayName="KesuCases", ref="A1:A2")
    book.active.add_table(table)
    stream = BytesIO()
    book.save(stream)
    single = rezipped(stream.getvalue(), {TABLE: lambda xml: xml.replace(b'"A1:A2"', b'"A1"')})
    out = patch_master(single, [Row("K1", {})], HANT, SHANGHAI)
    assert b'ref="A1:A2"' in parts(out)[TABLE]
    assert [row.key for row in read_master(out, HANT, SHANGHAI).rows] == ["K1"]


def with_totals(**more: Any) -> bytes:
    """A manager switched the totals row on."""
    stream = BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet("未結案件")
    for row, number in enumerate((1, 2, 3), start=1):
        sheet.write_row(row, 0, [case(number).key, "售後總監", 100 * number])
    columns = [
        {"header": "案件編號", "total_string": "合計"},
        {"header": "負責人"},
        {"header": "維修金額", "total_function": "sum"},
    ]
    sheet.add_table(0, 0, 4, 2, {"name": "KesuCases", "total_row": True, "columns": columns})
    for cell, formula in more.items():
        sheet.write_formula(cell, formula)
    book.close()
    return stream.getvalue()


def test_new_rows_go_above_the_totals() -> None:
    """Excel keeps the totals last; it moves down as one row."""
    rows = [Row(f"K{number}", {"repair_amount": Decimal(7)}) for number in (8, 9)]
    out = patch_master(with_totals(), rows, HANT, SHANGHAI)
    sheet = openpyxl.load_workbook(BytesIO(out)).active
    assert [sheet.cell(row, 1).value for row in range(1, 8)] == [
        "案件編號", "K20261121-001", "K20261121-002", "K20261121-003", "K8", "K9", "合計",
    ]  # fmt: skip
    assert sheet["C7"].value == "=SUBTOTAL(109,[維修金額])"
    table = sheet.tables["KesuCases"]
    assert (table.ref, table.autoFilter.ref, table.totalsRowCount) == ("A1:C7", "A1:C6", 1)
    assert sheet.max_row == 7


def test_the_totals_move_into_rows_of_which_only_the_looks_were_saved() -> None:
    """LibreOffice writes the empty rows below a table with their heights, Excel those that somebody coloured."""
    below = b"".join(
        b'<row r="%d" ht="15" spans="1:2"><c r="A%d" s="7"/><c r="E%d" s="3"/></row>' % (row, row, row)
        for row in (6, 7, 8)
    )
    content = rezipped(
        with_totals(), {SHEET: lambda xml: xml.replace(b"</sheetData>", below + b"</sheetData>")}
    )
    rows = [Row(f"K{number}", {"repair_amount": Decimal(7)}) for number in (8, 9)]
    out = patch_master(content, rows, HANT, SHANGHAI)
    assert list(by_case(out))[3:] == ["K8", "K9", "合計"]
    sheet = parts(out)[SHEET]
    assert sheet.count(b'r="7"') == 1
    assert b'<row r="8" ht="15" spans="1:2"><c r="A8" s="7"/><c r="E8" s="3"/></row>' in sheet
    assert re.search(rb'<c r="A6"(?! s=)', sheet), "a new case looks like those above it"
    assert b'<c r="E6" s="3"/>' in sheet
    assert re.search(rb'<row r="7"[^>]*spans="1:5".*<c r="E7" s="3"/></row><row r="8"', sheet)


def test_what_stands_beside_the_row_the_totals_move_to_stays_there() -> None:
    content = with_totals(F6="1+1")
    out = patch_master(content, [Row("K8", {})], HANT, SHANGHAI)
    sheet = openpyxl.load_workbook(BytesIO(out)).active
    assert (sheet["A6"].value, sheet["F6"].value, sheet["F5"].value) == ("合計", "=1+1", None)


def test_rows_that_form_controls_name_are_not_taken_for_the_sheets() -> None:
    anchor = b'<y:from xmlns:y="urn:y"><y:col>1</y:col><y:row>4</y:row><y:c/></y:from>'
    tail = b"<extLst><ext>" + anchor + b"<row>2</row><c/></ext></extLst></worksheet>"
    content = rezipped(with_totals(), {SHEET: lambda xml: xml.replace(b"</worksheet>", tail)})
    out = patch_master(content, [Row("K20261121-001", {"owner": "新"})], HANT, SHANGHAI)
    assert parts(out)[SHEET].endswith(tail)


def test_a_totals_row_that_somebody_refers_to_stays_and_refuses_new_rows() -> None:
    for cell in ("E1", "C5"):
        content = with_totals(**{cell: "=SUM(C2:C4)" if cell == "C5" else "=C5*2"})
        assert by_case(patch_master(content, [Row("K20261121-001", {"owner": "新"})], HANT, SHANGHAI))
        with pytest.raises(PatchRefused):
            patch_master(content, [Row("K9", {})], HANT, SHANGHAI)


STRINGS = "xl/sharedStrings.xml"


def rich_string(xml: bytes) -> bytes:
    """Half of it bold."""
    return xml.replace(b"<t>K20261121-002</t>", b"<r><t>K20261121</t></r><r><t>-002</t></r>")


def padded_string(xml: bytes) -> bytes:
    return xml.replace(b"<t>K20261121-002</t>", '<t xml:space="preserve"> K20261121-002\u3000</t>'.encode())


def coded_string(xml: bytes) -> bytes:
    return xml.replace(b"<t>K20261121-002</t>", b"<t>K20261121&#45;002</t>")


def prefixed_strings(xml: bytes) -> bytes:
    """The Open XML SDK puts a prefix before every element."""
    return re.sub(rb"<(/?)(?=[a-z])", rb"<\1x:", xml).replace(b"xmlns=", b"xmlns:x=")


def empty_string_first(xml: bytes) -> bytes:
    """An item without text counts as one."""
    return re.sub(rb"<si>", b"<si><t/></si><si>", xml, count=1)


@pytest.mark.parametrize("odd", [rich_string, padded_string, coded_string, prefixed_strings])
def test_shared_strings_written_differently_are_found(odd: Callable[[bytes], bytes]) -> None:
    strange = rezipped(with_totals(), {STRINGS: odd})
    assert parts(strange)[STRINGS] != parts(with_totals())[STRINGS]
    out = patch_master(strange, [Row("K20261121-002", {"owner": "改"})], HANT, SHANGHAI)
    assert [row.values["owner"] for row in read_master(out, HANT, SHANGHAI).rows] == [
        "售後總監",
        "改",
        "售後總監",
    ]


def test_an_empty_shared_string_is_counted() -> None:
    def shifted(xml: bytes) -> bytes:
        return re.sub(rb't="s"><v>(\d+)<', lambda found: b't="s"><v>%d<' % (int(found[1]) + 1), xml)

    strange = rezipped(with_totals(), {STRINGS: empty_string_first, SHEET: shifted})
    out = patch_master(strange, [Row("K20261121-002", {"owner": "改"})], HANT, SHANGHAI)
    assert [row.values["owner"] for row in read_master(out, HANT, SHANGHAI).rows] == [
        "售後總監",
        "改",
        "售後總監",
    ]


def test_shared_and_inline_strings_stand_side_by_side() -> None:
    """Excel shares strings, the patch writes them inline: both are found in one table."""
    once = patch_master(with_totals(), [Row("K8", {"owner": "新"})], HANT, SHANGHAI)
    sheet = parts(once)[SHEET]
    assert b't="inlineStr"' in sheet
    assert b't="s"' in sheet
    changes = [Row("K8", {"owner": "八"}), Row("K20261121-003", {"owner": "三"})]
    rows = read_master(patch_master(once, changes, HANT, SHANGHAI), HANT, SHANGHAI).rows
    assert [row.values["owner"] for row in rows] == ["售後總監", "售後總監", "三", "八"]


def test_a_chart_sheet_beside_it_does_not_matter() -> None:
    """A chart sheet is related to the workbook as a sheet is, and has no cells."""

    def add(book: Any) -> None:
        chart = openpyxl.chart.BarChart()
        chart.add_data(openpyxl.chart.Reference(book.worksheets[0], min_col=18, min_row=3, max_row=6))
        book.create_chartsheet("圖").add_chart(chart)

    beside = edited(MASTER, add)
    out = patch_master(beside, CHANGES, HANT, SHANGHAI)
    changed = {name for name, content in parts(beside).items() if parts(out)[name] != content}
    assert changed == {SHEET, TABLE}


def test_an_array_that_reaches_into_a_written_cell_is_refused() -> None:
    """Its formula stands in another row: the spreadsheet program would fill the cell over again."""

    def array(xml: bytes) -> bytes:
        formula = b'<c r="F4"><f t="array" ref="F4:F5">A4:A5</f><v>1</v></c>'
        return re.sub(rb'<c r="F4".*?</c>', formula, xml)

    with pytest.raises(PatchRefused):
        patch_master(rezipped(MASTER, {SHEET: array}), [CHANGES[0]], HANT, SHANGHAI)


def test_a_case_number_may_be_put_back_and_a_copy_passed_over() -> None:
    def overtype(book: Any) -> None:
        sheet = book.worksheets[0]
        sheet["A5"], sheet["A6"] = "王先生", "K20261121-001"

    odd = edited(MASTER, overtype)
    plan = MasterPlan(
        changes=[Row("K20261121-001", {"owner": "第一列"}), Row("K20261121-002", {"remarks": "補回"})],
        rekeyed={5: "K20261121-002"},
        copies=[6],
    )
    out = carry_out(odd, plan, HANT, SHANGHAI).content
    sheet = openpyxl.load_workbook(BytesIO(out)).worksheets[0]
    assert [sheet[f"A{row}"].value for row in (4, 5, 6)] == [
        "K20261121-001",
        "K20261121-002",
        "K20261121-001",
    ]
    assert [sheet[f"F{row}"].value for row in (4, 5, 6)] == ["第一列", "售後總監", "售後總監"]
    assert sheet["M5"].value == "補回"


def test_only_what_the_patch_packed_is_packed_anew() -> None:
    """A second patch copies the segments it does not touch, and the result unpacks the same."""
    many = master_of(*range(1, 700))
    once = patch_master(many, [case(1, owner="一")], HANT, SHANGHAI)
    twice = patch_master(once, [case(699, owner="二")], HANT, SHANGHAI)
    assert load_calamine(BytesIO(twice)).sheet_names == load_calamine(BytesIO(many)).sheet_names
    rows = by_case(twice)
    assert (len(rows), rows["K20261121-001"]["負責人"], rows["K20261121-699"]["負責人"]) == (699, "一", "二")
    assert datetime(2026, 11, 21, 11, 1) == rows["K20261121-001"]["處理期限"]  # noqa: DTZ001
