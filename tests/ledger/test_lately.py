"""What the workbook tells of lately: events, mails, the daemon's doings, lapses, and the answers beside the rows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from daemon.ledger import Activity, Ledger, SentMail, activity, reading
from daemon.ledger.sqlite import reading_engine
from rules.case import Case, Status
from rules.events import Assigned
from tests.ledger.clerk import NINE, TWO_HOURS, Clerk, outgoing

NewCase = Callable[..., str]
HOUR = timedelta(hours=1)


# ---------------------------------------------------------------- events, mails, doings


def test_the_latest_events_of_all_cases_come_first(ledger: Ledger, clerk: Clerk, new_case: NewCase) -> None:
    first, second = new_case(), new_case()
    with ledger.writing() as entry:
        clerk.lapse(entry, first, NINE + TWO_HOURS)
    latest = ledger.recent_events(4)
    assert [(told.seq, told.case_number, told.event.kind) for told in latest] == [
        (9, first, "assigned"),
        (8, first, "escalated"),
        (7, first, "lapsed"),
        (6, second, "assigned"),
    ]
    assert isinstance(latest[0].event, Assigned)
    assert latest[0].event.stage == "after-sales-level-2"
    assert {told.policy_hash for told in latest} == {ledger.events(first)[0].policy_hash}
    assert len(ledger.recent_events(99)) == 9


def test_an_erased_event_is_passed_over(
    ledger: Ledger, new_case: NewCase, tamper: Callable[[str], None]
) -> None:
    new_case()
    tamper("DELETE FROM payloads WHERE seq = 2")
    assert [told.seq for told in ledger.recent_events(2)] == [3, 1]


def test_the_latest_mails_come_first_and_only_those_that_left(ledger: Ledger, new_case: NewCase) -> None:
    number = new_case()
    with ledger.writing() as entry:
        for key in ("a", "b", "c", "waiting"):
            entry.queue(outgoing(key, case_number=number if key == "a" else None, template=key))
    leased = {mail.notice_key: mail.id for mail in ledger.outbox_lease(NINE, HOUR, 9)}
    for minutes, key in enumerate("bca"):
        ledger.outbox_sent(leased[key], NINE + minutes * timedelta(minutes=1), "250 ok")
    assert [mail.template for mail in ledger.recent_mails(9)] == ["a", "c", "b"]
    sent_at = datetime(2026, 11, 23, 1, 2, tzinfo=UTC)
    assert ledger.recent_mails(1) == [SentMail(number, "a", "li@example.com", sent_at)]
    assert ledger.recent_mails(1)[0].sent_at.tzinfo is UTC


def test_what_the_daemon_did_is_told_newest_first_even_of_cases_that_never_were(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        entry.note_activity(NINE, "held", '{"by":"王經理"}')
        entry.note_activity(NINE, "restored", "{}", "KS-1\x00")
    one = Activity(NINE.astimezone(UTC), "held", '{"by":"王經理"}', None)
    assert ledger.recent_activity(9) == [Activity(one.at, "restored", "{}", "KS-1\ufffd"), one]
    assert [told.code for told in ledger.recent_activity(1)] == ["restored"]


def test_lapses_are_counted_by_policy_and_stage_since_a_time(
    ledger: Ledger, clerk: Clerk, new_case: NewCase, tamper: Callable[[str], None]
) -> None:
    first, second, third = new_case(), new_case(), new_case()
    other = Clerk(text="# other rules\n")
    with ledger.writing() as entry:
        clerk.lapse(entry, first, NINE + TWO_HOURS)
        clerk.lapse(entry, first, NINE + 2 * TWO_HOURS)
        clerk.lapse(entry, second, NINE + 2 * TWO_HOURS)
        other.lapse(entry, third, NINE + 2 * TWO_HOURS)
    ours, theirs = (ledger.events(number)[-1].policy_hash for number in (first, third))
    tamper("DELETE FROM payloads")
    assert ledger.lapse_counts(NINE + 2 * TWO_HOURS) == {
        (ours, "after-sales-level-2"): 1,
        (ours, "after-sales-level-3"): 1,
        (theirs, "after-sales-level-3"): 1,
    }
    assert ledger.lapse_counts(NINE)[ours, "after-sales-level-3"] == 2
    assert ledger.lapse_counts(NINE + 3 * TWO_HOURS) == {}


# ---------------------------------------------------------------- answers beside the rows


def test_a_row_is_answered_once_and_the_answer_can_be_taken_back(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        entry.answer_row("open", "KS-1", '["over-authority"]', NINE)
        entry.answer_row("open", "KS-1", '["unclear"]', NINE + HOUR)
        entry.answer_row("closed", "KS-1", '["case-closed"]', NINE)
        entry.answer_row("open", "KS-2", '["unclear"]', NINE)
    with ledger.writing() as entry:
        entry.answer_row("open", "KS-2", None, NINE + HOUR)
        entry.answer_row("open", "never answered", None, NINE)
    assert ledger.answers() == {"open": {"KS-1": '["unclear"]'}, "closed": {"KS-1": '["case-closed"]'}}


# ---------------------------------------------------------------- open cases, and closed ones of some time


@pytest.fixture
def settled(ledger: Ledger, clerk: Clerk) -> list[str]:
    """Three cases resolved hour by hour, against the order of their numbers; a fourth is open."""
    with ledger.writing() as entry:
        numbers = [clerk.open_case(entry) for _ in range(4)]
        for hours, number in enumerate(reversed(numbers[:3])):
            clerk.resolve(entry, number, NINE + hours * HOUR)
    return numbers


def test_resolved_cases_come_in_the_order_they_were_resolved(ledger: Ledger, settled: list[str]) -> None:
    first, second, third, _ = settled

    def numbers(**span: datetime) -> list[str]:
        return [case.number for case in ledger.resolved_cases(**span)]

    assert numbers() == [third, second, first]
    assert numbers(since=NINE + HOUR) == [second, first]
    assert numbers(before=NINE + HOUR) == [third]
    assert numbers(since=NINE + HOUR, before=NINE + 2 * HOUR) == [second]
    assert numbers(since=NINE + 3 * HOUR) == []


def test_every_case_is_either_open_or_resolved(ledger: Ledger, settled: list[str]) -> None:
    resolved = list(ledger.resolved_cases())
    still_open = list(ledger.cases(open_only=True))
    assert [case.number for case in still_open] == settled[3:]
    assert all(case.status is Status.RESOLVED for case in resolved)
    assert len(resolved) + len(still_open) == len(list(ledger.cases()))


def test_more_resolved_cases_than_are_read_at_a_time_come_once_each(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        numbers = [clerk.open_case(entry) for _ in range(501)]
        for number in numbers:
            clerk.resolve(entry, number, NINE + HOUR)  # all at one moment: only the number tells them apart
    assert [case.number for case in ledger.resolved_cases(since=NINE, before=NINE + TWO_HOURS)] == numbers


# ---------------------------------------------------------------- cheap, however long the history


def _second_page(connection: Connection) -> list[Case]:
    (last,) = reading.page_of_resolved(connection, NINE, None, None, 1)
    return reading.page_of_resolved(connection, NINE, NINE + 9 * HOUR, last, 9)


QUESTIONS: dict[str, tuple[Callable[[Connection], object], str]] = {
    "events": (lambda connection: activity.recent_events(connection, 9), "SCAN events"),
    "mails": (lambda connection: activity.recent_mails(connection, 9), "USING INDEX outbox_by_sending"),
    "activity": (lambda connection: activity.recent_activity(connection, 9), "SCAN activity"),
    "lapses": (lambda connection: activity.lapse_counts(connection, NINE), "USING INDEX events_of_lapses"),
    "open cases": (
        lambda connection: reading.page_of_cases(connection, "", open_only=True, size=9),
        "USING INDEX cases_by_resolution (resolved_at=? AND number>?)",
    ),
    "resolved cases": (
        lambda connection: reading.page_of_resolved(connection, NINE, NINE + 9 * HOUR, None, 9),
        "USING INDEX cases_by_resolution (resolved_at>? AND resolved_at<?)",
    ),
    "resolved cases, second page": (
        _second_page,
        "USING INDEX cases_by_resolution ((resolved_at,number)>(?,?) AND resolved_at<?)",
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_every_round_asks_costs_the_same_however_long_the_history(
    question: str, path: Path, settled: list[str]
) -> None:
    """By index, or backwards from the newest row until the limit: in either case without sorting all there is."""
    assert settled
    ask, expected = QUESTIONS[question]
    plan = _plan_of_last(path, ask)
    assert expected in plan
    assert "ORDER BY" not in plan


def _plan_of_last(path: Path, ask: Callable[[Connection], object]) -> str:
    """Return how SQLite answers the last query that `ask` sends."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def listen(
        _connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object
    ) -> None:
        asked.append((statement, values))

    engine = reading_engine(path, 1)
    event.listen(engine, "before_cursor_execute", listen)
    with engine.connect() as connection, connection.begin():
        ask(connection)
        statement, values = asked[-1]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    engine.dispose()
    return "; ".join(row[3] for row in plan)
