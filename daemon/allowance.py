"""How many mails the provider still takes now, by what the ledger says has left: true after a restart too."""

import logging
from datetime import datetime

from daemon.ledger import Ledger
from mailer.pace import Pace

log = logging.getLogger("kesu.outbox")

_ENOUGH = 1_000_000  # no limit is known


class Allowance:
    """The provider's limits and what is left of them."""

    def __init__(self, ledger: Ledger, pace: Pace) -> None:
        self._ledger = ledger
        self._pace = pace
        self._said = False

    def room(self, now: datetime) -> tuple[int, bool]:
        """Return how many mails may leave, and whether only those that cannot wait."""
        ordinary = self._left(now, urgent=False)
        room = ordinary or self._left(now, urgent=True)
        if not ordinary and not self._said:
            held = "none but urgent mail leaves" if room else "no mail leaves"
            log.warning("the provider's limit is reached: %s for a while", held)
        self._said = not ordinary
        return room, not ordinary

    def opens(self, now: datetime, *, first_only: bool) -> datetime:
        """Return when the next mail may leave; `now` if it may at once."""
        return self._pace.opens(self._ledger.outbox_nth_last, now, urgent=first_only)

    def _left(self, now: datetime, *, urgent: bool) -> int:
        left = self._pace.left(self._ledger.outbox_left_since, now, urgent=urgent)
        return _ENOUGH if left is None else left
