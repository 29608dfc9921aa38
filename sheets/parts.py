"""Finding a table of ours among a workbook's parts; reading only, and only small parts but the shared strings."""

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote
from xml.parsers import expat

from sheets.archive import Archive
from sheets.cellxml import stored_strings
from sheets.columns import Sheet
from sheets.places import Area, area_place
from sheets.refusal import damaged, no_table, several_tables, unexpected
from sheets.registry import ACTIONS, ARCHIVED, FINDINGS, OPEN, TWO_WAY
from sheets.texts import read_text

_SMALL = 8 * 2**20
_ENOUGH = 0.6  # the share of a sheet's headers by which a table of another name is known
_NAMES = frozenset(sheet.table.casefold() for sheet in (*TWO_WAY, FINDINGS, ACTIONS, ARCHIVED))

Element = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class TableParts:
    """Where a table stands: parts, its area (1-based, header row included), its headers from left to right."""

    part: str
    sheet_part: str
    first_column: int
    last_column: int
    header_row: int
    last_row: int  # of the data; a totals row stands below
    totals: int  # how many totals rows there are, 0 or 1
    headers: tuple[str, ...]
    date1904: bool
    neighbours: tuple[str, ...]  # areas of the other tables on the sheet


def elements(archive: Archive, part: str) -> list[Element]:
    """Return every element of a small part with its attributes, prefixes dropped; PatchRefused if it is not XML."""
    return archive.once(part, "elements", lambda: read_elements(archive.read(part, _SMALL), part))


def read_elements(xml: bytes, part: str) -> list[Element]:
    """Return every element in document order; PatchRefused if `xml` is not well-formed or brings a DTD."""
    found: list[Element] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        found.append((_local(name), {_local(key): value for key, value in attributes.items()}))

    walk(xml, part, begin)
    return found


def walk(
    xml: bytes,
    part: str,
    begin: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
) -> None:
    """Call `begin` at every element's start and `end` at its end.

    PatchRefused if `xml` is not well-formed or brings a DTD.
    """
    _parse(_parser(part, begin, end), xml, part)


def _parser(
    part: str, begin: Callable[[str, dict[str, str]], None], end: Callable[[str], None] | None
) -> expat.XMLParserType:
    def refuse_dtd(*_: object) -> None:
        raise unexpected(part, "DTD")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse_dtd
    return parser


def _parse(parser: expat.XMLParserType, xml: bytes, part: str) -> None:
    try:
        parser.Parse(xml, True)
    except expat.ExpatError:
        raise damaged(part) from None


@dataclass(frozen=True)
class Child:
    """A child of a part's root: its name ('' where it is of another namespace), its first byte, and what follows it."""

    name: str
    start: int
    following: int


def children(xml: bytes, part: str) -> list[Child]:
    """Return the root's children; PatchRefused if `xml` is not well-formed or brings a DTD."""
    opened: list[str] = []
    names: list[str] = []
    starts: list[int] = []

    def begin(name: str, _: dict[str, str]) -> None:
        opened.append(name)
        if len(opened) == 2:
            is_of_root = name.rpartition(" ")[0] == opened[0].rpartition(" ")[0]
            names.append(_local(name) if is_of_root else "")
            starts.append(parser.CurrentByteIndex)

    def end(_: str) -> None:
        opened.pop()
        if not opened:
            starts.append(parser.CurrentByteIndex)

    parser = _parser(part, begin, end)
    _parse(parser, xml, part)
    return [Child(*found) for found in zip(names, starts, starts[1:], strict=False)]


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def find_table(archive: Archive, sheet: Sheet = OPEN) -> TableParts:
    """Find the table of `sheet`; PatchRefused if that is not certain.

    The table of its name counts, whatever copies of it managers made. Where it was renamed, or only a copy is left,
    the one table counts that holds the key column and most headers of `sheet` and is none of our other tables; the
    table of a feed, which would be written over, is known by its name alone.
    """
    workbook = related(archive, "", "officeDocument")
    if not workbook:
        raise damaged("_rels/.rels")
    date1904 = any(
        attributes.get("date1904") in ("1", "true")
        for name, attributes in elements(archive, workbook[0])
        if name == "workbookPr"
    )
    tables = [
        (home, part)
        for home in related(archive, workbook[0], "worksheet")
        for part in related(archive, home, "table")
    ]
    contents = {part: elements(archive, part) for _, part in tables}
    sheet_part, part = _choose(tables, contents, sheet)
    neighbours = tuple(
        contents[other][0][1].get("ref", "") for home, other in tables if home == sheet_part and other != part
    )
    return _table_parts(part, sheet_part, contents[part], date1904, neighbours)


def _choose(
    tables: list[tuple[str, str]], contents: dict[str, list[Element]], sheet: Sheet
) -> tuple[str, str]:
    named = [pair for pair in tables if _name(contents[pair[1]]) == sheet.table.casefold()]
    candidates = named or [pair for pair in tables if _may_be(contents[pair[1]], sheet)]
    if len(candidates) == 1:
        return candidates[0]
    raise several_tables() if candidates else no_table()


