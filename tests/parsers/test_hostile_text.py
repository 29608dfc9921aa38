"""Text named .xls: what web systems export is read like a workbook, and nothing in it is followed or computed."""

from collections.abc import Callable
from datetime import datetime

import pytest

from parsers import refusals
from parsers.charsets import decoded
from parsers.refusals import Refused
from parsers.results import ParsedFile
from parsers.workbook import read_workbook
from tests.parsers import hostile_files as made

Parse = Callable[[bytes], ParsedFile]


def cells(content: bytes) -> dict[tuple[int, int], object]:
    return dict(read_workbook(content).grids[0].cells)


@pytest.mark.parametrize(
    "content",
    [
        made.html_table(),
        made.html_table(charset="big5"),
        made.html_table(charset="gb18030"),
        made.html_table().replace(b"charset=utf-8", b"charset=gb2312"),
        made.html_table(charset="big5").replace(b"charset=big5", b""),
        b"\xef\xbb\xbf" + made.html_table(),
        made.html_table().decode().encode("utf-16"),
        made.web_archive(),
        made.separated(",", "utf-8"),
        made.separated(",", "utf-8-sig"),
        made.separated(",", "gb18030"),
        made.separated(";", "big5"),
        made.separated("\t", "utf-16"),
        b"sep=|\r\n" + made.separated("|", "utf-8"),
        made.spreadsheet_xml(),
        made.spreadsheet_xml().decode().encode("utf-16"),
        made.spreadsheet_xml().decode().replace('"1.0"?>', '"1.0" encoding="gb2312"?>', 1).encode("gb18030"),
    ],
)
def test_the_form_is_read_whatever_text_it_came_as(parse: Parse, content: bytes) -> None:
    parsed = parse(content)
    assert parsed.error is None
    facts = parsed.forms[0].facts
    assert (facts["customer_name"], facts["customer_phone"], facts["description"]) == (
        "王小明",
        "0912345678",
        "貴",
    )


def test_words_above_a_table_count_as_its_title(parse: Parse) -> None:
    page = f"<h2>銷售客戶抱怨單</h2>{made.html_table(made.ROWS[1:]).decode()}".encode()
    assert parse(page).forms[0].facts["department"] == "sales"
    caption = made.html_table(made.ROWS[1:]).replace(
        b"border=1>", "><caption>售後客戶抱怨單</caption>".encode()
    )
    assert parse(caption).forms[0].facts["department"] == "after-sales"


def test_tables_of_a_page_stand_below_each_other_with_their_merges() -> None:
    page = b"<table><tr><td colspan=2>a<tr><td>b<td>c</table><table><tr><td>d<td rowspan=2>e</table>"
    (grid,) = read_workbook(page).grids
    assert grid.cells == {(0, 0): "a", (1, 0): "b", (1, 1): "c", (3, 0): "d", (3, 1): "e"}
    assert [(area.top, area.left, area.bottom, area.right) for area in grid.merged] == [
        (0, 0, 0, 1),
        (3, 1, 4, 1),
    ]


@pytest.mark.parametrize(
    "formula",
    [
        "=1+1",
        "=cmd|'/C calc'!A0",
        "+cmd|'/C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(1+1)*cmd|' /C calc'!A0",
        "=HYPERLINK(&quot;http://127.0.0.1/&quot;;&quot;x&quot;)",
        "=[http://127.0.0.1/a.xls]s!A1",
    ],
)
def test_a_formula_in_text_is_neither_computed_nor_shown(formula: str) -> None:
    assert cells(f"<table><tr><td>a<td>{formula}<td>c</table>".encode()) == {(0, 0): "a", (0, 2): "c"}
    plain = formula.replace("&quot;", "'")
    assert cells(f"a\t{plain}\tc\r\nd\te\tf".encode()).keys() == {(0, 0), (0, 2), (1, 0), (1, 1), (1, 2)}


def test_what_only_looks_like_a_formula_is_read_as_it_is_meant() -> None:
    line = '="0912345678",=42,+886 912 345 678,-5,@home\n,,,,x'
    assert cells(line.encode()) == {
        (0, 0): "0912345678",
        (0, 1): "42",
        (0, 2): "+886 912 345 678",
        (0, 3): "-5",
        (0, 4): "@home",
        (1, 4): "x",
    }


def test_excels_xml_of_2003_is_read_with_indexes_types_merges_and_hidden_sheets() -> None:
    text = """<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
      xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="urn:schemas-microsoft-com:office:excel">
      <Worksheet ss:Name="一"><Table><Row ss:Index="3"><Cell ss:Index="2" ss:MergeAcross="1" ss:MergeDown="2">
      <Data ss:Type="Number">12.5</Data><Comment><ss:Data>note</ss:Data></Comment></Cell>
      <Cell><Data ss:Type="DateTime">2026-11-21T16:30:00.000</Data></Cell>
      <Cell ss:Formula="=R1C1"><Data ss:Type="Error">#REF!</Data></Cell>
      <Cell><Data ss:Type="Boolean">1</Data></Cell></Row></Table></Worksheet>
      <Worksheet ss:Name="二"><Table><Row><Cell><Data ss:Type="String">b</Data></Cell></Row></Table>
      <x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions></Worksheet></Workbook>"""
    first, second = read_workbook(text.encode()).grids
    assert first.cells == {(2, 1): 12.5, (2, 3): datetime(2026, 11, 21, 16, 30), (2, 5): True}  # noqa: DTZ001
    assert [(area.top, area.left, area.bottom, area.right) for area in first.merged] == [(2, 1, 4, 2)]
    assert (first.name, first.hidden, second.name, second.hidden) == ("一", False, "二", True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html><p>Session expired, please log in</p></html>", refusals.WEB_PAGE),
        ("請看附件，謝謝".encode(), refusals.WEB_PAGE),
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', refusals.UNSAFE_XML),
        (
            made.spreadsheet_xml().replace(b"<Workbook", b'<!DOCTYPE x [<!ENTITY a "b">]><Workbook', 1),
            refusals.UNSAFE_XML,
        ),
        (made.spreadsheet_xml()[:-40], refusals.DAMAGED),
        (b"ID;PWXL;N;E\r\nC;Y1;X1;K1\r\nE\r\n", refusals.OLD_FORMAT),
        (b'TABLE\r\n0,1\r\n"EXCEL"\r\nVECTORS\r\n', refusals.OLD_FORMAT),
        (b"Rar!\x1a\x07\x01\x00 and so on", refusals.OTHER_DOCUMENT),
        (b"b\x14#e\x01\x00 E-SafeNet   LOCK" + bytes(600), refusals.LOCKED_BY_COMPANY),
        (made.zipped({"Index/Document.iwa": b"\0", "Metadata/Properties.plist": b"x"}), refusals.NUMBERS),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(content: bytes, reason: object) -> None:
    with pytest.raises(Refused) as refused:
        read_workbook(content)
    assert refused.value.reason == reason


def test_the_likelier_charset_is_taken_where_none_is_named() -> None:
    for words in ("客戶姓名，抱怨內容：車輛送修三天還沒好", "客户姓名，投诉内容：车辆送修三天还没好"):
        for charset in ("gb18030", "utf-8", "utf-16"):
            assert decoded(words.encode(charset)) == words
    assert (
        decoded("客戶姓名，抱怨內容：車輛送修三天還沒好".encode("big5"))
        == "客戶姓名，抱怨內容：車輛送修三天還沒好"
    )
