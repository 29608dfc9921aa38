"""Mail out: each mail with its own state, tried again where that helps, the same under every try."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from daemon.ledger import LedgerUnavailable, OutboxEntry, OutboxState, QueuedMail
from daemon.outbox import GIVE_UP_AFTER, LEASE, LONGEST_PAUSE, LONGEST_SLEEP, Outbox
from mailer.smtp import Postman, SmtpSettings
from tests.daemon.office import CARE, SERVICE_MANAGER, STAFF, WORKSHOP, Office, complaint, mail
from tests.servers.smtp import DROP, RecordingSmtp, Stage


@pytest.fixture
def smtp() -> Iterator[RecordingSmtp]:
    with RecordingSmtp() as server:
        yield server


@pytest.fixture
def outbox(office: Office, smtp: RecordingSmtp) -> Iterator[Outbox]:
    settings = SmtpSettings(smtp.host, smtp.port, "plain", timeout=60)
    opened = Outbox(office.docket, Postman(settings), office.clock)
    yield opened
    opened.close()


def queue_a_case(office: Office) -> None:
    """Owe three mails: two assignments and an acknowledgement."""
    office.receive(mail(files={"f.xlsx": complaint()}))


def entry(office: Office, recipient: str) -> OutboxEntry:
    entries = office.ledger.outbox_of(office.case().number)
    return next(entry for entry in entries if entry.recipient == recipient)


def recipients(smtp: RecordingSmtp) -> list[str]:
    return sorted(one for mail in smtp.mails for one in mail.recipients)


def test_everything_that_waits_leaves_once_over_one_connection(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    queue_a_case(office)
    assert outbox.send_due() == 3
    assert recipients(smtp) == [SERVICE_MANAGER, STAFF, WORKSHOP]
    assert smtp.sessions == 1
    assert outbox.send_due() == 0
    assert office.ledger.outbox_counts()[OutboxState.SENT] == 3


def test_a_mail_says_which_kind_it_is_so_that_people_can_sort_it(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    queue_a_case(office)
    outbox.send_due()
    kinds = sorted(str(one.message["X-Kesu-Template"]) for one in smtp.mails)
    assert kinds == ["acknowledgement", "assignment", "assignment"]


def test_a_temporary_refusal_is_tried_again_later_under_the_same_message_id(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    queue_a_case(office)
    smtp.misbehave("RCPT", "451 4.7.1 greylisted", times=1, when=lambda argument: SERVICE_MANAGER in argument)
    assert outbox.send_due() == 2
    waiting = entry(office, SERVICE_MANAGER)
    assert (waiting.state, waiting.attempts) == (OutboxState.QUEUED, 1)
    assert "greylisted" in waiting.last_error
    office.clock.forward(seconds=30)
    assert outbox.send_due() == 1
    (late,) = [one for one in smtp.mails if SERVICE_MANAGER in one.recipients]
    assert late.message["Message-ID"] == waiting.message_id


def test_a_mail_that_waits_delays_no_other(office: Office, outbox: Outbox, smtp: RecordingSmtp) -> None:
    smtp.misbehave("RCPT", "451 later", when=lambda argument: SERVICE_MANAGER in argument)
    queue_a_case(office)
    outbox.send_due()
    office.receive(mail(text="a question"))
    assert outbox.send_due() == 1


def test_waits_grow_with_every_try(office: Office, outbox: Outbox, smtp: RecordingSmtp) -> None:
    smtp.misbehave("RCPT", "451 later", when=lambda argument: SERVICE_MANAGER in argument)
    queue_a_case(office)
    waits = []
    for _ in range(8):
        outbox.send_due()
        queued = entry(office, SERVICE_MANAGER)
        waits.append((queued.next_try - office.clock.now()).total_seconds())
        office.clock.forward(seconds=waits[-1] + 1)
    assert waits[0] <= 20
    assert waits[-1] >= 10 * 60
    assert max(waits) <= 30 * 60


def test_a_permanent_refusal_is_given_up_and_customer_care_is_told_once(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    smtp.misbehave("RCPT", "550 5.1.1 no such user", when=lambda argument: SERVICE_MANAGER in argument)
    queue_a_case(office)
    outbox.send_due()
    outbox.send_due()
    office.clock.forward(hours=1)
    outbox.send_due()
    assert entry(office, SERVICE_MANAGER).state is OutboxState.FAILED
    (told,) = [one for one in smtp.mails if CARE in one.recipients]
    body = told.message.get_body(("plain",))
    assert body is not None
    assert SERVICE_MANAGER in str(body.get_content())
    assert "no such user" in str(body.get_content())


def test_the_case_goes_on_rising_although_its_mail_cannot_be_delivered(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    smtp.misbehave("RCPT", "550 no such user", when=lambda argument: SERVICE_MANAGER in argument)
    queue_a_case(office)
    outbox.send_due()
    office.clock.forward(hours=2)
    office.lapses.run_due()
    assert office.case().grade == "level-2"


def test_a_lost_answer_leaves_it_open_whether_the_mail_left_and_it_is_sent_again_as_the_same(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    queue_a_case(office)
    smtp.misbehave("TEXT", DROP, times=1, keep=True)
    assert outbox.send_due() == 0
    office.clock.forward(seconds=outbox.seconds_to_next())
    assert outbox.send_due() == 2
    (open_one,) = [
        entry for entry in office.ledger.outbox_of(office.case().number) if entry.state is OutboxState.QUEUED
    ]
    office.clock.forward(seconds=30)
    (leased,) = office.ledger.outbox_lease(office.clock.now(), timedelta(seconds=1), 5)
    assert leased.uncertain
    office.clock.forward(seconds=2)
    outbox.send_due()
    twice = [str(one.message["Message-ID"]) for one in smtp.mails if open_one.recipient in one.recipients]
    assert twice == [open_one.message_id, open_one.message_id]


def test_a_server_that_is_down_costs_no_mail(office: Office, smtp: RecordingSmtp) -> None:
    nobody = Outbox(office.docket, Postman(SmtpSettings("127.0.0.1", 9, "plain", timeout=60)), office.clock)
    queue_a_case(office)
    assert nobody.send_due() == 0
    assert office.ledger.outbox_counts()[OutboxState.QUEUED] == 3
    office.clock.forward(minutes=1)
    back = Outbox(office.docket, Postman(SmtpSettings(smtp.host, smtp.port, "plain")), office.clock)
    assert back.send_due() == 3
    back.close()


def live(office: Office, outbox: Outbox, **span: float) -> None:
    """Let the outbox work as the loop lets it, for a while."""
    end = office.clock.now() + timedelta(**span)
    while office.clock.now() < end:
        outbox.send_due()
        office.clock.forward(seconds=max(0.001, outbox.seconds_to_next()))


DAY = timedelta(days=1)
OUTAGES = [
    ("CONNECT", DROP, 7 * DAY),
    ("CONNECT", "421 4.3.2 not now", DAY),
    ("MAIL", "550 5.4.5 Daily user sending limit exceeded", DAY),
    ("MAIL", "535 5.7.8 the password has changed", DAY),
    ("RCPT", "550 too frequently sending", DAY),
    ("TEXT", "554 too frequently sending", DAY),
    ("TEXT", DROP, DAY),
]


@pytest.mark.parametrize(("stage", "fault", "length"), OUTAGES)
def test_after_days_without_a_server_every_mail_leaves_once(
    office: Office,
    outbox: Outbox,
    smtp: RecordingSmtp,
    monkeypatch: pytest.MonkeyPatch,
    stage: Stage,
    fault: str,
    length: timedelta,
) -> None:
    monkeypatch.setattr("daemon.outbox.LONGEST_SLEEP", 3600.0)  # or the test wakes ten thousand times
    queue_a_case(office)
    smtp.misbehave(stage, fault)
    live(office, outbox, seconds=length.total_seconds())
    assert smtp.mails == []
    assert office.ledger.outbox_counts()[OutboxState.QUEUED] == 3
    assert smtp.sessions <= length / LONGEST_PAUSE * 4 / 3 + 20, "one try for each pause, not for each mail"
    smtp.behave()
    live(office, outbox, seconds=LONGEST_PAUSE.total_seconds() + 60)
    assert recipients(smtp) == [SERVICE_MANAGER, STAFF, WORKSHOP]


def test_a_refusal_after_a_long_outage_is_the_first_one_that_counts(
    office: Office, outbox: Outbox, smtp: RecordingSmtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_a_case(office)
    smtp.misbehave("CONNECT", DROP)
    monkeypatch.setattr("daemon.outbox.LONGEST_SLEEP", 3600.0)
    live(office, outbox, days=2)
    smtp.behave()
    smtp.misbehave("RCPT", "451 4.7.1 greylisted", times=6)
    live(office, outbox, hours=2)
    assert recipients(smtp) == [SERVICE_MANAGER, STAFF, WORKSHOP]


def test_a_pause_holds_for_mails_that_come_meanwhile_and_whoever_rings(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    queue_a_case(office)
    smtp.misbehave("CONNECT", DROP)
    outbox.send_due()
    office.receive(mail(text="a question"))
    for _ in range(5):
        assert outbox.send_due() == 0
    assert smtp.sessions == 1
    assert 10 < outbox.seconds_to_next() <= 20


def test_a_pause_does_not_outlive_a_clock_that_is_put_back(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    queue_a_case(office)
    office.clock.forward(days=2)
    smtp.misbehave("CONNECT", DROP, times=1)
    outbox.send_due()
    office.clock.forward(days=-1)
    office.receive(mail(text="a question"))
    assert outbox.send_due() == 1


@pytest.mark.parametrize("fault", ["550 5.7.1 rate limit", "421 4.4.2 this one crashes us"])
def test_a_mail_that_upsets_the_server_every_time_does_not_hold_up_the_others_for_long(
    office: Office, outbox: Outbox, smtp: RecordingSmtp, fault: str
) -> None:
    smtp.misbehave("RCPT", fault, when=lambda argument: SERVICE_MANAGER in argument)
    queue_a_case(office)
    live(office, outbox, minutes=1)
    assert recipients(smtp) == [STAFF, WORKSHOP]
    live(office, outbox, hours=6)
    before = office.clock.now()
    office.receive(mail(text="a question"))
    while len(smtp.mails) < 3:
        live(office, outbox, seconds=5)
    assert office.clock.now() - before < timedelta(minutes=2)
    assert entry(office, SERVICE_MANAGER).state is OutboxState.QUEUED


def test_a_full_mailbox_pauses_nobody_else(office: Office, outbox: Outbox, smtp: RecordingSmtp) -> None:
    smtp.misbehave("RCPT", "452 4.2.2 mailbox full", when=lambda argument: SERVICE_MANAGER in argument)
    queue_a_case(office)
    assert outbox.send_due() == 2


def test_a_mail_leased_by_a_daemon_that_died_is_sent_when_the_lease_ends(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    queue_a_case(office)
    office.ledger.outbox_lease(office.clock.now(), LEASE, 20)  # and then the power went
    assert outbox.send_due() == 0
    office.clock.forward(seconds=LEASE.total_seconds())
    assert outbox.send_due() == 3


def test_a_mail_that_left_while_the_ledger_could_not_be_written_is_not_sent_again(
    office: Office, outbox: Outbox, smtp: RecordingSmtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise LedgerUnavailable("the disk is full")

    queue_a_case(office)
    with monkeypatch.context() as disk:
        disk.setattr(office.ledger, "outbox_sent", full)
        with pytest.raises(LedgerUnavailable):
            outbox.send_due()
        with pytest.raises(LedgerUnavailable):
            outbox.send_due()
    assert len(smtp.mails) == 1, "nothing leaves that cannot be written down"
    office.clock.forward(seconds=LEASE.total_seconds() + 1)
    assert outbox.send_due() == 2
    assert sorted(recipients(smtp)) == sorted([SERVICE_MANAGER, WORKSHOP, STAFF])


def test_a_mail_that_is_refused_for_ever_so_long_is_given_up_in_the_end(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    smtp.misbehave("RCPT", "451 later", when=lambda argument: SERVICE_MANAGER in argument)
    queue_a_case(office)
    for _ in range(GIVE_UP_AFTER):
        outbox.send_due()
        office.clock.forward(minutes=31)
    assert entry(office, SERVICE_MANAGER).state is OutboxState.FAILED
    outbox.send_due()
    assert CARE in recipients(smtp)


def test_a_sender_whose_address_no_mail_can_be_sent_to_holds_up_nobody(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    raw = "From: 王@example.com\r\nMessage-ID: <a@example.com>\r\nSubject: x\r\n\r\nhello".encode()
    office.receive(raw)
    queue_a_case(office)
    assert outbox.send_due() == 3
    assert office.ledger.outbox_counts()[OutboxState.FAILED] <= 1


def test_a_mail_that_cannot_be_composed_waits_and_the_others_leave(
    office: Office, outbox: Outbox, smtp: RecordingSmtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_a_case(office)
    order_of = office.docket.order_of

    def fragile(queued: QueuedMail) -> object:
        if queued.recipient == SERVICE_MANAGER:
            raise RuntimeError("a defect of ours")
        return order_of(queued)

    monkeypatch.setattr(office.docket, "order_of", fragile)
    assert outbox.send_due() == 2
    waiting = entry(office, SERVICE_MANAGER)
    assert waiting.state is OutboxState.QUEUED
    assert waiting.last_error == "cannot be composed: RuntimeError", (
        "the words of a defect may be a customer's"
    )


def test_the_outbox_sleeps_until_the_next_try(office: Office, outbox: Outbox, smtp: RecordingSmtp) -> None:
    assert outbox.seconds_to_next() == LONGEST_SLEEP
    queue_a_case(office)
    assert outbox.seconds_to_next() == 0
    smtp.misbehave("RCPT", "451 later", times=3)
    outbox.send_due()
    assert 10 < outbox.seconds_to_next() <= 20
