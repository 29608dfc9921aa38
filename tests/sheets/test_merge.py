"""The merge: nothing a manager enters is lost in silence, the daemon's cells are its own, and one round settles it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheets.merge import (
    Action,
    Add,
    Conflict,
    DuplicateRow,
    KeyOvertyped,
    Mixed,
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
from sheets.reading import CellError, MasterReading, ReadRow
from sheets.registry import CLOSED, OPEN
from tests.sheets.cases import SHANGHAI

DAEMON = ("grade", "owner", "repair_amount", "lapses")
MANAGER = ("remarks", "next_contact")
NOON = datetime(2026, 11, 21, 12, tzinfo=SHANGHAI)


def values(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "grade": "處理中",
        "owner": f"總監{number}",
        "repair_amount": Decimal(100 * number),
        "lapses": number,
        "remarks": None,
        "next_contact": None,
        **changes,
    }


def reading(
    *rows: tuple[str, Mapping[str, Any]], without: Sequence[str] = (), names: Sequence[str] = DAEMON + MANAGER
) -> MasterReading:
    """Sort rows out as `read_master` does; `without` are columns that a manager deleted."""
    first, duplicates, keyless = {}, [], []
    for number, (key, cells) in enumerate(rows, start=4):
        row = ReadRow(key, {name: cells[name] for name in cells if name not in without}, number)
        if not key:
            keyless.append(row)
        elif key in first:
            duplicates.append(row)
        else:
            first[key] = row
    columns = tuple(name for name in ("case_number", *names) if name not in without)
    memory: Any = SimpleNamespace()
    return MasterReading(tuple(first.values()), tuple(duplicates), tuple(keyless), columns, memory)


BASE = {f"K{number}": values(number) for number in range(1, 9)}


def after_edit(changes: Mapping[str, Mapping[str, Any]]) -> MasterReading:
    return reading(*((key, {**cells, **changes.get(key, {})}) for key, cells in BASE.items()))


def test_nothing_changed_is_nothing_to_do() -> None:
    assert merge(BASE, after_edit({}), BASE) == []


def test_a_managers_entry_is_taken() -> None:
    theirs = after_edit({"K2": {"remarks": "已約週五", "next_contact": NOON}})
    assert merge(BASE, theirs, BASE) == [Take("K2", "remarks", "已約週五"), Take("K2", "next_contact", NOON)]


def test_an_emptied_entry_is_taken_as_such() -> None:
    base = {**BASE, "K2": values(2, remarks="舊")}
    assert merge(base, after_edit({}), base) == [Take("K2", "remarks", None)]


def test_what_is_written_over_the_daemon_is_undone_and_named() -> None:
    assert merge(BASE, after_edit({"K3": {"grade": "已解決"}}), BASE) == [
        Restore("K3", "grade", "處理中", "已解決")
    ]


def test_the_daemons_change_is_written() -> None:
    ours = {**BASE, "K1": values(1, grade="已解決")}
    assert merge(BASE, after_edit({}), ours) == [Write("K1", "grade", "已解決")]


def test_where_both_changed_the_managers_column_his_entry_goes_first() -> None:
    ours = {**BASE, "K1": values(1, remarks="由郵件")}
    assert merge(BASE, after_edit({"K1": {"remarks": "手寫"}}), ours) == [Take("K1", "remarks", "手寫")]


def test_an_entry_that_was_refused_gives_way_in_the_next_round() -> None:
    theirs = after_edit({"K1": {"remarks": "不行"}})
    base = next_base(BASE, theirs, BASE, merge(BASE, theirs, BASE))
    assert merge(base, theirs, BASE) == [Write("K1", "remarks", None)]


def test_an_error_in_a_managers_cell_is_taken_as_an_error() -> None:
    theirs = after_edit({"K1": {"next_contact": CellError("#N/A")}})
    assert merge(BASE, theirs, BASE) == [Take("K1", "next_contact", CellError("#N/A"))]


def test_a_deleted_row_comes_back_with_what_was_entered_in_it() -> None:
    base = {**BASE, "K4": values(4, remarks="重要")}
    ours = {key: {name: cells[name] for name in DAEMON} for key, cells in base.items()}
    theirs = reading(*((key, cells) for key, cells in base.items() if key != "K4"))
    assert merge(base, theirs, ours) == [
        Return("K4", {**ours["K4"], "remarks": "重要", "next_contact": None})
    ]


@pytest.mark.parametrize(("kept", "refused"), [(0, True), (3, True), (4, False), (7, False)])
def test_more_than_half_the_rows_gone_is_no_order(kept: int, refused: bool) -> None:
    theirs = reading(*list(BASE.items())[:kept])
    actions = merge(BASE, theirs, BASE)
    assert ([type(action) for action in actions] == [Refuse]) == refused
    assert next_base(BASE, theirs, BASE, actions).keys() == BASE.keys()


def test_rows_that_stand_there_emptied_are_no_order_either() -> None:
    """Selected and deleted, with the case numbers left over: more than half of all cells, and more than ten."""
    blank = dict.fromkeys(DAEMON + MANAGER)
    half = after_edit(dict.fromkeys(["K1", "K2", "K3", "K4"], blank))
    most = after_edit(dict.fromkeys(["K1", "K2", "K3", "K4", "K5"], blank))
    assert [type(action) for action in merge(BASE, most, BASE)] == [Refuse]
    assert next_base(BASE, most, BASE, merge(BASE, most, BASE)) == BASE
    assert {type(action) for action in merge(BASE, half, BASE)} == {Restore}


def test_ten_cells_may_be_emptied_whatever_their_share() -> None:
    blank = dict.fromkeys(DAEMON)
    base = {key: BASE[key] for key in ("K1", "K2")}
    theirs = reading(*((key, {**cells, **blank}) for key, cells in base.items()))
    assert {type(action) for action in merge(base, theirs, base)} == {Restore}


def test_a_column_that_is_gone_is_not_one_that_was_emptied() -> None:
    assert merge(BASE, reading(*BASE.items(), without=DAEMON), BASE) == []


def test_the_sheet_decides_whose_an_entry_is() -> None:
    """The status is the managers' while a case is open, the daemon's once it is closed."""
    base = {"K1": {"status": "已解決", "remarks": None}}
    theirs = reading(("K1", {"status": "處理中", "remarks": "再看看"}), names=("status", "remarks"))
    assert merge(base, theirs, base, OPEN) == [
        Take("K1", "status", "處理中"),
        Take("K1", "remarks", "再看看"),
    ]
    assert merge(base, theirs, base, CLOSED) == [
        Restore("K1", "status", "已解決", "處理中"),
        Take("K1", "remarks", "再看看"),
    ]


def test_a_backup_brings_back_no_entry_that_the_ledger_has_gone_beyond() -> None:
    """Last week's file, with its own base: K1 was remarked upon since, K2 was not."""
    theirs = after_edit({"K1": {"remarks": "上週寫的"}, "K2": {"remarks": "也是上週"}})
    ours = {**BASE, "K1": values(1, remarks="這週寫的", grade="一級")}
    actions = merge(BASE, theirs, ours, stale=True)
    assert actions == [
        Write("K1", "grade", "一級"),
        Conflict("K1", "remarks", "這週寫的", "上週寫的"),
        Take("K2", "remarks", "也是上週"),
    ]
    base = next_base(BASE, theirs, ours, actions)
    assert (base["K1"]["remarks"], base["K2"]["remarks"]) == ("這週寫的", "也是上週")


