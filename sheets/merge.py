"""Three-way merge of the case table, cell by cell: what was, what managers left there, what the daemon wants.

Pure: readings and wishes in, actions out. A manager's entry in a column of his becomes a `Take`; what he wrote over a
cell of the daemon is named in the `Restore` that undoes it; rows that cannot be placed are reported with all that was
entered in them. Columns that a manager deleted are left alone until they stand there again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from rules.locales import Text
from sheets.cellvalues import CellError, ReadValue
from sheets.columns import COLUMNS, KEY_COLUMN, ColumnKind, Owner, column
from sheets.reading import MasterReading, ReadRow
from sheets.texts import plain_text, say

Values = Mapping[str, ReadValue]
Rows = Mapping[str, Values]

_FEW = 3  # so few rows may go at once without a question
_PATIENCE = 50_000  # rows compared; a sheet of nothing but strange rows must not hold the daemon up
_LIKENESS = 0.5  # the share of a lost row's cells that a row must still hold to be taken for it

_MERGED = tuple(
    known.key for known in COLUMNS if known.key != KEY_COLUMN and known.kind is not ColumnKind.REMAINING
)
_MANAGERS = frozenset(key for key in _MERGED if column(key).owner is Owner.MANAGER)


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
    """A row with no case number, or with one that no case has; `entered` is all that stands in it."""

    found: str
    row_number: int
    entered: Values


@dataclass(frozen=True)
class Refuse:
    """Nothing is taken and nothing written: the workbook looks emptied rather than edited. `reason` says why."""

    reason: Text


Action = Take | Write | Restore | Add | Return | Remove | KeyOvertyped | DuplicateRow | StrangeRow | Refuse


def merge(base: Rows, theirs: MasterReading, ours: Rows, *, confirmed: bool = False) -> list[Action]:
    """Decide what one round does, in the order of the sheet; `confirmed` lets half the rows be gone.

    `base` is what the last round left (see `next_base`), `ours` what the daemon wants to show, all by case number and
    column key. Where only managers changed one of their columns it is taken; where both sides did, the manager's entry
    is taken too, and the daemon answers in the next round.
    """
    table = _placed(base, theirs, ours)
    if not confirmed and (reason := _emptied(base, table)):
        return [Refuse(reason)]
    return [*_reports(table), *_merged(base, table, ours)]


@dataclass(frozen=True)
class _Table:
    """The manager's rows by the case they belong to."""

    rows: Mapping[str, ReadRow]
    columns: frozenset[str]
    overtyped: tuple[KeyOvertyped, ...]
    copies: tuple[ReadRow, ...]
    strange: tuple[ReadRow, ...]


class _Placing:
    """Finds the case of each row that does not name one of its own."""

    def __init__(self, base: Rows, theirs: MasterReading, ours: Rows) -> None:
        self._base = base
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
        if _likeness(first.values, was) < _likeness(copy.values, was) and self._recognise(first):
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
        key = _lost_row(row, self._lost) if self._compared <= _PATIENCE else None
        if key is None:
            return False
        del self._lost[key]
        self.rows[key] = row
        self.overtyped.append(KeyOvertyped(key, row.key, row.row_number))
        return True


def _placed(base: Rows, theirs: MasterReading, ours: Rows) -> _Table:
    found = _Placing(base, theirs, ours)
    return _Table(
        found.rows,
        frozenset(theirs.columns),
        tuple(found.overtyped),
        tuple(found.copies),
        tuple(found.strange),
    )


def _lost_row(row: ReadRow, lost: Rows) -> str | None:
    """Return the lost case that a row is by its other cells; None unless exactly one is by far the likest."""
    ranked = sorted(((_likeness(row.values, values), key) for key, values in lost.items()), reverse=True)
    if not ranked or ranked[0][0] <= _LIKENESS:
        return None
    return ranked[0][1] if len(ranked) == 1 or ranked[1][0] < ranked[0][0] else None


def _likeness(values: Values, lost: Values) -> float:
    """Return the share of a lost row's cells of the daemon that stand here too."""
    told = [key for key, value in lost.items() if key not in _MANAGERS and settled(value) is not None]
    return sum(same(values.get(key), lost[key]) for key in told) / len(told) if told else 0.0


