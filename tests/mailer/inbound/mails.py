"""Small mails and settings for these tests."""

from mailer.inbox import MailboxSettings
from tests.servers import mailbox

USER = "complaints@example.com"
PASSWORD = "a secret nobody may see"


def settings_for(host: str, port: int, **changes: object) -> MailboxSettings:
    """Settings with a password that is known again, and a folder whose name has to be coded."""
    return mailbox.settings_for(host, port, **{"password": PASSWORD, "quarantine_folder": "隔離", **changes})


def mail(subject: str, size: int = 0) -> bytes:
    """A plain mail with CRLF, as it travels."""
    filling = "x" * size
    return f"From: staff@example.com\r\nSubject: {subject}\r\n\r\nText of {subject}{filling}\r\n".encode()
