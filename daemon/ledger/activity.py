"""What happened lately, over all cases: events, mails that left, and what the daemon did besides."""

import json
from datetime import datetime

from sqlalchemy import Connection, exists, func, insert, literal_column, select

from daemon.ledger.rows import Activity, CaseEvent, GivenUp, OutboxState, SentMail
from daemon.ledger.schema import activity, events, outbox, payloads
from rules.events import event_from_json

_LAPSE = "lapse:"  # how the promise of a lapse begins (chain.promise_of)
_IS_LAPSE = events.c.kind == literal_column(
    "'lapsed'"
)  # a literal: else SQLite cannot see that its index will do
_STAGE = func.substr(events.c.promise, len(_LAPSE) + 1)


def note(connection: Connection, at: datetime, code: str, body: str, case_number: str | None) -> None:
    """Keep something the daemon did."""
    row = {"at": at, "code": code, "body": body, "case_number": case_number}
    connection.execute(insert(activity), row)


def recent_activity(connection: Connection, limit: int) -> list[Activity]:
    """Return what the daemon did outside the cases' histories, newest first."""
    columns = (activity.c.at, activity.c.code, activity.c.body, activity.c.case_number)
    query = select(*columns).order_by(activity.c.id.desc()).limit(limit)
    return [Activity(*row) for row in connection.execute(query)]


def recent_events(connection: Connection, limit: int) -> list[CaseEvent]:
    """Return the events of all cases, newest first; those whose payload was erased are left out."""
    query = (
        select(events.c.seq, events.c.case_number, payloads.c.body, events.c.policy_hash)
        .join(payloads)
        .order_by(events.c.seq.desc())
        .limit(limit)
    )
    return [
        CaseEvent(row.seq, row.case_number, event_from_json(json.loads(row.body)), row.policy_hash)
        for row in connection.execute(query)
    ]


def recent_mails(connection: Connection, limit: int) -> list[SentMail]:
    """Return the mails that left, newest first."""
    query = (
        select(outbox.c.case_number, outbox.c.template, outbox.c.recipient, outbox.c.sent_at)
        .where(outbox.c.sent_at.is_not(None))
        .order_by(outbox.c.sent_at.desc(), outbox.c.id.desc())
        .limit(limit)
    )
    return [SentMail(*row) for row in connection.execute(query)]


def lapsed_since(connection: Connection, since: datetime) -> list[CaseEvent]:
    """Return the lapses after a time, the latest first; those whose payload was erased are left out."""
    query = (
        select(events.c.seq, events.c.case_number, payloads.c.body, events.c.policy_hash)
        .join(payloads)
        .where(_IS_LAPSE, events.c.at > since)
        .order_by(events.c.at.desc(), events.c.seq.desc())
    )
    return [
        CaseEvent(row.seq, row.case_number, event_from_json(json.loads(row.body)), row.policy_hash)
        for row in connection.execute(query)
    ]


def given_up_since(connection: Connection, since: datetime) -> list[GivenUp]:
    """Return the mails given up or returned after a time, the latest first; of a bundle the notices it carried."""
    carried = outbox.alias()
    query = (
        select(
            outbox.c.case_number,
            outbox.c.template,
            outbox.c.recipient,
            outbox.c.failed_at,
            outbox.c.last_error,
        )
        .where(
            outbox.c.state.in_((OutboxState.FAILED.value, OutboxState.BOUNCED.value)),
            outbox.c.failed_at > since,
            ~exists().where(carried.c.bundle == outbox.c.id),
        )
        .order_by(outbox.c.failed_at.desc(), outbox.c.id.desc())
    )
    return [GivenUp(*row) for row in connection.execute(query)]


def lapse_counts(connection: Connection, since: datetime) -> dict[tuple[str, str], int]:
    """Count the lapses since a time by the policy they happened under (its hash) and the stage that lapsed."""
    query = (
        select(events.c.policy_hash, _STAGE, func.count())
        .where(_IS_LAPSE, events.c.at >= since)
        .group_by(events.c.policy_hash, _STAGE)
    )
    found: dict[tuple[str, str], int] = {}
    for policy_hash, promise, count in connection.execute(query):
        stage = promise.partition(":")[
            0
        ]  # a stage that lapsed again in a later round names it behind a colon
        found[policy_hash, stage] = found.get((policy_hash, stage), 0) + count
    return found