def test_an_entry_in_a_backup_for_a_case_that_has_gone_since_is_named_before_the_row_goes() -> None:
    ours = {key: cells for key, cells in BASE.items() if key != "K8"}
    theirs = after_edit({"K8": {"remarks": "上週寫的"}})
    assert merge(BASE, theirs, ours, stale=True) == [Conflict("K8", "remarks", None, "上週寫的")]
    assert merge(BASE, after_edit({}), ours, stale=True) == [Remove("K8")]


def test_the_daemons_own_note_in_a_strange_row_is_no_entry() -> None:
    names = (*DAEMON, *MANAGER, "refusal")
    rows = [*BASE.items(), ("K99", {"owner": "王", "refusal": "沒有這個案件"}), ("", {"refusal": "沒有編號"})]
    assert merge(BASE, reading(*rows, names=names), BASE) == [
        StrangeRow("K99", 12, {"owner": "王"}),
        StrangeRow("", 13, {}),
    ]


def test_two_rows_gone_of_two_are_a_question_one_of_one_is_not() -> None:
    two = {"K1": values(1), "K2": values(2)}
    assert isinstance(merge(two, reading(), two)[0], Refuse)
    one = {"K1": values(1)}
    assert merge(one, reading(), one) == [Return("K1", values(1))]


