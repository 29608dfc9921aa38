"""The channel of doubts: mails that may have left are looked up in the Sent folder before they are sent again.

It has a connection and a thread of its own, so that a slow look holds up no mail that is not in doubt.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from daemon.bell import Bells
from daemon.clock import Clock
from daemon.ledger import InDoubt, Ledger
from mailer.inbox import MailboxUnavailable

log = logging.getLogger("kesu.doubts")

SETTLING = timedelta(seconds=30)  # what a server needs to file a mail whose sender was cut off
PATIENCE = timedelta(minutes=10)  # a notice twice is better than none while the mailbox cannot be reached
EVERY = 10.0  # seconds
REST = timedelta(minutes=1)  # after a look that failed: providers lock accounts that knock too often
_AT_ONCE = 200
_FOUND = "found in the Sent folder"


class Sent(Protocol):
    """Where mails are looked up (`mailer.sent.SentFolder`)."""

    def find(self, wanted: Mapping[str, datetime]) -> dict[str, datetime]:
        """Return when those that stand there were filed, by Message-ID; MailboxUnavailable."""


class Doubts:
    """Settles mails in doubt; where there is nothing to look them up in there is nothing to do."""

    def __init__(self, ledger: Ledger, sent: Sent | None, clock: Clock, bells: Bells) -> None:
        self._ledger = ledger
        self._sent = sent
        self._clock = clock
        self._bells = bells
        self._rests_until: datetime | None = None

    def round(self) -> None:
        """Look up what is in doubt now."""
        if self._sent is None or self._rests(self._clock.now()):
            return
        mails = self._ledger.outbox_in_doubt(self._clock.now(), _AT_ONCE)
        if mails:
            self._look_up(self._sent, mails)
            self._bells.outbox.ring()

    def _rests(self, now: datetime) -> bool:
        """Tell whether the last look failed a moment ago; a clock that was put back makes no moment long."""
        return self._rests_until is not None and timedelta() < self._rests_until - now <= REST

    def _look_up(self, sent: Sent, mails: Sequence[InDoubt]) -> None:
        try:
            found = sent.find({mail.message_id: mail.since for mail in mails})
        except MailboxUnavailable as error:
            self._give_up_waiting(mails, error)
            return
        except Exception as error:  # an answer that nobody foresaw must not hold notices for ever
            log.exception("the Sent folder cannot be understood")
            self._give_up_waiting(mails, MailboxUnavailable(type(error).__name__, permanent=False))
            return
        now = self._clock.now()
        for mail in mails:
            if mail.message_id in found:
                log.info("mail %d had left: it stands in the Sent folder", mail.id)
                self._ledger.outbox_sent(mail.id, min(found[mail.message_id], now), _FOUND)
        missing = [mail.id for mail in mails if mail.message_id not in found]
        if missing:
            log.info("%d mails in doubt are not in the Sent folder and are sent again", len(missing))
            self._ledger.outbox_looked_up(missing, now)

    def _give_up_waiting(self, mails: Sequence[InDoubt], error: MailboxUnavailable) -> None:
        now = self._clock.now()
        self._rests_until = now + REST
        late = [mail.id for mail in mails if error.permanent or now - mail.due >= PATIENCE]
        log.warning("%d mails in doubt cannot be looked up: %s", len(mails), error)
        if late:
            log.warning("%d of them are sent again without that", len(late))
            self._ledger.outbox_looked_up(late, now)
