"""Sends composed mails by SMTP over one connection that is kept and renewed as servers wish.

What a failure means is the one question the outbox asks: does it concern this mail or everything we send, is it final,
is it worth another try, or may the mail have left all the same (RFC 5321, 4.5.3.2.6: the last answer got lost).
"""

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from mailer import bearer_smtp
from mailer.echoes import unechoed
from mailer.envelope import Envelope, ImpossibleAddress, most_bytes, of_recipient, of_sender
from mailer.oauth import TokenSource, TokenUnavailable
from mailer.refusals import CLOSING, NOT_LOGGED_IN, TransportError, reason, refusal, said

__all__ = ["Postman", "SmtpSettings", "TransportError", "retry_delay"]

_SESSION_FULL = frozenset({CLOSING, 452})  # OpenSMTPD says 452 after a hundred mails in one session
_NO_ANSWER = -1  # smtplib's sign for an answer without a number
_PARAMETERS_UNKNOWN = frozenset({501, 504, 555})
_NOT_SMTP = "the server's answer is not SMTP"
_CUT_OFF = "the connection was closed from our side"
_FIRST_DELAY, _LONGEST_DELAY = timedelta(seconds=20), timedelta(minutes=30)


@dataclass(frozen=True)
class SmtpSettings:
    """Where and how to hand in mail. ValueError for `plain` beyond loopback and for half a login.

    With `tokens` the login is made with an access token, and there is no password.

    `timeout` in seconds, for each single answer of the server; `ca_file` replaces the system's certificates.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "plain"]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30
    ca_file: Path | None = None
    tokens: TokenSource | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.security == "plain" and not _is_loopback(self.host):
            raise ValueError(f"security 'plain' is for loopback only, not for {self.host}")
        if (self.username is None) is not (self.password is None and self.tokens is None):
            raise ValueError("username and password belong together")


class _SessionOverError(Exception):
    """The connection is of no more use, and nothing of the mail had been sent.

    `refusal`: a new session that says the same means the mail, e.g. 452 for a reader whose mailbox is full.
    """

    def __init__(self, reply: str, *, refusal: bool = False) -> None:
        super().__init__(reply)
        self.refusal = refusal


class _ParametersUnknownError(Exception):
    """The server offers DSN and does not understand it."""


class Postman:
    """Hands in one mail after another over one connection. One thread sends; any may `close`.

    `idle`: after this time without a mail the connection is given up, before the server does so. `session_mails`: so
    many go over one connection, 0: as many as the server takes. `most_bytes`: no mail is larger, 0: the server's SIZE.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        idle: timedelta = timedelta(seconds=60),
        session_mails: int = 0,
        most_bytes: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._idle = idle
        self._session_mails = session_mails
        self._most_bytes = most_bytes
        self._monotonic = monotonic
        self._connection: smtplib.SMTP | None = None
        self._used_at = 0.0
        self._handed_in = 0  # over this connection
        self._dsn = False
        self._busy = threading.RLock()  # held while the connection is being used
        self._cut = False  # another thread has closed what is being used

    def send(self, message: EmailMessage, recipient: str) -> str:
        """Hand in `message` for `recipient` and return the server's answer, e.g. `250 2.0.0 queued`; TransportError.

        A session that the server ended before the mail's text was sent is renewed once, unseen by the caller.
        """
        try:
            envelope = Envelope.of(message, recipient)
        except ImpossibleAddress as impossible:
            raise TransportError(str(impossible), permanent=True) from impossible
        with self._using():
            self.close_if_idle()
            fresh = self._connection is None
            try:
                return self._hand_in(envelope)
            except _SessionOverError as over:
                self.close()
                if fresh or self._cut:
                    raise TransportError(str(over), session=not over.refusal) from over
            try:
                return self._hand_in(envelope)
            except _SessionOverError as over:
                self.close()
                raise TransportError(str(over), session=not over.refusal) from over

    def connect(self) -> tuple[str, ...]:
        """Connect and log in without sending anything, to see whether that works; TransportError if it does not.

        Return what the server offers, such as `dsn` and `size 35882577`.
        """
        with self._using():
            connection = self._open()
            self._used_at = self._monotonic()
            return tuple(f"{name} {value}".strip() for name, value in connection.esmtp_features.items())

    def would_take(self, sender: str, recipient: str) -> None:
        """Ask whether a mail would be taken, without sending one; TransportError if not.

        A refusal for now (greylisting) is a yes: a mail would be tried again.
        """
        with self._using():
            connection = self._open()
            try:
                self._expect(connection, *connection.mail(sender), of_sender=True)
                self._expect(connection, *connection.rcpt(recipient))
            except TransportError as refusal:
                if refusal.permanent or refusal.session:
                    raise
            except _SessionOverError as over:
                raise TransportError(str(over), session=True) from over
            except (OSError, smtplib.SMTPException) as gone:
                raise TransportError(reason(gone), session=True) from gone
            self._start_over(connection)

    def close_if_idle(self) -> None:
        """Close the connection if it has not been used for the idle time; for the loop to call now and then."""
        if self._connection and self._monotonic() - self._used_at >= self._idle.total_seconds():
            self.close()

    def close(self) -> None:
        """Say goodbye if there is anybody to say it to; never raises.

        While another thread is sending there is no goodbye: its connection is cut, so that neither waits on.
        """
        if not self._busy.acquire(blocking=False):
            self._cut_off()
            return
        try:
            self._say_goodbye()
        finally:
            self._busy.release()

    @contextmanager
    def _using(self) -> Iterator[None]:
        with self._busy:
            self._cut = False
            yield

    def _cut_off(self) -> None:
        self._cut = True  # first: a connection that is only being made is given up as soon as it stands
        connection = self._connection
        if connection is not None and (sock := connection.sock) is not None:
            with suppress(OSError):
                # Not the TLS socket's own method: it would take the encryption away from under the thread that reads.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _say_goodbye(self) -> None:
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

    def _hand_in(self, envelope: Envelope) -> str:
        connection = self._open()
        self._used_at = self._monotonic()
        self._check(connection, envelope)
        try:
            try:
                self._address(connection, envelope, dsn=self._dsn)
            except _ParametersUnknownError:
                self._dsn = False
                self._address(connection, envelope, dsn=False)
            connection.putcmd("data")
            self._expect(connection, *connection.getreply(), wanted=354)
        except (OSError, smtplib.SMTPException) as gone:
            raise _SessionOverError(reason(gone)) from gone
        answer = self._hand_over(connection, envelope.content)
        self._handed_in += 1
        if self._handed_in == self._session_mails:
            self.close()
        return answer

    def _check(self, connection: smtplib.SMTP, envelope: Envelope) -> None:
        """Refuse ourselves what this server is sure to refuse; the session stays as it is."""
        if envelope.utf8 and not connection.has_extn("smtputf8"):
            address = envelope.sender if envelope.recipient.isascii() else envelope.recipient
            why = f"the mail server takes no address such as {address} (it offers no SMTPUTF8, RFC 6531)"
            raise TransportError(why, permanent=True)
        limits = [limit for limit in (self._most_bytes, most_bytes(connection)) if limit]
        if limits and len(envelope.content) > min(limits):
            why = f"{len(envelope.content)} bytes are more than the {min(limits)} that the mail server takes"
            raise TransportError(why, permanent=True, most_bytes=min(limits))

    def _address(self, connection: smtplib.SMTP, envelope: Envelope, *, dsn: bool) -> None:
        size = len(envelope.content)
        for command, address, options in (
            (connection.mail, envelope.sender, of_sender(connection, envelope, dsn=dsn)),
            (connection.rcpt, envelope.recipient, of_recipient(envelope, dsn=dsn)),
        ):
            code, reply = command(address, options)
            if dsn and code in _PARAMETERS_UNKNOWN:
                self._start_over(connection)
                raise _ParametersUnknownError
            self._expect(connection, code, reply, of_sender=command == connection.mail, size=size)

    def _hand_over(self, connection: smtplib.SMTP, content: bytes) -> str:
        """Send the mail's text; from the first byte on, silence means that the mail may have left."""
        try:
            connection.send(content)
            code, reply = connection.getreply()
        except (OSError, smtplib.SMTPException) as gone:
            self.close()
            raise TransportError(reason(gone), uncertain=True, session=True) from gone
        if code in (CLOSING, _NO_ANSWER):
            self.close()
        if code == _NO_ANSWER:
            raise TransportError(_NOT_SMTP, uncertain=True, session=True)
        if code != 250:
            raise refusal(code, reply, size=len(content))
        return said(code, reply)

    def _expect(
        self,
        connection: smtplib.SMTP,
        code: int,
        reply: bytes,
        *,
        wanted: int = 250,
        of_sender: bool = False,
        size: int = 0,
    ) -> None:
        """Accept `wanted` (and 251 with 250); otherwise leave the session usable and raise."""
        if code == wanted or (wanted, code) == (250, 251):
            return
        refused = refusal(code, reply, of_sender=of_sender, size=size)
        if code in _SESSION_FULL:
            raise _SessionOverError(refused.reply, refusal=not refused.session)
        if code == _NO_ANSWER:
            raise _SessionOverError(_NOT_SMTP)
        if code in NOT_LOGGED_IN and self._settings.tokens is not None:
            raise _SessionOverError(
                refused.reply
            )  # the token of this session has ended; a new one logs in anew
        self._start_over(connection)
        raise refused

    def _start_over(self, connection: smtplib.SMTP) -> None:
        """Make the session ready for the next mail, or give it up."""
        try:
            connection.rset()
        except (OSError, smtplib.SMTPException):
            self.close()

    def _open(self) -> smtplib.SMTP:
        if self._connection is None:
            try:
                with unechoed(self._settings.username, self._settings.password):
                    self._connection = _connect(self._settings)
            except (
                OSError,
                smtplib.SMTPException,
                UnicodeError,
                TokenUnavailable,
            ) as failed:  # smtplib logs in with ASCII only
                raise TransportError(reason(failed), session=True) from failed
            self._handed_in, self._dsn = 0, bool(self._connection.has_extn("dsn"))
        if self._cut:
            self.close()
            raise TransportError(_CUT_OFF, session=True)
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
    if settings.username is not None and settings.tokens is not None:
        bearer_smtp.log_in(connection, settings.username, settings.tokens, settings.host, settings.port)
    elif settings.username is not None and settings.password is not None:
        connection.login(settings.username, settings.password)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
