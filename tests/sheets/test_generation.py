"""The generation and the site of a workbook, however the program that saved it last writes its properties."""

import re
from io import BytesIO
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from sheets.archive import Archive
from sheets.generation import Stamp, stamp_of, stamped
from sheets.patch import PatchRefused, patch_master
from tests.sheets.cases import HANT, SHANGHAI, case, master_of, whole_workbook
from tests.sheets.test_patch import edited, parts, rezipped

CUSTOM = "docProps/custom.xml"
MASTER = whole_workbook()


def by_xlsxwriter(**properties: Any) -> bytes:
    stream = BytesIO()
    book = xlsxwriter.Workbook(stream)
    book.add_worksheet()
    for name, value in properties.items():
        book.set_custom_property(name, value)
    book.close()
    return stream.getvalue()


def as_written(properties: str) -> bytes:
    """The master with that part of properties."""
    return rezipped(MASTER, {CUSTOM: lambda _: properties.encode()})


CUSTOM_NS = "http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"
TYPES_NS = "http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n'
FMTID = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"

# Each part with its cause.
SPELLINGS = {
    "Excel": HEAD + f'<Properties xmlns="{CUSTOM_NS}" xmlns:vt="{TYPES_NS}">'
    f'<property fmtid="{FMTID}" pid="2" name="KesuGeneration"><vt:i4>41</vt:i4></property>'
    f'<property fmtid="{FMTID}" pid="3" name="KesuSite"><vt:lpwstr>台中店</vt:lpwstr></property></Properties>',
    "edited in Excel's dialog: a number becomes a double, another property stands first": HEAD
    + f'<Properties xmlns="{CUSTOM_NS}" xmlns:vt="{TYPES_NS}">'
    f'<property fmtid="{FMTID}" pid="2" name="Owner"><vt:lpwstr>KesuGeneration</vt:lpwstr></property>'
    f'<property fmtid="{FMTID}" pid="3" name="KesuSite"><vt:lpwstr>台中店</vt:lpwstr></property>'
    f'<property fmtid="{FMTID}" pid="4" name="KesuGeneration"><vt:r8>41</vt:r8></property></Properties>',
    "the Open XML SDK: every element with a prefix, declared where it is used": HEAD
    + f'<op:Properties xmlns:op="{CUSTOM_NS}"><op:property name="KesuGeneration" pid="2" fmtid="{FMTID}">'
    f'<v:int xmlns:v="{TYPES_NS}">41</v:int></op:property><op:property pid="3" name="KesuSite" fmtid="{FMTID}">'
    f'<v:lpwstr xmlns:v="{TYPES_NS}">台中店</v:lpwstr></op:property></op:Properties>',
    "no prefix, single quotes, white space": f"<Properties xmlns='{CUSTOM_NS}'>\n  <property pid='2'\n "
    f"name='kesugeneration' fmtid='{FMTID}' >\n    <i4 xmlns='{TYPES_NS}'> 41 </i4>\n  </property>\n"
    "  <property name='KesuSite' pid='3'>"
    f"<bstr xmlns='{TYPES_NS}'>台中店</bstr></property>\n</Properties>",
    "typed as text, coded": f'<Properties xmlns="{CUSTOM_NS}" xmlns:vt="{TYPES_NS}"><property name="KesuGeneration">'
    "<vt:lpwstr>&#52;1</vt:lpwstr></property><property name=\"KesuSite\"><vt:lpstr>台&#20013;店</vt:lpstr></property>"
    "</Properties>",
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Unknown type")  # openpyxl knows fewer types of text
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_stamp_is_read_and_written_in_any_spelling(spelling: str) -> None:
    content = as_written(SPELLINGS[spelling])
    assert stamp_of(content) == stamp_of(Archive(content)) == Stamp(41, "台中店")
    out = stamped(content, 42)
    assert stamp_of(out) == Stamp(42, "台中店")
    before, after = parts(content), parts(out)
    assert {name for name in before if before[name] != after[name]} == {CUSTOM}
    found = {one.name: one.value for one in openpyxl.load_workbook(BytesIO(out)).custom_doc_props.props}
    assert next(value for name, value in found.items() if name.casefold() == "kesugeneration") == 42


def test_a_stamp_of_our_own_drawing_goes_through_any_number_of_writings() -> None:
    content = MASTER
    for generation in (42, 43, 1_000, 2**31 - 1, 0):
        content = patch_master(stamped(content, generation), [case(1, owner=str(generation))], HANT, SHANGHAI)
        assert stamp_of(content) == Stamp(generation, "台中店")
    assert stamped(content, 7) == stamped(stamped(content, 9), 7)


def test_openpyxl_and_xlsxwriter_keep_and_make_it() -> None:
    saved = edited(MASTER, lambda book: book.worksheets[0].__setitem__("AB1", "x"))
    made = by_xlsxwriter(Zebra="z", KesuGeneration=41, KesuSite="台中店", Approved=True)
    for content in (saved, made):
        assert stamp_of(content) == Stamp(41, "台中店")
        assert stamp_of(stamped(content, 42)) == Stamp(42, "台中店")
    assert b"<vt:bool>true</vt:bool>" in parts(stamped(made, 42))[CUSTOM]


def test_libreoffice_saves_it_and_opens_what_is_stamped(office: Any) -> None:
    saved = office({"master": stamped(MASTER, 42)}, "xlsx")["master"]
    assert stamp_of(saved) == Stamp(42, "台中店")
    again = office({"master": stamped(saved, 43)}, "xlsx")["master"]
    assert stamp_of(again) == Stamp(43, "台中店")


def without_property(name: str) -> bytes:
    pattern = rb"<property[^>]*?name=\"" + name.encode() + rb'".*?</property>'
    return rezipped(MASTER, {CUSTOM: lambda xml: re.sub(pattern, b"", xml)})


RELS, TYPES = "_rels/.rels", "[Content_Types].xml"


def changed_parts(before: bytes, after: bytes) -> set[str]:
    one, other = parts(before), parts(after)
    return {name for name in one | other if one.get(name) != other.get(name)}


@pytest.mark.parametrize("generation", [0, 5, 2**31 - 1])
def test_a_stamp_that_a_program_dropped_is_put_back(generation: int) -> None:
    content = master_of(1)
    assert stamp_of(content) == Stamp(None, None)
    out = stamped(content, generation, '台中 <店> & "co"')
    assert stamp_of(out) == Stamp(generation, '台中 <店> & "co"')
    assert changed_parts(content, out) == {CUSTOM, RELS, TYPES}
    found = {one.name: one.value for one in openpyxl.load_workbook(BytesIO(out)).custom_doc_props.props}
    assert found == {"KesuGeneration": generation, "KesuSite": '台中 <店> & "co"'}
    assert stamp_of(stamped(stamped(content, generation), 7)) == Stamp(7, None)
    assert changed_parts(out, stamped(out, 9, "另一個店")) == {CUSTOM}
    assert stamp_of(stamped(out, 9, "另一個店")).site == stamp_of(out).site


def test_other_properties_stay_beside_the_stamp_that_is_put_back() -> None:
    """Their numbers have gaps, and ours take none that is taken."""
    made = by_xlsxwriter(Zebra="z", Approved=True, Count=3)
    out = stamped(made, 42, "台中店")
    assert stamp_of(out) == Stamp(42, "台中店")
    assert changed_parts(made, out) == {CUSTOM}
    before, xml = parts(made)[CUSTOM], parts(out)[CUSTOM]
    assert xml.startswith(before.removesuffix(b"</Properties>"))
    numbers = re.findall(rb'pid="([0-9]+)"', xml)
    assert len(numbers) == len(set(numbers)) == 5
    assert b"0" not in numbers
    assert b"1" not in numbers


@pytest.mark.parametrize(
    "properties",
    [
        f'<Properties xmlns="{CUSTOM_NS}"/>',
        f'<?xml version="1.0"?><op:Properties xmlns:op="{CUSTOM_NS}"></op:Properties>\n',
        f'<op:Properties xmlns:op="{CUSTOM_NS}" ><op:property name="A" pid="2"/></op:Properties >',
    ],
    ids=["empty", "prefixed", "prefixed, with another"],
)
def test_a_stamp_goes_into_any_part_of_properties(properties: str) -> None:
    content = as_written(properties)
    assert stamp_of(stamped(content, 42, "台中店")) == Stamp(42, "台中店")


def test_a_part_that_nothing_points_to_is_left_alone() -> None:
    orphaned = rezipped(
        MASTER, {RELS: lambda xml: re.sub(rb"<Relationship [^>]*custom-properties[^>]*/>", b"", xml)}
    )
    out = stamped(orphaned, 42)
    assert stamp_of(out) == Stamp(42, None)
    assert changed_parts(orphaned, out) == {"docProps/custom1.xml", RELS, TYPES}


def test_a_strict_workbook_gets_its_own_kind_of_properties() -> None:
    strict = rezipped(
        master_of(1),
        {
            RELS: lambda xml: xml.replace(
                b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
                b"http://purl.oclc.org/ooxml/officeDocument/relationships",
            )
        },
    )
    out = stamped(strict, 42, "台中店")
    assert stamp_of(out) == Stamp(42, "台中店")
    assert b"openxmlformats.org/officeDocument" not in parts(out)[CUSTOM]
    assert b"relationships/customProperties" in parts(out)[RELS]


def test_libreoffice_keeps_a_stamp_that_was_put_back(office: Any) -> None:
    saved = office({"master": stamped(master_of(1), 42, "台中店")}, "xlsx")["master"]
    assert stamp_of(saved) == Stamp(42, "台中店")


def test_a_property_of_our_name_that_holds_no_number_is_left_alone() -> None:
    content = by_xlsxwriter(KesuGeneration=True)
    assert stamp_of(content) == Stamp(None, None)
    assert stamped(content, 5) is content


def test_a_workbook_without_its_site_still_counts() -> None:
    assert stamp_of(stamped(without_property("KesuSite"), 42)) == Stamp(42, None)
    assert stamp_of(stamped(without_property("KesuSite"), 42, "台中店")) == Stamp(42, "台中店")
    assert stamp_of(stamped(without_property("KesuGeneration"), 42, "高雄店")) == Stamp(42, "台中店")


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "NaN", "Infinity", "1e99", "99999999999", "４１x"])
def test_a_number_that_is_none_is_not_known_and_is_mended(text: str) -> None:
    content = as_written(SPELLINGS["Excel"].replace(">41<", f">{text}<"))
    assert stamp_of(content) == Stamp(None, "台中店")
    assert stamp_of(stamped(content, 42)) == Stamp(42, "台中店")


