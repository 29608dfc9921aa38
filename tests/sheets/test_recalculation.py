"""Excel recalculates a file it saved only if it is asked to: a changed workbook asks, in whatever way it is written."""

import re

import pytest

from sheets.columns import Row
from sheets.feed import write_feed
from sheets.generation import stamped
from sheets.parts import children
from sheets.patch import MasterPlan, carry_out, patch_master
from sheets.registry import ACTIONS
from tests.sheets.cases import HANT, SHANGHAI, action, case, whole_workbook
from tests.sheets.test_patch import parts, rezipped

BOOK = "xl/workbook.xml"
MASTER = whole_workbook()
CHANGED = [Row(case(1).key, {"owner": "新的人"})]
ASKED = b' fullCalcOnLoad="1"'
ORDER = ["sheets", "definedNames", "calcPr", "oleSize", "customWorkbookViews", "pivotCaches", "extLst"]


def with_book(change: bytes | None, *more: tuple[bytes, bytes]) -> bytes:
    """The master with other settings of its calculation, or without any."""

    def rewritten(xml: bytes) -> bytes:
        xml = re.sub(rb"<calcPr[^>]*/>", change or b"", xml).replace(b"<definedNames />", b"")
        for old, new in more:
            assert old in xml
            xml = xml.replace(old, new)
        return xml

    return rezipped(MASTER, {BOOK: rewritten})


def book_after(content: bytes) -> bytes:
    return parts(patch_master(content, CHANGED, HANT, SHANGHAI))[BOOK]


SETTINGS = {
    b'<calcPr calcId="191029"/>': b'<calcPr calcId="191029" fullCalcOnLoad="1"/>',
    b'<calcPr calcId="1" calcMode="manual" />': b'<calcPr calcId="1" calcMode="manual" fullCalcOnLoad="1" />',
    b"<calcPr/>": b'<calcPr fullCalcOnLoad="1"/>',
    b"<calcPr calcId='1'></calcPr>": b"<calcPr calcId='1' fullCalcOnLoad=\"1\"></calcPr>",
    b'<calcPr fullCalcOnLoad="0" calcId="1"/>': b'<calcPr fullCalcOnLoad="1" calcId="1"/>',
    b"<calcPr fullCalcOnLoad = 'false'/>": b"<calcPr fullCalcOnLoad = '1'/>",
    b'<calcPr fullCalcOnLoad="1"/>': b'<calcPr fullCalcOnLoad="1"/>',
    b"<calcPr fullCalcOnLoad='true'/>": b"<calcPr fullCalcOnLoad='true'/>",
}


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_changed_workbook_asks_to_be_calculated_and_nothing_else_of_the_part_changes(
    settings: bytes,
) -> None:
    content = with_book(settings)
    assert book_after(content) == parts(content)[BOOK].replace(settings, SETTINGS[settings])


@pytest.mark.parametrize(
    "behind", [b"", b"<definedNames></definedNames>", b'<oleSize ref="A1"/>', b"<extLst></extLst>"]
)
def test_where_there_are_no_settings_they_are_put_where_they_belong(behind: bytes) -> None:
    content = with_book(None, (b"</sheets>", b"</sheets>" + behind))
    after = book_after(content)
    assert after.replace(b"<calcPr" + ASKED + b"/>", b"") == parts(content)[BOOK]
    names = [child.name for child in children(after, BOOK) if child.name in ORDER]
    assert names == sorted(names, key=ORDER.index)
    assert "calcPr" in names


def test_the_prefix_of_the_open_xml_sdk_and_the_strict_namespace_are_kept() -> None:
    strict = b"http://purl.oclc.org/ooxml/spreadsheetml/main"

    def prefixed(xml: bytes) -> bytes:
        xml = re.sub(rb"<calcPr[^>]*/>", b"", xml)
        xml = re.sub(rb"<(/?)(?=[a-z])", rb"<\1x:", xml).replace(b"xmlns=", b"xmlns:x=")
        return xml.replace(b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", strict)

    after = book_after(rezipped(MASTER, {BOOK: prefixed}))
    assert b"<x:calcPr" + ASKED + b"/>" in after
    assert "calcPr" in [child.name for child in children(after, BOOK)]


def test_settings_of_another_name_space_are_not_taken_for_the_workbooks() -> None:
    other = b'<calcPr xmlns="urn:other" calcId="1"/>'
    after = book_after(with_book(other))
    assert other in after
    assert b"<calcPr" + ASKED + b"/>" in after


def test_every_kind_of_change_asks() -> None:
    quiet = with_book(b'<calcPr calcId="191029"/>')
    removed = carry_out(quiet, MasterPlan(removed=[case(1).key]), HANT, SHANGHAI).content
    fed = write_feed(quiet, ACTIONS, [action(number) for number in (4, 3, 2, 1)], HANT, SHANGHAI)
    assert all(ASKED in parts(content)[BOOK] for content in (removed, fed))


def test_a_workbook_in_which_no_cell_changes_asks_for_nothing() -> None:
    """Excel would ask at closing whether to save, for nothing."""
    quiet = with_book(b'<calcPr calcId="191029"/>')
    assert write_feed(quiet, ACTIONS, [action(number) for number in (3, 2, 1)], HANT, SHANGHAI) is quiet
    assert parts(stamped(quiet, 42))[BOOK] == parts(quiet)[BOOK]


def test_a_workbook_part_in_another_encoding_is_left_as_it_is() -> None:
    def in_utf16(xml: bytes) -> bytes:
        return re.sub(rb"^<\?xml[^>]*>", b"", xml).decode().encode("utf-16")

    content = rezipped(MASTER, {BOOK: in_utf16})
    assert book_after(content) == parts(content)[BOOK]
