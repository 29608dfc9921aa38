"""In which order mails leave, which of them are in doubt, and how many have left of late."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, or_, select, true, update

from daemon.ledger.columns import UtcDateTime
from daemon.ledger.rows import InDoubt, NoticeSeen, OutboxState, Turn
from daemon.ledger.schema import outbox

_SENDING = outbox.c.state == OutboxState.SENDING.value
_QUEUED = outbox.c.state == OutboxState.QUEUED.value
_BUNDLE = outbox.c.notice_key.startswith("bundle:")
_ASKED_FROM = func.coalesce(outbox.c.lease_until, outbox.c.next_try, type_=UtcDateTime())
_LEFT = and_(outbox.c.sent_at.is_not(None), outbox.c.bundle.is_(None))  # a bundle left as one mail


def due(now: datetime, turn: Turn) -> ColumnElement[bool]:
    """Whose time has come: queued, or leased to somebody who is gone."""
    return or_(and_(queued(turn), outbox.c.next_try <= now), and_(sending(turn), outbox.c.lease_until <= now))


def queued(turn: Turn) -> ColumnElement[bool]:
    """What waits to leave and may."""
    doubtless = or_(~outbox.c.uncertain, outbox.c.looked_up) if turn.looked_up else true()
    return and_(_QUEUED, doubtless, _may_leave(turn))


def sending(turn: Turn) -> ColumnElement[bool]:
    """What is leased to somebody; once he is gone it may have left, and is looked up where that can be done."""
    return false() if turn.looked_up else and_(_SENDING, _may_leave(turn))


def _may_leave(turn: Turn) -> ColumnElement[bool]:
    return _goes_first(turn) if turn.first_only else true()


def _goes_first(turn: Turn) -> ColumnElement[bool]:
    return or_(outbox.c.template.in_(turn.first), _BUNDLE)  # what a bundle carries has waited already


def rank(turn: Turn) -> ColumnElement[int]:
    """Return what mails are put in order by: 0 leaves before 1, 1 before 2."""
    return case((_goes_first(turn), 0), (outbox.c.template.in_(turn.last), 2), else_=1)


def in_doubt(connection: Connection, now: datetime, limit: int) -> list[InDoubt]:
    """Return the mails to be looked up now, the oldest first."""
    query = (
        select(outbox.c.id, outbox.c.message_id, outbox.c.created_at, _ASKED_FROM.label("due"))
        .where(_doubtful(now))
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [InDoubt(row.id, row.message_id, row.created_at, row.due) for row in connection.execute(query)]


def _doubtful(now: datetime) -> ColumnElement[bool]:
    cut_off = and_(_QUEUED, outbox.c.uncertain, ~outbox.c.looked_up, outbox.c.next_try <= now)
    return or_(cut_off, and_(_SENDING, outbox.c.lease_until <= now))


def looked_up(connection: Connection, ids: Collection[int], now: datetime) -> None:
    """Let mails that were not found among what was sent be tried again."""
    values = {
        "state": OutboxState.QUEUED.value,
        "uncertain": True,
        "looked_up": True,
        "next_try": now,
        "lease_until": None,
    }
    connection.execute(update(outbox).where(outbox.c.id.in_(ids), _doubtful(now)).values(**values))


def left_since(connection: Connection, since: datetime) -> int:
    """Count the mails that left after a time; a bundle is one."""
    query = select(func.count()).select_from(outbox).where(_LEFT, outbox.c.sent_at > since)
    return connection.execute(query).scalar_one()


def nth_last(connection: Connection, n: int) -> datetime | None:
    """Return when the `n`-th last mail left (1: the last), None where not so many have."""
    query = select(outbox.c.sent_at).where(_LEFT).order_by(outbox.c.sent_at.desc()).limit(1).offset(n - 1)
    return connection.execute(query).scalar()


def last_id(connection: Connection) -> int:
    """Return the number of the last mail queued, 0 if there is none."""
    return connection.execute(select(func.max(outbox.c.id))).scalar() or 0


def notices_after(
    connection: Connection, last: int, templates: Collection[str], limit: int
) -> list[NoticeSeen]:
    """Return the mails of these kinds queued after mail `last`, the oldest first; not those that carry others."""
    query = (
        select(*(outbox.c[name] for name in NoticeSeen.__slots__))
        .where(outbox.c.id > last, outbox.c.template.in_(templates), ~_BUNDLE)
        .order_by(outbox.c.id)
        .limit(limit)
    )
    return [NoticeSeen(**row) for row in connection.execute(query).mappings()]


def waiting_since(connection: Connection) -> tuple[int, datetime | None]:
    """Return how many mails are to leave, and since when the one has waited whose time came first."""
    query = select(func.count(), func.min(outbox.c.next_try)).where(or_(_QUEUED, _SENDING))
    row = connection.execute(query).one()
    return int(row[0]), row[1]
