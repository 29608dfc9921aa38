"""What of a workbook could run or lead out: formulas, links, connections, names; and what of a page could."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from xml.sax.saxutils import unescape
from zipfile import ZipFile

from openpyxl import load_workbook

# Elements whose text a spreadsheet program calculates, and attributes that it follows.
_CALCULATED = re.compile(
    rb"<(?:\w+:)?(f|formula|formula1|formula2|definedName|calculatedColumnFormula|totalsRowFormula|ddeLink|connection)"
    rb"(?:\s[^>]*)?>(.*?)</",
    re.DOTALL,
)
_CARRYING = re.compile(rb"<(?:\w+:)?(hyperlink|ddeLink|connection|webPr|dbPr|sheetPr codeName)\b[^>]*>")
_OUTWARD = re.compile(rb'<Relationship\b[^>]*TargetMode="External"[^>]*>')
_ACTIVE_PARTS = re.compile(
    r"vbaProject|externalLinks|connections\.xml|embeddings|activeX|ctrlProps|customUI|macrosheets|queryTables"
)


def calculated(workbook: bytes) -> list[str]:
    """Everything in a workbook that is calculated or followed, as text."""
    found = []
    with ZipFile(BytesIO(workbook)) as package:
        for name in package.namelist():
            if _ACTIVE_PARTS.search(name):
                found.append(name)
            part = package.read(name)
            found += [unescape(one[2].decode()) for one in _CALCULATED.finditer(part)]
            found += [one[0].decode() for one in (*_CARRYING.finditer(part), *_OUTWARD.finditer(part))]
    return found


def texts(workbook: bytes) -> Iterator[tuple[str, str, bool, str]]:
    """Every text cell: where, what, whether the cell keeps it text when somebody edits it, and its format."""
    for sheet in load_workbook(BytesIO(workbook)).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    yield (
                        f"{sheet.title}!{cell.coordinate}",
                        cell.value,
                        bool(cell.quotePrefix),
                        cell.data_type,
                    )


class Markup(HTMLParser):
    """The elements, attributes and words of a page, as a browser understands them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.words.append(data)
