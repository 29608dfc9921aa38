"""The workbooks that the demo's staff send: blanks filled in as people do, and a few that are not ours at all."""

from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO

from openpyxl import Workbook
from openpyxl.styles import Font

from daemon import packs
from rules.facts import facts_from_json
from rules.fields import FormKind
from rules.locales import Locale
from sheets.blanks import blank_form


def complaint(blank: str, locale: Locale, facts: Mapping[str, object]) -> bytes:
    """Return our own complaint blank, filled in."""
    return _filled(FormKind.COMPLAINT, blank, locale, facts)


def handling(locale: Locale, facts: Mapping[str, object]) -> bytes:
    """Return our own handling form, filled in."""
    return _filled(FormKind.HANDLING, "handling", locale, facts)


def rectification(locale: Locale, facts: Mapping[str, object]) -> bytes:
    """Return our own rectification order, filled in as far as `facts` go."""
    return _filled(FormKind.RECTIFICATION, "rectification", locale, facts)


def deliveries(cars: Sequence[tuple[str, str, str, date, str]]) -> bytes:
    """Return a list of cars handed over: customer, telephone, plate, day, business."""
    return table(["客戶姓名", "聯絡電話", "車牌號碼", "交車日期", "業務類別"], cars, title="交車清單")


def _filled(kind: FormKind, key: str, locale: Locale, facts: Mapping[str, object]) -> bytes:
    form = packs.catalogue().form(kind)
    blank = next(blank for blank in form.blanks if blank.key == key)
    return blank_form(form, blank, locale, prefill=facts_from_json(facts, form))


def retyped(title: str, lines: Sequence[tuple[str, object, str, object]]) -> bytes:
    """Return an old printed form that somebody typed in again: two labels a row, merged title, their own words."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = title[:6]
    sheet.merge_cells("A1:D1")
    sheet["A1"] = title
    sheet["A1"].font = Font(size=16, bold=True)
    for row, cells in enumerate(lines, 3):
        for column, value in enumerate(cells, 1):
            sheet.cell(row, column).value = value  # type: ignore[assignment]
    for letter, width in zip("ABCD", (14, 30, 14, 30), strict=True):
        sheet.column_dimensions[letter].width = width
    return _saved(workbook)


def table(headers: Sequence[str], rows: Sequence[Sequence[object]], title: str = "抱怨清單") -> bytes:
    """Return a list: one complaint, or car, a row."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = title
    sheet.append(list(headers))
    for row in rows:
        sheet.append(list(row))
    for column in "ABCDEFGH":
        sheet.column_dimensions[column].width = 18
    return _saved(workbook)


def _saved(workbook: Workbook) -> bytes:
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()