def test_an_empty_element_is_filled() -> None:
    content = as_written(SPELLINGS["Excel"].replace("<vt:i4>41</vt:i4>", "<vt:lpwstr/>"))
    assert stamp_of(stamped(content, 42)) == Stamp(42, "台中店")


def test_a_part_in_another_encoding_is_read_and_left_alone() -> None:
    text = SPELLINGS["Excel"].replace("UTF-8", "UTF-16")
    content = rezipped(MASTER, {CUSTOM: lambda _: text.encode("utf-16")})
    assert stamp_of(content) == Stamp(41, "台中店")
    assert stamped(content, 42) is content


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "<Properties>",
        '<!DOCTYPE x [<!ENTITY a "41">]><Properties><property name="KesuSite"><i4>&a;</i4></property></Properties>',
    ],
)
def test_damaged_properties_are_refused(broken: str) -> None:
    with pytest.raises(PatchRefused):
        stamp_of(as_written(broken))
    with pytest.raises(PatchRefused):
        stamped(as_written(broken), 1)


@pytest.mark.parametrize("generation", [-1, 2**31])
def test_a_generation_that_no_property_can_hold_is_a_programming_error(generation: int) -> None:
    with pytest.raises(ValueError, match="generation"):
        stamped(MASTER, generation)


@given(
    site=st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]), max_size=30),
    number=st.integers(0, 2**31 - 1),
)
def test_any_site_and_any_number_come_back(site: str, number: int) -> None:
    stamp = stamp_of(stamped(by_xlsxwriter(KesuSite=site, KesuGeneration=1), number))
    assert stamp == Stamp(number, site)
