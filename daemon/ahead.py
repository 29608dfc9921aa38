"""Working ahead: things are done on a thread of their own while the caller is busy with those before them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Reach:
    """How far ahead to work: things begun and not yet taken, and what they may weigh together (or one alone)."""

    things: int
    weight: int


@dataclass(frozen=True)
class _Fault:
    error: BaseException


class Ahead(Generic[_T, _R]):
    """Does things in their order, ahead of whoever takes what becomes of them; a context manager for one caller.

    `work` gets an endless stream of things, and yields what becomes of each, in order, when it likes; None in the
    stream says that nothing more is there for the moment, so that it finishes what it has begun.
    """

    def __init__(
        self,
        work: Callable[[Iterator[_T | None]], Iterator[_R]],
        weight: Callable[[_T], int],
        reach: Reach,
    ) -> None:
        self._work = work
        self._weight = weight
        self._reach = reach
        self._waiting: deque[_T] = deque()
        self._begun: deque[_T] = deque()
        self._things: SimpleQueue[_T | None] = SimpleQueue()
        self._results: SimpleQueue[_R | _Fault] = SimpleQueue()
        self._held = 0  # the weight of what is begun
        self._fault: _Fault | None = None
        self._left = False
        self._thread = ThreadPoolExecutor(1, "kesu-ahead")
        self._thread.submit(self._run)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave what is not taken; what is begun at this moment comes to its end unseen."""
        self._left = True
        self._things.put(None)
        self._thread.shutdown(wait=False)

    def __bool__(self) -> bool:
        """Tell whether anything is left to be taken."""
        return bool(self._begun or self._waiting)

    @property
    def wants_more(self) -> bool:
        """Tell whether more could be begun now than there is."""
        return not self._waiting and self._has_room(0)

    @property
    def not_taken(self) -> list[_T]:
        """The things of which nothing has been taken yet."""
        return [*self._begun, *self._waiting]

    def add(self, things: Iterable[_T]) -> None:
        """Put things in line, and begin as many as the reach allows."""
        self._waiting.extend(things)
        self._begin()

    def take(self, most: int) -> list[_R]:
        """Wait for the first result, take those ready behind it, `most` at most; raise what kept it from being made."""
        made: list[_R] = []
        while len(made) < most and self._fault is None:
            try:
                result = self._results.get(block=not made)
            except Empty:
                break
            if isinstance(result, _Fault):
                self._fault = result  # what was made before it comes out before it
            else:
                made.append(result)
                self._held -= self._weight(self._begun.popleft())
        if not made and self._fault is not None:
            raise self._fault.error
        self._begin()
        return made

    def _begin(self) -> None:
        while self._waiting and self._has_room(self._weight(self._waiting[0])):
            thing = self._waiting.popleft()
            self._begun.append(thing)
            self._held += self._weight(thing)
            self._things.put(thing)

    def _has_room(self, weight: int) -> bool:
        fits = len(self._begun) < self._reach.things and self._held + weight <= self._reach.weight
        return not self._begun or fits

    def _run(self) -> None:
        try:
            for result in self._work(self._stream()):
                self._results.put(result)
        except BaseException as error:
            self._results.put(_Fault(error))

    def _stream(self) -> Iterator[_T | None]:
        """Yield the things as they are begun, None where none is there yet, until nobody wants them any more."""
        while not self._left:
            try:
                thing = self._things.get_nowait()
            except Empty:
                yield None
                thing = self._things.get()
            if thing is not None:
                yield thing
