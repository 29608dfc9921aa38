"""How the parts of the house are, in memory: each part says itself whether it can work, and why not."""

import threading
from dataclasses import dataclass

MAILBOX = "mailbox"
SMTP = "smtp"
CARE = "care"  # customer care, by mail


@dataclass(frozen=True, slots=True)
class State:
    """How a part is. `permanent`: it stays so until a person changes something."""

    well: bool
    reason: str = ""
    permanent: bool = False


class Health:
    """What the parts said last; of those that have said nothing yet nobody knows anything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, State] = {}

    def well(self, part: str) -> None:
        """Say that a part works."""
        with self._lock:
            self._states[part] = State(well=True)

    def ill(self, part: str, reason: str, *, permanent: bool = False) -> None:
        """Say that a part does not work, and why."""
        with self._lock:
            self._states[part] = State(well=False, reason=reason, permanent=permanent)

    def is_ill(self, part: str) -> bool:
        """Tell whether a part said last that it does not work."""
        with self._lock:
            return part in self._states and not self._states[part].well

    def states(self) -> dict[str, State]:
        """Return what each part said last."""
        with self._lock:
            return dict(self._states)
