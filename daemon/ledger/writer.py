"""The one connection that writes, and whose turn it is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, get_ident

from sqlalchemy import Connection, Engine

from daemon.ledger.errors import LedgerUnavailable
from daemon.ledger.sqlite import refuse_if_lost


class Writer:
    """Gives out the writing connection to one thread at a time, inside a transaction that is whole or nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = Lock()
        self._whose: int | None = None
        self._connection: Connection | None = None
        self._closed = False

    @contextmanager
    def transaction(self, undone: Callable[[], None] = lambda: None) -> Iterator[Connection]:
        """Begin, and commit at the end, or roll back at an exception; RuntimeError if this thread is inside another.

        `undone` is called after a rollback, before anybody else has his turn.
        """
        with self.connection() as connection:
            try:
                with connection.begin():
                    yield connection
                    refuse_if_lost(connection)
            except BaseException:
                undone()
                raise

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Wait for one's turn and use the connection outside of any transaction."""
        self.refuse_nesting()
        with self._turn:
            self._whose = get_ident()
            try:
                yield self._live()
            finally:
                self._whose = None

    def close(self) -> None:
        """Wait until nobody writes, then give the connection up for good; RuntimeError inside a transaction."""
        self.refuse_nesting()
        with self._turn:
            self._closed = True
            if self._connection is not None:
                self._connection.close()
            self._engine.dispose()

    def refuse_nesting(self) -> None:
        """RuntimeError if the calling thread is in the middle of a transaction."""
        if self._whose == get_ident():
            raise RuntimeError("this thread is already writing; say it through the entry it has")

    def _live(self) -> Connection:
        if self._closed:
            raise LedgerUnavailable("the ledger is closed")
        if self._connection is None or self._connection.invalidated:
            self._connection = self._engine.connect()
        return self._connection
