"""The hash chain: what proves, a year later, that nobody rewrote the past. Pure functions over text.

Each event's payload is bound by a salted commitment, so that the payload can be erased and the chain still verified.
"""

import json
from hashlib import sha256
from typing import NamedTuple

from rules.events import Event, Lapsed, Opened

_CANONICAL = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
)


class Link(NamedTuple):
    """What of an event goes into its hash; `at` is UTC text, `clause` empty where no rule made it happen."""

    seq: int
    case_number: str
    n: int
    kind: str
    at: str
    clause: str
    policy_hash: str
    version: str
    commitment: str


def canonical(value: object) -> str:
    """Write JSON in the one form that is hashed and stored: sorted keys, no spaces, text as itself."""
    return _CANONICAL.encode(value)


def genesis(site: str) -> str:
    """Return the hash before a site's first event."""
    return sha256(canonical(["kesu", site]).encode()).hexdigest()


def commitment(salt: bytes, payload: str) -> str:
    """Bind a payload without telling it: the salt keeps a short payload from being guessed."""
    return sha256(salt + payload.encode()).hexdigest()


def link_hash(prev_hash: str, link: Link) -> str:
    """Return the hash of an event, which covers every event before it."""
    return sha256(canonical([prev_hash, *link]).encode()).hexdigest()


def promise_of(event: Event) -> str | None:
    """Name what `event` may do to its case only once; None where it may happen again."""
    match event:
        case Opened():  # a day of calls has many lists; that it begins once its number sees to
            return "opened"
        case Lapsed():
            return f"lapse:{event.stage}" if event.round == 1 else f"lapse:{event.stage}:{event.round}"
        case _:
            return None
