"""Bring a ledger's tables to this release's version: numbered SQL files, each in one transaction."""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import NamedTuple

from sqlalchemy import Connection, insert, inspect, select

from daemon.ledger.errors import LedgerTooNew, LedgerUnavailable
from daemon.ledger.schema import schema_version
from daemon.ledger.sqlite import without_foreign_keys

_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")


class Migration(NamedTuple):
    """One step from schema version `version - 1` to `version`."""

    version: int
    name: str
    sql: str


def shipped_migrations() -> list[Migration]:
    """Return this release's migrations in order."""
    folder = files("daemon.ledger") / "migrations"
    found = [(match, file) for file in folder.iterdir() if (match := _FILE.fullmatch(file.name))]
    return sorted(Migration(int(m[1]), m[2], file.read_text(encoding="utf-8")) for m, file in found)


def upgrade(connection: Connection, migrations: Sequence[Migration], software: str) -> int:
    """Apply what is missing and return the schema version reached.

    LedgerTooNew if the ledger is ahead of `migrations`; LedgerUnavailable if the file is somebody else's or a step
    fails, in which case that step leaves nothing behind.
    """
    known = migrations[-1].version
    if _version(connection) == known:
        return known
    with without_foreign_keys(connection):
        for migration in migrations:
            _apply(connection, migration, known, software)
    return known


def _apply(connection: Connection, migration: Migration, known: int, software: str) -> None:
    with connection.begin():
        found = _version_inside(
            connection
        )  # read under the write lock: another process may upgrade at this moment
        if found > known:
            raise LedgerTooNew(found, known)
        if found >= migration.version:
            return
        for statement in statements(migration.sql):
            connection.exec_driver_sql(statement)
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise LedgerUnavailable(
                f"migration {migration.version:04} would leave rows that refer to nothing"
            )
        row = {"version": migration.version, "name": migration.name, "applied_by": software}
        connection.execute(insert(schema_version), row)


def _version(connection: Connection) -> int:
    with connection.begin():
        return _version_inside(connection)


def _version_inside(connection: Connection) -> int:
    if not inspect(connection).has_table(schema_version.name):
        return 0
    versions = connection.execute(select(schema_version.c.version)).scalars().all()
    return max(versions, default=0)


def statements(sql: str) -> Iterator[str]:
    """Cut an SQL file into statements; a trigger's inner semicolons do not end it."""
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        raise ValueError(f"the SQL file ends in the middle of a statement: {pending.strip()!r}")
