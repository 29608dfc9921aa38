"""Our table grafted into a workbook that somebody else made: a sheet of its own, or below what stands in one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from openpyxl.utils import get_column_letter

from rules.locales import Locale
from sheets.columns import ColumnKind, remaining_formula
from sheets.registry import OPEN
from tests.preservation.packages import (
    NotAWorkbook,
    Package,
    children,
    iterate_rows,
    parsed,
    relations_of,
    with_last,
)

LOCALE = Locale.ZH_HANT
ROWS = 6
OWN_TEXT, OWN_FORMULA = "我的欄", "三成"  # a manager's columns within the table
HEADERS = (*(column.header.get(LOCALE) for column in OPEN.columns), OWN_TEXT, OWN_FORMULA)
SERIAL = 46347.375  # 2026-11-21 09:00 in 1900's counting; any number would do

_PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_TRANSITIONAL = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
)
_STRICT = (
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
_AFTER_TABLES = "extLst"


@dataclass(frozen=True)
class Graft:
    """A workbook that holds our table now, and in which sheet part."""

    content: bytes
    sheet_part: str


def key_of(number: int) -> str:
    """Return the case number of the grafted table's row `number`, from 1."""
    return f"K20261121-{number:03d}"


def on_its_own_sheet(original: bytes) -> Graft:
    """Add a sheet with nothing but our table; NotAWorkbook where there is no workbook to add it to."""
    package = Package(original)
    book = package.workbook()
    xml = package.read(book)
    main, relations = _namespaces(xml)
    part, table = _free(package, "xl/worksheets/sheetKesu"), _free(package, "xl/tables/tableKesu")
    sheet = (
        f'<worksheet xmlns="{main}"><dimension ref="{_reference(1)}"/><sheetData>{rows_from(1)}</sheetData>'
        f'<tableParts count="1"><tablePart xmlns:r="{relations}" r:id="rIdKesu"/></tableParts></worksheet>'
    )
    ids = [int(found) for found in re.findall(rb'\ssheetId="(\d+)"', xml)]
    entry = (
        f'<sheet xmlns="{main}" xmlns:r="{relations}" name="Kesu" '
        f'sheetId="{max(ids, default=0) + 1}" r:id="rIdKesu"/>'
    )
    changed = {
        part: _declared(sheet),
        table: _table(package, main, 1),
        book: with_last(xml, book, entry.encode(), inside="sheets"),
        **_linked(package, part, "table", table, relations),
        **_linked(package, book, "worksheet", part, relations),
        **_typed(package, {part: "worksheet+xml", table: "table+xml"}),
    }
    return Graft(package.rewritten(changed), part)


def beneath(original: bytes) -> Graft:
    """Add our table to the first sheet, below all that stands there; NotAWorkbook where that is no plain sheet."""
    package = Package(original)
    book = package.workbook()
    main, relations = _namespaces(package.read(book))
    sheets = list(package.related(book, "worksheet").values())
    if not sheets:
        raise NotAWorkbook("no sheet")
    part, table = sheets[0], _free(package, "xl/tables/tableKesu")
    xml = package.read(part)
    numbers = [number for number, _ in iterate_rows(xml, part)]
    if not all(one < other for one, other in pairwise(numbers)):
        raise NotAWorkbook(f"{part} has no order of rows")
    top = max(numbers, default=0) + 3
    if top + ROWS + 10 > 1_048_576:
        raise NotAWorkbook(f"{part} is full to its last row")
    rows = _prefixed(rows_from(top), _prefix(xml, part))
    grown = _with_table_part(with_last(xml, part, rows.encode(), inside="sheetData"), part, main, relations)
    changed = {
        part: grown,
        table: _table(package, main, top),
        **_linked(package, part, "table", table, relations),
        **_typed(package, {table: "table+xml"}),
    }
    return Graft(package.rewritten(changed), part)


def rows_from(top: int) -> str:
    """Return the table's rows as XML, its header at the row `top`."""
    header = "".join(_text(place, top, text) for place, text in enumerate(HEADERS, start=1))
    rows = (f'<row r="{top + number}">{_cells(number, top + number)}</row>' for number in range(1, ROWS + 1))
    return f'<row r="{top}">{header}</row>' + "".join(rows)


def _prefix(xml: bytes, part: str) -> str:
    """Return the prefix the sheet's rows have (`x:`): nobody mixes two in one sheet."""
    data = next(child for child in children(xml, part) if child.name == "sheetData")
    name = xml[data.start + 1 :].split(b">")[0].split(b"/")[0].split()[0].decode()
    return f"{name.rpartition(':')[0]}:" if ":" in name else ""


def _prefixed(rows: str, prefix: str) -> str:
    return re.sub(r"<(/?)(row|c|v|f|is|t)\b", rf"<\1{prefix}\2", rows)


