"""One daemon to a ledger, and what a daemon that was killed had in hand is free at once."""

import subprocess
import sys
from datetime import timedelta
from threading import Timer

import pytest

from daemon.alone import Alone
from daemon.bootstrap import build
from daemon.errors import ConfigurationError
from daemon.ledger import OutboxState
from daemon.outbox import LEASE
from tests.daemon.office import Office, complaint, mail

HOLDER = """
import sys
from pathlib import Path
from daemon.alone import Alone
alone = Alone(Path(sys.argv[1]))
alone.hold()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_daemon_on_the_same_ledger_is_refused_and_lets_go_of_it(office: Office) -> None:
    alone = Alone(office.ledger.path)
    alone.hold()
    with pytest.raises(ConfigurationError, match="another kesu is running"):
        build(office.site, clock=office.clock)
    alone.release()
    build(office.site, clock=office.clock).close()


def test_a_daemon_that_starts_beside_a_command_waits_for_its_end(office: Office) -> None:
    command = [sys.executable, "-c", HOLDER, str(office.ledger.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        Timer(0.5, other.stdin.close).start()
        build(office.site, clock=office.clock).close()


def test_a_killed_daemon_holds_nothing(office: Office) -> None:
    command = [sys.executable, "-c", HOLDER, str(office.ledger.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ConfigurationError):
            Alone(office.ledger.path).hold()
        other.kill()
        other.wait()
        alone = Alone(office.ledger.path)
        alone.hold()
        alone.release()


def test_mails_that_a_killed_daemon_had_in_hand_are_free_at_the_next_start(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    taken = office.ledger.outbox_lease(office.clock.now(), LEASE, 100)
    assert taken
    assert office.ledger.outbox_lease(office.clock.now() + LEASE - timedelta(seconds=1), LEASE, 100) == []
    build(office.site, clock=office.clock).close()
    again = office.ledger.outbox_lease(office.clock.now(), LEASE, 100)
    assert [one.message_id for one in again] == [one.message_id for one in taken]
    assert all(one.uncertain for one in again), (
        "they may have left: only their own Message-ID may be used again"
    )
    assert office.ledger.outbox_counts()[OutboxState.SENDING] == len(taken)
