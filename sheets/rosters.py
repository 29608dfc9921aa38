"""List-shaped forms: one car, or one customer to call, in a row; blank, or filled in and the cells to mend coloured.

What the daemon sends out filled in is shaded; what is to be filled in is white or, where it must be, pale yellow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from zoneinfo import ZoneInfo

from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rules.conditions import FactValue
from rules.fields import Blank, Field, Form, FormKind, Kind
from rules.locales import Locale
from sheets.entry import ChoiceLists, is_required, number_format, validation, written
from sheets.looks import (
    HAIRLINE,
    INK,
    MIST,
    MUTED,
    NAVY,
    PAPER,
    RED,
    REQUIRED_FORMAT,
    REQUIRED_PAPER,
    ROSE,
    Look,
    cell_at,
    frame,
    paint,
    put,
)
from sheets.page import fit_to_width
from sheets.texts import plain_text, say
from sheets.tokens import put_token

SPARE = 30  # empty rows of a blank
LIST_SHAPED = (FormKind.DELIVERIES, FormKind.CALLS)
_GIVEN = {FormKind.CALLS: ("customer_name", "customer_phone", "plate_no", "vin", "delivered_on", "business")}
_WIDTHS = {Kind.DATETIME: 18.0, Kind.DATE: 13.0, Kind.PHONE: 16.0, Kind.YES_NO: 11.0, Kind.CHOICE: 13.0}
_NARROW = {"plate_no": 13.0, "vin": 22.0}

_HOW = {
    FormKind.DELIVERIES: say(
        "一列寫一輛交出的車，標有 ● 的必填。存檔後以附件寄到客訴信箱；同一天可以分幾次寄，重複的不會算兩次。",
        "一行填一辆交出的车，标有 ● 的必填。保存后作为附件发到投诉邮箱；同一天可以分几次发，重复的不会算两次。",
        "One car handed over in each row; items marked ● are needed. Save and e-mail it to the complaints mailbox. "
        "A day may come in several lists; what is sent twice counts once.",
    ),
    FormKind.CALLS: say(
        "每打完一通就填右邊的白格：是否接通必填；客戶有抱怨就寫下內容，系統會立案。可以只填一部分先寄回，之後再寄。",
        "每打完一通就填右边的白格：是否接通必填；客户有抱怨就写下内容，系统会立案。可以只填一部分先发回，之后再发。",
        "Fill in the white cells after each call: whether the customer was reached is needed; a complaint written "
        "there opens a case. A part of the list may be sent back first, the rest later.",
    ),
}
_MARKED = say("註記", "标注", "Mark")
_TO_MEND = say("需要改正", "需要改正", "To mend")


@dataclass(frozen=True)
class RosterRow:
    """One row: facts by key, `flaws` (fact key → explanation in the reader's language), and a word that marks it."""

    values: Mapping[str, FactValue] = field(default_factory=dict)
    flaws: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""


@dataclass(frozen=True)
class _Draft:
    sheet: Worksheet
    form: Form
    fields: tuple[Field, ...]
    locale: Locale
    zone: ZoneInfo | None
    given: frozenset[str]
    top: int  # the header's row


def roster(
    form: Form,
    blank: Blank,
    locale: Locale,
    rows: Sequence[RosterRow] = (),
    *,
    lines: Sequence[str] = (),
    zone: ZoneInfo | None = None,
    token: str = "",
) -> bytes:
    """Draw a list-shaped form as .xlsx: `rows`, or empty ones to fill in; `lines` are told under the title.

    Times are written as wall time in `zone`; `token` proves to whom the list was sent. Nothing of it is protected:
    people sort and filter their lists.
    """
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = plain_text(blank.title.get(locale))[:31]
    told = [*lines, _HOW[form.kind].get(locale)]
    fields = tuple(form.field(key) for key in blank.fields)
    given = frozenset(_GIVEN.get(form.kind, ()) if rows else ())
    draft = _Draft(sheet, form, fields, locale, zone, given, top=len(told) + (3 if token else 2))
    _draw_head(draft, blank, told)
    if token:
        put_token(workbook, sheet, token, draft.top - 1, (1, 2), locale)
    _draw_headers(draft, rows)
    for number, row in enumerate(rows or [RosterRow()] * SPARE, start=draft.top + 1):
        _draw_row(draft, number, row, rows)
    _add_rules(draft, ChoiceLists(workbook), draft.top + max(len(rows), 1 if rows else SPARE))
    _set_up(draft, blank)
    workbook.properties.creator = "kesu"
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def _draw_head(draft: _Draft, blank: Blank, told: Sequence[str]) -> None:
    title = cell_at(draft.sheet, 1, 1)
    put(title, blank.title.get(draft.locale))
    paint(title, Look(size=16, bold=True, colour=NAVY, wrap=False), draft.locale)
    draft.sheet.row_dimensions[1].height = 32
    for row, line in enumerate(told, start=2):
        cell = cell_at(draft.sheet, row, 1)
        put(cell, line)
        last = row == len(told) + 1
        paint(cell, Look(size=9.5 if last else 10.5, colour=MUTED if last else INK, wrap=False), draft.locale)
        draft.sheet.row_dimensions[row].height = 20


def _draw_headers(draft: _Draft, rows: Sequence[RosterRow]) -> None:
    for column, of in enumerate(draft.fields, start=1):
        header = cell_at(draft.sheet, draft.top, column)
        put(header, of.label.get(draft.locale))
        mark = REQUIRED_FORMAT if _must(draft, of) else "General"
        paint(header, Look(bold=True, colour=PAPER, fill=NAVY, line=NAVY, number_format=mark), draft.locale)
        width = 36.0 if of.multiline else _NARROW.get(of.key, _WIDTHS.get(of.kind, 14.0))
        draft.sheet.column_dimensions[get_column_letter(column)].width = width
    for column, words in _extra(draft, rows):
        header = cell_at(draft.sheet, draft.top, column)
        put(header, words)
        paint(header, Look(bold=True, colour=PAPER, fill=NAVY, line=NAVY), draft.locale)
        wide = words == _TO_MEND.get(draft.locale)
        draft.sheet.column_dimensions[get_column_letter(column)].width = 48 if wide else 22
    draft.sheet.row_dimensions[draft.top].height = 30


def _must(draft: _Draft, of: Field) -> bool:
    """Tell whether a column is marked as needed: of calls whether somebody was reached, what was given is not asked."""
    if draft.form.kind is FormKind.CALLS:
        return of.key == "reached"
    return is_required(of)


def _extra(draft: _Draft, rows: Sequence[RosterRow]) -> list[tuple[int, str]]:
    """Return the columns behind the form's own: marks, and what is to be mended, where there are any."""
    wanted = ((_MARKED, any(row.mark for row in rows)), (_TO_MEND, any(row.flaws for row in rows)))
    titles = [words.get(draft.locale) for words, is_there in wanted if is_there]
    return [(len(draft.fields) + place, words) for place, words in enumerate(titles, start=1)]


def _draw_row(draft: _Draft, number: int, row: RosterRow, rows: Sequence[RosterRow]) -> None:
    draft.sheet.row_dimensions[number].height = max(21, 30 * len(row.flaws))
    for column, of in enumerate(draft.fields, start=1):
        cell = cell_at(draft.sheet, number, column)
        flaw = row.flaws.get(of.key)
        paint(
            cell,
            Look(line=HAIRLINE, fill=_fill(draft, of, flaw), number_format=number_format(of)),
            draft.locale,
        )
        if of.key in row.values:
            put(cell, written(of, row.values[of.key], draft.locale, draft.zone))
        if flaw:
            cell.border = frame(RED)
            cell.comment = Comment(plain_text(flaw), "kesu", width=300, height=90)
    for column, words in _extra(draft, rows):
        cell = cell_at(draft.sheet, number, column)
        mends = words == _TO_MEND.get(draft.locale)
        put(cell, _to_mend(draft, row) if mends else row.mark)
        paint(
            cell, Look(size=9.5, colour=RED if mends else NAVY, bold=not mends, line=HAIRLINE), draft.locale
        )


def _fill(draft: _Draft, of: Field, flaw: str | None) -> str:
    if flaw:
        return ROSE
    if of.key in draft.given:
        return MIST
    return REQUIRED_PAPER if _must(draft, of) else ""


def _to_mend(draft: _Draft, row: RosterRow) -> str:
    labels = {of.key: of.label.get(draft.locale) for of in draft.fields}
    return "\n".join(f"▸ {labels.get(key, '')} {words}" for key, words in row.flaws.items())


def _add_rules(draft: _Draft, lists: ChoiceLists, last: int) -> None:
    for column, of in enumerate(draft.fields, start=1):
        letter = get_column_letter(column)
        first = f"{letter}{draft.top + 1}"
        rule = None if of.key in draft.given else validation(of, first, draft.locale, lists)
        if rule is not None:
            draft.sheet.add_data_validation(rule)
            rule.add(f"{first}:{letter}{last}")


def _set_up(draft: _Draft, blank: Blank) -> None:
    sheet = draft.sheet
    sheet.freeze_panes = cell_at(sheet, draft.top + 1, 1)
    sheet.print_title_rows = f"{draft.top}:{draft.top}"
    sheet.sheet_view.showGridLines = False
    sheet.sheet_properties.tabColor = NAVY
    fit_to_width(sheet, blank.title.get(draft.locale), draft.locale, landscape=True)