@pytest.mark.parametrize(("count", "refused"), [(2, False), (10, False), (11, True)])
def test_cases_that_are_closed_come_back_unless_many_are_gone(count: int, refused: bool) -> None:
    base = {f"K{number}": {"resolution": f"方案{number}", "remarks": "記"} for number in range(count)}
    actions = merge(base, reading(), base, CLOSED)
    if refused:
        assert [type(action) for action in actions] == [Refuse]
    else:
        assert actions == [Return(key, cells) for key, cells in base.items()]


def test_a_refusal_names_its_sheet() -> None:
    for sheet in (OPEN, CLOSED):
        base = {f"K{number}": {"grade": "一級", "remarks": "記"} for number in range(12)}
        blank = reading(*((key, dict.fromkeys(cells)) for key, cells in base.items()))
        for theirs in (reading(), blank):
            refuse = merge(base, theirs, base, sheet)[0]
            assert isinstance(refuse, Refuse)
            said, titles = refuse.reason.all(), sheet.title.all()
            assert all(title in words for title, words in zip(titles, said, strict=True))


def test_an_overtyped_case_number_is_recognised_by_the_row() -> None:
    rows = [("客戶王先生" if key == "K5" else key, cells) for key, cells in BASE.items()]
    rows[4] = (rows[4][0], values(5, remarks="打錯欄"))
    assert merge(BASE, reading(*rows), BASE) == [
        KeyOvertyped("K5", "客戶王先生", 8),
        Take("K5", "remarks", "打錯欄"),
    ]


def test_an_erased_case_number_is_recognised_too() -> None:
    rows = [("" if key == "K5" else key, cells) for key, cells in BASE.items()]
    assert merge(BASE, reading(*rows), BASE) == [KeyOvertyped("K5", "", 8)]


def test_a_number_typed_over_another_does_not_take_the_others_place() -> None:
    """K1's row now says K3, above the true row of K3."""
    rows = [("K3" if key == "K1" else key, cells) for key, cells in BASE.items()]
    assert merge(BASE, reading(*rows), BASE) == [KeyOvertyped("K1", "K3", 4)]


def test_the_first_of_two_copies_counts_and_the_other_is_reported_with_its_entries() -> None:
    rows = [*BASE.items(), ("K2", values(2, remarks="在副本上寫的"))]
    assert merge(BASE, reading(*rows), BASE) == [DuplicateRow("K2", 12, {"remarks": "在副本上寫的"})]


def test_a_row_of_nobodys_is_reported_with_all_that_stands_in_it() -> None:
    rows = [*BASE.items(), ("K99", {"grade": "新", "remarks": "手動加的"}), ("", {"owner": "王"})]
    assert merge(BASE, reading(*rows), BASE) == [
        StrangeRow("K99", 12, {"grade": "新", "remarks": "手動加的"}),
        StrangeRow("", 13, {"owner": "王"}),
    ]


def test_a_deleted_column_is_left_alone() -> None:
    ours = {**BASE, "K1": values(1, grade="已解決")}
    theirs = reading(*BASE.items(), without=("grade", "remarks"))
    base = {**BASE, "K2": values(2, remarks="在的")}
    assert merge(base, theirs, ours) == [Write("K2", "remarks", None)] or merge(base, theirs, ours) == []
    kept = next_base(base, theirs, ours, merge(base, theirs, ours))
    assert kept["K2"]["remarks"] == "在的"


