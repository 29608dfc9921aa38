"""The accounts mail comes in and leaves by: `[mailbox]` and `[smtp]`, and where their secrets come from."""

import os
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from daemon.errors import ConfigurationError
from daemon.oauth2 import OAuth2Section
from daemon.providers import known_profile
from daemon.secret_files import read_secret, trusted_file
from daemon.section import Section

Security = Literal["tls", "starttls", "plain"]
Port = Annotated[int, Field(ge=1, le=65535)]
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class _Account(Section):
    """A server, how to reach it, and where the password comes from."""

    host: Annotated[str, Field(min_length=1)]
    port: Port
    security: Security = "tls"
    username: str = ""
    password_env: str = ""
    password_file: str = ""
    oauth2: OAuth2Section | None = None
    profile: Annotated[str, AfterValidator(known_profile)] = ""
    ca_file: str = ""

    @model_validator(mode="before")
    @classmethod
    def _no_password_in_the_file(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and "password" in raw:
            raise ValueError(
                "a password does not belong in this file; name password_env or password_file instead"
            )
        return raw

    @model_validator(mode="after")
    def _plain_only_at_home(self) -> Self:
        if self.security == "plain" and self.host not in LOOPBACK:
            raise ValueError('security = "plain" is allowed on loopback only; use "tls" or "starttls"')
        return self

    @model_validator(mode="after")
    def _one_kind_of_login(self) -> Self:
        if self.oauth2 is not None and (self.password_env or self.password_file):
            raise ValueError("name a password or oauth2, not both")
        return self

    def secret(self, section: str, base: Path) -> str:
        """Return the password; ConfigurationError if it cannot be read. A file is relative to `base`."""
        if self.password_env:
            if not os.environ.get(self.password_env):
                # A password that stands here by mistake is not repeated on the terminal.
                named = self.password_env if self.password_env.isupper() else "the variable that it names"
                raise ConfigurationError(f"{section}.password_env", f"{named} is not set")
            return os.environ[self.password_env]
        if not self.password_file:
            raise ConfigurationError(
                f"{section}.password_env", "name an environment variable or a password_file"
            )
        return read_secret(base / self.password_file, f"{section}.password_file")

    def authority(self, section: str, base: Path) -> Path | None:
        """Return the file of the authority to trust, None for the system's; ConfigurationError if it is none."""
        return trusted_file(base / self.ca_file, f"{section}.ca_file") if self.ca_file else None


class MailboxSection(_Account):
    """The shared mailbox that forms arrive in."""

    port: Port = 993
    username: Annotated[str, Field(min_length=1)]
    folder: str = "INBOX"
    done_folder: str = "Processed"
    quarantine_folder: str = "Quarantine"
    idle: bool = True
    poll_seconds: Annotated[int, Field(ge=1, le=3600)] = 30

    @model_validator(mode="after")
    def _three_folders(self) -> Self:
        if len({self.folder, self.done_folder, self.quarantine_folder}) < 3:
            raise ValueError("folder, done_folder and quarantine_folder must be three different folders")
        return self


class SmtpSection(_Account):
    """The server mail leaves by, and the sender's name."""

    port: Port = 465
    sender: str
    sent_folder: str = ""  # the one the server marks as Sent where it is empty
    per_minute: Annotated[int, Field(ge=0)] = 0  # 0: no limit is known
    per_day: Annotated[int, Field(ge=0)] = 0

    @field_validator("sender")
    @classmethod
    def _has_an_address(cls, sender: str) -> str:
        local, _, domain = parseaddr(sender)[1].rpartition("@")
        if not local or not domain or not sender.isprintable():
            raise ValueError(
                f"{sender!r} has no address; write one such as 'Customer care <care@example.com>'"
            )
        return sender
