"""How long things take with 10,000 open cases. The figures are told at the end of the run; only the work is checked."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from statistics import median
from time import perf_counter

import pytest

from daemon.ledger import Ledger
from rules.deadlines import deadlines
from rules.decide import decide
from tests.ledger.clerk import NINE, TWO_HOURS, ZONE, Clerk, case_after, opening

OPEN_CASES = 10_000
LAPSES = 1_000
IN_ONE_COMMIT = 100


@contextmanager
def timed(into: list[float]) -> Iterator[None]:
    start = perf_counter()
    yield
    into.append((perf_counter() - start) * 1000)


@pytest.mark.slow
def test_ten_thousand_open_cases(ledger: Ledger, clerk: Clerk, measured: list[str]) -> None:
    _fill(ledger, clerk)
    commits, due, next_due, lapses, audit = ([] for _ in range(5))
    for _ in range(50):
        with timed(commits), ledger.writing() as entry:
            clerk.open_case(entry, NINE + timedelta(days=1))
        with timed(due):
            assert len(ledger.due(NINE + TWO_HOURS, IN_ONE_COMMIT)) == IN_ONE_COMMIT
        with timed(next_due):
            assert ledger.next_due() is not None
    with timed(lapses):
        _let_lapse(ledger, clerk)
    assert ledger.statistics().open_by_grade["level-2"] == LAPSES
    with timed(audit):
        assert ledger.verify() == []
    measured.append(
        f"ledger, {OPEN_CASES:,} open cases (median): one case opened and committed {median(commits):.2f} ms, "
        f"due() {median(due):.2f} ms, next_due() {median(next_due):.2f} ms, {LAPSES:,} lapses in commits of "
        f"{IN_ONE_COMMIT} {lapses[0] / 1000:.2f} s, verify() of {ledger.last_seq():,} events {audit[0] / 1000:.2f} s"
    )


def _fill(ledger: Ledger, clerk: Clerk) -> None:
    """Decide once and record the same events for every case: it is the ledger that is measured."""
    happened = decide(None, opening(), clerk.policy, NINE, ZONE)
    case = case_after(None, happened, "")
    due = deadlines(case, clerk.policy)
    for thousand in range(OPEN_CASES // 1000):
        with ledger.writing() as entry:
            policy_hash = entry.keep_policy(clerk.policy.key, clerk.text)
            for number in range(1000):
                numbered = case.model_copy(update={"number": f"KS-{thousand:02}-{number:03}"})
                entry.record(numbered, happened, due, policy_hash=policy_hash)


def _let_lapse(ledger: Ledger, clerk: Clerk) -> None:
    """Reminders that came too late stand before the lapses, as after an outage."""
    lapsed = 0
    while lapsed < LAPSES:
        with ledger.writing() as entry:
            for row in entry.due(NINE + TWO_HOURS, IN_ONE_COMMIT):
                if row.name.startswith("lapse:"):
                    clerk.lapse(entry, row.case_number, NINE + TWO_HOURS)
                    lapsed += 1
                else:
                    entry.drop_deadline(row.case_number, row.name)
