"""Numbers swapped or sorted alone, tables sorted in part: an entry goes to the case that it was written beside."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from sheets.merge import Action, KeyOvertyped, Mixed, Refuse, Restore, Take, Write, merge, next_base
from sheets.reading import MasterReading, ReadRow
from sheets.registry import CLOSED, OPEN
from tests.guards import no_endless_work
from tests.sheets.test_merge import NOON

ORDER = [column.key for column in OPEN.columns if column.key not in ("case_number", "remaining")]
Cells = dict[str, Any]


def values(number: int, **changes: Any) -> Cells:
    """A case as it is in life: much is as in other cases, a little is its own."""
    return {
        **dict.fromkeys(ORDER),
        "grade": "二級",
        "customer_name": f"客戶{number}",
        "category": "維修品質",
        "description": f"第 {number} 次進廠仍有異音" if number % 3 else "異音",
        "owner": "售後總監",
        "due_at": NOON + timedelta(minutes=number),
        "status": "處理中",
        "remarks": f"備註{number}" if number % 2 else None,
        "resolution": f"方案{number}",
        "customer_phone": f"0138{number:07d}",
        "plate_no": f"滬A{number:05d}" if number % 4 else None,
        "opened_at": NOON - timedelta(minutes=number),
        "lapses": 0,
        **changes,
    }


def key_of(number: int) -> str:
    return f"K{number}"


BASE = {key_of(number): values(number) for number in range(1, 13)}
Sheet = list[tuple[str, Cells]]


def standing(base: Mapping[str, Cells] = BASE) -> Sheet:
    return [(key, dict(cells)) for key, cells in base.items()]


def reading(rows: Sequence[tuple[str, Cells]], without: frozenset[str] = frozenset()) -> MasterReading:
    found = [
        ReadRow(key, {name: cell for name, cell in cells.items() if name not in without}, number)
        for number, (key, cells) in enumerate(rows, start=4)
    ]
    first: dict[str, ReadRow] = {}
    for row in found:
        if row.key:
            first.setdefault(row.key, row)
    rest = [row for row in found if row is not first.get(row.key)]
    columns = tuple(name for name in ("case_number", *ORDER) if name not in without)
    memory: Any = SimpleNamespace()
    keyless = tuple(row for row in rest if not row.key)
    return MasterReading(
        tuple(first.values()), tuple(row for row in rest if row.key), keyless, columns, memory
    )


def carried_out(rows: Sheet, actions: Sequence[Action]) -> Sheet:
    """Write what the actions say into the rows that count."""
    after = [(key, dict(cells)) for key, cells in rows]
    for action in actions:
        if isinstance(action, KeyOvertyped):
            after[action.row_number - 4] = (action.key, after[action.row_number - 4][1])
    places = {key: place for place, (key, _) in reversed(list(enumerate(after)))}
    for action in actions:
        if isinstance(action, Write | Restore):
            after[places[action.key]][1][action.column] = action.value
    return after


def sorted_alone(rows: Sheet, columns: Sequence[str], *, with_numbers: bool, turn: int = 1) -> Sheet:
    """Sort some of the columns and leave the others where they are."""
    moved = [rows[(place + turn) % len(rows)] for place in range(len(rows))]
    return [
        (other[0] if with_numbers else row[0], {**row[1], **{name: other[1][name] for name in columns}})
        for row, other in zip(rows, moved, strict=True)
    ]


def taken(actions: Sequence[Action]) -> list[Take]:
    return [action for action in actions if isinstance(action, Take)]


def test_numbers_sorted_alone_are_put_right_in_every_row() -> None:
    rows = sorted_alone(standing(), [], with_numbers=True, turn=5)
    actions = merge(BASE, reading(rows), BASE)
    assert len(actions) == 12
    assert all(isinstance(action, KeyOvertyped) for action in actions)
    assert dict(carried_out(rows, actions)) == BASE
    assert next_base(BASE, reading(rows), BASE, actions) == BASE


def test_what_was_entered_beside_swapped_numbers_is_of_the_case_that_stands_there() -> None:
    rows = standing()
    rows[1], rows[2] = ("K3", rows[1][1] | {"status": "已解決"}), ("K2", rows[2][1] | {"remarks": "新"})
    assert list(merge(BASE, reading(rows), BASE)) == [
        KeyOvertyped("K2", "K3", 5),
        KeyOvertyped("K3", "K2", 6),
        Take("K2", "status", "已解決"),
        Take("K3", "remarks", "新"),
    ]


def test_cases_that_differ_by_one_cell_are_told_apart_by_it() -> None:
    """The same form sent for two customers: nothing but the phone differs."""
    alike = {
        "customer_name": "王",
        "description": "異音",
        "plate_no": None,
        "opened_at": NOON,
        "due_at": NOON,
    }
    base = {key: values(number, **alike) for number, key in enumerate(("K1", "K2"), start=1)}
    rows = [("K2", base["K1"] | {"status": "已解決"}), ("K1", base["K2"])]
    assert taken(merge(base, reading(rows), base)) == [Take("K1", "status", "已解決")]


def test_a_swapped_number_is_known_although_some_of_its_cells_were_changed_on_either_side() -> None:
    rows = standing()
    rows[0] = ("K2", rows[0][1] | {"customer_phone": "0900", "status": "已解決"})
    rows[1] = ("K1", rows[1][1] | {"description": "改過"})
    ours = {**BASE, "K1": values(1, due_at=NOON + timedelta(hours=9), grade="一級")}
    actions = merge(BASE, reading(rows), ours)
    assert [a for a in actions if isinstance(a, KeyOvertyped)] == [
        KeyOvertyped("K1", "K2", 4),
        KeyOvertyped("K2", "K1", 5),
    ]
    assert taken(actions) == [Take("K1", "status", "已解決")]
    assert {key: row["due_at"] for key, row in carried_out(rows, actions)}["K1"] == ours["K1"]["due_at"]


def test_numbers_moved_along_where_one_row_is_deleted_follow_their_cells() -> None:
    """K3's row is deleted, and the number of each row above it slips down by one."""
    rows = [("K2", values(1)), ("K3", values(2)), *standing()[3:]]
    actions = merge(BASE, reading(rows), BASE)
    assert [type(action).__name__ for action in actions] == ["KeyOvertyped", "KeyOvertyped", "Return"]
    assert [action.key for action in actions if not isinstance(action, Refuse)] == ["K1", "K2", "K3"]


