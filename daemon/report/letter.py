"""The month's report as a mail: what stands in it, and the workbook attached (template `monthly-report`)."""

from datetime import datetime
from decimal import Decimal

from daemon.letters import XLSX, LetterOrder
from daemon.report.book import file_name, headlines, left_out, workbook
from daemon.report.charts import bar_charts, day_chart
from daemon.report.labels import Labels
from daemon.report.tables import Row, tables
from mailer.letter import Address, Content, Enclosure, Template
from mailer.monthly import Figure, Grid, MonthlyReport
from rules.statistics import Figures
from sheets.columns import ColumnKind
from sheets.report import ReportColumn, ReportTable

_SHOWN = ("flow", "times", "calls", "penalty-flow", "penalised")  # the tables that stand in the mail itself


def report_letter(figures: Figures, to: Address, labels: Labels, *, fines: bool = True) -> LetterOrder:
    """Write the mail to one person, the workbook attached."""
    enclosure = Enclosure(
        name=file_name(figures.month, "xlsx"),
        content=workbook(figures, labels, fines=fines),
        media_type=XLSX,
    )
    content = Content(
        reader="informed",
        zone=labels.site.config.daemon.timezone,
        report=monthly_report(figures, labels, fines=fines),
    )
    return LetterOrder(
        template=Template.MONTHLY_REPORT, locale=labels.locale, to=to, content=content, files=(enclosure,)
    )


def monthly_report(figures: Figures, labels: Labels, *, fines: bool = True) -> MonthlyReport:
    """Say in one language what the mail shows."""
    told = headlines(figures, labels, fines=fines)
    shown = (table for table in tables(figures, labels, fines=fines) if table.key in _SHOWN)
    return MonthlyReport(
        month=labels.month(figures.month),
        until=labels.moment(figures.until),
        running=not figures.is_over,
        figures=tuple(Figure(label=label, value=value) for label, value in told),
        parts=(
            day_chart(figures, labels),
            *bar_charts(figures, labels),
            *(_grid(table, labels) for table in shown if table.rows),
        ),
        workbook=file_name(figures.month, "xlsx"),
        left_out=left_out(figures, labels),
    )


def _grid(table: ReportTable, labels: Labels) -> Grid:
    return Grid(
        title=table.title,
        columns=tuple(column.header for column in table.columns),
        rows=tuple(_cells(row, table, labels) for row in table.rows),
        total=() if table.total is None else _cells(table.total, table, labels),
        note=table.note,
    )


def _cells(row: Row, table: ReportTable, labels: Labels) -> tuple[str, ...]:
    return tuple(_cell(row, column, labels) for column in table.columns)


def _cell(row: Row, column: ReportColumn, labels: Labels) -> str:
    match row.get(column.key):
        case None:
            return ""
        case datetime() as moment:
            return labels.moment(moment)
        case Decimal() as number:
            return f"{number:,.2f}" if column.kind is ColumnKind.MONEY else f"{number}"
        case value:
            return str(value)
