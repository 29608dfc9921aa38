"""Handing in mail over a connection that was opened with an access token."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest

from mailer.oauth import CachedTokens, Granted, TokenUnavailable
from mailer.oauth_web import Web
from mailer.smtp import Postman, SmtpSettings, TransportError
from tests.mailer.tokens.conftest import by_secret
from tests.servers.oauth import TokenServer
from tests.servers.smtp import RecordingSmtp

SHARED = "complaints@example.com"
TO = "wang@example.com"
pytestmark = pytest.mark.filterwarnings(
    "ignore:Requiring AUTH while not requiring TLS"
)  # aiosmtpd, on loopback


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SHARED, TO, "x"
    message.set_content("x")
    return message


def postman(server: RecordingSmtp, tokens: CachedTokens) -> Postman:
    return Postman(
        SmtpSettings(server.host, server.port, "plain", username=SHARED, timeout=60, tokens=tokens)
    )


def fixed(*values: str) -> CachedTokens:
    left = list(values)
    return CachedTokens(lambda _anew: Granted(left.pop(0), 3600))


@pytest.fixture(params=["XOAUTH2", "OAUTHBEARER"])
def taking(request: pytest.FixtureRequest) -> Iterator[Callable[..., RecordingSmtp]]:
    """Servers that take certain tokens for the shared mailbox, in one mechanism."""
    opened: list[RecordingSmtp] = []

    def start(*good: str) -> RecordingSmtp:
        server = RecordingSmtp(
            bearer=lambda user, token: user == SHARED and token in good, mechanisms=[request.param]
        )
        opened.append(server.__enter__())
        return server

    yield start
    for server in opened:
        server.__exit__()


@pytest.mark.parametrize("padding", [0, 2500])
def test_mail_leaves_with_a_token_of_the_provider_short_or_long(
    server: TokenServer, web: Web, padding: int
) -> None:
    server.padding = padding
    tokens = CachedTokens(by_secret(server, web).grant)
    with RecordingSmtp(bearer=lambda user, token: server.is_good(token, user)) as smtp:
        sender = postman(smtp, tokens)
        assert sender.send(mail(), TO).startswith("250")
        sender.close()
        assert len(smtp.mails) == 1


def test_one_token_serves_the_whole_session_and_the_next_one(taking: Callable[..., RecordingSmtp]) -> None:
    smtp = taking("TOKEN")
    sender = postman(smtp, fixed("TOKEN"))
    sender.send(mail(), TO)
    sender.send(mail(), TO)
    sender.close()
    sender.send(mail(), TO)
    sender.close()
    assert smtp.attempts == [(SHARED, "TOKEN")] * 2


def test_a_cached_token_that_is_refused_is_renewed_once_and_the_mail_leaves(
    taking: Callable[..., RecordingSmtp],
) -> None:
    smtp = taking("NEW")
    tokens = fixed("OLD", "NEW")
    tokens.token()
    sender = postman(smtp, tokens)
    sender.send(mail(), TO)
    sender.close()
    assert [token for _, token in smtp.attempts] == ["OLD", "NEW"]


def test_a_refusal_for_good_keeps_the_mail_for_later(taking: Callable[..., RecordingSmtp]) -> None:
    smtp = taking()
    tokens = fixed("OLD", "NEW", "NEVER ASKED FOR")
    tokens.token()
    with pytest.raises(TransportError) as caught:
        postman(smtp, tokens).send(mail(), TO)
    failed = caught.value
    assert (failed.permanent, failed.uncertain, failed.session) == (False, False, True)
    assert "535 5.7.3 Authentication unsuccessful" in failed.reply
    assert "status 401" in failed.reply
    assert "NEW" not in failed.reply
    assert len(smtp.attempts) == 2


def test_a_server_that_is_busy_costs_no_token(taking: Callable[..., RecordingSmtp]) -> None:
    smtp = taking("OLD")
    smtp.misbehave("AUTH", "454 4.7.0 Temporary authentication failure", times=1)
    tokens = fixed("OLD", "NEW")
    tokens.token()
    sender = postman(smtp, tokens)
    with pytest.raises(TransportError):
        sender.send(mail(), TO)
    sender.send(mail(), TO)
    sender.close()
    assert tokens.token() == "OLD"


def test_a_session_whose_token_has_ended_is_opened_anew_and_the_mail_leaves(
    taking: Callable[..., RecordingSmtp],
) -> None:
    smtp = taking("TOKEN")
    sender = postman(smtp, fixed("TOKEN"))
    sender.send(mail(), TO)
    smtp.misbehave("MAIL", "530 5.7.57 Client not authenticated to send mail", times=1)
    sender.send(mail(), TO)
    sender.close()
    assert [kept.session for kept in smtp.mails] == [1, 2]


def test_a_server_without_tokens_is_told(taking: Callable[..., RecordingSmtp]) -> None:
    with RecordingSmtp(login=(SHARED, "password")) as smtp:
        with pytest.raises(TransportError, match="takes no tokens") as caught:
            postman(smtp, fixed("TOKEN")).send(mail(), TO)
        assert caught.value.session


def test_no_token_keeps_the_mail_for_later() -> None:
    def none(_anew: bool) -> Granted:
        raise TokenUnavailable("the sign-in has ended", permanent=True, advice="run `kesu mailbox login`")

    with RecordingSmtp(bearer=lambda _user, _token: True) as smtp:
        with pytest.raises(TransportError) as caught:
            postman(smtp, CachedTokens(none)).send(mail(), TO)
        failed = caught.value
        assert (failed.permanent, failed.uncertain, failed.session) == (False, False, True)
        assert failed.reply.endswith("run `kesu mailbox login`")
        assert smtp.attempts == []


def test_an_account_needs_a_password_or_tokens_and_tokens_an_account() -> None:
    with pytest.raises(ValueError, match="belong together"):
        SmtpSettings("127.0.0.1", 25, "plain", tokens=fixed("T"))
    with pytest.raises(ValueError, match="belong together"):
        SmtpSettings("127.0.0.1", 25, "plain", username=SHARED)
