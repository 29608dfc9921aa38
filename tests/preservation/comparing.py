"""What a patch did to a workbook, against what it was asked to do; every other difference is named."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from xml.etree import ElementTree

from rules.locales import Locale
from sheets.columns import CellValue, Row, remaining_formula
from sheets.registry import OPEN
from tests.preservation.packages import Package, local, parsed, relations_of
from tests.preservation.tables import CaseSheet, CellView, own_row_marked

_CONTENT_TYPES = "[Content_Types].xml"
_ASKED = re.compile(rb' fullCalcOnLoad="1"')
_ASKED_ALONE = re.compile(rb'<(?:[\w.-]+:)?calcPr fullCalcOnLoad="1"/>')


@dataclass(frozen=True)
class Expected:
    """What a patch was to do: cells by case number, cases that are new, cases that go, and what became of those."""

    changes: tuple[Row, ...] = ()
    added: tuple[Row, ...] = ()
    removed: frozenset[str] = frozenset()
    cleared: frozenset[str] = frozenset()  # of the removed: rows that stay, empty
    kept: frozenset[str] = frozenset()  # of the removed: rows that stay as they were
    locale: Locale = field(default=Locale.ZH_HANT)


def differences(before: bytes, after: bytes, expected: Expected) -> list[str]:
    """Return every difference between the workbooks that the patch had no reason to make, and what it failed to do."""
    old, new = CaseSheet(before), CaseSheet(after)
    return [
        *_parts(old, new),
        *_around(old, new),
        *_elsewhere(old, new, expected),
        *_cases(old, new, expected),
        *_table(old, new),
    ]


def _parts(old: CaseSheet, new: CaseSheet) -> Iterator[str]:
    """Compare the zip entries as stored: nothing but the sheet and the table is packed anew."""
    free = {old.part, old.table_part, *_of_the_chain(old, new)}
    if _asks_to_recalculate(old, new):
        free.add(old.workbook)
    if [name for name in old.package.entries if name in new.package.entries] != list(new.package.entries):
        yield "the parts stand in another order, or there are new ones"
    for name, info in old.package.entries.items():
        twin = new.package.entries.get(name)
        if twin is None:
            if name not in free:
                yield f"{name} is gone"
        elif name not in free and (
            info.CRC != twin.CRC or old.package.packed(name) != new.package.packed(name)
        ):
            yield f"{name} has other bytes"
    yield from _without_chain(old, new)


def _asks_to_recalculate(old: CaseSheet, new: CaseSheet) -> bool:
    """Tell whether the workbook part differs in nothing but that Excel is to calculate managers' sums anew."""
    before, after = old.package.read(old.workbook), new.package.read(new.workbook)
    return before in {_ASKED.sub(b"", after, count=1), _ASKED_ALONE.sub(b"", after, count=1)}


def _of_the_chain(old: CaseSheet, new: CaseSheet) -> set[str]:
    """Return what goes or changes with the calculation chain, where it was dropped."""
    chains = set(old.package.related(old.workbook, "calcChain").values()) - new.package.entries.keys()
    return {*chains, relations_of(old.workbook), _CONTENT_TYPES} if chains else set()


def _without_chain(old: CaseSheet, new: CaseSheet) -> Iterator[str]:
    """Compare what pointed to the chain: the one element that names it may be gone, and only with the chain."""
    chained = _of_the_chain(old, new)
    for name in (relations_of(old.workbook), _CONTENT_TYPES):
        before, after = (_elements(one.package, name) for one in (old, new))
        lost = [element for element in before if element not in after]
        if [element for element in before if element in after] != after or len(lost) > bool(chained):
            yield f"{name} lost more than the calculation chain"
        if any("calcchain" not in element.lower() for element in lost):
            yield f"{name} lost {lost}"


def _elements(package: Package, part: str) -> list[str]:
    return [ElementTree.tostring(found, encoding="unicode") for found in parsed(package.read(part), part)]


