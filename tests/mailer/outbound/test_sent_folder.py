"""What stands in the Sent folder was accepted: found by its Message-ID on a real Dovecot, whatever lies around it."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from mailer.inbox import MailboxSettings, MailboxUnavailable
from mailer.sent import SentFolder
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.mailbox import settings_for

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="dovecot is not installed")
USER = "complaints@example.com"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SENT = "已发送"
_MARKED = """
namespace inbox {
  mailbox "已发送" {
    special_use = \\Sent
    auto = create
  }
}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with Dovecot({USER: "secret", "plain@example.com": "secret"}, settings=_MARKED) as running:
        yield running


@pytest.fixture(autouse=True)
def empty(server: Dovecot) -> Iterator[None]:
    server.deliver(USER, b"Subject: what came in\r\n\r\n")  # makes the mailbox
    yield
    server.kill()
    shutil.rmtree(server.maildir(USER), ignore_errors=True)
    server.start()


def settings(server: Dovecot, port: int = 0) -> MailboxSettings:
    return settings_for(server.host, port or server.port)


def file_sent(
    server: Dovecot, message_id: str, at: datetime = NOW, *, folder: str = SENT, more: str = ""
) -> None:
    raw = f"From: {USER}\r\nMessage-ID: {message_id}\r\n{more}Subject: x\r\n\r\nbody <not-me@example.com>\r\n"
    server.deliver(USER, raw.encode(), folder, received_at=at)


def look(server: Dovecot, *ids: str, since: datetime = NOW, folder: str = "") -> dict[str, datetime]:
    return SentFolder(settings(server), folder).find(dict.fromkeys(ids, since))


def test_a_mail_that_was_accepted_is_found_with_the_time_it_was_filed(server: Dovecot) -> None:
    file_sent(server, "<a@example.com>", NOW + timedelta(seconds=3))
    found = look(server, "<a@example.com>", "<b@example.com>")
    assert found == {"<a@example.com>": NOW + timedelta(seconds=3)}


def test_the_folder_is_known_by_its_mark_whatever_its_name(server: Dovecot) -> None:
    assert SentFolder(settings(server)).name() == SENT


def test_a_folder_can_be_named_instead(server: Dovecot) -> None:
    file_sent(server, "<a@example.com>", folder="Archive")
    assert look(server, "<a@example.com>") == {}
    assert list(look(server, "<a@example.com>", folder="Archive")) == ["<a@example.com>"]


def test_a_named_folder_that_is_not_there_is_a_fault_and_not_an_empty_one(server: Dovecot) -> None:
    with pytest.raises(MailboxUnavailable) as missing:
        look(server, "<a@example.com>", folder="Nowhere")
    assert missing.value.permanent


@pytest.mark.parametrize("header", ["X-Kesu-Message-ID", "X-Google-Original-Message-ID"])
def test_a_mail_whose_message_id_the_provider_rewrote_is_found_all_the_same(
    server: Dovecot, header: str
) -> None:
    file_sent(server, "<rewritten@provider.example>", more=f"{header}:\r\n <a@example.com>\r\n")
    assert list(look(server, "<a@example.com>")) == ["<a@example.com>"]


def test_what_only_quotes_the_id_is_not_taken_for_the_mail(server: Dovecot) -> None:
    file_sent(
        server, "<other@example.com>", more="In-Reply-To: <a@example.com>\r\nReferences: <a@example.com>\r\n"
    )
    assert look(server, "<a@example.com>", "<not-me@example.com>") == {}


def test_it_is_found_behind_hundreds_of_newer_ones_and_not_sought_among_years_of_old_ones(
    server: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.sent._AT_ONCE", 20)
    for number in range(60):
        file_sent(server, f"<old-{number}@example.com>", NOW - timedelta(days=400))
    file_sent(server, "<a@example.com>", NOW)
    for number in range(50):
        file_sent(server, f"<new-{number}@example.com>", NOW + timedelta(minutes=1))
    assert list(look(server, "<a@example.com>")) == ["<a@example.com>"]
    assert look(server, "<old-1@example.com>") == {}, (
        "what was filed long before the mail existed is not read"
    )


def test_nothing_is_marked_as_read_by_looking(server: Dovecot) -> None:
    file_sent(server, "<a@example.com>")
    look(server, "<a@example.com>")
    assert server.flags(USER, SENT) == [""]


def test_an_account_without_such_a_folder_tells_nothing() -> None:
    with Dovecot({USER: "secret"}) as bare:
        bare.deliver(USER, b"Subject: what came in\r\n\r\n")
        bare.deliver(USER, b"Message-ID: <a@example.com>\r\n\r\n", "Sent", received_at=NOW)
        assert look(bare, "<a@example.com>") == {}
        assert SentFolder(settings(bare)).name() == ""


def test_a_mailbox_that_cannot_be_reached_is_no_answer(server: Dovecot) -> None:
    with pytest.raises(MailboxUnavailable):
        SentFolder(settings(server, port=9)).find({"<a@example.com>": NOW})
