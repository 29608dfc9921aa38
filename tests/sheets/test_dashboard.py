"""The dashboard: numbers that count themselves, charts whose ranges stay right, tables of fixed size behind them."""

import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.utils import range_boundaries

from rules.locales import Locale
from sheets.columns import CellValue
from sheets.dashboard import DASHBOARD, DAYS, LAPSE_ROWS, OWNER_ROWS, TIME_ROWS, Figures, by_bucket, feeds_of
from sheets.feed import write_feed
from sheets.master import MasterContents, MasterLabels, create_master
from tests.sheets.cases import GRADES, SHANGHAI, case, labels

HANT = Locale.ZH_HANT
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DAY_COUNTS = [(date(2026, 11, 8) + timedelta(days=n), {"level-1": n % 3, "extra": 1}) for n in range(DAYS)]
FIGURES = Figures(
    DAY_COUNTS,
    [("售後三級", 4), ("銷售二級", 9)],
    by_bucket([Decimal(1), Decimal("4.5"), Decimal(100)], HANT),
    [("總經理", 3, 1), ("售後總監", 5, 0)],
    closed_in_week=12,
    median_hours=Decimal("6.4321"),
)
OTHERS = Figures(
    [(day + timedelta(days=1), {}) for day, _ in DAY_COUNTS],
    [(f"階段{number}", number) for number in range(12)],
    (),
    [(f"主管{number}", 10 + number, number) for number in range(9)],
    closed_in_week=3,
)


def drawn(
    figures: Figures = FIGURES, locale: Locale = HANT, known: MasterLabels | None = None, **contents: Any
) -> bytes:
    shown = MasterContents(figures=figures, **contents)
    return create_master(shown, locale, labels=known or labels(locale), zone=SHANGHAI)


def dashboard(content: bytes, *, values: bool = False, locale: Locale = HANT) -> Any:
    return openpyxl.load_workbook(BytesIO(content), data_only=values)[DASHBOARD.get(locale)]


def rows_of(figures: Figures, table: str) -> list[Mapping[str, CellValue]]:
    return next(rows for sheet, rows in feeds_of(figures, labels(HANT), HANT) if sheet.table == table)


def charts(content: bytes) -> Iterator[ElementTree.Element]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for name in sorted(archive.namelist()):
            if re.fullmatch(r"xl/charts/chart\d+\.xml", name):
                yield ElementTree.fromstring(archive.read(name))  # noqa: S314 # we made it ourselves


def ranges(content: bytes, tag: str) -> list[str]:
    """Return what the series' values (`val`), names (`cat`) or headings (`tx`) refer to."""
    return [
        formula.text or ""
        for chart in charts(content)
        for series in chart.iter(f"{C}ser")
        for formula in series.find(f"{C}{tag}").iter(f"{C}f")  # type: ignore[union-attr] # all have them
    ]


def written(content: bytes, figures: Figures, known: MasterLabels | None = None) -> bytes:
    for sheet, rows in feeds_of(figures, known or labels(HANT), HANT):
        content = write_feed(content, sheet, rows, HANT, SHANGHAI)
    return content


@pytest.mark.parametrize("locale", list(Locale))
def test_four_charts_are_titled_and_show_their_names_but_no_grid(locale: Locale) -> None:
    found = list(charts(drawn(locale=locale)))
    assert len(found) == 4
    for chart in found:
        assert "".join(text.text or "" for text in chart.iter() if text.tag.endswith("}t")).strip()
        names, values = chart.find(f".//{C}catAx"), chart.find(f".//{C}valAx")
        assert names is not None
        assert values is not None
        assert names.find(f"{C}delete").get("val") == "0"  # type: ignore[union-attr]
        assert names.find(f"{C}majorGridlines") is None
        assert values.find(f"{C}majorGridlines") is None
        assert chart.find(f".//{C}gapWidth") is not None


def test_charts_show_their_values_to_programs_that_do_not_calculate() -> None:
    content = drawn()
    sheet = dashboard(content)
    for chart in charts(content):
        for cache in chart.iter(f"{C}numRef"):
            area = (cache.findtext(f"{C}f") or "").partition("!")[2].replace("$", "")
            stored = [float(point.findtext(f"{C}v") or "") for point in cache.iter(f"{C}pt")]
            assert stored == [cell.value for (cell,) in sheet[area] if cell.value is not None]


def test_grades_are_stacked_in_their_colours_the_gravest_on_top() -> None:
    stacked = next(chart for chart in charts(drawn()) if len(list(chart.iter(f"{C}ser"))) == 5)
    fills = [
        next(each.get("val") for each in series.find(f"{C}spPr").iter() if each.get("val"))  # type: ignore[union-attr]
        for series in stacked.iter(f"{C}ser")
    ]
    assert fills == ["7B3FA0", "FFD84D", "F58220", "E02D2D", "7F1D1D"]


@pytest.mark.parametrize("figures", [FIGURES, OTHERS, Figures()], ids=["some", "many", "none"])
def test_the_tables_behind_the_charts_always_have_the_same_size(figures: Figures) -> None:
    sizes = {sheet.table: len(rows) for sheet, rows in feeds_of(figures, labels(HANT), HANT)}
    assert sizes == {
        "KesuFigures": 1,
        "KesuDays": DAYS,
        "KesuLapses": LAPSE_ROWS,
        "KesuTimes": TIME_ROWS,
        "KesuOwners": OWNER_ROWS,
    }