def _cells(number: int, row: int) -> str:
    cells = []
    for place, column in enumerate(OPEN.columns, start=1):
        match column.kind:
            case _ if column.key == OPEN.key_column:
                cells.append(_text(place, row, key_of(number)))
            case ColumnKind.REMAINING:
                cells.append(_formula(place, row, remaining_formula(f"{_letter('due_at')}{row}"), "1:00"))
            case ColumnKind.TEXT | ColumnKind.PROSE:
                cells.append(_text(place, row, f"{column.key} {number} <&> 訴"))
            case ColumnKind.MARK:
                continue
            case _:
                cells.append(f'<c r="{get_column_letter(place)}{row}"><v>{SERIAL + number}</v></c>')
    own = len(OPEN.columns) + 1
    cells.append(_text(own, row, f"註 {number}"))
    cells.append(_formula(own + 1, row, f"{_letter('repair_amount')}{row}*0.3"))
    return "".join(cells)


def _letter(key: str) -> str:
    return get_column_letter([column.key for column in OPEN.columns].index(key) + 1)


def _text(place: int, row: int, text: str) -> str:
    return f'<c r="{get_column_letter(place)}{row}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'


def _formula(place: int, row: int, formula: str, shown: str | None = None) -> str:
    kind, value = (' t="str"', shown) if shown else ("", "1")
    return f'<c r="{get_column_letter(place)}{row}"{kind}><f>{escape(formula)}</f><v>{value}</v></c>'


def _reference(top: int) -> str:
    return f"A{top}:{get_column_letter(len(HEADERS))}{top + ROWS}"


def _table(package: Package, main: str, top: int) -> bytes:
    taken = [
        int(found)
        for name in package.entries
        if "/tables/" in name.lower()
        for found in re.findall(rb'<(?:\w+:)?table\s[^>]*?\sid="(\d+)"', package.read(name))
    ]
    reference = _reference(top)
    columns = "".join(_table_column(number, text) for number, text in enumerate(HEADERS, start=1))
    return _declared(
        f'<table xmlns="{main}" id="{max(taken, default=0) + 1}" name="{OPEN.table}" displayName="{OPEN.table}" '
        f'ref="{reference}" totalsRowShown="0"><autoFilter ref="{reference}"/>'
        f'<tableColumns count="{len(HEADERS)}">{columns}</tableColumns>'
        '<tableStyleInfo name="TableStyleLight1" showRowStripes="1"/></table>'
    )


def _table_column(number: int, header: str) -> str:
    amount = OPEN.header("repair_amount", LOCALE)
    inner = (
        f"<calculatedColumnFormula>{OPEN.table}[[#This Row],[{amount}]]*0.3</calculatedColumnFormula>"
        if header == OWN_FORMULA
        else ""
    )
    return f'<tableColumn id="{number}" name={quoteattr(header)}>{inner}</tableColumn>'


def _with_table_part(xml: bytes, part: str, main: str, relations: str) -> bytes:
    found = {child.name: child for child in children(xml, part)}
    element = f'<tablePart xmlns="{main}" xmlns:r="{relations}" r:id="rIdKesu"/>'
    if "tableParts" in found:
        tag = xml[found["tableParts"].start : xml.index(b">", found["tableParts"].start)]
        count = len([child for child in children(xml, part, 2) if child.name == "tablePart"])
        more = re.sub(rb'count="\d+"', b'count="%d"' % (count + 1), tag)
        return with_last(xml, part, element.encode(), inside="tableParts").replace(tag, more, 1)
    whole = f'<tableParts xmlns="{main}" count="1">{element}</tableParts>'.encode()
    if (last := found.get(_AFTER_TABLES)) is not None:
        return xml[: last.start] + whole + xml[last.start :]
    return with_last(xml, part, whole)


def _linked(package: Package, part: str, kind: str, target: str, relations: str) -> dict[str, bytes]:
    """Return the relationships of `part` with one more, rIdKesu, to the part `target`."""
    holder = relations_of(part)
    empty = _declared(f'<Relationships xmlns="{_PACKAGE}relationships"></Relationships>')
    xml = package.read(holder) if holder in package.entries else empty
    element = (
        f'<Relationship xmlns="{_PACKAGE}relationships" Id="rIdKesu" '
        f'Type="{relations}/{kind}" Target="/{target}"/>'
    )
    return {holder: with_last(xml, holder, element.encode())}


def _typed(package: Package, parts: dict[str, str]) -> dict[str, bytes]:
    name = "[Content_Types].xml"
    xml = package.read(name)
    for part, kind in parts.items():
        element = (
            f'<Override xmlns="{_PACKAGE}content-types" PartName="/{part}" ContentType="{_TYPES}{kind}"/>'
        )
        xml = with_last(xml, name, element.encode())
    return {name: xml}


def _namespaces(workbook: bytes) -> tuple[str, str]:
    root = parsed(workbook, "workbook").tag
    for pair in (_TRANSITIONAL, _STRICT):
        if pair[0] in root:
            return pair
    raise NotAWorkbook("a workbook of no known namespace")


def _free(package: Package, stem: str) -> str:
    taken: Sequence[str] = [name.casefold() for name in package.entries]
    number = 1
    while f"{stem}{number}.xml".casefold() in taken:
        number += 1
    return f"{stem}{number}.xml"


def _declared(xml: str) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + xml.encode()