def _name(table: list[Element]) -> str:
    return table[0][1].get("displayName", "").casefold()


def _may_be(table: list[Element], sheet: Sheet) -> bool:
    """Tell whether a table of another name is that of `sheet`, renamed or copied."""
    if not sheet.key_column or _name(table) in _NAMES:
        return False
    share = _share(table, sheet)
    return (
        sheet.key_column in _keys(table, sheet)
        and share >= _ENOUGH
        and not any(_share(table, other) > share for other in TWO_WAY)
    )


def _share(table: list[Element], sheet: Sheet) -> float:
    """Return the share of the sheet's columns that stand in the table."""
    return len(_keys(table, sheet)) / len(sheet.columns)


def _keys(table: list[Element], sheet: Sheet) -> set[str]:
    known = (sheet.column_of_header(header) for header in _headers(table))
    return {column.key for column in known if column is not None}


def _headers(table: list[Element]) -> tuple[str, ...]:
    return tuple(read_text(attributes.get("name", "")) for name, attributes in table if name == "tableColumn")


def _table_parts(
    part: str, sheet: str, content: list[Element], date1904: bool, neighbours: tuple[str, ...]
) -> TableParts:
    attributes = content[0][1]
    if (
        attributes.get("headerRowCount", "1") != "1"
        or attributes.get("tableType", "worksheet") != "worksheet"
    ):
        raise unexpected(part, "headerRowCount, tableType")
    totals = attributes.get("totalsRowCount", "0")
    if totals not in ("0", "1"):
        raise unexpected(part, "totalsRowCount")
    left, top, right, bottom = area(attributes.get("ref", ""), part)
    headers = _headers(content)
    if len(headers) != right - left + 1:
        raise unexpected(part, "tableColumns")
    return TableParts(
        part, sheet, left, right, top, bottom - int(totals), int(totals), headers, date1904, neighbours
    )


def area(reference: str, part: str) -> Area:
    """Return the corners of an area that `part` names; PatchRefused if it is none."""
    try:
        return area_place(reference)
    except ValueError:
        raise unexpected(part, f"ref {reference}") from None


def shared_strings(archive: Archive) -> Sequence[bytes]:
    """Return the shared strings as they are stored, none if there are none; PatchRefused if there are several parts."""
    workbook = related(archive, "", "officeDocument")[0]
    parts = related(archive, workbook, "sharedStrings")
    if len(parts) > 1:
        raise unexpected(workbook, "sharedStrings")
    if not parts:
        return ()
    return archive.once(parts[0], "strings", lambda: stored_strings(bytes(archive.spliced(parts[0]).content)))


_DATE_SIGNS = re.compile(r"""\\.|"[^"]*"|_.|\*.|\[(?![hms]+\])[^\]]*\]|([ymdhs])""", re.IGNORECASE)
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})


def date_styles(archive: Archive) -> frozenset[bytes]:
    """Return the ids of the cell styles that show numbers as dates or times (ECMA-376 part 1, 18.8.30)."""
    workbook = related(archive, "", "officeDocument")[0]
    parts = related(archive, workbook, "styles")
    if not parts:
        return frozenset()
    return archive.once(parts[0], "dates", lambda: _date_styles(elements(archive, parts[0])))


def _date_styles(styles: list[Element]) -> frozenset[bytes]:
    dates, found, inside = set(_BUILT_IN_DATES), list[bytes](), False
    at = -1
    for name, attributes in styles:
        if name == "numFmt" and _shows_dates(attributes.get("formatCode", "")):
            dates.add(int(attributes.get("numFmtId", "0")))
        elif name in ("cellXfs", "cellStyleXfs", "cellStyles", "dxfs"):
            inside, at = name == "cellXfs", -1
        elif name == "xf" and inside:
            at += 1
            if int(attributes.get("numFmtId", "0")) in dates:
                found.append(b"%d" % at)
    return frozenset(found)


def _shows_dates(code: str) -> bool:
    return any(found[1] for found in _DATE_SIGNS.finditer(code.partition(";")[0]))


def relationships_part(part: str) -> str:
    """Return the name of the part that holds `part`'s relationships."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def related(archive: Archive, part: str, kind: str) -> list[str]:
    """Return the parts of one kind that `part` points to, in the order of its relationships."""
    holder = archive.find(relationships_part(part))
    if holder is None:
        return []
    targets = []
    for name, attributes in elements(archive, holder):
        if name == "Relationship" and attributes.get("Type", "").endswith(f"/{kind}"):
            target = resolved(part, attributes.get("Target", ""))
            stored = archive.find(target)
            if attributes.get("TargetMode") != "External" and stored is not None:
                targets.append(stored)
    return targets


def resolved(part: str, target: str) -> str:
    """Return the part name that a relationship's target means, seen from `part`."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), unquote(target))).lstrip("/")
