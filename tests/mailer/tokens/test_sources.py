"""Every source of access tokens does the same, whoever gives them: one contract, against a real token server."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.cli.service import quiet_libraries
from mailer.oauth import CachedTokens, Granted, TokenUnavailable
from mailer.oauth_google import ServiceAccount
from mailer.oauth_microsoft import ClientCredentials, MicrosoftApp
from mailer.oauth_web import Web
from tests.guards import PATIENCE, no_endless_wait
from tests.mailer.tokens.conftest import APP, SECRET, app, by_person, by_secret, by_service_account, signed_in
from tests.servers.oauth import HANG, TENANT, TokenServer, self_signed

Source = tuple[CachedTokens, Callable[[], None]]


def refusal(act: Callable[[], object]) -> TokenUnavailable:
    with pytest.raises(TokenUnavailable) as caught:
        act()
    return caught.value


def test_the_token_is_one_the_provider_knows(server: TokenServer, source: Source) -> None:
    assert server.is_good(source[0].token(), server.mailbox)


def test_a_token_is_asked_for_once_while_it_is_good(server: TokenServer, source: Source) -> None:
    tokens, _ = source
    first = tokens.token()
    asked = len(server.requests)
    assert [tokens.token() for _ in range(3)] == [first] * 3
    assert len(server.requests) == asked


def test_after_its_hour_the_next_token_is_another_that_is_good(server: TokenServer, source: Source) -> None:
    tokens, an_hour_later = source
    first = tokens.token()
    an_hour_later()
    assert tokens.token() != first
    assert server.is_good(tokens.token())


def test_a_refused_token_is_renewed_although_it_should_be_good(server: TokenServer, source: Source) -> None:
    tokens, _ = source
    first = tokens.token()
    assert tokens.token() == first
    server.revoke_tokens()
    second = tokens.renewed(first)
    assert second is not None
    assert second != first
    assert server.is_good(second)
    assert tokens.token() == second


def test_a_token_that_has_only_just_come_is_not_renewed(server: TokenServer, source: Source) -> None:
    tokens, _ = source
    first = tokens.token()
    asked = len(server.requests)
    assert tokens.renewed(first) is None
    assert len(server.requests) == asked


def test_whoever_was_refused_later_gets_what_the_first_one_renewed(
    server: TokenServer, source: Source
) -> None:
    tokens, _ = source
    old = tokens.token()
    tokens.token()
    renewed = tokens.renewed(old)
    asked = len(server.requests)
    assert tokens.renewed(old) == renewed
    assert len(server.requests) == asked


def test_many_threads_at_once_need_one_token(server: TokenServer, source: Source) -> None:
    tokens, _ = source
    got: list[str] = []
    before = len(server.requests)
    threads = [threading.Thread(target=lambda: got.append(tokens.token())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(got) == 8
    assert len(set(got)) == 1
    assert len(server.requests) - before <= 1


@pytest.mark.parametrize("answer", [500, 503, 429, HANG])
def test_a_provider_that_is_down_is_a_passing_trouble(
    server: TokenServer, source: Source, answer: int
) -> None:
    tokens, an_hour_later = source
    tokens.token()
    an_hour_later()
    server.answers.append(answer)
    with no_endless_wait():
        assert not refusal(tokens.token).permanent
    assert server.is_good(tokens.token())  # it is up again


def test_no_network_is_a_passing_trouble(server: TokenServer, web: Web) -> None:
    tokens = by_secret(server, web)
    server.__exit__()
    assert not refusal(lambda: tokens.grant(False)).permanent


def test_an_answer_that_leads_elsewhere_is_not_followed(server: TokenServer, source: Source) -> None:
    tokens, an_hour_later = source
    tokens.token()
    an_hour_later()
    server.answers += [307, 307]
    refusal(tokens.token)
    assert "/elsewhere" not in [path for path, _ in server.requests]


def test_a_certificate_nobody_vouches_for_ends_it_and_names_ca_file(server: TokenServer) -> None:
    failed = refusal(lambda: by_secret(server, Web(timeout=60)).grant(False))
    assert failed.permanent
    assert "ca_file" in failed.advice
    assert server.requests == []


def test_tokens_are_never_fetched_in_the_clear(server: TokenServer, web: Web) -> None:
    key = {**server.service_account(), "token_uri": server.introspection_url}
    asking = ServiceAccount(lambda: key, server.mailbox, web, now=lambda: datetime.now(UTC))
    assert "https only" in refusal(lambda: asking.grant(False)).reason
    assert server.requests == []


def test_a_short_life_has_a_short_margin() -> None:
    now = [0.0]
    tokens = CachedTokens(lambda _: Granted(f"t{now[0]}", 60), monotonic=lambda: now[0])
    assert tokens.token() == "t0.0"
    now[0] = 53
    assert tokens.token() == "t0.0"
    now[0] = 55
    assert tokens.token() == "t55"


def test_an_hour_ends_five_minutes_early() -> None:
    now = [0.0]
    tokens = CachedTokens(lambda _: Granted(f"t{now[0]}", 3600), monotonic=lambda: now[0])
    tokens.token()
    now[0] = 3299
    assert tokens.token() == "t0.0"
    now[0] = 3301
    assert tokens.token() == "t3301"


def test_a_certificate_takes_the_place_of_a_secret(server: TokenServer, web: Web, tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path / "app")
    server.apps.clear()
    server.certificates[APP] = certificate.read_bytes()
    credential = {"private_key": key.read_text(), "public_certificate": certificate.read_text()}
    granted = ClientCredentials(app(server), lambda: credential, web).grant(False)
    assert server.is_good(granted.token)


@pytest.mark.parametrize(
    ("error", "description", "advice", "permanent"),
    [
        (
            "invalid_client",
            "AADSTS7000215: Invalid client secret provided.",
            "the secret's value, not its id",
            True,
        ),
        ("invalid_client", "AADSTS7000222: The provided client secret keys are expired.", "expired", True),
        ("unauthorized_client", "AADSTS700016: Application was not found.", "client_id", True),
        ("invalid_grant", "AADSTS65001: The user or administrator has not consented.", "consent", True),
        ("invalid_grant", "AADSTS50126: Invalid username or password.", "password", True),
        ("invalid_resource", "AADSTS500011: The resource principal was not found.", "scopes", True),
        ("invalid_grant", "something else", "kesu mailbox login", True),
        ("temporarily_unavailable", "AADSTS90033: A transient error has occurred.", "", False),
        ("temporarily_unavailable", "come back", "", False),
    ],
)
def test_entras_errors_are_explained(
    server: TokenServer, web: Web, error: str, description: str, advice: str, permanent: bool
) -> None:
    server.refusals.append((error, description))
    failed = refusal(lambda: by_secret(server, web).grant(False))
    assert advice in failed.advice
    assert bool(failed.advice) is bool(advice)
    assert failed.permanent is permanent
    assert description.rstrip(".") in failed.reason


def test_a_wrong_secret_is_not_repeated_although_the_server_repeats_it(server: TokenServer, web: Web) -> None:
    failed = refusal(lambda: by_secret(server, web, "wrong-but-secret-all-the-same").grant(False))
    assert "AADSTS7000215" in failed.reason
    assert "all-the-same" not in str(failed)
    assert "Trace ID" not in str(failed)


def test_a_refresh_token_is_not_repeated_although_the_server_repeats_it(
    server: TokenServer, web: Web, tmp_path: Path
) -> None:
    person = signed_in(server, web, tmp_path / "token.json")
    server.revoke_sign_ins()
    failed = refusal(lambda: person.grant(True))
    assert "AADSTS50173" in failed.reason
    assert server.requests[-1][1]["refresh_token"] not in str(failed)


def test_a_tenant_that_does_not_exist_is_named(server: TokenServer, web: Web) -> None:
    nobody = MicrosoftApp(
        server.authority, "nobody.example", APP, ("https://outlook.office365.com/.default",)
    )
    failed = refusal(lambda: ClientCredentials(nobody, lambda: SECRET, web).grant(False))
    assert failed.permanent
    assert "oauth2.tenant" in failed.advice


@pytest.mark.parametrize(
    ("error", "description", "advice"),
    [
        (
            "unauthorized_client",
            "Client is unauthorized to retrieve access tokens.",
            "Domain-wide delegation",
        ),
        ("invalid_grant", "Invalid JWT Signature.", "new one"),
        ("invalid_grant", "Invalid JWT: Token must be a short-lived token (60 minutes)", "clock"),
        ("invalid_grant", "Invalid email or User ID", "oauth2.subject"),
    ],
)
def test_googles_errors_are_explained(
    server: TokenServer, web: Web, error: str, description: str, advice: str
) -> None:
    server.refusals.append((error, description))
    failed = refusal(lambda: by_service_account(server, web).grant(False))
    assert failed.permanent
    assert advice in failed.advice


def test_a_key_that_is_none_is_said(web: Web) -> None:
    broken = {
        "type": "service_account",
        "client_email": "a@b.example",
        "private_key": "no key",
        "token_uri": "x",
    }
    asking = ServiceAccount(lambda: broken, "x@example.com", web, now=lambda: datetime.now(UTC))
    failed = refusal(lambda: asking.grant(False))
    assert failed.permanent
    assert "service_account_file" in failed.reason


def test_nothing_secret_shows_in_what_is_printed(server: TokenServer, web: Web, tmp_path: Path) -> None:
    sources = [
        by_secret(server, web),
        signed_in(server, web, tmp_path / "t.json"),
        by_service_account(server, web),
    ]
    for each in sources:
        granted = each.grant(False)
        tokens = CachedTokens(each.grant)
        tokens.token()
        shown = f"{each!r} {granted!r} {tokens!r}"
        assert granted.token not in shown
        assert SECRET not in shown


def test_nothing_secret_is_logged_by_the_command_line(
    server: TokenServer, web: Web, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    quiet_libraries()
    caplog.set_level(logging.DEBUG)
    person = signed_in(server, web, tmp_path / "t.json")
    tokens = [by_secret(server, web).grant(False).token, person.grant(True).token]
    tokens.append(by_service_account(server, web).grant(False).token)
    server.revoke_sign_ins()
    refusal(lambda: person.grant(True))  # the server says the refresh token back
    secrets = [SECRET, *tokens, *(form.get("refresh_token", "") for _, form in server.requests)]
    assert any(secrets)
    for secret in filter(None, secrets):
        assert secret not in caplog.text


def test_a_device_nobody_signed_in_on_says_what_to_run(server: TokenServer, web: Web, tmp_path: Path) -> None:
    failed = refusal(lambda: by_person(server, web, tmp_path / "t.json").grant(False))
    assert failed.permanent
    assert "kesu mailbox login" in failed.advice


def test_21vianet_is_asked_at_its_own_address() -> None:
    china = MicrosoftApp("https://login.partner.microsoftonline.cn/", TENANT, APP, ())
    assert china.url == f"https://login.partner.microsoftonline.cn/{TENANT}"
