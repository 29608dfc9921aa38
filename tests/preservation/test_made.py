"""Workbooks made as managers make them: whatever stands on the sheet of our table and beside it survives each patch."""

from collections.abc import Callable, Mapping
from functools import cache
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from sheets.columns import CellValue
from sheets.generation import Stamp, stamp_of, stamped
from sheets.patch import PatchRefused, patch_master
from sheets.registry import OPEN
from tests.preservation import adding, drawing
from tests.preservation.comparing import Expected, differences
from tests.preservation.conftest import EVERYTHING, Office
from tests.preservation.grafting import LOCALE, key_of
from tests.preservation.opinions import opinions
from tests.preservation.packages import Package
from tests.preservation.patching import ADDED, CHANGES, PATCHES, REMOVED, SHANGHAI, Patched, all_at_once
from tests.preservation.validating import Validator, new_complaints

MADE: dict[str, Callable[[], bytes]] = {
    "everything.xlsm": drawing.everything,
    "everything with totals.xlsx": lambda: drawing.everything(totals=True, macros=False),
    "plain.xlsx": drawing.plain,
    "plain with totals.xlsx": lambda: drawing.plain(totals=True),
    "counted from 1904.xlsx": lambda: drawing.plain(from_1904=True),
    "slicers and pivot.xlsx": adding.with_slicers_and_pivot,
    "pivot of an area.xlsx": lambda: adding.with_slicers_and_pivot(source_by_area=True),
    "threads and controls.xlsx": adding.with_threads_and_controls,
    "openpyxl.xlsx": drawing.by_openpyxl,
    "volatile formulas as Excel marks them.xlsx": adding.with_volatile_formulas_marked,
}
# LibreOffice's own way of writing workbooks, with what it keeps of the features.
RESAVED = ("everything with totals.xlsx", "plain.xlsx", "counted from 1904.xlsx", "openpyxl.xlsx")
_CALCULATED_ANEW = OPEN.header("remaining", LOCALE)  # NOW(), at each opening

Sheets = dict[str, list[list[object]]]


@cache
def made(name: str) -> bytes:
    return MADE[name]()


@cache
def patched(name: str, patch: str) -> Patched:
    return PATCHES[patch](made(name))


@pytest.fixture(scope="module")
def resaved(office: Office) -> dict[str, bytes]:
    return office({name: made(name) for name in RESAVED}, "xlsx")


@pytest.mark.parametrize("patch", PATCHES)
@pytest.mark.parametrize("name", MADE)
def test_nothing_but_the_table_changes(name: str, patch: str) -> None:
    after, expected = patched(name, patch)
    assert differences(made(name), after, expected) == []


@pytest.mark.parametrize("name", MADE)
def test_other_readers_see_the_same(name: str) -> None:
    for patch in PATCHES:
        seen = opinions(made(name), patched(name, patch)[0])
        assert seen == {"calamine": [], "openpyxl": []}, patch


@pytest.mark.parametrize("name", MADE)
def test_the_validator_finds_nothing_new(name: str, validator: Validator) -> None:
    patches = PATCHES if EVERYTHING else ("all at once",)
    asked = [made(name), *(patched(name, patch)[0] for patch in patches)]
    before, *after = validator.all_complaints([(content, name) for content in asked])
    for patch, complaints in zip(patches, after, strict=True):
        assert new_complaints(before, complaints) == [], patch


def test_what_we_make_by_hand_is_as_excel_writes_it(validator: Validator) -> None:
    """A workbook that the SDK finds wrong before any patch would prove little about Excel's."""
    names = [name for name in MADE if name != "openpyxl.xlsx"]  # openpyxl orders a font's parts its own way
    asked = validator.all_complaints([(made(name), name) for name in names])
    assert {name: dict(found) for name, found in zip(names, asked, strict=True)} == {
        name: {} for name in names
    }


@pytest.mark.parametrize("name", MADE)
def test_a_stamp_put_into_any_workbook_is_as_excel_writes_it(name: str, validator: Validator) -> None:
    content = made(name)
    out = stamped(content, 42, "台中店")
    assert stamp_of(out) == Stamp(42, "台中店")
    one, other = Package(content), Package(out)
    assert {part for part in other.entries if part not in one.entries or one.read(part) != other.read(part)} <= {
        "docProps/custom.xml", "_rels/.rels", "[Content_Types].xml"
    }  # fmt: skip
    assert opinions(content, out) == {"calamine": [], "openpyxl": []}
    before, after = validator.all_complaints([(content, name), (out, name)])
    assert new_complaints(before, after) == []


@pytest.mark.parametrize("patch", PATCHES)
@pytest.mark.parametrize("name", RESAVED)
def test_a_copy_saved_by_libreoffice_is_patched_as_well(
    name: str, patch: str, resaved: Mapping[str, bytes]
) -> None:
    after, expected = PATCHES[patch](resaved[name])
    assert differences(resaved[name], after, expected) == []


