"""Messages that arrive while others are taken in: the next batch is fetched while its predecessors keep us busy."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from daemon.ledger import Incoming
from mailer.inbox import RawMail
from mailer.message import envelope


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


@dataclass(frozen=True)
class Arrived:
    """A message as the mailbox gave it, and as the ledger wants it."""

    mail: RawMail
    incoming: Incoming

    @classmethod
    def ready(cls, mail: RawMail) -> Self:
        """Do for a message what is to be done before it can be stored, so that storing it takes no time."""
        incoming = Incoming(mail.uid, mail.raw, *envelope(mail.raw), mail.received_at)
        _ = incoming.digest, incoming.packed
        return cls(mail, incoming)


class Batches:
    """Batches from a mailbox, one of them ahead; a context manager, which gives the connection back at its end."""

    def __init__(
        self, batches: Iterator[list[RawMail]], store: Callable[[Sequence[Arrived]], object]
    ) -> None:
        self._batches = ([Arrived.ready(mail) for mail in batch] for batch in batches)
        self._store = store
        self._thread = ThreadPoolExecutor(1, "kesu-fetch")
        self._coming = self._next()
        self.stored = 0  # messages

    def _next(self) -> Future[list[Arrived] | None] | None:
        return self._thread.submit(next, self._batches, None)

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
        self._coming = self._next()
        self._store(batch)
        self.stored += len(batch)
        return True

    @staticmethod
    def _has_come(coming: Future[list[Arrived] | None]) -> bool:
        return coming.done() and coming.exception() is None
