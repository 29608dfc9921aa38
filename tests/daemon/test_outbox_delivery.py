"""Mail out, as servers really are: grey lists, refusals that outlive a restart, sizes, and a provider's limits."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from daemon.ledger import OutboxEntry, OutboxState, OutgoingMail
from daemon.outbox import GIVE_UP_AFTER, Outbox
from mailer.letter import Address, Content, Template
from mailer.pace import Pace
from mailer.smtp import Postman, SmtpSettings
from tests.daemon.office import CARE, SERVICE_MANAGER, STAFF, WORKSHOP, Office, complaint, mail
from tests.servers.smtp import RecordingSmtp

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 400_000


@pytest.fixture
def smtp() -> Iterator[RecordingSmtp]:
    with RecordingSmtp(most_bytes=0) as server:
        yield server


def outbox(office: Office, smtp: RecordingSmtp, pace: Pace = Pace()) -> Outbox:  # noqa: B008 # it is frozen
    settings = SmtpSettings(smtp.host, smtp.port, "plain", timeout=60)
    sender = Postman(settings, session_mails=pace.session_mails, most_bytes=pace.most_bytes)
    return Outbox(office.docket, sender, office.clock, pace=pace)


def entry(office: Office, recipient: str) -> OutboxEntry:
    entries = office.ledger.outbox_of(office.case().number)
    return next(entry for entry in entries if entry.recipient == recipient)


def templates(smtp: RecordingSmtp) -> list[str]:
    return [str(one.message["X-Kesu-Template"]) for one in smtp.mails]


def live(office: Office, sender: Outbox, **span: float) -> None:
    """Let the outbox work as the loop lets it, for a while."""
    end = office.clock.now() + timedelta(**span)
    while office.clock.now() < end:
        sender.send_due()
        office.clock.forward(seconds=max(0.001, sender.seconds_to_next()))


# ---------------------------------------------------------------- grey lists and refusals


def test_a_grey_list_that_lets_nobody_in_before_five_minutes_costs_little_more_than_that(
    office: Office, smtp: RecordingSmtp
) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    began = office.clock.now()
    smtp.misbehave(
        "RCPT", "450 4.2.0 greylisted", when=lambda _: office.clock.now() < began + timedelta(minutes=5)
    )
    with closing(outbox(office, smtp)) as sender:
        live(office, sender, minutes=11)
    assert sorted(one.recipients[0] for one in smtp.mails) == [SERVICE_MANAGER, STAFF, WORKSHOP]
    refused = [command for command in smtp.commands if command.startswith("RCPT")]
    assert len(refused) <= 3 * 8, "it is not hammered"


def test_one_readers_refusal_for_good_harms_none_of_the_others(office: Office, smtp: RecordingSmtp) -> None:
    smtp.misbehave("RCPT", "550 5.1.1 no such user", when=lambda argument: SERVICE_MANAGER in argument)
    office.receive(mail(files={"f.xlsx": complaint()}))
    with closing(outbox(office, smtp)) as sender:
        sender.send_due()
    assert entry(office, SERVICE_MANAGER).state is OutboxState.FAILED
    assert entry(office, WORKSHOP).state is OutboxState.SENT
    assert entry(office, STAFF).state is OutboxState.SENT
    assert smtp.sessions == 1


def test_a_mail_refused_again_and_again_is_given_up_although_the_daemon_is_started_for_each_try(
    office: Office, smtp: RecordingSmtp
) -> None:
    smtp.misbehave("RCPT", "451 later", when=lambda argument: SERVICE_MANAGER in argument)
    office.receive(mail(files={"f.xlsx": complaint()}))
    for _ in range(GIVE_UP_AFTER):
        assert entry(office, SERVICE_MANAGER).state is OutboxState.QUEUED
        with closing(outbox(office, smtp)) as sender:
            sender.send_due()
        office.clock.forward(minutes=31)
    assert entry(office, SERVICE_MANAGER).state is OutboxState.FAILED
    assert CARE in [one for sent in smtp.mails for one in sent.recipients]


def test_a_server_that_ends_every_session_after_two_mails_gets_all_of_them(
    office: Office, smtp: RecordingSmtp
) -> None:
    smtp.misbehave("MAIL", "421 4.7.0 too many messages in this session", after=2)
    for number in range(3):
        office.receive(
            mail(
                files={
                    "f.xlsx": complaint(description=f"異音 {number}", customer_phone=f"0912-000-00{number}")
                }
            )
        )
    with closing(outbox(office, smtp)) as sender:
        assert sender.send_due() == 9
    assert len({str(one.message["Message-ID"]) for one in smtp.mails}) == 9


# ---------------------------------------------------------------- sizes


def test_a_photo_too_large_for_the_server_stays_behind_and_the_notice_leaves_at_once(
    office: Office, smtp: RecordingSmtp
) -> None:
    smtp.misbehave("TEXT", "552 5.3.4 message too large", times=2)
    office.receive(mail(files={"f.xlsx": complaint(), "photo.png": PNG}))
    with closing(outbox(office, smtp)) as sender:
        sender.send_due()
    (notice,) = [one for one in smtp.mails if SERVICE_MANAGER in one.recipients]
    assert entry(office, SERVICE_MANAGER).message_id == notice.message["Message-ID"]
    files = [part.get_filename() for part in notice.message.iter_attachments()]
    assert "photo.png" not in files
    assert files, "the form to answer with is small enough"
    body = notice.message.get_body(("plain",))
    assert body is not None
    assert "photo.png（0.4 MB）超過郵件伺服器的大小限制" in str(body.get_content())


def test_a_server_that_takes_no_mail_of_any_size_is_not_asked_for_ever(
    office: Office, smtp: RecordingSmtp
) -> None:
    smtp.misbehave("TEXT", "552 5.3.4 message too large", when=lambda _: True)
    office.receive(mail(files={"f.xlsx": complaint(), "photo.png": PNG}))
    with closing(outbox(office, smtp)) as sender:
        sender.send_due()
    assert entry(office, SERVICE_MANAGER).state is OutboxState.FAILED
    assert len([command for command in smtp.commands if command == "DATA"]) < 20


# ---------------------------------------------------------------- a provider's limits


def a_list(office: Office, number: int) -> None:
    """Owe somebody a list, which can wait."""
    order = OutgoingMail(
        notice_key=f"list:{number}",
        message_id=f"<list-{number}@example.com>",
        recipient=f"reader{number}@example.com",
        template=Template.TASK_LIST.value,
        locale="zh-Hant",
        body=_body(number),
        created_at=office.clock.now(),
        answers=None,
    )
    with office.ledger.writing() as writing:
        writing.queue(order)


def _body(number: int) -> str:
    from daemon.docket import OutboxBody
    from daemon.letters import LetterOrder
    from rules.locales import Locale

    order = LetterOrder(
        template=Template.WORKBOOK,
        locale=Locale.ZH_HANT,
        to=Address(email=f"reader{number}@example.com"),
        content=Content(reader="informed", zone="Asia/Shanghai"),
    )
    return OutboxBody(letter=order).model_dump_json()


def test_what_starts_a_clock_leaves_before_what_was_queued_earlier_and_can_wait(
    office: Office, smtp: RecordingSmtp
) -> None:
    for number in range(3):
        a_list(office, number)
    office.receive(mail(files={"f.xlsx": complaint()}))
    with closing(outbox(office, smtp)) as sender:
        sender.send_due()
    assert templates(smtp) == ["assignment"] * 2 + ["acknowledgement"] + ["task-list"] * 3


def test_no_more_leave_in_a_minute_than_the_provider_takes_and_a_restart_changes_nothing(
    office: Office, smtp: RecordingSmtp
) -> None:
    for number in range(10):
        a_list(office, number)
    pace, left = Pace(per_minute=4), []
    for _ in range(3):
        with closing(outbox(office, smtp, pace)) as sender:
            sender.send_due()
        left.append(len(smtp.mails))
        with closing(outbox(office, smtp, pace)) as restarted:
            assert restarted.send_due() == 0
            assert 0 < restarted.seconds_to_next() <= 60
            office.clock.forward(seconds=restarted.seconds_to_next())
    assert left == [4, 8, 10]


def test_the_days_last_mails_are_kept_for_what_cannot_wait(office: Office, smtp: RecordingSmtp) -> None:
    for number in range(12):
        a_list(office, number)
    pace = Pace(per_day=10)
    with closing(outbox(office, smtp, pace)) as sender:
        assert sender.send_due() == 8
        assert sender.seconds_to_next() > 0
        office.receive(mail(files={"f.xlsx": complaint()}))
        assert sender.seconds_to_next() == 0
        assert sender.send_due() == 2
    assert templates(smtp)[8:] == ["assignment", "assignment"]
    assert office.ledger.outbox_counts()[OutboxState.QUEUED] == 5
    office.clock.forward(days=1)
    with closing(outbox(office, smtp, pace)) as sender:
        assert sender.send_due() == 5


def test_a_session_is_ended_before_the_provider_ends_it(office: Office, smtp: RecordingSmtp) -> None:
    for number in range(5):
        a_list(office, number)
    with closing(outbox(office, smtp, Pace(session_mails=2))) as sender:
        assert sender.send_due() == 5
    assert smtp.sessions == 3
