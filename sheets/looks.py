"""What all our workbooks look like: colours, fonts, borders, and cells filled safely."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale
from sheets.texts import looks_like_formula, stored_text

INK = "FF1F2A44"
MUTED = "FF6B7280"
NAVY = "FF22365E"
TEAL = "FF1E7A6B"
MIST = "FFF1F4F9"
PAPER = "FFFFFFFF"
LINE = "FFC3CAD6"
HAIRLINE = "FFDDE2EA"
RED = "FFB42318"
BLUE = "FF175A97"  # what opens something at a click
ROSE = "FFFDE4E1"
REQUIRED_PAPER = "FFFFFBEA"
SLATE = "FF475467"
MINT = "FFF0F8F5"  # the cells that managers fill in

# Fonts that stand on every Windows of that language; the English names are known to all of them.
FONTS = {Locale.ZH_HANT: "Microsoft JhengHei", Locale.ZH_HANS: "Microsoft YaHei", Locale.EN: "Calibri"}

TEXT_FORMAT = "@"
# The mark of a required field is drawn by the number format, so that the cell's text is the label and nothing else.
REQUIRED_FORMAT = '"● "@'
MONEY_FORMAT = "#,##0.00"
HOURS_FORMAT = "0.0"
DATE_FORMAT = "yyyy-mm-dd"
DATETIME_FORMAT = "yyyy-mm-dd hh:mm"


@dataclass(frozen=True)
class Look:
    """How a cell looks. Colours are ARGB; no `fill` leaves the paper white, no `line` the cell unframed."""

    size: float = 10.5
    bold: bool = False
    italic: bool = False
    colour: str = INK
    fill: str = ""
    line: str = ""
    horizontal: str = "left"
    vertical: str = "center"
    wrap: bool = True
    shrink: bool = False
    rotation: int = 0
    indent: int = 0
    number_format: str = "General"
    locked: bool = True


def paint(cell: Cell, look: Look, locale: Locale) -> None:
    """Give `cell` the look, in the font of the language."""
    cell.font = Font(
        name=FONTS[locale], size=look.size, bold=look.bold, italic=look.italic, color=look.colour
    )
    if look.fill:
        cell.fill = PatternFill("solid", fgColor=look.fill)
    if look.line:
        cell.border = frame(look.line)
    cell.alignment = Alignment(
        horizontal=look.horizontal,
        vertical=look.vertical,
        wrap_text=look.wrap,
        shrink_to_fit=look.shrink or None,
        text_rotation=look.rotation,
        indent=look.indent,
    )
    cell.number_format = look.number_format


def frame(colour: str) -> Border:
    """Return thin lines all around."""
    side = Side(style="thin", color=colour)
    return Border(left=side, right=side, top=side, bottom=side)


def put(cell: Cell, value: str | Decimal | datetime | int | float | None) -> None:
    """Fill `cell`; text stays text whatever it begins with, also after somebody edits and leaves the cell."""
    if not isinstance(value, str):
        cell.value = value
        return
    text = stored_text(value)
    cell.value = text
    cell.data_type = "s"
    if looks_like_formula(text):
        cell.quotePrefix = True


def cell_at(sheet: Worksheet, row: int, column: int) -> Cell:
    """Return the cell itself; TypeError if it is covered by a merged area."""
    cell = sheet.cell(row, column)
    if not isinstance(cell, Cell):
        raise TypeError(f"{cell.coordinate} lies inside a merged area")
    return cell


def frame_area(sheet: Worksheet, first: tuple[int, int], last: tuple[int, int], colour: str) -> None:
    """Draw the border of every cell of an area, so that a merged area is framed on all sides."""
    for row in range(first[0], last[0] + 1):
        for column in range(first[1], last[1] + 1):
            sheet.cell(row, column).border = frame(colour)
