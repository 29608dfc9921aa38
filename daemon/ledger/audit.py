"""Is everything as it was written? The file, the chain, and what was derived from it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Text, select, type_coerce

from daemon.ledger import reading
from daemon.ledger.columns import UtcDateTime, utc_text
from daemon.ledger.projections import row_of
from daemon.ledger.replay import Replay, faults_of_chain
from daemon.ledger.rows import Fault
from daemon.ledger.schema import cases, deadlines
from rules.case import Case


def faults(connection: Connection, site: str) -> list[Fault]:
    """Return everything that cannot be as it was written: of the file, of the chain in order, of what follows it."""
    replay = Replay()
    return [
        *_faults_of_file(connection),
        *faults_of_chain(connection, site, replay),
        *_faults_of_projections(connection, site, replay),
        *_faults_of_deadlines(connection),
    ]


def _faults_of_file(connection: Connection) -> Iterator[Fault]:
    for (message,) in connection.exec_driver_sql("PRAGMA quick_check"):
        if message != "ok":
            yield Fault(f"the file is damaged: {message}")
    for table, _, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield Fault(f"a row of {table} refers to a row of {parent} that is not there")


def _faults_of_projections(connection: Connection, site: str, replay: Replay) -> Iterator[Fault]:
    unseen = set(replay.counts)
    for row in connection.execute(select(*_as_it_stands()).order_by(cases.c.number)).mappings():
        number = row["number"]
        unseen.discard(number)
        if number not in replay.counts:
            yield Fault("the case has no events", None, number)
        elif number not in replay.partial and not _follows(row, site, replay):
            yield Fault("the case is not what its events make it", replay.updated[number], number)
    yield from (Fault("the case is missing", replay.updated[number], number) for number in sorted(unseen))


def _as_it_stands() -> Iterator[ColumnElement[Any]]:
    """Yield the columns of a case, times as text: compared even if they are no times any more."""
    for column in cases.c:
        is_time = isinstance(column.type, UtcDateTime)
        yield type_coerce(column, Text).label(column.name) if is_time else column


def _follows(row: RowMapping, site: str, replay: Replay) -> bool:
    case = replay.cases[row["number"]]
    expected = row_of(case, site, replay.updated[case.number])
    if any(row[name] != _as_stored(value) for name, value in expected.items() if name != "body"):
        return False
    return row["body"] == expected["body"] or _means_the_same(row["body"], case)


def _as_stored(value: object) -> object:
    return utc_text(value) if isinstance(value, datetime) else value


def _means_the_same(body: str, case: Case) -> bool:
    """An older release wrote fewer fields; what it wrote is right if it reads as the same case."""
    try:
        return Case.model_validate_json(body) == case
    except ValueError:
        return False


def _faults_of_deadlines(connection: Connection) -> Iterator[Fault]:
    query = (
        select(cases.c.number)
        .outerjoin(deadlines)
        .where(cases.c.status.in_(reading.OPEN), deadlines.c.name.is_(None))
        .order_by(cases.c.number)
    )
    for number in connection.execute(query).scalars():
        yield Fault("the case is open, but nothing will ever remind anybody of it", None, number)
