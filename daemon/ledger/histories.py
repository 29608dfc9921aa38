"""The histories that a month's statistics are counted from."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from sqlalchemy import Connection, func, or_, select, union

from daemon.ledger.schema import cases, events, payloads
from rules.courses import History
from rules.events import PenaltyState, event_from_json

_AT_ONCE = 1000
_UNDECIDED = (PenaltyState.PROPOSED, PenaltyState.PENDING, PenaltyState.APPEALED)


def touched_since(connection: Connection, since: datetime, as_of: int) -> Iterator[History]:
    """Yield the histories, up to event `as_of`, of all cases that were open at some time since `since`.

    So are those with a penalty that ever waited for a decision, which may outlive the case; and no others, however
    long the ledger is. Events whose payload was erased are left out.
    """
    undecided = or_(*(payloads.c.body.like(f'%"state":"{state.value}"%') for state in _UNDECIDED))
    concerned = union(
        select(events.c.case_number).where(events.c.at >= since),
        select(events.c.case_number).join(payloads).where(events.c.kind == "penalty", undecided),
        select(cases.c.number).where(cases.c.resolved_at.is_(None)),
    )
    query = (
        select(events.c.case_number, payloads.c.body)
        .outerjoin(payloads)
        .where(events.c.seq <= as_of, events.c.case_number.in_(concerned))
        .order_by(events.c.case_number, events.c.n)
    )
    rows = connection.execute(query.execution_options(yield_per=_AT_ONCE))
    for number, of_case in groupby(rows, key=lambda row: row.case_number):
        kept = (event_from_json(json.loads(row.body)) for row in of_case if row.body is not None)
        yield History(number, tuple(kept))


def first_opening(connection: Connection) -> datetime | None:
    """Return when the first case of all was opened; None while there is none."""
    first: datetime | None = connection.execute(select(func.min(cases.c.opened_at))).scalar()
    return first
