"""From a host name to a mailbox that is logged in and ready to be selected."""

import imaplib
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import MailboxFolderCreateError, MailboxLoginError

from mailer import bearer_imap
from mailer.imap_errors import refused, translated
from mailer.imap_settings import MailboxSettings

_IDENTITY = '("name" "kesu" "vendor" "kesu")'


def open_mailbox(settings: MailboxSettings, ca_file: Path | None) -> BaseMailBox:
    """Connect, log in, learn what the server can, say who we are, and make the folders mails are moved to.

    Nothing is selected yet. Raises MailboxUnavailable, permanent when the login is refused.
    """
    with translated(f"cannot connect to {settings.host}:{settings.port}"):
        mailbox = _connect(settings, ca_file)
    try:
        _log_in(mailbox, settings)
        with translated("the server did not let us in"):
            _learn_capabilities(mailbox.client)
            _identify(mailbox.client)
        for folder in (settings.done_folder, settings.quarantine_folder):
            ensure_folder(mailbox, folder)
    except BaseException:
        drop(mailbox.client)
        raise
    return mailbox


def ensure_folder(mailbox: BaseMailBox, folder: str) -> None:
    """Make `folder` where it is missing; somebody else making it at the same moment is no error."""
    with translated(f"cannot create the folder {folder}"):
        if mailbox.folder.exists(folder):
            return
        try:
            mailbox.folder.create(folder)
        except MailboxFolderCreateError:
            if not mailbox.folder.exists(folder):
                raise


def drop(client: imaplib.IMAP4) -> None:
    """Cut the connection without a word; never raises."""
    try:
        client.shutdown()
    except (OSError, ValueError, AttributeError):
        return  # it is gone already, or was never there


def _connect(settings: MailboxSettings, ca_file: Path | None) -> BaseMailBox:
    host, port, timeout = settings.host, settings.port, settings.timeout
    if settings.security == "plain":
        return MailBoxUnencrypted(host, port, timeout=timeout)
    # imaplib's own default context verifies nothing.
    context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    if settings.security == "starttls":
        return MailBoxStartTls(host, port, timeout=timeout, ssl_context=context)
    return MailBox(host, port, timeout=timeout, ssl_context=context)


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
            raise refused(what, error.command_result[1]) from error
        except imaplib.IMAP4.error as error:  # a BAD to LOGIN, and any refusal of AUTHENTICATE
            raise refused(what, [str(error).encode()]) from error


def _needs_authenticate(capabilities: Sequence[str], settings: MailboxSettings) -> bool:
    """LOGIN takes ASCII only (RFC 3501 6.2.3), and some servers switch it off."""
    return "LOGINDISABLED" in capabilities or not (settings.username + settings.password).isascii()


def _learn_capabilities(client: imaplib.IMAP4) -> None:
    """Dovecot, pymap and others tell of MOVE, UIDPLUS and IDLE only after the login; imaplib asks before it."""
    status, answer = client.capability()
    words: list[Any] = [part for part in answer if isinstance(part, bytes)]
    if status == "OK" and words:
        client.capabilities = tuple(words[-1].decode("ascii", "replace").upper().split())


def _identify(client: imaplib.IMAP4) -> None:
    """NetEase (163, 126) answers SELECT with "Unsafe Login" unless ID (RFC 2971) came before it."""
    if "ID" in client.capabilities:
        client.xatom("ID", _IDENTITY)
