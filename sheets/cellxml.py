"""What a cell's XML says, and how a value is written as one."""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from sheets.cells import Cell, NewCell
from sheets.columns import MARK, CellValue, Column, ColumnKind, wall_time
from sheets.links import linked_cell
from sheets.refusal import unexpected
from sheets.texts import read_text, stored_text

_PREFIX = rb"(?:[A-Za-z_][\w.-]*:)?"
_VALUE = re.compile(rb"<" + _PREFIX + rb"v(?:\s[^>]*)?>(.*?)</", re.DOTALL)
_FORMULA = re.compile(rb"<" + _PREFIX + rb"f(\s[^>]*?)?/?>")
_PHONETIC = re.compile(rb"<(" + _PREFIX + rb")rPh\b.*?</\1rPh\s*>", re.DOTALL)
_TEXT = re.compile(rb"<(" + _PREFIX + rb")t(?:\s[^>]*)?(?:/>|>(.*?)</\1t\s*>)", re.DOTALL)
_ITEM = re.compile(rb"<(" + _PREFIX + rb")si(?:\s[^>]*)?(?:/>|>(.*?)</\1si\s*>)", re.DOTALL)
_ENTITY = re.compile(r"&(#x[0-9A-Fa-f]+|#[0-9]+|amp|lt|gt|quot|apos);")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}

# Excel's day 0; the calendar that begins in 1904 (old Macs) has its own.
EPOCH, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 # serials are wall time
_DAY = 86_400


class Strings:
    """Reads cells as text; the shared strings are fetched only if a cell refers to them."""

    def __init__(self, shared: Callable[[], Sequence[bytes]]) -> None:
        self._fetch = shared

    @cached_property
    def _items(self) -> Sequence[bytes]:
        return self._fetch()

    def text(self, cell: Cell | None) -> str:
        """Return what the cell shows as text; numbers as they are stored, an empty cell as ''."""
        if cell is None:
            return ""
        if cell.kind == b"inlineStr":
            return _joined(cell.content)
        value = stored_value(cell)
        return self.shared(value) if cell.kind == b"s" else read_text(_plain(value))

    def shared(self, index: bytes) -> str:
        """Return the shared string of that index, as a cell stores it; PatchRefused if there is none."""
        if not index.strip().isdigit() or int(index) >= len(self._items):
            raise unexpected("sharedStrings", index.decode("utf-8", errors="replace"))
        item = self._items[int(index)]
        if item[:3] == b"<t>" and item[-9:] == b"</t></si>" and item.count(b"<") == 3:
            return read_text(_plain(item[3:-9]))
        return _joined(item)

    def seeker(self, texts: Collection[str]) -> Callable[[bytes], bool]:
        """Return a quick test that tells whether a stored value may read as one of `texts`, blanks around it aside.

        The value is a text, or the index of a shared string; whatever cannot be told at once passes.
        """

        def may_read(value: bytes) -> bool:
            if not value.isdigit():
                return may_be(value)
            item = items[int(value)] if int(value) < len(items) else b""
            if item[:3] != b"<t>" or item[-9:] != b"</t></si>":
                return True
            return may_be(item[3:-9]) or value in wanted

        def may_be(text: bytes) -> bool:
            if not text.isascii():  # among them the blanks that only a str knows as such
                return read_text(text.decode("utf-8", errors="replace")).strip() in texts or b"_x" in text
            return text.strip() in wanted or any(sign in text for sign in (b"&", b"_x", b"\x7f"))

        wanted = {text.encode() for text in texts}
        items = self._items
        return may_read


def stored_strings(xml: bytes) -> list[bytes]:
    """Return the items of a part of shared strings; all known programs write `<si>`, else an expression cuts them."""
    items = xml.split(b"<si>")[1:]
    if items and len(items) == xml.count(b"<si") == xml.count(b"</si>"):
        return items
    return [found[2] or b"" for found in _ITEM.finditer(xml)]


def stored_value(cell: Cell) -> bytes:
    """Return what stands in a cell's `<v>`."""
    content = cell.content
    if content[:3] == b"<v>" and content[-4:] == b"</v>" and content.count(b"<") == 2:
        return content[3:-4]
    found = _VALUE.search(cell.content)
    return found[1] if found else b""


def formula_kind(cell: Cell | None) -> str | None:
    """Tell what formula a cell holds: None, `own`, or `spread` where other cells depend on it."""
    found = _FORMULA.search(cell.content) if cell is not None else None
    if found is None:
        return None
    attributes = found[1] or b""
    spread = b"ref=" in attributes.replace(b" ", b"") or b"array" in attributes or b"dataTable" in attributes
    return "spread" if spread else "own"


def _joined(rich: bytes | bytearray) -> str:
    """Join the runs of a rich text, leaving out phonetic readings."""
    return read_text("".join(_plain(found[2] or b"") for found in _TEXT.finditer(_PHONETIC.sub(b"", rich))))


def _plain(xml: bytes) -> str:
    text = xml.decode("utf-8", errors="replace")
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(entity: re.Match[str]) -> str:
    name = entity[1]
    if name in _NAMED:
        return _NAMED[name]
    code = int(name[2:], 16) if name[1] == "x" else int(name[1:])
    return chr(code) if code <= 0x10FFFF else "\ufffd"


class CellWriter:
    """Writes values as cells of one workbook: its time zone, its calendar, its element prefix."""

    def __init__(self, zone: ZoneInfo, *, date1904: bool, prefix: bytes) -> None:
        self._zone = zone
        self._epoch = EPOCH_1904 if date1904 else EPOCH
        self._prefix = prefix

    def value(self, value: CellValue, column: Column, style: bytes | None) -> NewCell:
        """Write a value; None and a text of which nothing can be written empty the cell but keep its style."""
        match value:
            case None:
                return NewCell(b"", b"", style)
            case str() if column.kind is ColumnKind.LINK and (text := stored_text(value)):
                return NewCell(b"str", linked_cell(text, self._prefix), style, is_formula=True)
            case str():
                text = stored_text(value)
                return NewCell(b"inlineStr", self._inline(text), style) if text else NewCell(b"", b"", style)
            case bool() if column.kind is ColumnKind.MARK:
                return self.value(MARK if value else None, column, style)
            case bool():
                return NewCell(b"b", self._element(b"v", b"1" if value else b"0"), style)
            case int():
                return NewCell(b"", self._element(b"v", b"%d" % value), style)
            case Decimal():
                return NewCell(b"", self._element(b"v", f"{value:f}".encode()), style)
        return NewCell(b"", self._element(b"v", self._serial(value, column.kind)), style)

    def formula(self, formula: str, style: bytes | None) -> NewCell:
        """Write a formula without a value: the spreadsheet program calculates it when the file is opened."""
        return NewCell(b"", self._element(b"f", escape(formula).encode()), style, is_formula=True)

    def _serial(self, moment: datetime, kind: ColumnKind) -> bytes:
        since = wall_time(moment, self._zone) - self._epoch
        time = 0.0 if kind is ColumnKind.DATE else since.seconds / _DAY
        return f"{since.days + time:.15g}".encode()

    def _inline(self, text: str) -> bytes:
        content = escape(text).encode()
        p = self._prefix
        return b'<%sis><%st xml:space="preserve">%s</%st></%sis>' % (p, p, content, p, p)

    def _element(self, name: bytes, content: bytes) -> bytes:
        return b"<%s%s>%s</%s%s>" % (self._prefix, name, content, self._prefix, name)