def test_an_emptied_column_that_was_away_is_filled_again_and_what_stands_in_it_is_taken() -> None:
    """The column of remarks was deleted and typed anew: its cells are empty, nobody emptied them."""
    base = {key: values(number, remarks=f"重要{number}") for number, key in enumerate(BASE, start=1)}
    away = reading(*BASE.items(), without=("remarks", "owner"))
    kept = next_base(base, away, base, merge(base, away, base))
    assert kept == base
    back = {key: {**cells, "owner": None, "remarks": None} for key, cells in BASE.items()}
    back["K2"]["remarks"] = "重寫的"
    theirs = reading(*back.items())
    actions = merge(base, theirs, base, absent=frozenset({"remarks", "owner"}))
    filled = [Write(key, "remarks", cells["remarks"]) for key, cells in base.items() if key != "K2"]
    owners = [Write(key, "owner", cells["owner"]) for key, cells in base.items()]
    assert sorted(actions, key=repr) == sorted([*filled, *owners, Take("K2", "remarks", "重寫的")], key=repr)
    assert {type(a) for a in merge(base, theirs, base, absent=frozenset({"owner"}))} == {Take, Write}
    after = next_base(base, theirs, base, actions)
    assert (after["K1"]["remarks"], after["K2"]["remarks"]) == ("重要1", "重寫的")


def test_a_new_case_gets_a_row_and_a_parting_one_goes() -> None:
    ours = {key: cells for key, cells in BASE.items() if key != "K8"} | {"K9": values(9)}
    assert merge(BASE, after_edit({}), ours) == [Remove("K8"), Add("K9", values(9))]


def test_a_parting_row_waits_until_what_was_just_entered_is_taken() -> None:
    ours = {key: cells for key, cells in BASE.items() if key != "K8"}
    theirs = after_edit({"K8": {"remarks": "等等", "grade": "X"}})
    actions = merge(BASE, theirs, ours)
    assert actions == [Restore("K8", "grade", "處理中", "X"), Take("K8", "remarks", "等等")]
    base = next_base(BASE, theirs, ours, actions)
    restored = after_edit({"K8": {"remarks": "等等"}})
    assert merge(base, restored, ours) == [Remove("K8")]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (None, "", True),
        (None, "  ", True),
        (False, None, True),
        (Decimal("12.50"), Decimal("12.5"), True),
        (3, Decimal(3), True),
        ("a ", "a", True),
        ("a\r\nb", "a\nb", True),
        ("a\x00b", "ab", True),
        (NOON, NOON.astimezone(), True),
        (NOON + timedelta(milliseconds=700), NOON, True),
        (NOON, NOON + timedelta(seconds=1), False),
        ("1", Decimal(1), False),
        (0, None, False),
        ("", CellError("#REF!"), False),
    ],
)
def test_what_a_cell_cannot_tell_apart_is_the_same(one: Any, other: Any, alike: bool) -> None:
    assert same(one, other) is alike
    assert same(other, one) is alike


# Any edits, by properties ---------------------------------------------------------------------------------------

TEXT = st.none() | st.sampled_from(["", "甲", "乙", "=1", " x "])
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "customer_name": st.none() | st.sampled_from(["王", "陳", "林"]),
    "customer_phone": st.none() | st.integers(0, 5).map(str),
    "opened_at": st.integers(0, 9).map(lambda hours: NOON + timedelta(hours=hours)),
    "due_at": st.integers(0, 9).map(lambda hours: NOON + timedelta(hours=hours)),
    "grade": TEXT,
    "owner": TEXT,
    "repair_amount": st.none() | st.integers(0, 3).map(Decimal),
    "lapses": st.none() | st.integers(0, 3),
    "remarks": TEXT,
    "next_contact": st.none() | st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours)),
}
ROW = st.fixed_dictionaries(CELLS)
SOME_CELLS = st.fixed_dictionaries({}, optional=CELLS)
KEYS = [f"K{number}" for number in range(1, 9)]
TABLE = st.dictionaries(st.sampled_from(KEYS), ROW, max_size=8)
EDITS = ["keep", "keep", "write", "write", "copy", "copy below", "delete", "overtype", "empty"]


