"""Questions about cases, events and deadlines, asked on a reader's connection or inside a transaction."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, Result, Select, and_, bindparam, exists, func, literal, or_, select, tuple_

from daemon.ledger.errors import LedgerDamaged
from daemon.ledger.rows import Changes, DueRow, RecordedEvent, Statistics
from daemon.ledger.schema import case_keys, cases, chain_head, deadlines, events, marks, payloads, policies
from daemon.ledger.sqlite import run
from rules.case import OPEN_STATUSES, Case, Status
from rules.events import Event, event_from_json

OPEN = tuple(status.value for status in OPEN_STATUSES)
_BODY = select(cases.c.body).where(cases.c.number == bindparam("number"))
_FOUND_BY = (
    select(cases.c.body)
    .join(case_keys)
    .where(case_keys.c.key == bindparam("key"), case_keys.c.value == bindparam("value"))
    .order_by(cases.c.number)
)
_OPEN_WITH = _FOUND_BY.where(cases.c.resolved_at.is_(None))
_SETTLED_WITH = _FOUND_BY.where(cases.c.resolved_at.is_not(None))
_IS_COMPLAINT = cases.c.kind == "complaint"
_KEYED = exists().where(
    case_keys.c.case_number == cases.c.number,
    case_keys.c.key == bindparam("key"),
    case_keys.c.value == bindparam("value"),
)
_OF_STATUS_WITH = (  # few are incomplete, while a busy colleague has sent hundreds
    select(cases.c.body).where(cases.c.status == bindparam("status"), _KEYED).order_by(cases.c.number)
)
_OWING = ('"done":false', *(f'"state":"{state}"' for state in ("proposed", "pending", "appealed")))
_HEAD = select(chain_head.c.seq, chain_head.c.hash)


def case(connection: Connection, number: str) -> Case | None:
    """Return the case called `number`, None if there is none."""
    body = connection.execute(_BODY, {"number": number}).scalar()
    return None if body is None else Case.model_validate_json(body)


def page_of_cases(connection: Connection, after: str, *, open_only: bool, size: int) -> list[Case]:
    """Return at most `size` complaints whose number follows `after`, by number."""
    query = select(cases.c.body).where(_IS_COMPLAINT, cases.c.number > after)
    query = query.order_by(cases.c.number).limit(size)
    if open_only:
        query = query.where(cases.c.resolved_at.is_(None))
    return _cases(connection.execute(query))


def page_of_resolved(
    connection: Connection,
    since: datetime | None,
    before: datetime | None,
    after: Case | None,
    size: int,
) -> list[Case]:
    """Return at most `size` cases resolved from `since` until before `before`, oldest first.

    `after` is the last case of the page before.
    """
    when = cases.c.resolved_at
    query = (
        select(cases.c.body)
        .where(_IS_COMPLAINT, when.is_not(None))
        .order_by(when, cases.c.number)
        .limit(size)
    )
    if since is not None and after is None:
        query = query.where(when >= since)
    if before is not None:
        query = query.where(when < before)
    if after is not None:
        reached = tuple_(literal(after.resolved_at, when.type), literal(after.number))
        query = query.where(tuple_(when, cases.c.number) > reached)
    return _cases(connection.execute(query))


def page_of_settled(connection: Connection, closed_since: datetime, after: str, size: int) -> list[Case]:
    """Return at most `size` settled complaints not closed before a time, by number; `after` ends the page before."""
    closed = cases.c.closed_at
    query = (
        select(cases.c.body)
        .where(_IS_COMPLAINT, cases.c.resolved_at.is_not(None), cases.c.number > after)
        .where(or_(closed.is_(None), closed >= closed_since))
        .order_by(cases.c.number)
        .limit(size)
    )
    return _cases(connection.execute(query))


def knows_any(connection: Connection, keys: Mapping[str, str]) -> bool:
    """Tell whether any case, open or settled, is recorded with one of `keys`."""
    if not keys:
        return False
    named = {
        f"{what}{number}": text
        for number, pair in enumerate(keys.items())
        for what, text in zip("kv", pair, strict=True)
    }
    return run(connection, _any_of(len(keys)), named).fetchone() is not None


@cache
def _any_of(count: int) -> Select[str]:
    same = (
        and_(case_keys.c.key == bindparam(f"k{number}"), case_keys.c.value == bindparam(f"v{number}"))
        for number in range(count)
    )
    return select(case_keys.c.case_number).where(or_(*same)).limit(1)


def open_cases_with(connection: Connection, key: str, value: str, status: Status | None = None) -> list[Case]:
    """Return the open cases recorded with `value` under `key`, by number; only those of `status` if it is given."""
    named = {"key": key, "value": value}
    if status is None:
        return _cases(connection.execute(_OPEN_WITH, named))
    found = run(connection, _OF_STATUS_WITH, {**named, "status": status.value}).fetchall()
    return [Case.model_validate_json(body) for (body,) in found]


def settled_cases_with(connection: Connection, key: str, value: str) -> list[Case]:
    """Return the settled cases recorded with `value` under `key`, by number."""
    return _cases(connection.execute(_SETTLED_WITH, {"key": key, "value": value}))


def follow_ups(connection: Connection, *, open_only: bool, since: datetime | None = None) -> list[Case]:
    """Return the days of follow-up calls, by number; of those that are filed only from `since` on."""
    query = select(cases.c.body).where(cases.c.kind == "follow-up").order_by(cases.c.number)
    if open_only:
        query = query.where(cases.c.resolved_at.is_(None))
    if since is not None:
        query = query.where(cases.c.resolved_at.is_(None) | (cases.c.resolved_at >= since))
    return _cases(connection.execute(query))


def same_person(
    connection: Connection, number: str, keys: Mapping[str, str], as_of: int, limit: int
) -> tuple[list[str], int]:
    """Return the newest other cases, `limit` at most, recorded with one of `keys` and opened up to event `as_of`.

    The second value is how many there are in all.
    """
    if not keys:
        return [], 0
    one_of = or_(*(and_(case_keys.c.key == key, case_keys.c.value == value) for key, value in keys.items()))
    query = (
        select(events.c.case_number)
        .where(events.c.n == 1, events.c.seq <= as_of, events.c.case_number != number)
        .where(events.c.case_number.in_(select(case_keys.c.case_number).where(one_of)))
        .order_by(events.c.seq.desc())
    )
    found = list(connection.execute(query).scalars())
    return found[:limit], len(found)


def changed_since(connection: Connection, seq: int, limit: int) -> Changes:
    """Return the cases with events after `seq`, at most `limit` of them, and up to which event that is all."""
    query = (
        select(cases.c.body, cases.c.updated)
        .where(cases.c.updated > seq)
        .order_by(cases.c.updated)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    up_to = rows[-1].updated if len(rows) == limit else max(seq, last_seq(connection))
    return Changes(tuple(Case.model_validate_json(row.body) for row in rows), up_to)


def events_of(connection: Connection, number: str) -> list[RecordedEvent]:
    """Return what happened to a case, in order; events whose payload was erased are left out."""
    query = (
        select(events.c.seq, payloads.c.body, events.c.policy_hash, events.c.version, events.c.hash)
        .join(payloads)
        .where(events.c.case_number == number)
        .order_by(events.c.n)
    )
    return [
        RecordedEvent(row.seq, event_from_json(json.loads(row.body)), row.policy_hash, row.version, row.hash)
        for row in connection.execute(query)
    ]


def event_at(connection: Connection, seq: int) -> Event | None:
    """Return one event; None if there is none of this seq, or its payload was erased."""
    body = connection.execute(select(payloads.c.body).where(payloads.c.seq == seq)).scalar()
    return None if body is None else event_from_json(json.loads(body))


def penalised_cases(connection: Connection) -> list[Case]:
    """Return the cases that have penalties, whatever became of them, by number."""
    penalised = select(events.c.case_number).where(events.c.kind == "penalty")
    query = select(cases.c.body).where(cases.c.number.in_(penalised)).order_by(cases.c.number)
    return _cases(connection.execute(query))


def page_of_owing(connection: Connection, after: str, size: int) -> list[Case]:
    """Return at most `size` resolved cases after number `after` that may still have something to be done, by number.

    A case says so in the words of its JSON form; somebody's description that holds the same words costs a look more.
    """
    said = or_(*(cases.c.body.contains(words, autoescape=True) for words in _OWING))
    query = select(cases.c.body).where(cases.c.resolved_at.is_not(None), cases.c.number > after, said)
    return _cases(connection.execute(query.order_by(cases.c.number).limit(size)))


def due(connection: Connection, now: datetime, limit: int, aside: Collection[str]) -> list[DueRow]:
    """Return the deadlines reached at `now`, earliest first, but none of the cases set `aside`."""
    query = (
        select(deadlines.c.case_number, deadlines.c.name, deadlines.c.due)
        .where(deadlines.c.due <= now, deadlines.c.case_number.not_in(aside))
        .order_by(deadlines.c.due, deadlines.c.case_number, deadlines.c.name)
        .limit(limit)
    )
    return [DueRow(row.case_number, row.name, row.due) for row in connection.execute(query)]


def next_due(connection: Connection, aside: Collection[str]) -> datetime | None:
    """Return the earliest deadline of all, reached or not, but of no case set `aside`."""
    query = (
        select(deadlines.c.due)
        .where(deadlines.c.case_number.not_in(aside))
        .order_by(deadlines.c.due)
        .limit(1)
    )
    earliest: datetime | None = connection.execute(query).scalar()
    return earliest


def head(connection: Connection) -> tuple[int, str]:
    """Return the seq and hash of the last event; LedgerDamaged if the chain's end was taken away."""
    row = run(connection, _HEAD, {}).fetchone()
    if row is None:
        raise LedgerDamaged("the chain has lost its head")
    seq, link = row
    return seq, link


def last_seq(connection: Connection) -> int:
    """Return the seq of the last event, 0 before the first."""
    return head(connection)[0]


def policy_text(connection: Connection, policy_hash: str) -> str | None:
    """Return the text of a policy that was ever used, None if there is none with this hash."""
    text: str | None = connection.execute(
        select(policies.c.text).where(policies.c.hash == policy_hash)
    ).scalar()
    return text


def mark_value(connection: Connection, name: str) -> str | None:
    """Return what was last marked under `name`."""
    value: str | None = connection.execute(select(marks.c.value).where(marks.c.name == name)).scalar()
    return value


def statistics(connection: Connection) -> Statistics:
    """Count the cases by status and grade."""
    counted = select(cases.c.status, cases.c.grade, func.count()).where(_IS_COMPLAINT)
    query = counted.group_by(cases.c.status, cases.c.grade)
    return Statistics({(Status(status), grade): count for status, grade, count in connection.execute(query)})


def _cases(bodies: Result[str]) -> list[Case]:
    return [Case.model_validate_json(body) for body in bodies.scalars()]
