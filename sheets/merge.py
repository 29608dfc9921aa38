"""Three-way merge of one sheet, cell by cell: what was, what managers left there, what the daemon wants.

Pure: readings and wishes in, actions out. A manager's entry in a column of his becomes a `Take`; what he wrote over a
cell of the daemon is named in the `Restore` that undoes it; rows that cannot be placed are reported with all that was
entered in them. Columns that a manager deleted are left alone until they stand there again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from rules.locales import Text
from sheets.cellvalues import ReadValue, same, settled
from sheets.columns import Sheet
from sheets.placing import Placing
from sheets.reading import MasterReading, ReadRow
from sheets.registry import OPEN, REFUSAL_COLUMN
from sheets.straying import Rows, Values
from sheets.texts import say

_FEW = 3  # so few rows may go, or mix several cases, at once without a question
_FEW_MINOR = 10  # so few may go from a sheet that is not essential
_FEW_CELLS = 10  # so few cells may be emptied at once


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
class Mixed:
    """A row whose cells are not those of its case, nor another's for certain, as after a sort of some columns alone.

    Nothing of it is taken, all of it is restored. `entered` is what differs in managers' columns.
    """

    key: str
    row_number: int
    entered: Values


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
    | Mixed
    | DuplicateRow
    | StrangeRow
    | Refuse
)


class Decisions(list[Action]):
    """What a round does in a sheet, in its order, and the rows by which it was decided."""

    def __init__(self, actions: Iterable[Action], table: "_Table") -> None:
        super().__init__(actions)
        self.table = table


def merge(
    base: Rows,
    theirs: MasterReading,
    ours: Rows,
    sheet: Sheet = OPEN,
    *,
    stale: bool = False,
    absent: frozenset[str] = frozenset(),
) -> Decisions:
    """Decide what one round does in a sheet, in its order.

    `base` is what the last round left (see `next_base`), `ours` what the daemon wants to show, all by case number and
    column key. Where only managers changed one of their columns it is taken; where both sides did, the manager's entry
    is taken too, and the daemon answers in the next round. Of a `stale` file, one older than the last that was
    written, an entry is taken only where the daemon still wants what `base`, that file's own, has; else it is a
    `Conflict`. `absent` are columns that were not there when the file was read last: where one stands there again,
    its empty cells are filled and nobody emptied them. In columns of days both hold midnights, as `read_master` reads
    them.
    """
    table = _placed(base, theirs, ours, sheet)
    reason = _rows_gone(base, table) or _rows_mixed(table) or _cells_emptied(base, table, absent)
    if reason:
        return Decisions([Refuse(reason)], table)
    compared = _Compared(table, stale, absent)
    return Decisions([*_reports(base, table, ours), *_merged(base, compared, ours)], table)


@dataclass(frozen=True)
class _Table:
    """The manager's rows by the case they belong to; `edited` are those that are not as the last round left them."""

    sheet: Sheet
    rows: Mapping[str, ReadRow]
    edited: Mapping[str, ReadRow]
    columns: frozenset[str]
    overtyped: tuple[KeyOvertyped, ...]
    mixed: frozenset[str]
    copies: tuple[ReadRow, ...]
    strange: tuple[ReadRow, ...]

    @cached_property
    def merged(self) -> tuple[str, ...]:
        """The columns to compare: those that stand there."""
        return tuple(name for name in self.sheet.merged if name in self.columns)


def _placed(base: Rows, theirs: MasterReading, ours: Rows, sheet: Sheet) -> _Table:
    found = Placing(base, theirs, ours, sheet)
    return _Table(
        sheet,
        found.rows,
        found.edited,
        frozenset(theirs.columns),
        tuple(KeyOvertyped(key, row.key, row.row_number) for key, row in found.overtyped),
        frozenset(found.mixed),
        tuple(found.copies),
        tuple(found.strange),
    )


def _rows_gone(base: Rows, table: _Table) -> Text | None:
    gone = sum(key not in table.rows for key in base)
    is_most = gone > (_FEW if table.sheet.essential else _FEW_MINOR) and 2 * gone > len(base)
    if not is_most and not (table.sheet.essential and 1 < gone == len(base)):
        return None
    title = table.sheet.title
    return say(
        f"總表「{title.zh_hant}」裡 {len(base)} 個案件少了 {gone} 個，看起來是被清空而不是修改；"
        "這段時間不讀也不寫。請復原檔案。",
        f"总表“{title.zh_hans}”里 {len(base)} 个案件少了 {gone} 个，看起来是被清空而不是修改；"
        "这段时间不读也不写。请恢复文件。",
        f"{gone} of {len(base)} cases are gone at once from “{title.en}” in the workbook: it looks emptied rather "
        "than edited, and is neither read nor written until they are back.",
    )


def _rows_mixed(table: _Table) -> Text | None:
    """Say why if so many rows mix several cases that somebody sorted some of the columns alone."""
    mixed, title = len(table.mixed), table.sheet.title
    if mixed <= _FEW or 3 * mixed <= len(table.rows):
        return None
    return say(
        f"總表「{title.zh_hant}」裡有 {mixed} 列混到了別的案件的資料，看起來只排序了一部分的欄；"
        "這段時間不讀也不寫。請復原排序，再整個表格一起排序。",
        f"总表“{title.zh_hans}”里有 {mixed} 行混入了别的案件的资料，看起来只排序了一部分列；"
        "这段时间不读也不写。请撤销排序，再对整个表格一起排序。",
        f"{mixed} rows of “{title.en}” in the workbook mix cells of several cases, as if only some of its columns had "
        "been sorted: it is neither read nor written. Please undo the sorting and sort the whole table.",
    )


