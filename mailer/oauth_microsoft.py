"""Tokens of Microsoft 365: an app in its own name (client credentials), or a person who signed in once (device flow).

msal talks to Entra. Its search for the authority ("instance discovery") always asks login.microsoftonline.com; it is
off, because the configuration names the authority, and 21Vianet's is another.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msal

from mailer.oauth import Granted, TokenUnavailable
from mailer.oauth_advice import LOGIN, entra_advice, first_line, printable
from mailer.oauth_web import Web
from mailer.token_file import TokenFile

Credential = str | Mapping[str, str]  # a secret, or {"private_key": PEM, "public_certificate": PEM}

_BROKEN = (
    ValueError,
    KeyError,
    TypeError,
    RuntimeError,
    AttributeError,
)  # what msal raises for a senseless answer


@dataclass(frozen=True)
class MicrosoftApp:
    """An app registration: where tokens come from, and which ones are asked for."""

    authority: str
    tenant: str
    client_id: str
    scopes: tuple[str, ...]

    @property
    def url(self) -> str:
        """The tenant's authority."""
        return f"{self.authority.rstrip('/')}/{self.tenant}"


class ClientCredentials:
    """Asks for tokens in the app's own name. `credential` is read anew each time, so that it can be replaced."""

    def __init__(self, app: MicrosoftApp, credential: Callable[[], Credential], web: Web) -> None:
        self._app = app
        self._credential = credential
        self._web = web

    def __repr__(self) -> str:
        return f"ClientCredentials({self._app.client_id})"

    def grant(self, _anew: bool) -> Granted:
        """Ask for a token (RFC 6749, 4.4); TokenUnavailable."""
        credential = self._credential()
        secrets = (credential,) if isinstance(credential, str) else ()
        try:
            client = msal.ConfidentialClientApplication(
                self._app.client_id,
                client_credential=credential,
                authority=self._app.url,
                instance_discovery=False,
                http_client=self._web,
            )
            result = client.acquire_token_for_client(scopes=list(self._app.scopes))
        except _BROKEN as error:
            raise _broken(error, self._app, secrets) from None
        return _granted(result, secrets)


@dataclass(frozen=True)
class DeviceCode:
    """What a person has to enter, and where; `flow` is msal's own."""

    url: str
    code: str
    minutes: int
    flow: dict[str, Any] = field(repr=False)


class Delegated:
    """Asks for tokens in the name of a person who signed in; what that takes stands in `file`."""

    def __init__(self, app: MicrosoftApp, file: TokenFile, web: Web) -> None:
        self._app = app
        self._file = file
        self._web = web

    def __repr__(self) -> str:
        return f"Delegated({self._app.client_id}, {self._file.path})"

    def grant(self, anew: bool) -> Granted:
        """Take the stored token, or with the refresh token a new one, and store what changed at once."""
        with self._file.locked():
            stored = self._file.read()
            if stored is None:
                raise TokenUnavailable("nobody has signed in yet", permanent=True, advice=LOGIN)
            cache = _cache(stored)
            self._file.prove_writable(stored)  # before the refresh token is spent that stands there
            result = self._silently(cache, anew)
            if cache.has_state_changed:
                self._file.write(cache.serialize())
        return _granted(result, _secrets_of(stored))

    def account(self) -> str:
        """Return who has signed in, empty if nobody has."""
        with self._file.locked():
            stored = self._file.read()
        if stored is None:
            return ""
        accounts = list(_cache(stored).search("Account"))
        return printable(str(accounts[0].get("username", ""))) if accounts else ""

    def begin(self) -> DeviceCode:
        """Ask for a code to be entered in a browser (RFC 8628, 3.1)."""
        try:
            flow = self._client(msal.SerializableTokenCache()).initiate_device_flow(
                scopes=list(self._app.scopes)
            )
        except _BROKEN as error:
            raise _broken(error, self._app, ()) from None
        if "user_code" not in flow or "verification_uri" not in flow:
            raise _unavailable(flow, ())
        flow["interval"] = max(1, int(flow.get("interval", 5)))  # without a pause msal would ask without end
        return DeviceCode(
            printable(str(flow["verification_uri"])),
            printable(str(flow["user_code"])),
            int(flow.get("expires_in", 900)) // 60,
            flow,
        )

    def finish(self, code: DeviceCode) -> str:
        """Wait until the code was entered, store the sign-in in place of any older one, and return whose it is."""
        cache = msal.SerializableTokenCache()
        try:
            result = self._client(cache).acquire_token_by_device_flow(code.flow)
        except _BROKEN as error:
            raise _broken(error, self._app, ()) from None
        _granted(result, (str(code.flow.get("device_code", "")),))
        with self._file.locked():
            self._file.write(cache.serialize())
        return self.account()

    def _silently(self, cache: Any, anew: bool) -> dict[str, Any]:
        try:
            client = self._client(cache)
            accounts = client.get_accounts()
            if not accounts:
                raise TokenUnavailable(f"{self._file.path} holds no sign-in", permanent=True, advice=LOGIN)
            result = client.acquire_token_silent_with_error(
                list(self._app.scopes), account=accounts[0], force_refresh=anew
            )
        except _BROKEN as error:
            raise _broken(error, self._app, ()) from None
        if result is None:
            raise TokenUnavailable(
                "the sign-in is for another app or other scopes", permanent=True, advice=LOGIN
            )
        return dict(result)

    def _client(self, cache: Any) -> Any:
        return msal.PublicClientApplication(
            self._app.client_id,
            authority=self._app.url,
            instance_discovery=False,
            token_cache=cache,
            http_client=self._web,
        )


def _cache(stored: str) -> Any:
    cache = msal.SerializableTokenCache()
    try:
        whole = all(isinstance(kept, dict) for kept in json.loads(stored or "{}").values())
        cache.deserialize(stored)
    except (ValueError, AttributeError):
        whole = False
    if not whole:
        raise TokenUnavailable("the token file is damaged", permanent=True, advice=LOGIN)
    return cache


def _secrets_of(stored: str) -> tuple[str, ...]:
    with suppress(ValueError, AttributeError):
        kept = json.loads(stored).get("RefreshToken", {}).values()
        return tuple(str(entry.get("secret", "")) for entry in kept)
    return ()


def _granted(result: Mapping[str, Any], secrets: tuple[str, ...]) -> Granted:
    token = result.get("access_token")
    if not isinstance(token, str) or not token:
        raise _unavailable(result, secrets)
    return Granted(token, float(result.get("expires_in", 3600)))


def _unavailable(result: Mapping[str, Any], secrets: tuple[str, ...]) -> TokenUnavailable:
    error, description = str(result.get("error", "")), str(result.get("error_description", ""))
    advice, permanent = entra_advice(error, description)
    said = first_line(description, secrets) or first_line(error, secrets) or "an answer without a token"
    return TokenUnavailable(f"Microsoft gives no token ({said})", permanent=permanent, advice=advice)


def _broken(error: Exception, app: MicrosoftApp, secrets: tuple[str, ...]) -> TokenUnavailable:
    """Tell what msal stumbled over: a tenant that does not exist, a key that is none, an answer that is no answer."""
    told = f"{error} {error.__context__ or ''}"
    advice, _ = entra_advice("", told)
    if "authority configuration" in told:
        mend = advice or "check oauth2.authority and oauth2.tenant"
        return TokenUnavailable(f"{app.url} is no authority of Microsoft's", permanent=True, advice=mend)
    return TokenUnavailable(f"no token ({first_line(str(error), secrets)})", permanent=False)
