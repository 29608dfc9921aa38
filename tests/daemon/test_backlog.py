"""A morning's backlog: fetched, read and taken in at the same time, each message once and in its order."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from daemon import ahead, fetching
from daemon.fetching import Fetching
from daemon.intake import intake
from daemon.ledger import Entry, LedgerUnavailable
from mailer.inbox import Inbox, MailboxUnavailable
from tests.daemon.office import MAILBOX, Office, complaint, mail
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.mailbox import settings_for

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="dovecot is not installed (apt-get install dovecot-imapd)"
)
PASSWORD = "secret"
FORMS = 30


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    """A mailbox with a form of each of thirty customers."""
    with Dovecot({MAILBOX: PASSWORD}) as server:
        for number in range(FORMS):
            own = {"customer_phone": f"0900{number:06}", "plate_no": f"B-{number:04}", "vin": None}
            form = complaint(customer_name=f"客戶{number:02}", **own)
            server.deliver(MAILBOX, mail(files={f"{number}.xlsx": form}).as_bytes())
        yield server


@pytest.fixture
def fetch(office: Office, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetching]:
    """What fetches, with bounds so small that the backlog reaches all of them."""
    for module, bound, small in (
        (fetching, "BATCH", 7),
        (intake, "PAGE", 3),
        (intake, "TOGETHER", 4),
        (ahead, "THINGS", 5),
        (ahead, "IN_LINE", 2),
    ):
        monkeypatch.setattr(module, bound, small)
    settings = settings_for("127.0.0.1", dovecot.port)
    opened = Fetching(office.docket, office.intake, settings, office.clock)
    yield opened
    opened.hang_up()


def customers(office: Office) -> list[str]:
    """The customers of all cases in the order of their numbers."""
    return [str(case.facts["customer_name"]) for case in sorted(office.cases(), key=lambda case: case.number)]


ALL = [f"客戶{number:02}" for number in range(FORMS)]


def test_every_message_of_a_backlog_is_taken_once_and_in_its_order(
    office: Office, dovecot: Dovecot, fetch: Fetching
) -> None:
    assert fetch.round() == FORMS
    assert customers(office) == ALL
    assert len(dovecot.messages(MAILBOX, "Processed")) == FORMS
    assert fetch.round() == 0


def test_a_connection_lost_on_the_way_costs_nothing_of_what_came_before(
    office: Office, dovecot: Dovecot, fetch: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, asked = Inbox._fetch_group, count(1)

    def breaking(self: Inbox, *group: Any) -> Any:
        if next(asked) == 3:
            dovecot.kill()
        return whole(self, *group)

    monkeypatch.setattr(Inbox, "_fetch_group", breaking)
    with pytest.raises(MailboxUnavailable):
        fetch.round()
    assert customers(office) == ALL[:14], "two batches came, and are taken in although the third is lost"
    assert office.ledger.received_mail(1) == []
    fetch.hang_up()
    dovecot.start()
    assert fetch.round() == FORMS - 14
    assert customers(office) == ALL
    assert len(dovecot.messages(MAILBOX, "Processed")) == FORMS


def test_a_ledger_that_fails_on_the_way_loses_and_doubles_nothing(
    office: Office, dovecot: Dovecot, fetch: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, asked = Entry.finish, count(1)

    def full(self: Entry) -> None:
        if next(asked) == 4:
            raise LedgerUnavailable("the disk is full")
        whole(self)

    with monkeypatch.context() as broken:
        broken.setattr(Entry, "finish", full)
        with pytest.raises(LedgerUnavailable):
            fetch.round()
    assert len(customers(office)) < FORMS
    fetch.round()
    assert customers(office) == ALL
    assert len(dovecot.messages(MAILBOX, "Processed")) == FORMS


def test_a_stop_on_the_way_leaves_the_rest_for_the_next_start(
    office: Office, dovecot: Dovecot, fetch: Fetching
) -> None:
    asked = count()
    fetch.round(lambda: next(asked) >= 3)
    assert 0 < len(customers(office)) < FORMS
    fetch.round()
    assert customers(office) == ALL
    assert len(dovecot.messages(MAILBOX, "Processed")) == FORMS
