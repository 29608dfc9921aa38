"""The dashboard: six numbers, four charts, and below them the small tables that feed them.

The tables have fixed numbers of rows, so that the charts' ranges stay right whatever the daemon writes there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from unicodedata import east_asian_width
from zoneinfo import ZoneInfo

from openpyxl.chart import BarChart
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.styles import Border, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale, Text
from sheets.charts import UNLESS_ZERO, Bar, Source, bar_chart
from sheets.columns import CellValue, Column, ColumnKind, Owner, Sheet
from sheets.drawing import Dress, draw_table
from sheets.looks import INK, MIST, MUTED, NAVY, PAPER, SLATE, TEAL, Look, cell_at, paint, put
from sheets.page import fit_to_width
from sheets.signals import FADED, OVERDUE, SOON, MasterLabels, add_rule, counters, grade_colours, quoted
from sheets.texts import say

DASHBOARD = say("總覽", "总览", "Dashboard")
DAYS, LAPSE_ROWS, TIME_ROWS, OWNER_ROWS = 14, 8, 6, 6  # rows of the tables behind the charts

_TITLE = say("客戶抱怨總覽", "客户抱怨总览", "Customer complaints")
_BY_DAY = say("近 14 天新增案件（依等級）", "近 14 天新增案件（按等级）", "New cases by grade, last 14 days")
_LAPSES = say("近 30 天逾時（依處理階段）", "近 30 天超时（按处理阶段）", "Lapses by stage, last 30 days")
_TIMES = say("近 30 天解決用時", "近 30 天解决用时", "Time to resolution, last 30 days")
_OWNERS = say("未結案件（依負責人）", "未结案件（按负责人）", "Open cases by person responsible")
_FIGURES = say("結案", "结案", "Closed")
_SOURCES = say("圖表的數據", "图表的数据", "The numbers behind the charts")
_SOURCES_NOTE = say(
    "系統隨時更新，手動改動會被還原；要另作分析，請複製到自己的工作表。",
    "系统随时更新，手动改动会被还原；要另作分析，请复制到自己的工作表。",
    "Kept by the system, changes are undone; copy them to a sheet of your own for other uses.",
)
_SUBTITLE = say(
    "未結數字在每次開啟時重算；其餘由系統更新",
    "未结数字在每次打开时重算；其余由系统更新",
    "Open cases are counted whenever the file is opened; the rest is kept by the system",
)
_EMPTY = say("還沒有案件可以顯示", "还没有案件可以显示", "Nothing to show yet")
_REST = say("其他", "其他", "Others")
_CLOSED_IN_WEEK = say("近 7 天結案", "近 7 天结案", "Closed in 7 days")
_MEDIAN = say("用時中位數（小時）", "用时中位数（小时）", "Median hours")
_CASES = say("案件數", "案件数", "Cases")
_WITHIN_TIME = say("未逾時", "未超时", "In time")
_OVERDUE = say("已逾時", "已超时", "Overdue")

# Up to how many hours, and what the chart calls it; the last takes the rest.
_BUCKETS: tuple[tuple[Decimal | None, Text], ...] = (
    (Decimal(2), say("2 小時內", "2 小时内", "≤ 2 h")),
    (Decimal(5), say("2–5 小時", "2–5 小时", "2–5 h")),
    (Decimal(8), say("5–8 小時", "5–8 小时", "5–8 h")),
    (Decimal(24), say("8–24 小時", "8–24 小时", "8–24 h")),
    (Decimal(72), say("1–3 天", "1–3 天", "1–3 days")),
    (None, say("3 天以上", "3 天以上", "> 3 days")),
)

_GAP = 8  # the narrow column between the left half and the right
_LEFT, _RIGHT, _LAST = 2, 9, 14
_TILE_ROW, _CHART_ROWS, _CHART_HEIGHT, _FEED_ROW = 4, (9, 27), 17, 45
_LONGEST = 28  # of a name in a chart, in half widths


@dataclass(frozen=True)
class Figures:
    """What the dashboard shows beside the counters over the open cases.

    `by_day` counts the cases opened on each of the last 14 days by grade key, oldest first; `lapses` those of the
    last 30 days by stage; `times` the cases of the last 30 days as `by_bucket` sorts them; `owners` the open
    cases of each person responsible, and how many of them are overdue. Labels are in the workbook's language.
    """

    by_day: Sequence[tuple[date, Mapping[str, int]]] = ()
    lapses: Sequence[tuple[str, int]] = ()
    times: Sequence[tuple[str, int]] = ()
    owners: Sequence[tuple[str, int, int]] = ()
    closed_in_week: int = 0
    median_hours: Decimal | None = None


Feed = tuple[Sheet, list[Mapping[str, CellValue]]]


def by_bucket(hours: Iterable[Decimal], locale: Locale) -> list[tuple[str, int]]:
    """Sort times to resolution into the bars of the chart, with their labels."""
    counts = [0] * len(_BUCKETS)
    for time in hours:
        counts[next(n for n, (limit, _) in enumerate(_BUCKETS) if limit is None or time <= limit)] += 1
    return [(label.get(locale), count) for (_, label), count in zip(_BUCKETS, counts, strict=True)]


def feeds_of(figures: Figures, labels: MasterLabels, locale: Locale) -> list[Feed]:
    """Return the tables behind numbers and charts with their rows, to be written by `write_feed`.

    Each has as many rows as ever, blank ones at its end. What is too much for a chart is summed up as others.
    """
    return [
        _figures_feed(figures),
        _days_feed(figures, labels),
        _lapses_feed(figures, locale),
        _times_feed(figures, locale),
        _owners_feed(figures, locale),
    ]


def _figures_feed(figures: Figures) -> Feed:
    sheet = _feed(
        "figures",
        "KesuFigures",
        _column("closed", _CLOSED_IN_WEEK, ColumnKind.NUMBER),
        _column("median", _MEDIAN, ColumnKind.HOURS),
    )
    median = figures.median_hours
    return sheet, [
        {
            "closed": figures.closed_in_week,
            "median": None if median is None else median.quantize(Decimal("0.1")),
        }
    ]


def _days_feed(figures: Figures, labels: MasterLabels) -> Feed:
    grades = {
        key: Text.model_construct(zh_hant=text, zh_hans=text, en=text) for key, text in _told_apart(labels)
    }
    sheet = _feed(
        "days",
        "KesuDays",
        _column("day", say("日期", "日期", "Day"), ColumnKind.TEXT),
        *(_column(f"grade.{key}", text, ColumnKind.NUMBER) for key, text in grades.items()),
    )
    rows: list[Mapping[str, CellValue]] = [
        {"day": f"{day:%m/%d}"} | {f"grade.{key}": counts.get(key, 0) for key in grades}
        for day, counts in figures.by_day[-DAYS:]
    ]
    return sheet, _filled(rows, sheet, DAYS)


def _told_apart(labels: MasterLabels) -> list[tuple[str, str]]:
    """Return grades and their texts; a table cannot have two columns of one name."""
    texts = list(labels.grades.values())
    return [
        (key, text if texts.count(text) == 1 else f"{text} ({key})") for key, text in labels.grades.items()
    ]


def _lapses_feed(figures: Figures, locale: Locale) -> Feed:
    sheet = _feed(
        "lapses",
        "KesuLapses",
        _column("stage", say("處理階段", "处理阶段", "Stage"), ColumnKind.TEXT),
        _column("count", say("逾時次數", "超时次数", "Lapses"), ColumnKind.NUMBER),
    )
    ranked = sorted(figures.lapses, key=lambda each: -each[1])
    return sheet, _filled(_counted("stage", ranked, LAPSE_ROWS, locale), sheet, LAPSE_ROWS)


def _times_feed(figures: Figures, locale: Locale) -> Feed:
    sheet = _feed(
        "times",
        "KesuTimes",
        _column("bucket", say("解決用時", "解决用时", "Time to resolution"), ColumnKind.TEXT),
        _column("count", _CASES, ColumnKind.NUMBER),
    )
    times = figures.times or by_bucket((), locale)
    return sheet, _filled(_counted("bucket", times, TIME_ROWS, locale), sheet, TIME_ROWS)


def _counted(
    name: str, counts: Sequence[tuple[str, int]], most: int, locale: Locale
) -> list[Mapping[str, CellValue]]:
    told = list(counts)
    if any(count for _, count in told[most:]):
        told[most - 1 :] = [(_REST.get(locale), sum(count for _, count in told[most - 1 :]))]
    return [{name: _short(label), "count": count} for label, count in told[:most]]


def _owners_feed(figures: Figures, locale: Locale) -> Feed:
    sheet = _feed(
        "owners",
        "KesuOwners",
        _column("owner", say("負責人", "负责人", "Responsible"), ColumnKind.TEXT),
        _column("overdue", _OVERDUE, ColumnKind.NUMBER),
        _column("in_time", _WITHIN_TIME, ColumnKind.NUMBER),
    )
    ranked = sorted(figures.owners, key=lambda each: -each[1])
    if any(count for _, count, _ in ranked[OWNER_ROWS:]):
        rest = ranked[OWNER_ROWS - 1 :]
        ranked[OWNER_ROWS - 1 :] = [
            (_REST.get(locale), sum(count for _, count, _ in rest), sum(late for *_, late in rest))
        ]
    rows: list[Mapping[str, CellValue]] = [
        {"owner": _short(who), "overdue": late, "in_time": max(0, count - late)}
        for who, count, late in ranked[:OWNER_ROWS]
    ]
    return sheet, _filled(rows, sheet, OWNER_ROWS)


def _feed(key: str, table: str, *columns: Column) -> Sheet:
    return Sheet(key, DASHBOARD, table, columns)


def _column(key: str, header: Text, kind: ColumnKind) -> Column:
    return Column(key, header, 13, kind, Owner.DAEMON, header)


def _filled(rows: list[Mapping[str, CellValue]], sheet: Sheet, count: int) -> list[Mapping[str, CellValue]]:
    blank: Mapping[str, CellValue] = {column.key: None for column in sheet.columns}
    return [*rows, *[blank] * (count - len(rows))]


def _short(text: str) -> str:
    """Cut a name to what a chart has room for; CJK characters are two half widths each."""
    room = _LONGEST
    for number, character in enumerate(text):
        room -= 2 if east_asian_width(character) in "WF" else 1
        if room < 0:
            return f"{text[: number - 1].rstrip()}…"
    return text


def add_dashboard(
    workbook: Workbook, figures: Figures, labels: MasterLabels, locale: Locale, zone: ZoneInfo
) -> None:
    """Add the dashboard as the next sheet."""
    sheet = workbook.create_sheet(DASHBOARD.get(locale))
    _set_widths(sheet)
    _draw_title(sheet, labels, locale)
    feeds = feeds_of(figures, labels, locale)
    _draw_tiles(sheet, feeds[0][0], labels, locale)
    sources = _draw_feeds(sheet, feeds, locale, zone)
    _add_charts(sheet, sources, labels, locale)
    _set_up(sheet, labels, locale)


def _set_widths(sheet: Worksheet) -> None:
    for number in range(1, _LAST + 2):
        narrow = number in (1, _GAP, _LAST + 1)
        sheet.column_dimensions[get_column_letter(number)].width = 2.5 if narrow else 13.5


def _draw_title(sheet: Worksheet, labels: MasterLabels, locale: Locale) -> None:
    for row, height, text, look in (
        (1, 42, f"{_TITLE.get(locale)}　{labels.site}".strip("　"), Look(size=22, bold=True, colour=NAVY)),
        (2, 18, _SUBTITLE.get(locale), Look(size=9.5, colour=MUTED)),
    ):
        cell = cell_at(sheet, row, _LEFT)
        put(cell, text)
        paint(cell, Look(size=look.size, bold=look.bold, colour=look.colour, wrap=False, shrink=True), locale)
        sheet.merge_cells(start_row=row, start_column=_LEFT, end_row=row, end_column=_LAST)
        sheet.row_dimensions[row].height = height
    sheet.row_dimensions[3].height = 8


def _draw_tiles(sheet: Worksheet, feed: Sheet, labels: MasterLabels, locale: Locale) -> None:
    """Draw six numbers, each two columns wide under a bar of its colour."""
    for row, height in zip(range(_TILE_ROW, _TILE_ROW + 5), (4, 26, 46, 8, 12), strict=True):
        sheet.row_dimensions[row].height = height
    tiles = [(each.label, each.formula, "0") for each in counters(labels, locale)]
    tiles += [
        (column.header, _told(feed, column, locale), "0" if column.kind is ColumnKind.NUMBER else "0.0")
        for column in feed.columns
    ]
    accents = (NAVY, OVERDUE, SOON, SLATE, TEAL, TEAL)
    inks = (None, OVERDUE, "FFB54708", INK, None, None)
    places = (2, 4, 6, 9, 11, 13)
    for place, (label, formula, shown), accent, ink in zip(places, tiles, accents, inks, strict=True):
        _paint_tile(sheet, place, accent)
        name, value = cell_at(sheet, _TILE_ROW + 1, place), cell_at(sheet, _TILE_ROW + 2, place)
        put(name, label.get(locale))
        paint(name, _tile_look(10.5, MUTED), locale)
        value.value = formula
        paint(value, _tile_look(28, NAVY if ink is None else FADED, bold=True, number_format=shown), locale)
        if ink is not None:
            add_rule(sheet, value.coordinate, f"N({value.coordinate})>0", None, ink)
        for row in (_TILE_ROW + 1, _TILE_ROW + 2):
            sheet.merge_cells(start_row=row, start_column=place, end_row=row, end_column=place + 1)


def _tile_look(size: float, colour: str, *, bold: bool = False, number_format: str = "General") -> Look:
    return Look(
        size=size,
        bold=bold,
        colour=colour,
        fill=MIST,
        horizontal="center",
        wrap=False,
        shrink=True,
        number_format=number_format,
    )


def _paint_tile(sheet: Worksheet, place: int, accent: str) -> None:
    edge = Side(style="thick", color=PAPER)
    for row in range(_TILE_ROW, _TILE_ROW + 4):
        fill = accent if row == _TILE_ROW else MIST
        for column in (place, place + 1):
            cell = sheet.cell(row, column)
            cell.fill = PatternFill("solid", fgColor=fill)
            cell.border = Border(left=edge) if column == place else Border(right=edge)


def _told(feed: Sheet, column: Column, locale: Locale) -> str:
    """Return the formula of a number that the daemon tells; with NOW(), so that Excel reads it at each opening."""
    cell = f"INDEX({feed.table}[{column.header.get(locale)}],1)"
    return f'=IFERROR(IF(ISNUMBER({cell}),{cell}+0*NOW(),"–"),"–")'


def _draw_feeds(sheet: Worksheet, feeds: list[Feed], locale: Locale, zone: ZoneInfo) -> dict[str, Source]:
    """Draw the tables below the charts: small ones side by side, the one of days under them."""
    _caption(sheet, _FEED_ROW, _LEFT, _SOURCES.get(locale), Look(size=13, bold=True, colour=NAVY), locale)
    _caption(sheet, _FEED_ROW + 1, _LEFT, _SOURCES_NOTE.get(locale), Look(size=9, colour=MUTED), locale)
    sheet.row_dimensions[_FEED_ROW].height = 30
    upper = _FEED_ROW + 4
    lower = upper + LAPSE_ROWS + 4
    dress = Dress(locale, zone, header=SLATE, size=9, row_height=20, explained=False, number=UNLESS_ZERO)
    sources = {}
    places = ((upper, 13), (lower, 2), (upper, 2), (upper, 5), (upper, 9))
    captions = (_FIGURES, _BY_DAY, _LAPSES, _TIMES, _OWNERS)
    for (definition, rows), (top, left), caption in zip(feeds, places, captions, strict=True):
        _caption(sheet, top - 1, left, caption.get(locale), Look(size=10, bold=True, colour=SLATE), locale)
        sheet.row_dimensions[top].height = 24
        draw_table(sheet, definition, rows, dress, top, left)
        sources[definition.key] = Source(sheet.title, definition, rows, top, left, locale)
    return sources


def _caption(sheet: Worksheet, row: int, column: int, text: str, look: Look, locale: Locale) -> None:
    cell = cell_at(sheet, row, column)
    put(cell, text)
    paint(cell, Look(size=look.size, bold=look.bold, colour=look.colour, wrap=False), locale)


def _add_charts(
    sheet: Worksheet, sources: Mapping[str, Source], labels: MasterLabels, locale: Locale
) -> None:
    grades = [Bar(f"grade.{key}", fill, ink) for key, (fill, ink) in reversed(grade_colours(labels).items())]
    owners = [Bar("overdue", OVERDUE, PAPER), Bar("in_time", "FF9DB2D6")]
    upper, lower = _CHART_ROWS
    for row, column, key, title, bars, lying in (
        (upper, _LEFT, "days", _BY_DAY, grades, False),
        (upper, _RIGHT, "owners", _OWNERS, owners, True),
        (lower, _LEFT, "lapses", _LAPSES, [Bar("count", "FFD9663D")], True),
        (lower, _RIGHT, "times", _TIMES, [Bar("count", TEAL)], False),
    ):
        _say_if_empty(sheet, row + _CHART_HEIGHT // 2, column, sources[key].definition, locale)
        chart = bar_chart(sources[key], title.get(locale), bars, lying=lying, stacked=len(bars) > 1)
        _place(sheet, chart, row, column)


def _say_if_empty(sheet: Worksheet, row: int, column: int, feed: Sheet, locale: Locale) -> None:
    """Put a word behind a chart, shown where all its numbers are 0."""
    numbers = ",".join(f"{feed.table}[{each.header.get(locale)}]" for each in feed.columns[1:])
    cell = cell_at(sheet, row, column)
    cell.value = f'=IFERROR(IF(SUM({numbers})+0*NOW()=0,{quoted(_EMPTY.get(locale))},""),"")'
    paint(cell, Look(size=11, colour=FADED, horizontal="center", wrap=False), locale)
    sheet.merge_cells(start_row=row, start_column=column, end_row=row, end_column=column + 5)


def _place(sheet: Worksheet, chart: BarChart, row: int, column: int) -> None:
    """Fasten a chart over six columns; it moves with the cells and keeps its size."""
    begin = AnchorMarker(col=column - 1, row=row - 1)
    end = AnchorMarker(col=column + 5, row=row - 1 + _CHART_HEIGHT)
    chart.anchor = TwoCellAnchor(editAs="oneCell", _from=begin, to=end)  # type: ignore[assignment] # stubs know names only
    sheet.add_chart(chart)


def _set_up(sheet: Worksheet, labels: MasterLabels, locale: Locale) -> None:
    sheet.sheet_view.showGridLines = False
    sheet.sheet_properties.tabColor = OVERDUE
    for row in range(_CHART_ROWS[0], _FEED_ROW):
        sheet.row_dimensions[row].height = 18
    sheet.print_area = f"A1:{get_column_letter(_LAST + 1)}{_FEED_ROW - 1}"
    fit_to_width(sheet, f"{_TITLE.get(locale)} {labels.site}".strip(), locale, landscape=True)
    sheet.page_setup.fitToHeight = 1
