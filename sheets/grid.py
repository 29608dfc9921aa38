"""A sheet's XML as bytes: rows and cells are found in it and single cells replaced; the rest keeps its bytes.

This is a tokenizer for what spreadsheet programs write, not an XML parser: comments, CDATA or other elements among
rows and cells are refused rather than guessed at. A parser that builds a tree would rename prefixes, reorder
attributes and take a hundred times as long (facts/spreadsheets.md).
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import lt

from sheets.archive import Archive
from sheets.cells import USUAL_CELL, Cell, NewCell, PlainCell, column_number, plain, usual_cells
from sheets.deflating import Splice, Spliced
from sheets.places import area_name, area_place, cell_name, cell_place, column_name
from sheets.refusal import unexpected

_ATTRIBUTES = rb"""((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*"""
_ATTRIBUTE = re.compile(rb"""([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_SHEET_DATA = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?)sheetData" + _ATTRIBUTES + rb"(/?)>")
_DIMENSION = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?dimension\b[^>]*?\bref\s*=\s*[\"']([^\"']*)[\"']")
_MERGED = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?mergeCell\b[^>]*?\bref\s*=\s*[\"']([^\"']*)[\"']")
_DECLARATION = 200  # bytes in which an XML declaration ends
_GLIMPSE = 4096  # bytes of white space that may stand between rows
_SPANS = re.compile(rb"""(\sspans\s*=\s*)(["'])(\d+):(\d+)\2""")


@dataclass(frozen=True)
class SheetRow:
    """One row as it stands, and where in the sheet's XML it begins and ends."""

    number: int
    start: int
    end: int
    attributes: bytes
    content: bytes


class Grid:
    """The rows of a sheet part; PatchRefused if they are not written as spreadsheet programs write them.

    Only the row numbers are read through the whole sheet, by one regular expression; a row is taken apart when it is
    asked for. That is what makes a patch cheap: ten rows of ten thousand are ever looked into.
    """

    def __init__(self, xml: bytes | bytearray, part: str) -> None:
        self.part = part
        self._xml = xml
        self._taken_apart: dict[int, dict[int, Cell]] = {}
        opening = _SHEET_DATA.search(xml)
        if opening is None or opening[3] or not _is_utf8(bytes(xml[:_DECLARATION])):
            raise unexpected(part, "sheetData")
        self.prefix = opening[1]
        self._start = opening.end()
        self._end = xml.rfind(b"</%ssheetData" % self.prefix, self._start)
        if self._end < 0:
            raise unexpected(part, "sheetData")
        self.head, self.tail = bytes(xml[: self._start]), bytes(xml[self._end :])
        if self._holds(b"<!") or self._holds(b"<?") or b"<!" in self.head:
            raise unexpected(part, "comment, CDATA, DTD")
        tag = re.escape(self.prefix)
        self._row = re.compile(rb"<" + tag + rb"row" + _ATTRIBUTES + rb"(/?)>")
        self._row_number = re.compile(rb"<" + tag + rb"row(?=[\s/>])(?:[^>]*?\sr\s*=\s*[\"'](\d+)[\"'])?")
        self._cell = re.compile(
            rb"<" + tag + rb"c" + _ATTRIBUTES + rb"(?:/>|>(.*?)</" + tag + rb"c\s*>)", re.DOTALL
        )

    def _holds(self, sign: bytes) -> bool:
        """Tell whether the rows hold a sign of two characters; its second is rare, and looked for much faster."""
        return self._xml.find(sign[1:], self._start, self._end) >= 0 and (
            self._xml.find(sign, self._start, self._end) >= 0
        )

    @cached_property
    def _openings(self) -> tuple[Sequence[int], Sequence[bytes | None]]:
        """Where each row begins, and its number as it is written: all that is read through the whole sheet."""
        rows = self._row_number.finditer(self._xml, self._start, self._end)
        starts, written = tuple(zip(*((found.start(), found[1]) for found in rows), strict=True)) or ((), ())
        return starts, written

    @property
    def _starts(self) -> Sequence[int]:
        return self._openings[0]

    @property
    def _written_numbers(self) -> Sequence[bytes | None]:
        return self._openings[1]

    @cached_property
    def numbers(self) -> list[int]:
        """Every row's number, in the order of the file; a row without one follows the row before it."""
        written = self._written_numbers
        numbers = [int(number) for number in written if number is not None]
        if len(numbers) < len(written):
            numbers = list(_counted(written))
        if (numbers and numbers[0] < 1) or not all(map(lt, numbers, numbers[1:])):
            raise unexpected(self.part, "row r")
        return numbers

    @property
    def last_row(self) -> int:
        """The number of the last row there is, 0 if there is none."""
        return self.numbers[-1] if self.numbers else 0

    def place(self, number: int) -> int:
        """Return where the first row of that number or a higher one begins; the end of the rows if there is none."""
        if not self.numbers or number > self.numbers[-1]:
            return self._end
        return self._starts[bisect_left(self.numbers, number)]

    def row(self, number: int) -> SheetRow | None:
        """Return a row; None if there is none of that number."""
        at = bisect_left(self.numbers, number)
        if at == len(self.numbers) or self.numbers[at] != number:
            return None
        start, close = self.place(number), b"</%srow" % self.prefix
        opening = self._row.match(self._xml, start)
        if opening is None:
            raise unexpected(self.part, "row")
        if opening[2]:
            return SheetRow(number, start, self._checked_end(opening.end()), opening[1], b"")
        closing = self._xml.find(close, opening.end(), self._end)
        end = self._xml.find(b">", closing) + 1
        if closing < 0 or self._xml[closing + len(close) : end].strip() != b">":
            raise unexpected(self.part, "row")
        content = bytes(self._xml[opening.end() : closing])
        return SheetRow(number, start, self._checked_end(end), opening[1], content)

    def _checked_end(self, end: int) -> int:
        """Refuse anything but white space between a row and the next."""
        following = bytes(self._xml[end : end + _GLIMPSE]).lstrip()
        if not following.startswith((b"<%srow" % self.prefix, b"</%ssheetData" % self.prefix)):
            raise unexpected(self.part, following[:20].decode("utf-8", errors="replace"))
        return end

    def raw_rows(self, wanted: range) -> Iterator[tuple[int, bytes]]:
        """Yield number and bytes of the rows in `wanted`, in the order of the file."""
        xml, ends = memoryview(self._xml), [*self._starts[1:], self._end]
        for number, start, end in zip(self.numbers, self._starts, ends, strict=True):
            if number in wanted:
                yield number, bytes(xml[start:end])

    def styles(self, number: int) -> Iterator[tuple[int, bytes | None]]:
        """Yield column and style of each cell of a row."""
        if row := self.row(number):
            for column, cell in self.plain_cells(number, row.content).items():
                yield column, cell[1] or None

    def plain_cells(self, number: int, raw: bytes) -> dict[int, PlainCell]:
        """Return the cells of a row of which `raw` are the bytes, by column; ten times as fast as `cells`."""
        found = USUAL_CELL.findall(raw)
        if self.prefix or len(found) != raw.count(b"<c"):
            cells = self.cells(number)
            return {place: plain(cell) for place, cell in cells.items()}
        return {column_number(cell[0]): cell for cell in found}

    def raw(self, row: SheetRow) -> bytes:
        """Return a row's bytes as they stand."""
        return bytes(self._xml[row.start : row.end])

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
        if number not in self._taken_apart:
            row = self.row(number)
            self._taken_apart[number] = self._cells_of(row) if row else {}
        return self._taken_apart[number]

    def _cells_of(self, row: SheetRow) -> dict[int, Cell]:
        """Return the cells of a row; a cell that does not say its place stands right of the one before it."""
        usual = usual_cells(row.content, b"%d" % row.number) if not self.prefix else None
        return usual if usual is not None else self._cells_one_by_one(row)

    def _cells_one_by_one(self, row: SheetRow) -> dict[int, Cell]:
        cells: dict[int, Cell] = {}
        last = 0
        for found in self._contiguous(self._cell, row.content):
            attributes = dict(_attributes(found[1]))
            reference = attributes.get(b"r")
            column = last + 1 if reference is None else self._column(reference, row.number)
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

    def rows_with(self, column: int, may_hold: Callable[[bytes], bool]) -> list[int]:
        """Return the rows whose cell of that column may hold what is sought, judged by the value its XML stores.

        Rows are among them too where that cell is missing, or written in a way that one expression cannot tell for
        certain: rich text, entities, a formula, no place of its own.
        """
        plain = self._plain_cells(column)
        candidates = [int(row) for row, value in plain if may_hold(value)]
        candidates += {*self.numbers} - {int(row) for row, _ in plain}
        return sorted(candidates)

    def _plain_cells(self, column: int) -> list[tuple[bytes, bytes]]:
        """Return row and stored value of the column's cells that one expression can read."""
        p = re.escape(self.prefix)
        t = rb"<" + p + rb"t(?:\s[^>]*)?>"
        pattern = re.compile(
            rb'<%bc r="%b(\d+)"[^>]*(?:/>|></|>(?:<%bv>|<%bis>%b)([^<&]*)</%b(?:v></|t></%bis></))'
            % (p, column_name(column).encode(), p, p, t, p, p)
        )
        return pattern.findall(self._xml, self._start, self._end)

    @cached_property
    def merged(self) -> tuple[str, ...]:
        """Return the merged areas."""
        return tuple(area.decode("ascii", errors="replace") for area in _MERGED.findall(self.tail))

    def array_areas(self) -> Iterator[str]:
        """Yield the areas of array formulas and data tables that reach over more than their own cell."""
        formula = re.compile(
            rb"<" + re.escape(self.prefix) + rb"f(\s[^>]*?[\"'](?:array|dataTable)[\"'][^>]*)>"
        )
        for found in formula.finditer(self._xml, self._start, self._end):
            attributes = dict(_attributes(found[1]))
            if attributes.get(b"t") in (b"array", b"dataTable") and b":" in attributes.get(b"ref", b""):
                yield attributes[b"ref"].decode("ascii", errors="replace")

    def splices(
        self,
        edits: Mapping[int, Mapping[int, NewCell]],
        new_row_attributes: bytes = b"",
        moved: Mapping[int, bytes] | None = None,
        gone: Collection[int] = (),
    ) -> tuple[Splice, ...]:
        """Return what to change so that the cells of `edits` (row → column → cell) are written.

        The rows `gone` are cut out; `moved` are rows to stand at numbers that are free or gone, as their bytes.
        """
        fresh = dict(moved or {})
        found = [Splice(row.start, row.end, b"") for number in gone if (row := self.row(number))]
        for number, cells in edits.items():
            row = None if number in gone else self.row(number)
            if row is None:
                fresh[number] = self.new_row(number, cells, new_row_attributes)
            else:
                found.append(Splice(row.start, row.end, self._edited_row(row, cells)))
        for number in sorted(fresh):
            at = self.place(number)
            found.append(Splice(at, at, fresh[number]))
        head = self._head_splice([*edits, *fresh], [column for cells in edits.values() for column in cells])
        return tuple(sorted([*head, *found], key=lambda one: (one.start, one.end)))

    def new_row(self, number: int, cells: Mapping[int, NewCell], attributes: bytes) -> bytes:
        """Write a row that is not there yet."""
        content = b"".join(
            self._written(number, column, cell, None) for column, cell in sorted(cells.items())
        )
        return b'<%srow r="%d"%s>%s</%srow>' % (self.prefix, number, attributes, content, self.prefix)

    def _edited_row(self, row: SheetRow, edits: Mapping[int, NewCell]) -> bytes:
        cells = self.cells(row.number)
        content = b"".join(
            self._written(row.number, column, edits[column], cells.get(column))
            if column in edits
            else self.placed(row.number, cells[column])
            for column in sorted({*cells, *edits})
        )
        attributes = widened(row.attributes, edits)
        if not any(name == b"r" for name, _ in _attributes(attributes)):
            attributes = b' r="%d"%s' % (row.number, attributes)
        return b"<%srow%s>%s</%srow>" % (self.prefix, attributes, content, self.prefix)

    def placed(self, row: int, cell: Cell) -> bytes:
        """Return a cell as it stands, its place named: what it was counted from may change."""
        if b"r" in cell.attributes:
            return cell.raw
        opening = b"<%sc" % self.prefix
        return opening + b' r="%s"' % cell_name(cell.column, row).encode() + cell.raw[len(opening) :]

    def _written(self, row: int, column: int, cell: NewCell, old: Cell | None) -> bytes:
        """Write a cell in its style, or in that of the cell that stands there already."""
        style = old.style if old is not None and cell.keeps_style else cell.style
        return b'<%sc r="%s"%s%s%s' % (
            self.prefix,
            cell_name(column, row).encode(),
            b' s="%s"' % style if style is not None else b"",
            b' t="%s"' % cell.kind if cell.kind else b"",
            b">%s</%sc>" % (cell.content, self.prefix) if cell.content else b"/>",
        )

    def _head_splice(self, rows: Collection[int], columns: Collection[int]) -> list[Splice]:
        """Return the change of what stands before the rows: `<dimension>` is to reach over the edited cells."""
        found = _DIMENSION.search(self.head)
        if found is None or not rows:
            return []
        try:
            left, top, right, bottom = area_place(found[1].decode("ascii", errors="replace"))
        except ValueError:
            raise unexpected(self.part, "dimension") from None
        reached = (
            min(left, *columns, left),
            min(top, *rows),
            max(right, *columns, right),
            max(bottom, *rows),
        )
        if reached == (left, top, right, bottom):
            return []
        return [Splice(found.start(1), found.end(1), area_name(reached).encode())]


def opened_grid(archive: Archive, part: str) -> tuple[Spliced, Grid]:
    """Return a sheet's part and its rows, opened once for all tables on it."""

    def opened() -> tuple[Spliced, Grid]:
        sheet = archive.spliced(part)
        return sheet, Grid(sheet.content, part)

    return archive.once(part, "grid", opened)


def _counted(written: Iterable[bytes | None]) -> Iterator[int]:
    last = 0
    for number in written:
        last = int(number) if number else last + 1
        yield last


def row_attributes(attributes: bytes, wanted: Iterable[bytes]) -> bytes:
    """Return those attributes of a row that are `wanted`, as they are written."""
    kept = [(name, value) for name, value in _attributes(attributes) if name in wanted]
    return b"".join(b' %s="%s"' % pair for pair in kept)


def _attributes(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    for name, double, single in _ATTRIBUTE.findall(text):
        yield name, double or single


def widened(attributes: bytes, columns: Collection[int]) -> bytes:
    """Return a row's attributes, its `spans` reaching over those columns."""

    def reach(found: re.Match[bytes]) -> bytes:
        first, last = min(int(found[3]), *columns), max(int(found[4]), *columns)
        return b"%s%s%d:%d%s" % (found[1], found[2], first, last, found[2])

    return _SPANS.sub(reach, attributes)


def _is_utf8(xml: bytes) -> bool:
    declaration = re.match(
        rb"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w-]+)[\"']", xml.removeprefix(b"\xef\xbb\xbf")
    )
    return declaration is None or declaration[1].lower() in (b"utf-8", b"us-ascii")
