"""What is recorded is there, in order, once, and everything derived from it follows."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta

import pytest

from daemon.ledger import DueRow, Ledger, LedgerRefused, PromiseBroken
from rules.case import Status
from rules.events import Graded, Reminded
from tests.ledger.clerk import NINE, POLICY_TEXT, TWO_HOURS, Clerk, case_after

NewCase = Callable[..., str]


def test_a_case_is_what_its_events_made_it(ledger: Ledger, new_case: NewCase) -> None:
    number = new_case()
    case = ledger.case(number)
    assert case is not None
    assert (case.grade, case.stage, case.due) == ("level-3", "after-sales-level-3", NINE + TWO_HOURS)
    assert case.facts["customer_name"] == "王小明"
    assert [recorded.event.kind for recorded in ledger.events(number)] == ["opened", "graded", "assigned"]


def test_an_unknown_case_is_none(ledger: Ledger) -> None:
    assert ledger.case("KS-20261123-999") is None
    assert ledger.events("KS-20261123-999") == []


def test_events_are_numbered_without_gaps_over_all_cases(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        first, second = clerk.open_case(entry), clerk.open_case(entry)
        seqs = clerk.lapse(entry, first, NINE + TWO_HOURS)
        assert entry.last_seq() == seqs[-1]
    assert [recorded.seq for recorded in ledger.events(first)] == [1, 2, 3, *seqs]
    assert [recorded.seq for recorded in ledger.events(second)] == [4, 5, 6]
    assert seqs == [7, 8, 9]
    assert ledger.last_seq() == 9


def test_each_event_names_its_policy_and_the_software(ledger: Ledger, new_case: NewCase) -> None:
    recorded = ledger.events(new_case())[0]
    assert ledger.policy_text(recorded.policy_hash) == POLICY_TEXT
    assert recorded.version == "0.1.0"
    assert ledger.policy_text("0" * 64) is None


def test_an_event_cannot_follow_a_policy_whose_text_was_not_kept(ledger: Ledger, clerk: Clerk) -> None:
    event = Graded(at=NINE, grade="level-3", clause="D01", reason="3")
    with ledger.writing() as entry:
        number = clerk.open_case(entry)
    case = ledger.case(number)
    assert case is not None
    with pytest.raises(LedgerRefused), ledger.writing() as entry:
        entry.record(case, [event], [], policy_hash="0" * 64)


def test_a_window_lapses_once(ledger: Ledger, clerk: Clerk, new_case: NewCase) -> None:
    number = new_case()
    stale = ledger.case(number)
    assert stale is not None
    with ledger.writing() as entry:
        clerk.lapse(entry, number, NINE + TWO_HOURS)
    again = [recorded.event for recorded in ledger.events(number)][3:]
    with pytest.raises(PromiseBroken) as refusal, ledger.writing() as entry:
        entry.record(
            case_after(stale, again, number),
            again,
            [],
            policy_hash=entry.keep_policy("dealership", POLICY_TEXT),
        )
    assert (refusal.value.promise, refusal.value.case_number) == ("lapse:after-sales-level-3", number)
    assert len(ledger.events(number)) == 6


def test_a_case_number_is_opened_once(ledger: Ledger, clerk: Clerk, new_case: NewCase) -> None:
    number = new_case()
    events = [recorded.event for recorded in ledger.events(number)]
    with pytest.raises(PromiseBroken, match="opened"), ledger.writing() as entry:
        entry.record(
            case_after(None, events, number),
            events,
            [],
            policy_hash=entry.keep_policy("dealership", POLICY_TEXT),
        )


def test_a_broken_promise_leaves_the_rest_of_the_transaction_as_it_was(
    ledger: Ledger, clerk: Clerk, new_case: NewCase
) -> None:
    number = new_case()
    with ledger.writing() as entry:
        clerk.lapse(entry, number, NINE + TWO_HOURS)
        case = entry.case(number)
        assert case is not None
        lapse = [recorded.event for recorded in ledger.events(number)]
        reminder = Reminded(at=NINE, stage=case.stage, roles=(), due=None, clause="D06")
        policy_hash = entry.keep_policy("dealership", POLICY_TEXT)
        with pytest.raises(PromiseBroken):
            entry.record(case, [reminder, *lapse], [], policy_hash=policy_hash)
        other = clerk.open_case(entry)
    assert [recorded.event.kind for recorded in ledger.events(number)][3:] == [
        "lapsed",
        "escalated",
        "assigned",
    ]
    assert ledger.case(other) is not None
    assert ledger.verify() == []


def test_a_case_begins_with_its_opening(ledger: Ledger, clerk: Clerk, new_case: NewCase) -> None:
    case = ledger.case(new_case())
    assert case is not None
    stranger = case.model_copy(update={"number": "KS-20261123-777"})
    graded = Graded(at=NINE, grade="level-3", clause="D01", reason="3")
    with ledger.writing() as entry:
        policy_hash = entry.keep_policy("dealership", POLICY_TEXT)
        for nothing_before in ([graded], []):
            with pytest.raises(ValueError, match="begins with 'opened'"):
                entry.record(stranger, nothing_before, [], policy_hash=policy_hash)


def test_serials_count_from_one_each_day(ledger: Ledger) -> None:
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    with ledger.writing() as entry:
        assert [entry.next_serial(day) for day in (monday, monday, tuesday, monday)] == [1, 2, 1, 3]


def test_a_serial_of_an_undone_transaction_is_given_again(ledger: Ledger) -> None:
    with suppress(InterruptedError), ledger.writing() as entry:
        assert entry.next_serial(NINE.date()) == 1
        raise InterruptedError
    with ledger.writing() as entry:
        assert entry.next_serial(NINE.date()) == 1


# ---------------------------------------------------------------- deadlines


def test_a_deadline_is_due_at_its_very_instant(ledger: Ledger, new_case: NewCase) -> None:
    number = new_case()
    due = NINE + TWO_HOURS
    assert ledger.next_due() == due - timedelta(minutes=30)
    just_before = [row.name for row in ledger.due(due - timedelta(microseconds=1), 10)]
    assert just_before == ["reminder:after-sales-level-3"]
    assert ledger.due(due, 10)[-1] == DueRow(number, "lapse:after-sales-level-3", due)


def test_deadlines_come_earliest_first_and_not_more_than_asked_for(ledger: Ledger, new_case: NewCase) -> None:
    late, early = new_case(at=NINE + timedelta(hours=1)), new_case(at=NINE)
    rows = ledger.due(NINE + timedelta(hours=9), 3)
    assert [row.case_number for row in rows] == [early, early, late]
    assert [row.due for row in rows] == sorted(row.due for row in rows)


def test_a_case_set_aside_hides_nobody_elses_deadline(ledger: Ledger, new_case: NewCase) -> None:
    poison, other = new_case(at=NINE), new_case(at=NINE + timedelta(hours=1))
    rows = ledger.due(NINE + timedelta(hours=9), 1, aside={poison})
    assert [row.case_number for row in rows] == [other]
    assert ledger.next_due(aside={poison, other}) is None


def test_a_settled_case_never_lapses(ledger: Ledger, clerk: Clerk, new_case: NewCase) -> None:
    number = new_case()
    with ledger.writing() as entry:
        clerk.resolve(entry, number, NINE + timedelta(hours=1))
        names = {row.name for row in entry.due(NINE + timedelta(days=9), 10)}
    assert names == {"overdue:inform-customer", "overdue:revisit-7"}  # what is owed beside it; no lapse


def test_a_deadline_that_came_too_late_can_be_dropped(ledger: Ledger, new_case: NewCase) -> None:
    number = new_case()
    with ledger.writing() as entry:
        entry.drop_deadline(number, "reminder:after-sales-level-3")
    assert [row.name for row in ledger.due(NINE + TWO_HOURS, 10)] == ["lapse:after-sales-level-3"]


def test_times_come_back_as_the_same_instant_in_utc(ledger: Ledger, new_case: NewCase) -> None:
    new_case(at=NINE + timedelta(microseconds=7))
    next_due = ledger.next_due()
    assert next_due is not None
    assert next_due.isoformat() == "2026-11-23T02:30:00.000007+00:00"


# ---------------------------------------------------------------- looking for cases


def test_an_open_case_is_found_by_its_customer(ledger: Ledger, new_case: NewCase) -> None:
    number = new_case(phone="13911112222")
    new_case(phone="13800000001")
    assert [case.number for case in ledger.open_cases_with("customer_phone", "13911112222")] == [number]
    with ledger.writing() as entry:
        assert entry.open_cases_with("plate_no", "13911112222") == []


def test_a_lapse_leaves_a_case_to_be_found_and_a_settlement_does_not(
    ledger: Ledger, clerk: Clerk, new_case: NewCase
) -> None:
    number = new_case(phone="13911112222")
    case = ledger.case(number)
    assert case is not None
    reminder = Reminded(at=NINE, stage=case.stage, roles=(), due=None, clause="D06")
    with ledger.writing() as entry:
        policy_hash = entry.keep_policy("dealership", POLICY_TEXT)
        entry.record(case_after(case, [reminder], number), [reminder], [], policy_hash=policy_hash)
    assert len(ledger.open_cases_with("customer_phone", "13911112222")) == 1
    with ledger.writing() as entry:
        clerk.resolve(entry, number, NINE + timedelta(hours=1))
    assert ledger.open_cases_with("customer_phone", "13911112222") == []


def test_cases_come_by_number_whatever_their_count(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        numbers = [clerk.open_case(entry) for _ in range(501)]  # one more than is read at a time
        clerk.resolve(entry, numbers[3], NINE)
    assert [case.number for case in ledger.cases()] == numbers
    open_ones = [case.number for case in ledger.cases(open_only=True)]
    assert open_ones == [*numbers[:3], *numbers[4:]]


def test_changes_say_up_to_which_event_they_speak(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        numbers = [clerk.open_case(entry) for _ in range(3)]
    first = ledger.changed_since(0, 2)
    assert ([case.number for case in first.cases], first.up_to) == (numbers[:2], 6)
    rest = ledger.changed_since(first.up_to, 2)
    assert ([case.number for case in rest.cases], rest.up_to) == (numbers[2:], 9)
    assert ledger.changed_since(9, 2) == type(rest)((), 9)
    with ledger.writing() as entry:
        clerk.lapse(entry, numbers[0], NINE + TWO_HOURS)
    assert [case.number for case in ledger.changed_since(9, 2).cases] == numbers[:1]


def test_the_board_is_counted_by_status_and_grade(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        numbers = [clerk.open_case(entry) for _ in range(4)]
        clerk.lapse(entry, numbers[0], NINE + TWO_HOURS)
        clerk.resolve(entry, numbers[1], NINE)
    statistics = ledger.statistics()
    assert statistics.by_status == {
        **dict.fromkeys(Status, 0),
        Status.OPEN: 3,
        Status.RESOLVED: 1,
    }
    assert statistics.open_by_grade == {"level-2": 1, "level-3": 2}


def test_a_mark_is_what_was_last_marked(ledger: Ledger) -> None:
    assert ledger.mark_value("workbook") is None
    for value in ("17", "18"):
        with ledger.writing() as entry:
            entry.mark("workbook", value)
    assert ledger.mark_value("workbook") == "18"


def test_the_same_policy_is_kept_once_and_known_by_its_text(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        first, again = entry.keep_policy("a", "x = 1"), entry.keep_policy("b", "x = 1")
        other = entry.keep_policy("a", "x = 2")
    assert first == again != other
    assert ledger.policy_text(other) == "x = 2"


def test_a_command_that_changes_nothing_may_move_deadlines(
    ledger: Ledger, clerk: Clerk, new_case: NewCase
) -> None:
    number = new_case()
    case = ledger.case(number)
    assert case is not None
    with ledger.writing() as entry:
        policy_hash = entry.keep_policy("dealership", POLICY_TEXT)
        assert entry.record(case, [], [], policy_hash=policy_hash) == []
    assert ledger.next_due() is None
    assert ledger.last_seq() == 3
