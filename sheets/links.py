"""Cells that open a folder at a click: a formula made from the text they show, such as `attachments/KS-1 (3)`.

A formula of its own stays with its row when managers sort, cut or filter, and a relative path goes on working when the
share is reached by another name; real hyperlinks of a sheet do neither. The text says all: a program that knows no such
formula, or a person who reads it, still sees where the files lie.
"""

import re
from xml.sax.saxutils import escape, unescape

_COUNT = re.compile(r" \(\d+\)$")
_LONGEST = 250  # of a text within a formula, and of a folder's address in Excel: 255
_FORMULA = re.compile(rb'>HYPERLINK\((?:"|&quot;).*?(?:"|&quot;),(?:"|&quot;)(.*?)(?:"|&quot;)\)</')
# As openpyxl writes it, without the value it has: programs that do not calculate would show nothing.
_DRAWN = re.compile(
    rb'(<c r="[A-Z]+\d+"(?: s="\d+")?)>(<f>HYPERLINK\("(?:[^"]|"")*","((?:[^"]|"")*)"\)</f>)<v ?/?>(?:</v>)?</c>'
)


def link_text(folder: str, count: int) -> str:
    """Return what a cell shows of a folder with so many files; empty where there are none, or the path is too long."""
    text = f"{folder} ({count})"
    return text if count and len(text) <= _LONGEST else ""


def count_in(text: str) -> int:
    """Return how many files a cell says there are."""
    found = _COUNT.search(text)
    return int(found[0].strip(" ()")) if found else 0


def link_formula(text: str) -> str:
    """Return the formula of a cell that shows `text`, without its equals sign."""
    quoted = text.replace('"', '""')
    return f'HYPERLINK("{_COUNT.sub("", quoted)}","{quoted}")'


def linked_cell(text: str, prefix: bytes = b"") -> bytes:
    """Return the XML inside the cell: its formula, and the text it comes to."""
    formula, value = escape(link_formula(text)).encode(), escape(text).encode()
    return b"<%sf>%s</%sf><%sv>%s</%sv>" % (prefix, formula, prefix, prefix, value, prefix)


def text_of_link(content: bytes | bytearray) -> str:
    """Return what the link in a cell comes to, whether or not its value was saved with it; empty where it is none."""
    found = _FORMULA.search(content)
    text = unescape(found[1].decode("utf-8", errors="replace"), {"&quot;": '"'}) if found else ""
    return text.replace('""', '"')


def with_values(sheet: bytes) -> bytes:
    """Return a drawn sheet's XML with the texts that its links come to."""
    return _DRAWN.sub(_valued, sheet)


def _valued(found: re.Match[bytes]) -> bytes:
    return b'%s t="str">%s<v>%s</v></c>' % (found[1], found[2], found[3].replace(b'""', b'"'))
