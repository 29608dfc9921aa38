"""A channel: one piece of work on a thread of its own, which survives its own failures and nobody else's."""

import logging
import random
import threading
from collections.abc import Callable

from mailer.inbox import backoff

log = logging.getLogger("kesu.channel")
_RANDOM = random.SystemRandom()


class Channel(threading.Thread):
    """Runs `work` again and again until asked to stop.

    `work` does what there is to do and waits for more; an exception is logged, `recover` called, and the next try
    comes after a backoff.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], None],
        stop: threading.Event,
        recover: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name=f"kesu-{name}", daemon=True)
        self._work = work
        self._stop_asked = stop
        self._recover = recover
        self.failures = 0
        self.failure = ""  # the kind of error it fails with at present
        self.worked = False  # since it was started

    def run(self) -> None:
        """Work until asked to stop."""
        while not self._stop_asked.is_set():
            try:
                self._work()
                self.failures, self.failure, self.worked = 0, "", True
            except Exception as error:
                self._fail(error)
        self._quietly(self._recover)

    def _fail(self, error: Exception) -> None:
        self.failures += 1
        self.failure = type(error).__name__
        # A server that says we ask too often, or refuses the login, says how soon to come again by its kind of error.
        pause = max(backoff(self.failures, _RANDOM.random), getattr(error, "least_wait", 0.0))
        log.warning("%s failed (%s: %s); again in %.0f s", self.name, type(error).__name__, error, pause)
        log.debug("the failure of %s", self.name, exc_info=error)
        self._quietly(self._recover)
        self._stop_asked.wait(pause)

    def _quietly(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception:
            log.exception("%s could not clean up", self.name)
