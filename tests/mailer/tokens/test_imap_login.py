"""Logging in to IMAP with an access token: a real Dovecot that asks the token server, and a scripted one."""

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.bearer import OAUTHBEARER, XOAUTH2, Dialogue
from mailer.inbox import Inbox, MailboxUnavailable
from mailer.oauth import CachedTokens, Granted, TokenUnavailable
from mailer.oauth_web import Web
from tests.guards import PATIENCE
from tests.mailer.inbound.mails import mail, settings_for
from tests.mailer.tokens.conftest import APP, SECRET, by_secret, by_service_account, signed_in
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.oauth import TokenServer
from tests.servers.scripted_imap import DROP, Answer, Call, ScriptedImap

needs_dovecot = pytest.mark.skipif(PROGRAM is None, reason="dovecot is not installed")
SHARED = "complaints@example.com"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenServer]:
    with TokenServer(tmp_path_factory.mktemp("provider"), apps={APP: SECRET}) as server:
        yield server


@pytest.fixture(scope="module", params=["xoauth2", "oauthbearer", "xoauth2 oauthbearer"])
def dovecot(request: pytest.FixtureRequest, provider: TokenServer) -> Iterator[Dovecot]:
    with Dovecot(
        {}, introspection_url=provider.introspection_url, mechanisms=f"{request.param}", settings="ssl = no\n"
    ) as server:
        yield server


def inbox(host: str, port: int, tokens: CachedTokens, **changes: object) -> Inbox:
    return Inbox(settings_for(host, port, password="", tokens=tokens, **changes))


def unavailable(opened: Inbox) -> MailboxUnavailable:
    with pytest.raises(MailboxUnavailable) as caught:
        opened.connect()
    return caught.value


@needs_dovecot
def test_the_shared_mailbox_opens_to_the_app_and_mail_is_read(
    provider: TokenServer, dovecot: Dovecot
) -> None:
    dovecot.deliver(SHARED, mail("to the shared mailbox"))
    tokens = CachedTokens(by_secret(provider, Web(provider.ca_file)).grant)
    with inbox(dovecot.host, dovecot.port, tokens) as opened:
        (got,) = next(iter(opened.fetch(opened.all_uids()[-1:])))
    assert b"to the shared mailbox" in got.raw


@needs_dovecot
def test_the_shared_mailbox_opens_to_somebody_who_signed_in(
    provider: TokenServer, dovecot: Dovecot, tmp_path: Path
) -> None:
    tokens = CachedTokens(signed_in(provider, Web(provider.ca_file), tmp_path / "token.json").grant)
    with inbox(dovecot.host, dovecot.port, tokens) as opened:
        opened.all_uids()


@needs_dovecot
def test_the_mailbox_opens_to_a_service_account(provider: TokenServer, dovecot: Dovecot) -> None:
    tokens = CachedTokens(by_service_account(provider, Web(provider.ca_file)).grant)
    with inbox(dovecot.host, dovecot.port, tokens) as opened:
        opened.all_uids()


@needs_dovecot
def test_a_reconnect_after_a_revocation_renews_the_token_once(
    provider: TokenServer, dovecot: Dovecot
) -> None:
    tokens = CachedTokens(by_secret(provider, Web(provider.ca_file)).grant)
    with inbox(dovecot.host, dovecot.port, tokens):
        pass
    asked = provider.asked("client_credentials")
    provider.revoke_tokens()
    with inbox(dovecot.host, dovecot.port, tokens) as opened:
        opened.all_uids()
    assert provider.asked("client_credentials") == asked + 1


@needs_dovecot
def test_a_token_for_another_mailbox_is_refused_for_good_and_not_shown(
    provider: TokenServer, dovecot: Dovecot
) -> None:
    tokens = CachedTokens(by_secret(provider, Web(provider.ca_file)).grant)
    failed = unavailable(inbox(dovecot.host, dovecot.port, tokens, username="somebody.else@example.com"))
    assert failed.permanent
    assert "access token refused" in failed.reason
    assert tokens.token() not in failed.reason


@needs_dovecot
def test_an_expired_token_is_not_kept_over_a_reconnect(provider: TokenServer, dovecot: Dovecot) -> None:
    later = [0.0]
    tokens = CachedTokens(by_secret(provider, Web(provider.ca_file)).grant, monotonic=lambda: later[0])
    with inbox(dovecot.host, dovecot.port, tokens):
        first = tokens.token()
    later[0] = 3600
    with inbox(dovecot.host, dovecot.port, tokens):
        assert tokens.token() != first


