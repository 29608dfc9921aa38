"""Channels survive their own failures and nobody else's; what the loop does beside them survives, too."""

import dataclasses
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.arriving import Arrived
from daemon.bell import Bell, Bells
from daemon.bootstrap import House, build
from daemon.channel import Channel
from daemon.cli.service import _reload
from daemon.fetching import Fetching
from daemon.ledger import LedgerUnavailable, MailState
from daemon.loop import Loop, forgotten, run_once
from daemon.outbox import Outbox
from mailer.inbox import RawMail
from mailer.smtp import Postman, SmtpSettings
from tests.daemon.office import (
    CARE,
    NINE,
    STAFF,
    STRANGER,
    Office,
    complaint,
    mail,
    to,
)
from tests.daemon.test_lapses import UNDECIDABLE, case_under
from tests.guards import PATIENCE
from tests.servers.loopback import free_port
from tests.servers.smtp import RecordingSmtp

# ---------------------------------------------------------------- bells and channels


def test_a_bell_rung_while_nobody_waits_is_remembered_once() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    assert bell.wait(0)
    assert not bell.wait(0)


def test_ringing_out_wakes_everybody_for_good() -> None:
    bells = Bells()
    bells.ring_out()
    assert bells.stop.is_set()
    assert all(bell.wait(0) for bell in (bells.lapses, bells.outbox, bells.workbook))


def run(channel: Channel, stop: threading.Event, until: threading.Event) -> None:
    channel.start()
    assert until.wait(PATIENCE)
    stop.set()
    channel.join(PATIENCE)
    assert not channel.is_alive()


def test_a_channel_works_on_after_a_failure_and_recovers_in_between() -> None:
    stop, twice = threading.Event(), threading.Event()
    told: list[str] = []

    def work() -> None:
        told.append("work")
        if len(told) == 1:
            raise RuntimeError("the server hung up")
        twice.set()
        stop.wait(PATIENCE)

    run(Channel("test", work, stop, lambda: told.append("recover")), stop, twice)
    assert told[:3] == ["work", "recover", "work"]
    assert told[-1] == "recover", "it hangs up when it ends"


def test_a_recovery_that_fails_ends_no_channel() -> None:
    stop, twice = threading.Event(), threading.Event()
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("first")
        twice.set()
        stop.wait(PATIENCE)

    def recover() -> None:
        raise OSError("nor can it hang up")

    run(Channel("test", work, stop, recover), stop, twice)


def test_a_stop_ends_a_pause_after_a_failure_at_once() -> None:
    stop, failed = threading.Event(), threading.Event()

    def work() -> None:
        failed.set()
        raise RuntimeError("always")

    channel = Channel("test", work, stop)
    channel.failures = 9  # the next pause would be longer than anybody here waits
    run(channel, stop, failed)


# ---------------------------------------------------------------- what is done until it is time to go home


class _Shift:
    """Says that it is time to go home after so many looks at the clock."""

    def __init__(self, looks: int) -> None:
        self._left = looks

    def __call__(self) -> bool:
        self._left -= 1
        return self._left < 0


def test_a_stop_leaves_the_mails_that_were_not_tried_for_the_next_start(office: Office) -> None:
    with RecordingSmtp() as smtp:
        outbox = Outbox(office.docket, Postman(SmtpSettings(smtp.host, smtp.port, "plain")), office.clock)
        office.receive(mail(files={"f.xlsx": complaint()}))
        assert outbox.send_due(_Shift(2)) == 1
        assert outbox.send_due() == 2, "no lease is to be waited for"
        outbox.close()
        assert len({str(one.message["Message-ID"]) for one in smtp.mails}) == 3


def test_a_stop_leaves_messages_and_deadlines_for_the_next_start(office: Office) -> None:
    for number in range(4):
        office.put_in(mail(files={"f.xlsx": complaint(customer_phone=f"0900-000-00{number}")}))
    assert office.intake.take_waiting(lambda: True) == 0
    assert office.intake.take_waiting() == 4
    office.clock.forward(hours=2)
    assert office.lapses.run_due(lambda: True) == 0
    assert office.lapses.run_due() == 4


