"""A sheet's XML as bytes: rows and cells are found in it and single cells replaced; the rest keeps its bytes.

This is a tokenizer for what spreadsheet programs write, not an XML parser: comments, CDATA or other elements among
rows and cells are refused rather than guessed at. A parser that builds a tree would rename prefixes, reorder
attributes and take a hundred times as long (facts/spreadsheets.md).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from sheets.places import area_name, area_place, cell_name, cell_place
from sheets.refusal import unexpected

_ATTRIBUTES = rb"""((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*"""
_ATTRIBUTE = re.compile(rb"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_SHEET_DATA = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?)sheetData" + _ATTRIBUTES + rb"(/?)>")
_NOT_MARKUP = re.compile(rb"<!|<\?")
_DIMENSION = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?dimension\b[^>]*?\bref\s*=\s*[\"']([^\"']*)[\"']")
_MERGED = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?mergeCell\b[^>]*?\bref\s*=\s*[\"']([^\"']*)[\"']")
_SPANS = re.compile(rb"""(\sspans\s*=\s*)(["'])(\d+):(\d+)\2""")


@dataclass(frozen=True)
class Cell:
    """One cell as it stands; `content` is what lies between its tags."""

    column: int
    attributes: Mapping[bytes, bytes]
    content: bytes
    raw: bytes

    @property
    def kind(self) -> bytes:
        """The value's type as the file names it, `n` where it names none."""
        return self.attributes.get(b"t", b"n")

    @property
    def style(self) -> bytes | None:
        """The style id, None where the cell has none."""
        return self.attributes.get(b"s")


@dataclass(frozen=True)
class NewCell:
    """What a cell is to become: its type and content, and the style to use where the cell has none yet."""

    kind: bytes  # b"" for a number or an empty cell
    content: bytes
    style: bytes | None
    is_formula: bool = False


@dataclass(frozen=True)
class SheetRow:
    """One row as it stands; `start` is where among the rows it begins."""

    number: int
    start: int
    attributes: bytes
    content: bytes
    raw: bytes


class Grid:
    """The rows of a sheet part; PatchRefused if they are not written as spreadsheet programs write them."""

    def __init__(self, xml: bytes, part: str) -> None:
        self.part = part
        opening = _SHEET_DATA.search(xml)
        if opening is None or opening[3] or not _is_utf8(xml):
            raise unexpected(part, "sheetData")
        self.prefix = opening[1]
        end = xml.find(b"</%ssheetData" % self.prefix, opening.end())
        if end < 0:
            raise unexpected(part, "sheetData")
        self._head, self._body, self._tail = xml[: opening.end()], xml[opening.end() : end], xml[end:]
        if _NOT_MARKUP.search(self._body) or b"<!" in self._head:
            raise unexpected(part, "comment, CDATA, DTD")
        self._row_pattern = self._element(b"row")
        self._cell_pattern = self._element(b"c")

    def _element(self, name: bytes) -> re.Pattern[bytes]:
        tag = re.escape(self.prefix) + name
        return re.compile(rb"<" + tag + _ATTRIBUTES + rb"(?:/>|>(.*?)</" + tag + rb"\s*>)", re.DOTALL)

    @cached_property
    def rows(self) -> dict[int, SheetRow]:
        """Every row by its number, in the order of the file."""
        rows: dict[int, SheetRow] = {}
        last = 0
        for found in self._contiguous(self._row_pattern, self._body):
            number = dict(_attributes(found[1])).get(b"r", b"")
            if not number.isdigit() or int(number) <= last:
                raise unexpected(self.part, "row r")
            last = int(number)
            rows[last] = SheetRow(last, found.start(), found[1], found[2] or b"", found[0])
        return rows

    def _contiguous(self, pattern: re.Pattern[bytes], text: bytes) -> Iterator[re.Match[bytes]]:
        """Yield the matches, refusing anything but white space between them."""
        position = 0
        for found in pattern.finditer(text):
            if text[position : found.start()].strip():
                raise unexpected(self.part, text[position : position + 20].decode("utf-8", errors="replace"))
            yield found
            position = found.end()
        if text[position:].strip():
            raise unexpected(self.part, text[position : position + 20].decode("utf-8", errors="replace"))

    def cells(self, number: int) -> dict[int, Cell]:
        """Return the cells of a row by column, in the order of the file; nothing where there is no such row."""
        row = self.rows.get(number)
        cells: dict[int, Cell] = {}
        last = 0
        for found in self._contiguous(self._cell_pattern, row.content) if row else ():
            attributes = dict(_attributes(found[1]))
            column = self._column(attributes.get(b"r", b""), number)
            if column <= last:
                raise unexpected(self.part, "c r")
            last = column
            cells[column] = Cell(column, attributes, found[2] or b"", found[0])
        return cells

    def _column(self, reference: bytes, row: int) -> int:
        try:
            column, number = cell_place(reference.decode("ascii", errors="replace"))
        except ValueError:
            raise unexpected(self.part, "c r") from None
        if number != row:
            raise unexpected(self.part, "c r")
        return column

    @cached_property
    def merged(self) -> tuple[str, ...]:
        """Return the merged areas."""
        return tuple(area.decode("ascii", errors="replace") for area in _MERGED.findall(self._tail))

    def array_areas(self) -> Iterator[str]:
        """Yield the areas of array formulas and data tables that reach over more than their own cell."""
        formula = re.compile(rb"<" + re.escape(self.prefix) + rb"f" + _ATTRIBUTES + rb"/?>")
        for found in formula.finditer(self._body):
            attributes = dict(_attributes(found[1]))
            if attributes.get(b"t") in (b"array", b"dataTable") and b":" in attributes.get(b"ref", b""):
                yield attributes[b"ref"].decode("ascii", errors="replace")

    def edited(self, edits: Mapping[int, Mapping[int, NewCell]], new_row_attributes: bytes = b"") -> bytes:
        """Return the sheet with the cells of `edits` (row → column → cell) written, and nothing else changed."""
        if not edits:
            return b"".join([self._head, self._body, self._tail])
        pieces: list[bytes] = []
        waiting = sorted(set(edits) - set(self.rows), reverse=True)
        position = 0
        for number, row in self.rows.items():
            pieces.append(self._body[position : row.start])
            position = row.start + len(row.raw)
            while waiting and waiting[-1] < number:
                pieces.append(self._new_row(waiting[-1], edits[waiting.pop()], new_row_attributes))
            pieces.append(self._edited_row(row, edits[number]) if number in edits else row.raw)
        pieces += [self._new_row(number, edits[number], new_row_attributes) for number in reversed(waiting)]
        pieces.append(self._body[position:])
        return b"".join([self._extended_head(edits), *pieces, self._tail])

    def _new_row(self, number: int, cells: Mapping[int, NewCell], attributes: bytes) -> bytes:
        content = b"".join(
            self._written(number, column, cell, None) for column, cell in sorted(cells.items())
        )
        return b'<%srow r="%d"%s>%s</%srow>' % (self.prefix, number, attributes, content, self.prefix)

    def _edited_row(self, row: SheetRow, edits: Mapping[int, NewCell]) -> bytes:
        cells = self.cells(row.number)
        content = b"".join(
            self._written(row.number, column, edits[column], cells.get(column))
            if column in edits
            else cells[column].raw
            for column in sorted({*cells, *edits})
        )
        attributes = _widened(row.attributes, edits)
        return b"<%srow%s>%s</%srow>" % (self.prefix, attributes, content, self.prefix)

    def _written(self, row: int, column: int, cell: NewCell, old: Cell | None) -> bytes:
        """Write a cell; one that stands there already keeps its own style."""
        style = old.style if old is not None else cell.style
        return b'<%sc r="%s"%s%s%s' % (
            self.prefix,
            cell_name(column, row).encode(),
            b' s="%s"' % style if style is not None else b"",
            b' t="%s"' % cell.kind if cell.kind else b"",
            b">%s</%sc>" % (cell.content, self.prefix) if cell.content else b"/>",
        )

    def _extended_head(self, edits: Mapping[int, Mapping[int, NewCell]]) -> bytes:
        """Return what stands before the rows, with `<dimension>` reaching over the edited cells."""
        found = _DIMENSION.search(self._head)
        if found is None:
            return self._head
        try:
            left, top, right, bottom = area_place(found[1].decode("ascii", errors="replace"))
        except ValueError:
            raise unexpected(self.part, "dimension") from None
        columns = [column for cells in edits.values() for column in cells]
        reached = (min(left, *columns), min(top, *edits), max(right, *columns), max(bottom, *edits))
        if reached == (left, top, right, bottom):
            return self._head
        return self._head[: found.start(1)] + area_name(reached).encode() + self._head[found.end(1) :]


def row_attributes(attributes: bytes, wanted: Iterable[bytes]) -> bytes:
    """Return those attributes of a row that are `wanted`, as they are written."""
    kept = [(name, value) for name, value in _attributes(attributes) if name in wanted]
    return b"".join(b' %s="%s"' % pair for pair in kept)


def _attributes(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    for name, double, single in _ATTRIBUTE.findall(text):
        yield name, double or single


def _widened(attributes: bytes, edits: Mapping[int, NewCell]) -> bytes:
    """Return a row's attributes, its `spans` reaching over the edited columns."""

    def reach(found: re.Match[bytes]) -> bytes:
        first, last = min(int(found[3]), *edits), max(int(found[4]), *edits)
        return b"%s%s%d:%d%s" % (found[1], found[2], first, last, found[2])

    return _SPANS.sub(reach, attributes)


def _is_utf8(xml: bytes) -> bool:
    declaration = re.match(
        rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w-]+)[\"']", xml.removeprefix(b"\xef\xbb\xbf")
    )
    return declaration is None or declaration[1].lower() in (b"utf-8", b"us-ascii")
