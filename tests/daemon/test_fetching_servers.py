"""The intake's round on servers other than Dovecot: fetched, taken in, filed where the server keeps its folders."""

from collections.abc import Iterator

import pytest

from daemon.fetching import COMPARE_EVERY, Fetching
from tests.daemon.office import MAILBOX, Office, complaint, mail
from tests.servers import courier, cyrus, unpacked
from tests.servers.courier import Courier
from tests.servers.cyrus import Cyrus
from tests.servers.mailbox import settings_for

SERVERS = [
    pytest.param(
        Cyrus,
        marks=pytest.mark.skipif(cyrus.PROGRAM is None, reason=f"Cyrus is {unpacked.WHY_NOT}"),
        id="cyrus",
    ),
    pytest.param(
        Courier,
        marks=pytest.mark.skipif(courier.PROGRAM is None, reason=f"Courier is {courier.WHY_NOT}"),
        id="courier",
    ),
]


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Cyrus | Courier]:
    with request.param({MAILBOX: "secret"}) as running:
        yield running


def test_a_form_is_taken_and_filed_under_the_servers_prefix(office: Office, server: Cyrus | Courier) -> None:
    settings = settings_for(server.host, server.port, quarantine_folder="隔離")
    server.deliver(MAILBOX, mail(files={"form.xlsx": complaint()}).as_bytes())
    server.deliver(MAILBOX, mail("stranger@elsewhere.example").as_bytes())
    fetching = Fetching(office.docket, office.intake, settings, office.clock)

    fetched = [fetching.round() for _ in range(COMPARE_EVERY + 1)]
    fetching.hang_up()

    assert fetched == [2] + [0] * COMPARE_EVERY
    assert len(office.cases()) == 1
    assert server.messages(MAILBOX) == []
    assert len(server.messages(MAILBOX, "INBOX.Processed")) == 1