@st.composite
def sittings(draw: st.DrawFn) -> tuple[Any, MasterReading, Any]:
    """What was, what a manager made of it, and what the daemon wants by now."""
    base = draw(TABLE)
    rows, below = [], []
    for key, cells in base.items():
        written = {**cells, **draw(SOME_CELLS)}
        edit = draw(st.sampled_from(EDITS))
        typed = draw(st.sampled_from([*KEYS, "", "X1"]))
        made: dict[str, list[tuple[str, Any]]] = {
            "keep": [(key, cells)], "write": [(key, written)], "copy": [(key, cells), (key, written)],
            "overtype": [(typed, written)], "empty": [(key, dict.fromkeys(cells))],
        }  # fmt: skip
        rows += made.get(edit, [(key, cells)] if edit == "copy below" else [])
        below += [(key, written)] if edit == "copy below" else []
    if rows and draw(st.booleans()):
        rows = list(
            zip(draw(st.permutations([key for key, _ in rows])), [row for _, row in rows], strict=True)
        )
    rows += below + draw(st.lists(st.tuples(st.sampled_from([*KEYS, "", "X1"]), ROW), max_size=2))
    without = draw(st.sets(st.sampled_from(list(CELLS)), max_size=1))
    ours = {key: {**cells, **draw(SOME_CELLS)} for key, cells in base.items() if draw(st.integers(0, 4))}
    new = {key: draw(ROW) for key in draw(st.sets(st.sampled_from(KEYS), max_size=2)) - ours.keys()}
    theirs = reading(*draw(st.permutations(rows)), without=tuple(without), names=tuple(CELLS))
    return base, theirs, ours | new


def carried_out(theirs: MasterReading, actions: list[Action]) -> MasterReading:
    """Do in the sheet what the patch would do."""
    rows = {row.row_number: (row.key, dict(row.values)) for row in rows_of(theirs)}
    copies = {action.row_number for action in actions if isinstance(action, REPORTS)}
    for action in actions:
        if isinstance(action, KeyOvertyped):
            rows[action.row_number] = (action.key, rows[action.row_number][1])
    place = {key: number for number, (key, _) in rows.items() if number not in copies}
    for action in actions:
        match action:
            case Write() | Restore() | Conflict():
                rows[place[action.key]][1][action.column] = action.value
            case Remove():
                del rows[place[action.key]]
            case Add() | Return():
                rows[max(rows, default=3) + 1] = (action.key, dict(action.values))
    without = tuple(name for name in CELLS if name not in theirs.columns)
    return reading(*(rows[number] for number in sorted(rows)), without=without, names=tuple(CELLS))


def rows_of(theirs: MasterReading) -> list[ReadRow]:
    return [*theirs.rows, *theirs.duplicates, *theirs.keyless]


def obeyed(ours: Mapping[str, Any], actions: list[Action]) -> dict[str, Any]:
    """Let the ledger accept every entry."""
    wanted = {key: dict(cells) for key, cells in ours.items()}
    for action in actions:
        if isinstance(action, Take) and action.key in wanted:
            wanted[action.key][action.column] = action.value
    return wanted


REPORTS = (DuplicateRow, StrangeRow)


def is_refused(base: Any, theirs: MasterReading, ours: Any, actions: list[Action]) -> bool:
    if not any(isinstance(action, Refuse) for action in actions):
        return False
    assert len(actions) == 1
    assert next_base(base, theirs, ours, actions) == base
    return True


