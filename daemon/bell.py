"""A bell one channel rings for another: something new is there to be done."""

import threading
from collections.abc import Callable

Stopped = Callable[[], bool]  # tells whoever works through a long list that it is time to go home


def never() -> bool:
    """Say that there is no hurry."""
    return False


class Bell:
    """Wakes whoever waits; rung while nobody waits it is remembered."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        """Wake the channel."""
        self._rung.set()

    def wait(self, seconds: float) -> bool:
        """Wait until rung, `seconds` at most; tell whether it was."""
        rung = self._rung.wait(max(0.0, seconds))
        self._rung.clear()
        return rung


class Bells:
    """The bells of the house, by channel; ringing `stop` wakes everybody for good."""

    def __init__(self) -> None:
        self.lapses = Bell()
        self.outbox = Bell()
        self.workbook = Bell()
        self.jobs = Bell()
        self.attachments = Bell()
        self.stop = threading.Event()

    def changed(self) -> None:
        """Something was committed: there may be mail to send, a row to write, an earlier deadline."""
        self.outbox.ring()
        self.workbook.ring()
        self.attachments.ring()
        self.lapses.ring()

    def ring_out(self) -> None:
        """Ask everybody to stop."""
        self.stop.set()
        self.jobs.ring()
        self.changed()
