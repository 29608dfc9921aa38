"""How long a test waits, and what work may cost: bounds against what never ends, far beyond a slow, busy machine.

No test measures speed. What is right takes moments; what these bounds are there for takes minutes or has no end.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 120.0  # seconds for what has to happen: a wait ends as soon as it does
ENDLESS = 30.0  # seconds of processor time, forty times what any guarded work takes on a machine of today


class _Endless(BaseException):
    """Not an Exception: no reader that survives whatever a stranger sends may survive this."""


@contextmanager
def no_endless_work(seconds: float = ENDLESS) -> Iterator[None]:
    """Break off what takes so much of this process's own time; how busy the machine is does not count."""

    def break_off(_signal: int, _frame: FrameType | None) -> None:
        raise _Endless

    before = signal.signal(signal.SIGPROF, break_off)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except _Endless as endless:
        raise AssertionError(f"no end after {seconds:g} s of processor time") from endless
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def eventually(holds: Callable[[], object], what: str = "what has to happen") -> None:
    """Return once `holds`; fail when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)
