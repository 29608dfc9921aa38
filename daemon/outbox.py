"""The channel that sends: each mail with its own state, a stuck one delays nothing else."""

import logging
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from daemon.bell import Stopped, never
from daemon.clock import Clock
from daemon.docket import Docket
from daemon.ledger import QueuedMail
from daemon.letters import letter_of
from mailer.compose import AddressError, compose
from mailer.smtp import Postman, TransportError, retry_delay

log = logging.getLogger("kesu.outbox")

_RANDOM = random.SystemRandom()
LEASE = timedelta(minutes=5)
BATCH = 20
LONGEST_SLEEP = 60.0
GIVE_UP_AFTER = 40  # tries of a mail; at half an hour each that is most of a day


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


class Outbox:
    """Sends what the ledger has queued."""

    def __init__(self, docket: Docket, postman: Postman, clock: Clock, copies: Copies | None = None) -> None:
        self._docket = docket
        self._postman = postman
        self._clock = clock
        self._copies = copies

    def send_due(self, stopped: Stopped = never) -> int:
        """Try every mail whose time has come, until `stopped`; return how many were accepted."""
        sent = 0
        while not stopped() and (mails := self._docket.ledger.outbox_lease(self._clock.now(), LEASE, BATCH)):
            for mail in mails:
                if stopped():
                    self._put_back(mail)
                else:
                    sent += self._send(mail)
        return sent

    def seconds_to_next(self) -> float:
        """Return how long there is nothing to send, in seconds."""
        now = self._clock.now()
        upcoming = self._docket.ledger.outbox_next(now)
        return (
            LONGEST_SLEEP
            if upcoming is None
            else min(LONGEST_SLEEP, max(0.0, (upcoming - now).total_seconds()))
        )

    def close(self) -> None:
        """Hang up."""
        self._postman.close()

    def _send(self, mail: QueuedMail) -> bool:
        now = self._clock.now()
        try:
            letter = letter_of(self._docket.order_of(mail), mail.message_id, self._docket.site)
            message = compose(letter, now)
            message["X-Kesu-Template"] = mail.template  # lets people sort their mail by rule
        except AddressError as error:
            self._put_off(mail, str(error), now, permanent=True)
            return False
        except Exception as error:
            log.exception("mail %d cannot be composed", mail.id)
            self._put_off(mail, f"cannot be composed: {error}", now, permanent=False)
            return False
        try:
            reply = self._postman.send(message, mail.recipient)
        except TransportError as error:
            self._put_off(mail, str(error), now, permanent=error.permanent, uncertain=error.uncertain)
            return False
        self._docket.ledger.outbox_sent(mail.id, self._clock.now(), reply)
        log.info("sent mail=%d template=%s case=%s", mail.id, mail.template, mail.case_number)
        if self._copies is not None:
            self._copies.keep(mail.id, message.as_bytes())
        return True

    def _put_back(self, mail: QueuedMail) -> None:
        """Leave a leased mail for the next start, which need not wait for the lease to end."""
        self._docket.ledger.outbox_retry(mail.id, self._clock.now(), "the daemon stopped before its turn")

    def _put_off(
        self, mail: QueuedMail, reason: str, now: datetime, *, permanent: bool, uncertain: bool = False
    ) -> None:
        if permanent or mail.attempts >= GIVE_UP_AFTER:
            log.error("mail %d to a %s reader is given up: %s", mail.id, mail.template, reason)
            self._docket.undeliverable(mail, reason, now)  # before it counts as given up: a crash repeats it
            self._docket.ledger.outbox_failed(mail.id, reason, now)
            return
        delay = retry_delay(mail.attempts, _RANDOM.random())
        log.warning("mail %d waits %ds: %s", mail.id, delay.total_seconds(), reason)
        self._docket.ledger.outbox_retry(mail.id, now + delay, reason, uncertain=uncertain)
