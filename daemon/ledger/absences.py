"""What people said of their own absence, one statement a mail."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from daemon.ledger.rows import AbsenceSaid
from daemon.ledger.schema import absences
from daemon.ledger.sqlite import insert

_SAID = (
    absences.c.email,
    absences.c.back,
    absences.c.begins,
    absences.c.ends,
    absences.c.deputy,
    absences.c.said_at,
)
_NOT_OVER = (
    select(*_SAID).where(absences.c.ends > bindparam("now")).order_by(absences.c.id)
)  # asked at every mail


def say(connection: Connection, mail_id: int, statement: AbsenceSaid) -> bool:
    """Keep what a mail said; False if it was kept before."""
    row = {"mail_id": mail_id, **asdict(statement)}
    return connection.execute(insert(absences).on_conflict_do_nothing(), row).rowcount == 1


def not_over(connection: Connection, now: datetime) -> list[AbsenceSaid]:
    """Return every statement that reaches beyond a moment, in the order they were made."""
    return [AbsenceSaid(**row) for row in connection.execute(_NOT_OVER, {"now": now}).mappings()]