@pytest.mark.parametrize("patch", PATCHES)
def test_our_own_master_is_patched_whoever_saved_it_last(
    patch: str, office: Office, validator: Validator
) -> None:
    master = drawing.own_master()
    for content in (master, office({"master.xlsx": master}, "xlsx")["master.xlsx"]):
        after, expected = PATCHES[patch](content)
        assert differences(content, after, expected) == []
        assert opinions(content, after) == {"calamine": [], "openpyxl": []}
        before, now = validator.all_complaints([(content, "a.xlsx"), (after, "b.xlsx")])
        assert new_complaints(before, now) == []


def test_libreoffice_shows_the_same_values_but_for_the_changes(office: Office) -> None:
    opened = office({name: made(name) for name in MADE}, "xlsx")
    reopened = office({name: patched(name, "all at once")[0] for name in MADE}, "xlsx")
    for name in MADE:
        compare_as_shown(name, _sheets(opened[name]), _sheets(reopened[name]), all_at_once(made(name))[1])


def compare_as_shown(name: str, before: Sheets, after: Sheets, expected: Expected) -> None:
    """Compare what LibreOffice shows, sheet by sheet: our table by case, all else cell by cell."""
    assert list(after) == list(before), name
    ours = next(title for title, grid in before.items() if _header_row(grid) is not None)
    old, new = _cases(before[ours]), _cases(after[ours])
    changes = {row.key: row.values for row in (*expected.changes, *expected.added)}
    gone = expected.removed - expected.kept
    assert list(new) == [*(key for key in old if key not in gone), *(row.key for row in expected.added)], name
    for key, cells in new.items():
        written = {OPEN.header(column, LOCALE): value for column, value in changes.get(key, {}).items()}
        for header, shown in cells.items():
            if header in written:
                assert shown == _as_read(written[header]), (name, key, header)
            elif key in old and header not in (_CALCULATED_ANEW, drawing.OWN_FORMULA):
                assert shown == old[key][header], (name, key, header)
        amount = float(str(cells[OPEN.header("repair_amount", LOCALE)] or 0))
        # LibreOffice calculates where it sees a need; openpyxl's table fills in no formula by itself.
        kept = old[key][drawing.OWN_FORMULA] if key in old else ""
        assert cells[drawing.OWN_FORMULA] in (kept, pytest.approx(0.3 * amount)), (name, key)
    _compare_beside(name, before, after, ours)


def _compare_beside(name: str, before: Sheets, after: Sheets, ours: str) -> None:
    """Sheets that calculate from the table show other sums, so only the texts that stand there are compared.

    The pivot table's sheet is filled anew from the changed table.
    """
    for title, grid in before.items():
        if "pivot" in name and title != ours:
            continue
        for row, (one, other) in enumerate(zip(grid, after[title], strict=False)):
            top = _header_row(grid)
            if title == ours and top is not None and row > top:
                continue
            for place, (was, now) in enumerate(zip(one, other, strict=False)):
                if isinstance(was, str):
                    assert was == now, (name, title, row, place)


def _sheets(content: bytes) -> Sheets:
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def _header_row(grid: list[list[object]]) -> int | None:
    return next((at for at, row in enumerate(grid) if drawing.OWN_TEXT in row), None)


def _cases(grid: list[list[object]]) -> dict[str, dict[str, object]]:
    top = _header_row(grid)
    assert top is not None
    headers = {place: str(text) for place, text in enumerate(grid[top]) if text in drawing.HEADERS}
    rows = [{header: row[place] for place, header in headers.items()} for row in grid[top + 1 :]]
    key = OPEN.header(OPEN.key_column, LOCALE)
    return {str(row[key]): row for row in rows if str(row[key]).startswith("K2026")}


def _as_read(value: CellValue) -> object:
    if value is None:
        return ""
    if hasattr(value, "tzinfo"):
        return value.replace(tzinfo=None)
    return value if isinstance(value, str) else pytest.approx(float(value))


def test_a_row_that_something_depends_on_is_emptied_and_not_closed_up() -> None:
    """Charts, names and sparklines name the rows below one by one."""
    assert patched("everything.xlsm", "shrunk")[1].cleared == REMOVED
    assert not patched("plain.xlsx", "shrunk")[1].cleared


def test_a_row_with_an_answered_comment_is_kept() -> None:
    """Emptied, it would hand the comment to another case; the reason is said in three languages."""
    assert patched("threads and controls.xlsx", "shrunk")[1].kept == REMOVED


def test_the_macros_are_the_bytes_they_were() -> None:
    before, after = (
        Package(content).packed("xl/vbaProject.bin")
        for content in (made("everything.xlsm"), patched("everything.xlsm", "all at once")[0])
    )
    assert before == after


def test_something_below_the_table_refuses_new_cases_before_a_byte_is_written() -> None:
    with pytest.raises(PatchRefused) as refused:
        patch_master(drawing.plain(below="小計"), ADDED, LOCALE, SHANGHAI)
    assert len(set(refused.value.reason.all())) == 3


def test_the_cases_of_the_patches_stand_in_what_we_make() -> None:
    """The suite would prove nothing if the changed cases were new ones."""
    keys = {key_of(number) for number in range(1, drawing.ROWS + 1)}
    assert {row.key for row in CHANGES} | REMOVED <= keys
    assert not {row.key for row in ADDED} & keys
