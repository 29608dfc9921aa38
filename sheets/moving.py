"""Rows of the table moved up or down, where nothing else in the workbook depends on their place.

Excel would rewrite every reference in every sheet, chart and name. Here rows move only when there is nothing to
rewrite but the rows themselves; else `check_movable` refuses, and the caller leaves the rows where they are.
Drawings stay where they are: they belong to the sheet, not to a case.
"""

import re
from collections.abc import Iterator
from html import unescape
from xml.sax.saxutils import escape

from sheets.cells import Cell
from sheets.cellxml import Strings, formula_kind
from sheets.grid import Grid, SheetRow, widened
from sheets.parts import area, elements, related
from sheets.places import cell_name
from sheets.references import moved, rows_named
from sheets.refusal import rows_in_use
from sheets.standing import Standing

_PREFIX = rb"(?:[A-Za-z_][\w.-]*:)?"
_FORMULA = re.compile(
    rb"<" + _PREFIX + rb"(?:f|formula|formula1|formula2|definedName)(?:\s[^>]*)?>([^<]*)</", re.DOTALL
)
_CELL_FORMULA = re.compile(rb"(<" + _PREFIX + rb"f(?:\s[^>]*)?>)([^<]*)(</)")
_AREAS = re.compile(rb"""\s(?:ref|sqref)\s*=\s*["']([^"']*)["']|<xm:sqref>([^<]*)</""")
_LINK = re.compile(rb"<" + _PREFIX + rb"""hyperlink\s[^>]*?\bref\s*=\s*["']([^"']*)["']""")
_REFERRING = ("xl/worksheets/", "xl/charts/", "xl/chartsheets/", "xl/pivotcache/", "xl/workbook.xml")


def moved_row(grid: Grid, row: SheetRow, new: int) -> bytes:
    """Return a row as it is to stand at the number `new`, its references to itself along with it."""
    p = grid.prefix
    attributes = _unnumbered(row)
    cells = b"".join(_moved_cell(p, cell, row.number, new) for cell in grid.cells(row.number).values())
    return b'<%srow r="%d"%s>%s</%srow>' % (p, new, attributes, cells, p)


def moved_into(grid: Grid, row: SheetRow, new: int, columns: range) -> bytes:
    """Return the same where a row of the number `new` stands already: beside `columns` that one keeps its cells."""
    if grid.row(new) is None:
        return moved_row(grid, row, new)
    p = grid.prefix
    moving = {place: _moved_cell(p, cell, row.number, new) for place, cell in grid.cells(row.number).items()}
    kept = {place: grid.placed(new, cell) for place, cell in grid.cells(new).items() if place not in columns}
    cells = dict(sorted({**moving, **kept}.items()))
    attributes = widened(_unnumbered(row), cells)
    return b'<%srow r="%d"%s>%s</%srow>' % (p, new, attributes, b"".join(cells.values()), p)


def _unnumbered(row: SheetRow) -> bytes:
    return re.sub(rb"\sr\s*=\s*[\"']\d+[\"']", b"", row.attributes)


def _moved_cell(prefix: bytes, cell: Cell, old: int, new: int) -> bytes:
    kept = b"".join(b' %s="%s"' % pair for pair in cell.attributes.items() if pair[0] != b"r")
    content = _CELL_FORMULA.sub(
        lambda found: found[1] + escape(moved(_text(found[2]), old, new)).encode() + found[3], cell.content
    )
    name = cell_name(cell.column, new).encode()
    return b'<%sc r="%s"%s>%s</%sc>' % (prefix, name, kept, content, prefix)


def _text(xml: bytes) -> str:
    return unescape(xml.decode("utf-8", errors="replace"))


def check_movable(standing: Standing, rows: range) -> None:
    """Refuse if anything depends on the place of those rows; references that span all of them do not."""
    _check_cells(standing, rows)
    _check_tail(standing, rows)
    _check_notes(standing, rows)
    _check_elsewhere(standing, rows)


def _check_cells(standing: Standing, rows: range) -> None:
    for number, raw in standing.grid.raw_rows(range(1, standing.grid.last_row + 1)):
        if number in rows:
            _check_row(standing, number, rows)
            continue
        for found in _FORMULA.finditer(raw):
            if _depends(_text(found[1]), rows):
                raise rows_in_use(_text(found[1]))


