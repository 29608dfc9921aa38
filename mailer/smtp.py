"""Sends composed mails by SMTP over one connection that is kept and renewed as servers wish.

What a failure means is the one question the outbox asks: is it final, is it worth another try, or may the mail have
left all the same (RFC 5321, 4.5.3.2.6: the answer to the last dot got lost).
"""

import smtplib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.generator import BytesGenerator
from email.message import EmailMessage
from io import BytesIO
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, NoReturn

_CLOSING = 421  # the server closes the session
_SESSION_FULL = frozenset({_CLOSING, 452})  # OpenSMTPD says 452 after a hundred mails in one session
_NO_ANSWER = -1  # smtplib's sign for an answer without a number
_NOT_SMTP = "the server's answer is not SMTP"
_NOT_LOGGED_IN = frozenset({530, 534, 535, 538})  # the account is at fault, not the letter
_FIRST_DELAY, _LONGEST_DELAY = timedelta(seconds=20), timedelta(minutes=30)


@dataclass(frozen=True)
class SmtpSettings:
    """Where and how to hand in mail. ValueError for `plain` beyond loopback and for half a login.

    `timeout` in seconds, for each single answer of the server; `ca_file` replaces the system's certificates.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "plain"]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if self.security == "plain" and not _is_loopback(self.host):
            raise ValueError(f"security 'plain' is for loopback only, not for {self.host}")
        if (self.username is None) is not (self.password is None):
            raise ValueError("username and password belong together")


class TransportError(Exception):
    """A mail was not accepted, or nobody knows.

    `permanent`: another try is useless. `uncertain`: the mail may have been accepted all the same, so try again only
    under the same Message-ID. `reply`: what the server said, or what went wrong.
    """

    def __init__(self, reply: str, *, permanent: bool = False, uncertain: bool = False) -> None:
        super().__init__(reply)
        self.permanent = permanent
        self.uncertain = uncertain
        self.reply = reply


class _SessionOverError(Exception):
    """The connection is of no more use, and nothing of the mail had been sent."""


class Postman:
    """Hands in one mail after another over one connection. Not for several threads at once.

    `idle`: after this time without a mail the connection is given up, before the server does so.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        idle: timedelta = timedelta(seconds=60),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._idle = idle
        self._monotonic = monotonic
        self._connection: smtplib.SMTP | None = None
        self._used_at = 0.0

    def send(self, message: EmailMessage, recipient: str) -> str:
        """Hand in `message` for `recipient` and return the server's answer, e.g. `250 2.0.0 queued`; TransportError.

        A session that the server ended before the mail's text was sent is renewed once, unseen by the caller.
        """
        sender, content = _sender(message), _wire(message)
        for address in (sender, recipient):
            if not _is_mailbox(address):
                raise TransportError(f"{address!r} is not an address SMTP can carry", permanent=True)
        self.close_if_idle()
        fresh = self._connection is None
        try:
            return self._hand_in(sender, recipient, content)
        except _SessionOverError as over:
            self.close()
            if fresh:
                raise TransportError(str(over)) from over
        try:
            return self._hand_in(sender, recipient, content)
        except _SessionOverError as over:
            self.close()
            raise TransportError(str(over)) from over

    def connect(self) -> None:
        """Connect and log in without sending anything, to see whether that works; TransportError if it does not."""
        self._open()
        self._used_at = self._monotonic()

    def close_if_idle(self) -> None:
        """Close the connection if it has not been used for the idle time; for the loop to call now and then."""
        if self._connection and self._monotonic() - self._used_at >= self._idle.total_seconds():
            self.close()

    def close(self) -> None:
        """Say goodbye if there is anybody to say it to; never raises."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if connection.sock is not None:
                connection.sock.settimeout(
                    min(self._settings.timeout, 2)
                )  # the goodbye is not worth a long wait
            connection.quit()
        except (OSError, smtplib.SMTPException, ValueError):
            connection.close()

    def _hand_in(self, sender: str, recipient: str, content: bytes) -> str:
        connection = self._open()
        self._used_at = self._monotonic()
        size = [f"size={len(content)}"] if connection.has_extn("size") else []
        try:
            self._expect(connection, *connection.mail(sender, size))
            self._expect(connection, *connection.rcpt(recipient))
            connection.putcmd("data")
            self._expect(connection, *connection.getreply(), wanted=354)
        except (OSError, smtplib.SMTPException) as gone:
            raise _SessionOverError(_reason(gone)) from gone
        return self._hand_over(connection, content)

    def _hand_over(self, connection: smtplib.SMTP, content: bytes) -> str:
        """Send the mail's text; from the first byte on, silence means that the mail may have left."""
        try:
            connection.send(content)
            code, reply = connection.getreply()
        except (OSError, smtplib.SMTPException) as gone:
            self.close()
            raise TransportError(_reason(gone), uncertain=True) from gone
        if code in (_CLOSING, _NO_ANSWER):
            self.close()
        if code == _NO_ANSWER:
            raise TransportError(_NOT_SMTP, uncertain=True)
        if code != 250:
            _refuse(code, reply)
        return _answer(code, reply)

    def _expect(self, connection: smtplib.SMTP, code: int, reply: bytes, wanted: int = 250) -> None:
        """Accept `wanted` (and 251 with 250); otherwise leave the session usable and raise."""
        if code == wanted or (wanted, code) == (250, 251):
            return
        if code in _SESSION_FULL:
            raise _SessionOverError(_answer(code, reply))
        if code == _NO_ANSWER:
            raise _SessionOverError(_NOT_SMTP)
        self._start_over(connection)
        _refuse(code, reply)

    def _start_over(self, connection: smtplib.SMTP) -> None:
        """Make the session ready for the next mail, or give it up."""
        try:
            connection.rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def _open(self) -> smtplib.SMTP:
        if self._connection is None:
            try:
                self._connection = _connect(self._settings)
            except (
                OSError,
                smtplib.SMTPException,
                UnicodeError,
            ) as failed:  # smtplib logs in with ASCII only
                raise TransportError(_reason(failed)) from failed
        return self._connection


