"""The month's report as a workbook: a summary with native charts, then a sheet for every table.

The tables arrive in the reader's language and fully counted; nothing here computes a figure. All cells are values, so
that a telephone's preview and a printout show what Excel shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from zoneinfo import ZoneInfo

from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale, Text
from sheets.charts import Bar, Source, bar_chart
from sheets.columns import CellValue, Column, ColumnKind, Owner, Sheet
from sheets.drawing import Dress, draw_table, set_widths
from sheets.looks import (
    HAIRLINE,
    HOURS_FORMAT,
    MIST,
    MONEY_FORMAT,
    MUTED,
    NAVY,
    TEAL,
    Look,
    cell_at,
    paint,
    put,
)
from sheets.page import fit_to_width
from sheets.texts import plain_text, say

SUMMARY = say("摘要", "摘要", "Summary")
_TOP = 4  # the header row of every table
_FORMATS = {ColumnKind.MONEY: MONEY_FORMAT, ColumnKind.HOURS: HOURS_FORMAT, ColumnKind.NUMBER: "0"}
_CHART_COLUMNS, _CHART_ROWS = 6, 16
_SUMMARY_ROWS = 29  # of a chart on the summary, so that six of them fill a sheet of paper
_LONGEST_TITLE = 31  # of a sheet; Excel takes no more


@dataclass(frozen=True)
class ReportColumn:
    """One column of a table; `header` is in the reader's language and unlike those of its neighbours."""

    key: str
    header: str
    kind: ColumnKind = ColumnKind.NUMBER
    width: float = 12


@dataclass(frozen=True)
class Plot:
    """A chart of some columns over the table's first one."""

    bars: Sequence[Bar]
    lying: bool = False
    stacked: bool = False


@dataclass(frozen=True)
class ReportTable:
    """One table: its rows by column key, its `total` below them, and what a reader should know of it."""

    key: str
    title: str
    columns: Sequence[ReportColumn]
    rows: Sequence[Mapping[str, CellValue]]
    total: Mapping[str, CellValue] | None = None
    note: str = ""
    plot: Plot | None = None


@dataclass(frozen=True)
class ReportBook:
    """A whole report. `figures` are the summary's numbers in words; `charts` names the tables it draws."""

    title: str
    subtitle: str
    figures: Sequence[tuple[str, str]]
    tables: Sequence[ReportTable]
    charts: Sequence[str] = ()


def report_workbook(book: ReportBook, locale: Locale, zone: ZoneInfo) -> bytes:
    """Draw the report as .xlsx; times stand in the zone's wall clock."""
    workbook = Workbook()
    summary = workbook.worksheets[0]
    summary.title = SUMMARY.get(locale)
    sources = {table.key: _draw_sheet(workbook, table, book, locale, zone) for table in book.tables}
    _draw_summary(summary, book, sources, locale)
    workbook.properties.creator = "kesu"
    workbook.properties.title = plain_text(book.title)
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


# ---------------------------------------------------------------- a sheet for a table


def _draw_sheet(
    workbook: Workbook, table: ReportTable, book: ReportBook, locale: Locale, zone: ZoneInfo
) -> Source:
    sheet = workbook.create_sheet(table.title[:_LONGEST_TITLE])
    definition = _definition(table)
    _say(sheet, 1, 1, table.title, Look(size=16, bold=True, colour=NAVY, wrap=False), locale)
    _say(sheet, 2, 1, table.note or book.subtitle, Look(size=9.5, colour=MUTED, wrap=False), locale)
    dress = Dress(locale, zone, row_height=20, explained=False)
    sheet.row_dimensions[_TOP].height = 24
    last = draw_table(sheet, definition, table.rows, dress, _TOP)
    if table.total is not None:
        _draw_total(sheet, table, last + 1, locale)
    set_widths(sheet, definition)
    source = Source(sheet.title, definition, table.rows, _TOP, 1, locale)
    if table.plot is not None and table.rows:
        left = len(table.columns) + 1
        height = max(_CHART_ROWS, 2 * len(table.rows)) if table.plot.lying else _CHART_ROWS
        _draw_chart(sheet, source, table, (_TOP - 1, left), (_CHART_COLUMNS + 2, height))
    _set_up(sheet, book, locale, landscape=table.plot is not None or len(table.columns) > 6)
    if table.plot is not None:
        sheet.page_setup.fitToHeight = 1
    sheet.print_title_rows = f"{_TOP}:{_TOP}"
    sheet.freeze_panes = f"A{_TOP + 1}"
    return source