def _emptied(base: Rows, table: _Table) -> Text | None:
    gone = sum(key not in table.rows for key in base)
    is_most = gone > _FEW and 2 * gone > len(base)
    if not is_most and not 1 < gone == len(base):
        return None
    return say(
        f"總表裡 {len(base)} 個案件少了 {gone} 個，看起來是被清空而不是修改；在確認之前不讀也不寫。",
        f"总表里 {len(base)} 个案件少了 {gone} 个，看起来是被清空而不是修改；在确认之前不读也不写。",
        f"{gone} of {len(base)} cases are gone from the workbook at once: it looks emptied rather than edited, "
        "and is neither read nor written until that is confirmed.",
    )


def _reports(table: _Table) -> Iterator[Action]:
    yield from table.overtyped
    for row in table.copies:
        yield DuplicateRow(row.key, row.row_number, _entered(row.values, table.rows[row.key].values))
    for row in table.strange:
        yield StrangeRow(
            row.key, row.row_number, {k: v for k, v in row.values.items() if settled(v) is not None}
        )


def _entered(values: Values, first: Values) -> Values:
    return {
        key: value for key, value in values.items() if key in _MANAGERS and not same(value, first.get(key))
    }


def _merged(base: Rows, table: _Table, ours: Rows) -> Iterator[Action]:
    for key, row in table.rows.items():
        was = base.get(key, {})
        if key not in ours:
            yield from _parting(key, was, row.values, table.columns)
        elif not (was == row.values == ours[key]):
            yield from _row(key, was, row.values, ours[key], table.columns)
    for key, values in ours.items():
        if key not in table.rows:
            yield Return(key, {**_managers(base[key]), **values}) if key in base else Add(key, values)


def _managers(values: Values) -> Values:
    return {key: value for key, value in values.items() if key in _MANAGERS}


def _parting(key: str, was: Values, now: Values, columns: frozenset[str]) -> Iterator[Action]:
    """A case that is to go goes one round later if a manager has just written something in its row."""
    written = list(_row(key, was, now, was, columns))
    yield from written or [Remove(key)]


def _row(key: str, was: Values, now: Values, wanted: Values, columns: frozenset[str]) -> Iterator[Action]:
    for name in _MERGED:
        if name in columns:
            yield from _cell(key, name, was.get(name), now.get(name), wanted.get(name, was.get(name)))


def _cell(key: str, name: str, was: ReadValue, now: ReadValue, wanted: ReadValue) -> Iterator[Action]:
    if same(now, wanted):
        return
    touched = not same(now, was)
    if name in _MANAGERS:
        yield Take(key, name, now) if touched else Write(key, name, wanted)
    else:
        yield Restore(key, name, wanted, now) if touched else Write(key, name, wanted)


def next_base(base: Rows, theirs: MasterReading, ours: Rows, actions: list[Action]) -> dict[str, Values]:
    """Return the base of the next round: what stands in the workbook once `actions` are carried out.

    A column that is missing from the file keeps its base, so that nothing is inferred when it is put back.
    """
    if any(isinstance(action, Refuse) for action in actions):
        return dict(base)
    table = _placed(base, theirs, ours)
    after = {
        key: {
            **base.get(key, {}),
            **{name: row.values.get(name) for name in _MERGED if name in table.columns},
        }
        for key, row in table.rows.items()
    }
    for action in actions:
        match action:
            case Write() | Restore():
                after[action.key][action.column] = action.value
            case Add() | Return():
                after[action.key] = dict(action.values)
            case Remove():
                del after[action.key]
    return dict(after)


def same(one: ReadValue, other: ReadValue) -> bool:
    """Tell whether two values are one in a cell: blanks are empty, 1.0 is 1, seconds count and zones do not."""
    return one == other or settled(one) == settled(other)


def settled(value: ReadValue) -> object:
    """Return a value as it is compared."""
    match value:
        case None | False | CellError():
            return value or None
        case True:
            return True
        case int() | Decimal():
            return Decimal(f"{Decimal(value):.15g}").normalize()
        case datetime():
            return value.astimezone(UTC).replace(microsecond=0)
    return plain_text(value).strip() or None
