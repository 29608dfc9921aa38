"""Rows of ours go: closed up where nothing minds, else emptied, else kept; managers' work beside them stands."""

import re
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.workbook.defined_name import DefinedName

from sheets.patch import MasterPlan, PatchRefused, carry_out, patch_master
from sheets.removal import remove_rows
from tests.sheets.cases import BESIDE, HANT, LAST, SHANGHAI, case, master_of
from tests.sheets.test_oddities import with_totals
from tests.sheets.test_patch import SHEET, TABLE, by_case, edited, parts, rezipped

FIVE = master_of(*range(1, 6))


def key(number: int) -> str:
    return case(number).key


def sheet_of(content: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(content)).worksheets[0]


def test_a_removed_row_leaves_no_gap() -> None:
    outcome = remove_rows(FIVE, [key(2), key(4)], HANT)
    sheet, old = sheet_of(outcome.content), sheet_of(FIVE)
    assert (outcome.cleared, outcome.kept) == ((), {})
    assert list(by_case(outcome.content)) == [key(1), key(3), key(5)]
    assert sheet.tables["KesuCases"].ref == sheet.tables["KesuCases"].autoFilter.ref == f"A3:{LAST}6"
    for row, was in ((4, 4), (5, 6), (6, 8)):
        assert sheet[f"H{row}"].value == old[f"H{was}"].value.replace(f"G{was}", f"G{row}")
        for one, other in zip(sheet[row], old[was], strict=True):
            assert one.style_id == other.style_id
            assert one.value == other.value or one.column_letter == "H"
    assert [row for row in sheet.iter_rows(min_row=7) if any(cell.value for cell in row)] == []
    assert [one.sqref for one in old.conditional_formatting] == [
        one.sqref for one in sheet.conditional_formatting
    ]


@pytest.mark.parametrize("mark", [b' ca="1"', b' aca="false"', b' aca="true" ca="true"'])
def test_a_formula_goes_along_whatever_attributes_a_program_gave_it(mark: bytes) -> None:
    """Excel marks NOW() as to be calculated always, LibreOffice every formula: left behind, it reads another case."""
    marked = rezipped(FIVE, {SHEET: lambda xml: xml.replace(b"<f>", b"<f%s>" % mark)})
    after = parts(remove_rows(marked, [key(2)], HANT).content)[SHEET]
    formulas = re.findall(rb'<c r="H(\d)"[^>]*><f([^>]*)>([^<]*)<', after)
    assert [row for row, _, _ in formulas] == [b"4", b"5", b"6", b"7"]
    for row, attributes, formula in formulas:
        assert attributes == mark
        assert set(re.findall(rb"G(\d)", formula)) == {row}


def test_a_case_that_is_not_there_changes_nothing() -> None:
    assert remove_rows(FIVE, ["K0"], HANT).content == FIVE


def test_the_last_rows_of_all_are_emptied_and_used_again() -> None:
    outcome = remove_rows(FIVE, [key(number) for number in range(1, 6)], HANT)
    assert len(outcome.cleared) == 5
    assert by_case(outcome.content) == {}
    again = patch_master(outcome.content, [case(9)], HANT, SHANGHAI)
    assert sheet_of(again)["A4"].value == key(9)


def formula_beside(book: Any) -> None:
    book.worksheets[0][f"{BESIDE}1"] = "=M6*2"


def formula_in_another_sheet(book: Any) -> None:
    book.create_sheet("分析")["A1"] = "=SUM(未結案件!R5:R7)"


def name_of_a_cell(book: Any) -> None:
    book.defined_names["重要"] = DefinedName("重要", attr_text="未結案件!$F$7")


def chart_of_some_rows(book: Any) -> None:
    chart = openpyxl.chart.BarChart()
    chart.add_data(openpyxl.chart.Reference(book.worksheets[0], min_col=18, min_row=5, max_row=8))
    book.worksheets[0].add_chart(chart, "AD3")


def comment_below(book: Any) -> None:
    book.worksheets[0]["F7"].comment = Comment("老闆看過", "總經理")


def format_of_one_row(book: Any) -> None:
    rule = openpyxl.formatting.rule.CellIsRule(operator="greaterThan", formula=["1"])
    book.worksheets[0].conditional_formatting.add("R7:R7", rule)


def note_beside_a_row(book: Any) -> None:
    book.worksheets[0][f"{BESIDE}7"] = "別的事"


def formula_on_another_row(book: Any) -> None:
    book.worksheets[0]["M8"] = "=R7"


IN_THE_WAY = [
    formula_beside, formula_in_another_sheet, name_of_a_cell, chart_of_some_rows, comment_below, format_of_one_row,
    note_beside_a_row, formula_on_another_row,
]  # fmt: skip


