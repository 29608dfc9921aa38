"""What a transaction has said counts at once, although it is written later, together with the like of it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from daemon.ledger import Entry, Ledger, LedgerRefused, MailState, PromiseBroken
from rules.case import Case, Status
from rules.deadlines import deadlines
from rules.decide import decide
from rules.events import Reminded
from tests.ledger.clerk import NINE, TWO_HOURS, ZONE, Clerk, case_after, opening, outgoing

NewCase = Callable[..., str]
FIRST = "KS-20261123-001"
KEY = ("customer_phone", "13800000001")
PHONE = dict([KEY])


def store(entry: Entry, uid: int = 7) -> int:
    stored = entry.store_mail(
        "INBOX",
        1700,
        uid,
        b"raw",
        received_at=NINE,
        stored_at=NINE,
        message_id=f"<m{uid}@example.com>",
        sender="wang@example.com",
    )
    assert stored is not None
    return stored


def draft(entry: Entry, clerk: Clerk) -> str:
    """Open a case whose form lacks something."""
    number = f"KS-20261123-{entry.next_serial(NINE.date()):03}"
    command = replace(opening(), missing=("repair_amount",))
    events = decide(None, command, clerk.policy, NINE, ZONE)
    case = case_after(None, events, number)
    kept = entry.keep_policy(clerk.policy.key, clerk.text)
    entry.record(case, events, deadlines(case, clerk.policy), policy_hash=kept, keys=PHONE)
    return number


@pytest.mark.parametrize(
    "knows",
    [
        lambda entry: entry.case(FIRST) is not None,
        lambda entry: [row.seq for row in entry.events(FIRST)] == [1, 2, 3],
        lambda entry: entry.event(1) is not None,
        lambda entry: entry.knows_any(PHONE),
        lambda entry: [case.number for case in entry.open_cases_with(*KEY)] == [FIRST],
        lambda entry: [row.case_number for row in entry.due(NINE + TWO_HOURS, 1)] == [FIRST],
        lambda entry: entry.last_seq() == 3,
    ],
    ids=["case", "events", "event", "knows_any", "open_cases_with", "due", "last_seq"],
)
def test_a_case_just_opened_is_there_for_every_question_of_the_same_transaction(
    ledger: Ledger, clerk: Clerk, knows: Callable[[Entry], bool]
) -> None:
    with ledger.writing() as entry:
        clerk.open_case(entry)
        assert knows(entry)


def test_nobody_else_is_known_by_a_case_just_opened(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        clerk.open_case(entry)
        assert not entry.knows_any({"customer_phone": "13800000002"})
        assert not entry.knows_any({"plate_no": PHONE["customer_phone"]})


def test_a_key_is_known_in_the_spelling_it_is_stored_in(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        clerk.open_case(entry, phone="138\x00")  # no database takes NUL
        assert entry.knows_any({"customer_phone": "138\x00"})
        assert entry.knows_any({"customer_phone": "138\ufffd"})
    with ledger.writing() as entry:
        assert entry.knows_any({"customer_phone": "138\x00"})


def test_an_incomplete_case_just_opened_is_found_by_its_status(ledger: Ledger, clerk: Clerk) -> None:
    def incomplete(entry: Entry) -> list[str]:
        found = entry.open_cases_with(*KEY, status=Status.INCOMPLETE)
        return [case.number for case in found]

    with ledger.writing() as entry:
        clerk.open_case(entry)
        assert incomplete(entry) == []
        number = draft(entry, clerk)
        assert incomplete(entry) == [number]


def test_a_case_just_opened_goes_on_in_the_same_transaction(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        first, second = clerk.open_case(entry), clerk.open_case(entry)
        clerk.lapse(entry, first, NINE + TWO_HOURS)
        third = clerk.open_case(entry)
    case = ledger.case(first)
    assert case is not None
    assert case.lapses == ("after-sales-level-3",)
    assert [row.seq for row in ledger.events(first)] == [1, 2, 3, 7, 8, 9]
    assert [row.seq for row in ledger.events(second)] == [4, 5, 6]
    assert [row.seq for row in ledger.events(third)] == [10, 11, 12]
    assert ledger.verify() == []


def test_a_case_just_opened_cannot_be_opened_again(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        number = clerk.open_case(entry)
        events = [row.event for row in entry.events(number)]
        kept = entry.keep_policy(clerk.policy.key, clerk.text)
        again = case_after(None, events, "KS-20261123-900")
        entry.record(again, events, [], policy_hash=kept)
        with pytest.raises(PromiseBroken, match="opened"):
            entry.record(again, events, [], policy_hash=kept)
    assert len(ledger.events("KS-20261123-900")) == len(events)


def test_a_broken_promise_leaves_what_waits_as_it_was(
    ledger: Ledger, clerk: Clerk, new_case: NewCase
) -> None:
    known = ledger.case(new_case())
    assert known is not None
    events = [row.event for row in ledger.events(known.number)]
    with ledger.writing() as entry:
        mail = store(entry)
        number = clerk.open_case(entry)
        entry.link_mail(mail, number, since=3)
        entry.settle_mail(mail, MailState.TAKEN)
        entry.queue_soon(outgoing("answer", case_number=number, answers=mail))
        with suppress(PromiseBroken):
            kept = entry.keep_policy(clerk.policy.key, clerk.text)
            entry.record(known, events, [], policy_hash=kept)
        other = clerk.open_case(entry)
    assert [row.seq for row in ledger.events(number)] == [4, 5, 6]
    assert [row.seq for row in ledger.events(other)] == [7, 8, 9]
    assert ledger.mail(mail).state is MailState.TAKEN
    assert [found.id for found in ledger.mails_about(number)] == [mail]
    assert len(ledger.outbox_of(number)) == 1
    assert ledger.verify() == []


def test_a_policy_nobody_kept_is_refused_before_anything_waits(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        number = clerk.open_case(entry)
        events = [row.event for row in entry.events(number)]
        stranger: Case = case_after(None, events, "KS-20261123-900")
        with pytest.raises(LedgerRefused, match="no policy"):
            entry.record(stranger, events, [], policy_hash="0" * 64)
    assert ledger.last_seq() == 3
    assert ledger.case("KS-20261123-900") is None
    assert ledger.verify() == []


def test_what_became_of_a_message_is_there_for_whoever_asks(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        mail = store(entry)
        number = clerk.open_case(entry)
        entry.link_mail(mail, number)
        entry.settle_mail(mail, MailState.TAKEN, "a reason", "kesu/done")
        settled = entry.mail(mail)
        assert (settled.state, settled.reason, settled.target_folder) == (
            MailState.TAKEN,
            "a reason",
            "kesu/done",
        )
        assert entry.case_of_message(["<m7@example.com>"]) == number


def test_the_last_word_on_a_message_counts(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        mail = store(entry)
        entry.settle_mail(mail, MailState.TAKEN)
        entry.settle_mail(mail, MailState.IGNORED, "after all")
    assert (ledger.mail(mail).state, ledger.mail(mail).reason) == (MailState.IGNORED, "after all")


@pytest.mark.parametrize("ask", [False, True], ids=["at the end", "by a question"])
def test_a_row_that_cannot_be_written_costs_the_whole_transaction(
    ledger: Ledger, clerk: Clerk, *, ask: bool
) -> None:
    def say() -> None:
        with ledger.writing() as entry:
            number = clerk.open_case(entry)
            entry.settle_mail(store(entry), MailState.TAKEN)
            entry.link_mail(999, number)
            if ask:
                entry.case(number)

    with pytest.raises(LedgerRefused):
        say()
    assert list(ledger.cases()) == []
    assert ledger.known_uids("INBOX", 1700) == frozenset()
    with ledger.writing() as entry:
        clerk.open_case(entry)
    assert ledger.last_seq() == 3
    assert ledger.verify() == []


def test_a_mail_about_a_case_just_opened_is_queued_once(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        number = clerk.open_case(entry)
        notice = outgoing("notice", case_number=number, event_seq=3)
        entry.queue_soon(notice)
        entry.queue_soon(notice)
        assert [sent.notice_key for sent in entry.mails_of(number)] == ["notice"]
        entry.queue_soon(notice)
    assert len(ledger.outbox_of(number)) == 1


def test_answers_that_wait_are_counted(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        mail = store(entry)
        entry.queue_soon(outgoing("mail:1:care:li@example.com", answers=mail, recipient="Li@Example.com"))
        entry.queue_soon(outgoing("early", answers=mail, created_at=NINE - timedelta(hours=2)))
        entry.queue_soon(outgoing("notice"))
        assert entry.replies_sent("li@example.com", NINE) == (1, 1)
        assert entry.replies_sent_to("LI@example.com", NINE) == 1
        assert entry.notices_sent_to("li@example.com", "care", NINE) == 1
        assert entry.outbox_mail("<notice@kesu.example>") is not None
        assert entry.replies_sent("li@example.com", NINE) == (1, 1)


def test_answers_are_counted_once_whenever_they_are_written(
    ledger: Ledger, clerk: Clerk, new_case: NewCase
) -> None:
    known = new_case()

    def answer(entry: Entry, key: str) -> None:
        entry.queue_soon(outgoing(key, answers=mail))

    with ledger.writing() as entry:
        mail = store(entry)
        answer(entry, "before")
    with ledger.writing() as entry:
        assert entry.replies_sent("li@example.com", NINE) == (1, 1)
        answer(entry, "waits")
        assert entry.replies_sent("li@example.com", NINE) == (2, 2)
        clerk.lapse(entry, known, NINE + TWO_HOURS)  # has what waits written
        assert entry.replies_sent("li@example.com", NINE) == (2, 2)
        answer(entry, "waits")  # its notice is there
        entry.queue(outgoing("at once", answers=mail, recipient="wang@example.com"))
        assert entry.replies_sent("LI@example.com", NINE) == (2, 3)
        assert entry.replies_sent("li@example.com", NINE + timedelta(seconds=1)) == (0, 0)
        assert entry.replies_sent("li@example.com", NINE - timedelta(hours=1)) == (2, 3)
    with ledger.writing() as entry:
        assert entry.replies_sent("li@example.com", NINE) == (2, 3)


def test_answers_of_transactions_before_are_counted_but_none_that_was_undone(ledger: Ledger) -> None:
    hour = timedelta(hours=1)

    def answer(entry: Entry, key: str, at: datetime, to: str = "li@example.com") -> None:
        entry.queue(outgoing(key, answers=mail, recipient=to, created_at=at))

    with ledger.writing() as entry:
        mail = store(entry)
        answer(entry, "long ago", NINE - 3 * hour)
        answer(entry, "first", NINE)
        assert entry.replies_sent("li@example.com", NINE - hour) == (1, 1)
        assert entry.replies_sent("li@example.com", NINE - 3 * hour) == (2, 2)
    with suppress(PromiseBroken), ledger.writing() as entry:
        answer(entry, "undone", NINE)
        assert entry.replies_sent("li@example.com", NINE - hour) == (2, 2)
        raise PromiseBroken("undone")
    with ledger.writing() as entry:
        assert entry.replies_sent("li@example.com", NINE - hour) == (1, 1)
        answer(entry, "second", NINE + hour, "Li@example.com")
    with ledger.writing() as entry:
        answer(entry, "the clock was put back", NINE + hour / 2, "wang@example.com")
    with ledger.writing() as entry:
        assert entry.replies_sent("li@example.com", NINE - hour) == (2, 3)
        assert entry.replies_sent("li@example.com", NINE + hour) == (1, 1)
        assert entry.replies_sent("wang@example.com", NINE + hour / 2) == (1, 2)
        assert entry.replies_sent("wang@example.com", NINE + 5 * hour) == (0, 0)
        assert entry.replies_sent("li@example.com", NINE - 3 * hour) == (3, 4)


def test_reminding_of_a_case_just_opened_changes_its_deadlines(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        number = clerk.open_case(entry)
        case = entry.case(number)
        assert case is not None
        reminder = Reminded(at=NINE, stage=case.stage, roles=(), due=None, clause="D06")
        after = case_after(case, [reminder], number)
        kept = entry.keep_policy(clerk.policy.key, clerk.text)
        entry.record(after, [reminder], deadlines(after, clerk.policy), policy_hash=kept, keys={})
        assert not entry.knows_any(PHONE)
    left = [row.name for row in ledger.due(NINE + TWO_HOURS, 9) if row.case_number == number]
    assert left == ["lapse:after-sales-level-3"]
