"""The channel that sends: each mail with its own state, a stuck one delays nothing else.

Two kinds of failure are kept apart. A mail that is refused waits by itself and is given up in the end. When no mail can
be sent (no connection, no login, the provider's limit reached) the whole outbox pauses, and nothing is ever given up.
"""

import logging
import random
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from daemon.allowance import Allowance
from daemon.bell import Stopped, never
from daemon.clock import Clock
from daemon.docket import Docket
from daemon.health import CARE, SMTP, Health
from daemon.ledger import WITHOUT_FILES, QueuedMail, Turn
from daemon.urgency import FIRST, LAST
from mailer.compose import AddressError, compose
from mailer.lightening import TooLargeError, fitting, lightest
from mailer.pace import Pace
from mailer.smtp import Postman, TransportError, retry_delay

log = logging.getLogger("kesu.outbox")

_RANDOM = random.SystemRandom()
LEASE = timedelta(minutes=5)
BATCH = 20
LONGEST_SLEEP = 60.0
GIVE_UP_AFTER = 40  # refusals of a mail; at half an hour each that is most of a day
BEHIND = timedelta(seconds=1)  # after a pause the mail it began with lets the others go first
LONGEST_PAUSE = timedelta(minutes=30)
UNLIMITED = Pace()
_OWN_HEADERS = 1000  # bytes, for what is put on a mail after its size was measured


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

    def __init__(
        self,
        docket: Docket,
        postman: Postman,
        clock: Clock,
        copies: Copies | None = None,
        *,
        pace: Pace = UNLIMITED,
        looks_up: bool = False,
        health: Health | None = None,
    ) -> None:
        """Take `pace`, the provider's limits; `looks_up`: mails in doubt are looked up before they come here again."""
        self._docket = docket
        self._postman = postman
        self._clock = clock
        self._copies = copies
        self._allowance = Allowance(docket.ledger, pace)
        self._turn = Turn(first=FIRST, last=LAST, looked_up=looks_up)
        self._health = health or Health()
        self._pause = Pause()
        self._accepted: tuple[int, datetime, str] | None = None  # taken by the server, not written down yet

    def send_due(self, stopped: Stopped = never) -> int:
        """Try every mail whose time has come, until `stopped` or none can be sent; return how many were accepted."""
        sent = 0
        self._note_accepted()
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
        upcoming = self._next(now)
        if upcoming is None:
            return LONGEST_SLEEP
        wait = max(upcoming - now, self._pause.left(now))
        return min(LONGEST_SLEEP, max(0.0, wait.total_seconds()))

    def _next(self, now: datetime) -> datetime | None:
        """Return when something can leave next, as far as the provider's limits are concerned too."""
        waiting = [
            max(upcoming, self._allowance.opens(now, first_only=turn.first_only))
            for turn in (self._turn, replace(self._turn, first_only=True))
            if (upcoming := self._docket.ledger.outbox_next(now, turn)) is not None
        ]
        return min(waiting, default=None)

    def _is_paused(self) -> bool:
        return self._pause.left(self._clock.now()) > timedelta()

    def _lease(self) -> list[QueuedMail]:
        if self._is_paused():
            return []
        now = self._clock.now()
        self._docket.gather(now)
        room, first_only = self._allowance.room(now)
        if not room:
            return []
        turn = replace(self._turn, first_only=first_only)
        return self._docket.ledger.outbox_lease(
            now, LEASE, 1 if self._pause.doubtful else min(BATCH, room), turn
        )

    def close(self) -> None:
        """Hang up."""
        self._postman.close()

    def _send(self, mail: QueuedMail) -> bool:
        now = self._clock.now()
        try:
            message = self._composed(mail, now)
        except (AddressError, TooLargeError) as error:
            self._give_up(mail, str(error), now)
            return False
        except Exception as error:
            log.exception("mail %d cannot be composed", mail.id)
            self._put_off(mail, f"cannot be composed: {type(error).__name__}", now)
            return False
        try:
            reply = self._postman.send(message, mail.recipient)
        except TransportError as error:
            self._failed(mail, error)
            return False
        self._accepted = mail.id, self._clock.now(), reply
        self._pause.end()
        self._health.well(SMTP)
        if self._health.is_ill(CARE) and self._is_care(mail, now):
            self._health.well(CARE)
        self._note_accepted()
        log.info("sent mail=%d template=%s case=%s", mail.id, mail.template, mail.case_number)
        if self._copies is not None:
            self._copies.keep(mail.id, message.as_bytes())
        return True

    def _note_accepted(self) -> None:
        """Write down what the server took, which a full disk may have prevented: else it would be sent again."""
        if self._accepted is not None:
            self._docket.ledger.outbox_sent(*self._accepted)
            self._accepted = None

    def _composed(self, mail: QueuedMail, now: datetime) -> EmailMessage:
        """Return the mail as it is to leave, as large as the server said that it takes it."""
        letter = self._docket.letter(mail)
        if mail.most_bytes is None:
            message = compose(letter, now)
        else:
            bare = mail.most_bytes == WITHOUT_FILES
            fitted = lightest(letter, now) if bare else fitting(letter, now, mail.most_bytes - _OWN_HEADERS)
            message = fitted.message
            log.warning(
                "mail %d leaves without %d of its files: it was too large", mail.id, len(fitted.left_out)
            )
        message["X-Kesu-Template"] = mail.template  # lets people sort their mail by rule
        message["X-Kesu-Message-ID"] = (
            mail.message_id
        )  # by which a copy is found whose Message-ID was rewritten
        return message

    def _is_care(self, mail: QueuedMail, now: datetime) -> bool:
        return mail.recipient.lower() in (person.email.lower() for person in self._docket.care(now))

    def _put_back(self, mail: QueuedMail, reason: str) -> None:
        """Leave a leased mail for the next start or the end of the pause, which need not wait for the lease to end."""
        self._docket.ledger.outbox_retry(mail.id, self._clock.now(), reason)

    def _failed(self, mail: QueuedMail, error: TransportError) -> None:
        now = self._clock.now()  # a server that hangs may have taken long to fail
        if error.session:
            self._wait_for_server(mail, error, now)
            return
        self._pause.end()
        self._health.well(SMTP)
        if error.most_bytes is not None:
            self._lighten(mail, error, error.most_bytes, now)
        elif error.permanent:
            self._give_up(mail, str(error), now)
        else:
            self._put_off(mail, str(error), now)

    def _wait_for_server(self, mail: QueuedMail, error: TransportError, now: datetime) -> None:
        """Pause everything. If it is this mail all the same that upsets the server, the others pass it meanwhile."""
        pause = self._pause.begin(now, mail.id)
        self._health.ill(SMTP, str(error))
        log.warning("the outbox waits %ds (mail %d): %s", pause.total_seconds(), mail.id, error)
        delay = max(pause + BEHIND, retry_delay(mail.attempts, _RANDOM.random()))
        self._docket.ledger.outbox_retry(mail.id, now + delay, str(error), uncertain=error.uncertain)

    def _lighten(self, mail: QueuedMail, error: TransportError, most_bytes: int, now: datetime) -> None:
        """Let a mail that is too large come again at once, without its largest files."""
        log.warning("mail %d is too large: %s", mail.id, error)
        if mail.most_bytes is not None:
            most_bytes = min(
                most_bytes, mail.most_bytes - 1
            )  # each try is smaller, so that there is a last one
        self._docket.ledger.outbox_retry(mail.id, now, str(error), most_bytes=most_bytes)

    def _put_off(self, mail: QueuedMail, reason: str, now: datetime) -> None:
        """Let a refused mail wait, longer with every refusal, and give it up after too many."""
        refusals = mail.refusals + 1
        if refusals >= GIVE_UP_AFTER:
            self._give_up(mail, reason, now)
            return
        delay = retry_delay(refusals, _RANDOM.random())
        log.warning("mail %d waits %ds: %s", mail.id, delay.total_seconds(), reason)
        self._docket.ledger.outbox_retry(mail.id, now + delay, reason, refused=True)

    def _give_up(self, mail: QueuedMail, reason: str, now: datetime) -> None:
        log.error("mail %d to a %s reader is given up: %s", mail.id, mail.template, reason)
        if self._is_care(mail, now):
            self._health.ill(CARE, reason, permanent=True)  # and cannot be told by mail
        self._docket.undeliverable(mail, reason, now)  # before it counts as given up: a crash repeats it
        self._docket.ledger.outbox_failed(mail.id, reason, now)