@pytest.mark.parametrize("edit", IN_THE_WAY, ids=lambda edit: edit.__name__)
def test_where_something_depends_on_the_rows_they_stay_and_one_is_emptied(edit: Any) -> None:
    content = edited(FIVE, edit)
    outcome = remove_rows(content, [key(2)], HANT)
    assert outcome.cleared == (key(2),)
    before, after = parts(content), parts(outcome.content)
    assert {name for name in before if before[name] != after[name]} == {SHEET}
    new, old = sheet_of(outcome.content), sheet_of(content)
    for row in old.iter_rows(min_row=4):
        for cell in row:
            shown = new[cell.coordinate].value
            assert shown == (None if cell.row == 5 and cell.column <= 25 else cell.value)
            assert new[cell.coordinate].style_id == cell.style_id


def whole_column(book: Any) -> None:
    book.create_sheet("分析")["A1"] = "=SUM(未結案件!R1:R9999)+COUNTA(未結案件!A:A)+SUM(KesuCases[維修金額])"
    book["未結案件"][f"{BESIDE}1"] = '=COUNTIF(F3:F8,"售後總監")&"R7"'


def test_what_spans_all_rows_lets_them_close_up() -> None:
    outcome = remove_rows(edited(FIVE, whole_column), [key(2)], HANT)
    assert outcome.cleared == ()
    assert list(by_case(outcome.content)) == [key(1), key(3), key(4), key(5)]


def test_a_row_with_a_comment_stays_with_the_reason() -> None:
    def note(book: Any) -> None:
        book.worksheets[0]["F5"].comment = Comment("等總經理", "總經理")

    content = edited(FIVE, note)
    outcome = remove_rows(content, [key(2), key(3)], HANT)
    assert set(outcome.kept) == {key(2)}
    assert all(outcome.kept[key(2)].all())
    assert outcome.cleared == (key(3),)
    assert by_case(outcome.content)[key(2)] == by_case(content)[key(2)]


def test_the_totals_row_moves_up() -> None:
    outcome = remove_rows(with_totals(), [key(2)], HANT)
    sheet = sheet_of(outcome.content)
    assert [sheet.cell(row, 1).value for row in range(1, 6)] == ["案件編號", key(1), key(3), "合計", None]
    assert (sheet.tables["KesuCases"].ref, sheet.tables["KesuCases"].autoFilter.ref) == ("A1:C4", "A1:C3")


def test_a_plan_changes_first_and_removes_then() -> None:
    plan = MasterPlan(changes=[case(9), case(3, owner="改")], removed=[key(1)])
    rows = by_case(carry_out(FIVE, plan, HANT, SHANGHAI).content)
    assert list(rows) == [key(2), key(3), key(4), key(5), key(9)]
    assert rows[key(3)]["負責人"] == "改"


def test_a_case_in_two_rows_is_not_removed() -> None:
    twice = edited(FIVE, lambda book: book.worksheets[0].__setitem__("A5", key(1)))
    with pytest.raises(PatchRefused):
        remove_rows(twice, [key(1)], HANT)


def test_a_case_of_which_somebody_made_a_copy_is_removed_and_the_copy_stays() -> None:
    """Else one copied row would keep every round from being written."""
    twice = edited(FIVE, lambda book: book.worksheets[0].__setitem__("A6", key(1)))
    plan = MasterPlan(removed=[key(1)], copies=[6], notes={6: "重複"})
    sheet = sheet_of(carry_out(twice, plan, HANT, SHANGHAI).content)
    assert [sheet.cell(row, 1).value for row in range(4, 9)] == [key(2), key(1), key(4), key(5), None]
    assert sheet["L5"].value == "重複"


def test_libreoffice_opens_a_closed_up_master(office: Any) -> None:
    outcome = remove_rows(FIVE, [key(2)], HANT)
    saved = office({"closed": outcome.content}, "xlsx")["closed"]
    assert list(by_case(saved)) == [key(1), key(3), key(4), key(5)]


def test_what_the_table_was_sorted_by_does_not_outlive_the_rows_it_names() -> None:
    """A sort state that reaches below the table is what Excel calls a damaged file."""
    state = b'<sortState ref="A4:Y8"><sortCondition ref="F4:F8"/></sortState>'
    content = rezipped(FIVE, {TABLE: lambda xml: xml.replace(b"<tableColumns", state + b"<tableColumns")})
    assert state in parts(patch_master(content, [case(6)], HANT, SHANGHAI))[TABLE]
    assert b"sortState" not in parts(remove_rows(content, [key(2)], HANT).content)[TABLE]