# ---------------------------------------------------------------- beside the channels


@pytest.fixture
def house(office: Office) -> Iterator[House]:
    office.ledger.close()
    built = build(office.site, clock=office.clock)
    yield built
    built.close()


def test_the_audit_names_an_open_case_without_a_deadline_and_no_broken_one_stops_it(
    office: Office, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    office.ledger = house.ledger
    office.docket = house.docket
    case_under(office, UNDECIDABLE["no TOML"])
    office.__post_init__()
    office.opened()
    with caplog.at_level(logging.ERROR):
        assert forgotten(house) == []
        Loop(house)._audit()
    assert "KS-20261123-900" in caplog.text


def test_a_reload_that_fails_in_the_ledger_leaves_the_old_people(
    office: Office, house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def adopt(_: object) -> None:
        raise LedgerUnavailable("the disk is full")

    monkeypatch.setattr(house.docket, "adopt", adopt)
    _reload(house, office.folder / "config.toml")
    assert "the disk is full" in caplog.text


@pytest.mark.parametrize("change", [('site = "main"', 'site = "other"'), ("kesu.db", "another.db")])
def test_a_reload_goes_on_under_no_other_name_and_beside_no_other_ledger(
    office: Office, house: House, caplog: pytest.LogCaptureFixture, change: tuple[str, str]
) -> None:
    path, before = office.folder / "config.toml", house.docket.site
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    _reload(house, path)
    assert "stays what it is while kesu runs" in caplog.text
    assert house.docket.site is before


def test_one_pass_tries_everything_although_the_servers_are_down(
    office: Office, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = dataclasses.replace(
        house,
        outbox=Outbox(house.docket, Postman(SmtpSettings("127.0.0.1", free_port(), "plain")), office.clock),
    )
    assert not run_once(house)
    assert (office.folder / "master.xlsx").exists()


# ---------------------------------------------------------------- a message too large to be fetched whole


def fetched_head_of(office: Office, message: bytes) -> None:
    """Store what the inbox gives of a message over its size limit: the header."""
    fetching = Fetching(office.docket, office.intake, None, office.clock)  # type: ignore[arg-type]
    head = message[: message.index(b"\r\n\r\n")]
    raw = RawMail("INBOX", 7, 99, head, NINE + timedelta(seconds=1), size=60 * 2**20, truncated=True)
    fetching._store([Arrived.ready(raw)])
    office.intake.take_waiting()


def test_a_message_too_large_is_quarantined_and_its_sender_and_customer_care_are_told(
    office: Office,
) -> None:
    fetched_head_of(office, mail(subject="客訴與影片", files={"f.xlsx": complaint()}).as_bytes())
    (settled,) = office.ledger.quarantine()
    assert (settled.state, settled.target_folder) == (MailState.QUARANTINED, "Quarantine")
    assert "larger" in settled.reason
    posted = office.post()
    (sender,), (care,) = to(posted, STAFF), to(posted, CARE)
    assert "過大" in sender.text
    assert "客訴與影片" in care.text
    assert sorted(sender.enclosures) == ["售後客戶抱怨單.xlsx", "銷售客戶抱怨單.xlsx"]


def test_a_strangers_message_too_large_gets_no_answer(office: Office) -> None:
    fetched_head_of(office, mail(STRANGER).as_bytes())
    assert [one.to for one in office.post()] == [CARE]


def test_the_sites_files_stay_in_their_folder(office: Office, tmp_path: Path) -> None:
    office.opened()
    office.workbook.round()
    names = {path.name for path in tmp_path.iterdir() if not path.name.startswith("kesu.db")}
    assert names == {"config.toml", "master.xlsx", "master-live.xlsx", "master.html"}
