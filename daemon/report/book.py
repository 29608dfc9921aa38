"""The month's report as a workbook, in one language."""

from daemon.report import wordings
from daemon.report.labels import Labels
from daemon.report.tables import CHARTS, open_after, tables
from rules.months import Month
from rules.statistics import Figures
from sheets.report import ReportBook, report_workbook


def file_name(month: Month, ending: str) -> str:
    """Return what a report's file is called: report-2026-11.xlsx."""
    return f"report-{month}.{ending}"


def workbook(figures: Figures, labels: Labels, *, fines: bool = True) -> bytes:
    """Draw the report as .xlsx."""
    book = ReportBook(
        title=labels.say(wordings.TITLE, month=labels.month(figures.month)),
        subtitle=subtitle(figures, labels),
        figures=headlines(figures, labels, fines=fines),
        tables=tables(figures, labels, fines=fines),
        charts=CHARTS,
    )
    return report_workbook(book, labels.locale, labels.site.zone)


def subtitle(figures: Figures, labels: Labels) -> str:
    """Say up to when the figures count, and what they leave out."""
    text = wordings.OVER if figures.is_over else wordings.RUNNING
    said = labels.say(text, site=labels.site.config.daemon.site, until=labels.moment(figures.until))
    return "　".join(filter(None, (said, left_out(figures, labels))))


def left_out(figures: Figures, labels: Labels) -> str:
    """Say how many cases cannot be counted; empty if all can."""
    return labels.say(wordings.UNKNOWN_CASES, count=figures.unknown) if figures.unknown else ""


def headlines(figures: Figures, labels: Labels, *, fines: bool = True) -> list[tuple[str, str]]:
    """Return the figures that stand at the top, in words."""
    flow, everything = figures.flow, figures.times[-1]
    counts = (
        (wordings.OPENED, flow.opened),
        (wordings.SETTLED, flow.settled),
        (open_after(figures), flow.open_after),
        (wordings.REOPENED, flow.reopened),
    )
    told = [(labels.say(text), labels.say(wordings.CASES, count=count)) for text, count in counts]
    lapses = sum(stage.lapses for stage in figures.stages)
    told += [
        (labels.say(wordings.LAPSES), labels.say(wordings.TIMES_COUNT, count=lapses)),
        (labels.say(wordings.MEDIAN), labels.span(everything.median)),
        (labels.say(wordings.P90), labels.span(everything.p90)),
    ]
    return told + (_of_fines(figures, labels) if fines else [])


def _of_fines(figures: Figures, labels: Labels) -> list[tuple[str, str]]:
    issued, appeals = figures.penalties.issued, figures.penalties.appeals_after
    counted = labels.say(wordings.COUNTED, count=issued.count, amount=labels.money(issued.amount))
    return [
        (labels.say(wordings.FINES), counted),
        (labels.say(wordings.APPEALS_OPEN), labels.say(wordings.CASES, count=appeals)),
    ]
