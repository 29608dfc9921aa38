"""Small mails and settings for these tests."""

from mailer.inbox import MailboxSettings

USER = "complaints@example.com"
PASSWORD = "a secret nobody may see"


def mail(subject: str, size: int = 0) -> bytes:
    """A plain mail with CRLF, as it travels."""
    filling = "x" * size
    return f"From: staff@example.com\r\nSubject: {subject}\r\n\r\nText of {subject}{filling}\r\n".encode()


def settings_for(host: str, port: int, **changes: object) -> MailboxSettings:
    """Settings for a server on loopback, with time-outs that a test can wait for."""
    values: dict[str, object] = {
        "host": host,
        "port": port,
        "security": "plain",
        "username": USER,
        "password": PASSWORD,
        "folder": "INBOX",
        "done_folder": "Processed",
        "quarantine_folder": "隔離",
        "idle": True,
        "poll_seconds": 1,
        "timeout": 60.0,
    }
    return MailboxSettings(**{**values, **changes})  # type: ignore[arg-type]
