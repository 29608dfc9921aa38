"""How many automatic replies were queued or sent lately: asked at every message, so read once in a transaction."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from daemon.ledger.columns import utc_text
from daemon.ledger.rows import OutgoingMail
from daemon.ledger.schema import outbox
from daemon.ledger.sqlite import run

_SINCE = (
    select(outbox.c.created_at, outbox.c.recipient)
    .where(outbox.c.created_at >= bindparam("since"), outbox.c.answers.is_not(None))
    .order_by(outbox.c.created_at)
)


class Answered:
    """The times of the automatic replies since a moment as they stand in the outbox, to all and to each address."""

    def __init__(self, connection: Connection, since: datetime) -> None:
        self._since = since
        self._to_all: list[str] = []
        self._to: defaultdict[str, list[str]] = defaultdict(list)
        for at, recipient in run(connection, _SINCE, {"since": since}).fetchall():
            self._to_all.append(at)
            self._to[recipient.lower()].append(at)

    def knows(self, since: datetime) -> bool:
        """Tell whether what was read goes back far enough."""
        return since >= self._since

    def count(self, address: str, since: datetime, more: Iterable[OutgoingMail]) -> tuple[int, int]:
        """Count the replies since a time, to `address` and to all, and `more` that are not in the outbox yet."""
        start, waiting = utc_text(since), [mail.recipient.lower() for mail in more]
        his = _from(self._to.get(address.lower(), []), start) + waiting.count(address.lower())
        return his, _from(self._to_all, start) + len(waiting)


def _from(times: list[str], start: str) -> int:
    """Count the times from `start` on; written in UTC, they sort as text."""
    return len(times) - bisect_left(times, start)
