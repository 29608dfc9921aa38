"""How long a test waits, and what work may cost: bounds against what never ends, far beyond a slow, busy machine.

No test measures speed. What is right takes moments; what these bounds are there for takes minutes or has no end.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

from parsers.reading_process import Limits

PATIENCE = 120.0  # seconds for what has to happen: a wait ends as soon as it does
PATIENT = Limits(seconds=60.0)  # for files whose own time is not what is tested; the product allows five
ENDLESS = 30.0  # seconds of processor time, forty times what any guarded work takes on a machine of today


class _Endless(BaseException):
    """Not an Exception: no reader that survives whatever a stranger sends may survive this."""


def no_endless_work(seconds: float = ENDLESS) -> AbstractContextManager[None]:
    """Break off what takes so much of this process's own time; how busy the machine is does not count."""
    return _broken_off(signal.ITIMER_PROF, signal.SIGPROF, seconds, "work")


def no_endless_wait(seconds: float = PATIENCE) -> AbstractContextManager[None]:
    """Break off what waits, on the main thread, for something that does not come."""
    return _broken_off(signal.ITIMER_REAL, signal.SIGALRM, seconds, "waiting")


@contextmanager
def _broken_off(timer: int, number: signal.Signals, seconds: float, what: str) -> Iterator[None]:
    def break_off(_signal: int, _frame: FrameType | None) -> None:
        raise _Endless

    before = signal.signal(number, break_off)
    signal.setitimer(timer, seconds)
    try:
        yield
    except _Endless as endless:
        raise AssertionError(f"no end after {seconds:g} s of {what}") from endless
    finally:
        signal.setitimer(timer, 0)
        signal.signal(number, before)


def eventually(holds: Callable[[], object], what: str = "what has to happen") -> None:
    """Return once `holds`; fail when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)
