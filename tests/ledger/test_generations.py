"""What stood in the workbook in each generation, whatever came between: the memory a three-way merge rests on."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from daemon.ledger import Entry, Ledger, LedgerRefused, LedgerUnavailable
from tests.ledger.clerk import NINE, open_ledger

DAY = timedelta(days=1)
Versions = list[tuple[str, int, int | None, str]]


@pytest.fixture
def written(ledger: Ledger) -> Callable[..., int]:
    """Write a generation of the open sheet and confirm it."""

    def write(rows: dict[str, str | None], at: datetime = NINE) -> int:
        with ledger.writing() as entry:
            number = entry.next_generation(at)
            entry.put_base(number, "open", rows)
            entry.confirm_generation(number)
        return number

    return write


def versions(path: Path) -> Versions:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT row_key, since, until, body FROM sheet_base ORDER BY row_key, since"
        return connection.execute(query).fetchall()


def test_before_the_first_generation_there_is_nothing(ledger: Ledger) -> None:
    assert ledger.generation() == (0, 0)
    assert ledger.base(0) == {}
    assert not ledger.knows_generation(0)


def test_each_generation_keeps_what_stood_in_it(ledger: Ledger, written: Callable[..., int]) -> None:
    first = written({"a": "1", "b": "1"})
    second = written({"b": "2", "c": "2"})
    third = written({"a": None})
    assert (first, second, third) == (1, 2, 3)
    assert ledger.base(first) == {"open": {"a": "1", "b": "1"}}
    assert ledger.base(second) == {"open": {"a": "1", "b": "2", "c": "2"}}
    assert ledger.base(third) == {"open": {"b": "2", "c": "2"}}


def test_the_same_key_on_two_sheets_is_two_rows(ledger: Ledger, written: Callable[..., int]) -> None:
    number = written({"a": "open"})
    with ledger.writing() as entry:
        entry.put_base(number, "closed", {"a": "closed"})
    assert ledger.base(number) == {"open": {"a": "open"}, "closed": {"a": "closed"}}


def test_a_row_that_did_not_change_costs_no_space(ledger: Ledger, written: Callable[..., int]) -> None:
    for _ in range(5):
        written({"a": "1", "b": None})
    assert versions(ledger.path) == [("a", 1, None, "1")]


def test_what_no_database_takes_is_replaced(ledger: Ledger, written: Callable[..., int]) -> None:
    number = written({"a\x00": "\ud800"})
    assert ledger.base(number) == {"open": {"a\ufffd": "?"}}
    written({"a\x00": None})
    assert ledger.base(number + 1) == {}


def test_entries_read_while_an_attempt_waits_change_the_confirmed_generation_alone(
    ledger: Ledger, written: Callable[..., int]
) -> None:
    confirmed = written({"a": "1", "b": "1"})
    with ledger.writing() as entry:
        attempt = entry.next_generation(NINE)
        entry.put_base(attempt, "open", {"b": "2"})
        entry.put_base(confirmed, "open", {"a": "read", "b": "read", "c": "read"})
    assert ledger.base(confirmed) == {"open": {"a": "read", "b": "read", "c": "read"}}
    assert ledger.base(attempt) == {"open": {"a": "1", "b": "2"}}
    with ledger.writing() as entry:
        entry.forget_attempts(confirmed)
        assert entry.next_generation(NINE) == attempt + 1
    assert ledger.base(attempt + 1) == ledger.base(confirmed) == {"open": dict.fromkeys("abc", "read")}


def test_an_attempt_that_failed_leaves_nothing_and_its_number_is_not_given_out_again(
    ledger: Ledger, written: Callable[..., int]
) -> None:
    confirmed = written({"a": "1", "b": "1"})
    before = versions(ledger.path)
    with ledger.writing() as entry:
        attempt = entry.next_generation(NINE)
        entry.put_base(attempt, "open", {"a": "2", "b": None, "c": "2"})
    with ledger.writing() as entry:
        entry.forget_attempts(confirmed)
    assert versions(ledger.path) == before
    assert ledger.generation() == (confirmed, attempt)
    with pytest.raises(LedgerRefused, match="generation 2"):
        ledger.base(attempt)
    assert written({}) == attempt + 1


def test_a_crash_between_put_and_confirm_leaves_an_attempt_to_be_judged_by_the_file(path: Path) -> None:
    with open_ledger(path) as ledger, ledger.writing() as entry:
        attempt = entry.next_generation(NINE)
        entry.put_base(attempt, "open", {"a": "1"})
    with open_ledger(path) as ledger:
        assert ledger.generation() == (0, attempt)
        assert ledger.knows_generation(attempt)
        with ledger.writing() as entry:
            entry.confirm_generation(attempt)
        assert ledger.generation() == (attempt, attempt)
        assert ledger.base(attempt) == {"open": {"a": "1"}}


def test_a_transaction_undone_between_put_and_confirm_never_was(
    ledger: Ledger, written: Callable[..., int]
) -> None:
    confirmed = written({"a": "1"})
    before = versions(ledger.path)
    with suppress(InterruptedError), ledger.writing() as entry:
        entry.put_base(entry.next_generation(NINE), "open", {"a": "2"})
        raise InterruptedError
    assert ledger.generation() == (confirmed, confirmed)
    assert versions(ledger.path) == before


def test_a_restored_ledger_gives_out_no_number_the_workbook_has_borne(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        assert entry.next_generation(NINE, above=41) == 42
        assert entry.next_generation(NINE, above=7) == 43
    assert not ledger.knows_generation(41)


@pytest.mark.parametrize(
    "act",
    [lambda entry: entry.put_base(2, "open", {"a": "1"}), lambda entry: entry.confirm_generation(2)],
    ids=["put", "confirm"],
)
def test_a_generation_that_is_not_known_is_refused(
    ledger: Ledger, written: Callable[..., int], act: Callable[[Entry], None]
) -> None:
    written({"a": "1"})
    refusal = pytest.raises(LedgerRefused, match="generation 2 of the workbook is not known")
    with refusal, ledger.writing() as entry:
        act(entry)
    assert ledger.base(1) == {"open": {"a": "1"}}


def test_a_base_that_cannot_be_read_is_an_error_of_ours(
    ledger: Ledger, written: Callable[..., int], tamper: Callable[[str], None]
) -> None:
    number = written({"a": "1"})
    tamper("DROP TABLE sheet_base")
    with pytest.raises(LedgerUnavailable, match="no such table"):
        ledger.base(number)


def test_old_generations_are_forgotten_with_what_only_they_needed(
    ledger: Ledger, written: Callable[..., int]
) -> None:
    for day in range(4):
        written({"a": str(day), f"only-{day}": "1", f"only-{day - 1}": None, "z": "always"}, NINE + day * DAY)
    with ledger.writing() as entry:
        assert entry.prune_generations(NINE + 2 * DAY) == 2
        assert entry.prune_generations(NINE + 2 * DAY) == 0
    assert [number for number in range(1, 5) if ledger.knows_generation(number)] == [3, 4]
    assert versions(ledger.path) == [
        ("a", 3, 4, "2"),
        ("a", 4, None, "3"),
        ("only-2", 3, 4, "1"),
        ("only-3", 4, None, "1"),
        ("z", 1, None, "always"),
    ]


def test_the_newest_confirmed_generation_outlives_any_age_and_so_do_attempts_after_it(
    ledger: Ledger, written: Callable[..., int]
) -> None:
    written({"a": "1"})
    with ledger.writing() as entry:
        failed = entry.next_generation(NINE)
    confirmed = written({"a": "2"})
    with ledger.writing() as entry:
        attempt = entry.next_generation(NINE)
        assert entry.prune_generations(NINE + 999 * DAY) == 2
    assert not ledger.knows_generation(failed)
    assert ledger.base(confirmed) == ledger.base(attempt) == {"open": {"a": "2"}}


# ---------------------------------------------------------------- against the simplest model there is

SHEETS = st.sampled_from(["open", "closed"])
ROWS = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["1", "2", "3", None]), max_size=3)


class Generations(RuleBasedStateMachine):
    """Each generation a copy of everything, as one would write it without thought of space."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.ledger = open_ledger(Path(self.folder.name) / "kesu.db")
        self.known: dict[int, dict[tuple[str, str], str]] = {}
        self.confirmed: set[int] = set()
        self.at: dict[int, datetime] = {}
        self.last = 0

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()

    @rule(days=st.integers(0, 9))
    def next_generation(self, days: int) -> None:
        with self.ledger.writing() as entry:
            number = entry.next_generation(NINE + days * DAY)
        self.last += 1
        assert number == self.last
        self.at[number] = NINE + days * DAY
        self.known[number] = deepcopy(self.known[max(self.known)]) if self.known else {}

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 99), sheet=SHEETS, rows=ROWS, undo=st.booleans())
    def put_base(self, which: int, sheet: str, rows: dict[str, str | None], undo: bool) -> None:
        number = sorted(self.known)[-1 - which % len(self.known)]
        with suppress(InterruptedError), self.ledger.writing() as entry:
            entry.put_base(number, sheet, rows)
            if undo:
                raise InterruptedError
        if not undo:
            self._stands(number, sheet, rows)

    def _stands(self, number: int, sheet: str, rows: dict[str, str | None]) -> None:
        for row_key, body in rows.items():
            self.known[number].pop((sheet, row_key), None)
            if body is not None:
                self.known[number][sheet, row_key] = body

    @precondition(lambda self: self.known)
    @rule(which=st.integers(0, 99))
    def confirm(self, which: int) -> None:
        number = sorted(self.known)[-1 - which % len(self.known)]
        with self.ledger.writing() as entry:
            entry.confirm_generation(number)
        self.confirmed.add(number)

    @rule(back=st.integers(0, 4))
    def forget_attempts(self, back: int) -> None:
        confirmed = max(0, max(self.confirmed, default=0) - back)
        with self.ledger.writing() as entry:
            entry.forget_attempts(confirmed)
        self._forget({number for number in self.known if number > confirmed} - self.confirmed)

    @rule(days=st.integers(0, 10))
    def prune(self, days: int) -> None:
        newest = max(self.confirmed, default=0)
        old = {number for number in self.known if number < newest and self.at[number] < NINE + days * DAY}
        with self.ledger.writing() as entry:
            assert entry.prune_generations(NINE + days * DAY) == len(old)
        self._forget(old)

    def _forget(self, numbers: set[int]) -> None:
        self.known = {number: rows for number, rows in self.known.items() if number not in numbers}
        self.confirmed -= numbers

    @invariant()
    def every_generation_is_as_it_was(self) -> None:
        assert self.ledger.generation() == (max(self.confirmed, default=0), self.last)
        for number in range(1, self.last + 1):
            assert self.ledger.knows_generation(number) is (number in self.known)
        for number, rows in self.known.items():
            base = self.ledger.base(number)
            assert {(sheet, key): body for sheet in base for key, body in base[sheet].items()} == rows

    @invariant()
    def nothing_is_kept_for_nobody(self) -> None:
        for _, since, until, _ in versions(self.ledger.path):
            assert any(since <= number and (until is None or number < until) for number in self.known)