def _cells_emptied(base: Rows, table: _Table, absent: frozenset[str]) -> Text | None:
    """Say why if most of what stood in the rows is gone while the rows are there."""
    columns = [name for name in table.merged if name not in absent]
    emptied = sum(
        row.values.get(name) is None and settled(base[key].get(name)) is not None
        for key, row in table.edited.items()
        if key in base
        for name in columns
    )
    if emptied <= _FEW_CELLS or _holds_more(base, table, columns, 2 * emptied - 1):
        return None
    title = table.sheet.title
    return say(
        f"總表「{title.zh_hant}」裡有 {emptied} 格同時被清空，占一半以上，看起來不是修改；"
        "這段時間不讀也不寫。請復原檔案。",
        f"总表“{title.zh_hans}”里有 {emptied} 个单元格同时被清空，占一半以上，看起来不是修改；"
        "这段时间不读也不写。请恢复文件。",
        f"{emptied} cells of “{title.en}” in the workbook, more than half of all, were emptied at once: that looks "
        "like no edit, and it is neither read nor written until they are back.",
    )


def _holds_more(base: Rows, table: _Table, columns: Sequence[str], limit: int) -> bool:
    """Tell whether more than `limit` cells held something, without counting a whole sheet."""
    held = (1 for key in table.rows for name in columns if settled(base.get(key, {}).get(name)) is not None)
    return next(islice(held, limit, None), None) is not None


def _reports(base: Rows, table: _Table, ours: Rows) -> Iterator[Action]:
    yield from table.overtyped
    for key, row in table.rows.items():
        if key in table.mixed:
            yield Mixed(key, row.row_number, _entered(row, table, base.get(key, {}), ours.get(key, {})))
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


def _entered(row: ReadRow, table: _Table, *known: Values) -> Values:
    """Return what stands in managers' columns of a row and is not known."""
    return {
        name: value
        for name, value in row.values.items()
        if name in table.sheet.managers
        and settled(value) is not None
        and not any(same(value, values.get(name)) for values in known)
    }


def _merged(base: Rows, compared: "_Compared", ours: Rows) -> Iterator[Action]:
    table = compared.table
    for key, row in table.rows.items():
        wanted = ours.get(key)
        if wanted is None:
            yield from compared.row(key, base.get(key, {}), row.values, None) or [Remove(key)]
        elif row.values != wanted or key in table.edited:
            yield from compared.row(key, base.get(key, {}), row.values, wanted)
    for key, values in ours.items():
        if key not in table.rows:
            yield (
                Return(key, {**_managers(base[key], table.sheet), **values})
                if key in base
                else Add(key, values)
            )


def _managers(values: Values, sheet: Sheet) -> Values:
    return {key: value for key, value in values.items() if key in sheet.managers}


@dataclass(frozen=True)
class _Compared:
    """The comparison of a table's rows, cell by cell."""

    table: _Table
    stale: bool
    absent: frozenset[str]

    def row(self, key: str, was: Values, now: Values, wanted: Values | None) -> list[Action]:
        """Compare a row; one that is to go (`wanted` is None) goes a round later if somebody has just written in it."""
        target = was if wanted is None else wanted
        actions = []
        for name in self.table.merged:
            before, found = was.get(name), now.get(name)
            value = target.get(name, before)
            if not same(found, value):
                behind = self.stale and (wanted is None or not same(value, before))
                actions.append(self._cell(key, name, before, found, value, behind=behind))
        return actions

    def _cell(
        self, key: str, name: str, was: ReadValue, now: ReadValue, wanted: ReadValue, *, behind: bool
    ) -> Action:
        """Decide on a cell that is not as it is wanted; `behind`: the ledger went on since the file was saved."""
        if same(now, was) or (name in self.absent and settled(now) is None):
            return Write(key, name, wanted)
        if name not in self.table.sheet.managers or key in self.table.mixed:
            return Restore(key, name, wanted, now)
        return Conflict(key, name, wanted, now) if behind else Take(key, name, now)


def next_base(
    base: Rows,
    theirs: MasterReading,
    ours: Rows,
    actions: Sequence[Action],
    sheet: Sheet = OPEN,
    decided: Decisions | None = None,
) -> dict[str, Values]:
    """Return the base of the next round: what stands in the workbook once `actions` are carried out.

    A column that is missing from the file keeps its base, so that nothing is inferred when it is put back. Rows that
    stay as they were are the very objects of `base`. `decided` is what `merge` made of the same rows, where not all of
    its `actions` are carried out, or to save the time of comparing them again.
    """
    if any(isinstance(action, Refuse) for action in actions):
        return dict(base)
    table = decided.table if decided is not None else _placed(base, theirs, ours, sheet)
    after: dict[str, Values] = {key: base.get(key, {}) for key in table.rows}
    fresh = {
        key: {**after[key], **{name: row.values.get(name) for name in table.merged}}
        for key, row in table.edited.items()
    }
    for action in actions:
        match action:
            case Write() | Restore() | Conflict():
                fresh.setdefault(action.key, dict(after[action.key]))[action.column] = action.value
            case Add() | Return():
                fresh[action.key] = dict(action.values)
            case Remove():
                del after[action.key]
                fresh.pop(action.key, None)
    return after | fresh
