"""`[mailbox.oauth2]` and `[smtp.oauth2]`: checked, and turned into what a login asks for its access token.

The providers' libraries are loaded only where one of these tables is used.
"""

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, model_validator

from daemon.clock import SystemClock
from daemon.errors import ConfigurationError
from mailer.oauth import CachedTokens, TokenUnavailable
from mailer.token_file import TokenFile

if TYPE_CHECKING:
    from mailer.oauth_microsoft import Delegated, MicrosoftApp

_PUBLIC_AUTHORITY = "https://login.microsoftonline.com/"
_CHINA = (".partner.microsoftonline.cn", ".chinacloudapi.cn")  # Microsoft 365 operated by 21Vianet
_APP_RESOURCES = {False: "https://outlook.office365.com", True: "https://partner.outlook.cn"}
_USER_RESOURCES = {False: "https://outlook.office.com", True: "https://partner.outlook.cn"}
_USER_PERMISSIONS = ("IMAP.AccessAsUser.All", "SMTP.Send")
_SECRETS = ("client_secret", "password", "refresh_token", "access_token", "private_key", "certificate")
_MICROSOFT_ONLY = (
    "tenant",
    "client_id",
    "flow",
    "client_secret_env",
    "client_secret_file",
    "certificate_file",
)


class OAuth2Section(BaseModel):
    """How access tokens are come by; the scopes follow from the provider where none are named."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    provider: Literal["microsoft", "google"]
    tenant: str = ""
    client_id: str = ""
    flow: Literal["client-credentials", "device"] = "client-credentials"
    client_secret_env: str = ""
    client_secret_file: str = ""
    certificate_file: str = ""
    authority: str = _PUBLIC_AUTHORITY
    scopes: tuple[str, ...] = ()
    token_file: str = "var/oauth2-token.json"  # noqa: S105 a path
    service_account_file: str = ""
    subject: str = ""
    ca_file: str = ""

    @model_validator(mode="before")
    @classmethod
    def _no_secret_in_the_file(cls, raw: Any) -> Any:
        found = [key for key in _SECRETS if isinstance(raw, dict) and key in raw]
        if found:
            raise ValueError(
                f"{found[0]} does not belong in this file; name client_secret_env, client_secret_file, "
                "certificate_file or service_account_file instead"
            )
        return raw

    @model_validator(mode="after")
    def _complete(self) -> Self:
        faults = self._microsoft_faults() if self.provider == "microsoft" else self._google_faults()
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def device(self) -> bool:
        """Tell whether a person has to sign in."""
        return self.provider == "microsoft" and self.flow == "device"

    @property
    def wanted_scopes(self) -> tuple[str, ...]:
        """The scopes to ask for: one token serves IMAP and SMTP."""
        if self.scopes:
            return self.scopes
        if self.provider == "google":
            return ("https://mail.google.com/",)
        china = (urlsplit(self.authority).hostname or "").endswith(_CHINA)
        if self.device:
            return tuple(f"{_USER_RESOURCES[china]}/{permission}" for permission in _USER_PERMISSIONS)
        return (f"{_APP_RESOURCES[china]}/.default",)

    def _microsoft_faults(self) -> list[str]:
        faults = [f"{key} is missing" for key in ("tenant", "client_id") if not getattr(self, key)]
        address = urlsplit(self.authority)
        if address.scheme != "https" or not address.hostname:
            faults.append(f"authority: {self.authority!r} is no https address")
        if self.service_account_file or self.subject:
            faults.append("service_account_file and subject are Google's")
        named = [self.client_secret_env, self.client_secret_file, self.certificate_file]
        if self.device and any(named):
            faults.append('flow = "device" takes no client secret and no certificate')
        if not self.device and sum(map(bool, named)) != 1:
            faults.append(
                "name one of client_secret_env, client_secret_file and certificate_file, "
                'or set flow = "device"'
            )
        return faults

    def _google_faults(self) -> list[str]:
        faults = [] if self.service_account_file else ["service_account_file is missing"]
        faults += [f"{key} is Microsoft's" for key in _MICROSOFT_ONLY if key in self.model_fields_set]
        return faults


def inherited(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a raw configuration in which [smtp.oauth2] says all that it takes over from [mailbox.oauth2].

    An [smtp] with an account and no password takes tokens as the mailbox does.
    """
    mailbox, smtp = raw.get("mailbox"), raw.get("smtp")
    if not isinstance(mailbox, dict) or not isinstance(smtp, dict):
        return raw
    theirs, own = mailbox.get("oauth2"), smtp.get("oauth2")
    if not isinstance(theirs, dict):
        return raw
    silent = smtp.get("username") and not smtp.get("password_env") and not smtp.get("password_file")
    if isinstance(own, dict) and own.get("provider", theirs.get("provider")) == theirs.get("provider"):
        own = {**theirs, **own}
    elif own is None and silent:
        own = theirs
    if own is None:
        return raw
    account = smtp.get("username") or mailbox.get("username", "")
    return {**raw, "smtp": {**smtp, "username": account, "oauth2": own}}


