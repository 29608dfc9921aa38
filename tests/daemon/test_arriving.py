"""Batches that arrive: one is fetched ahead, none is stored before its turn, a lost connection is told last."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from daemon.arriving import NOBODY, Batches
from mailer.inbox import MailboxUnavailable, RawMail
from tests.guards import PATIENCE


def raw(uid: int) -> RawMail:
    return RawMail("INBOX", 1, uid, b"", datetime(2026, 11, 22, tzinfo=UTC), 0)


class Server:
    """Gives batches when it is let to."""

    def __init__(self, *batches: list[RawMail] | Exception) -> None:
        self.given = threading.Semaphore(0)
        self.batches = batches
        self.asked = 0

    def fetch(self) -> Iterator[list[RawMail]]:
        for batch in self.batches:
            self.asked += 1
            assert self.given.acquire(timeout=PATIENCE)
            if isinstance(batch, Exception):
                raise batch
            yield batch

    def give(self, times: int = 1) -> None:
        self.given.release(times)


def test_nobody_brings_nothing() -> None:
    assert not NOBODY.store(wait=True)


def test_a_batch_that_has_not_come_is_waited_for_only_by_who_may() -> None:
    server, stored = Server([raw(1)], [raw(2), raw(3)]), []
    with Batches(server.fetch(), stored.extend) as arriving:
        assert not arriving.store(wait=False)
        server.give()
        assert arriving.store(wait=True)
        assert [one.mail.uid for one in stored] == [1]
        assert not arriving.store(wait=False)
        server.give()
        assert arriving.store(wait=True)
        assert not arriving.store(wait=True)
        assert not arriving.store(wait=True)
        assert arriving.stored == 3


def test_the_next_batch_is_fetched_while_nobody_waits_and_no_further_one() -> None:
    server, stored = Server([raw(1)], [raw(2)], [raw(3)]), []
    server.give(3)
    with Batches(server.fetch(), stored.extend) as arriving:
        assert arriving.store(wait=True)
        arriving._coming.result(PATIENCE)  # type: ignore[union-attr]
        assert server.asked == 2
        assert arriving.store(wait=False)
        assert [one.mail.uid for one in stored] == [1, 2]


def test_a_lost_connection_is_told_when_there_is_nothing_else_to_do() -> None:
    server, stored = Server([raw(1)], MailboxUnavailable("gone", permanent=False)), []
    server.give(2)
    with Batches(server.fetch(), stored.extend) as arriving:
        assert arriving.store(wait=True)
        arriving._coming.exception(PATIENCE)  # type: ignore[union-attr]
        assert not arriving.store(wait=False), "what came before it is taken in first"
        with pytest.raises(MailboxUnavailable):
            arriving.store(wait=True)
    assert arriving.stored == 1


def test_at_its_end_nobody_uses_the_connection_any_more() -> None:
    server = Server([raw(1)], [raw(2)])
    server.give(1)
    with Batches(server.fetch(), lambda _: None) as arriving:
        assert arriving.store(wait=True)
        coming = arriving._coming
        threading.Timer(0.05, server.give).start()
    assert coming is not None
    assert coming.done()
