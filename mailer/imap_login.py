"""From a host name to a mailbox that is logged in and ready to be selected."""

import imaplib
import ssl
from collections.abc import Sequence
from typing import Any

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import MailboxLoginError

from mailer import bearer_imap
from mailer.echoes import unechoed
from mailer.imap_errors import MailboxUnavailable, refused, translated
from mailer.imap_settings import MailboxSettings

_LOCKOUT_SECONDS = 60.0  # between refused logins: providers lock an account that tries again and again
_IDENTITY = '("name" "kesu" "vendor" "kesu")'


def open_mailbox(settings: MailboxSettings) -> BaseMailBox:
    """Connect, log in, learn what the server can, and say who we are.

    Nothing is selected yet. Raises MailboxUnavailable, permanent when the login is refused.
    """
    with unechoed(settings.username, settings.password):
        return _opened(settings)


def _opened(settings: MailboxSettings) -> BaseMailBox:
    with translated(f"cannot connect to {settings.host}:{settings.port}"):
        mailbox = _connect(settings)
    try:
        _refuse_unasked_login(mailbox.client, settings)
        _log_in(mailbox, settings)
        with translated("the server did not let us in"):
            _learn_capabilities(mailbox.client)
            if settings.identifies or "ID" in mailbox.client.capabilities:
                identify(mailbox.client)
    except BaseException:
        drop(mailbox.client)
        raise
    return mailbox


def drop(client: imaplib.IMAP4) -> None:
    """Cut the connection without a word; never raises."""
    try:
        client.shutdown()
    except (OSError, ValueError, AttributeError):
        return  # it is gone already, or was never there


def _connect(settings: MailboxSettings) -> BaseMailBox:
    host, port, timeout = settings.host, settings.port, settings.timeout
    if settings.security == "plain":
        return MailBoxUnencrypted(host, port, timeout=timeout)
    # imaplib's own default context verifies nothing.
    context = ssl.create_default_context(cafile=None if settings.ca_file is None else str(settings.ca_file))
    if settings.security == "starttls":
        return MailBoxStartTls(host, port, timeout=timeout, ssl_context=context)
    return MailBox(host, port, timeout=timeout, ssl_context=context)


def _refuse_unasked_login(client: imaplib.IMAP4, settings: MailboxSettings) -> None:
    """PREAUTH: nobody knows whose mailbox that is, and before STARTTLS it is an attack (RFC 3501 11.2, RFC 8314)."""
    if client.state == "AUTH":
        reason = f"{settings.host}:{settings.port} says that we are logged in already (PREAUTH), as nobody knows whom"
        raise MailboxUnavailable(reason, permanent=True)


def _log_in(mailbox: BaseMailBox, settings: MailboxSettings) -> None:
    what = f"login of {settings.username} refused"
    with translated(what):
        if settings.tokens is not None:
            bearer_imap.log_in(mailbox.client, settings, settings.tokens)
            return
        try:
            if _needs_authenticate(mailbox.client.capabilities, settings):
                mailbox.login_utf8(settings.username, settings.password, initial_folder=None)
            else:
                mailbox.login(settings.username, settings.password, initial_folder=None)
        except imaplib.IMAP4.abort:
            raise  # the connection broke, which is no refusal
        except MailboxLoginError as error:
            raise refused(what, error.command_result[1], least_wait=_LOCKOUT_SECONDS) from error
        except imaplib.IMAP4.error as error:  # a BAD to LOGIN, and any refusal of AUTHENTICATE
            raise refused(what, [str(error).encode()], least_wait=_LOCKOUT_SECONDS) from error


def _needs_authenticate(capabilities: Sequence[str], settings: MailboxSettings) -> bool:
    """LOGIN takes ASCII only (RFC 3501 6.2.3), and some servers switch it off."""
    return "LOGINDISABLED" in capabilities or not (settings.username + settings.password).isascii()


def _learn_capabilities(client: imaplib.IMAP4) -> None:
    """Dovecot, pymap and others tell of MOVE, UIDPLUS and IDLE only after the login; imaplib asks before it."""
    status, answer = client.capability()
    words: list[Any] = [part for part in answer if isinstance(part, bytes)]
    if status == "OK" and words:
        client.capabilities = tuple(words[-1].decode("ascii", "replace").upper().split())


def identify(client: imaplib.IMAP4) -> None:
    """Say who we are: NetEase (163, 126) answers SELECT with "Unsafe Login" unless ID (RFC 2971) came before it.

    A server that does not know the command may refuse it; that harms nothing.
    """
    try:
        client.xatom("ID", _IDENTITY)
    except client.abort:
        raise
    except client.error:
        return
