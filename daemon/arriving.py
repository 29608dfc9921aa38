"""Messages that arrive while others are taken in: the next batch is fetched while its predecessors keep us busy."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Protocol, Self

from mailer.inbox import RawMail


class Arriving(Protocol):
    """Where messages come from."""

    def store(self, *, wait: bool) -> bool:
        """Store the next messages, if they are there or we may wait for them; tell whether any were stored."""


class _Nobody:
    """No message comes."""

    def store(self, *, wait: bool) -> bool:  # noqa: ARG002 there is nothing to wait for
        """Store nothing."""
        return False


NOBODY: Arriving = _Nobody()


class Batches:
    """Batches from a mailbox, one of them ahead; a context manager, which gives the connection back at its end."""

    def __init__(
        self, batches: Iterator[list[RawMail]], store: Callable[[Sequence[RawMail]], object]
    ) -> None:
        self._batches = batches
        self._store = store
        self._thread = ThreadPoolExecutor(1, "kesu-fetch")
        self._coming: Future[list[RawMail] | None] | None = self._thread.submit(next, batches, None)
        self.stored = 0  # messages

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait until nobody uses the connection any more; what is not stored is fetched again another time."""
        self._thread.shutdown()

    def store(self, *, wait: bool) -> bool:
        """Store the next batch, and have the one behind it fetched; tell whether there was one.

        MailboxUnavailable if the connection was lost, once nothing that came before it is left to do (`wait`).
        """
        if self._coming is None or not (wait or self._has_come(self._coming)):
            return False
        batch = self._coming.result()
        self._coming = None
        if batch is None:
            return False
        self._coming = self._thread.submit(next, self._batches, None)
        self._store(batch)
        self.stored += len(batch)
        return True

    @staticmethod
    def _has_come(coming: Future[list[RawMail] | None]) -> bool:
        return coming.done() and coming.exception() is None
