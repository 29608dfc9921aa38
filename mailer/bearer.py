"""A login with an access token: Google's and Microsoft's XOAUTH2, and OAUTHBEARER (RFC 7628).

Both are one message from the client. A server that refuses it says why in a challenge, as JSON, and waits for a dummy
answer before it says NO (RFC 7628, 3.2.3); a client that does not answer hangs there.
"""

import json
from collections.abc import Iterable
from contextlib import suppress

XOAUTH2 = "XOAUTH2"
OAUTHBEARER = "OAUTHBEARER"
_STATUS_LENGTH = 60
_MOST_CHALLENGES = 3


def mechanism_of(offered: Iterable[str]) -> str | None:
    """Return the mechanism to use among those offered; None if the server takes no tokens.

    XOAUTH2 comes first: it is what the big providers have had in use for many years.
    """
    known = {name.upper() for name in offered}
    return next((name for name in (XOAUTH2, OAUTHBEARER) if name in known), None)


class Dialogue:
    """One login: `answer` is asked for each of the server's challenges, the first of them empty.

    `user` is the mailbox, a shared one too. `status` is what the server said about the token, if it said anything.
    """

    def __init__(self, mechanism: str, user: str, token: str, host: str, port: int) -> None:
        self.mechanism = mechanism
        self.status = ""
        self._token = token
        self._answers = 0
        bearer = f"auth=Bearer {token}\x01\x01"
        if mechanism == XOAUTH2:
            self._first = f"user={user}\x01{bearer}".encode()
        else:
            self._first = f"n,a={_saslname(user)},\x01host={host}\x01port={port}\x01{bearer}".encode()

    def __repr__(self) -> str:
        return f"Dialogue({self.mechanism})"

    def answer(self, challenge: bytes) -> bytes | None:
        """Return what to say next; None: the server asks without end, cancel."""
        self._answers += 1
        if self._answers == 1:
            return self._first
        self.status = self.status or self.without_token(_status(challenge))
        if self._answers > _MOST_CHALLENGES:
            return None
        return b"" if self.mechanism == XOAUTH2 else b"\x01"

    def without_token(self, words: str) -> str:
        """Return a server's words, in which it may have said our token back to us."""
        return words.replace(self._token, "…")


def _saslname(user: str) -> str:
    """Escape what separates the parts of a GS2 header (RFC 5801, 4)."""
    return user.replace("=", "=3D").replace(",", "=2C")


def _status(challenge: bytes) -> str:
    with suppress(ValueError, AttributeError):
        status = str(json.loads(challenge).get("status", ""))
        return "".join(sign for sign in status if sign.isprintable())[:_STATUS_LENGTH]
    return ""
