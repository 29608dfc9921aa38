"""Tables in HTML to rows of text: what Chinese web systems export as .xls, and what people paste into mails.

A tokenizer of its own, since the input is a stranger's: each character is looked at a bounded number of times, nothing
is fetched, and what exceeds a bound is left out and said to be (`cut`). Broken markup is read as browsers read it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

MAX_CHARACTERS = 3_000_000  # of the whole text: a form's is a tenth of a million
MAX_TABLES = 50
MAX_DEPTH = 30  # of tables within tables: newsletters reach ten
MAX_ROWS = 5_000
MAX_COLUMNS = 256
MAX_CELLS = 200_000  # filled cells of one table
MAX_TEXT = 32_767  # characters of one cell, as in Excel
_HEADING_LINES = 4
_HEADING_LENGTH = 200

Span = tuple[int, int, int, int]  # top, left, bottom, right, from 0, bounds included

_NAME = re.compile(r"[a-zA-Z][^\s/><\"'=]{0,60}")
_TAG_STOP = re.compile(r"[>\"']")
_SPANS = re.compile(r"\b(rowspan|colspan)\s*=\s*[\"']?\s*(\d{1,9})", re.IGNORECASE)
_CHECKBOX = re.compile(r"\btype\s*=\s*[\"']?(?:checkbox|radio)\b", re.IGNORECASE)
_CHECKED = re.compile(r"(?:\s|[\"'])checked\b", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_SILENT = frozenset({"script", "style", "head", "title", "noscript", "template", "xml"})
_RAW = frozenset({"script", "style", "title"})  # their content is no markup, however it looks
_BREAKS = frozenset({"br", "p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6"})


@dataclass(frozen=True)
class HtmlTable:
    """One table: its filled cells by row and column from 0, and its merged areas. `start` is its place in the text."""

    cells: dict[tuple[int, int], str]
    merged: tuple[Span, ...]
    start: int
    quoted: bool  # it stands in a blockquote: somebody else's words
    cut: bool  # there was more than is held here
    heading: tuple[str, ...] = ()  # the last lines between the table before and this one

    def rows(self) -> list[list[str]]:
        """Return the table as rows of equal length; a merged cell's text stands in its first place only."""
        height = max((row for row, _ in self.cells), default=-1) + 1
        width = max((column for _, column in self.cells), default=-1) + 1
        return [[self.cells.get((row, column), "") for column in range(width)] for row in range(height)]


def tables(html: str) -> list[HtmlTable]:
    """Read every table that holds any text, in the order they begin; those within others stand by themselves."""
    reading = _Reading()
    for token in _tokens(html[:MAX_CHARACTERS]):
        reading.take(token)
    if len(html) > MAX_CHARACTERS and reading.all:
        reading.all[-1].cut = True
    return [table for table in (draft.finished() for draft in reading.all) if table.cells]


@dataclass(frozen=True)
class _Token:
    """A tag (`name` is lower case, `attributes` raw) or, without a name, a stretch of text."""

    start: int
    name: str = ""
    closing: bool = False
    attributes: str = ""
    text: str = ""


def _tokens(html: str) -> Iterator[_Token]:
    place, missing = 0, _Missing(html)
    while place < len(html):
        opening = html.find("<", place)
        if opening != place:
            end = len(html) if opening < 0 else opening
            yield _Token(place, text=html[place:end])
            place = end
            continue
        if html.startswith(("<!", "<?"), place):
            place = _after_comment(html, place, missing)
            continue
        closing = html.startswith("</", place)
        named = _NAME.match(html, place + 1 + closing)
        if named is None:
            yield _Token(place, text="<")
            place += 1
            continue
        end = _tag_end(html, named.end(), missing)
        name = named.group().lower()
        yield _Token(place, name, closing, html[named.end() : end])
        place = end + 1
        if name in _RAW and not closing:
            place = missing.find(f"</{name}", place)


class _Missing:
    """Finds needles, and remembers those that do not come again, so that none is sought in vain twice."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._folded = ""
        self._gone: set[str] = set()

    def find(self, needle: str, place: int) -> int:
        """Return where a needle (lower case) stands from `place` on, the text's end if nowhere."""
        if needle in self._gone:
            return len(self._html)
        found = self._text(needle).find(needle, place)
        if found < 0:
            self._gone.add(needle)
            return len(self._html)
        return found

    def _text(self, needle: str) -> str:
        if not needle.startswith("</"):
            return self._html
        if not self._folded:
            self._folded = self._html.translate(_LOWER)
        return self._folded


_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}  # str.lower may change the length


def _after_comment(html: str, place: int, missing: _Missing) -> int:
    if html.startswith("<!--", place):
        return missing.find("-->", place + 2) + 3
    return missing.find(">", place) + 1


def _tag_end(html: str, place: int, missing: _Missing) -> int:
    """Return where the tag's `>` stands; one within quotes does not count."""
    while (stop := _TAG_STOP.search(html, place)) is not None:
        if stop.group() == ">":
            return stop.start()
        closing = missing.find(stop.group(), stop.end())
        place = stop.end() if closing == len(html) else closing + 1
    return len(html)