def _definition(table: ReportTable) -> Sheet:
    columns = tuple(
        Column(column.key, _same(column.header), column.width, column.kind, Owner.DAEMON, _same("-"))
        for column in table.columns
    )
    name = "".join(part.title() for part in table.key.split("-"))
    return Sheet(table.key, _same(table.title), f"KesuReport{name}", columns)


def _same(text: str) -> Text:
    """Return a wording that is in the reader's language already."""
    return Text(zh_hant=text, zh_hans=text, en=text)


def _draw_total(sheet: Worksheet, table: ReportTable, row: int, locale: Locale) -> None:
    for place, column in enumerate(table.columns, start=1):
        cell = cell_at(sheet, row, place)
        put(cell, (table.total or {}).get(column.key))
        align = {ColumnKind.MONEY: "right", ColumnKind.NUMBER: "center", ColumnKind.HOURS: "center"}
        look = Look(
            size=10,
            bold=True,
            fill=MIST,
            line=HAIRLINE,
            horizontal=align.get(column.kind, "left"),
            indent=0 if align.get(column.kind) == "center" else 1,
            number_format=_FORMATS.get(column.kind, "General"),
        )
        paint(cell, look, locale)
    sheet.row_dimensions[row].height = 22


def _draw_chart(
    sheet: Worksheet, source: Source, table: ReportTable, place: tuple[int, int], size: tuple[int, int]
) -> None:
    """Fasten a table's chart at (row, column), counted from 0, so many columns wide and rows high."""
    plot = table.plot
    if plot is None:
        return
    chart = bar_chart(source, table.title, plot.bars, lying=plot.lying, stacked=plot.stacked)
    (row, column), (width, height) = place, size
    begin, end = AnchorMarker(col=column, row=row), AnchorMarker(col=column + width, row=row + height)
    chart.anchor = TwoCellAnchor(editAs="oneCell", _from=begin, to=end)  # type: ignore[assignment] # stubs know names only
    sheet.add_chart(chart)


def _say(sheet: Worksheet, row: int, column: int, text: str, look: Look, locale: Locale) -> None:
    cell = cell_at(sheet, row, column)
    put(cell, text)
    paint(cell, look, locale)


def _set_up(sheet: Worksheet, book: ReportBook, locale: Locale, *, landscape: bool) -> None:
    sheet.sheet_view.showGridLines = False
    fit_to_width(sheet, book.title, locale, landscape=landscape)


# ---------------------------------------------------------------- the summary


def _draw_summary(sheet: Worksheet, book: ReportBook, sources: Mapping[str, Source], locale: Locale) -> None:
    width = 2 * _CHART_COLUMNS
    for number in range(1, width + 1):
        sheet.column_dimensions[get_column_letter(number)].width = 13
    _say(sheet, 1, 1, book.title, Look(size=20, bold=True, colour=NAVY, wrap=False), locale)
    _say(sheet, 2, 1, book.subtitle, Look(size=9.5, colour=MUTED, wrap=False), locale)
    sheet.row_dimensions[1].height = 36
    rows = _draw_figures(sheet, book.figures, locale)
    first = _TOP + rows
    drawn = [table for key in book.charts for table in book.tables if table.key == key and table.rows]
    for number, table in enumerate(drawn):
        down, across = divmod(number, 2)
        place = (first + down * (_SUMMARY_ROWS + 1), across * _CHART_COLUMNS)
        _draw_chart(sheet, sources[table.key], table, place, (_CHART_COLUMNS, _SUMMARY_ROWS))
    last = first + (len(drawn) + 1) // 2 * (_SUMMARY_ROWS + 1)
    sheet.print_area = f"A1:{get_column_letter(width)}{last}"
    sheet.sheet_properties.tabColor = TEAL
    _set_up(sheet, book, locale, landscape=False)
    sheet.page_setup.fitToHeight = 1


def _draw_figures(sheet: Worksheet, figures: Sequence[tuple[str, str]], locale: Locale) -> int:
    """Draw the figures in three columns of name and value; return how many rows they take."""
    rows = -(-len(figures) // 3)
    for number, (name, value) in enumerate(figures):
        across, down = divmod(number, rows)
        row, column = _TOP + down, 1 + 4 * across
        label = Look(size=10.5, colour=MUTED, fill=MIST, line=HAIRLINE, indent=1, wrap=False, shrink=True)
        told = Look(
            size=11.5, bold=True, fill="", line=HAIRLINE, horizontal="center", wrap=False, shrink=True
        )
        for start, text, look in ((column, name, label), (column + 2, value, told)):
            for covered in (start, start + 1):
                paint(cell_at(sheet, row, covered), look, locale)
            put(cell_at(sheet, row, start), text)
            sheet.merge_cells(start_row=row, start_column=start, end_row=row, end_column=start + 1)
        sheet.row_dimensions[row].height = 21
    return rows
