"""AUTH with an access token on an smtplib connection (RFC 4954)."""

import base64
import smtplib

from mailer.bearer import Dialogue, mechanism_of
from mailer.oauth import TokenSource

_LONGEST_COMMAND = (
    512  # octets with the line's end (RFC 5321, 4.5.3.1.4); a longer token waits for the server's 334
)
_WELCOME = frozenset({235, 503})  # 503: we are in already
_CONTINUE = 334
_FINAL = 500


def log_in(connection: smtplib.SMTP, user: str, tokens: TokenSource, host: str, port: int) -> None:
    """Log in; a token the server refuses is renewed once. SMTPAuthenticationError otherwise, or TokenUnavailable."""
    token = tokens.token()
    try:
        _present(connection, _dialogue(connection, user, token, host, port))
    except smtplib.SMTPAuthenticationError as refusal:
        other = tokens.renewed(token) if refusal.smtp_code >= _FINAL else None
        if other is None:
            raise
        _present(connection, _dialogue(connection, user, other, host, port))


def _dialogue(connection: smtplib.SMTP, user: str, token: str, host: str, port: int) -> Dialogue:
    mechanism = mechanism_of(connection.esmtp_features.get("auth", "").split())
    if mechanism is None:
        raise smtplib.SMTPNotSupportedError(
            f"{host} offers neither XOAUTH2 nor OAUTHBEARER: it takes no tokens"
        )
    return Dialogue(mechanism, user, token, host, port)


def _present(connection: smtplib.SMTP, dialogue: Dialogue) -> None:
    code, reply = _open(connection, dialogue)
    while code == _CONTINUE:
        code, reply = connection.docmd(_encoded(dialogue.answer(_decoded(reply))))
    if code not in _WELCOME:
        words = dialogue.without_token(reply.decode("utf-8", "replace"))
        status = f" (status {dialogue.status})" if dialogue.status else ""
        raise smtplib.SMTPAuthenticationError(code, f"{words}{status}")


def _open(connection: smtplib.SMTP, dialogue: Dialogue) -> tuple[int, bytes]:
    bare = f"AUTH {dialogue.mechanism}"
    first = _encoded(dialogue.answer(b""))
    if len(bare) + len(first) + len(" \r\n") <= _LONGEST_COMMAND:
        return connection.docmd(bare, first)
    code, reply = connection.docmd(bare)
    return connection.docmd(first) if code == _CONTINUE else (code, reply)


def _encoded(answer: bytes | None) -> str:
    return "*" if answer is None else base64.b64encode(answer).decode()


def _decoded(reply: bytes) -> bytes:
    try:
        return base64.b64decode(reply)
    except ValueError:
        return b""
