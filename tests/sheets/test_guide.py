"""The help in the master: every column of every sheet is explained under the sheet's own heading."""

import pytest
from openpyxl.workbook import Workbook

from rules.locales import Locale
from sheets import guidetexts as texts
from sheets.editions import MASTER
from sheets.guide import add_guide
from sheets.signals import MasterLabels

LABELS = MasterLabels("台中店", {"level-1": "一級"}, ("已解決",))


@pytest.mark.parametrize("locale", Locale)
def test_each_sheets_columns_are_explained_below_its_heading(locale: Locale) -> None:
    book = Workbook()
    add_guide(book, locale, LABELS)
    said = [
        str(cell.value) for row in book[texts.SHEET.get(locale)].iter_rows() for cell in row if cell.value
    ]
    opened, closed, *more = MASTER.sheets
    told = {*opened.columns, *closed.columns}
    at = said.index(texts.CLOSED_COLUMNS.get(locale))
    for sheet in more:
        at = said.index(texts.MORE_COLUMNS.get(locale).format(sheet=sheet.title.get(locale)), at)
        for column in sheet.columns:
            assert column in told or column.header.get(locale) in said[at:]
