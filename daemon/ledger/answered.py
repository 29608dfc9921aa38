"""How many automatic replies were queued or sent lately: asked at every message, so remembered between them."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select

from daemon.ledger.columns import utc_text
from daemon.ledger.rows import OutgoingMail
from daemon.ledger.schema import outbox
from daemon.ledger.sqlite import run

_ANSWERS = select(outbox.c.id, outbox.c.created_at, outbox.c.recipient).where(outbox.c.answers.is_not(None))
_SINCE = _ANSWERS.where(outbox.c.created_at >= bindparam("since"))
_ADDED = _ANSWERS.where(outbox.c.id > bindparam("last"))
_LAST = select(func.coalesce(func.max(outbox.c.id), 0))
_KEPT = timedelta(hours=1)


class Answered:
    """The times of the automatic replies of late as they stand in the outbox, to all and to each address."""

    def __init__(self) -> None:
        self._since: datetime | None = None  # how far back it goes
        self._last = 0  # the latest mail looked at
        self._to_all: list[str] = []
        self._to: defaultdict[str, list[str]] = defaultdict(list)

    def forget(self) -> None:
        """Read all of it again: what was read may have been undone."""
        self._since = None

    def covers(self, since: datetime) -> bool:
        """Tell whether it goes back as far as `since`, and not much further."""
        return self._since is not None and self._since <= since <= self._since + _KEPT

    def look(self, connection: Connection, since: datetime) -> None:
        """Read what was queued since the last look; all of it from `since` on if that is not covered."""
        if self.covers(since):
            rows = run(connection, _ADDED, {"last": self._last}).fetchall()
        else:
            self._since = since
            self._to_all, self._to = [], defaultdict(list)
            rows = run(connection, _SINCE, {"since": since}).fetchall()
        for _, at, recipient in rows:
            insort(self._to_all, at)
            insort(self._to[recipient.lower()], at)
        (self._last,) = run(connection, _LAST, {}).fetchone() or (0,)

    def count(self, address: str, since: datetime, more: Iterable[OutgoingMail]) -> tuple[int, int]:
        """Count the replies since a time, to `address` and to all, and `more` that are not in the outbox yet."""
        start, waiting = utc_text(since), [mail.recipient.lower() for mail in more]
        his = _from(self._to.get(address.lower(), []), start) + waiting.count(address.lower())
        return his, _from(self._to_all, start) + len(waiting)


def _from(times: list[str], start: str) -> int:
    """Count the times from `start` on; written in UTC, they sort as text."""
    return len(times) - bisect_left(times, start)