def _around(old: CaseSheet, new: CaseSheet) -> Iterator[str]:
    """Compare the sheet before and after its rows: views, columns, formats, validations, links, drawings."""
    for where, before, after in zip(("before", "after"), old.around, new.around, strict=True):
        if before != after:
            yield f"the sheet has other bytes {where} its rows"


def _elsewhere(old: CaseSheet, new: CaseSheet, expected: Expected) -> Iterator[str]:
    """Compare the rows the patch had no reason to touch, as bytes, and cells beside the table."""
    untouched = set(old.raw_rows) - set(_reach(old, new))
    closed = expected.removed - expected.cleared - expected.kept
    touched = {row.key for row in expected.changes} | set(expected.removed)
    if not closed:
        untouched |= {row for key, row in old.keys().items() if key not in touched}
    for number in sorted(untouched):
        if old.raw_rows[number] != new.raw_rows.get(number):
            yield f"row {number} has other bytes"
    for number in sorted(set(new.raw_rows) - set(old.raw_rows) - set(_reach(old, new))):
        yield f"row {number} is new"
    for number in sorted(set(old.raw_rows) | set(new.raw_rows)):
        yield from _beside(old, new, number)


def _reach(old: CaseSheet, new: CaseSheet) -> range:
    """Return the rows of the table, before and after, totals among them."""
    return range(old.top + 1, max(old.bottom + old.totals, new.bottom + new.totals) + 1)


def _beside(old: CaseSheet, new: CaseSheet, number: int) -> Iterator[str]:
    for place in sorted({*old.rows.get(number, {}), *new.rows.get(number, {})}):
        before, after = old.cell(number, place), new.cell(number, place)
        outside = not old.left <= place <= old.right
        if outside and before != after and not (before.is_empty and after.is_empty):
            yield f"the cell {place} of row {number}, beside the table, was {before}, is {after}"


def _cases(old: CaseSheet, new: CaseSheet, expected: Expected) -> Iterator[str]:
    before, after = old.keys(), new.keys()
    gone = expected.removed - expected.kept
    rows = [*(key for key in before if key not in gone), *(row.key for row in expected.added)]
    if list(after) != rows:
        yield f"the cases are {list(after)}, not {rows}"
        return
    closed = len(gone - expected.cleared)
    blanks = len(old.data_rows) - len(before)  # rows that were empty before take the first new cases
    if new.bottom != old.bottom - closed + max(0, len(expected.added) - blanks):
        yield f"the table ends in row {new.bottom}"
    changes = {row.key: row.values for row in expected.changes}
    for key, row in before.items():
        if key not in gone:
            yield from _case(old, new, row, after[key], _shown(changes.get(key, {}), old, expected.locale))
    for key in expected.cleared:
        yield from _emptied(old, new, before[key])
    for row in expected.added:
        yield from _added(old, new, after[row.key], row, expected.locale)


def _shown(values: Mapping[str, CellValue], sheet: CaseSheet, locale: Locale) -> dict[str, str]:
    """Return what cells should show, by header."""
    return {OPEN.header(key, locale): _text(value, sheet.counts_from_1904) for key, value in values.items()}


def _text(value: CellValue, from_1904: bool) -> str:
    match value:
        case None:
            return ""
        case datetime():
            first = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 # a workbook's day 0
            days = (value.replace(tzinfo=None) - first).total_seconds() / 86_400
            return f"{days:.6f}"
    return str(value)


def _case(old: CaseSheet, new: CaseSheet, was: int, now: int, written: Mapping[str, str]) -> Iterator[str]:
    """Compare one case's row, wherever it stands now."""
    for place, header in old.headers.items():
        before, after = old.cell(was, place), new.cell(now, place)
        if header in written:
            yield from _value(after, written[header], f"{header} of row {now}")
            if before.style != after.style:
                yield f"{header} of row {now} looks different"
        elif not _same(before, was, after, now):
            yield f"{header} of row {now} was {before}, is {after}"


