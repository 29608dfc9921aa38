"""A bell one channel rings for another: something new is there to be done."""

import threading
from collections.abc import Callable

_LOOK = 0.5  # seconds between two looks
Stopped = Callable[[], bool]  # tells whoever works through a long list that it is time to go home


def never() -> bool:
    """Say that there is no hurry."""
    return False


class Either(threading.Event):
    """Is set as soon as an event is, or something else has happened that is looked for every half second."""

    def __init__(self, event: threading.Event, happened: Callable[[], bool]) -> None:
        super().__init__()
        self._event = event
        self._happened = happened

    def is_set(self) -> bool:
        """Tell whether either is the case."""
        return self._event.is_set() or self._happened()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for either, at most `timeout` seconds."""
        left = threading.TIMEOUT_MAX if timeout is None else timeout
        while not self._happened() and left > 0:
            if self._event.wait(min(_LOOK, left)):
                return True
            left -= _LOOK
        return self.is_set()


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
