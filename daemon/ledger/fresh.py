"""What this process need not ask the file for again: it is the only one that writes there (`daemon.alone`)."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock
from typing import Generic, Protocol, TypeVar

_MOST_BYTES = 32 * 2**20


class FreshBytes:
    """Messages just stored, until whoever takes them in has read them; the oldest give way."""

    def __init__(self, most: int = _MOST_BYTES) -> None:
        self._most = most
        self._held: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def put(self, digest: str, content: bytes) -> None:
        """Hold bytes that are in the archive for certain."""
        with self._lock:
            if digest in self._held or len(content) > self._most:
                return
            self._held[digest] = content
            self._size += len(content)
            while self._size > self._most:
                self._size -= len(self._held.popitem(last=False)[1])

    def take(self, digest: str) -> bytes | None:
        """Return bytes and let go of them; None where they are not held."""
        with self._lock:
            content = self._held.pop(digest, None)
            self._size -= len(content or b"")
            return content


class _Ending(Protocol):
    @property
    def ends(self) -> datetime: ...


Statement = TypeVar("Statement", bound=_Ending)


class Lasting(Generic[Statement]):
    """Who said that he is away, or whom mails do not reach: asked at every mail, changed a few times a week."""

    def __init__(self) -> None:
        self._known: tuple[datetime, list[Statement]] | None = None  # those not over at that time
        self._version = 0
        self._lock = Lock()

    def not_over(self, now: datetime, ask: Callable[[datetime], Sequence[Statement]]) -> list[Statement]:
        """Return the statements that reach beyond `now`; `ask` reads them where they are not known."""
        with self._lock:
            known, version = self._known, self._version
        if known is None or known[0] > now:
            known = now, list(ask(now))
            with self._lock:
                if version == self._version:  # else something was said while we read
                    self._known = known
        return [said for said in known[1] if said.ends > now]

    def forget(self) -> None:
        """Ask anew: something was said."""
        with self._lock:
            self._known, self._version = None, self._version + 1