def test_after_a_feed_is_written_the_charts_still_cover_the_tables() -> None:
    content = drawn()
    after = written(content, OTHERS)
    sheet = dashboard(after)
    areas = {table.ref for table in sheet.tables.values()}
    assert areas == {table.ref for table in dashboard(content).tables.values()}
    used = {reference.partition("!")[2].replace("$", "") for reference in ranges(after, "val")}
    for reference in used:
        left, top, _, bottom = range_boundaries(reference)
        inside = [
            (first, last)
            for first_column, first, last_column, last in map(range_boundaries, areas)
            if first_column <= left <= last_column and first < top <= last
        ]
        assert [(first + 1, last) for first, last in inside] == [(top, bottom)]
    assert ranges(after, "val") == ranges(content, "val")
    names = [cell.value for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {"階段11", "其他", "主管8"} <= set(names)


def test_writing_the_same_figures_again_changes_no_byte() -> None:
    content = drawn()
    assert written(content, FIGURES) == content


def test_a_site_whose_grades_read_alike_gets_columns_told_apart() -> None:
    odd = MasterLabels("x", {"a": "重大", "b": "重大"}, ())
    sheet = dashboard(drawn(known=odd))
    assert [each.name for each in sheet.tables["KesuDays"].tableColumns] == ["日期", "重大 (a)", "重大 (b)"]
    assert written(drawn(known=odd), OTHERS, odd)


def test_the_most_frequent_stand_first_and_what_is_too_much_is_summed_up() -> None:
    rows = rows_of(OTHERS, "KesuLapses")
    assert [row["count"] for row in rows] == [11, 10, 9, 8, 7, 6, 5, 4 + 3 + 2 + 1 + 0]
    assert rows[-1]["stage"] == "其他"
    owners = rows_of(OTHERS, "KesuOwners")
    assert owners[0] == {"owner": "主管8", "overdue": 8, "in_time": 10}
    assert owners[-1] == {"owner": "其他", "overdue": 0 + 1 + 2 + 3, "in_time": 4 * 10}


def test_names_without_a_case_are_left_out_rather_than_summed_up() -> None:
    idle = Figures(owners=[("甲", 2, 1), *((f"閒{number}", 0, 0) for number in range(9))])
    assert [row["owner"] for row in rows_of(idle, "KesuOwners")] == ["甲", *(f"閒{n}" for n in range(5))]
    calm = Figures(lapses=[(f"階段{number}", 0) for number in range(12)])
    assert [row["stage"] for row in rows_of(calm, "KesuLapses")] == [f"階段{n}" for n in range(LAPSE_ROWS)]


def test_a_long_name_is_cut_to_what_a_chart_has_room_for() -> None:
    names = [
        str(row["owner"])
        for row in rows_of(Figures(owners=[("王" * 30, 1, 0), ("x" * 28, 1, 0)]), "KesuOwners")
    ]
    assert names[0] == "王" * 13 + "…"
    assert names[1] == "x" * 28


@pytest.mark.parametrize(
    ("hours", "bar"), [("0", 0), ("2", 0), ("2.01", 1), ("8", 2), ("24", 3), ("72", 4), ("72.1", 5)]
)
def test_times_are_sorted_into_bars_by_their_upper_end(hours: str, bar: int) -> None:
    assert [count for _, count in by_bucket([Decimal(hours)], HANT)] == [int(bar == n) for n in range(6)]


def test_every_formula_is_counted_anew_at_each_opening() -> None:
    formulas = [
        cell.value
        for row in dashboard(drawn()).iter_rows()
        for cell in row
        if isinstance(cell.value, str) and cell.value.startswith("=")
    ]
    assert len(formulas) == 10  # six numbers, four words behind empty charts
    assert all("NOW()" in formula for formula in formulas)


def test_libreoffice_shows_numbers_as_they_are_and_a_word_where_there_is_nothing(office: Any) -> None:
    now = datetime.now(UTC)  # LibreOffice has no clock but the machine's
    cases = [
        case(1, due_at=now - timedelta(hours=1)),
        case(2, due_at=now + timedelta(minutes=10)),
        case(3, due_at=None, incomplete=True),
        case(4, due_at=now + timedelta(days=1)),
    ]
    known = labels(HANT)
    full = create_master(MasterContents(cases, figures=FIGURES), HANT, labels=known, zone=ZoneInfo("UTC"))
    calculated = office({"full": full, "empty": drawn(Figures()), "after": written(full, OTHERS)}, "xlsx")
    numbers = {
        name: [cell.value for cell in dashboard(content, values=True)[6] if cell.value is not None]
        for name, content in calculated.items()
    }
    assert numbers["full"] == [4, 1, 1, 1, 12, 6.4]
    assert numbers["empty"] == [0, 0, 0, 0, 0, "–"]
    assert numbers["after"] == [4, 1, 1, 1, 3, "–"]
    words = {
        name: sum(
            cell.value == "還沒有案件可以顯示"
            for row in dashboard(content, values=True).iter_rows()
            for cell in row
        )
        for name, content in calculated.items()
    }
    assert words == {"full": 0, "empty": 4, "after": 2}


def test_it_prints_on_one_page_without_the_tables_below() -> None:
    sheet = dashboard(drawn())
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 1)
    _, _, _, last = range_boundaries(sheet.print_area.rpartition("!")[2].replace("$", ""))
    assert all(range_boundaries(table.ref)[1] > last for table in sheet.tables.values())


@pytest.mark.parametrize("locale", list(Locale))
def test_every_grade_is_counted_under_its_name_in_the_language(locale: Locale) -> None:
    sheet = dashboard(drawn(locale=locale), locale=locale)
    assert [each.name for each in sheet.tables["KesuDays"].tableColumns][1:] == list(GRADES[locale].values())