def _same(before: CellView, was: int, after: CellView, now: int) -> bool:
    if was == now or before.formula is None or after.formula is None:
        return before == after
    return (before.attributes, before.shown, own_row_marked(before.formula, was)) == (
        after.attributes,
        after.shown,
        own_row_marked(after.formula, now),
    )


def _value(cell: CellView, wanted: str, what: str) -> Iterator[str]:
    if cell.formula is not None:
        yield f"{what} is a formula: {cell.formula}"
    same = cell.shown == wanted
    if not same and cell.attributes.get("t") in (None, "n") and cell.shown and wanted:
        same = abs(Decimal(cell.shown) - Decimal(wanted)) < Decimal("0.00001")
    if not same:
        yield f"{what} shows {cell.shown!r}, not {wanted!r}"


def _emptied(old: CaseSheet, new: CaseSheet, row: int) -> Iterator[str]:
    for place, header in old.headers.items():
        before, after = old.cell(row, place), new.cell(row, place)
        if not after.is_empty:
            yield f"{header} of the emptied row {row} shows {after.shown!r}"
        if before.style != after.style:
            yield f"{header} of the emptied row {row} looks different"


def _added(old: CaseSheet, new: CaseSheet, number: int, row: Row, locale: Locale) -> Iterator[str]:
    """Check a new case: its values, the formulas that go with each row, nothing else, and looks like its neighbours."""
    key_header = OPEN.header(OPEN.key_column, locale)
    written = {key_header: row.key, **_shown(row.values, old, locale)}
    remaining, due = (OPEN.header(key, locale) for key in ("remaining", "due_at"))
    for place, header in old.headers.items():
        cell = new.cell(number, place)
        if header in written:
            yield from _value(cell, written[header], f"{header} of the new row {number}")
        elif header == remaining and (due_place := old.place_of(due)) is not None:
            reference = f"{_letters(due_place)}{number}"
            if cell.formula != remaining_formula(reference):
                yield f"{header} of the new row {number} is {cell.formula}"
        elif place in old.calculated:
            if cell.formula is None:
                yield f"{header} of the new row {number} lacks its formula"
        elif not cell.is_empty:
            yield f"{header} of the new row {number} shows {cell.shown!r}"
        if old.keys() and cell.style not in {old.cell(known, place).style for known in old.keys().values()}:
            yield f"{header} of the new row {number} looks like no other"


def _letters(place: int) -> str:
    letters = ""
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _table(old: CaseSheet, new: CaseSheet) -> Iterator[str]:
    """Compare the table's own record: it says where the rows are, and is the same otherwise."""
    if (old.left, old.top, old.right, old.totals) != (new.left, new.top, new.right, new.totals):
        yield "the table stands elsewhere"
    filters = _filters(new)
    wanted = [f"{_letters(new.left)}{new.top}:{_letters(new.right)}{new.bottom}" for _ in filters]
    if filters != wanted and (old.bottom != new.bottom or filters != _filters(old)):
        yield f"the filter reaches over {filters}, not {wanted}"
    if _record(old) != _record(new):
        yield "the table's record has other content"


def _filters(sheet: CaseSheet) -> list[str | None]:
    """LibreOffice lets the filter reach over the totals too; as long as nothing moves that is not ours to mend."""
    return [found.get("ref") for found in sheet.table if local(found.tag) == "autoFilter"]


def _record(sheet: CaseSheet) -> str:
    root = parsed(sheet.package.read(sheet.table_part), sheet.table_part)
    for element in [root, *(found for found in root if local(found.tag) == "autoFilter")]:
        element.attrib.pop("ref", None)
        element.attrib.pop("insertRow", None)
        for sort in [found for found in element if local(found.tag) == "sortState"]:
            element.remove(sort)  # it may reach over rows that are gone
    return ElementTree.tostring(root, encoding="unicode")
