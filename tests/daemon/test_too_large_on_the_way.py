"""Mails that a later server takes for too large: they go once more without their files, and nobody is unreachable."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from daemon.ledger import OutboxEntry, OutboxState
from daemon.outbox import Outbox
from mailer.smtp import Postman, SmtpSettings
from tests.daemon.office import CARE, SERVICE_MANAGER, Office, complaint, mail
from tests.mailer.inbound import bounced
from tests.servers.smtp import RecordingSmtp


@pytest.fixture
def smtp() -> Iterator[RecordingSmtp]:
    with RecordingSmtp() as server:
        yield server


def send(office: Office, smtp: RecordingSmtp) -> None:
    settings = SmtpSettings(smtp.host, smtp.port, "plain", timeout=60)
    with closing(Outbox(office.docket, Postman(settings), office.clock)) as outbox:
        outbox.send_due()


def got(smtp: RecordingSmtp, who: str) -> list[list[str]]:
    """The files of each mail that somebody was sent."""
    return [
        [part.get_filename() or "" for part in one.message.iter_attachments()]
        for one in smtp.mails
        if one.recipients == (who,) or list(one.recipients) == [who]
    ]


def entry(office: Office) -> OutboxEntry:
    (found,) = [
        one for one in office.ledger.outbox_of(office.case().number) if one.recipient == SERVICE_MANAGER
    ]
    return found


def come_back(office: Office, status: str = "5.3.4") -> None:
    office.uidvalidity += 1
    office.receive(bounced.postfix(entry(office).message_id, SERVICE_MANAGER, status=status))


@pytest.fixture
def told(office: Office, smtp: RecordingSmtp) -> Office:
    office.receive(mail(files={"f.xlsx": complaint()}))
    send(office, smtp)
    (files,) = got(smtp, SERVICE_MANAGER)
    assert files, "a notice encloses the form to fill in"
    return office


@pytest.mark.parametrize("status", ["5.3.4", "5.2.3"])
def test_it_leaves_once_more_without_its_files_and_its_reader_counts_as_reached(
    told: Office, smtp: RecordingSmtp, status: str
) -> None:
    told.clock.forward(minutes=3)
    come_back(told, status)
    assert entry(told).accepted_at is None, "his time does not run meanwhile"
    assert told.ledger.unreached(told.clock.now()) == []
    send(told, smtp)
    first, lighter = got(smtp, SERVICE_MANAGER)
    assert (bool(first), lighter) == (True, [])
    assert entry(told).accepted_at == told.clock.now()
    assert got(smtp, CARE) == [], "there is nothing to tell"


def test_one_that_comes_back_a_second_time_is_lost(told: Office, smtp: RecordingSmtp) -> None:
    come_back(told)
    send(told, smtp)
    come_back(told)
    assert entry(told).state is OutboxState.BOUNCED
    assert [one.email for one in told.ledger.unreached(told.clock.now())] == [SERVICE_MANAGER]
    send(told, smtp)
    assert (len(got(smtp, SERVICE_MANAGER)), len(got(smtp, CARE))) == (2, 1)


def test_what_two_servers_say_of_one_mail_sends_it_once_more(told: Office, smtp: RecordingSmtp) -> None:
    come_back(told)
    come_back(told)
    send(told, smtp)
    assert len(got(smtp, SERVICE_MANAGER)) == 2
    assert entry(told).state is OutboxState.SENT


def test_another_reason_sends_nothing_again(told: Office, smtp: RecordingSmtp) -> None:
    come_back(told, "5.2.2")
    assert entry(told).state is OutboxState.BOUNCED
    send(told, smtp)
    assert len(got(smtp, SERVICE_MANAGER)) == 1


def test_an_old_or_forged_bounce_sends_nothing_again(told: Office, smtp: RecordingSmtp) -> None:
    told.clock.forward(days=15)
    come_back(told)
    told.receive(bounced.postfix("<0@elsewhere.example>", SERVICE_MANAGER, status="5.3.4"))
    assert entry(told).state is OutboxState.SENT


def test_the_second_one_outlives_a_restart(told: Office, smtp: RecordingSmtp) -> None:
    come_back(told)
    told.ledger.outbox_free(told.clock.now() + timedelta(seconds=1))
    send(told, smtp)
    assert got(smtp, SERVICE_MANAGER)[1:] == [[]]