@dataclass
class _Cell:
    row: int
    column: int
    pieces: list[str] = field(default_factory=list)
    length: int = 0

    def add(self, text: str) -> None:
        """Take a stretch of text; what goes beyond a cell's length is dropped."""
        if self.length <= MAX_TEXT:
            self.pieces.append(text)
            self.length += len(text)

    def text(self) -> str:
        lines = (line.replace("\xa0", " ").strip() for line in "".join(self.pieces).split("\n"))
        return "\n".join(line for line in lines if line)[:MAX_TEXT]


@dataclass
class _Draft:
    """A table while it is being read."""

    start: int
    quoted: bool
    heading: tuple[str, ...] = ()
    row: int = -1
    column: int = 0
    until: dict[int, int] = field(default_factory=dict)  # the last row each column is taken down to
    cells: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: list[Span] = field(default_factory=list)
    cell: _Cell | None = None
    cut: bool = False

    def begin_row(self) -> None:
        self.end_cell()
        self.row += 1
        self.column = 0

    def begin_cell(self, attributes: str) -> None:
        self.end_cell()
        self.row = max(self.row, 0)
        while self.until.get(self.column, -1) >= self.row:
            self.column += 1
        if self.row >= MAX_ROWS or self.column >= MAX_COLUMNS or len(self.cells) >= MAX_CELLS:
            self.cut = True
            return
        spans = {name.lower(): int(number) for name, number in _SPANS.findall(attributes)}
        bottom = min(self.row + max(spans.get("rowspan", 1), 1), MAX_ROWS) - 1
        right = min(self.column + max(spans.get("colspan", 1), 1), MAX_COLUMNS) - 1
        self.until.update(dict.fromkeys(range(self.column, right + 1), bottom))
        if (bottom, right) != (self.row, self.column) and len(self.merged) < MAX_CELLS:
            self.merged.append((self.row, self.column, bottom, right))
        self.cell = _Cell(self.row, self.column)
        self.column = right + 1

    def end_cell(self) -> None:
        if self.cell is not None and (text := self.cell.text()):
            self.cells[self.cell.row, self.cell.column] = text
        self.cell = None

    def finished(self) -> HtmlTable:
        self.end_cell()
        merged = tuple(span for span in self.merged if (span[0], span[1]) in self.cells)
        return HtmlTable(self.cells, merged, self.start, self.quoted, self.cut, self.heading)


class _Reading:
    """The open tables, innermost last, and what the next text belongs to."""

    def __init__(self) -> None:
        self.all: list[_Draft] = []
        self._open: list[_Draft | None] = []  # None: a table beyond the bounds
        self._quotes = 0
        self._silent = ""
        self._between = _Cell(0, 0)  # what stands outside of tables, or in a caption

    def take(self, token: _Token) -> None:
        """Follow one token."""
        if self._silent:
            if (token.closing and token.name == self._silent) or token.name in ("body", "table"):
                self._silent = ""
            else:
                return
        if not token.name:
            self._write(_BLANKS.sub(" ", _unescaped(token.text)))
        elif token.closing:
            self._close(token.name)
        else:
            self._begin(token)

    def _begin(self, token: _Token) -> None:
        if token.name in _SILENT and not token.attributes.endswith("/"):
            self._silent = token.name
        elif token.name == "table":
            self._begin_table(token.start)
        elif token.name == "blockquote":
            self._quotes += 1
        elif (draft := self._draft()) is not None:
            self._begin_within(draft, token)
        elif token.name in _BREAKS:
            self._write("\n")

    def _begin_table(self, start: int) -> None:
        if len(self.all) < MAX_TABLES and len(self._open) < MAX_DEPTH:
            self.all.append(_Draft(start, self._quotes > 0, self._heading()))
            self._open.append(self.all[-1])
        elif len(self._open) < 10 * MAX_DEPTH:
            self._open.append(None)

    def _heading(self) -> tuple[str, ...]:
        lines = self._between.text().split("\n")[-_HEADING_LINES:]
        self._between = _Cell(0, 0)
        return tuple(line[:_HEADING_LENGTH] for line in lines if line)

    def _begin_within(self, draft: _Draft, token: _Token) -> None:
        if token.name == "tr":
            draft.begin_row()
        elif token.name in ("td", "th"):
            draft.begin_cell(token.attributes)
        elif token.name in _BREAKS:
            self._write("\n")
        elif token.name == "input" and _CHECKBOX.search(token.attributes):
            self._write("☑" if _CHECKED.search(token.attributes) else "□")

    def _close(self, name: str) -> None:
        draft = self._draft()
        if name == "table" and self._open:
            self._open.pop()
        elif name == "caption" and draft is not None:
            draft.heading += self._heading()
        elif name == "blockquote":
            self._quotes = max(self._quotes - 1, 0)
        if draft is not None and name in ("td", "th", "tr", "table"):
            draft.end_cell()
        elif name in _BREAKS:
            self._write("\n")

    def _write(self, text: str) -> None:
        draft = self._draft()
        if draft is None or (draft.row < 0 and draft.cell is None):
            self._between.add(text)
        elif draft.cell is not None:
            draft.cell.add(text)

    def _draft(self) -> _Draft | None:
        return self._open[-1] if self._open else None


def _unescaped(text: str) -> str:
    try:
        return unescape(text)
    except ValueError:  # a reference to a character of thousands of digits
        return text
