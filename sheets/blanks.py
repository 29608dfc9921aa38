"""Blank forms to fill in: printed portrait on A4, read back by their labels (D37, forms.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from types import MappingProxyType
from zoneinfo import ZoneInfo

from openpyxl.comments import Comment
from openpyxl.styles import Protection
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rules.conditions import FactValue
from rules.fields import Blank, Field, Form
from rules.locales import Locale
from sheets.entry import ChoiceLists, is_required, number_format, validation, written
from sheets.guidance import CASE_NUMBER, CONTEXT_LINE, MEND_LINE, SHEET_NAME, TOP_LINE, add_instructions
from sheets.lists import list_blank
from sheets.looks import (
    INK,
    LINE,
    MIST,
    MUTED,
    NAVY,
    PAPER,
    RED,
    REQUIRED_FORMAT,
    REQUIRED_PAPER,
    ROSE,
    TEXT_FORMAT,
    Look,
    cell_at,
    frame_area,
    paint,
    put,
)
from sheets.page import fit_to_width
from sheets.sections import Section, grouped
from sheets.texts import plain_text
from sheets.tokens import put_token

__all__ = ["blank_form", "blank_name", "list_blank"]

# Columns: section, label, value, label, value, arrow, explanation
SECTION, LABEL, VALUE, LABEL_2, VALUE_2, ARROW, NOTE = range(1, 8)
_WIDTHS = (5.5, 16.5, 26, 16.5, 26)
_NOTE_WIDTHS = (3.5, 42)
_ROW, _TALL_ROW = 31.0, 125.0
_NOTHING: Mapping[str, str] = MappingProxyType({})

# A reader takes the next filled cell for the value; a lone "-" means empty to it, and the format shows an arrow.
_ARROW_TEXT, _ARROW_FORMAT = "-", '"◄";"◄";"◄";"◄"'

_TITLE = Look(size=20, bold=True, colour=NAVY, horizontal="center", wrap=False)
_CONTEXT = Look(size=10, colour=INK, fill=MIST, line=LINE, vertical="top", indent=1)
_CONTEXT_WIDTH = 84  # characters of Latin script that a line of it holds
_TALLEST_ROW = 400.0  # Excel's own bound is 409
_LINE = Look(size=9.5, colour=MUTED, horizontal="center")
_MEND = Look(size=10.5, bold=True, colour=RED, horizontal="center")
_SECTION = Look(size=10.5, bold=True, colour=PAPER, fill=NAVY, line=PAPER, horizontal="center")
_LABEL = Look(colour=INK, fill=MIST, line=LINE, indent=1)
_VALUE = Look(line=LINE, indent=1)


@dataclass(frozen=True)
class _Draft:
    """One form being drawn, and what is put into it."""

    sheet: Worksheet
    locale: Locale
    lists: ChoiceLists
    implied: Mapping[str, str]
    values: Mapping[str, FactValue]
    flaws: Mapping[str, str]
    zone: ZoneInfo | None


def blank_name(form: Form, blank: Blank, locale: Locale) -> str:
    """Return the file name of a blank, such as `售後客戶抱怨單.xlsx`."""
    del form  # the title says it; other forms' names may need more
    title = "".join("-" if sign in '\\/:*?"<>|' else sign for sign in blank.title.get(locale))
    return f"{title}.xlsx"


def blank_form(
    form: Form,
    blank: Blank,
    locale: Locale,
    *,
    prefill: Mapping[str, FactValue] | None = None,
    flaws: Mapping[str, str] | None = None,
    case_number: str | None = None,
    zone: ZoneInfo | None = None,
    token: str = "",
    context: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Draw a blank as .xlsx: empty, or pre-filled with facts and the flaws explained beside the cells to mend.

    `flaws` maps fact keys to explanations in the reader's language; times are written as wall time in `zone`.
    Facts the blank does not show get a row too, so that nothing that could be read is lost; `case_number` stands
    in a row of its own unless the form asks for it. `token` proves to whom the form was sent.
    `context`, labels and values, is only to be read.
    """
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = SHEET_NAME.get(locale)
    values: dict[str, FactValue] = {**blank.implies, **(prefill or {})}
    if case_number:
        values["case_number"] = case_number
    asked = "case_number" in blank.fields
    fields = _shown(form, blank, {*values, *(flaws or _NOTHING)} - (set() if asked else {"case_number"}))
    draft = _Draft(sheet, locale, ChoiceLists(workbook), blank.implies, values, flaws or _NOTHING, zone)
    row = _draw_head(draft, blank, None if asked else values.get("case_number"))
    row = _draw_context(draft, context, row)
    for section, members in grouped(fields):
        row = _draw_section(draft, section, members, row)
    if token:
        put_token(workbook, sheet, token, row, (SECTION, VALUE_2), locale)
        row += 1
    _set_up(draft, blank.title.get(locale), last_row=row - 1)
    add_instructions(workbook, fields, locale)
    return _saved(workbook)


