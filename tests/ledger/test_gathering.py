"""Storms in the outbox: the first notices of a kind leave by themselves, the rest together, none lost, none twice."""

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from daemon.ledger import Ledger, OutboxState, QueuedMail, Storm
from tests.ledger.clerk import NINE, open_ledger, outgoing

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
KIND = "overdue:li@example.com"


def notify(ledger: Ledger, key: str, at: datetime, kind: str = KIND, at_once: int = 5) -> None:
    with ledger.writing() as entry:
        entry.queue(outgoing(key, created_at=at, storm=Storm(kind, at_once, MINUTE)))


def gather(ledger: Ledger, at: datetime) -> int:
    """Put what is held into bundles, as the daemon does; return how many bundles were made."""
    made = 0
    with ledger.writing() as entry:
        for held in entry.held_mails(at, at + MINUTE):
            if len(held.ids) == 1:
                entry.release(held, at)
            else:
                entry.bundle(held, outgoing(f"bundle:{held.ids[0]}", created_at=at))
                made += 1
    return made


def lease(ledger: Ledger, at: datetime) -> list[QueuedMail]:
    return ledger.outbox_lease(at, MINUTE, 10_000)


def counts(ledger: Ledger) -> dict[OutboxState, int]:
    return {state: count for state, count in ledger.outbox_counts().items() if count}


def test_the_first_five_within_a_minute_leave_at_once_and_the_rest_as_one(ledger: Ledger) -> None:
    for number in range(12):
        notify(ledger, str(number), NINE + number * SECOND)
    assert [mail.notice_key for mail in lease(ledger, NINE + 12 * SECOND)] == ["0", "1", "2", "3", "4"]
    assert counts(ledger) == {OutboxState.SENDING: 5, OutboxState.HELD: 7}
    assert not ledger.outbox_gathering_due(NINE + 59 * SECOND, NINE + 119 * SECOND)
    assert gather(ledger, NINE + MINUTE) == 1
    (bundle,) = [mail for mail in lease(ledger, NINE + MINUTE) if mail.notice_key.startswith("bundle")]
    assert [mail.notice_key for mail in ledger.outbox_members(bundle.id)] == [str(n) for n in range(5, 12)]


def test_the_outbox_says_when_held_mails_are_to_leave(ledger: Ledger) -> None:
    for number in range(6):
        notify(ledger, str(number), NINE)
    for mail in lease(ledger, NINE):
        ledger.outbox_sent(mail.id, NINE, "250 OK")
    assert ledger.outbox_next(NINE + SECOND) == NINE + MINUTE


def test_a_single_notice_over_the_five_leaves_as_itself(ledger: Ledger) -> None:
    for number in range(6):
        notify(ledger, str(number), NINE)
    lease(ledger, NINE)
    assert gather(ledger, NINE + MINUTE) == 0
    assert "5" in [mail.notice_key for mail in lease(ledger, NINE + MINUTE)]


def test_other_kinds_other_people_and_mails_that_always_go_alone_are_not_held(ledger: Ledger) -> None:
    for number in range(6):
        notify(ledger, str(number), NINE)
    notify(ledger, "other kind", NINE, "assignment:li@example.com")
    notify(ledger, "other reader", NINE, "overdue:wang@example.com")
    with ledger.writing() as entry:
        entry.queue(outgoing("alone", created_at=NINE))
    assert counts(ledger) == {OutboxState.QUEUED: 8, OutboxState.HELD: 1}


def test_notices_that_come_slowly_are_never_held(ledger: Ledger) -> None:
    for number in range(40):
        notify(ledger, str(number), NINE + number * 13 * SECOND)
    assert counts(ledger) == {OutboxState.QUEUED: 40}


def test_after_the_bundle_notices_leave_at_once_again(ledger: Ledger) -> None:
    for number in range(9):
        notify(ledger, str(number), NINE)
    gather(ledger, NINE + MINUTE)
    notify(ledger, "later", NINE + MINUTE)
    assert "later" in [mail.notice_key for mail in lease(ledger, NINE + MINUTE)]


def test_what_comes_while_others_are_held_joins_them(ledger: Ledger) -> None:
    for number in range(7):
        notify(ledger, str(number), NINE)
    notify(ledger, "late", NINE + 3 * MINUTE)  # no mail could be sent meanwhile
    gather(ledger, NINE + 3 * MINUTE)
    (bundle,) = [mail for mail in lease(ledger, NINE + 3 * MINUTE) if mail.notice_key.startswith("bundle")]
    assert [mail.notice_key for mail in ledger.outbox_members(bundle.id)] == ["5", "6", "late"]


