"""The suite's own judges can say no: each kind of damage a patch could do is done here on purpose, and named."""

import re
from collections.abc import Callable, Mapping

import pytest
from openpyxl.utils import get_column_letter

from sheets.registry import OPEN
from tests.preservation import drawing
from tests.preservation.comparing import Expected, differences
from tests.preservation.grafting import LOCALE, beneath, key_of, on_its_own_sheet, rows_from
from tests.preservation.opinions import opinions
from tests.preservation.packages import NotAWorkbook, Package
from tests.preservation.patching import PATCHES, all_at_once
from tests.preservation.tables import CaseSheet
from tests.preservation.validating import Validator, new_complaints

BEFORE = drawing.everything()
AFTER, EXPECTED = all_at_once(BEFORE)
SHEET, TABLE, BOOK = "xl/worksheets/sheet1.xml", "xl/tables/table1.xml", "xl/workbook.xml"
BESIDE = get_column_letter(
    len(OPEN.columns) + 6
)  # a formula behind our columns and those that managers added
Damage = Callable[[bytes], bytes]


def swapped(old: str, new: str, times: int = 1) -> Damage:
    """Replace bytes that must be there."""

    def damage(xml: bytes) -> bytes:
        assert old.encode() in xml, old
        return xml.replace(old.encode(), new.encode(), times)

    return damage


def matched(pattern: str, new: str) -> Damage:
    """Replace the first match of a pattern that must be there."""

    def damage(xml: bytes) -> bytes:
        changed, times = re.subn(pattern.encode(), new.encode(), xml, count=1, flags=re.DOTALL)
        assert times, pattern
        return changed

    return damage


def damaged(changes: Mapping[str, Damage]) -> bytes:
    package = Package(AFTER)
    return package.rewritten({part: damage(package.read(part)) for part, damage in changes.items()})


DAMAGES: dict[str, tuple[str, Damage, str]] = {
    "a chart loses its colour": ("xl/charts/chart1.xml", swapped("<c:chart>", "<c:chart >"), "has other bytes"),
    "a picture is packed anew": ("xl/media/image1.png", lambda png: png + b"\0", "has other bytes"),
    "a note says something else": ("xl/comments1.xml", swapped("老闆", "董事"), "comments1.xml has other bytes"),
    "the styles are counted anew": ("xl/styles.xml", swapped("FFFFFF00", "FFFFFF01"), "styles.xml has other"),
    "the workbook loses a name": (BOOK, matched("<definedName .*?</definedName>", ""), "workbook.xml has other"),
    "a pane is thawed": (SHEET, matched("<pane [^>]*/>", ""), "other bytes before its rows"),
    "a validation is lost": (SHEET, matched("<dataValidation .*?</dataValidation>", ""), "bytes after its rows"),
    "a sparkline is lost": (SHEET, matched("<x14:sparkline>.*?</x14:sparkline>", ""), "bytes after its rows"),
    "a data bar is lost": (SHEET, matched("<x14:cfRule .*?</x14:cfRule>", ""), "bytes after its rows"),
    "a link is lost": (SHEET, matched("<hyperlink .*?/>", ""), "bytes after its rows"),
    "a title changes": (SHEET, matched('(<c r="J1"[^>]*>)<f>', r"\1<f> "), "row 1 has other bytes"),
    "a row comes into being": (SHEET, swapped("</sheetData>", '<row r="900"/></sheetData>'), "row 900 is new"),
    "a hidden row shows": (SHEET, swapped(' hidden="1"', ""), ""),
    "a formula beside is lost": (SHEET, matched(rf'(<c r="{BESIDE}7"[^>]*>)<f>.*?</f>', r"\1"), "beside the table"),
    "a manager's cell changes": (SHEET, matched(r'(<c r="C7"[^>]*>)<v>\d+</v>', r"\1<v>0</v>"), ""),
    "a cell loses its look": (SHEET, matched(r'<c r="E7" s="\d+"', '<c r="E7" s="0"'), "looks different"),
    "a date is not written": (SHEET, matched(r'(<c r="E7"[^>]*>)<v>[\d.]+</v>', r"\1<v>1</v>"), "shows"),
    "a text becomes a formula": (SHEET, matched(r'(<c r="\w+7"[^>]*) t="inlineStr"><is>.*?</is>', r"\1><f>1</f>"), ""),
    "the table does not grow": (TABLE, matched(r'ref="B5:(\w+?)\d+"', r'ref="B5:\g<1>11"'), ""),
    "the filter does not grow": (TABLE, matched(r'(<autoFilter ref="B5:\w+?)\d+"', r'\g<1>11"'), "the filter"),
    "the table's formula is lost": (TABLE, matched("<calculatedColumnFormula>.*?</calculatedColumnFormula>", ""), ""),
}  # fmt: skip


