"""SQLite's ways, all in one place: where the file is, how a connection is set up, what its errors mean.

One connection writes and the others are `query_only`: SQLite 3.7.0 to 3.51.2 can damage a WAL when two connections
write or checkpoint at once. Python's own transaction handling is switched off; ours begins explicitly, because
`BEGIN IMMEDIATE` takes the write lock where waiting for it is possible, not in the middle.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple, cast

from sqlalchemy import ClauseElement, Connection, Engine, create_engine, event, make_url
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as insert
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.interfaces import DBAPICursor, ExceptionContext
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool
from sqlalchemy.sql.compiler import SQLCompiler

from daemon.ledger.errors import (
    LedgerError,
    LedgerRefused,
    LedgerUnavailable,
    LedgerUnsupported,
    PromiseBroken,
)

__all__ = [
    "APPLICATION_ID",
    "VERSION",
    "Insert",
    "copy_to",
    "insert",
    "ledger_path",
    "plain_rows",
    "reading_engine",
    "refuse_if_lost",
    "run",
    "run_many",
    "whole",
    "without_foreign_keys",
    "writing_engine",
]

VERSION = sqlite3.sqlite_version
APPLICATION_ID = 0x6B657375  # "kesu"
_LOST = "kesu_transaction_lost"
_TAKEN = {"SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
Row = Mapping[str, Any]
_DIALECT = SQLiteDialect_pysqlite(paramstyle="qmark")
_LOG_PAGES = 4000  # 16 MiB; a page that a backlog writes again and again goes to the database itself once
_READERS = 4
_READERS_AT_PEAK = 32


class _Places(NamedTuple):
    """A statement's parameters: which of a row's values stands where, and what the driver wants made of some."""

    names: tuple[str, ...]
    fixed: dict[str, Any]  # parameters that are the same whatever the row
    processed: tuple[tuple[int, Callable[[Any], Any]], ...]


def ledger_path(url: str) -> Path:
    """Return the file a ledger URL names (`sqlite:///var/kesu.db`); LedgerUnsupported if it names none."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise LedgerUnsupported("the ledger's URL must read like sqlite:///var/kesu.db") from None
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise LedgerUnsupported(
            f"this release keeps its ledger in SQLite only (sqlite:///var/kesu.db), not in {parsed.drivername!r}"
        )
    if not parsed.database or parsed.database == ":memory:" or parsed.query or parsed.host:
        raise LedgerUnsupported("the ledger's URL must name a file and nothing else: sqlite:///var/kesu.db")
    return Path(parsed.database).absolute()


def writing_engine(path: Path, busy_seconds: float) -> Engine:
    """Return the engine of the one connection that writes."""
    connect = partial(_connect, path, busy_seconds, _prepare_writer)
    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    return _ours(engine, "BEGIN IMMEDIATE")


def reading_engine(path: Path, busy_seconds: float) -> Engine:
    """Return the engine of connections that cannot write; a transaction sees one state throughout."""
    connect = partial(_connect, path, busy_seconds, _prepare_reader)
    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=_READERS,
        max_overflow=_READERS_AT_PEAK - _READERS,
    )
    return _ours(engine, "BEGIN")


def _ours(engine: Engine, begin: str) -> Engine:
    event.listen(engine, "begin", partial(_begin, begin))
    event.listen(engine, "before_cursor_execute", _refuse_after_loss)
    event.listen(engine, "handle_error", _raise_typed)
    return engine


def refuse_if_lost(connection: Connection) -> None:
    """Raise LedgerUnavailable if an error has cost the running transaction: SQLite may have undone it by itself."""
    if connection.info.get(_LOST):
        raise LedgerUnavailable("an error has cost this transaction; nothing of it is kept")


@contextmanager
def without_foreign_keys(connection: Connection) -> Iterator[None]:
    """Let tables be rebuilt, which is how SQLite changes their shape, without that counting as deleting their rows."""
    driver = _driver(connection)
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def plain_rows(
    connection: Connection, statement: str, parameters: Mapping[str, object]
) -> list[tuple[Any, ...]]:
    """Return rows as the driver gives them: where there are thousands, wrapping them costs more than reading."""
    try:
        return _driver(connection).execute(statement, parameters).fetchall()
    except sqlite3.Error as error:
        raise _typed(error) or error from error