def _saved(workbook: Workbook) -> bytes:
    workbook.properties.creator = "kesu"
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _shown(form: Form, blank: Blank, known: set[str]) -> list[Field]:
    """Return the blank's fields in its order, then those it does not show but something is known of."""
    extra = [field.key for field in form.fields if field.key in known and field.key not in blank.fields]
    return [form.field(key) for key in (*blank.fields, *extra)]


def _draw_head(draft: _Draft, blank: Blank, case_number: FactValue | None) -> int:
    """Draw title, instruction line and case number; return the row the grid begins in."""
    sheet, locale = draft.sheet, draft.locale
    _across(draft, 1, blank.title.get(locale), _TITLE, height=38)
    _across(draft, 2, TOP_LINE.get(locale), _LINE, height=28)
    row = 3
    if draft.flaws:
        _across(draft, row, MEND_LINE.get(locale), _MEND, height=24)
        row += 1
    if case_number:
        sheet.row_dimensions[row].height = 22
        label, value = cell_at(sheet, row, LABEL_2), cell_at(sheet, row, VALUE_2)
        put(label, CASE_NUMBER.get(locale))
        paint(label, _LABEL, locale)
        put(value, str(case_number))
        paint(value, Look(bold=True, line=LINE, indent=1, number_format=TEXT_FORMAT), locale)
        row += 1
    sheet.row_dimensions[row].height = 6
    return row + 1