LEFT, RIGHT = ORDER[:5], ORDER[5:]
SORTS: dict[str, Callable[[], Sheet]] = {
    "the left, with the numbers": lambda: sorted_alone(standing(), LEFT, with_numbers=True),
    "the right": lambda: sorted_alone(standing(), RIGHT, with_numbers=False),
    "the right and one of the left": lambda: sorted_alone(
        standing(), [*RIGHT, "description"], with_numbers=False
    ),
    "two parts, each its own way": lambda: sorted_alone(
        sorted_alone(standing(), LEFT, with_numbers=False), RIGHT, with_numbers=False, turn=4
    ),
}


@pytest.mark.parametrize("sort", SORTS)
def test_a_table_sorted_in_part_is_not_believed(sort: str) -> None:
    """Rows are put right where it is certain whose they are; else the workbook is left alone, with the reason."""
    rows = SORTS[sort]()
    actions = merge(BASE, reading(rows), BASE)
    assert taken(actions) == []
    if isinstance(actions[0], Refuse):
        assert len(actions) == 1
        assert "sort the whole table" in actions[0].reason.en
        assert all("Open cases" in word or "未" in word for word in actions[0].reason.all())
        assert next_base(BASE, reading(rows), BASE, actions) == BASE
    else:
        assert dict(carried_out(rows, actions)) == BASE


@pytest.mark.parametrize("sort", ["the left, with the numbers", "two parts, each its own way"])
def test_rows_that_are_nobodys_for_certain_stop_the_workbook_where_they_are_many(sort: str) -> None:
    assert isinstance(merge(BASE, reading(SORTS[sort]()), BASE)[0], Refuse)
    base = {key: BASE[key] for key in ("K1", "K2", "K3")}
    few = [(key, cells | {"remarks": "x"}) for key, cells in SORTS[sort]()[:2]]
    assert not isinstance(merge(base, reading([*few, ("K3", values(3))]), base)[0], Refuse)


def test_a_few_rows_that_mix_cases_are_restored_and_their_entries_reported() -> None:
    """K2's row holds K7's cells but for the name and what happened, K7's own row stands."""
    foreign = {**values(7), "customer_name": "客戶2", "description": values(2)["description"]}
    rows = standing()
    rows[1] = ("K2", foreign | {"remarks": "新寫的", "status": "已解決"})
    actions = merge(BASE, reading(rows), BASE)
    assert actions[0] == Mixed("K2", 5, {"status": "已解決", "resolution": "方案7", "remarks": "新寫的"})
    assert all(isinstance(action, Restore) and action.key == "K2" for action in actions[1:])
    assert dict(carried_out(rows, actions)) == BASE
    after = next_base(BASE, reading(rows), BASE, actions)
    assert list(merge(after, reading(carried_out(rows, actions)), BASE)) == []


def test_what_stood_in_a_mixed_row_once_is_not_taken_afterwards() -> None:
    """A workbook that is held open is not written: its base remembers what was found, and what is wanted stays."""
    rows = standing()
    rows[1] = ("K2", {**values(7), "remarks": "新寫的"})
    found = merge(BASE, reading(rows), BASE)
    seen = {key: dict(cells) for key, cells in BASE.items()}
    for action in found:
        if isinstance(action, Restore):
            seen[action.key][action.column] = action.found
    again = merge(seen, reading(rows), BASE)
    assert {type(action) for action in again} == {Write}
    assert dict(carried_out(rows, again)) == BASE