def test_an_honest_patch_passes() -> None:
    assert differences(BEFORE, AFTER, EXPECTED) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damage_is_named(damage: str) -> None:
    part, change, said = DAMAGES[damage]
    found = differences(BEFORE, damaged({part: change}), EXPECTED)
    assert found
    assert any(said in one for one in found), found


@pytest.mark.parametrize("patch", PATCHES)
def test_a_patch_that_does_nothing_is_named(patch: str) -> None:
    _, expected = PATCHES[patch](BEFORE)
    assert differences(BEFORE, BEFORE, expected)


def test_a_lost_part_is_named() -> None:
    package = Package(AFTER)
    del package.entries["xl/drawings/drawing1.xml"]
    assert "xl/drawings/drawing1.xml is gone" in differences(BEFORE, package.rewritten({}), EXPECTED)


def test_a_part_more_is_named() -> None:
    more = Package(AFTER).rewritten({"xl/more.xml": b"<x/>"})
    assert "the parts stand in another order, or there are new ones" in differences(BEFORE, more, EXPECTED)


def test_a_workbook_that_asks_for_more_than_to_be_calculated_is_named() -> None:
    """`fullCalcOnLoad` is the one change of the workbook part that a patch has reason to make."""
    asked = damaged(
        {BOOK: matched("<calcPr ([^>]*)/>", r'<calcPr fullCalcOnLoad="1" \1 calcMode="manual"/>')}
    )
    assert "xl/workbook.xml has other bytes" in differences(BEFORE, asked, EXPECTED)


def test_formulas_that_stay_behind_when_their_row_moves_are_named() -> None:
    before = drawing.plain()
    after, expected = PATCHES["shrunk"](before)
    package = Package(after)
    stayed = package.read(SHEET).replace(b"ISNUMBER(E8)", b"ISNUMBER(E9)")
    found = differences(before, package.rewritten({SHEET: stayed}), expected)
    assert any(OPEN.header("remaining", LOCALE) in one for one in found), found


def test_the_other_readers_say_what_they_see_differently() -> None:
    shared = "xl/sharedStrings.xml"
    other = damaged({shared: swapped("此檔", "此件") if "此檔".encode() in Package(AFTER).read(shared) else swapped(
        "說明", "說明書")})  # fmt: skip
    assert all(opinions(BEFORE, other).values())


def test_the_other_readers_say_that_they_cannot_read_it_any_more() -> None:
    broken = damaged({"xl/sharedStrings.xml": lambda xml: xml[: len(xml) // 2]})
    seen = opinions(BEFORE, broken)
    assert seen["openpyxl"] == ["it cannot be read any more"]
    assert seen["calamine"]


def test_readers_that_never_could_read_it_are_no_witnesses() -> None:
    broken = damaged({"xl/sharedStrings.xml": lambda xml: xml[: len(xml) // 2]})
    assert opinions(broken, broken) == {"calamine": None, "openpyxl": None}


@pytest.mark.parametrize(
    "change",
    [
        matched('<c r="B6"', '<c q="1" r="B6"'),
        matched("<sheetData>", "<sheetDada/><sheetData>"),
        matched(r'(<row r="6"[^>]*>)', r"\1<v>1</v>"),
    ],
)
def test_the_validator_finds_what_is_new(change: Damage, validator: Validator) -> None:
    asked = [(BEFORE, "book.xlsm"), (damaged({SHEET: change}), "book.xlsm")]
    before, after = validator.all_complaints(asked)
    assert new_complaints(before, after)
    assert not new_complaints(after, after)


def test_a_graft_leaves_the_strangers_parts_alone() -> None:
    original = drawing.plain(sheets=2)
    renamed = Package(original)
    stranger = renamed.rewritten({TABLE: renamed.read(TABLE).replace(OPEN.table.encode(), b"Other")})
    before = Package(stranger)
    for graft in (on_its_own_sheet, beneath):
        grafted = graft(stranger)
        after = Package(grafted.content)
        touched = {name for name in before.entries if before.packed(name) != after.packed(name)}
        assert SHEET not in touched or graft is beneath
        assert touched <= {"[Content_Types].xml", BOOK, "xl/_rels/workbook.xml.rels", SHEET,
                           "xl/worksheets/_rels/sheet1.xml.rels"}  # fmt: skip
        assert set(CaseSheet(grafted.content).keys()) == {key_of(number) for number in range(1, 7)}


def test_what_is_no_workbook_is_not_grafted() -> None:
    for content in (b"", b"PK\x03\x04", Package(BEFORE).rewritten({BOOK: b"<x"})):
        with pytest.raises(NotAWorkbook):
            on_its_own_sheet(content)


def test_grafted_rows_name_their_own_cells() -> None:
    assert rows_from(9).count('r="A9"') == 1
    grafted = beneath(
        Package(BEFORE).rewritten({TABLE: Package(BEFORE).read(TABLE).replace(b"KesuCases", b"Other")})
    )
    assert differences(grafted.content, grafted.content, Expected()) == []
