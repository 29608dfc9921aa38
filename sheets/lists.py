"""The list layout: one complaint per row, for those who keep several (forms.md, a list-shaped sheet)."""

from io import BytesIO

from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from rules.fields import Field, Form
from rules.locales import Locale
from sheets.entry import ChoiceLists, is_required, number_format, validation
from sheets.guidance import SHEET_NAME, TOP_LINE, add_instructions
from sheets.looks import HAIRLINE, LINE, MUTED, NAVY, PAPER, REQUIRED_FORMAT, Look, cell_at, paint, put
from sheets.page import A3, fit_to_width

ROWS = 200
_HEADER_ROW = 3


def list_blank(form: Form, locale: Locale) -> bytes:
    """Draw the list layout of `form` as .xlsx: a table with every field that a blank shows and 200 rows made ready."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = SHEET_NAME.get(locale)
    lists = ChoiceLists(workbook)
    _draw_head(sheet, form, locale)
    shown = {key for blank in form.blanks for key in blank.fields}
    fields = [field for field in form.fields if field.key in shown]
    for column, field in enumerate(fields, start=1):
        _draw_column(sheet, field, column, locale, lists)
    _add_table(sheet, len(fields))
    sheet.freeze_panes = cell_at(sheet, _HEADER_ROW + 1, 1)
    sheet.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
    fit_to_width(sheet, form.blanks[0].title.get(locale), locale, paper=A3, landscape=True)
    add_instructions(workbook, fields, locale)
    workbook.properties.creator = "kesu"
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _draw_head(sheet: Worksheet, form: Form, locale: Locale) -> None:
    title, line = cell_at(sheet, 1, 1), cell_at(sheet, 2, 1)
    put(title, " / ".join(blank.title.get(locale) for blank in form.blanks))
    paint(title, Look(size=16, bold=True, colour=NAVY, wrap=False), locale)
    put(line, TOP_LINE.get(locale))
    paint(line, Look(size=9.5, colour=MUTED, wrap=False), locale)
    sheet.row_dimensions[1].height = 32
    sheet.row_dimensions[2].height = 20
    sheet.row_dimensions[_HEADER_ROW].height = 34


def _draw_column(sheet: Worksheet, field: Field, column: int, locale: Locale, lists: ChoiceLists) -> None:
    label = field.label.get(locale)
    header = cell_at(sheet, _HEADER_ROW, column)
    put(header, label)
    mark = REQUIRED_FORMAT if is_required(field) else "General"
    paint(header, Look(bold=True, colour=PAPER, fill=NAVY, line=NAVY, number_format=mark), locale)
    look = Look(line=HAIRLINE, number_format=number_format(field))
    for row in range(_HEADER_ROW + 1, _HEADER_ROW + 1 + ROWS):
        paint(cell_at(sheet, row, column), look, locale)
    letter = get_column_letter(column)
    sheet.column_dimensions[letter].width = 34 if field.multiline else 15
    first = f"{letter}{_HEADER_ROW + 1}"
    if rule := validation(field, first, locale, lists):
        sheet.add_data_validation(rule)
        rule.add(f"{first}:{letter}{_HEADER_ROW + ROWS}")


def _add_table(sheet: Worksheet, columns: int) -> None:
    last = get_column_letter(columns)
    table = Table(displayName="Complaints", ref=f"A{_HEADER_ROW}:{last}{_HEADER_ROW + ROWS}")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
    sheet.add_table(table)
    sheet.sheet_view.showGridLines = False
    sheet.sheet_properties.tabColor = LINE
