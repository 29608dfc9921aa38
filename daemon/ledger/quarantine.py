"""What was put aside: why, and what somebody decided; a message to be taken again is as one that just came in.

A decision and the message's way back among those received are one commit, so that it is carried out once, also after
a crash in between.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from daemon.ledger.rows import Decision, HeldFor, HeldMail, HeldState, MailState, StoredMail
from daemon.ledger.schema import archive, mail_in, quarantine
from daemon.ledger.sqlite import insert

_ASIDE = insert(quarantine)
_ASIDE_AGAIN = _ASIDE.on_conflict_do_update(
    index_elements=["mail_id"],
    set_={column: _ASIDE.excluded[column] for column in ("why", "parts", "since", "state")}
    | {"decided_by": "", "decided_at": None},
)
_MAIL = select(mail_in, archive.c.size).join(archive)
_HELD = _MAIL.add_columns(*(column for column in quarantine.c if column.name not in ("mail_id", "state")))
_HELD = _HELD.add_columns(quarantine.c.state.label("held_state")).join(
    quarantine, quarantine.c.mail_id == mail_in.c.id
)
_RETURNED = mail_in.c.state == MailState.RECEIVED.value
_WAITS = quarantine.c.state == HeldState.WAITING.value
_TO_DO = quarantine.c.why != HeldFor.FLAWED.value  # its case is open, and its sender asked to mend it


def put_aside(connection: Connection, mail_id: int, why: HeldFor, parts: Sequence[str], at: datetime) -> None:
    """Say why a message is put aside; `parts` are the SHA-256 of the attachments nothing came of."""
    row = {
        "mail_id": mail_id,
        "why": why.value,
        "parts": " ".join(parts),
        "since": at,
        "state": HeldState.WAITING.value,
        "decided_by": "",
    }
    connection.execute(_ASIDE_AGAIN, row)


def decide(connection: Connection, mail_id: int, decision: Decision, by: str, at: datetime) -> bool:
    """Record what was decided about a message; False if it does not lie there any more, or was discarded already.

    What was discarded can still be released or retried.
    """
    undecided = [HeldState.WAITING.value]
    if decision is not Decision.DISCARD:
        undecided.append(HeldState.DISCARDED.value)
    values = {"state": _AFTER[decision].value, "decided_by": by, "decided_at": at}
    lies_there = quarantine.c.mail_id == mail_id, quarantine.c.state.in_(undecided)
    if connection.execute(update(quarantine).where(*lies_there).values(**values)).rowcount != 1:
        return False
    if decision is not Decision.DISCARD:
        connection.execute(
            update(mail_in).where(mail_in.c.id == mail_id).values(state=MailState.RECEIVED.value)
        )
    return True


def held(connection: Connection, mail_id: int) -> HeldMail | None:
    """Return what is known of a message that was ever put aside; None of any other."""
    return next(iter(_held(connection, _HELD.where(quarantine.c.mail_id == mail_id))), None)


def waiting(connection: Connection) -> list[HeldMail]:
    """Return the messages nobody has decided on, oldest first."""
    return _held(connection, _HELD.where(_WAITS).order_by(quarantine.c.mail_id))


def every(connection: Connection) -> list[HeldMail]:
    """Return every message that was ever put aside, oldest first."""
    return _held(connection, _HELD.order_by(quarantine.c.mail_id))


def to_decide(connection: Connection) -> int:
    """Count the messages that wait for somebody's decision; those of which a case was opened do not."""
    count: int = connection.execute(select(func.count()).where(_WAITS, _TO_DO)).scalar_one()
    return count


def returned(connection: Connection) -> dict[int, HeldMail]:
    """Return the messages that are to be taken again and were not yet, by their ids."""
    found = _held(connection, _HELD.where(_RETURNED))
    return {one.mail.id: one for one in found}


def any_returned(connection: Connection) -> bool:
    """Tell whether a message is to be taken again."""
    both: ColumnElement[bool] = quarantine.c.mail_id == mail_in.c.id
    return (
        connection.execute(select(mail_in.c.id).join(quarantine, both).where(_RETURNED)).first() is not None
    )


_AFTER = {
    Decision.RELEASE: HeldState.RELEASED,
    Decision.RETRY: HeldState.RETRIED,
    Decision.DISCARD: HeldState.DISCARDED,
}


def _held(connection: Connection, query: Select[*tuple[object, ...]]) -> list[HeldMail]:
    return [_read(dict(row)) for row in connection.execute(query).mappings()]


def _read(row: dict[str, object]) -> HeldMail:
    known = {
        "why": HeldFor(str(row.pop("why"))),
        "parts": tuple(str(row.pop("parts")).split()),
        "since": row.pop("since"),
        "state": HeldState(str(row.pop("held_state"))),
        "decided_by": row.pop("decided_by"),
        "decided_at": row.pop("decided_at"),
    }
    mail = StoredMail(**{**row, "state": MailState(str(row["state"]))})  # type: ignore[arg-type]
    return HeldMail(mail=mail, **known)  # type: ignore[arg-type]
