"""Three-way merge of one sheet, cell by cell: what was, what managers left there, what the daemon wants.

Pure: readings and wishes in, actions out. A manager's entry in a column of his becomes a `Take`; what he wrote over a
cell of the daemon is named in the `Restore` that undoes it; rows that cannot be placed are reported with all that was
entered in them. Columns that a manager deleted are left alone until they stand there again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from rules.locales import Text
from sheets.cellvalues import ReadValue, same, settled
from sheets.columns import Sheet
from sheets.reading import MasterReading, ReadRow
from sheets.registry import OPEN, REFUSAL_COLUMN
from sheets.texts import say

Values = Mapping[str, ReadValue]
Rows = Mapping[str, Values]

_FEW = 3  # so few rows may go at once without a question
_FEW_CELLS = 10  # so few cells may be emptied at once
_PATIENCE = 50_000  # rows compared; a sheet of nothing but strange rows must not hold the daemon up
_LIKENESS = 0.5  # the share of a lost row's cells that a row must still hold to be taken for it


@dataclass(frozen=True)
class Take:
    """A manager entered `value`; it becomes a command. None: he emptied the cell."""

    key: str
    column: str
    value: ReadValue


@dataclass(frozen=True)
class Write:
    """The daemon's value changed; the cell is to follow."""

    key: str
    column: str
    value: ReadValue


@dataclass(frozen=True)
class Restore:
    """A manager wrote `found` over a cell of the daemon; `value` is to stand there again."""

    key: str
    column: str
    value: ReadValue
    found: ReadValue


@dataclass(frozen=True)
class Conflict:
    """A stale file holds `found` where the ledger went on since; `value` is kept, and is to stand there."""

    key: str
    column: str
    value: ReadValue
    found: ReadValue


@dataclass(frozen=True)
class Add:
    """A case that the workbook has not shown yet gets its row."""

    key: str
    values: Values


@dataclass(frozen=True)
class Return:
    """A manager deleted the row; it comes back, with what he had entered in it before."""

    key: str
    values: Values


@dataclass(frozen=True)
class Remove:
    """The case is not to be shown any more."""

    key: str


@dataclass(frozen=True)
class KeyOvertyped:
    """A manager wrote `found` over the case number `key`; it is to stand in that row again."""

    key: str
    found: str
    row_number: int


@dataclass(frozen=True)
class DuplicateRow:
    """A further row of a case; the first one counts. `entered` is what differs here in managers' columns."""

    key: str
    row_number: int
    entered: Values


@dataclass(frozen=True)
class StrangeRow:
    """A row with no case number, or with one that no case has.

    `entered` is all that stands in it but the daemon's own note; nothing where that note is all that is left.
    """

    found: str
    row_number: int
    entered: Values


@dataclass(frozen=True)
class Refuse:
    """Nothing is taken and nothing written: the workbook looks emptied rather than edited. `reason` says why."""

    reason: Text


Action = (
    Take
    | Write
    | Restore
    | Conflict
    | Add
    | Return
    | Remove
    | KeyOvertyped
    | DuplicateRow
    | StrangeRow
    | Refuse
)


def merge(
    base: Rows, theirs: MasterReading, ours: Rows, sheet: Sheet = OPEN, *, stale: bool = False
) -> list[Action]:
    """Decide what one round does in a sheet, in its order.

    `base` is what the last round left (see `next_base`), `ours` what the daemon wants to show, all by case number and
    column key. Where only managers changed one of their columns it is taken; where both sides did, the manager's entry
    is taken too, and the daemon answers in the next round. Of a `stale` file, one older than the last that was
    written, an entry is taken only where the daemon still wants what `base`, that file's own, has; else it is a
    `Conflict`. In columns of days both hold midnights, as `read_master` reads them.
    """
    table = _placed(base, theirs, ours, sheet)
    reason = _rows_gone(base, table) or _cells_emptied(base, table)
    return [Refuse(reason)] if reason else [*_reports(table), *_merged(base, table, ours, stale=stale)]


