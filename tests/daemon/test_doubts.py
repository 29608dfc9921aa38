"""Mails in doubt: cut off after their text, or by a crash; what left is not sent again, what did not is."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from daemon.bell import Bells
from daemon.bootstrap import mailbox_settings, sent_folder, smtp_settings
from daemon.config import load_config
from daemon.doubts import PATIENCE, Doubts
from daemon.ledger import OutboxEntry, OutboxState, Turn
from daemon.outbox import LEASE, Outbox
from mailer.inbox import MailboxUnavailable
from mailer.smtp import Postman, SmtpSettings
from tests.daemon.office import Office, complaint, mail, write_config
from tests.servers.smtp import DROP, RecordingSmtp


class FiledBy:
    """The Sent folder of an account whose server files what it accepts; the contract is `mailer.sent.SentFolder`'s."""

    def __init__(self, office: Office, smtp: RecordingSmtp) -> None:
        self.office, self.smtp = office, smtp
        self.failure: Exception | None = None
        self.files = True
        self.asked: list[set[str]] = []

    def find(self, wanted: Mapping[str, datetime]) -> dict[str, datetime]:
        self.asked.append(set(wanted))
        if self.failure is not None:
            raise self.failure
        accepted = {str(one.message["Message-ID"]) for one in self.smtp.mails} if self.files else set()
        return {one: self.office.clock.now() for one in wanted if one in accepted}


@pytest.fixture
def smtp() -> Iterator[RecordingSmtp]:
    with RecordingSmtp() as server:
        yield server


@pytest.fixture
def filed(office: Office, smtp: RecordingSmtp) -> FiledBy:
    return FiledBy(office, smtp)


@pytest.fixture
def outbox(office: Office, smtp: RecordingSmtp) -> Iterator[Outbox]:
    settings = SmtpSettings(smtp.host, smtp.port, "plain", timeout=60)
    with closing(Outbox(office.docket, Postman(settings), office.clock, looks_up=True)) as opened:
        yield opened


@pytest.fixture
def doubts(office: Office, filed: FiledBy) -> Doubts:
    return Doubts(office.ledger, filed, office.clock, Bells())


def cut_off(office: Office, outbox: Outbox, smtp: RecordingSmtp, *, left: bool) -> OutboxEntry:
    """Owe three mails, the first of which is cut off after its text; wait until it may be tried again."""
    office.receive(mail(files={"f.xlsx": complaint()}))
    smtp.misbehave("TEXT", DROP, times=1, keep=left)
    outbox.send_due()
    (doubtful,) = [one for one in office.ledger.outbox_of(office.case().number) if "closed" in one.last_error]
    office.clock.forward(seconds=60)
    return doubtful


def how_often(smtp: RecordingSmtp, message_id: str) -> int:
    return [str(one.message["Message-ID"]) for one in smtp.mails].count(message_id)


def state(office: Office, message_id: str) -> OutboxState:
    found = office.ledger.outbox_of(office.case().number)
    return next(one.state for one in found if one.message_id == message_id)


def test_a_mail_that_left_although_its_answer_was_lost_is_not_sent_again(
    office: Office, outbox: Outbox, smtp: RecordingSmtp, doubts: Doubts
) -> None:
    doubtful = cut_off(office, outbox, smtp, left=True)
    doubts.round()
    outbox.send_due()
    assert state(office, doubtful.message_id) is OutboxState.SENT
    assert how_often(smtp, doubtful.message_id) == 1
    assert len(smtp.mails) == 3


def test_a_mail_that_did_not_leave_is_sent_once_more_under_its_own_id(
    office: Office, outbox: Outbox, smtp: RecordingSmtp, doubts: Doubts
) -> None:
    doubtful = cut_off(office, outbox, smtp, left=False)
    doubts.round()
    outbox.send_due()
    assert state(office, doubtful.message_id) is OutboxState.SENT
    assert how_often(smtp, doubtful.message_id) == 1


def test_a_mail_in_doubt_waits_to_be_looked_up_and_holds_up_no_other(
    office: Office, outbox: Outbox, smtp: RecordingSmtp
) -> None:
    doubtful = cut_off(office, outbox, smtp, left=True)
    outbox.send_due()
    assert how_often(smtp, doubtful.message_id) == 1
    assert len(smtp.mails) == 3
    assert outbox.seconds_to_next() > 0, "the outbox does not spin round a mail that is not its turn"


