"""What waits to be confirmed: messages that nobody could tell were really from their sender."""

from datetime import datetime

from sqlalchemy import Connection, select, update

from daemon.ledger.rows import RequestState, WaitingRequest
from daemon.ledger.schema import requests
from daemon.ledger.sqlite import insert

_ASK = insert(requests).on_conflict_do_nothing().returning(requests.c.id)
_WAITS = requests.c.state == RequestState.WAITING.value


def ask_once(
    connection: Connection,
    mail_id: int,
    sender: str,
    digest: str,
    message_id: str,
    at: datetime,
    until: datetime,
) -> bool:
    """Remember that a message waits to be confirmed; False if it does, or the same of the same sender does."""
    row = {
        "mail_id": mail_id,
        "sender": sender.lower(),
        "digest": digest,
        "message_id": message_id,
        "asked_at": at,
        "expires_at": until,
        "state": RequestState.WAITING.value,
    }
    return connection.execute(_ASK, row).first() is not None


def asked_by(connection: Connection, message_id: str) -> WaitingRequest | None:
    """Return the request that a mail of ours asks to be confirmed, whatever became of it."""
    columns = (requests.c[name] for name in WaitingRequest.__slots__)
    row = connection.execute(select(*columns).where(requests.c.message_id == message_id)).mappings().first()
    return None if row is None else WaitingRequest(**{**row, "state": RequestState(row["state"])})


def settle(connection: Connection, request_id: int, state: RequestState, at: datetime) -> bool:
    """Say what became of a request; False if it does not wait any more."""
    values = {"state": state.value, "settled_at": at}
    settled = connection.execute(update(requests).where(requests.c.id == request_id, _WAITS).values(**values))
    return settled.rowcount == 1


def any_over(connection: Connection, now: datetime) -> bool:
    """Tell whether a request still waits whose time is over."""
    query = select(requests.c.id).where(_WAITS, requests.c.expires_at <= now).limit(1)
    return connection.execute(query).first() is not None


def expire(connection: Connection, now: datetime) -> int:
    """Give up the requests whose time is over; return how many."""
    values = {"state": RequestState.EXPIRED.value, "settled_at": now}
    return connection.execute(
        update(requests).where(_WAITS, requests.c.expires_at <= now).values(**values)
    ).rowcount