@settings(max_examples=400, deadline=None)
@given(sitting=sittings(), stale=st.booleans(), accepts=st.booleans())
def test_a_round_settles_any_edit(sitting: Any, stale: bool, accepts: bool) -> None:
    """Once the ledger accepted every entry the next round finds nothing; what it refused is written over, then nothing.

    A case that is to go goes one round later where somebody had just written in its row.
    """
    base, theirs, ours = sitting
    actions = merge(base, theirs, ours, stale=stale)
    assert actions == merge(base, theirs, ours, stale=stale)
    if is_refused(base, theirs, ours, actions):
        return
    then = obeyed(ours, actions) if accepts else ours
    taken = {(a.key, a.column) for a in actions if isinstance(a, Take) and a.key in ours}
    waiting = {a.key for a in actions if isinstance(a, Take | Restore | Conflict) and a.key not in ours}
    for _ in range(2):
        base, theirs = next_base(base, theirs, ours, actions), carried_out(theirs, actions)
        ours = then
        for row in theirs.rows:
            assert row.key not in ours or row.values.items() <= base[row.key].items()
        actions = merge(base, theirs, then)
        assert {one.key for one in actions if isinstance(one, Remove)} <= waiting
        writes = [one for one in actions if not isinstance(one, (Remove, *REPORTS))]
        assert all(isinstance(one, Write) for one in writes)
        assert {(one.key, one.column) for one in writes if isinstance(one, Write)} <= (
            set() if accepts else taken
        )
        waiting, taken = set(), set()
    assert then.keys() <= {row.key for row in theirs.rows}
    for row in theirs.rows:
        for name, value in then.get(row.key, {}).items():
            assert name not in theirs.columns or same(row.values[name], value)


@settings(max_examples=400, deadline=None)
@given(sitting=sittings(), stale=st.booleans())
def test_no_entry_is_lost_in_silence(sitting: Any, stale: bool) -> None:
    """Whatever differs from the base is taken, stands already, is named where it is undone, or its row is reported."""
    base, theirs, ours = sitting
    actions = merge(base, theirs, ours, stale=stale)
    if is_refused(base, theirs, ours, actions):
        return
    told = [(a.key, a.column, a.value) for a in actions if isinstance(a, Take)]
    assert not {a.key for a in actions if isinstance(a, Mixed)} & {key for key, *_ in told}
    told += [(a.key, a.column, a.found) for a in actions if isinstance(a, Restore | Conflict)]
    renamed = {a.row_number: a.key for a in actions if isinstance(a, KeyOvertyped)}
    reported = {a.row_number: a.entered for a in actions if isinstance(a, REPORTS)}
    rows = rows_of(theirs)
    chosen = {renamed.get(row.row_number, row.key): row for row in rows if row.row_number not in reported}
    for row in rows:
        key = renamed.get(row.row_number, row.key)
        for name, value in row.values.items():
            if row.row_number in reported:
                first = chosen[key].values.get(name) if key in chosen else None
                seen = name in reported[row.row_number] or same(value, first)
                assert seen or name not in OPEN.managers
            elif not same(value, base.get(key, {}).get(name)):
                assert (key, name, value) in told or same(value, ours.get(key, {}).get(name))


@settings(max_examples=400, deadline=None)
@given(sitting=sittings())
def test_a_stale_file_moves_nothing_that_the_ledger_moved(sitting: Any) -> None:
    base, theirs, ours = sitting
    for action in merge(base, theirs, ours, stale=True):
        if isinstance(action, Take | Conflict):
            was = base.get(action.key, {}).get(action.column)
            moved = action.key not in ours or not same(ours[action.key].get(action.column, was), was)
            assert moved == isinstance(action, Conflict)
        if isinstance(action, Conflict) and action.key in ours:
            assert same(action.value, ours[action.key][action.column])


def test_rows_that_stay_as_they_were_are_the_same_objects() -> None:
    """What the ledger remembers of ten thousand rows is told apart by identity."""
    ours = {**BASE, "K2": values(2, grade="二級")}
    theirs = reading(*({**BASE, "K1": values(1, remarks="問過了")}).items())
    actions = merge(BASE, theirs, ours)
    after = next_base(BASE, theirs, ours, actions)
    assert {key for key, row in after.items() if row is not BASE[key]} == {"K1", "K2"}
    assert (after["K1"]["remarks"], after["K2"]["grade"]) == ("問過了", "二級")
    assert BASE["K2"] == values(2)
    assert next_base(BASE, theirs, ours, list(actions), decided=actions) == after