def test_what_a_daemon_that_died_had_in_hand_is_looked_up_before_anything_is_sent(
    office: Office, outbox: Outbox, smtp: RecordingSmtp, filed: FiledBy, doubts: Doubts
) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    with closing(Outbox(office.docket, outbox._postman, office.clock)) as before:
        leased = office.ledger.outbox_lease(office.clock.now(), LEASE, 20)
        first = leased[0]
        before._postman.send(
            before._composed(first, office.clock.now()), first.recipient
        )  # kill -9 before it is noted
    office.ledger.outbox_free(office.clock.now() + timedelta(seconds=30))
    outbox.send_due()
    doubts.round()
    assert filed.asked == [], "the server is given time to file what it accepted"
    office.clock.forward(seconds=31)
    doubts.round()
    outbox.send_due()
    assert [how_often(smtp, one.message_id) for one in leased] == [1, 1, 1]
    assert office.ledger.outbox_counts()[OutboxState.SENT] == 3


def test_a_mail_cut_off_again_is_looked_up_again(
    office: Office, outbox: Outbox, smtp: RecordingSmtp, filed: FiledBy, doubts: Doubts
) -> None:
    doubtful = cut_off(office, outbox, smtp, left=False)
    doubts.round()
    smtp.misbehave("TEXT", DROP, times=1, keep=True)
    outbox.send_due()
    office.clock.forward(minutes=31)
    doubts.round()
    outbox.send_due()
    assert {doubtful.message_id} in filed.asked
    assert len(filed.asked) == 2
    assert len(smtp.mails) == len({str(one.message["Message-ID"]) for one in smtp.mails}) == 3


def test_while_the_mailbox_cannot_be_reached_it_waits_but_not_for_ever(
    office: Office, outbox: Outbox, smtp: RecordingSmtp, filed: FiledBy, doubts: Doubts
) -> None:
    doubtful = cut_off(office, outbox, smtp, left=True)
    filed.failure = MailboxUnavailable("no answer", permanent=False)
    doubts.round()
    outbox.send_due()
    assert how_often(smtp, doubtful.message_id) == 1
    doubts.round()
    assert len(filed.asked) == 1, "an account is not knocked at every few seconds"
    office.clock.forward(seconds=PATIENCE.total_seconds())
    doubts.round()
    outbox.send_due()
    assert how_often(smtp, doubtful.message_id) == 2, "the same mail twice is better than none"


def test_a_folder_that_can_never_be_read_delays_nothing(
    office: Office, outbox: Outbox, smtp: RecordingSmtp, filed: FiledBy, doubts: Doubts
) -> None:
    doubtful = cut_off(office, outbox, smtp, left=True)
    filed.failure = MailboxUnavailable("no such folder", permanent=True)
    doubts.round()
    outbox.send_due()
    assert how_often(smtp, doubtful.message_id) == 2


def test_the_time_that_counts_is_when_it_was_accepted_and_never_lies_ahead(
    office: Office, outbox: Outbox, smtp: RecordingSmtp, filed: FiledBy, doubts: Doubts
) -> None:
    doubtful = cut_off(office, outbox, smtp, left=True)
    accepted = office.clock.now() - timedelta(seconds=50)
    filed.find = lambda wanted: dict.fromkeys(wanted, accepted)  # type: ignore[method-assign]
    doubts.round()
    (sent,) = [
        one for one in office.ledger.outbox_of(office.case().number) if one.message_id == doubtful.message_id
    ]
    assert sent.sent_at == accepted


def test_where_nothing_can_be_looked_up_it_is_sent_again_as_the_same(
    office: Office, smtp: RecordingSmtp
) -> None:
    settings = SmtpSettings(smtp.host, smtp.port, "plain", timeout=60)
    with closing(Outbox(office.docket, Postman(settings), office.clock)) as outbox:
        doubtful = cut_off(office, outbox, smtp, left=True)
        Doubts(office.ledger, None, office.clock, Bells()).round()
        outbox.send_due()
    assert how_often(smtp, doubtful.message_id) == 2


