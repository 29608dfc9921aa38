"""One daemon to a ledger: two would send everything twice."""

from pathlib import Path

from filelock import FileLock, Timeout

from daemon.errors import ConfigurationError
from daemon.permissions import PRIVATE


class Alone:
    """Holds a ledger for this process alone; the system lets go of it however the process ends."""

    def __init__(self, ledger: Path) -> None:
        self._lock = FileLock(f"{ledger}.lock", timeout=0, mode=PRIVATE)

    def hold(self, patience: float = 0) -> None:
        """Take the ledger; ConfigurationError if another daemon has it, and keeps it for `patience` seconds."""
        try:
            self._lock.acquire(timeout=patience)
        except Timeout:
            raise ConfigurationError(
                "daemon.ledger", "another kesu is running on this ledger; stop it first"
            ) from None
        except OSError as error:
            raise ConfigurationError("daemon.ledger", f"its lock cannot be taken: {error}") from error

    def release(self) -> None:
        """Let go of the ledger."""
        self._lock.release()
