"""Access tokens for servers that take no passwords: asked for at every connection, kept until shortly before their end.

Tokens of Microsoft 365 and Gmail live for about an hour (RFC 6749, 5.1: `expires_in`), a connection may live longer;
so whoever logs in asks a TokenSource, and never keeps a token himself.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

_MARGIN = 300.0  # seconds before its end in which a token is not handed out any more, or
_MARGIN_SHARE = 0.1  # this share of a short life


class TokenUnavailable(Exception):
    """There is no token now. `permanent`: not before a person changes something; `advice` says what, where it is known.

    Neither `reason` nor `advice` holds anything secret.
    """

    def __init__(self, reason: str, *, permanent: bool, advice: str = "") -> None:
        super().__init__(f"{reason}: {advice}" if advice else reason)
        self.reason = reason
        self.permanent = permanent
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Granted:
    """A token as the provider gave it, good for `seconds` from now on."""

    token: str = field(repr=False)
    seconds: float


class TokenSource(Protocol):
    """What a login asks for its token; any thread may. Both methods raise TokenUnavailable."""

    def token(self) -> str:
        """Return a token that is still good for a while."""

    def renewed(self, refused: str) -> str | None:
        """Return another token than the one a server `refused`; None if that one was as fresh as can be."""


class CachedTokens:
    """A TokenSource over `ask`, which gets a token from the provider: with True one it has not given before."""

    def __init__(
        self, ask: Callable[[bool], Granted], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._lock = threading.Lock()  # held while asking: mail in and mail out need one token, not two
        self._token = ""
        self._good_until = 0.0
        self._ends = 0.0
        self._fresh = False

    def __repr__(self) -> str:
        return "CachedTokens()"

    def token(self) -> str:
        """Return the token there is while it is good, else the provider's next one."""
        with self._lock:
            if self._token and self._monotonic() < self._good_until:
                self._fresh = False
                return self._token
            return self._renew(forced=False)

    def renewed(self, refused: str) -> str | None:
        """Return a token that was not `refused`; the provider is asked once, however many threads were refused."""
        with self._lock:
            if self._token and self._token != refused:
                return self._token
            return None if self._fresh else self._renew(forced=True)

    def seconds_left(self) -> float:
        """Return how long the last token is good for, 0 if there is none."""
        with self._lock:
            return max(0.0, self._ends - self._monotonic()) if self._token else 0.0

    def _renew(self, *, forced: bool) -> str:
        granted = self._ask(forced)
        now = self._monotonic()
        self._token, self._fresh = granted.token, True
        self._ends = now + granted.seconds
        self._good_until = self._ends - min(_MARGIN, granted.seconds * _MARGIN_SHARE)
        return self._token