def run(connection: Connection, statement: ClauseElement, row: Row) -> DBAPICursor:
    """Execute a statement that is wanted at every message, and return the driver's cursor.

    It is compiled once; SQLAlchemy's own way costs several times what SQLite needs. Errors are those of `execute`.
    """
    text, places = _compiled(statement, tuple(row))
    refuse_if_lost(connection)
    try:
        return cast("DBAPICursor", _driver(connection).execute(text, _values(row, places)))
    except sqlite3.Error as error:
        raise _lost(connection, error) from error


def run_many(connection: Connection, statement: ClauseElement, rows: Sequence[Row]) -> int:
    """Execute a statement that returns nothing once for each row; return how many rows it changed or added.

    All rows have the same columns.
    """
    if not rows:
        return 0
    text, places = _compiled(statement, tuple(rows[0]))
    refuse_if_lost(connection)
    try:
        return _driver(connection).executemany(text, [_values(row, places) for row in rows]).rowcount
    except sqlite3.Error as error:
        raise _lost(connection, error) from error


def _lost(connection: Connection, error: sqlite3.Error) -> Exception:
    """Note that an error has cost the running transaction; return what is to be raised."""
    connection.info[_LOST] = True
    return _typed(error) or error


def _values(row: Row, places: _Places) -> list[Any]:
    known = {**places.fixed, **row} if places.fixed else row
    values = [known[name] for name in places.names]
    for at, process in places.processed:
        values[at] = process(values[at])
    return values


@cache
def _compiled(statement: ClauseElement, columns: tuple[str, ...]) -> tuple[str, _Places]:
    """Return a statement as text, and its parameters in their order."""
    compiled = cast("SQLCompiler", statement.compile(dialect=_DIALECT, column_keys=list(columns)))
    names = tuple(compiled.positiontup or ())
    kinds = [compiled.binds[name].type.dialect_impl(_DIALECT) for name in names]
    processors = [
        (at, kind.bind_processor(_DIALECT)) for at, kind in enumerate(kinds) if names[at] in columns
    ]
    return compiled.string, _Places(
        names,
        {name: compiled.params[name] for name in names if name not in columns},
        tuple((at, process) for at, process in processors if process is not None),
    )


def copy_to(connection: Connection, path: Path) -> None:
    """Write one consistent copy of the database to a new file `path`, complete without a log beside it."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as copy:
            _driver(connection).backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise LedgerUnavailable(f"the backup cannot be written: {error}") from error


def _driver(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise LedgerUnavailable("the ledger is closed")
    return driver


def _connect(
    path: Path, busy_seconds: float, prepare: Callable[[sqlite3.Connection], None]
) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=busy_seconds, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    try:
        connection.execute("PRAGMA foreign_keys=ON")
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare_writer(connection: sqlite3.Connection) -> None:
    _refuse_foreign_file(connection)
    (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    if mode != "wal":
        raise sqlite3.OperationalError(
            "the ledger needs a local disk: its folder cannot hold a write-ahead log"
        )
    connection.execute("PRAGMA synchronous=FULL")  # NORMAL may lose a commit whose mail has already been sent
    connection.execute("PRAGMA journal_size_limit=67108864")
    connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")


def _refuse_foreign_file(connection: sqlite3.Connection) -> None:
    """Leave a database of somebody else's as it is; ours bear their application id from the first migration on."""
    (ours,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and ours != APPLICATION_ID:
        raise sqlite3.DatabaseError("the file is a database, but no ledger of ours")


def _prepare_reader(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA query_only=ON")


def _begin(statement: str, connection: Connection) -> None:
    connection.info.pop(_LOST, None)
    connection.exec_driver_sql(statement)


@contextmanager
def whole(connection: Connection) -> Iterator[None]:
    """Several statements that make sense only together: if one fails, whatever the cause, the transaction is lost."""
    try:
        yield
    except BaseException:
        connection.info[_LOST] = True
        raise


def _refuse_after_loss(connection: Connection, *_: object) -> None:
    """Without this, a statement after SQLite's own rollback would commit by itself."""
    refuse_if_lost(connection)


def _raise_typed(context: ExceptionContext) -> None:
    if context.connection is not None:
        context.connection.info[_LOST] = True
    error = _typed(context.original_exception)
    if error is not None:
        raise error


def _typed(error: BaseException) -> LedgerError | None:
    match error:
        case sqlite3.IntegrityError():
            taken = error.sqlite_errorname in _TAKEN
            return PromiseBroken(str(error)) if taken else LedgerRefused(str(error))
        case sqlite3.ProgrammingError() | sqlite3.InterfaceError():
            return None  # a fault of ours: let it be seen as it is
        case sqlite3.Error():
            return LedgerUnavailable(f"the ledger cannot be used: {error}")
        case _:
            return None