@dataclass(frozen=True)
class _Table:
    """The manager's rows by the case they belong to; `edited` are those that are not as the last round left them."""

    sheet: Sheet
    rows: Mapping[str, ReadRow]
    edited: Mapping[str, ReadRow]
    columns: frozenset[str]
    overtyped: tuple[KeyOvertyped, ...]
    copies: tuple[ReadRow, ...]
    strange: tuple[ReadRow, ...]

    @cached_property
    def merged(self) -> tuple[str, ...]:
        """The columns to compare: those that stand there."""
        return tuple(name for name in self.sheet.merged if name in self.columns)


class _Placing:
    """Finds the case of each row that does not name one of its own."""

    def __init__(self, base: Rows, theirs: MasterReading, ours: Rows, sheet: Sheet) -> None:
        self._base = base
        self._managers = sheet.managers
        self._compared = 0
        self.rows = {row.key: row for row in theirs.rows if row.key in base or row.key in ours}
        self._lost = {key: values for key, values in base.items() if key not in self.rows}
        self.overtyped: list[KeyOvertyped] = []
        self.copies: list[ReadRow] = []
        self.strange: list[ReadRow] = []
        for row in theirs.duplicates:
            self._place_copy(row)
        for row in (*theirs.rows, *theirs.keyless):
            if not self._is_placed(row) and not self._recognise(row):
                self.strange.append(row)

    def _place_copy(self, copy: ReadRow) -> None:
        """The first row counts, unless it is another case's over whose number somebody typed this one's."""
        first = self.rows.get(copy.key)
        if first is None:
            if not self._recognise(copy):
                self.strange.append(copy)
            return
        was = self._base.get(copy.key, {})
        likelier = self._likeness(first.values, was) < self._likeness(copy.values, was)
        if likelier and self._recognise(first):
            self.rows[copy.key] = copy
        elif not self._recognise(copy):
            self.copies.append(copy)

    def _is_placed(self, row: ReadRow) -> bool:
        return any(action.row_number == row.row_number for action in self.overtyped) or (
            row.key in self.rows and row.key != ""
        )

    def _recognise(self, row: ReadRow) -> bool:
        """Tell whether the row is a lost case's own, its number typed over."""
        self._compared += len(self._lost)
        key = self._lost_case(row) if self._compared <= _PATIENCE else None
        if key is None:
            return False
        del self._lost[key]
        self.rows[key] = row
        self.overtyped.append(KeyOvertyped(key, row.key, row.row_number))
        return True

    def _lost_case(self, row: ReadRow) -> str | None:
        """Return the lost case that a row is by its other cells; None unless exactly one is by far the likest."""
        ranked = sorted(
            ((self._likeness(row.values, values), key) for key, values in self._lost.items()), reverse=True
        )
        if not ranked or ranked[0][0] <= _LIKENESS:
            return None
        return ranked[0][1] if len(ranked) == 1 or ranked[1][0] < ranked[0][0] else None

    def _likeness(self, values: Values, lost: Values) -> float:
        """Return the share of a lost row's cells of the daemon that stand here too."""
        told = [
            key for key, value in lost.items() if key not in self._managers and settled(value) is not None
        ]
        return sum(same(values.get(key), lost[key]) for key in told) / len(told) if told else 0.0


def _placed(base: Rows, theirs: MasterReading, ours: Rows, sheet: Sheet) -> _Table:
    found = _Placing(base, theirs, ours, sheet)
    return _Table(
        sheet,
        found.rows,
        {key: row for key, row in found.rows.items() if base.get(key) != row.values},
        frozenset(theirs.columns),
        tuple(found.overtyped),
        tuple(found.copies),
        tuple(found.strange),
    )


def _rows_gone(base: Rows, table: _Table) -> Text | None:
    gone = sum(key not in table.rows for key in base)
    is_most = gone > _FEW and 2 * gone > len(base)
    if not is_most and not 1 < gone == len(base):
        return None
    return say(
        f"總表裡 {len(base)} 個案件少了 {gone} 個，看起來是被清空而不是修改；這段時間不讀也不寫。請復原檔案。",
        f"总表里 {len(base)} 个案件少了 {gone} 个，看起来是被清空而不是修改；这段时间不读也不写。请恢复文件。",
        f"{gone} of {len(base)} cases are gone from the workbook at once: it looks emptied rather than edited, "
        "and is neither read nor written until they are back.",
    )


