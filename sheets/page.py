"""Paper: margins, header and footer, one page wide."""

from openpyxl.worksheet.page import PageMargins
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale
from sheets.texts import say

A3, A4 = 8, 9
_PAGE = say("第 &P 頁，共 &N 頁", "第 &P 页，共 &N 页", "Page &P of &N")
_PRINTED = say("列印：&D &T", "打印：&D &T", "Printed &D &T")


_LONGEST = 80  # of a footer's text; header and footer hold 255 characters in all


def fit_to_width(
    sheet: Worksheet, title: str, locale: Locale, *, paper: int = A4, landscape: bool = False, pages: int = 1
) -> None:
    """Set the sheet up to print one page wide, or `pages`, with its title and page numbers in the footer."""
    sheet.page_setup.paperSize = paper
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.fitToWidth = pages
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_margins = PageMargins(left=0.5, right=0.5, top=0.6, bottom=0.7, header=0.3, footer=0.35)
    sheet.print_options.horizontalCentered = True
    sheet.oddHeader.right.text = _PRINTED.get(locale)  # type: ignore[union-attr] # always there in a new sheet
    sheet.oddHeader.right.size = 8  # type: ignore[union-attr]
    sheet.oddFooter.left.text = title[:_LONGEST].replace("&", "&&")  # type: ignore[union-attr]
    sheet.oddFooter.left.size = 8  # type: ignore[union-attr]
    sheet.oddFooter.right.text = _PAGE.get(locale)  # type: ignore[union-attr]
    sheet.oddFooter.right.size = 8  # type: ignore[union-attr]