def _check_row(standing: Standing, number: int, rows: range) -> None:
    """Refuse if a row that is to move holds something beside the table, or a formula that cannot go along."""
    table = standing.table
    for cell in standing.grid.cells(number).values():
        kind = formula_kind(cell)
        beside = not table.first_column <= cell.column <= table.last_column
        if (
            (beside and _holds(standing.strings, cell))
            or kind == "spread"
            or (kind and b"shared" in cell.content)
        ):
            raise rows_in_use(cell_name(cell.column, number))
        for found in _FORMULA.finditer(cell.content):
            if _depends(_text(found[1]), rows, range(number, number + 1)):
                raise rows_in_use(cell_name(cell.column, number))


def _holds(strings: Strings, cell: Cell) -> bool:
    return bool(strings.text(cell)) or formula_kind(cell) is not None


def _depends(formula: str, rows: range, own: range = range(0)) -> bool:
    """Tell whether a formula would mean something else once `rows` moved; relative references to `own` go along."""
    return any(
        _cuts(first, last, rows) and (sheet or absolute or not (first in own and last in own))
        for sheet, first, last, absolute in rows_named(formula)
    )


def _cuts(first: int, last: int, rows: range) -> bool:
    """Tell whether rows `first` to `last` touch `rows` without spanning them."""
    return first < rows.stop and last >= rows.start and not (first < rows.start and last >= rows.stop - 1)


def _check_tail(standing: Standing, rows: range) -> None:
    grid = standing.grid
    for found in _AREAS.finditer(grid.tail):
        for reference in (found[1] or found[2]).decode("ascii", errors="replace").split():
            _, top, _, bottom = area(reference, grid.part)
            # A format or validation of whole columns may well begin at the first row that moves.
            if (
                top < rows.stop
                and bottom >= rows.start
                and not (top <= rows.start and bottom >= rows.stop - 1)
            ):
                raise rows_in_use(reference)
    for found in _FORMULA.finditer(grid.tail):
        for _, first, last, absolute in rows_named(_text(found[1])):
            if absolute and _cuts(first, last, rows):
                raise rows_in_use(_text(found[1]))
    for reference in standing.table.neighbours:
        _, top, _, bottom = area(reference, grid.part)
        if top < rows.stop and bottom >= rows.start:
            raise rows_in_use(reference)


def noted_rows(standing: Standing) -> set[int]:
    """Return the rows with a comment."""
    part = standing.table.sheet_part
    places = (
        attributes.get("ref", "")
        for kind in ("comments", "threadedComment")
        for comments in related(standing.archive, part, kind)
        for name, attributes in elements(standing.archive, comments)
        if name in ("comment", "threadedComment")
    )
    return {area(place, part)[1] for place in places}


def fastened_rows(standing: Standing) -> set[int]:
    """Return the rows that a comment or a link is fastened to: emptied, they would hand it to another case."""
    links = _LINK.findall(standing.grid.tail)
    return noted_rows(standing) | {
        number
        for reference in links
        for number in _rows_of(reference.decode("ascii", errors="replace"), standing.grid.part)
    }


def _rows_of(reference: str, part: str) -> range:
    _, top, _, bottom = area(reference, part)
    return range(top, bottom + 1)


def _check_notes(standing: Standing, rows: range) -> None:
    for number in sorted(noted_rows(standing)):
        if number in rows:
            raise rows_in_use(cell_name(1, number))


def _check_elsewhere(standing: Standing, rows: range) -> None:
    titles = standing.titles
    for part in standing.archive.names:
        mine = (standing.table.sheet_part, standing.table.part)
        if part in mine or not part.lower().startswith(_REFERRING) or not part.endswith(".xml"):
            continue
        xml = bytes(standing.archive.spliced(part).content)
        for formula in _formulas(xml, titles):
            if any(
                sheet in titles and _cuts(first, last, rows) for sheet, first, last, _ in rows_named(formula)
            ):
                raise rows_in_use(formula)
        if any(sheet in titles and _cuts(first, last, rows) for sheet, first, last in _cached(xml, part)):
            raise rows_in_use(part)


def _formulas(xml: bytes, titles: frozenset[str]) -> Iterator[str]:
    if any(escape(title).encode() in xml for title in titles):
        yield from (_text(found[1]) for found in _FORMULA.finditer(xml) if b"!" in found[1])


_CACHE_SOURCE = re.compile(rb"<worksheetSource\s[^>]*>")


def _cached(xml: bytes, part: str) -> Iterator[tuple[str, int, int]]:
    """Yield sheet and rows of what a pivot table was made from."""
    for found in _CACHE_SOURCE.finditer(xml):
        attributes = dict(re.findall(rb'(\w+)="([^"]*)"', found[0]))
        if b"ref" in attributes:
            _, top, _, bottom = area(attributes[b"ref"].decode("ascii", errors="replace"), part)
            yield _text(attributes.get(b"sheet", b"")), top, bottom