def _draw_context(draft: _Draft, context: Sequence[tuple[str, str]], row: int) -> int:
    """Draw what is only to be read; return the row after it.

    One cell that begins with no label: whatever a customer said, nothing in it is read as an answer.
    """
    if not context:
        return row
    lines = [f"▸ {label}　{' '.join(value.split())}" for label, value in context]
    text = "\n".join([CONTEXT_LINE.get(draft.locale), *lines])
    height = sum(15.5 * (1 + _width(line) // _CONTEXT_WIDTH) for line in text.split("\n")) + 8
    _across(draft, row, text, _CONTEXT, height=min(height, _TALLEST_ROW))
    draft.sheet.row_dimensions[row + 1].height = 6
    return row + 2


def _width(text: str) -> int:
    return sum(2 if sign > "\u2e80" else 1 for sign in text)


def _across(draft: _Draft, row: int, text: str, look: Look, height: float) -> None:
    cell = cell_at(draft.sheet, row, SECTION)
    put(cell, text)
    paint(cell, look, draft.locale)
    draft.sheet.merge_cells(start_row=row, start_column=SECTION, end_row=row, end_column=VALUE_2)
    draft.sheet.row_dimensions[row].height = height


def _draw_section(draft: _Draft, section: Section, fields: list[Field], first: int) -> int:
    """Draw a section from row `first` on; return the row after it."""
    lines = _lines(fields, draft.flaws)
    title = section.title.get(draft.locale)
    least = _title_length(title, draft.locale) / len(lines)
    for row, line in enumerate(lines, start=first):
        base = _TALL_ROW if line[0].multiline else _ROW
        draft.sheet.row_dimensions[row].height = max(base, least)
        _draw_line(draft, line, row)
    last = first + len(lines) - 1
    cell = cell_at(draft.sheet, first, SECTION)
    upright = draft.locale is not Locale.EN
    put(cell, "\n".join(title) if upright else title)
    paint(cell, replace(_SECTION, rotation=0 if upright else 90), draft.locale)
    frame_area(draft.sheet, (first, SECTION), (last, SECTION), PAPER)
    if last > first:
        draft.sheet.merge_cells(start_row=first, start_column=SECTION, end_row=last, end_column=SECTION)
    return last + 1


def _title_length(title: str, locale: Locale) -> float:
    """Return how many points the section's title needs down the side."""
    return len(title) * (6.6 if locale is Locale.EN else 15) + 10


def _lines(fields: list[Field], flaws: Mapping[str, str]) -> list[list[Field]]:
    """Put short fields two to a row; tall ones, and flawed ones with their explanation, get a row of their own."""
    lines: list[list[Field]] = []
    open_line: list[Field] | None = None
    for field in fields:
        if field.multiline or field.key in flaws:
            lines.append([field])
        elif open_line is not None:
            open_line.append(field)
            open_line = None
        else:
            open_line = [field]
            lines.append(open_line)
    return lines


def _draw_line(draft: _Draft, line: list[Field], row: int) -> None:
    if len(line) == 1:
        _draw_field(draft, line[0], row, LABEL, last_column=VALUE_2)
        return
    _draw_field(draft, line[0], row, LABEL, last_column=VALUE)
    _draw_field(draft, line[1], row, LABEL_2, last_column=VALUE_2)


def _draw_field(draft: _Draft, field: Field, row: int, column: int, last_column: int) -> None:
    sheet, locale = draft.sheet, draft.locale
    required = is_required(field, draft.implied)
    label = cell_at(sheet, row, column)
    put(label, field.label.get(locale))
    paint(label, _label_look(required=required), locale)
    value = cell_at(sheet, row, column + 1)
    paint(value, _value_look(field, required=required, flawed=field.key in draft.flaws), locale)
    frame_area(sheet, (row, column + 1), (row, last_column), RED if field.key in draft.flaws else LINE)
    value.protection = Protection(locked=False)
    if field.key in draft.values:
        put(value, written(field, draft.values[field.key], locale, draft.zone))
    if rule := validation(field, value.coordinate, locale, draft.lists):
        sheet.add_data_validation(rule)
        rule.add(value.coordinate)
    if last_column > column + 1:
        sheet.merge_cells(start_row=row, start_column=column + 1, end_row=row, end_column=last_column)
    if field.key in draft.flaws:
        _explain(draft, row, column + 1, draft.flaws[field.key])


def _label_look(*, required: bool) -> Look:
    if not required:
        return _LABEL
    return Look(bold=True, colour=NAVY, fill=MIST, line=LINE, indent=1, number_format=REQUIRED_FORMAT)


def _value_look(field: Field, *, required: bool, flawed: bool) -> Look:
    return Look(
        line=LINE,
        indent=1,
        fill=ROSE if flawed else REQUIRED_PAPER if required else "",
        vertical="top" if field.multiline else "center",
        number_format=number_format(field),
    )


def _explain(draft: _Draft, row: int, column: int, explanation: str) -> None:
    """Put the explanation into the column to the right, behind an arrow, and into a comment on the value cell."""
    arrow, note = cell_at(draft.sheet, row, ARROW), cell_at(draft.sheet, row, NOTE)
    arrow.value = _ARROW_TEXT
    paint(arrow, Look(colour=RED, bold=True, horizontal="center", number_format=_ARROW_FORMAT), draft.locale)
    put(note, explanation)
    paint(note, Look(size=10, colour=RED), draft.locale)
    comment = Comment(plain_text(explanation), "kesu")
    comment.width, comment.height = 300, 90
    cell_at(draft.sheet, row, column).comment = comment


def _set_up(draft: _Draft, title: str, last_row: int) -> None:
    sheet = draft.sheet
    widths = (*_WIDTHS, *_NOTE_WIDTHS) if draft.flaws else _WIDTHS
    for letter, width in zip("ABCDEFG", widths, strict=False):
        sheet.column_dimensions[letter].width = width
    sheet.sheet_view.showGridLines = False
    sheet.sheet_properties.tabColor = NAVY
    sheet.print_area = f"A1:{'G' if draft.flaws else 'E'}{last_row}"
    fit_to_width(sheet, title, draft.locale)
    # Labels are protected from slips, not from people: no password, and rows may be made taller.
    sheet.protection.sheet = True
    sheet.protection.formatRows = False
    sheet.protection.formatColumns = False
    sheet.protection.formatCells = False