Generations.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)
TestGenerations = Generations.TestCase


def test_the_base_of_ten_thousand_rows(ledger: Ledger, measured: list[str]) -> None:
    rows: dict[str, str | None] = {f"KS-{number:06}": f"[{'x' * 900},{number}]" for number in range(10_000)}
    started = perf_counter()
    with ledger.writing() as entry:
        entry.put_base(entry.next_generation(NINE), "open", rows)
    filled = perf_counter()
    with ledger.writing() as entry:
        entry.put_base(entry.next_generation(NINE), "open", dict.fromkeys(list(rows)[::500], "changed"))
    changed = perf_counter()
    assert ledger.base(1) == {"open": rows}
    read = perf_counter()
    assert len(ledger.base(2)["open"]) == len(rows)
    assert len(versions(ledger.path)) == 10_020
    measured.append(
        f"workbook base, 10,000 rows: put {(filled - started) * 1000:.0f} ms, 20 rows changed "
        f"{(changed - filled) * 1000:.1f} ms, read {(read - changed) * 1000:.0f} ms"
    )


def test_each_workbook_has_generations_of_its_own(ledger: Ledger, written: Callable[..., int]) -> None:
    written({"a": "1"})
    second = written({"a": "2"})
    with ledger.writing() as entry:
        other = entry.next_generation(NINE, book="penalties")
        entry.put_base(other, "open", {"a": "theirs"}, book="penalties")
        entry.confirm_generation(other, book="penalties")
        attempt = entry.next_generation(NINE, book="penalties")
        entry.put_base(attempt, "open", {"b": "lost"}, book="penalties")
    assert (ledger.generation(), ledger.generation("penalties")) == ((second, second), (other, attempt))
    with ledger.writing() as entry:
        entry.forget_attempts(other, book="penalties")
        entry.prune_generations(NINE + timedelta(days=1), book="penalties")
    assert ledger.base(second) == {"open": {"a": "2"}}
    assert ledger.base(other, "penalties") == {"open": {"a": "theirs"}}
    assert not ledger.knows_generation(attempt, "penalties")
    with pytest.raises(LedgerRefused):
        ledger.base(second, "nowhere")
