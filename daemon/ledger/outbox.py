"""What is to go out: each mail with its own state, leased to one sender at a time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select, true, update

from daemon.ledger import gathering, turns
from daemon.ledger.rows import OutboxEntry, OutboxState, OutgoingMail, QueuedMail, Turn
from daemon.ledger.schema import events, outbox
from daemon.ledger.sqlite import insert, run, run_many

_SENDING = outbox.c.state == OutboxState.SENDING.value
_HELD = outbox.c.state == OutboxState.HELD.value
_QUEUE = insert(outbox).on_conflict_do_nothing(index_elements=["notice_key"])
_QUEUE_ONE = _QUEUE.returning(outbox.c.id)
_REPLIES = select(func.count()).where(
    outbox.c.created_at >= bindparam("since"),
    outbox.c.answers.is_not(None),
    func.lower(outbox.c.recipient) == func.lower(bindparam("address")),
)


def queue(connection: Connection, row: Mapping[str, object]) -> bool:
    """Put a mail in the outbox; False if its notice is there already."""
    return run(connection, _QUEUE_ONE, row).fetchone() is not None


def queue_all(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """Put mails in the outbox, but none whose notice is there already."""
    run_many(connection, _QUEUE, rows)


def row_of(connection: Connection, mail: OutgoingMail, held_kinds: dict[str, datetime]) -> dict[str, object]:
    """Return a mail as the outbox keeps it: to be tried at once, or held for its kind."""
    held = gathering.held_until(connection, mail, held_kinds)
    return {
        "notice_key": mail.notice_key,
        "message_id": mail.message_id,
        "case_number": mail.case_number,
        "event_seq": mail.event_seq,
        "answers": mail.answers,
        "recipient": mail.recipient,
        "template": mail.template,
        "locale": mail.locale,
        "state": (OutboxState.HELD if held else OutboxState.QUEUED).value,
        "attempts": 0,
        "uncertain": False,
        "next_try": held or mail.created_at,
        "last_error": "",
        "created_at": mail.created_at,
        "smtp_reply": "",
        "body": mail.body,
        "kind": mail.storm.kind if mail.storm else None,
    }


def lease(
    connection: Connection, now: datetime, length: timedelta, limit: int, turn: Turn
) -> list[QueuedMail]:
    """Lease the mails whose time has come to the caller alone until `now + length`: by turn, the oldest first."""
    until = now + length
    order = (turns.rank(turn), outbox.c.id)
    due = select(outbox.c.id).where(turns.due(now, turn)).order_by(*order).limit(limit)
    ids = list(connection.execute(due).scalars())
    if not ids:
        return []
    leased = {
        "state": OutboxState.SENDING.value,
        "lease_until": until,
        "attempts": outbox.c.attempts + 1,
        "uncertain": or_(outbox.c.uncertain, _SENDING),
        "looked_up": False,
    }
    connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(**leased))
    query = select(*(outbox.c[name] for name in QueuedMail.__slots__)).where(outbox.c.id.in_(ids))
    return [QueuedMail(**row) for row in connection.execute(query.order_by(*order)).mappings()]


def by_message_id(connection: Connection, message_id: str) -> QueuedMail | None:
    """Return the mail with this Message-ID, however far it has come; None if there is none."""
    query = select(*(outbox.c[name] for name in QueuedMail.__slots__)).where(
        outbox.c.message_id == message_id
    )
    row = connection.execute(query).mappings().first()
    return None if row is None else QueuedMail(**row)


def numbered(connection: Connection, mail_id: int) -> QueuedMail | None:
    """Return the mail with this id, however far it has come; None if there is none."""
    query = select(*(outbox.c[name] for name in QueuedMail.__slots__)).where(outbox.c.id == mail_id)
    row = connection.execute(query).mappings().first()
    return None if row is None else QueuedMail(**row)


def free(connection: Connection, until: datetime) -> int:
    """End every lease at `until`, as nobody else sends any more; return how many there were. They may have left."""
    freed = update(outbox).where(_SENDING).values(lease_until=until)
    return connection.execute(freed).rowcount


def sent(connection: Connection, mail_id: int, at: datetime, reply: str) -> bool:
    """Say that the server took a mail, with all it carries; False if that was known, or it has come back already."""
    unsent = outbox.c.state.not_in((OutboxState.SENT.value, OutboxState.BOUNCED.value))
    values = {
        "state": OutboxState.SENT.value,
        "sent_at": at,
        "smtp_reply": reply,
        "lease_until": None,
        "failed_at": None,
        "uncertain": False,
    }
    return _settle_all(connection, mail_id, unsent, values)


def retry(
    connection: Connection,
    mail_id: int,
    next_try: datetime,
    error: str,
    *,
    uncertain: bool,
    refused: bool,
    most_bytes: int | None,
) -> bool:
    """Put a leased mail back until `next_try`; False if it is not leased any more."""
    values = {
        "state": OutboxState.QUEUED.value,
        "next_try": next_try,
        "last_error": error,
        "lease_until": None,
        "uncertain": true() if uncertain else outbox.c.uncertain,
        "refusals": outbox.c.refusals + int(refused),
        "most_bytes": outbox.c.most_bytes if most_bytes is None else most_bytes,
    }
    return _settle(connection, mail_id, _SENDING, values)


def failed(connection: Connection, mail_id: int, error: str, at: datetime) -> bool:
    """Give a leased mail up, with all it carries; False if it is not leased any more."""
    values = {
        "state": OutboxState.FAILED.value,
        "failed_at": at,
        "last_error": error,
        "lease_until": None,
    }
    return _settle_all(connection, mail_id, _SENDING, values)


def _settle_all(
    connection: Connection, mail_id: int, while_: ColumnElement[bool], values: Mapping[str, object]
) -> bool:
    """Settle a mail and, where it is a bundle, every mail in it."""
    settled = _settle(connection, mail_id, while_, values)
    if settled:
        gathering.settle_members(connection, mail_id, **values)
    return settled


def _settle(
    connection: Connection, mail_id: int, while_: ColumnElement[bool], values: Mapping[str, object]
) -> bool:
    done = connection.execute(update(outbox).where(outbox.c.id == mail_id, while_).values(**values))
    return done.rowcount == 1


def next_time(connection: Connection, now: datetime, turn: Turn) -> datetime | None:
    """Return when a mail can next be leased or gathered, `now` if one can be already, None if the outbox is empty."""
    tries = select(func.min(outbox.c.next_try)).where(or_(turns.queued(turn), _HELD))
    leases = select(func.min(outbox.c.lease_until)).where(turns.sending(turn))
    times = [time for query in (tries, leases) if (time := connection.execute(query).scalar()) is not None]
    return max(min(times), now) if times else None


def counts(connection: Connection) -> dict[OutboxState, int]:
    """Count the mails in each state."""
    rows = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state)).all()
    return {**dict.fromkeys(OutboxState, 0), **{OutboxState(state): count for state, count in rows}}


def replies_sent_to(connection: Connection, address: str, since: datetime) -> int:
    """Count the automatic replies queued or sent to an address since a time, however its letters are cased."""
    (count,) = run(connection, _REPLIES, {"address": address, "since": since}).fetchone() or (0,)
    return int(count)


def notices_sent_to(connection: Connection, address: str, ending: str, since: datetime) -> int:
    """Count the mails to an address about messages that came in, since a time, whose keys end so."""
    counted = _REPLIES.where(outbox.c.notice_key.endswith(ending, autoescape=True))
    return connection.execute(counted, {"address": address, "since": since}).scalar_one()


def refusals_sent_to(connection: Connection, address: str, case_number: str, since: datetime) -> int:
    """Count the notices to an address, since a time, that something about a case was refused."""
    counted = (
        select(func.count())
        .select_from(outbox.join(events, events.c.seq == outbox.c.event_seq))
        .where(outbox.c.case_number == case_number, outbox.c.created_at >= since)
        .where(func.lower(outbox.c.recipient) == address.lower(), events.c.kind == "refused")
    )
    return connection.execute(counted).scalar_one()


def entries_of(connection: Connection, case_number: str, event_seq: int | None = None) -> list[OutboxEntry]:
    """Return the mails of a case, or of one of its events, in the order they became necessary."""
    query = select(*(outbox.c[name] for name in OutboxEntry.__slots__)).where(
        outbox.c.case_number == case_number
    )
    if event_seq is not None:
        query = query.where(outbox.c.event_seq == event_seq)
    rows = connection.execute(query.order_by(outbox.c.id)).mappings()
    return [OutboxEntry(**{**row, "state": OutboxState(row["state"])}) for row in rows]
