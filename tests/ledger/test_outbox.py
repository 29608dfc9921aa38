"""Each mail goes to one sender at a time, and a crash neither loses it nor hides that it may have left."""

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Thread

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from daemon.ledger import Bounced, Ledger, OutboxState, QueuedMail
from tests.ledger.clerk import NINE, open_ledger, outgoing

MINUTE = timedelta(minutes=1)


@pytest.fixture
def queued(ledger: Ledger) -> int:
    with ledger.writing() as entry:
        assert entry.queue(outgoing("a", case_number=None))
    return lease(ledger, peek=True)[0].id


def lease(ledger: Ledger, at: datetime = NINE, limit: int = 10, *, peek: bool = False) -> list[QueuedMail]:
    mails = ledger.outbox_lease(at, MINUTE, limit)
    for mail in mails if peek else ():
        ledger.outbox_retry(mail.id, at, "")
    return mails


def test_a_notice_is_queued_once(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        assert entry.queue(outgoing("a", body='{"first":true}'))
        assert not entry.queue(outgoing("a", body='{"first":false}', message_id="<other@kesu.example>"))
    with ledger.writing() as entry:
        assert not entry.queue(outgoing("a"))
    (mail,) = lease(ledger)
    assert mail.body == '{"first":true}'


def test_a_leased_mail_is_all_that_was_queued(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        entry.queue(outgoing("a", recipient="李 <li@example.com>"))
    (mail,) = lease(ledger)
    assert (mail.notice_key, mail.message_id, mail.recipient) == (
        "a",
        "<a@kesu.example>",
        "李 <li@example.com>",
    )
    assert (mail.template, mail.locale, mail.case_number) == ("assignment", "zh-Hant", None)
    assert (mail.attempts, mail.uncertain, mail.created_at) == (1, False, NINE)
    assert mail.lease_until == NINE + MINUTE


def test_the_oldest_go_first_and_nobody_gets_them_twice(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        for key in "abc":
            entry.queue(outgoing(key))
    assert [mail.notice_key for mail in lease(ledger, limit=2)] == ["a", "b"]
    assert [mail.notice_key for mail in lease(ledger, limit=2)] == ["c"]
    assert lease(ledger) == []


def test_an_expired_lease_returns_and_says_the_mail_may_have_left(ledger: Ledger, queued: int) -> None:
    lease(ledger)
    assert lease(ledger, NINE + MINUTE - timedelta(microseconds=1)) == []
    (mail,) = lease(ledger, NINE + MINUTE)
    assert (mail.id, mail.uncertain) == (queued, True)


def test_doubt_stays_until_the_mail_is_known_to_be_sent(ledger: Ledger, queued: int) -> None:
    lease(ledger)
    lease(ledger, NINE + MINUTE)
    ledger.outbox_retry(queued, NINE + 2 * MINUTE, "cannot look into the Sent folder")
    (mail,) = lease(ledger, NINE + 2 * MINUTE)
    assert mail.uncertain


def test_a_connection_lost_after_the_message_leaves_doubt(ledger: Ledger, queued: int) -> None:
    lease(ledger)
    ledger.outbox_retry(queued, NINE + MINUTE, "connection lost after DATA", uncertain=True)
    assert lease(ledger, NINE + MINUTE)[0].uncertain


def test_a_retry_waits_for_its_time(ledger: Ledger, queued: int) -> None:
    lease(ledger)
    assert ledger.outbox_retry(queued, NINE + 5 * MINUTE, "451 later")
    assert lease(ledger, NINE + 4 * MINUTE) == []
    (mail,) = lease(ledger, NINE + 5 * MINUTE)
    assert (mail.uncertain, mail.message_id) == (False, "<a@kesu.example>")


def test_a_sent_mail_stays_sent(ledger: Ledger, queued: int) -> None:
    lease(ledger)
    assert ledger.outbox_sent(queued, NINE, "250 OK")
    assert not ledger.outbox_sent(queued, NINE, "250 OK")
    assert not ledger.outbox_retry(queued, NINE, "too late")
    assert not ledger.outbox_failed(queued, "too late", NINE)
    assert lease(ledger, NINE + timedelta(days=9)) == []
    assert ledger.outbox_counts()[OutboxState.SENT] == 1


def test_a_mail_given_up_is_not_tried_again(ledger: Ledger, queued: int) -> None:
    lease(ledger)
    assert ledger.outbox_failed(queued, "550 no such user", NINE)
    assert lease(ledger, NINE + timedelta(days=9)) == []
    counts = ledger.outbox_counts()
    assert {state: count for state, count in counts.items() if count} == {OutboxState.FAILED: 1}


def test_the_outbox_says_when_to_look_again(ledger: Ledger) -> None:
    assert ledger.outbox_next(NINE) is None
    with ledger.writing() as entry:
        entry.queue(outgoing("a"))
        entry.queue(outgoing("b"))
    assert ledger.outbox_next(NINE + MINUTE) == NINE + MINUTE
    first, second = lease(ledger)
    assert ledger.outbox_next(NINE) == NINE + MINUTE  # the leases' end, should their holder die
    ledger.outbox_retry(first.id, NINE + timedelta(seconds=9), "451")
    assert ledger.outbox_next(NINE) == NINE + timedelta(seconds=9)
    ledger.outbox_sent(first.id, NINE, "250")
    ledger.outbox_sent(second.id, NINE, "250")
    assert ledger.outbox_next(NINE) is None


def test_what_became_of_a_cases_mails_is_told(ledger: Ledger, new_case) -> None:
    number = new_case()
    with ledger.writing() as entry:
        entry.queue(outgoing("a", case_number=number, event_seq=3))
        entry.queue(outgoing("other"))
    ledger.outbox_sent(lease(ledger)[0].id, NINE + MINUTE, "250 OK")
    (mail,) = ledger.outbox_of(number)
    assert (mail.notice_key, mail.event_seq, mail.state, mail.sent_at) == (
        "a",
        3,
        OutboxState.SENT,
        NINE + MINUTE,
    )


def test_only_automatic_replies_of_late_count_against_a_sender(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        mail_id = entry.store_mail(
            "INBOX", 1, 1, b"raw", received_at=NINE, stored_at=NINE, message_id="<m@x>", sender="a@b"
        )
        for key, answers, to, minutes in [
            ("reply", mail_id, "Li@Example.com", 0),
            ("another", mail_id, "li@example.com", 30),
            ("old", mail_id, "li@example.com", -1),
            ("notice", None, "li@example.com", 0),
            ("elsewhere", mail_id, "wang@example.com", 0),
        ]:
            created = NINE + timedelta(minutes=minutes)
            entry.queue(outgoing(key, answers=answers, recipient=to, created_at=created))
        assert entry.replies_sent_to("LI@example.com", NINE) == 2
    assert ledger.replies_sent_to("li@example.com", NINE + timedelta(minutes=1)) == 1


def test_two_senders_never_lease_the_same_mail(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        for number in range(120):
            entry.queue(outgoing(str(number)))
    taken: list[list[int]] = [[], []]
    start = Barrier(2)

    def take(mine: list[int]) -> None:
        start.wait()
        while mails := lease(ledger, limit=3):
            mine.extend(mail.id for mail in mails)

    threads = [Thread(target=take, args=(mine,)) for mine in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken[0]) + len(taken[1]) == 120
    assert len({*taken[0], *taken[1]}) == 120


class Outbox(RuleBasedStateMachine):
    """Senders that come, go and crash, in any order, against a model that fits in a dictionary."""

    leased = Bundle("leased")

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.ledger = open_ledger(Path(self.folder.name) / "kesu.db")
        self.now = NINE
        self.free_from: dict[int, datetime] = {}  # every mail not settled, and when it may be leased
        self.done: dict[int, OutboxState] = {}
        self.doubtful: set[int] = set()
        self.in_hand: set[int] = set()
        self.came_back: set[int] = set()
        self.queued = 0

    def teardown(self) -> None:
        self.ledger.close()
        self.folder.cleanup()

    @rule()
    def queue(self) -> None:
        self.queued += 1
        with self.ledger.writing() as entry:
            entry.queue(outgoing(str(self.queued), created_at=self.now))
        self.free_from[self.queued] = self.now

    @rule(minutes=st.integers(min_value=0, max_value=3))
    def wait(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @rule(target=leased, limit=st.integers(min_value=1, max_value=3))
    def lease(self, limit: int):
        expected = sorted(mail for mail, free in self.free_from.items() if free <= self.now)[:limit]
        self.doubtful |= self.in_hand.intersection(expected)
        mails = self.ledger.outbox_lease(self.now, 2 * MINUTE, limit)
        assert [mail.id for mail in mails] == expected
        assert {mail.id for mail in mails if mail.uncertain} == self.doubtful.intersection(expected)
        self.in_hand.update(expected)
        self.free_from.update(dict.fromkeys(expected, self.now + 2 * MINUTE))
        return multiple(*expected)

    @rule(mail=consumes(leased))
    def sent(self, mail: int) -> None:
        known = self.done.get(mail) in (OutboxState.SENT, OutboxState.BOUNCED)
        assert self.ledger.outbox_sent(mail, self.now, "250 OK") is not known
        if not known:
            self._settle(mail, OutboxState.SENT)

    @rule(mail=consumes(leased))
    def returned(self, mail: int) -> None:
        said = Bounced(outbox_id=mail, mail_id=None, fate="failed", recipient="li@example.com", at=self.now)
        with self.ledger.writing() as entry:
            assert entry.returned(said) is (mail not in self.came_back)
        if mail not in self.came_back and self.done.get(mail) is not OutboxState.FAILED:
            self._settle(mail, OutboxState.BOUNCED)
        self.came_back.add(mail)

    @rule(mail=consumes(leased))
    def failed(self, mail: int) -> None:
        held = mail in self.in_hand
        assert self.ledger.outbox_failed(mail, "550", self.now) is held
        if held:
            self._settle(mail, OutboxState.FAILED)

    @rule(mail=consumes(leased), minutes=st.integers(min_value=0, max_value=5))
    def retry(self, mail: int, minutes: int) -> None:
        held = mail in self.in_hand
        assert self.ledger.outbox_retry(mail, self.now + minutes * MINUTE, "451") is held
        if held:
            self.in_hand.discard(mail)
            self.free_from[mail] = self.now + minutes * MINUTE

    def _settle(self, mail: int, state: OutboxState) -> None:
        self.done[mail] = state
        self.in_hand.discard(mail)
        self.free_from.pop(mail, None)

    @invariant()
    def every_mail_is_somewhere(self) -> None:
        settled = list(self.done.values())
        assert self.ledger.outbox_counts() == {
            OutboxState.QUEUED: len(self.free_from) - len(self.in_hand),
            OutboxState.SENDING: len(self.in_hand),
            OutboxState.SENT: settled.count(OutboxState.SENT),
            OutboxState.FAILED: settled.count(OutboxState.FAILED),
            OutboxState.HELD: 0,
            OutboxState.BUNDLED: 0,
            OutboxState.BOUNCED: settled.count(OutboxState.BOUNCED),
        }

    @invariant()
    def it_says_when_to_look_again(self) -> None:
        earliest = min(self.free_from.values(), default=None)
        expected = None if earliest is None else max(earliest, self.now)
        assert self.ledger.outbox_next(self.now) == expected


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_a_mail_is_found_by_its_message_id_however_far_it_has_come(ledger: Ledger, queued: int) -> None:
    (leased,) = lease(ledger)
    found = ledger.outbox_mail(leased.message_id)
    assert found is not None
    assert (found.id, found.body) == (queued, leased.body)
    ledger.outbox_sent(leased.id, NINE, "250 ok")
    assert ledger.outbox_mail(leased.message_id) is not None
    assert ledger.outbox_mail("<nobody@example.com>") is None


def test_a_mail_queued_with_others_is_there_for_whoever_asks_in_the_same_transaction(ledger: Ledger) -> None:
    mail = outgoing("together")
    with ledger.writing() as entry:
        entry.queue_soon(mail)
        found = entry.outbox_mail(mail.message_id)
        assert found is not None
        assert found.recipient == mail.recipient
        assert not entry.queue(mail)
        entry.queue_soon(mail)  # its notice is there: it is not queued twice
    assert sum(ledger.outbox_counts().values()) == 1
