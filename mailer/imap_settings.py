"""Where the mailbox is and how to enter it."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mailer.oauth import TokenSource

_IMAPS_PORT = 993


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """One mailbox, checked when it is made; ValueError names what is impossible. The password is never shown.

    With `tokens` the login is made with an access token, and there is no password.
    `timeout` (seconds) bounds every answer of the server, so that a dead connection cannot hang the intake.
    `timeout` (seconds) bounds every answer of the server, so that a dead connection cannot hang the intake. `ca_file`
    names the authority to trust instead of the system's; a certificate is always verified. `identifies`: the server
    wants to be told who we are (RFC 2971) though it may not advertise it.
    """

    host: str
    port: int
    security: Literal["tls", "starttls", "plain"]
    username: str
    password: str = field(repr=False)
    folder: str
    done_folder: str
    quarantine_folder: str
    idle: bool
    poll_seconds: int
    timeout: float = 30
    tokens: TokenSource | None = field(default=None, repr=False, compare=False)
    ca_file: Path | None = None
    identifies: bool = False

    def __post_init__(self) -> None:
        if self.security == "plain" and not is_loopback(self.host):
            raise ValueError(f'security = "plain" is allowed on loopback only, not for {self.host}')
        if self.security == "starttls" and self.port == _IMAPS_PORT:
            raise ValueError('port 993 speaks TLS from the first byte: set security = "tls"')
        _refuse_control_characters(self)
        _refuse_same_folders(self)


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine, without asking any name server."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _refuse_control_characters(settings: MailboxSettings) -> None:
    # A line break would end the command it stands in and begin another.
    for name in ("username", "password", "folder", "done_folder", "quarantine_folder"):
        if any(ord(character) < ord(" ") for character in getattr(settings, name)):
            raise ValueError(f"{name} holds a control character")


def _refuse_same_folders(settings: MailboxSettings) -> None:
    # Mails moved into the folder they are taken from would come in again for ever.
    taken_from = settings.folder.upper()
    for name in ("done_folder", "quarantine_folder"):
        if getattr(settings, name).upper() == taken_from:
            raise ValueError(f"{name} is the folder that mails are taken from")