def retry_delay(attempt: int, fraction: float) -> timedelta:
    """Return how long to wait after failed attempt number `attempt` (from 1): 15 s at first, 30 min at most.

    Doubles with each attempt; `fraction` (a random number from 0 to 1) spreads it over a quarter, so that mails that
    failed together do not come back together.
    """
    full: timedelta = min(_FIRST_DELAY * (1 << min(attempt - 1, 20)), _LONGEST_DELAY)
    return full * (0.75 + 0.25 * fraction)


def _connect(settings: SmtpSettings) -> smtplib.SMTP:
    context = None
    if settings.security != "plain":
        context = ssl.create_default_context(cafile=settings.ca_file)
    if settings.security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host, settings.port, timeout=settings.timeout, context=context
        )
    else:
        connection = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
    try:
        _greet(connection, settings, context)
    except BaseException:
        connection.close()
        raise
    return connection


def _greet(connection: smtplib.SMTP, settings: SmtpSettings, context: ssl.SSLContext | None) -> None:
    if settings.security == "starttls":
        connection.starttls(context=context)  # raises where the server offers none: never in the clear
    connection.ehlo_or_helo_if_needed()
    if settings.username is not None and settings.password is not None:
        connection.login(settings.username, settings.password)


def _wire(message: EmailMessage) -> bytes:
    """Return the message as it goes over the wire: CRLF, dots doubled, ended by the lone dot."""
    buffer = BytesIO()
    BytesGenerator(buffer, policy=message.policy.clone(linesep="\r\n")).flatten(message)
    content = buffer.getvalue()
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    return (
        b"\r\n".join(b"." + line if line.startswith(b".") else line for line in content.split(b"\r\n"))
        + b".\r\n"
    )


def _sender(message: EmailMessage) -> str:
    return str(message["From"].addresses[0].addr_spec)


def _is_mailbox(address: str) -> bool:
    local, at, domain = address.rpartition("@")
    return (
        bool(local and at and domain)
        and address.isascii()
        and not any(sign <= " " or sign in "<>" for sign in address)
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse(code: int, reply: bytes) -> NoReturn:
    raise TransportError(_answer(code, reply), permanent=code >= 500 and code not in _NOT_LOGGED_IN)


def _answer(code: int, reply: bytes) -> str:
    return f"{code} {' '.join(reply.decode('utf-8', 'replace').split())}"


def _reason(failure: Exception) -> str:
    if isinstance(failure, smtplib.SMTPResponseException):
        error = failure.smtp_error
        return _answer(failure.smtp_code, error if isinstance(error, bytes) else str(error).encode())
    return str(failure) or type(failure).__name__