def test_a_row_whose_number_another_row_bears_for_certain_gets_the_number_that_is_left() -> None:
    """Three numbers went round, and somebody wrote something else all over one of the rows."""
    someone = dict.fromkeys(("customer_name", "customer_phone", "plate_no", "description"), "別人")
    rows = standing()
    rows[0], rows[1] = ("K2", values(1)), ("K3", values(2))
    rows[2] = ("K1", values(3) | someone | {"opened_at": NOON, "due_at": NOON, "remarks": "誰的?"})
    actions = merge(BASE, reading(rows), BASE)
    overtyped = [action for action in actions if isinstance(action, KeyOvertyped)]
    assert {action.row_number: action.key for action in overtyped} == {4: "K1", 5: "K2", 6: "K3"}
    assert Mixed("K3", 6, {"remarks": "誰的?"}) in actions
    assert taken(actions) == []
    assert dict(carried_out(rows, actions)) == BASE


EDITS: dict[str, Cells] = {
    "a name and a phone": {"customer_name": "李", "customer_phone": "0900"},
    "half a row, by hand": {"customer_name": "李", "customer_phone": "0900", "plate_no": "滬B1"},
    "another case's phone": {"customer_phone": values(7)["customer_phone"]},
    "another case's name and phone": {name: values(7)[name] for name in ("customer_name", "customer_phone")},
    "three cells of three others": {
        "customer_phone": values(7)["customer_phone"],
        "customer_name": values(8)["customer_name"],
        "due_at": values(9)["due_at"],
    },
    "emptied": dict.fromkeys(OPEN.telling),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("stale", [False, True])
def test_a_few_cells_written_over_do_not_make_the_row_anothers(edit: str, stale: bool) -> None:
    rows = standing()
    rows[1] = ("K2", rows[1][1] | EDITS[edit] | {"remarks": "真的是這件", "status": "部分解決"})
    actions = merge(BASE, reading(rows), BASE, stale=stale)
    assert taken(actions) == [Take("K2", "status", "部分解決"), Take("K2", "remarks", "真的是這件")]
    assert {type(action) for action in actions} == {Take, Restore}


def test_the_daemons_own_changes_are_no_contradiction() -> None:
    """Another complete form came in: every cell of the case is new, and a file that shows it already is believed."""
    ours = {**BASE, "K2": values(99, remarks=None, resolution="方案2")}
    rows = standing({**BASE, "K2": {**ours["K2"], "remarks": "新"}})
    assert taken(merge(BASE, reading(rows), ours)) == [Take("K2", "remarks", "新")]
    assert {type(action) for action in merge(BASE, reading(standing()), ours)} == {Write}


def test_whole_rows_pasted_over_others_keep_every_case() -> None:
    rows = standing()
    rows[3:6] = standing()[:3]
    actions = merge(BASE, reading(rows), BASE)
    assert [type(action).__name__ for action in actions] == ["DuplicateRow"] * 3 + ["Return"] * 3
    cells_only = [(key, dict(rows[place][1])) for place, (key, _) in enumerate(standing())]
    pasted = merge(BASE, reading(cells_only), BASE)
    assert {action.key for action in pasted if isinstance(action, Mixed)} == {"K4", "K5", "K6"}
    assert taken(pasted) == []
    assert dict(carried_out(cells_only, pasted)) == BASE


def test_a_copy_of_the_case_that_is_claimed_makes_the_claim_doubtful() -> None:
    """K1's row bears K2's number and somebody copied K1's true row: both may be K1."""
    rows = [("K2", values(1) | {"status": "已解決"}), ("K1", values(2)), *standing()[2:], ("K1", values(1))]
    assert taken(merge(BASE, reading(rows), BASE)) == []


def test_closed_cases_are_told_apart_too() -> None:
    names = {column.key for column in CLOSED.columns}
    base = {
        key: {name: value for name, value in cells.items() if name in names} for key, cells in BASE.items()
    }
    rows = [("K2", base["K1"] | {"remarks": "新"}), ("K1", base["K2"]), *list(base.items())[2:]]
    assert taken(merge(base, reading(rows), base, CLOSED)) == [Take("K1", "remarks", "新")]


def test_columns_that_are_not_there_say_nothing_about_a_row() -> None:
    rows = [("K2", values(1) | {"status": "已解決"}), ("K1", values(2)), *standing()[2:]]
    theirs = reading(rows, without=frozenset({"customer_name", "description", "plate_no", "due_at"}))
    assert taken(merge(BASE, theirs, BASE)) == [Take("K1", "status", "已解決")]


def test_ten_thousand_rows_with_an_entry_each_are_compared_quickly() -> None:
    base = {key_of(number): values(number, repair_amount=Decimal(number)) for number in range(10_000)}
    rows = [(key, cells | {"remarks": "問過了"}) for key, cells in base.items()]
    rows[5] = ("K5", rows[5][1] | {"customer_phone": "0900"})
    theirs = reading(rows)
    with no_endless_work():
        actions = merge(base, theirs, base)
    assert len(taken(actions)) == 10_000
