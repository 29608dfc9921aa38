"""Web pages and web archives (MHT) to grids: a page's tables stand below each other on one sheet, as in Excel."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import MessageError
from email.message import Message

from parsers.charsets import decoded
from parsers.grids import MAX_SHEETS, Area, Grid, Place, Raw, bounded
from parsers.html_tables import HtmlTable, tables
from parsers.refusals import DAMAGED, Refused
from parsers.typed_text import typed

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"\A\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{2,40})")
_HEAD = 4096
_MOST_PARTS = 500
_SHEET = "Sheet1"  # what Excel calls the sheet of a page


def charset_of_page(content: bytes) -> str:
    """Return the charset a page or an XML text names in its head, "" if none."""
    found = _XML_CHARSET.search(content[:_HEAD]) or _CHARSET.search(content[:_HEAD])
    return found[1].decode("ascii", "replace") if found else ""


def read_web_page(text: str, name: str = _SHEET) -> tuple[Grid, ...]:
    """Read all tables of a page as one sheet."""
    found = tables(text)
    cells: dict[Place, Raw] = {}
    merged: list[Area] = []
    row = 0
    for table in found:
        row = _stack(table, row, cells, merged)
    cut = any(table.cut for table in found)
    return (bounded(name, cells.items(), merged, cut=cut),)


def _stack(table: HtmlTable, row: int, cells: dict[Place, Raw], merged: list[Area]) -> int:
    """Put a table, and the words above it, below the row that was reached; return the next one, a gap between."""
    for line in table.heading:
        cells[row, 0] = line
        row += 1
    for (below, column), text in table.cells.items():
        if (value := typed(text)) is not None:
            cells[row + below, column] = value
    merged += (Area(top + row, left, bottom + row, right) for top, left, bottom, right in table.merged)
    return row + max((below for below, _ in table.cells), default=-1) + 2


def read_web_archive(content: bytes) -> tuple[Grid, ...]:
    """Read every page of an archive (RFC 2557) as a sheet; Refused if its parts cannot be told apart."""
    try:
        message = message_from_bytes(content)
        pages = [decoded(*page) for page in _pages(message)]
    except (MessageError, LookupError, RecursionError, ValueError) as error:
        raise Refused(DAMAGED) from error
    grids = (read_web_page(page, f"Sheet{number}") for number, page in enumerate(pages, 1))
    return tuple(grid for (grid,) in grids)[:MAX_SHEETS]


def _pages(message: Message) -> Iterator[tuple[bytes, str]]:
    """Yield the bytes of each page and the charset it names."""
    waiting, seen = [message], 0
    while waiting and seen < _MOST_PARTS:
        part = waiting.pop(0)
        seen += 1
        if part.is_multipart():
            inner = part.get_payload()
            waiting += [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []
        elif part.get_content_type() in ("text/html", "application/xhtml+xml"):
            page = part.get_payload(decode=True)
            if isinstance(page, bytes):
                yield page, charset_of_page(page) or str(part.get_content_charset() or "")
