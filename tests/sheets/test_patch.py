"""The patch: what it writes, what it leaves alone, and what it refuses."""

import os
import re
import struct
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import load_workbook as load_calamine

from rules.locales import Locale
from sheets.columns import Row
from sheets.patch import PatchRefused, patch_master
from sheets.registry import OPEN
from sheets.texts import plain_text
from tests.sheets.cases import BESIDE, HANT, LAST, SHANGHAI, case, master_of

SHEET, TABLE = "xl/worksheets/sheet1.xml", "xl/tables/table1.xml"
NEXT = len(OPEN.columns) + 1  # the id of a column that managers add
COLUMN = f'(<tableColumn id="{NEXT}"[^>]*?) ?/>'.encode()


THREE_CASES = master_of(1, 2, 3)


@pytest.fixture
def master() -> bytes:
    return THREE_CASES


def parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


def rezipped(content: bytes, changes: dict[str, Callable[[bytes], bytes]]) -> bytes:
    """Edit parts by hand, as a stranger's program might have written them."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in parts(content).items():
            package.writestr(name, changes.get(name, lambda same: same)(part))
    return stream.getvalue()


def edited(content: bytes, edit: Callable[[Any], object]) -> bytes:
    """Let a manager work in the file, by openpyxl."""
    book = openpyxl.load_workbook(BytesIO(content))
    edit(book)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def table_of(content: bytes) -> list[dict[str, Any]]:
    """Read the table as calamine sees it, one dictionary per row by header."""
    book = load_calamine(BytesIO(content))
    rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    at = next(number for number, row in enumerate(rows) if "案件編號" in row)
    return [dict(zip(rows[at], row, strict=True)) for row in rows[at + 1 :] if any(row)]


def by_case(content: bytes) -> dict[str, dict[str, Any]]:
    return {row["案件編號"]: row for row in table_of(content)}


def local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute)  # noqa: DTZ001 # what a cell holds has no zone


def patched(content: bytes, *rows: Row, locale: Locale = HANT) -> bytes:
    return patch_master(content, rows, locale, SHANGHAI)


def test_a_known_case_is_changed_in_place(master: bytes) -> None:
    out = patched(
        master, Row("K20261121-002", {"owner": "已解決", "repair_amount": Decimal("99.50"), "due_at": None})
    )
    row = by_case(out)["K20261121-002"]
    assert (row["負責人"], row["維修金額"], row["處理期限"]) == ("已解決", 99.5, "")
    assert row["客戶姓名"] == "客戶2"
    assert by_case(out)["K20261121-001"] == by_case(master)["K20261121-001"]


def test_an_unknown_case_is_appended_and_the_table_grows(master: bytes) -> None:
    out = patched(master, case(4), case(5, due_at=datetime(2026, 11, 21, 4, 0, tzinfo=ZoneInfo("UTC"))))
    book = openpyxl.load_workbook(BytesIO(out))
    table = book.worksheets[0].tables["KesuCases"]
    assert table.ref == table.autoFilter.ref == f"A3:{LAST}8"
    assert f'<dimension ref="A1:{LAST}8"'.encode() in parts(out)[SHEET]
    rows = by_case(out)
    assert list(rows)[-2:] == ["K20261121-004", "K20261121-005"]
    assert rows["K20261121-005"]["處理期限"] == local(21, 12)


def test_appended_cells_look_like_those_above_them(master: bytes) -> None:
    sheet = openpyxl.load_workbook(BytesIO(patched(master, case(4)))).worksheets[0]
    for old, new in zip(sheet[6], sheet[7], strict=True):
        assert new.number_format == old.number_format
        assert (new.font.b, new.border.left.style) == (old.font.b, "thin")
        assert new.alignment.horizontal == old.alignment.horizontal
    assert sheet.row_dimensions[7].height == sheet.row_dimensions[6].height


def test_one_painted_row_does_not_colour_the_new_ones(master: bytes) -> None:
    def paint(book: Any) -> None:
        for cell in book.worksheets[0][6]:
            cell.fill = openpyxl.styles.PatternFill("solid", fgColor="FFFF00")

    sheet = openpyxl.load_workbook(BytesIO(patched(edited(master, paint), case(4)))).worksheets[0]
    assert sheet["A7"].fill.fill_type is None
    assert sheet["A6"].fill.fill_type == "solid"


def test_a_cell_that_a_manager_painted_stays_painted_when_its_value_changes(master: bytes) -> None:
    def paint(book: Any) -> None:
        book.worksheets[0]["F4"].fill = openpyxl.styles.PatternFill("solid", fgColor="FFFF00")

    out = patched(edited(master, paint), Row("K20261121-001", {"owner": "已解決"}))
    cell = openpyxl.load_workbook(BytesIO(out)).worksheets[0]["F4"]
    assert (cell.value, cell.fill.fgColor.rgb) == ("已解決", "00FFFF00")


def test_the_time_left_of_a_new_case_is_a_formula_on_its_own_row(master: bytes) -> None:
    sheet = openpyxl.load_workbook(BytesIO(patched(master, case(4)))).worksheets[0]
    assert sheet["H7"].value == sheet["H6"].value.replace("G6", "G7")


def test_the_empty_row_of_an_empty_table_is_used_first() -> None:
    empty = master_of()
    out = patched(empty, case(1))
    assert openpyxl.load_workbook(BytesIO(out)).worksheets[0].tables["KesuCases"].ref == f"A3:{LAST}4"
    assert list(by_case(out)) == ["K20261121-001"]
    out = patched(out, case(2))
    assert list(by_case(out)) == ["K20261121-001", "K20261121-002"]


def test_a_table_of_nothing_but_its_header_takes_rows() -> None:
    bare = rezipped(
        master_of(),
        {
            TABLE: lambda xml: xml.replace(f"A3:{LAST}4".encode(), f"A3:{LAST}3".encode()),
            SHEET: lambda xml: re.sub(rb'<row r="4".*?</row>', b"", xml),
        },
    )
    assert list(by_case(patched(bare, case(1), case(2)))) == ["K20261121-001", "K20261121-002"]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+886", "-5", "@x", " lead", "a\nb", "<&>\"'", "_x0041_", "a\x00b", "Ω𠮷😀", "x" * 40_000],
)
def test_any_text_goes_in_as_text(master: bytes, text: str) -> None:
    out = patched(master, Row("K20261121-001", {"description": text}))
    assert by_case(out)["K20261121-001"]["抱怨內容"] == plain_text(text)
    assert openpyxl.load_workbook(BytesIO(out)).worksheets[0]["E4"].data_type in ("s", "inlineStr")


def test_a_mark_is_a_dot_or_nothing(master: bytes) -> None:
    out = patched(
        master, Row("K20261121-001", {"incomplete": True}), Row("K20261121-002", {"incomplete": False})
    )
    assert [row["資料不全"] for row in table_of(out)] == ["●", "", ""]


def test_managers_columns_and_values_left_out_are_not_touched(master: bytes) -> None:
    noted = edited(master, lambda book: book.worksheets[0].__setitem__("M4", "已約週五"))
    out = patched(noted, Row("K20261121-001", {"remarks": "from the ledger", "lapses": 7}))
    row = by_case(out)["K20261121-001"]
    assert (row["備註"], row["逾時次數"], row["負責人"]) == ("已約週五", 7, "售後總監")


def test_nothing_to_change_gives_the_very_same_bytes(master: bytes) -> None:
    assert patched(master) == master


def test_everything_but_the_changed_cells_keeps_its_bytes(master: bytes) -> None:
    out = patched(master, Row("K20261121-002", {"owner": "已解決", "lapses": 3}))
    before, after = parts(master), parts(out)
    assert {name for name in before if before[name] != after[name]} == {SHEET}
    changed = re.compile(rb'<c r="(?:F5|U5)".*?</c>')
    assert changed.sub(b"", before[SHEET]) == changed.sub(b"", after[SHEET])
    assert len(changed.findall(after[SHEET])) == 2


def test_other_parts_are_copied_without_being_packed_anew(master: bytes) -> None:
    """The raw bytes of every other entry stand in the new file, compressed as they were."""
    out = patched(master, case(4))
    with zipfile.ZipFile(BytesIO(master)) as package:
        for entry in package.infolist():
            if entry.filename in (SHEET, TABLE):
                continue
            name, extra = struct.unpack_from("<2H", master, entry.header_offset + 26)
            length = 30 + name + extra + entry.compress_size
            assert master[entry.header_offset : entry.header_offset + length] in out, entry.filename


def test_dates_follow_a_workbook_that_counts_from_1904(master: bytes) -> None:
    mac = rezipped(
        master,
        {"xl/workbook.xml": lambda xml: re.sub(rb"<workbookPr[^>]*>", b'<workbookPr date1904="1"/>', xml)},
    )
    out = patched(mac, Row("K20261121-001", {"due_at": datetime(2026, 11, 21, 15, 30, tzinfo=SHANGHAI)}))
    assert by_case(out)["K20261121-001"]["處理期限"] == local(21, 15, 30)


def test_prefixed_elements_stay_prefixed(master: bytes) -> None:
    def prefix(xml: bytes) -> bytes:
        marked = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", xml)
        return marked.replace(b'xmlns="http://schemas.openxml', b'xmlns:x="http://schemas.openxml')

    odd = rezipped(master, {SHEET: prefix, TABLE: prefix})
    out = patched(odd, case(1, owner="已解決"), case(4))
    assert b"<x:c r=" in parts(out)[SHEET]
    assert b"<c r=" not in parts(out)[SHEET]
    assert [row["負責人"] for row in table_of(out)] == ["已解決", "售後總監", "售後總監", "售後總監"]


def test_row_spans_reach_over_a_cell_put_beyond_them(master: bytes) -> None:
    def narrow(xml: bytes) -> bytes:
        return re.sub(
            rb'<row r="4"(.*?)</row>',
            rb'<row r="4" spans="1:1"><c r="A4" t="inlineStr"><is><t>K20261121-001</t></is></c></row>',
            xml,
        )

    out = patched(rezipped(master, {SHEET: narrow}), Row("K20261121-001", {"owner": "新"}))
    assert b'spans="1:6"' in parts(out)[SHEET]
    assert by_case(out)["K20261121-001"]["負責人"] == "新"


def test_calculation_chain_goes_when_a_formula_of_its_sheet_goes(master: bytes) -> None:
    chain = b'<calcChain xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><c r="F4"/></calcChain>'
    override = b'<Override PartName="/xl/calcChain.xml" ContentType="application/vnd.calcChain+xml"/>'
    link = b'<Relationship Id="rIdChain" Type="http://x/relationships/calcChain" Target="calcChain.xml"/>'

    def with_chain(content: bytes) -> bytes:
        changed = rezipped(
            content,
            {
                "[Content_Types].xml": lambda xml: xml.replace(b"</Types>", override + b"</Types>"),
                "xl/_rels/workbook.xml.rels": lambda xml: xml.replace(
                    b"</Relationships>", link + b"</Relationships>"
                ),
            },
        )
        stream = BytesIO(changed)
        with zipfile.ZipFile(stream, "a") as package:
            package.writestr("xl/calcChain.xml", chain)
        return stream.getvalue()

    typed = with_chain(edited(master, lambda book: book.worksheets[0].__setitem__("F4", "=A4")))
    kept = parts(patched(typed, Row("K20261121-002", {"owner": "新"})))
    gone = parts(patched(typed, Row("K20261121-001", {"owner": "新"})))
    assert kept["xl/calcChain.xml"] == chain
    assert "xl/calcChain.xml" not in gone
    assert b"calcChain" not in gone["[Content_Types].xml"] + gone["xl/_rels/workbook.xml.rels"]


def test_the_header_in_the_site_language_counts_where_two_languages_stand(master: bytes) -> None:
    def copy_column(book: Any) -> None:
        sheet = book.worksheets[0]
        sheet[f"{BESIDE}3"] = "负责人"
        table = sheet.tables["KesuCases"]
        table.ref = table.autoFilter.ref = f"A3:{BESIDE}6"
        table.tableColumns.append(openpyxl.worksheet.table.TableColumn(id=NEXT, name="负责人"))

    two = edited(master, copy_column)
    assert by_case(patched(two, Row("K20261121-001", {"owner": "新"})))["K20261121-001"]["負責人"] == "新"
    assert (
        by_case(patched(two, Row("K20261121-001", {"owner": "新"}), locale=Locale.ZH_HANS))["K20261121-001"][
            "负责人"
        ]
        == "新"
    )
    with pytest.raises(PatchRefused):
        patched(two, Row("K20261121-001", {"owner": "新"}), locale=Locale.EN)


def test_a_managers_calculated_column_goes_on_in_new_rows(master: bytes) -> None:
    def widen(book: Any) -> None:
        sheet = book.worksheets[0]
        sheet[f"{BESIDE}3"] = "三成"
        table = sheet.tables["KesuCases"]
        table.ref = table.autoFilter.ref = f"A3:{BESIDE}6"
        table.tableColumns.append(openpyxl.worksheet.table.TableColumn(id=NEXT, name="三成"))

    formula = "KesuCases[[#This Row],[維修金額]]*0.3"
    calculated = f"<calculatedColumnFormula>{formula}</calculatedColumnFormula></tableColumn>".encode()
    own = rezipped(
        edited(master, widen),
        {TABLE: lambda xml: re.sub(COLUMN, rb"\1>" + calculated, xml)},
    )
    sheet = openpyxl.load_workbook(BytesIO(patched(own, case(4)))).worksheets[0]
    assert sheet[f"{BESIDE}7"].value == f"={formula}"


# What is refused ------------------------------------------------------------------------------------------------


def _rename_key(book: Any) -> None:
    sheet = book.worksheets[0]
    sheet["A3"] = "我的編號"
    sheet.tables["KesuCases"].tableColumns[0].name = "我的編號"


def _no_table(book: Any) -> None:
    del book.worksheets[0].tables["KesuCases"]


def _set(cell: str, value: object) -> Callable[[Any], None]:
    return lambda book: book.worksheets[0].__setitem__(cell, value)


def _array(book: Any) -> None:
    book.worksheets[0]["F4"] = openpyxl.worksheet.formula.ArrayFormula("F4:F5", "=A4:A5")


REFUSED_EDITS: dict[str, Callable[[Any], object]] = {
    "the key column renamed": _rename_key,
    "the table deleted": _no_table,
    "a case number in two rows": _set("A5", "K20261121-001"),
    "text below the table": _set("F7", "my notes"),
    "a header cell unlike the table": _set("A3", "x"),
    "an array formula in the cell": _array,
    "merged cells in the row": lambda book: book.worksheets[0].merge_cells("F4:F5"),
    "merged cells below the table": lambda book: book.worksheets[0].merge_cells("B7:F9"),
}


def _replacing(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda xml: re.sub(old, lambda _: new, xml, count=1, flags=re.DOTALL)


def _in_f4(content: bytes) -> Callable[[bytes], bytes]:
    return _replacing(rb'<c r="F4".*?</c>', b'<c r="F4"' + content + b"</c>")


REFUSED_XML: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "a totals row": (TABLE, _replacing(rb"<table ", b'<table totalsRowCount="1" ')),
    "no header row": (TABLE, _replacing(rb'headerRowCount="1"', b'headerRowCount="0"')),
    "a table fed by a query": (TABLE, _replacing(rb"<table ", b'<table tableType="queryTable" ')),
    "fewer columns than the area has": (TABLE, _replacing(rb'<tableColumn id="25".*?/>', b"")),
    "an area that is none": (TABLE, _replacing(f'ref="A3:{LAST}6"'.encode(), b'ref="A3:ZZZZ6"')),
    "a shared formula's first cell": (SHEET, _in_f4(b'><f t="shared" ref="F4:F6" si="0">A4</f><v>1</v>')),
    "rows out of order": (SHEET, _replacing(rb'<row r="5"', b'<row r="9"')),
    "a cell with a place that is none": (SHEET, _replacing(rb'<c r="B4"', b'<c r="4B"')),
    "a cell of another row": (SHEET, _replacing(rb'r="B4"', b'r="B5"')),
    "two cells in one place": (SHEET, _replacing(rb'r="F4"', b'r="B4"')),
    "a comment among the rows": (SHEET, _replacing(rb'<row r="5"', b'<!-- x --><row r="5"')),
    "CDATA in a cell": (SHEET, _in_f4(b' t="inlineStr"><is><t><![CDATA[x]]></t></is>')),
    "text among the rows": (SHEET, _replacing(rb'<row r="5"', b'x<row r="5"')),
    "a DTD": (SHEET, _replacing(rb"<worksheet", b'<!DOCTYPE worksheet [<!ENTITY a "b">]><worksheet')),
    "a DTD in the table": (TABLE, _replacing(rb"<table ", b"<!DOCTYPE table []><table ")),
    "a sheet cut off": (SHEET, lambda xml: xml[: len(xml) // 2]),
    "a sheet that is not well-formed at its end": (SHEET, _replacing(rb"</worksheet>", b"</work>")),
    "UTF-16": (SHEET, lambda xml: b'<?xml version="1.0" encoding="UTF-16"?>' + xml),
    "a string that does not exist": (
        SHEET,
        _replacing(rb'<c r="A4".*?</c>', b'<c r="A4" t="s"><v>7</v></c>'),
    ),
}


@pytest.mark.parametrize("why", REFUSED_EDITS)
def test_an_edit_that_leaves_doubt_is_refused(master: bytes, why: str) -> None:
    odd = edited(master, REFUSED_EDITS[why])
    with pytest.raises(PatchRefused) as refusal:
        patched(odd, case(1, owner="新"), case(4))
    assert all(refusal.value.reason.all())


@pytest.mark.parametrize("why", REFUSED_XML)
def test_xml_that_is_not_as_expected_is_refused(master: bytes, why: str) -> None:
    part, change = REFUSED_XML[why]
    odd = rezipped(master, {part: change})
    assert parts(odd)[part] != parts(master)[part]
    with pytest.raises(PatchRefused):
        patched(odd, case(1, owner="新"), case(4))


def test_the_same_case_twice_in_the_changes_is_refused(master: bytes) -> None:
    with pytest.raises(PatchRefused):
        patched(master, case(1), case(1))


def test_an_unknown_column_is_a_programming_error(master: bytes) -> None:
    with pytest.raises(ValueError, match="colour"):
        patched(master, Row("K20261121-001", {"colour": "red"}))


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"not a workbook", b"PK\x03\x04" + b"x" * 100])
def test_what_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(PatchRefused):
        patched(content, case(1))


def test_a_flipped_bit_is_refused(master: bytes) -> None:
    with zipfile.ZipFile(BytesIO(master)) as package:
        entry = package.getinfo(SHEET)
    damaged = bytearray(master)
    damaged[entry.header_offset + 200] ^= 0x10
    with pytest.raises(PatchRefused):
        patched(bytes(damaged), case(1))


CORPUS = (
    Path(os.environ.get("KESU_CORPUS", Path(__file__).resolve().parents[3] / "shared" / "corpus")) / "sheets"
)


def corpus() -> list[Path]:
    return sorted(CORPUS.glob("*.xlsx")) or [Path("no corpus")]


@pytest.mark.parametrize("path", corpus(), ids=lambda path: path.name)
def test_a_strangers_workbook_is_refused_with_a_reason(path: Path) -> None:
    if not path.exists():
        pytest.skip("KESU_CORPUS does not point to the corpus")
    with pytest.raises(PatchRefused):
        patch_master(path.read_bytes(), [case(1)], HANT, SHANGHAI)


# Against a model ------------------------------------------------------------------------------------------------

TEXTS = st.text(max_size=40) | st.sampled_from(["=1", "@", "_x000A_", "]]>", "&amp;"])
UPDATES = st.fixed_dictionaries(
    {},
    optional={
        "owner": TEXTS,
        "description": TEXTS,
        "repair_amount": st.none() | st.decimals(0, 10**8, places=2),
        "lapses": st.none() | st.integers(0, 99),
        "due_at": st.none() | st.datetimes(local(1, 0), local(30, 0), timezones=st.just(SHANGHAI)).map(
            lambda moment: moment.replace(microsecond=0)),
        "incomplete": st.booleans(),
    },
)  # fmt: skip


def as_read(value: Any) -> Any:
    match value:
        case None | False:
            return ""
        case True:
            return "●"
        case Decimal():
            return float(value)
        case datetime():
            return value.replace(tzinfo=None)
        case date():  # calamine reads midnight as a day
            return datetime(value.year, value.month, value.day)  # noqa: DTZ001
        case str():
            return plain_text(value)
    return value


@settings(max_examples=80, deadline=None)
@given(rounds=st.lists(st.dictionaries(st.integers(1, 6), UPDATES, max_size=3), max_size=5))
def test_any_sequence_of_updates_reads_back_as_the_model(rounds: list[dict[int, dict[str, Any]]]) -> None:
    model = {row.key: dict(row.values) for row in (case(1), case(2), case(3))}
    content = THREE_CASES
    for changes in rounds:
        rows = [Row(case(number).key, values) for number, values in changes.items()]
        content = patched(content, *rows)
        for row in rows:
            model.setdefault(row.key, {}).update(row.values)
    found = by_case(content)
    assert list(found) == list(model)
    for number, values in model.items():
        shown = {key: as_read(found[number][OPEN.header(key, HANT)]) for key in values}
        assert shown == {key: as_read(value) for key, value in values.items()}


def test_every_column_key_and_header_is_unique() -> None:
    headers = [name for column in OPEN.columns for name in set(column.header.all())]
    assert len(set(headers)) == len(headers)
    assert len({column.key for column in OPEN.columns}) == len(OPEN.columns)