class Login:
    """A script that takes the tokens in `good`, and keeps what the client said."""

    def __init__(self, *good: str, challenge: bytes = b'{"status":"401"}', refusal: str = "") -> None:
        self.good = good
        self.said: list[bytes] = []
        self.waiting: Call | None = None
        self.refusal = refusal or "[AUTHENTICATIONFAILED] Invalid credentials (Failure)"
        self.challenge = b"+ " + base64.b64encode(challenge) + b"\r\n"
        self.refused = False

    def script(self) -> dict[str, Answer]:
        return {"AUTHENTICATE": self.begin, "": self.go_on}

    def begin(self, call: Call) -> bytes:
        self.waiting, self.refused = call, False
        _, _, first = call.arguments.partition(" ")
        return self.judge(base64.b64decode(first)) if first else b"+ \r\n"

    def go_on(self, call: Call) -> bytes:
        answer = base64.b64decode(call.tag) if call.tag != "*" else b"*"
        if self.refused:
            self.said.append(answer)
            assert self.waiting is not None
            return self.waiting.no(self.refusal)
        return self.judge(answer)

    def judge(self, answer: bytes) -> bytes:
        self.said.append(answer)
        assert self.waiting is not None
        if any(f"auth=Bearer {token}\x01".encode() in answer for token in self.good):
            return self.waiting.ok("welcome")
        self.refused = True
        return self.challenge


def fixed(*values: str) -> CachedTokens:
    """Tokens that come one after the other, whoever is asked."""
    left = list(values)
    return CachedTokens(lambda _anew: Granted(left.pop(0), 3600))


@pytest.mark.parametrize("early", [True, False])
def test_the_token_goes_with_the_command_where_the_server_takes_it_so(early: bool) -> None:
    login = Login("TOKEN")
    with ScriptedImap(login.script(), capabilities="AUTH=XOAUTH2" + (" SASL-IR" if early else "")) as server:
        inbox(server.host, server.port, fixed("TOKEN")).connect()
        sent = next(call for call in server.calls if call.name == "AUTHENTICATE")
    assert login.said == [f"user={SHARED}\x01auth=Bearer TOKEN\x01\x01".encode()]
    assert (" " in sent.arguments) is early


def test_oauthbearer_is_spoken_where_only_that_is_offered() -> None:
    login = Login("TOKEN")
    with ScriptedImap(login.script(), capabilities="AUTH=PLAIN AUTH=OAUTHBEARER") as server:
        inbox(server.host, server.port, fixed("TOKEN")).connect()
    said = f"n,a={SHARED},\x01host=127.0.0.1\x01port={server.port}\x01auth=Bearer TOKEN\x01\x01"
    assert login.said == [said.encode()]


@pytest.mark.parametrize(("mechanism", "dummy"), [("XOAUTH2", b""), ("OAUTHBEARER", b"\x01")])
@pytest.mark.parametrize("early", ["", " SASL-IR"])
def test_the_servers_challenge_about_a_bad_token_is_answered_and_its_status_told(
    mechanism: str, dummy: bytes, early: str
) -> None:
    login = Login(challenge=b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}')
    with ScriptedImap(login.script(), capabilities=f"AUTH={mechanism}{early}") as server:
        failed = unavailable(inbox(server.host, server.port, fixed("TOKEN")))
    assert login.said[1:] == [dummy]
    assert "status 400" in failed.reason
    assert "Invalid credentials" in failed.reason
    assert failed.permanent


def test_a_cached_token_that_is_refused_is_renewed_on_the_same_connection() -> None:
    tokens = fixed("OLD", "NEW")
    tokens.token()
    login = Login("NEW")
    with ScriptedImap(login.script(), capabilities="AUTH=XOAUTH2 SASL-IR") as server:
        inbox(server.host, server.port, tokens).connect()
        assert server.names().count("AUTHENTICATE") == 2


