"""The token of a form that was sent to somebody: in a small grey cell, and as a document property beside it."""

from openpyxl.packaging.custom import StringProperty
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale
from sheets.looks import MUTED, Look, cell_at, paint, put
from sheets.texts import say

PROPERTY = "kesu-token"
_HEIGHT = 16.0
_LINE = say(
    "回信識別碼（請保留）：{token}", "回信识别码（请保留）：{token}", "Reply code (please keep): {token}"
)
_LOOK = Look(size=7.5, colour=MUTED, horizontal="right", wrap=False)


def put_token(
    workbook: Workbook, sheet: Worksheet, token: str, row: int, columns: tuple[int, int], locale: Locale
) -> None:
    """Put a token into a row of its own, across the columns from first to last, and into the workbook's properties."""
    first, last = columns
    cell = cell_at(sheet, row, first)
    put(cell, _LINE.get(locale).format(token=token))
    paint(cell, _LOOK, locale)
    sheet.merge_cells(start_row=row, start_column=first, end_row=row, end_column=last)
    sheet.row_dimensions[row].height = _HEIGHT
    workbook.custom_doc_props.append(StringProperty(name=PROPERTY, value=token))  # type: ignore[attr-defined]
