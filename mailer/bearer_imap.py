"""AUTHENTICATE with an access token on an imaplib connection.

imaplib knows no SASL-IR (RFC 4959), by which the token goes out with the command: an answer less to wait for.
"""

import base64
import binascii
import imaplib

from mailer.bearer import Dialogue, mechanism_of
from mailer.imap_errors import MailboxUnavailable, refused
from mailer.imap_settings import MailboxSettings
from mailer.oauth import TokenSource, TokenUnavailable

_CANCEL = b"*"


def log_in(client: imaplib.IMAP4, settings: MailboxSettings, tokens: TokenSource) -> None:
    """Log in; a token the server refuses is renewed once. MailboxUnavailable otherwise."""
    try:
        token = tokens.token()
        try:
            _present(client, settings, token)
        except MailboxUnavailable as refusal:
            other = tokens.renewed(token) if refusal.permanent else None
            if other is None:
                raise
            _present(client, settings, other)
    except TokenUnavailable as error:
        raise MailboxUnavailable(f"no access token: {error}", error.permanent) from error


def _present(client: imaplib.IMAP4, settings: MailboxSettings, token: str) -> None:
    offered = [word.removeprefix("AUTH=") for word in client.capabilities if word.startswith("AUTH=")]
    mechanism = mechanism_of(offered)
    if mechanism is None:
        raise MailboxUnavailable(
            f"{settings.host} offers neither XOAUTH2 nor OAUTHBEARER: it takes no tokens", permanent=True
        )
    dialogue = Dialogue(mechanism, settings.username, token, settings.host, settings.port)
    status, answer = _authenticate(client, dialogue)
    if status != "OK":
        what = f"login of {settings.username} with an access token refused"
        if dialogue.status:
            what += f" (status {dialogue.status})"
        words = b" ".join(part for part in answer if isinstance(part, bytes)).decode("utf-8", "replace")
        raise refused(what, [dialogue.without_token(words).encode()])
    client.state = "AUTH"


def _authenticate(client: imaplib.IMAP4, dialogue: Dialogue) -> tuple[str, list[object]]:
    first = [_encoded(dialogue.answer(b"")).decode()] if "SASL-IR" in client.capabilities else []
    client.literal = _Answers(dialogue).process  # type: ignore[assignment]
    try:
        return client.xatom("AUTHENTICATE", dialogue.mechanism, *first)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:  # BAD
        return "BAD", [str(error).encode()]


class _Answers:
    """What imaplib asks at each continuation; it takes a bound method for such an answerer, nothing else."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue

    def process(self, challenge: bytes) -> bytes:
        try:
            decoded = base64.b64decode(challenge)
        except (binascii.Error, ValueError):
            decoded = b""
        return _encoded(self._dialogue.answer(decoded))


def _encoded(answer: bytes | None) -> bytes:
    return _CANCEL if answer is None else base64.b64encode(answer)
