"""A new master workbook: dashboard, open cases, what was closed lately, what the daemon did, help.

Only new workbooks are made here. A workbook that managers have worked in is changed by `sheets.patch` alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale, Text
from sheets.columns import CellValue, Row, Sheet
from sheets.dashboard import Figures, add_dashboard
from sheets.drawing import LAST_ROW, LEGEND_DAEMON, LEGEND_MANAGER, Dress, draw_table, listed, set_widths
from sheets.editions import MASTER, Edition
from sheets.guide import add_guide
from sheets.looks import MUTED, NAVY, SLATE, TEAL, Look, cell_at, paint, put
from sheets.page import A3, A4, fit_to_width
from sheets.registry import ACTIONS, CALLS, CLOSED, OPEN, PENALTIES
from sheets.signals import MasterLabels, add_counters, add_signals, add_sober_signals
from sheets.stamping import stamped_file
from sheets.texts import say

__all__ = ["MasterContents", "MasterLabels", "create_master"]

HEADER_ROW = 3
MOST_ACTIONS = 500
_TITLE = say("客戶抱怨總表", "客户抱怨总表", "Customer complaints")
_CLOSED_TITLE = say("近期結案", "近期结案", "Recently closed")
_ACTIONS_TITLE = say("系統動態", "系统动态", "What kesu did")
_ACTIONS_NOTE = say(
    "系統最近做的 500 件事，最新的在最上面；由系統維護",
    "系统最近做的 500 件事，最新的在最上面；由系统维护",
    "The last 500 things the system did, the newest on top; kept by the system",
)


@dataclass(frozen=True)
class MasterContents:
    """What a new master shows: cases open and lately closed, what the daemon did (newest first), the figures."""

    open: Sequence[Row] = ()
    closed: Sequence[Row] = ()
    penalties: Sequence[Row] = ()
    calls: Sequence[Row] = ()
    actions: Sequence[Mapping[str, CellValue]] = ()
    figures: Figures = field(default_factory=Figures)


def create_master(
    contents: MasterContents,
    locale: Locale,
    *,
    labels: MasterLabels,
    zone: ZoneInfo,
    generation: int = 0,
    edition: Edition = MASTER,
) -> bytes:
    """Draw a new master workbook as .xlsx; datetimes are written as wall time in `zone`.

    Manager-owned values are written too, so that a workbook can be made anew from the ledger. A table without rows
    has the one empty row that Excel wants; of more than 500 actions the first ones stand there.
    """
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    dress = Dress(locale, zone)
    add_dashboard(workbook, contents.figures, labels, locale, zone)
    _add_open(workbook, contents.open, labels, dress, edition.sheet(OPEN.key))
    _add_closed(workbook, contents.closed, labels, dress, edition.sheet(CLOSED.key))
    if PENALTIES.key in edition.keys:
        add_penalties(workbook, contents.penalties, labels, dress)
    if CALLS.key in edition.keys:
        _add_calls(workbook, contents.calls, labels, dress)
    _add_actions(workbook, contents.actions, labels, dress)
    add_guide(workbook, locale, labels, edition)
    title = titled(_TITLE, labels, locale)
    return stamped_file(workbook, title=title, site=labels.site, generation=generation)


def titled(title: Text, labels: MasterLabels, locale: Locale) -> str:
    """Return a title followed by the site's name."""
    return f"{title.get(locale)}　{labels.site}".strip("　 ")


def _add_open(
    workbook: Workbook, rows: Sequence[Row], labels: MasterLabels, dress: Dress, table: Sheet
) -> None:
    sheet = new_list(workbook, table, dress, titled(_TITLE, labels, dress.locale), NAVY)
    draw_table(sheet, table, listed(rows, table), dress, HEADER_ROW)
    add_signals(sheet, table, labels, HEADER_ROW + 1, LAST_ROW)
    add_counters(sheet, labels, dress.locale)
    add_legends(sheet, table, dress, ours="description", theirs="resolution")
    sheet.print_title_cols = "A:A"
    fit_to_width(sheet, titled(_TITLE, labels, dress.locale), dress.locale, paper=A3, landscape=True, pages=2)


