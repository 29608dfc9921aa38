"""What mail systems said of mails of ours: returned, refused, delayed; and who cannot be reached because of it."""

from datetime import datetime

from sqlalchemy import Connection, bindparam, false, func, select, update

from daemon.ledger import gathering
from daemon.ledger.rows import WITHOUT_FILES, Bounced, OutboxState, Unreached
from daemon.ledger.schema import bounces, outbox
from daemon.ledger.sqlite import insert

_NOTE = insert(bounces).on_conflict_do_nothing().returning(bounces.c.id)
_FAILED = "failed"
_LEFT = (OutboxState.SENT.value, OutboxState.SENDING.value, OutboxState.QUEUED.value)
_UNREACHED = (
    select(
        bounces.c.recipient,
        bounces.c.at,
        bounces.c.until,
        bounces.c.diagnostic,
        bounces.c.mail_id.is_not(None),
    )
    .where(bounces.c.until > bindparam("now"))
    .order_by(bounces.c.id)
)
_HEARD = update(bounces).where(
    bounces.c.recipient == bindparam("address"), bounces.c.until > bindparam("now")
)


def note(connection: Connection, said: Bounced) -> bool:
    """Keep what was said of a mail; False if the same was said before."""
    row = {name: getattr(said, name) for name in Bounced.__slots__}
    return connection.execute(_NOTE, {**row, "recipient": said.recipient.lower()}).first() is not None


def returned(connection: Connection, said: Bounced) -> bool:
    """Keep that a mail came back, and let it count, with all it carries, as never told; False if that was known.

    It may come back before its sender has written down that it left.
    """
    if not note(connection, said):
        return False
    values = {
        "state": OutboxState.BOUNCED.value,
        "failed_at": said.at,
        "last_error": said.diagnostic,
        "lease_until": None,
    }
    left = (outbox.c.id == said.outbox_id, outbox.c.state.in_(_LEFT))
    if connection.execute(update(outbox).where(*left).values(**values)).rowcount == 1:
        gathering.settle_members(connection, said.outbox_id, **values)
    return True


def too_large(connection: Connection, said: Bounced) -> bool:
    """Let a mail that came back for its size leave once more without its files; False if it did so before.

    Whatever comes back of the first one while the second has not left changes nothing more.
    """
    sent, again = outbox.c.state == OutboxState.SENT.value, outbox.c.most_bytes == WITHOUT_FILES
    here = outbox.c.id == said.outbox_id
    if connection.execute(select(outbox.c.id).where(here, again, ~sent)).first() is not None:
        return True
    if (
        connection.execute(select(outbox.c.id).where(here, sent, ~func.coalesce(again, false()))).first()
        is None
    ):
        return False
    values = {
        "state": OutboxState.QUEUED.value,
        "next_try": said.at,
        "sent_at": None,
        "last_error": said.diagnostic,
        "most_bytes": WITHOUT_FILES,
    }
    connection.execute(update(outbox).where(here).values(**values))
    gathering.settle_members(connection, said.outbox_id, state=OutboxState.BUNDLED.value, sent_at=None)
    note(connection, said)
    return True


def unreached(connection: Connection, now: datetime) -> list[Unreached]:
    """Return whom mails do not reach at present, each once, by the last mail that did not."""
    rows = connection.execute(_UNREACHED, {"now": now}).all()
    return list({row.recipient: Unreached(*row) for row in rows}.values())


def heard_from(connection: Connection, address: str, now: datetime) -> None:
    """Say that somebody wrote: mails reach him, as far as anybody can tell."""
    connection.execute(_HEARD.values(until=now), {"address": address.lower(), "now": now})
