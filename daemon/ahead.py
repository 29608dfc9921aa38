"""Working ahead: the next things are done on threads of their own while the caller is busy with those before."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

_THREADS = 1  # what it asks another process it asks in lots


@dataclass(frozen=True)
class Reach:
    """How far ahead to work: things begun and not yet taken, and what they may weigh together (or one alone)."""

    things: int
    weight: int


def ahead(
    work: Callable[[_T], _R], things: Iterable[_T], weight: Callable[[_T], int], reach: Reach
) -> Iterator[list[_R]]:
    """Yield what `work` makes of `things`, in order: one at least, with all that is ready behind it by then.

    An exception of `work` comes out here, after what was made before it.
    """
    with ThreadPoolExecutor(_THREADS, "kesu-ahead") as other:
        row = _Row(lambda thing: other.submit(work, thing), weight, reach, deque(things))
        try:
            while row.begin():
                made = row.take()
                row.begin()
                yield made
        finally:
            other.shutdown(wait=False, cancel_futures=True)


@dataclass
class _Row(Generic[_T, _R]):
    """Things in line: some not begun, some begun."""

    submit: Callable[[_T], Future[_R]]
    weight: Callable[[_T], int]
    reach: Reach
    waiting: deque[_T]
    begun: deque[tuple[int, Future[_R]]] = field(default_factory=deque)

    def begin(self) -> bool:
        """Begin as many as the reach allows; tell whether any is begun."""
        while self.waiting and self._has_room(self.weight(self.waiting[0])):
            thing = self.waiting.popleft()
            self.begun.append((self.weight(thing), self.submit(thing)))
        return bool(self.begun)

    def _has_room(self, weight: int) -> bool:
        held = sum(weight for weight, _ in self.begun)
        return not self.begun or (len(self.begun) < self.reach.things and held + weight <= self.reach.weight)

    def take(self) -> list[_R]:
        """Wait for the first, then take all that are done without a gap; stop before one that failed."""
        made = [self.begun.popleft()[1].result()]
        while self.begun and self.begun[0][1].done() and self.begun[0][1].exception() is None:
            made.append(self.begun.popleft()[1].result())
        return made