def test_only_what_is_in_doubt_is_looked_up(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    now = office.clock.now()
    assert office.ledger.outbox_in_doubt(now, 10) == []
    (first, *_) = office.ledger.outbox_lease(now, LEASE, 1, Turn(looked_up=True))
    assert office.ledger.outbox_in_doubt(now, 10) == []
    assert [one.id for one in office.ledger.outbox_in_doubt(now + LEASE, 10)] == [first.id]


@pytest.mark.parametrize(
    ("smtp_lines", "looks"),
    [
        ("", False),
        ('username = "complaints@example.com"\npassword_env = "KESU_IMAP_PASSWORD"\n', True),
        ('username = "relay@example.com"\npassword_env = "KESU_IMAP_PASSWORD"\n', False),
        ('sent_folder = "Sent"\n', True),
    ],
)
def test_mails_are_looked_up_where_the_account_that_sends_is_the_mailbox_or_the_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, smtp_lines: str, looks: bool
) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "secret")
    path = write_config(tmp_path)
    path.write_text(path.read_text().replace("[smtp]\n", f"[smtp]\n{smtp_lines}"), encoding="utf-8")
    config = load_config(path)
    assert (sent_folder(config, mailbox_settings(config), smtp_settings(config)) is not None) is looks


def test_a_sent_folder_that_nobody_understands_holds_no_mail_for_ever(
    office: Office, outbox: Outbox, smtp: RecordingSmtp, filed: FiledBy, doubts: Doubts
) -> None:
    doubtful = cut_off(office, outbox, smtp, left=False)
    filed.failure = IndexError("an answer like no other")
    doubts.round()
    outbox.send_due()
    assert state(office, doubtful.message_id) is OutboxState.QUEUED
    office.clock.forward(seconds=PATIENCE.total_seconds())
    doubts.round()
    outbox.send_due()
    assert state(office, doubtful.message_id) is OutboxState.SENT


MAILBOX = """[mailbox]
{where}
username = "complaints@example.com"
password_env = "KESU_IMAP_PASSWORD"
"""
SMTP = """[smtp]
username = "{account}"
password_env = "KESU_SMTP_PASSWORD"
sender = "complaints@example.com"
{more}
"""


def looked_into(
    folder: Path, monkeypatch: pytest.MonkeyPatch, where: str, account: str, more: str = ""
) -> object:
    """Return which account is asked for its Sent folder, on which server, with which password; None: none is."""
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "that of the mailbox")
    monkeypatch.setenv("KESU_SMTP_PASSWORD", "that of the sender")
    text = write_config(folder).read_text()
    rest = text[text.index("[workbook]") :]
    path = folder / "config.toml"
    path.write_text(
        "\n".join((MAILBOX.format(where=where), SMTP.format(account=account, more=more), rest)),
        encoding="utf-8",
    )
    config = load_config(path)
    sent = sent_folder(config, mailbox_settings(config), smtp_settings(config))
    return (
        None
        if sent is None
        else (sent.account.username, sent.account.host, sent.account.password, sent.folder)
    )


BY_THE_MAILBOX, BY_THE_SENDER = "that of the mailbox", "that of the sender"
OWN, OTHER = "complaints@example.com", "robot@example.com"


@pytest.mark.parametrize(
    ("where", "account", "more", "looked"),
    [
        ('profile = "gmail"', OWN, "", (OWN, "imap.gmail.com", BY_THE_MAILBOX, "")),
        ('profile = "gmail"', OTHER, "", (OTHER, "imap.gmail.com", BY_THE_SENDER, "")),
        ('profile = "netease"', "x@126.com", "", ("x@126.com", "imap.126.com", BY_THE_SENDER, "")),
        (
            'host = "imap.example.com"',
            "robot@163.com",
            'profile = "netease"',
            ("robot@163.com", "imap.163.com", BY_THE_SENDER, ""),
        ),
        ('profile = "gmail"', OTHER, 'sent_folder = "Out"', (OWN, "imap.gmail.com", BY_THE_MAILBOX, "Out")),
        ('profile = "qq"', OWN, "", (OWN, "imap.qq.com", BY_THE_MAILBOX, "")),
        ('profile = "qq"', OTHER, "", None),
        (
            'profile = "dovecot"\nhost = "imap.example.com"',
            OWN,
            'host = "smtp.example.com"\nprofile = "dovecot"',
            None,
        ),
        (
            'profile = "dovecot"\nhost = "imap.example.com"',
            OWN,
            'host = "smtp.example.com"\nprofile = "dovecot"\nsent_folder = "Sent"',
            (OWN, "imap.example.com", BY_THE_MAILBOX, "Sent"),
        ),
    ],
)
def test_the_account_that_sends_is_looked_into_where_its_provider_files_what_it_sends(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    account: str,
    more: str,
    looked: tuple[str, str, str, str] | None,
) -> None:
    assert looked_into(tmp_path, monkeypatch, where, account, more) == looked