def test_a_notice_queued_again_is_not_held_a_second_time(ledger: Ledger) -> None:
    for number in range(8):
        notify(ledger, str(number), NINE)
        notify(ledger, str(number), NINE)
    assert counts(ledger) == {OutboxState.QUEUED: 5, OutboxState.HELD: 3}


def test_what_becomes_of_the_bundle_becomes_of_every_notice_in_it(ledger: Ledger) -> None:
    for kind in ("sent", "failed"):
        for number in range(8):
            notify(ledger, f"{kind} {number}", NINE, kind)
    gather(ledger, NINE + MINUTE)
    bundles = [mail for mail in lease(ledger, NINE + MINUTE) if mail.notice_key.startswith("bundle")]
    by_member = {ledger.outbox_members(mail.id)[0].notice_key: mail.id for mail in bundles}
    assert ledger.outbox_sent(by_member["sent 5"], NINE + 2 * MINUTE, "250 OK")
    assert ledger.outbox_failed(by_member["failed 5"], "550 no such user", NINE + 2 * MINUTE)
    assert counts(ledger) == {OutboxState.SENDING: 10, OutboxState.SENT: 4, OutboxState.FAILED: 4}


def test_a_clock_that_is_put_back_does_not_hold_mails_for_days(ledger: Ledger) -> None:
    for number in range(8):
        notify(ledger, str(number), NINE + timedelta(days=2))
    notify(ledger, "today", NINE)
    notify(ledger, "too", NINE)
    assert ledger.outbox_gathering_due(NINE, NINE + MINUTE)
    assert gather(ledger, NINE) == 1
    assert counts(ledger)[OutboxState.BUNDLED] == 5


def test_very_many_leave_in_bundles_that_can_be_sent(ledger: Ledger) -> None:
    with ledger.writing() as entry:
        for number in range(1505):
            entry.queue(outgoing(str(number), created_at=NINE, storm=Storm(KIND, 5, MINUTE)))
    assert gather(ledger, NINE + MINUTE) == 2
    assert counts(ledger)[OutboxState.BUNDLED] == 1500


class Storms(RuleBasedStateMachine):
    """Notices that come in any rhythm, senders that crash: each notice is told once and in time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "kesu.db"
        self.ledger = open_ledger(self.path)
        self.now = NINE
        self.wanted: dict[str, datetime] = {}
        self.told: list[str] = []

    def teardown(self) -> None:
        for _ in range(3):
            self.now += 2 * MINUTE
            self.send()
        assert sorted(self.told) == sorted(self.wanted)
        self.ledger.close()
        self.folder.cleanup()

    @rule(many=st.integers(min_value=1, max_value=9))
    def notices(self, many: int) -> None:
        for _ in range(many):
            key = f"n{len(self.wanted)}"
            notify(self.ledger, key, self.now, at_once=2)
            self.wanted[key] = self.now

    @rule(seconds=st.integers(min_value=1, max_value=90))
    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule()
    def gather_only(self) -> None:
        """Die after the bundle was committed and before it was sent."""
        gather(self.ledger, self.now)
        self._restart()

    @rule()
    def send(self) -> None:
        gather(self.ledger, self.now)
        for mail in lease(self.ledger, self.now):
            members = self.ledger.outbox_members(mail.id)
            self.told += [member.notice_key for member in members] or [mail.notice_key]
            self.ledger.outbox_sent(mail.id, self.now, "250 OK")

    @precondition(lambda self: self.wanted)
    @rule()
    def die_while_sending(self) -> None:
        """Lease everything and be gone before the server took anything."""
        lease(self.ledger, self.now)
        self._restart()

    def _restart(self) -> None:
        self.ledger.close()
        self.ledger = open_ledger(self.path)
        self.ledger.outbox_free(self.now)

    @invariant()
    def nothing_is_told_twice(self) -> None:
        assert len(self.told) == len(set(self.told))

    @invariant()
    def nothing_is_held_for_longer_than_a_minute(self) -> None:
        upcoming = self.ledger.outbox_next(self.now)
        assert upcoming is None or upcoming <= self.now + MINUTE


TestStorms = Storms.TestCase
TestStorms.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
