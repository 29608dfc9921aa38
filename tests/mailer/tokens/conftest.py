"""A token server and the sources that ask it."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailer.oauth import CachedTokens
from mailer.oauth_google import ServiceAccount
from mailer.oauth_microsoft import ClientCredentials, Delegated, MicrosoftApp
from mailer.oauth_web import Web
from mailer.token_file import TokenFile
from tests.servers.oauth import TENANT, TokenServer

APP = "0f0f0f0f-0000-4000-8000-000000000001"
SECRET = "Ab8Q~the-secret-of-the-app"
APP_SCOPES = ("https://outlook.office365.com/.default",)
USER_SCOPES = ("https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[TokenServer]:
    with TokenServer(tmp_path, apps={APP: SECRET}) as server:
        yield server


@pytest.fixture
def web(server: TokenServer) -> Web:
    return Web(server.ca_file, timeout=3)


def app(server: TokenServer, scopes: tuple[str, ...] = APP_SCOPES) -> MicrosoftApp:
    return MicrosoftApp(server.authority, TENANT, APP, scopes)


def by_secret(server: TokenServer, web: Web, secret: str = SECRET) -> ClientCredentials:
    return ClientCredentials(app(server), lambda: secret, web)


def by_person(server: TokenServer, web: Web, file: Path) -> Delegated:
    return Delegated(app(server, USER_SCOPES), TokenFile(file), web)


def signed_in(server: TokenServer, web: Web, file: Path) -> Delegated:
    """Somebody who has entered the code already."""
    delegated = by_person(server, web, file)
    code = delegated.begin()
    server.approve()
    delegated.finish(code)
    return delegated


def by_service_account(server: TokenServer, web: Web) -> ServiceAccount:
    key = server.service_account()
    return ServiceAccount(lambda: key, server.mailbox, web, now=lambda: datetime.now(UTC))


@pytest.fixture(params=["client-credentials", "device", "service-account"])
def source(
    request: pytest.FixtureRequest, server: TokenServer, web: Web, tmp_path: Path
) -> tuple[CachedTokens, Callable[[], None]]:
    """Each kind of source, and how its time is put forward by an hour."""
    makers = {
        "client-credentials": lambda: by_secret(server, web),
        "device": lambda: signed_in(server, web, tmp_path / "var" / "token.json"),
        "service-account": lambda: by_service_account(server, web),
    }
    later = [0.0]
    tokens = CachedTokens(makers[request.param]().grant, monotonic=lambda: later[0])

    def an_hour_later() -> None:
        later[0] += 3600
        file = tmp_path / "var" / "token.json"
        if file.exists():  # what stands in the file goes by the time of day
            aged = TokenFile(file)
            with aged.locked():
                text = aged.read()
                assert text is not None
                aged.write(_aged(text))

    return tokens, an_hour_later


def _aged(text: str) -> str:
    document = json.loads(text)
    for entry in document.get("AccessToken", {}).values():
        entry["expires_on"] = str(int(entry["expires_on"]) - 3600)
    return json.dumps(document)