def test_a_renewed_token_that_is_refused_too_ends_it() -> None:
    tokens = fixed("OLD", "NEW", "NEVER ASKED FOR")
    tokens.token()
    with ScriptedImap(Login().script(), capabilities="AUTH=XOAUTH2") as server:
        assert unavailable(inbox(server.host, server.port, tokens)).permanent
        assert server.names().count("AUTHENTICATE") == 2


def test_a_server_that_is_busy_costs_no_token() -> None:
    tokens = fixed("OLD", "NEW")
    tokens.token()
    login = Login(refusal="[UNAVAILABLE] try again later")
    with ScriptedImap(login.script(), capabilities="AUTH=XOAUTH2") as server:
        assert not unavailable(inbox(server.host, server.port, tokens)).permanent
    assert tokens.token() == "OLD"


def test_a_server_that_takes_no_tokens_is_told_from_one_that_refuses_them() -> None:
    with ScriptedImap({}, capabilities="AUTH=PLAIN") as server:
        failed = unavailable(inbox(server.host, server.port, fixed("TOKEN")))
        assert "AUTHENTICATE" not in server.names()
    assert failed.permanent
    assert "takes no tokens" in failed.reason


def test_a_server_that_says_the_token_back_does_not_bring_it_into_the_log() -> None:
    login = Login(challenge=b'{"status":"TOKEN is bad"}', refusal="no such token: TOKEN")
    with ScriptedImap(login.script(), capabilities="AUTH=XOAUTH2") as server:
        assert "TOKEN" not in unavailable(inbox(server.host, server.port, fixed("TOKEN"))).reason


def test_a_server_that_asks_without_end_is_left() -> None:
    rounds: list[str] = []

    def again(call: Call) -> bytes:
        rounds.append(call.tag)
        return b"+ \r\n" if call.tag != "*" else waiting[0].bad("cancelled")

    waiting: list[Call] = []

    def begin(call: Call) -> bytes:
        waiting.append(call)
        return b"+ \r\n"

    with ScriptedImap({"AUTHENTICATE": begin, "": again}, capabilities="AUTH=XOAUTH2") as server:
        assert unavailable(inbox(server.host, server.port, fixed("TOKEN"))).permanent
    assert rounds[-1] == "*"
    assert len(rounds) < 6


def test_a_connection_cut_in_the_login_passes() -> None:
    with ScriptedImap({"AUTHENTICATE": lambda _: DROP}, capabilities="AUTH=XOAUTH2") as server:
        assert not unavailable(inbox(server.host, server.port, fixed("TOKEN"))).permanent


@pytest.mark.parametrize("permanent", [True, False])
def test_no_token_is_no_mailbox_and_nothing_is_said_to_the_server(permanent: bool) -> None:
    def none(_anew: bool) -> Granted:
        raise TokenUnavailable("the provider is closed", permanent=permanent, advice="open it")

    with ScriptedImap({}, capabilities="AUTH=XOAUTH2") as server:
        failed = unavailable(inbox(server.host, server.port, CachedTokens(none)))
        assert "AUTHENTICATE" not in server.names()
    assert failed.permanent is permanent
    assert failed.reason == "no access token: the provider is closed: open it"


def test_two_threads_that_are_refused_at_once_renew_once() -> None:
    asked: list[bool] = []

    def ask(anew: bool) -> Granted:
        asked.append(anew)
        return Granted(f"T{len(asked)}", 3600)

    tokens = CachedTokens(ask)
    tokens.token()
    old = tokens.token()
    got: list[str | None] = []
    threads = [threading.Thread(target=lambda: got.append(tokens.renewed(old))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert got == ["T2", "T2"]
    assert asked == [False, True]


def test_names_are_escaped_in_oauthbearers_header() -> None:
    said = Dialogue(OAUTHBEARER, "a,b=c@example.com", "T", "h", 1).answer(b"")
    assert said is not None
    assert said.startswith(b"n,a=a=2Cb=3Dc@example.com,\x01")


@pytest.mark.parametrize("nonsense", [b"", b"[]", b"\xff\xfe", b'"x"', b"{", b'{"status": {}}'])
def test_a_challenge_that_makes_no_sense_is_answered_all_the_same(nonsense: bytes) -> None:
    dialogue = Dialogue(XOAUTH2, SHARED, "T", "h", 1)
    dialogue.answer(b"")
    assert dialogue.answer(nonsense) == b""
    assert "T" not in repr(dialogue).replace("XOAUTH2", "")
