"""How a mailbox on loopback is reached, for every test that opens one."""

from mailer.inbox import MailboxSettings


def settings_for(host: str, port: int, **changes: object) -> MailboxSettings:
    """Settings for a server on loopback, with time-outs that a test can wait for."""
    values: dict[str, object] = {
        "host": host,
        "port": port,
        "security": "plain",
        "username": "complaints@example.com",
        "password": "secret",
        "folder": "INBOX",
        "done_folder": "Processed",
        "quarantine_folder": "Quarantine",
        "idle": True,
        "poll_seconds": 1,
        "timeout": 60.0,
    }
    return MailboxSettings(**{**values, **changes})  # type: ignore[arg-type]
