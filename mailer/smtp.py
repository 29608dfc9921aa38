"""Sends composed mails by SMTP over one connection that is kept and renewed as servers wish.

What a failure means is the one question the outbox asks: does it concern this mail or everything we send, is it final,
is it worth another try, or may the mail have left all the same (RFC 5321, 4.5.3.2.6: the last answer got lost).
"""

import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.generator import BytesGenerator
from email.message import EmailMessage
from io import BytesIO
from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from mailer import bearer_smtp
from mailer.oauth import TokenSource, TokenUnavailable

_CLOSING = 421  # the server closes the session
_SESSION_FULL = frozenset({_CLOSING, 452})  # OpenSMTPD says 452 after a hundred mails in one session
_TOO_MUCH_STORAGE = 552
_NO_ANSWER = -1  # smtplib's sign for an answer without a number
_NOT_SMTP = "the server's answer is not SMTP"
_NOT_LOGGED_IN = frozenset({530, 534, 535, 538})  # the account is at fault, not the letter
_CUT_OFF = "the connection was closed from our side"
# The account may not send so much: providers say so with permanent codes at any stage, and mean for a while.
_ACCOUNT_LIMITS = re.compile(
    r"^\W*5\.(4\.5|7\.30)\b|submission ?quota|\bsend(ing)? (limit|quota|rate)", re.IGNORECASE
)
_LIMIT_WORDS = re.compile(
    r"limit|quota|frequen|\btoo (many|fast|much mail)\b|\brate\b|throttl|[頻频][繁率]|限制|上限|超限",
    re.IGNORECASE,
)
# Words of limits that are not the account's: the letter is too big, it went in circles, the reader's mailbox is full.
_MAILS_OWN = re.compile(
    r"^\W*[45]\.(2\.\d+|3\.4|4\.6)\b|\bhops?\b|(message|mail) (size|length)|too (big|large)|大小"
    r"|mail ?box.*\b(full|quota|space|storage)|\b(full|quota).*mail ?box|over ?quota|已[满滿]|容量",
    re.IGNORECASE,
)
_TOO_BIG = re.compile(r"^\W*5\.(2\.3|3\.4)\b")
_TOO_BIG_WORDS = re.compile(r"size|length|too (big|large)|大小", re.IGNORECASE)
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


class TransportError(Exception):
    """A mail was not accepted, or nobody knows.

    `permanent`: another try is useless. `uncertain`: the mail may have been accepted all the same, so try again only
    under the same Message-ID. `session`: no mail can be sent just now (connection, login, the account's limits), so
    it says nothing about this one. `reply`: what the server said, or what went wrong.
    """

    def __init__(
        self, reply: str, *, permanent: bool = False, uncertain: bool = False, session: bool = False
    ) -> None:
        super().__init__(reply)
        self.permanent = permanent
        self.uncertain = uncertain
        self.session = session
        self.reply = reply


class _SessionOverError(Exception):
    """The connection is of no more use, and nothing of the mail had been sent.

    `refusal`: a new session that says the same means the mail, e.g. 452 for a reader whose mailbox is full.
    """

    def __init__(self, reply: str, *, refusal: bool = False) -> None:
        super().__init__(reply)
        self.refusal = refusal


