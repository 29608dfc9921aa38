"""The channel that sends: each mail with its own state, a stuck one delays nothing else.

Two kinds of failure are kept apart. A mail that is refused waits by itself and is given up in the end. When no mail can
be sent (no connection, no login, the provider's limit reached) the whole outbox pauses, and nothing is ever given up.
"""

import logging
import random
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from daemon.bell import Stopped, never
from daemon.clock import Clock
from daemon.docket import Docket
from daemon.ledger import QueuedMail
from mailer.compose import AddressError, compose
from mailer.smtp import Postman, TransportError, retry_delay

log = logging.getLogger("kesu.outbox")

_RANDOM = random.SystemRandom()
LEASE = timedelta(minutes=5)
BATCH = 20
LONGEST_SLEEP = 60.0
GIVE_UP_AFTER = 40  # refusals of a mail; at half an hour each that is most of a day
BEHIND = timedelta(seconds=1)  # after a pause the mail it began with lets the others go first
LONGEST_PAUSE = timedelta(minutes=30)


class Copies(Protocol):
    """Keeps what was sent, for whoever wants to look (the demo)."""

    def keep(self, number: int, message: bytes) -> None:
        """Keep one mail as it left."""


class Folder:
    """Keeps every mail that left as an .eml file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, number: int, message: bytes) -> None:
        """Write `message` beside the others."""
        self._path.mkdir(parents=True, exist_ok=True)
        (self._path / f"{number:04}.eml").write_bytes(message)


class Pause:
    """How long nothing is sent because nothing can be: longer with every failure, over with the first success."""

    def __init__(self) -> None:
        self._failures = 0
        self._until: datetime | None = None
        self._last: int | None = None

    @property
    def doubtful(self) -> bool:
        """Whether the last try failed, so that the next one is made with a single mail."""
        return self._failures > 0

    def begin(self, now: datetime, mail_id: int) -> timedelta:
        """Pause from now on; return for how long. The same mail again proves no more of the server than once."""
        if mail_id != self._last:
            self._failures += 1
        self._last = mail_id
        length = retry_delay(self._failures, _RANDOM.random())
        self._until = now + length
        return length

    def end(self) -> None:
        """The server takes mail, or speaks about single ones."""
        self._failures, self._until, self._last = 0, None, None

    def left(self, now: datetime) -> timedelta:
        """Return how much is left; nothing of a pause that a clock put back would make endless."""
        left = timedelta() if self._until is None else self._until - now
        return left if timedelta() < left <= LONGEST_PAUSE else timedelta()


class Outbox:
    """Sends what the ledger has queued."""

    def __init__(self, docket: Docket, postman: Postman, clock: Clock, copies: Copies | None = None) -> None:
        self._docket = docket
        self._postman = postman
        self._clock = clock
        self._copies = copies
        self._pause = Pause()
        self._refusals: Counter[int] = (
            Counter()
        )  # of each waiting mail, since the start: better a try too many

    def send_due(self, stopped: Stopped = never) -> int:
        """Try every mail whose time has come, until `stopped` or none can be sent; return how many were accepted."""
        sent = 0
        while not stopped() and (mails := self._lease()):
            for mail in mails:
                if stopped():
                    self._put_back(mail, "the daemon stopped before its turn")
                elif self._is_paused():
                    self._put_back(mail, "the server takes no mail at present")
                else:
                    sent += self._send(mail)
        return sent

    def seconds_to_next(self) -> float:
        """Return how long there is nothing to send, in seconds."""
        now = self._clock.now()
        upcoming = self._docket.ledger.outbox_next(now)
        if upcoming is None:
            return LONGEST_SLEEP
        wait = max(upcoming - now, self._pause.left(now))
        return min(LONGEST_SLEEP, max(0.0, wait.total_seconds()))

    def _is_paused(self) -> bool:
        return self._pause.left(self._clock.now()) > timedelta()

    def _lease(self) -> list[QueuedMail]:
        if self._is_paused():
            return []
        self._docket.gather(self._clock.now())
        return self._docket.ledger.outbox_lease(
            self._clock.now(), LEASE, 1 if self._pause.doubtful else BATCH
        )

    def close(self) -> None:
        """Hang up."""
        self._postman.close()

    def _send(self, mail: QueuedMail) -> bool:
        now = self._clock.now()
        try:
            message = compose(self._docket.letter(mail), now)
            message["X-Kesu-Template"] = mail.template  # lets people sort their mail by rule
        except AddressError as error:
            self._give_up(mail, str(error), now)
            return False
        except Exception as error:
            log.exception("mail %d cannot be composed", mail.id)
            self._put_off(mail, f"cannot be composed: {error}", now)
            return False
        try:
            reply = self._postman.send(message, mail.recipient)
        except TransportError as error:
            self._failed(mail, error)
            return False
        self._pause.end()
        self._refusals.pop(mail.id, None)
        self._docket.ledger.outbox_sent(mail.id, self._clock.now(), reply)
        log.info("sent mail=%d template=%s case=%s", mail.id, mail.template, mail.case_number)
        if self._copies is not None:
            self._copies.keep(mail.id, message.as_bytes())
        return True

    def _put_back(self, mail: QueuedMail, reason: str) -> None:
        """Leave a leased mail for the next start or the end of the pause, which need not wait for the lease to end."""
        self._docket.ledger.outbox_retry(mail.id, self._clock.now(), reason)

    def _failed(self, mail: QueuedMail, error: TransportError) -> None:
        now = self._clock.now()  # a server that hangs may have taken long to fail
        if error.session:
            self._wait_for_server(mail, error, now)
            return
        self._pause.end()
        if error.permanent:
            self._give_up(mail, str(error), now)
        else:
            self._put_off(mail, str(error), now)

    def _wait_for_server(self, mail: QueuedMail, error: TransportError, now: datetime) -> None:
        """Pause everything. If it is this mail all the same that upsets the server, the others pass it meanwhile."""
        pause = self._pause.begin(now, mail.id)
        log.warning("the outbox waits %ds (mail %d): %s", pause.total_seconds(), mail.id, error)
        delay = max(pause + BEHIND, retry_delay(mail.attempts, _RANDOM.random()))
        self._docket.ledger.outbox_retry(mail.id, now + delay, str(error), uncertain=error.uncertain)

    def _put_off(self, mail: QueuedMail, reason: str, now: datetime) -> None:
        """Let a refused mail wait, longer with every refusal, and give it up after too many."""
        self._refusals[mail.id] += 1
        if self._refusals[mail.id] >= GIVE_UP_AFTER:
            self._give_up(mail, reason, now)
            return
        delay = retry_delay(self._refusals[mail.id], _RANDOM.random())
        log.warning("mail %d waits %ds: %s", mail.id, delay.total_seconds(), reason)
        self._docket.ledger.outbox_retry(mail.id, now + delay, reason)

    def _give_up(self, mail: QueuedMail, reason: str, now: datetime) -> None:
        log.error("mail %d to a %s reader is given up: %s", mail.id, mail.template, reason)
        self._docket.undeliverable(mail, reason, now)  # before it counts as given up: a crash repeats it
        self._docket.ledger.outbox_failed(mail.id, reason, now)
        self._refusals.pop(mail.id, None)
