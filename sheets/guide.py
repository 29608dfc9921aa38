"""The master's help sheet: what the colours mean, how the work goes both ways, what each column holds."""

from collections.abc import Iterable
from dataclasses import replace
from unicodedata import east_asian_width

from openpyxl.styles import PatternFill
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale
from sheets import guidetexts as texts
from sheets.columns import Column, Owner
from sheets.editions import MASTER, Edition
from sheets.looks import (
    HAIRLINE,
    INK,
    MINT,
    MIST,
    MUTED,
    NAVY,
    PAPER,
    RED,
    ROSE,
    SLATE,
    TEAL,
    Look,
    cell_at,
    paint,
    put,
)
from sheets.page import fit_to_width
from sheets.signals import OVERDUE, SETTLED, SETTLED_INK, SOON, STRIPE, MasterLabels, grade_colours

_WIDTHS = (3, 22, 12, 82)
_LINE = 17.5  # points a line of text takes
_LATIN = 0.87  # of a half width, what a letter takes on the average
_PLAIN = Look(colour=INK)

_SIGNALS = (
    (OVERDUE, PAPER, texts.OVERDUE),
    (SOON, INK, texts.SOON),
    (SETTLED, SETTLED_INK, texts.SETTLED),
    (ROSE, RED, texts.REFUSED),
    (MINT, INK, texts.YOURS),
)


def add_guide(workbook: Workbook, locale: Locale, labels: MasterLabels, edition: Edition = MASTER) -> None:
    """Add the help as the next sheet."""
    sheet = workbook.create_sheet(texts.SHEET.get(locale))
    for letter, width in zip("ABCD", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    page = _Page(sheet, locale)
    page.line(texts.TITLE.get(locale), Look(size=20, bold=True, colour=NAVY, wrap=False), height=42)
    _add_colours(page, labels)
    for heading, sentences in texts.CHAPTERS:
        page.heading(heading.get(locale))
        for sentence in sentences:
            page.sentence(sentence.get(locale).format(file=labels.file))
    opened, closed, *more = edition.sheets
    page.heading(texts.OPEN_COLUMNS.get(locale))
    _add_columns(page, opened.columns, NAVY)
    page.heading(texts.CLOSED_COLUMNS.get(locale))
    _add_columns(page, (column for column in closed.columns if column not in opened.columns), SLATE)
    known = (*opened.columns, *closed.columns)
    for other in more:
        page.heading(texts.MORE_COLUMNS.get(locale).format(sheet=other.title.get(locale)))
        _add_columns(page, (column for column in other.columns if column not in known), SLATE)
    sheet.sheet_view.showGridLines = False
    sheet.sheet_properties.tabColor = TEAL
    fit_to_width(sheet, f"{texts.TITLE.get(locale)} {labels.site}".strip(), locale)


class _Page:
    """The sheet, written from top to bottom."""

    def __init__(self, sheet: Worksheet, locale: Locale) -> None:
        self.sheet = sheet
        self.locale = locale
        self._row = 0

    def line(self, text: str, look: Look, *, height: float) -> None:
        """Begin a new row with a text."""
        self._row += 1
        self.sheet.row_dimensions[self._row].height = height
        self.beside(text, look, column=2)

    def beside(self, text: str, look: Look, *, column: int) -> None:
        """Put another text into the same row."""
        cell = cell_at(self.sheet, self._row, column)
        put(cell, text)
        paint(cell, look, self.locale)

    def heading(self, text: str) -> None:
        """Begin a chapter."""
        self.line(text, Look(size=13, bold=True, colour=NAVY, vertical="bottom", wrap=False), height=36)

    def sentence(self, text: str) -> None:
        """Write a sentence over the whole width, as high as it needs."""
        text = f"▸ {text}"
        self.line(text, replace(_PLAIN, vertical="top"), height=_height(text, 0.97 * sum(_WIDTHS[1:])))
        self.sheet.merge_cells(start_row=self._row, start_column=2, end_row=self._row, end_column=4)

    def striped(self) -> None:
        """Stripe the first cell of the row as an incomplete case is."""
        self.sheet.cell(self._row, 2).fill = PatternFill("lightUp", fgColor=STRIPE, bgColor=MIST)


def _height(text: str, width: float) -> float:
    """Return how high a text stands that is wrapped at `width` half widths."""
    length = sum(2 if east_asian_width(character) in "WFA" else _LATIN for character in text)
    return _LINE * (1 + int(length / width)) + 4


def _add_colours(page: _Page, labels: MasterLabels) -> None:
    locale = page.locale
    page.heading(texts.COLOURS.get(locale))
    swatches = [
        (fill, ink, labels.grades[key], texts.GRADE) for key, (fill, ink) in grade_colours(labels).items()
    ]
    swatches += [(fill, ink, name.get(locale), meaning) for fill, ink, (name, meaning) in _SIGNALS]
    for fill, ink, name, meaning in swatches:
        page.line(name, Look(bold=True, colour=ink, fill=fill, line=PAPER, horizontal="center"), height=22)
        page.beside(meaning.get(locale), Look(colour=INK, wrap=False, indent=1), column=3)
    page.line(texts.STRIPES[0].get(locale), Look(colour=INK, horizontal="center"), height=22)
    page.striped()
    page.beside(texts.STRIPES[1].get(locale), Look(colour=INK, wrap=False, indent=1), column=3)


def _add_columns(page: _Page, columns: Iterable[Column], fill: str) -> None:
    locale = page.locale
    for column in columns:
        ours = column.owner is Owner.DAEMON
        name = Look(bold=True, colour=PAPER, fill=fill if ours else TEAL, line=PAPER, indent=1)
        explained = column.help.get(locale)
        page.line(column.header.get(locale), name, height=max(24, _height(explained, 0.9 * _WIDTHS[3])))
        owner = (texts.SYSTEM if ours else texts.MANAGER).get(locale)
        page.beside(owner, Look(colour=MUTED, line=HAIRLINE, horizontal="center"), column=3)
        page.beside(explained, Look(line=HAIRLINE, indent=1), column=4)
