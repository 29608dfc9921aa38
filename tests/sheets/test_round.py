"""Rounds in real workbooks: read, merge, carry out; the base of the next round is what stands in the file then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sheets.columns import Row, Sheet
from sheets.merge import (
    Action,
    Add,
    Conflict,
    DuplicateRow,
    KeyOvertyped,
    Refuse,
    Remove,
    Restore,
    Return,
    StrangeRow,
    Take,
    Write,
    merge,
    next_base,
    same,
)
from sheets.patch import MasterPlan, Outcome, carry_out
from sheets.reading import MasterReading, read_master
from sheets.registry import OPEN, REFUSAL_COLUMN
from tests.sheets.cases import HANT, SHANGHAI, case, workbook_of

NOON = datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)
TEXT = st.none() | st.sampled_from(["甲", "乙", "=1+1", "a\nb", "_x0041_"])
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "owner": TEXT,
    "status": st.sampled_from(["處理中", "部分解決", "已解決"]),
    "repair_amount": st.none() | st.integers(0, 3).map(Decimal),
    "lapses": st.none() | st.integers(0, 3),
    "remarks": TEXT,
    "next_contact": st.none() | st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours)),
    "incomplete": st.none() | st.just(True),
}
SOME = st.fixed_dictionaries({}, optional=CELLS)
NUMBERS = list(range(1, 7))
EDITS = ["keep", "keep", "write", "write", "copy", "delete", "overtype", "erase"]


@dataclass(frozen=True)
class Sitting:
    """What one manager does to the rows, by the position of a row: an edit, the cells he writes, a number he types."""

    edits: Sequence[tuple[str, Mapping[str, Any], str]]
    own: Sequence[tuple[str, Mapping[str, Any]]]
    order: int


SITTINGS = st.builds(
    Sitting,
    st.lists(
        st.tuples(st.sampled_from(EDITS), SOME, st.sampled_from(["王先生", case(1).key, case(2).key])),
        min_size=8,
        max_size=8,
    ),
    st.lists(st.tuples(st.sampled_from(["", "X1", case(3).key]), SOME), max_size=1),
    st.integers(0, 5),
)
WISHES = st.dictionaries(st.sampled_from(NUMBERS), SOME, min_size=2, max_size=6)


def saved(theirs: MasterReading, sitting: Sitting) -> bytes:
    """The workbook as it is after a sitting: drawn anew from its rows, without any code that is tested here."""
    rows = sorted((*theirs.rows, *theirs.duplicates, *theirs.keyless), key=lambda row: row.row_number)
    made: list[Row] = []
    for at, row in enumerate(rows):
        edit, cells, typed = sitting.edits[at % len(sitting.edits)]
        values: Any = dict(row.values)
        written = Row(row.key, values if edit == "keep" else {**values, **cells})
        made += {
            "copy": [Row(row.key, values), written],
            "delete": [],
            "overtype": [Row(typed, written.values)],
            "erase": [Row("", written.values)],
        }.get(edit, [written])
    made += [Row(key, cells) for key, cells in sitting.own]
    turn = sitting.order % max(len(made), 1)
    return workbook_of((OPEN, made[turn:] + made[:turn]))


def plan_of(actions: Sequence[Action]) -> MasterPlan:
    """What a round writes: as the daemon does it."""
    cells: dict[str, dict[str, Any]] = {}
    for action in actions:
        match action:
            case Write() | Restore() | Conflict():
                cells.setdefault(action.key, {})[action.column] = action.value
            case Add() | Return():
                cells[action.key] = dict(action.values)
    reports = [action for action in actions if isinstance(action, DuplicateRow | StrangeRow)]
    return MasterPlan(
        changes=[Row(key, values) for key, values in cells.items()],
        removed=[action.key for action in actions if isinstance(action, Remove)],
        rekeyed={action.row_number: action.key for action in actions if isinstance(action, KeyOvertyped)},
        copies=[action.row_number for action in reports],
        notes={action.row_number: "不算" if action.entered else "" for action in reports},
    )


def read(content: bytes, sheet: Sheet = OPEN) -> MasterReading:
    return read_master(content, HANT, SHANGHAI, sheet=sheet)


def check_base(
    base: Mapping[str, Mapping[str, Any]], content: bytes, outcome: Outcome, gone: set[str], copied: set[str]
) -> None:
    """Each row of the base stands in the file with these very values, but for those that are to go."""
    stands = {row.key: row.values for row in read(content).rows}
    assert outcome.kept == {}
    for key in gone:
        assert key not in stands or key in copied
    for key, values in base.items():
        assert {name for name, value in stands[key].items() if not same(value, values.get(name))} == set()


# Not shrunk: every step draws a workbook, and shrinking would take minutes.
@settings(max_examples=50, deadline=None, phases=[Phase.generate])
@given(first=WISHES, rounds=st.lists(st.tuples(SITTINGS, WISHES, st.booleans(), st.booleans()), max_size=4))
def test_rounds_in_turn_with_managers_end_with_what_the_ledger_has(first: Any, rounds: Any) -> None:
    """Managers copy, delete, overtype, sort and write while the daemon adds, changes and removes."""
    wanted = {case(number).key: {**case(number).values, **cells} for number, cells in first.items()}
    content = workbook_of((OPEN, [Row(key, values) for key, values in wanted.items()]))
    base: dict[str, Any] = {row.key: row.values for row in read(content).rows}
    for sitting, wishes, accepts, stale in rounds:
        content = saved(read(content), sitting)
        wanted |= {case(number).key: {**case(number).values, **cells} for number, cells in wishes.items()}
        wanted = {key: cells for key, cells in wanted.items() if int(key[-3:]) % 6 != sitting.order}
        theirs = read(content)
        actions = merge(base, theirs, wanted, stale=stale)
        if any(isinstance(action, Refuse) for action in actions):
            content = workbook_of((OPEN, [Row(key, values) for key, values in base.items()]))  # undone
            continue
        for action in actions:
            if accepts and isinstance(action, Take) and action.key in wanted:
                wanted[action.key] = {**wanted[action.key], action.column: action.value}
        outcome = carry_out(content, plan_of(actions), HANT, SHANGHAI)
        base, content = next_base(base, theirs, wanted, actions), outcome.content
        copied = {one.key for one in actions if isinstance(one, DuplicateRow)}
        check_base(base, content, outcome, {one.key for one in actions if isinstance(one, Remove)}, copied)
    for _ in range(2):  # what was refused is written over, and who waited goes
        theirs = read(content)
        actions = merge(base, theirs, wanted)
        base = next_base(base, theirs, wanted, actions)
        content = carry_out(content, plan_of(actions), HANT, SHANGHAI).content
    actions = merge(base, read(content), wanted)
    assert [one for one in actions if not isinstance(one, DuplicateRow | StrangeRow | Refuse)] == []
    if not actions or not isinstance(actions[0], Refuse):
        assert carry_out(content, plan_of(actions), HANT, SHANGHAI).content is content
        stands = {row.key: row.values for row in read(content).rows}
        for key, values in wanted.items():
            differing = {name for name in values if not same(stands[key][name], values[name])}
            assert differing == set()
        assert REFUSAL_COLUMN not in {
            name for one in actions if isinstance(one, StrangeRow) for name in one.entered
        }