class Postman:
    """Hands in one mail after another over one connection. One thread sends; any may `close`.

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
        self._busy = threading.RLock()  # held while the connection is being used
        self._cut = False  # another thread has closed what is being used

    def send(self, message: EmailMessage, recipient: str) -> str:
        """Hand in `message` for `recipient` and return the server's answer, e.g. `250 2.0.0 queued`; TransportError.

        A session that the server ended before the mail's text was sent is renewed once, unseen by the caller.
        """
        sender, content = _sender(message), _wire(message)
        for address in (sender, recipient):
            if not _is_mailbox(address):
                raise TransportError(f"{address!r} is not an address SMTP can carry", permanent=True)
        with self._using():
            self.close_if_idle()
            fresh = self._connection is None
            try:
                return self._hand_in(sender, recipient, content)
            except _SessionOverError as over:
                self.close()
                if fresh or self._cut:
                    raise TransportError(str(over), session=not over.refusal) from over
            try:
                return self._hand_in(sender, recipient, content)
            except _SessionOverError as over:
                self.close()
                raise TransportError(str(over), session=not over.refusal) from over

    def connect(self) -> None:
        """Connect and log in without sending anything, to see whether that works; TransportError if it does not."""
        with self._using():
            self._open()
            self._used_at = self._monotonic()

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

    def _hand_in(self, sender: str, recipient: str, content: bytes) -> str:
        connection = self._open()
        self._used_at = self._monotonic()
        size = [f"size={len(content)}"] if connection.has_extn("size") else []
        try:
            self._expect(connection, *connection.mail(sender, size), of_sender=True)
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
            raise TransportError(_reason(gone), uncertain=True, session=True) from gone
        if code in (_CLOSING, _NO_ANSWER):
            self.close()
        if code == _NO_ANSWER:
            raise TransportError(_NOT_SMTP, uncertain=True, session=True)
        if code != 250:
            raise _refusal(code, reply)
        return _answer(code, reply)

    def _expect(
        self,
        connection: smtplib.SMTP,
        code: int,
        reply: bytes,
        *,
        wanted: int = 250,
        of_sender: bool = False,
    ) -> None:
        """Accept `wanted` (and 251 with 250); otherwise leave the session usable and raise."""
        if code == wanted or (wanted, code) == (250, 251):
            return
        refusal = _refusal(code, reply, of_sender=of_sender)
        if code in _SESSION_FULL:
            raise _SessionOverError(refusal.reply, refusal=not refusal.session)
        if code == _NO_ANSWER:
            raise _SessionOverError(_NOT_SMTP)
        if code in _NOT_LOGGED_IN and self._settings.tokens is not None:
            raise _SessionOverError(
                refusal.reply
            )  # the token of this session has ended; a new one logs in anew
        self._start_over(connection)
        raise refusal

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
                TokenUnavailable,
            ) as failed:  # smtplib logs in with ASCII only
                raise TransportError(_reason(failed), session=True) from failed
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


def _refusal(code: int, reply: bytes, *, of_sender: bool = False) -> TransportError:
    """Tell what a refusal means; `of_sender`: it was said of the account that sends, before any reader was named."""
    words = _decoded(reply)
    session = (
        code == _CLOSING
        or code in _NOT_LOGGED_IN
        or (of_sender and not _is_too_big(code, words))
        or _is_account_limit(words)
    )
    return TransportError(_answer(code, reply), permanent=code >= 500 and not session, session=session)


def _is_account_limit(words: str) -> bool:
    if _ACCOUNT_LIMITS.search(words):
        return True
    return _LIMIT_WORDS.search(words) is not None and _MAILS_OWN.search(words) is None


def _is_too_big(code: int, words: str) -> bool:
    """Tell whether the letter is refused for its size, which servers say as soon as MAIL FROM announces it."""
    if _TOO_BIG.search(words):
        return True
    return code == _TOO_MUCH_STORAGE and _TOO_BIG_WORDS.search(words) is not None


def _decoded(reply: bytes) -> str:
    """Return a server's words, in UTF-8 or as mainland servers write them; ends of lines and the like are spaces."""
    try:
        text = reply.decode("utf-8")
    except UnicodeDecodeError:
        text = reply.decode("gb18030", "replace")
    return " ".join(text.split())


def _answer(code: int, reply: bytes) -> str:
    return f"{code} {_decoded(reply)}"


def _reason(failure: Exception) -> str:
    if isinstance(failure, smtplib.SMTPResponseException):
        error = failure.smtp_error
        return _answer(failure.smtp_code, error if isinstance(error, bytes) else str(error).encode())
    return str(failure) or type(failure).__name__
