"""A new workbook of penalties, apart from the master: what was found of whom, and what it costs."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from openpyxl.workbook import Workbook

from rules.locales import Locale
from sheets.columns import Row
from sheets.drawing import LAST_ROW, Dress, draw_table, listed
from sheets.looks import SLATE
from sheets.master import HEADER_ROW, add_legends, add_penalties, new_list, titled
from sheets.page import A3, fit_to_width
from sheets.registry import FINDINGS
from sheets.signals import MasterLabels, add_sober_signals
from sheets.stamping import stamped_file
from sheets.texts import say

_TITLE = say("責任認定與罰款", "责任认定与罚款", "Findings and penalties")


def create_penalty_book(
    findings: Sequence[Row],
    penalties: Sequence[Row],
    locale: Locale,
    *,
    labels: MasterLabels,
    zone: ZoneInfo,
    generation: int = 0,
) -> bytes:
    """Draw the workbook as .xlsx; datetimes are written as wall time in `zone`."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    dress = Dress(locale, zone, header=SLATE)
    title = titled(FINDINGS.title, labels, locale)
    sheet = new_list(workbook, FINDINGS, dress, title, SLATE)
    draw_table(sheet, FINDINGS, listed(findings, FINDINGS), dress, HEADER_ROW)
    add_sober_signals(sheet, FINDINGS, labels, HEADER_ROW + 1, LAST_ROW)
    add_legends(sheet, FINDINGS, dress, ours="customer_name", theirs="fault_of")
    sheet.print_title_cols = "A:A"
    fit_to_width(sheet, title, locale, paper=A3, landscape=True)
    add_penalties(workbook, penalties, labels, dress)
    return stamped_file(
        workbook, title=titled(_TITLE, labels, locale), site=labels.site, generation=generation
    )
