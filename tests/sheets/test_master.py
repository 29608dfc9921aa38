"""A new master workbook: Excel tables that say by colour what matters, and whose each column is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from rules.locales import Locale
from sheets.columns import CellValue, Owner, Row, Sheet
from sheets.dashboard import DASHBOARD, Figures
from sheets.feed import write_feed
from sheets.generation import Stamp, stamp_of, stamped
from sheets.guidetexts import SHEET as HELP
from sheets.master import MasterContents, MasterLabels, create_master
from sheets.patch import MasterPlan, carry_out
from sheets.reading import read_master
from sheets.registry import ACTIONS, CALLS, CLOSED, OPEN, PENALTIES, REFUSAL_COLUMN, STATUSES
from tests.sheets.cases import GRADES, LAST, LAST_CLOSED, SHANGHAI, case, labels

HANT = Locale.ZH_HANT
CASES = [case(1), case(2, remarks="自己的備註"), case(3, incomplete=True, due_at=None)]
CLOSED_CASES = [
    Row("K20261118-001", {"grade": "一級", "status": "已解決", "took": Decimal("3.25"), "lapses": 1}),
    Row("K20261118-002", {"grade": "二級", "status": "已解決", "took": Decimal(40), "lapses": 0}),
]


def action(number: int) -> Mapping[str, CellValue]:
    at = datetime(2026, 11, 21, 9, 0, tzinfo=SHANGHAI) - timedelta(minutes=number)
    return {"at": at, "case_number": "K20261121-001", "action": f"動作{number}", "clause": "4.1"}


def drawn(locale: Locale = HANT, zone: ZoneInfo = SHANGHAI, **contents: Any) -> bytes:
    return create_master(MasterContents(**contents), locale, labels=labels(locale), zone=zone, generation=7)


def master(locale: Locale = HANT, rows: list[Row] = CASES, zone: ZoneInfo = SHANGHAI) -> Any:
    return opened(drawn(locale, zone, open=rows))[OPEN.title.get(locale)]


def opened(content: bytes, *, values: bool = False) -> Any:
    return openpyxl.load_workbook(BytesIO(content), data_only=values)


def by_header(sheet: Any, row: int) -> dict[str, Any]:
    return {head.value: cell.value for head, cell in zip(sheet[3], sheet[row], strict=True)}


@pytest.mark.parametrize("locale", list(Locale))
def test_the_sheets_stand_in_the_order_of_a_managers_day(locale: Locale) -> None:
    book = opened(drawn(locale))
    titles = (DASHBOARD, OPEN.title, CLOSED.title, PENALTIES.title, CALLS.title, ACTIONS.title, HELP)
    assert book.sheetnames == [title.get(locale) for title in titles]
    assert book.active.title == DASHBOARD.get(locale)


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize("definition", [OPEN, CLOSED, PENALTIES, CALLS, ACTIONS], ids=lambda each: each.key)
def test_a_table_has_every_column_in_the_language(definition: Sheet, locale: Locale) -> None:
    sheet = opened(drawn(locale, open=CASES))[definition.title.get(locale)]
    table = sheet.tables[definition.table]
    wanted = [each.header.get(locale) for each in definition.columns]
    assert [each.name for each in table.tableColumns] == wanted == [cell.value for cell in sheet[3]]
    assert table.ref == table.autoFilter.ref
    assert table.ref.startswith("A3:")
    assert sheet.freeze_panes == ("B4" if definition.key_column else "A4")


def test_values_stand_in_their_columns_as_local_wall_time() -> None:
    row = by_header(master(zone=ZoneInfo("Europe/London")), 5)
    assert row["案件編號"] == "K20261121-002"
    assert row["維修金額"] == 200
    assert row["處理期限"] == datetime(2026, 11, 21, 3, 2)  # noqa: DTZ001 # a cell's time has no zone
    assert row["備註"] == "自己的備註"
    assert row["聯絡電話"] == "01380000002"


def test_hours_to_resolve_are_shown_with_one_decimal() -> None:
    sheet = opened(drawn(closed=CLOSED_CASES))[CLOSED.title.get(HANT)]
    cell = next(cell for cell in sheet[4] if cell.value == 3.25)
    assert cell.number_format == "0.0"


def test_what_kesu_did_stands_in_the_order_given_and_ends_after_500() -> None:
    sheet = opened(drawn(actions=[action(number) for number in range(600)]))[ACTIONS.title.get(HANT)]
    assert [sheet.cell(row, 3).value for row in (4, 503, 504)] == ["動作0", "動作499", None]


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 21, 9, 0)  # noqa: DTZ001 # that is what is refused
    with pytest.raises(ValueError, match="zone"):
        master(rows=[case(1, due_at=naive)])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x"])
def test_text_stays_text_on_every_sheet(text: str) -> None:
    odd = MasterLabels(text, GRADES[HANT], ("已解決",), text)
    figures = Figures(lapses=[(text, 1)], owners=[(text, 2, 1)], times=[(text, 3)])
    doings = [{**action(1), "action": text}]
    fines, calls = [Row(text, {"penalised": text})], [Row(text, {"customer_name": text})]
    contents = MasterContents([case(1, customer_name=text)], [Row(text, {})], fines, calls, doings, figures)
    book = opened(create_master(contents, HANT, labels=odd, zone=SHANGHAI))
    found = {
        cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == text
    }
    assert found == {"s"}
    shown = [sheet.title for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == text]
    assert set(shown) == set(book.sheetnames[:6])


def test_an_empty_master_has_the_one_row_excel_wants() -> None:
    book = opened(drawn())
    sheet = book[OPEN.title.get(HANT)]
    assert sheet.tables["KesuCases"].ref == f"A3:{LAST}4"
    assert {cell.value for cell in sheet[4]} - {None} == {by_header(sheet, 4)["剩餘時間"]}
    assert book[CLOSED.title.get(HANT)].tables["KesuClosed"].ref == f"A3:{LAST_CLOSED}4"
    assert book[ACTIONS.title.get(HANT)].tables["KesuActions"].ref == "A3:D4"


@pytest.mark.parametrize("definition", [OPEN, CLOSED, PENALTIES, CALLS], ids=lambda each: each.key)
def test_daemons_and_managers_columns_are_told_apart_by_header_and_by_cell(definition: Sheet) -> None:
    sheet = opened(drawn(open=CASES, closed=CLOSED_CASES))[definition.title.get(HANT)]
    fills: dict[Owner, set[tuple[str, str]]] = {Owner.DAEMON: set(), Owner.MANAGER: set()}
    for head, cell in zip(sheet[3], sheet[4], strict=True):
        known = definition.column_of_header(head.value)
        assert known is not None
        fills[known.owner].add((head.fill.fgColor.rgb, cell.fill.fgColor.rgb))
    (ours,), (theirs,) = fills[Owner.DAEMON], fills[Owner.MANAGER]
    assert ours[0] != theirs[0]
    assert ours[1] != theirs[1]


def test_a_reason_for_not_accepting_is_written_in_red() -> None:
    sheet = master(rows=[case(1, refusal="超出權限")])
    cell = next(cell for cell in sheet[4] if cell.value == "超出權限")
    assert cell.font.color.rgb == "FFB42318"


@pytest.mark.parametrize("locale", list(Locale))
def test_a_status_is_chosen_from_a_list_that_warns_and_never_forbids(locale: Locale) -> None:
    rules = master(locale).data_validations.dataValidation
    lists = [rule for rule in rules if rule.type == "list"]
    texts = ",".join(STATUSES[key].get(locale) for key in ("open", "partly", "resolved"))
    at = get_column_letter([column.key for column in OPEN.columns].index("disposal") + 1)
    changes = ",".join(choice.get(locale) for choice in OPEN.column("disposal").choices)
    assert [(rule.formula1, rule.errorStyle, str(rule.sqref)) for rule in lists] == [
        (f'"{texts}"', "warning", "I4:I20003"),
        (f'"{changes}"', "warning", f"{at}4:{at}20003"),
    ]
    assert all(rule.errorStyle == "warning" for rule in rules if rule.type == "date")
    assert [str(rule.sqref) for rule in rules if rule.type == "date"] == ["N4:N20003"]


@pytest.mark.parametrize("locale", list(Locale))
def test_every_header_says_what_its_column_holds(locale: Locale) -> None:
    rules = master(locale).data_validations.dataValidation
    prompts = {str(rule.sqref): rule.prompt for rule in rules if rule.showInputMessage and rule.prompt}
    assert len(prompts) == len(OPEN.columns)
    assert all(len(prompt) <= 255 for prompt in prompts.values())
    assert prompts["A3"].startswith(OPEN.column("case_number").help.get(locale))


def test_every_grade_has_a_colour_of_its_own_and_signals_reach_far_down() -> None:
    sheet = master()
    rules = [(area, rule) for area in sheet.conditional_formatting for rule in area.rules]
    for text in GRADES[HANT].values():
        assert sum(f'"{text}"' in rule.formula[0] for _, rule in rules) == 1
    grade_fills = [rule.dxf.fill.bgColor.rgb for area, rule in rules if str(area.sqref) == "B4:B20003"]
    assert len(grade_fills) == len(set(grade_fills)) == 5
    assert sum("NOW()" in rule.formula[0] for _, rule in rules) == 4
    assert all(str(area.sqref).endswith(("20003", "2")) for area, _ in rules)


def test_grades_of_another_pack_get_colours_too() -> None:
    odd = MasterLabels("x", {"major": "重大", "ordinary": "一般"}, ())
    book = opened(create_master(MasterContents(CASES), HANT, labels=odd, zone=SHANGHAI))
    for title in (OPEN.title, CLOSED.title):
        rules = [rule for area in book[title.get(HANT)].conditional_formatting for rule in area.rules]
        formulas = [rule.formula[0] for rule in rules]
        assert sum("重大" in formula or "一般" in formula for formula in formulas) == 2


@pytest.mark.parametrize("title", [OPEN.title, CLOSED.title, ACTIONS.title], ids=str)
def test_lists_print_landscape_with_their_header_on_each_page(title: Any) -> None:
    sheet = opened(drawn(open=CASES))[title.get(HANT)]
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.fitToHeight == 0
    assert sheet.print_title_rows == "$1:$3"


def test_a_very_long_name_of_a_site_fits_into_header_and_footer() -> None:
    odd = MasterLabels("&店" * 200, GRADES[HANT], ("已解決",))
    for sheet in opened(create_master(MasterContents(), HANT, labels=odd, zone=SHANGHAI)):
        footer = sheet.HeaderFooter.oddFooter
        assert sum(len(part.text or "") for part in (footer.left, footer.center, footer.right)) < 230


@pytest.mark.parametrize("locale", list(Locale))
def test_the_help_explains_every_column_and_grade_and_names_the_files(locale: Locale) -> None:
    known = MasterLabels("台中店", GRADES[locale], (), "客訴總表")
    guide = opened(create_master(MasterContents(), locale, labels=known, zone=SHANGHAI)).worksheets[-1]
    texts = {cell.value for row in guide.iter_rows() for cell in row if cell.value}
    for column in (*OPEN.columns, *CLOSED.columns):
        assert {column.header.get(locale), column.help.get(locale)} <= texts
    assert set(GRADES[locale].values()) <= texts
    for name in ("客訴總表-live.xlsx", "客訴總表.html"):
        assert any(name in text for text in texts)
    assert not any("{" in text for text in texts)


def test_the_workbook_carries_its_generation_and_its_site() -> None:
    content = drawn()
    assert stamp_of(content) == Stamp(7, "台中店")
    assert stamp_of(stamped(content, 8)) == Stamp(8, "台中店")


@pytest.mark.parametrize("definition", [OPEN, CLOSED], ids=lambda each: each.key)
@pytest.mark.parametrize("filled", [True, False], ids=["filled", "empty"])
def test_a_round_can_be_carried_out_on_it(definition: Sheet, filled: bool) -> None:
    rows = [case(number) for number in (1, 2, 3)] if filled else []
    content = drawn(open=rows if definition is OPEN else [], closed=rows if definition is CLOSED else [])
    plan = MasterPlan(
        [Row("NEW-1", {"grade": "特級", REFUSAL_COLUMN: "x"})], removed=[rows[0].key] if filled else []
    )
    outcome = carry_out(content, plan, HANT, SHANGHAI, definition)
    assert (
        not outcome.cleared
    )  # closed up: nothing of ours depends on the place of rows, not of the first either
    assert not outcome.kept
    read = read_master(outcome.content, HANT, SHANGHAI, sheet=definition)
    assert [row.key for row in read.rows] == [*(row.key for row in rows[1:]), "NEW-1"]
    assert read.rows[-1].values["grade"] == "特級"


def test_the_feed_of_actions_is_rewritten_and_grows() -> None:
    content = drawn(actions=[action(2)])
    written = write_feed(content, ACTIONS, [action(1), action(2)], HANT, SHANGHAI)
    sheet = opened(written)[ACTIONS.title.get(HANT)]
    assert sheet.tables["KesuActions"].ref == "A3:D5"
    assert [sheet.cell(row, 3).value for row in (4, 5)] == ["動作1", "動作2"]
    assert sheet.cell(5, 3).font.name == sheet.cell(4, 3).font.name
    assert write_feed(written, ACTIONS, [action(1), action(2)], HANT, SHANGHAI) == written


def test_libreoffice_counts_and_tells_the_time_left(office: Any) -> None:
    now = datetime.now(UTC)  # LibreOffice has no clock but the machine's
    rows = [
        case(1, due_at=now - timedelta(hours=26)),
        case(2, due_at=now + timedelta(minutes=20)),
        case(3, due_at=now - timedelta(hours=3), status="已解決"),
        case(4, due_at=now + timedelta(hours=2), incomplete=True),
    ]
    content = drawn(zone=ZoneInfo("UTC"), open=rows)
    sheet = opened(office({"m": content}, "xlsx")["m"], values=True)[OPEN.title.get(HANT)]
    assert [cell.value for cell in sheet[2] if isinstance(cell.value, int)] == [3, 1, 1, 1]
    left = [row["剩餘時間"] for row in (by_header(sheet, number) for number in (4, 5, 7))]
    a_while = [f"{minutes:02}" for minutes in range(10)]  # LibreOffice takes to start
    assert left[0] in [f"-26:{minutes}" for minutes in a_while]
    assert left[1] in ["0:20", *(f"0:1{minutes[1]}" for minutes in a_while)]
    assert left[2] in ["2:00", *(f"1:5{minutes[1]}" for minutes in a_while)]


@pytest.mark.parametrize("definition", [OPEN, CLOSED, PENALTIES, ACTIONS], ids=lambda each: each.key)
def test_a_header_is_known_in_each_language_and_with_a_line_break(definition: Sheet) -> None:
    for each in definition.columns:
        for text in each.header.all():
            assert definition.column_of_header(text) is each
    assert definition.column_of_header(" case\nnumber ") is definition.column("case_number")
    assert definition.column_of_header("別的") is None


def test_a_header_of_the_calls_is_known_in_each_language() -> None:
    for each in CALLS.columns:
        assert all(CALLS.column_of_header(text) is each for text in each.header.all())
    assert CALLS.column_of_header(" call\nnumber ") is CALLS.column("call_number")
