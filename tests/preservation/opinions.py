"""What two other readers see in a workbook before and after a patch, in a child that may hang or run out of memory."""

import multiprocessing
import os
import resource
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from multiprocessing.connection import Connection
from typing import Any, cast

import openpyxl
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula
from python_calamine import CalamineWorkbook

from tests.preservation.packages import parsed
from tests.preservation.tables import CaseSheet

_PATIENCE = 15.0  # seconds for both readings
_MEMORY = 3 * 2**30
_READ_BEFORE = "read"

Place = tuple[str, int, int]  # sheet, row, column; 0 for what belongs to all of them
Reading = dict[Place, tuple[Any, ...]]
Judge = Callable[[bytes], Reading]


@dataclass(frozen=True)
class Area:
    """Where cells may differ: the table's rows, in one sheet."""

    sheet: str
    rows: range
    columns: range

    def holds(self, sheet: str, row: int, column: int) -> bool:
        """Tell whether a cell lies in the area; the column 0 stands for a row's own height and whether it shows."""
        return sheet == self.sheet and row in self.rows and (column == 0 or column in self.columns)


def opinions(before: bytes, after: bytes) -> dict[str, list[str] | None]:
    """Return what each reader sees differently outside the table; None where it cannot read the workbook at all."""
    area = _area(CaseSheet(before), CaseSheet(after))
    return {name: _apart(judge, before, after, area) for name, judge in _READERS.items()}


def _area(old: CaseSheet, new: CaseSheet) -> Area:
    ids = {
        identity
        for identity, part in old.package.related(old.workbook, "worksheet").items()
        if part == old.part
    }
    sheets = [
        found.get("name", "")
        for found in parsed(old.package.read(old.workbook), old.workbook).iter()
        if any(name.endswith("}id") and value in ids for name, value in found.attrib.items())
    ]
    last = max(old.bottom + old.totals, new.bottom + new.totals)
    return Area(sheets[0] if sheets else "", range(old.top + 1, last + 1), range(old.left, old.right + 1))


def _apart(judge: Judge, before: bytes, after: bytes, area: Area) -> list[str] | None:
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)
    child = context.Process(target=_judge, args=(judge, before, after, area, writer))
    child.start()
    writer.close()
    try:
        return _heard(reader)
    finally:
        child.kill()
        child.join()
        reader.close()


def _heard(reader: Connection) -> list[str] | None:
    """Return a child's answer; None where it is too slow for a test, or never could read the original."""
    known = False
    while reader.poll(_PATIENCE):
        try:
            answer = reader.recv()
        except EOFError:  # it gave up or died: some hostile files abort a reader
            return ["it cannot be read any more"] if known else None
        if answer != _READ_BEFORE:
            return cast("list[str]", answer)
        known = True
    return None


def _judge(judge: Judge, before: bytes, after: bytes, area: Area, answer: Connection) -> None:
    """Read one workbook, say so, then read the other; where one cannot be read, end without an answer."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    warnings.simplefilter("ignore")
    sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 # what a reader says as it dies is no news
    os.dup2(sys.stderr.fileno(), 2)
    reading = judge(before)
    answer.send(_READ_BEFORE)
    answer.send(list(_unlike(reading, judge(after), area)))
    os._exit(0)


def _unlike(before: Reading, after: Reading, area: Area) -> Iterator[str]:
    for what in sorted(before.keys() | after.keys(), key=str):
        was, now = before.get(what), after.get(what)
        if was != now and not area.holds(*what):
            yield f"{what} was {was}, is {now}"


def _by_calamine(content: bytes) -> Reading:
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    return {
        (name, row, column): (repr(value),)
        for name in book.sheet_names
        for row, values in enumerate(book.get_sheet_by_name(name).to_python(skip_empty_area=False), start=1)
        for column, value in enumerate(values, start=1)
        if value != ""
    }


def _by_openpyxl(content: bytes) -> Reading:
    found: Reading = {}
    for sheet in openpyxl.load_workbook(BytesIO(content)).worksheets:
        found[sheet.title, 0, 0] = _setting(sheet)
        for number, made in sheet.row_dimensions.items():
            found[sheet.title, number, 0] = (made.height, made.hidden, made.outlineLevel)
        for at, cell in sheet._cells.items():
            found[sheet.title, *at] = (_value(cell.value), cell.style_id, cell.hyperlink, cell.comment)
    return {what: tuple(map(str, seen)) for what, seen in found.items()}


def _value(value: object) -> object:
    """Return what tells a cell's value from another's; formulas over areas compare by identity alone."""
    return vars(value) if isinstance(value, (ArrayFormula, DataTableFormula)) else value


def _setting(sheet: Any) -> tuple[object, ...]:
    return (
        sorted((key, made.width, made.hidden) for key, made in sheet.column_dimensions.items()),
        sorted(map(str, sheet.merged_cells.ranges)),
        sorted((str(one.sqref), len(one.rules)) for one in sheet.conditional_formatting),
        sorted(
            (str(one.sqref), str(one.type), str(one.formula1))
            for one in sheet.data_validations.dataValidation
        ),
        sheet.freeze_panes,
        (len(sheet._charts), len(sheet._images)),
    )


_READERS: dict[str, Judge] = {
    "calamine": _by_calamine,
    "openpyxl": _by_openpyxl,
}