def _cells_emptied(base: Rows, table: _Table) -> Text | None:
    """Say why if most of what stood in the rows is gone while the rows are there."""
    emptied = sum(
        row.values.get(name) is None and settled(base[key].get(name)) is not None
        for key, row in table.edited.items()
        if key in base
        for name in table.merged
    )
    if emptied <= _FEW_CELLS or _holds_more(base, table, 2 * emptied - 1):
        return None
    return say(
        f"總表裡有 {emptied} 格同時被清空，占一半以上，看起來不是修改；這段時間不讀也不寫。請復原檔案。",
        f"总表里有 {emptied} 个单元格同时被清空，占一半以上，看起来不是修改；这段时间不读也不写。请恢复文件。",
        f"{emptied} cells of the workbook, more than half of all, were emptied at once: that looks like no edit, "
        "and it is neither read nor written until they are back.",
    )


def _holds_more(base: Rows, table: _Table, limit: int) -> bool:
    """Tell whether more than `limit` cells held something, without counting a whole sheet."""
    held = (
        1 for key in table.rows for name in table.merged if settled(base.get(key, {}).get(name)) is not None
    )
    return next(islice(held, limit, None), None) is not None


def _reports(table: _Table) -> Iterator[Action]:
    yield from table.overtyped
    for row in table.copies:
        first = table.rows[row.key].values
        entered = {
            name: value
            for name, value in row.values.items()
            if name in table.sheet.managers and not same(value, first.get(name))
        }
        yield DuplicateRow(row.key, row.row_number, entered)
    for row in table.strange:
        entered = {
            name: value
            for name, value in row.values.items()
            if name != REFUSAL_COLUMN and settled(value) is not None
        }
        yield StrangeRow(row.key, row.row_number, entered)


def _merged(base: Rows, table: _Table, ours: Rows, *, stale: bool) -> Iterator[Action]:
    for key, row in table.rows.items():
        was, wanted = base.get(key, {}), ours.get(key)
        if wanted is None:
            yield from _row(key, was, row.values, None, table, stale=stale) or [Remove(key)]
        elif key in table.edited or row.values != wanted:
            yield from _row(key, was, row.values, wanted, table, stale=stale)
    for key, values in ours.items():
        if key not in table.rows:
            yield (
                Return(key, {**_managers(base[key], table.sheet), **values})
                if key in base
                else Add(key, values)
            )


def _managers(values: Values, sheet: Sheet) -> Values:
    return {key: value for key, value in values.items() if key in sheet.managers}


def _row(
    key: str, was: Values, now: Values, wanted: Values | None, table: _Table, *, stale: bool
) -> list[Action]:
    """Compare a row; one that is to go (`wanted` is None) goes a round later if somebody has just written in it."""
    target = was if wanted is None else wanted
    actions = []
    for name in table.merged:
        before, found = was.get(name), now.get(name)
        value = target.get(name, before)
        if same(found, value):
            continue
        behind = stale and (wanted is None or not same(value, before))
        actions.append(
            _cell(key, name, before, found, value, theirs=name in table.sheet.managers, behind=behind)
        )
    return actions


def _cell(
    key: str, name: str, was: ReadValue, now: ReadValue, wanted: ReadValue, *, theirs: bool, behind: bool
) -> Action:
    """Decide on a cell that is not as it is wanted; `behind` tells that the ledger went on since the file was saved."""
    if same(now, was):
        return Write(key, name, wanted)
    if not theirs:
        return Restore(key, name, wanted, now)
    return Conflict(key, name, wanted, now) if behind else Take(key, name, now)


def next_base(
    base: Rows, theirs: MasterReading, ours: Rows, actions: list[Action], sheet: Sheet = OPEN
) -> dict[str, Values]:
    """Return the base of the next round: what stands in the workbook once `actions` are carried out.

    A column that is missing from the file keeps its base, so that nothing is inferred when it is put back.
    """
    if any(isinstance(action, Refuse) for action in actions):
        return dict(base)
    table = _placed(base, theirs, ours, sheet)
    after = {key: dict(base.get(key, {})) for key in table.rows}
    for key, row in table.edited.items():
        after[key] |= {name: row.values.get(name) for name in table.merged}
    for action in actions:
        match action:
            case Write() | Restore() | Conflict():
                after[action.key][action.column] = action.value
            case Add() | Return():
                after[action.key] = dict(action.values)
            case Remove():
                del after[action.key]
    return dict(after)
