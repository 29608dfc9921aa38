"""Text that goes by the name of a workbook: web pages, web archives, separated values and Excel's XML of 2003.

Chinese web systems export exactly these as .xls, and Excel opens them without a word. What they hold comes out as the
same grids as a workbook's cells. Nothing they refer to is fetched.
"""

import re

from parsers.charsets import decoded
from parsers.delimited import read_delimited
from parsers.grids import Grid
from parsers.refusals import OLD_FORMAT, UNSAFE_XML, WEB_PAGE, Refused
from parsers.spreadsheet_xml import read_spreadsheet_xml
from parsers.web_pages import charset_of_page, read_web_archive, read_web_page

_HEAD = 4096
_ARCHIVE = re.compile(
    r"\A\s*(?:[A-Za-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){0,20}?Content-Type:\s*multipart/", re.IGNORECASE
)
_EXCEL_XML = "urn:schemas-microsoft-com:office:spreadsheet"
_OLD = re.compile(r"\A(?:ID;P|TABLE\r?\n0,1\r?\n)")  # SYLK and DIF
_MARKUP = re.compile(r"\A\s*<")


def read_otherwise(content: bytes) -> tuple[Grid, ...]:
    """Read the cells of a text; Refused with the reason if there are none in it."""
    text = decoded(content, charset_of_page(content))
    head = text[:_HEAD]
    if _OLD.match(head):
        raise Refused(OLD_FORMAT)
    if _EXCEL_XML in head and "<html" not in head.lower():
        return read_spreadsheet_xml(text)
    if _ARCHIVE.match(head):
        return _told(read_web_archive(content))
    if _MARKUP.match(head):
        if head.lstrip().startswith("<?xml") and "<!DOCTYPE" in head and "<html" not in head.lower():
            raise Refused(UNSAFE_XML)
        return _told(read_web_page(text))
    return _told(read_delimited(text))


def _told(grids: tuple[Grid, ...]) -> tuple[Grid, ...]:
    if not any(grid.cells for grid in grids):
        raise Refused(WEB_PAGE)
    return grids
