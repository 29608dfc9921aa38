"""A new master workbook: an Excel table that says by colour what matters."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from rules.locales import Locale
from sheets.columns import COLUMNS, Owner, Row, column, column_of_header
from sheets.master import MasterLabels, create_master
from tests.sheets.cases import GRADES, SHANGHAI, case, labels

CASES = [case(1), case(2, remarks="自己的備註"), case(3, incomplete=True, due_at=None)]


def master(locale: Locale = Locale.ZH_HANT, rows: list[Row] = CASES, zone: ZoneInfo = SHANGHAI) -> Any:
    return openpyxl.load_workbook(BytesIO(create_master(rows, locale, labels=labels(locale), zone=zone)))


def by_header(sheet: Any, row: int) -> dict[str, Any]:
    return {head.value: cell.value for head, cell in zip(sheet[3], sheet[row], strict=True)}


@pytest.mark.parametrize("locale", list(Locale))
def test_the_table_has_every_column_in_the_language(locale: Locale) -> None:
    sheet = master(locale).worksheets[0]
    table = sheet.tables["KesuCases"]
    wanted = [each.header.get(locale) for each in COLUMNS]
    assert [each.name for each in table.tableColumns] == wanted == [cell.value for cell in sheet[3]]
    assert table.ref == table.autoFilter.ref == "A3:Z6"
    assert sheet.freeze_panes == "B4"


def test_values_stand_in_their_columns_as_local_wall_time() -> None:
    row = by_header(master(zone=ZoneInfo("Europe/London")).worksheets[0], 5)
    assert row["案件編號"] == "K20261121-002"
    assert row["維修金額"] == 200
    assert row["處理期限"] == datetime(2026, 11, 21, 3, 2)  # noqa: DTZ001 # a cell's time has no zone
    assert row["備註"] == "自己的備註"
    assert row["聯絡電話"] == "01380000002"


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 21, 9, 0)  # noqa: DTZ001 # that is what is refused
    with pytest.raises(ValueError, match="zone"):
        master(rows=[case(1, due_at=naive)])


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x"])
def test_text_stays_text(text: str) -> None:
    sheet = master(rows=[case(1, customer_name=text)]).worksheets[0]
    cell = next(cell for cell in sheet[4] if cell.value == text)
    assert cell.data_type == "s"


def test_an_empty_master_has_the_one_row_excel_wants() -> None:
    sheet = master(rows=[]).worksheets[0]
    assert sheet.tables["KesuCases"].ref == "A3:Z4"
    assert {cell.value for cell in sheet[4]} - {None} == {by_header(sheet, 4)["剩餘時間"]}


def test_daemons_and_managers_columns_are_told_apart_by_colour() -> None:
    sheet = master().worksheets[0]
    fills: dict[Owner, set[str]] = {Owner.DAEMON: set(), Owner.MANAGER: set()}
    for cell in sheet[3]:
        known = column_of_header(cell.value)
        assert known is not None
        fills[known.owner].add(cell.fill.fgColor.rgb)
    assert [len(colours) for colours in fills.values()] == [1, 1]
    assert fills[Owner.DAEMON] != fills[Owner.MANAGER]


def test_every_grade_has_a_colour_of_its_own_and_signals_reach_far_down() -> None:
    sheet = master().worksheets[0]
    rules = [(area, rule) for area in sheet.conditional_formatting for rule in area.rules]
    for text in GRADES[Locale.ZH_HANT].values():
        assert sum(f'"{text}"' in rule.formula[0] for _, rule in rules) == 1
    grade_fills = [rule.dxf.fill.bgColor.rgb for area, rule in rules if str(area.sqref) == "B4:B20003"]
    assert len(grade_fills) == len(set(grade_fills)) == 5
    assert sum("NOW()" in rule.formula[0] for _, rule in rules) == 4
    assert all(
        "20003" in str(area.sqref) for area, _ in rules if "2" not in str(area.sqref).split(":")[0][1:]
    )


def test_grades_of_another_pack_get_colours_too() -> None:
    odd = MasterLabels("x", {"major": "重大", "ordinary": "一般"}, ())
    sheet = openpyxl.load_workbook(
        BytesIO(create_master(CASES, Locale.ZH_HANT, labels=odd, zone=SHANGHAI))
    ).worksheets[0]
    formulas = [rule.formula[0] for area in sheet.conditional_formatting for rule in area.rules]
    assert sum("重大" in formula or "一般" in formula for formula in formulas) == 2


def test_it_prints_landscape_one_page_wide_with_its_header_on_each_page() -> None:
    sheet = master().worksheets[0]
    assert sheet.page_setup.orientation == "landscape"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$1:$3"


@pytest.mark.parametrize("locale", list(Locale))
def test_the_guide_explains_every_column_and_grade(locale: Locale) -> None:
    guide = master(locale).worksheets[-1]
    texts = {cell.value for row in guide.iter_rows() for cell in row}
    assert {each.header.get(locale) for each in COLUMNS} <= texts
    assert {each.help.get(locale) for each in COLUMNS} <= texts
    assert set(GRADES[locale].values()) <= texts


def test_libreoffice_counts_and_tells_the_time_left(office: Any) -> None:
    now = datetime.now(UTC)  # LibreOffice has no clock but the machine's
    rows = [
        case(1, due_at=now - timedelta(hours=26)),
        case(2, due_at=now + timedelta(minutes=20)),
        case(3, due_at=now - timedelta(hours=3), status="已解決"),
        case(4, due_at=now + timedelta(hours=2), incomplete=True),
    ]
    content = create_master(rows, Locale.ZH_HANT, labels=labels(Locale.ZH_HANT), zone=ZoneInfo("UTC"))
    sheet = openpyxl.load_workbook(BytesIO(office({"m": content}, "xlsx")["m"]), data_only=True).worksheets[0]
    assert [cell.value for cell in sheet[2] if isinstance(cell.value, int)] == [3, 1, 1, 1]
    left = [row["剩餘時間"] for row in (by_header(sheet, number) for number in (4, 5, 7))]
    assert left[0].startswith("-26:0")
    assert left[1] in ("0:19", "0:20")
    assert left[2] in ("1:59", "2:00")


def test_a_header_is_known_in_each_language_and_with_a_line_break() -> None:
    for each in COLUMNS:
        for text in each.header.all():
            assert column_of_header(text) is each
    assert column_of_header(" case\nnumber ") is column("case_number")
    assert column_of_header("別的") is None
