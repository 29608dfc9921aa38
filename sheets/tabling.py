"""The small parts that go with the sheet: the table's own record, and the calculation chain."""

import re
from xml.sax.saxutils import unescape

from sheets.archive import Archive
from sheets.parts import TableParts, related, relationships_part, resolved
from sheets.places import area_name
from sheets.refusal import unexpected

_PREFIX = rb"(?:[A-Za-z_][\w.-]*:)?"
_COLUMN = re.compile(rb"<(" + _PREFIX + rb")tableColumn\s[^>]*?(?:/>|>(.*?)</\1tableColumn\s*>)", re.DOTALL)
_CALCULATED = re.compile(rb"<" + _PREFIX + rb"calculatedColumnFormula(\s[^>]*)?>(.*?)</", re.DOTALL)
_REF = re.compile(rb"""(\sref\s*=\s*)(["'])[^"']*\2""")
_TABLE = re.compile(rb"<" + _PREFIX + rb"table\s[^>]*>")
_FILTER = re.compile(rb"<" + _PREFIX + rb"autoFilter\s[^>]*>")
# What the table was last sorted by: it may reach over rows that are gone, and the rows keep their order without it.
_SORT = re.compile(rb"<(" + _PREFIX + rb")sortState\b[^>]*?(?:/>|>.*?</\1sortState\s*>)", re.DOTALL)
_INSERT_ROW = re.compile(rb"""\sinsertRow\s*=\s*["'][^"']*["']""")
_RELATIONSHIP = re.compile(rb"<" + _PREFIX + rb"Relationship\s[^>]*/>")
_OVERRIDE = re.compile(rb"<" + _PREFIX + rb"Override\s[^>]*/>")
_TARGET = re.compile(rb"""\sTarget\s*=\s*["']([^"']*)["']""")
_PART_NAME = re.compile(rb"""\sPartName\s*=\s*["']([^"']*)["']""")
_CONTENT_TYPES = "[Content_Types].xml"


def calculated_formulas(xml: bytes, table: TableParts) -> dict[int, str]:
    """Return the formulas of the table's calculated columns by place; array formulas are left to Excel."""
    found = {}
    for place, column in enumerate(_COLUMN.finditer(xml), start=table.first_column):
        formula = _CALCULATED.search(column[2] or b"")
        if formula is not None and b"array" not in (formula[1] or b""):
            found[place] = unescape(formula[2].decode("utf-8"), {"&quot;": '"', "&apos;": "'"})
    return found


def resized_table(xml: bytes, table: TableParts, last_row: int) -> bytes:
    """Return the table part with its rows reaching down to `last_row`, its filter with them; totals stand below."""
    span = (table.first_column, table.header_row, table.last_column)
    opening = _TABLE.search(xml)
    if opening is None or not _REF.search(opening[0]):
        raise unexpected(table.part, "table ref")
    tag = _referring(opening[0], area_name((*span, last_row + table.totals)).encode())
    rest = xml[opening.end() :]
    if found := _FILTER.search(rest):
        tag_of_filter = _referring(found[0], area_name((*span, last_row)).encode())
        rest = rest[: found.start()] + tag_of_filter + rest[found.end() :]
    if last_row < table.last_row:
        rest = _SORT.sub(b"", rest)
    return xml[: opening.start()] + _INSERT_ROW.sub(b"", tag) + rest


def _referring(tag: bytes, reference: bytes) -> bytes:
    return _REF.sub(lambda found: found[1] + found[2] + reference + found[2], tag, count=1)


def without_calc_chain(archive: Archive) -> tuple[dict[str, bytes], frozenset[str]]:
    """Return the parts to change and to drop so that no calculation chain is left; Excel makes a new one.

    A chain that names a cell without a formula is what Excel calls a damaged file.
    """
    workbook = related(archive, "", "officeDocument")[0]
    chains = related(archive, workbook, "calcChain")
    if not chains:
        return {}, frozenset()
    links = archive.find(relationships_part(workbook)) or ""
    changed = {
        links: _without(archive.read(links), _RELATIONSHIP, _TARGET, workbook, chains[0]),
        _CONTENT_TYPES: _without(archive.read(_CONTENT_TYPES), _OVERRIDE, _PART_NAME, "", chains[0]),
    }
    return changed, frozenset(chains)


def _without(
    xml: bytes, element: re.Pattern[bytes], target: re.Pattern[bytes], seen_from: str, part: str
) -> bytes:
    """Return `xml` without the elements that point to `part`."""

    def keep_or_drop(found: re.Match[bytes]) -> bytes:
        name = target.search(found[0])
        pointed = resolved(seen_from, name[1].decode("utf-8", errors="replace")) if name else ""
        return b"" if pointed.casefold() == part.casefold() else found[0]

    return element.sub(keep_or_drop, xml)
