"""Storms: of many notices of one kind the first leave by themselves, the others together in one mail, a bundle.

A notice is held in the commit that makes it necessary. Bundle and members become what they are in one commit too,
and what becomes of the bundle becomes of every member in the same one: no crash can come between.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, Connection, bindparam, literal_column, or_, select, update
from sqlalchemy.engine.interfaces import DBAPICursor

from daemon.ledger.rows import Held, OutboxState, OutgoingMail, QueuedMail
from daemon.ledger.schema import outbox
from daemon.ledger.sqlite import run

_MOST = 1000  # mails in one bundle: a table that long can still be read, and its mail be sent
_HELD = outbox.c.state == literal_column("'held'")  # a literal: else SQLite cannot see that its index will do
_SAME = outbox.c.kind == bindparam("kind")
_GATHERED_BY = select(outbox.c.next_try).where(_SAME, _HELD).order_by(outbox.c.next_try).limit(1)
_LATELY = (
    select(outbox.c.created_at)
    .where(
        _SAME,
        outbox.c.created_at > bindparam("since"),
        outbox.c.created_at <= bindparam("now"),
        outbox.c.bundle.is_(None),
        ~_HELD,
    )
    .order_by(outbox.c.created_at.desc())
    .limit(bindparam("most"))
)


def held_until(connection: Connection, mail: OutgoingMail, known: dict[str, datetime]) -> datetime | None:
    """Return until when a mail is held to leave with others of its kind; None where it leaves at once.

    It is held where as many of its kind as may do so left by themselves within the span before it, or where others
    are held already; and no longer than that span lasts from the first of them. `known` is what this transaction
    knows to be held, by kind: of a storm only its first notice need ask.
    """
    storm = mail.storm
    if storm is None:
        return None
    now, latest = mail.created_at, mail.created_at + storm.within
    waiting: datetime | None = known.get(storm.kind)
    if waiting is None:
        waiting = next(_moments(run(connection, _GATHERED_BY, {"kind": storm.kind})), None)
    if waiting is not None:
        known[storm.kind] = min(waiting, latest)  # not longer, should the clock have been put back
        return known[storm.kind]
    lately = {"kind": storm.kind, "since": now - storm.within, "now": now, "most": storm.at_once}
    alone = list(_moments(run(connection, _LATELY, lately)))
    return min(alone) + storm.within if len(alone) >= storm.at_once else None


def _moments(found: DBAPICursor) -> Iterator[datetime]:
    """Yield the times in the first column, as `columns.UtcDateTime` has written them."""
    return (datetime.fromisoformat(row[0]) for row in found.fetchall())


def due(connection: Connection, now: datetime, latest: datetime) -> bool:
    """Tell whether held mails are to leave; none is held beyond `latest`, however the clock was put back."""
    return connection.execute(select(outbox.c.id).where(_ready(now, latest)).limit(1)).first() is not None


def ready(connection: Connection, now: datetime, latest: datetime) -> list[Held]:
    """Return what is held and to leave now, by kind, in the order it became necessary."""
    kinds = select(outbox.c.kind).where(_ready(now, latest))
    query = (
        select(outbox.c.kind, outbox.c.id, outbox.c.recipient, outbox.c.template, outbox.c.locale)
        .where(_HELD, outbox.c.kind.in_(kinds))
        .order_by(outbox.c.kind, outbox.c.id)
    )
    found: list[Held] = []
    for kind, rows in groupby(connection.execute(query).all(), lambda row: row.kind):
        held = list(rows)
        for start in range(0, len(held), _MOST):
            first, ids = held[start], tuple(row.id for row in held[start : start + _MOST])
            found.append(Held(kind, first.recipient, first.template, first.locale, ids))
    return found


def _ready(now: datetime, latest: datetime) -> ColumnElement[bool]:
    return _HELD & or_(outbox.c.next_try <= now, outbox.c.next_try > latest)


def release(connection: Connection, ids: Sequence[int], now: datetime) -> None:
    """Let held mails leave by themselves."""
    values = {"state": OutboxState.QUEUED.value, "next_try": now}
    connection.execute(update(outbox).where(outbox.c.id.in_(ids), _HELD).values(**values))


def bundle(connection: Connection, ids: Sequence[int], notice_key: str) -> None:
    """Put held mails into the bundle queued under `notice_key`."""
    carrying = select(outbox.c.id).where(outbox.c.notice_key == notice_key).scalar_subquery()
    values = {"state": OutboxState.BUNDLED.value, "bundle": carrying}
    connection.execute(update(outbox).where(outbox.c.id.in_(ids), _HELD).values(**values))


def members(connection: Connection, mail_id: int) -> list[QueuedMail]:
    """Return the mails that a bundle carries, in the order they became necessary; none if it is no bundle."""
    query = select(*(outbox.c[name] for name in QueuedMail.__slots__)).where(outbox.c.bundle == mail_id)
    return [QueuedMail(**row) for row in connection.execute(query.order_by(outbox.c.id)).mappings()]


def settle_members(connection: Connection, mail_id: int, **values: object) -> None:
    """Let what became of a bundle become of each mail it carries."""
    connection.execute(update(outbox).where(outbox.c.bundle == mail_id).values(**values))
