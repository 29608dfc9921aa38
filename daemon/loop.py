"""The running daemon: its channels on threads of their own, a ticker for periodic work, and signals."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import schedule

from daemon.alarms import EVERY as ALARMS_EVERY
from daemon.bell import Bell, Stopped, never
from daemon.bootstrap import House
from daemon.channel import Channel
from daemon.docket import Docket
from daemon.doubts import EVERY
from daemon.health import MAILBOX
from daemon.ledger import LedgerError
from mailer.inbox import MailboxUnavailable
from rules.case import Case
from rules.deadlines import deadlines

log = logging.getLogger("kesu.loop")

FIRST_INTAKE_SECONDS = (
    10.0  # how long lapses wait at the start for reports that came in time during an outage
)
STOP_SECONDS = 4.0
WORKBOOK_PAUSE = 0.2  # lets the rows of a burst come together


class Loop:
    """Runs a house until it is asked to stop."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._bells = house.bells
        self._first_intake = threading.Event()
        self._ticker = schedule.Scheduler()
        self._reload_asked = threading.Event()
        self.reload: Callable[[], None] = lambda: None
        self.channels = [
            self._channel("intake", self._intake, house.fetching.hang_up),
            self._channel("lapses", self._lapses),
            self._channel("outbox", self._outbox, house.outbox.close),
            self._channel("doubts", self._doubts),
            self._channel("alarms", self._alarms),
            self._channel("workbook", self._workbook),
            self._channel("jobs", self._jobs),
            self._channel("attachments", self._attachments),
        ]

    def run(self) -> bool:
        """Run until SIGTERM or SIGINT (or `stop`), SIGHUP reloads; tell whether every channel ended in time."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stopped)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._reloaded)
        self.start()
        log.info("running site=%s", self._house.site.config.daemon.site)
        while not self._bells.stop.wait(1.0):
            self._ticker.run_pending()
            if self._reload_asked.is_set():
                self._reload_asked.clear()
                self.reload()
        return self.join()

    def start(self) -> None:
        """Start the channels and the ticker."""
        self._ticker.every(5).seconds.do(self._bells.changed)
        self._ticker.every(1).minutes.do(self._bells.jobs.ring)
        self._ticker.every(10).minutes.do(self._audit)
        for channel in self.channels:
            channel.start()
        self._house.watch.channels = self.channels

    def stop(self) -> None:
        """Ask everybody to stop."""
        self._bells.ring_out()

    def join(self) -> bool:
        """Wait for the channels, as long as a clean stop allows; tell whether all have ended."""
        deadline = time.monotonic() + STOP_SECONDS
        for channel in self.channels:
            channel.join(max(0.0, deadline - time.monotonic()))
        slow = [channel.name for channel in self.channels if channel.is_alive()]
        log.info("stopped%s", f", leaving {', '.join(slow)}" if slow else "")
        return not slow

    def _channel(
        self, name: str, work: Callable[[], None], recover: Callable[[], None] = lambda: None
    ) -> Channel:
        return Channel(name, work, self._bells.stop, recover)

    def _stopped(self, number: int, _frame: FrameType | None) -> None:
        log.info("signal %s: stopping", signal.Signals(number).name)
        self.stop()

    def _reloaded(self, _number: int, _frame: FrameType | None) -> None:
        self._reload_asked.set()

    # ------------------------------------------------------------ the channels

    def _intake(self) -> None:
        try:
            if fetch(self._house, self._bells.stop.is_set):
                self._bells.changed()
        finally:
            self._first_intake.set()
        self._house.fetching.wait(self._bells.stop)

    def _lapses(self) -> None:
        self._first_intake.wait(FIRST_INTAKE_SECONDS)
        self._house.lapses.run_due(self._bells.stop.is_set)
        self._wait(self._bells.lapses, self._house.lapses.seconds_to_next())

    def _outbox(self) -> None:
        self._house.outbox.send_due(self._bells.stop.is_set)
        self._wait(self._bells.outbox, self._house.outbox.seconds_to_next())

    def _alarms(self) -> None:
        self._house.alarms.round()
        self._house.short_notices.round()
        self._bells.stop.wait(ALARMS_EVERY)

    def _doubts(self) -> None:
        self._house.doubts.round()
        self._bells.stop.wait(EVERY)

    def _workbook(self) -> None:
        self._house.workbook.round()
        self._wait(self._bells.workbook, 60.0)
        self._bells.stop.wait(WORKBOOK_PAUSE)

    def _jobs(self) -> None:
        self._first_intake.wait(
            FIRST_INTAKE_SECONDS
        )  # what came in during an outage belongs into today's mails
        self._house.jobs.run_due(self._bells.stop.is_set)
        self._wait(self._bells.jobs, 60.0)

    def _attachments(self) -> None:
        self._house.filing.round(self._bells.stop.is_set)
        self._wait(self._bells.attachments, 60.0)

    def _wait(self, bell: Bell, seconds: float) -> None:
        if not self._bells.stop.is_set():
            bell.wait(seconds)

    def _audit(self) -> None:
        """Say loudly if an open case has nothing to come: it would be forgotten."""
        with suppress(LedgerError):
            for number in forgotten(self._house):
                log.error("case %s is open and has no deadline", number)


def forgotten(house: House) -> list[str]:
    """Return the open cases that no deadline will ever wake."""
    return [case.number for case in house.ledger.cases(open_only=True) if _is_forgotten(case, house.docket)]


def _is_forgotten(case: Case, docket: Docket) -> bool:
    try:
        return not deadlines(case, docket.site_of(case).policy)
    except Exception:
        log.exception("case %s cannot be decided on", case.number)
        return False


def fetch(house: House, stopped: Stopped = never) -> int:
    """Take in what the mailbox holds, and say whether it can be read; return how many messages came."""
    try:
        taken = house.fetching.round(stopped)
    except MailboxUnavailable as error:
        house.health.ill(MAILBOX, error.reason, permanent=error.permanent)
        raise
    house.health.well(MAILBOX)
    return taken


def run_once(house: House) -> bool:
    """Do everything that is due now, once: intake, lapses, workbook, jobs, outbox. Tell whether all of it worked."""
    steps: list[tuple[str, Callable[[], object]]] = [
        ("intake", lambda: fetch(house)),
        ("lapses", house.lapses.run_due),
        ("workbook", house.workbook.round),
        ("jobs", house.jobs.run_due),
        ("attachments", house.filing.round),
        ("doubts", house.doubts.round),
        ("outbox", house.outbox.send_due),
        ("alarms", house.alarms.round),
        ("notices", house.short_notices.round),
    ]
    outcomes = [_attempt(name, step) for name, step in steps]  # each is tried, whatever the others came to
    return all(outcomes)


def _attempt(name: str, step: Callable[[], object]) -> bool:
    try:
        return step() is not False
    except (MailboxUnavailable, LedgerError, OSError) as error:
        log.error("%s: %s", name, error)
        return False
