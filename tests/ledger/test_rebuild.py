"""Whatever was recorded, the projections are the replay of the events, and can be thrown away."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.ledger import Ledger, LedgerRefused, LedgerUnavailable
from rules.case import Case
from rules.deadlines import Deadline, deadlines
from tests.ledger.clerk import NINE, TWO_HOURS, Clerk, open_ledger

NewCase = Callable[..., str]
Tamper = Callable[[str], None]


@pytest.fixture
def deadlines_of(clerk: Clerk) -> Callable[[Case], tuple[Deadline, ...]]:
    return lambda case: deadlines(case, clerk.policy)


def standing(ledger: Ledger) -> tuple[object, ...]:
    """Everything derived that a reader can see."""
    due = ledger.due(NINE + timedelta(days=99), 1000)
    found = [case.number for case in ledger.open_cases_with("customer_phone", "13800000001")]
    derived = (list(ledger.cases(open_only=True)), list(ledger.resolved_cases()), due, found)
    return list(ledger.cases()), derived, ledger.changed_since(0, 1000), ledger.statistics()


def test_projections_thrown_away_come_back_the_same(
    ledger: Ledger, clerk: Clerk, new_case: NewCase, tamper: Tamper, deadlines_of: Callable[..., object]
) -> None:
    first, second, _ = new_case(), new_case(), new_case()
    with ledger.writing() as entry:
        clerk.lapse(entry, first, NINE + TWO_HOURS)
        clerk.resolve(entry, second, NINE)
    before = standing(ledger)
    tamper("DELETE FROM deadlines; DELETE FROM case_keys; DELETE FROM cases")
    assert list(ledger.cases()) == []
    keys_of = lambda case: {"customer_phone": str(case.facts["customer_phone"])}  # noqa: E731 - one line, used once
    assert ledger.rebuild_projections(deadlines_of, keys_of) == 3  # type: ignore[arg-type]
    assert standing(ledger) == before
    assert ledger.verify() == []


def test_a_rebuild_removes_what_no_event_tells_of(
    ledger: Ledger, new_case: NewCase, tamper: Tamper, deadlines_of: Callable[..., object]
) -> None:
    number = new_case()
    tamper("UPDATE cases SET grade = 'extra'")
    tamper(
        "INSERT INTO cases SELECT 'KS-1', site, status, grade, stage, due, opened_at, 9, body, NULL, kind, NULL"
        " FROM cases"
    )
    ledger.rebuild_projections(deadlines_of)  # type: ignore[arg-type]
    assert [case.number for case in ledger.cases()] == [number]
    assert ledger.verify() == []


def test_a_case_with_an_erased_payload_is_kept_as_it_stands(
    ledger: Ledger, new_case: NewCase, tamper: Tamper, deadlines_of: Callable[..., object]
) -> None:
    number = new_case()
    tamper("DELETE FROM payloads WHERE seq = 1")
    assert ledger.rebuild_projections(deadlines_of) == 0  # type: ignore[arg-type]
    assert ledger.case(number) is not None
    assert ledger.next_due() is not None


def test_a_backup_taken_while_in_use_is_a_whole_ledger(
    ledger: Ledger, clerk: Clerk, new_case: NewCase, tmp_path: Path
) -> None:
    number, copy = new_case(), tmp_path / "backup.db"
    copy.write_bytes(b"last week's backup")
    copy.with_name("backup.db.partial").write_bytes(b"a backup that was cut off")
    with ledger.writing() as entry:
        clerk.lapse(entry, number, NINE + TWO_HOURS)
        ledger.backup(copy)
    assert [file.name for file in tmp_path.glob("backup*")] == ["backup.db"]
    with open_ledger(copy, create=False) as restored:
        assert restored.verify() == []
        assert restored.last_seq() == 3
        assert restored.head() != ledger.head()


def test_a_backup_never_takes_the_ledgers_place(ledger: Ledger, path: Path, tmp_path: Path) -> None:
    with pytest.raises(LedgerRefused):
        ledger.backup(path)
    with pytest.raises(LedgerUnavailable, match="backup"):
        ledger.backup(tmp_path / "no such folder" / "backup.db")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["open", "lapse", "resolve", "undo"]),
        st.integers(min_value=0, max_value=4),
        st.booleans(),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_any_history_verifies_and_rebuilds_to_itself(
    clerk: Clerk, steps: list[tuple[str, int, bool]]
) -> None:
    with TemporaryDirectory() as folder, open_ledger(Path(folder) / "kesu.db") as ledger:
        numbers: list[str] = []
        for hour, (step, which, early) in enumerate(steps):
            _take(step, ledger, clerk, numbers, which, 0 if early else hour)
        assert ledger.verify() == []
        before = standing(ledger)
        ledger.rebuild_projections(lambda case: deadlines(case, clerk.policy))
        assert standing(ledger) == before
        assert [case.number for case in ledger.cases()] == numbers


def _take(step: str, ledger: Ledger, clerk: Clerk, numbers: list[str], which: int, hours: int) -> None:
    at = NINE + timedelta(hours=hours)
    if step == "undo":
        _open_and_undo(ledger, clerk)
        return
    with ledger.writing() as entry:
        if step == "open" or not numbers:
            numbers.append(clerk.open_case(entry))
        elif step == "lapse":
            clerk.lapse(entry, numbers[which % len(numbers)], at)
        else:
            clerk.resolve(entry, numbers[which % len(numbers)], at)


def _open_and_undo(ledger: Ledger, clerk: Clerk) -> None:
    with suppress(InterruptedError), ledger.writing() as entry:
        clerk.open_case(entry)
        raise InterruptedError