def _add_closed(
    workbook: Workbook, rows: Sequence[Row], labels: MasterLabels, dress: Dress, table: Sheet
) -> None:
    title = titled(_CLOSED_TITLE, labels, dress.locale)
    sheet = new_list(workbook, table, dress, title, SLATE)
    sober = Dress(dress.locale, dress.zone, header=SLATE)
    draw_table(sheet, table, listed(rows, table), sober, HEADER_ROW)
    add_sober_signals(sheet, table, labels, HEADER_ROW + 1, LAST_ROW)
    add_legends(sheet, table, sober, ours="customer_name", theirs="remarks")
    sheet.print_title_cols = "A:A"
    fit_to_width(sheet, title, dress.locale, paper=A3, landscape=True, pages=2)


def add_penalties(workbook: Workbook, rows: Sequence[Row], labels: MasterLabels, dress: Dress) -> None:
    """Add the sheet of penalties."""
    title = titled(PENALTIES.title, labels, dress.locale)
    sheet = new_list(workbook, PENALTIES, dress, title, SLATE)
    sober = Dress(dress.locale, dress.zone, header=SLATE)
    draw_table(sheet, PENALTIES, listed(rows, PENALTIES), sober, HEADER_ROW)
    add_legends(sheet, PENALTIES, sober, ours="penalised", theirs="appeal")
    fit_to_width(sheet, title, dress.locale, paper=A4, landscape=True)


def _add_calls(workbook: Workbook, rows: Sequence[Row], labels: MasterLabels, dress: Dress) -> None:
    title = titled(CALLS.title, labels, dress.locale)
    sheet = new_list(workbook, CALLS, dress, title, SLATE)
    sober = Dress(dress.locale, dress.zone, header=SLATE)
    draw_table(sheet, CALLS, listed(rows, CALLS), sober, HEADER_ROW)
    add_legends(sheet, CALLS, sober, ours="customer_name", theirs="called_at")
    fit_to_width(sheet, title, dress.locale, paper=A3, landscape=True)


def _add_actions(
    workbook: Workbook, actions: Sequence[Mapping[str, CellValue]], labels: MasterLabels, dress: Dress
) -> None:
    title = titled(_ACTIONS_TITLE, labels, dress.locale)
    sheet = new_list(workbook, ACTIONS, dress, title, SLATE)
    feed = Dress(dress.locale, dress.zone, header=SLATE, row_height=24)
    draw_table(sheet, ACTIONS, actions[:MOST_ACTIONS], feed, HEADER_ROW)
    note = cell_at(sheet, 2, 1)
    put(note, _ACTIONS_NOTE.get(dress.locale))
    paint(note, Look(size=9.5, colour=MUTED, wrap=False), dress.locale)
    fit_to_width(sheet, title, dress.locale, paper=A4, landscape=True)


def new_list(workbook: Workbook, definition: Sheet, dress: Dress, title: str, colour: str) -> Worksheet:
    """Add a sheet for one table below a title, ready to be drawn into."""
    sheet: Worksheet = workbook.create_sheet(definition.title.get(dress.locale))
    set_widths(sheet, definition)
    cell = cell_at(sheet, 1, 1)
    put(cell, title)
    paint(cell, Look(size=20, bold=True, colour=colour, wrap=False), dress.locale)
    for row, height in ((1, 40), (2, 26), (HEADER_ROW, 34)):
        sheet.row_dimensions[row].height = height
    sheet.freeze_panes = cell_at(sheet, HEADER_ROW + 1, 2 if definition.key_column else 1)
    sheet.sheet_view.showGridLines = False
    sheet.sheet_view.zoomScale = 90
    sheet.sheet_properties.tabColor = colour
    sheet.print_title_rows = f"1:{HEADER_ROW}"
    return sheet


def add_legends(sheet: Worksheet, definition: Sheet, dress: Dress, *, ours: str, theirs: str = "") -> None:
    """Say over two of the columns whose they are."""
    keys = [column.key for column in definition.columns]
    for key, text, colour in ((ours, LEGEND_DAEMON, dress.header), (theirs, LEGEND_MANAGER, TEAL)):
        if key:
            cell = cell_at(sheet, 2, keys.index(key) + 1)
            put(cell, f"▼ {text.get(dress.locale)}")
            paint(cell, Look(size=9.5, colour=colour, wrap=False), dress.locale)