class Tokens:
    """The token sources of one configuration: tables that say the same share one, and so its token."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._sources: dict[tuple[OAuth2Section, str], CachedTokens] = {}

    def source(self, section: OAuth2Section, key: str, account: str) -> CachedTokens:
        """Return the source for a table; `key` names it in a ConfigurationError, `account` is the mailbox."""
        subject = (section.subject or account) if section.provider == "google" else ""
        if (section, subject) not in self._sources:
            self._sources[section, subject] = CachedTokens(_ask(section, key, self._base, subject))
        return self._sources[section, subject]


def delegated(section: OAuth2Section, base: Path) -> "Delegated":
    """Return what signs a person in, for a table with flow = "device"."""
    from mailer.oauth_microsoft import Delegated

    return Delegated(_app(section), TokenFile(base / section.token_file), _web(section, base))


def _ask(section: OAuth2Section, key: str, base: Path, subject: str) -> Any:
    """Return what asks the provider; ConfigurationError now rather than at the first connection."""
    secret = _Secret(section, key, base)
    if section.provider == "google":
        from mailer.oauth_google import ServiceAccount

        secret.checked(secret.service_account)
        return ServiceAccount(
            secret.service_account,
            subject,
            _web(section, base),
            now=SystemClock().now,
            scopes=section.wanted_scopes,
        ).grant
    if section.device:
        return delegated(section, base).grant
    from mailer.oauth_microsoft import ClientCredentials

    secret.checked(secret.credential)
    return ClientCredentials(_app(section), secret.credential, _web(section, base)).grant


def _app(section: OAuth2Section) -> "MicrosoftApp":
    from mailer.oauth_microsoft import MicrosoftApp

    return MicrosoftApp(section.authority, section.tenant, section.client_id, section.wanted_scopes)


def _web(section: OAuth2Section, base: Path) -> Any:
    from mailer.oauth_web import Web

    return Web(base / section.ca_file if section.ca_file else None)


class _Secret:
    """Reads a table's secret each time it is needed: it can be replaced without a restart."""

    def __init__(self, section: OAuth2Section, key: str, base: Path) -> None:
        self._section = section
        self._key = key
        self._base = base

    def checked(self, read: Any) -> None:
        try:
            read()
        except TokenUnavailable as error:
            raise ConfigurationError(self._key, error.reason) from error

    def credential(self) -> str | Mapping[str, str]:
        section = self._section
        if section.certificate_file:
            return _certificate(self._text("certificate_file", section.certificate_file))
        if section.client_secret_file:
            return self._text("client_secret_file", section.client_secret_file).strip()
        secret = os.environ.get(section.client_secret_env, "")
        if not secret:
            raise TokenUnavailable(
                f"client_secret_env: {section.client_secret_env} is not set", permanent=True
            )
        return secret

    def service_account(self) -> Mapping[str, Any]:
        text = self._text("service_account_file", self._section.service_account_file)
        try:
            key = json.loads(text)
        except ValueError:
            key = None
        if not isinstance(key, dict) or key.get("type") != "service_account":
            raise TokenUnavailable(
                "service_account_file is no key of a service account (JSON)", permanent=True
            )
        return key

    def _text(self, name: str, path: str) -> str:
        try:
            return (self._base / path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TokenUnavailable(f"{name} cannot be read: {error}", permanent=True) from error


def _certificate(pem: str) -> Mapping[str, str]:
    key = re.search(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----", pem, re.DOTALL)
    certificate = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", pem, re.DOTALL)
    if key is None or certificate is None:
        raise TokenUnavailable(
            "certificate_file must hold the private key and the certificate, both as PEM", permanent=True
        )
    return {"private_key": key[0], "public_certificate": certificate[0]}


def certificate_ends(section: OAuth2Section, base: Path) -> datetime | None:
    """Return when a table's certificate ends, None if it has none that can be read."""
    if not section.certificate_file:
        return None
    from cryptography import x509

    try:
        certificate = x509.load_pem_x509_certificate((base / section.certificate_file).read_bytes())
    except (OSError, ValueError):
        return None
    return certificate.not_valid_after_utc.replace(tzinfo=UTC)
