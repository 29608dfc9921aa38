"""`kesu doctor` on mail accounts that do not work: what is wrong is named, and the key that mends it."""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from daemon import mail_doctor
from daemon.doctor import Finding, examine
from daemon.mail_doctor import Service, advice
from daemon.site import load_site
from mailer.imap_errors import MailboxUnavailable
from mailer.profiles import PROFILES
from mailer.smtp import TransportError
from tests.daemon.office import MAILBOX, HandClock, write_config
from tests.servers import certificates
from tests.servers.certificates import Certificate
from tests.servers.loopback import free_port
from tests.servers.scripted_imap import Answer, ScriptedImap
from tests.servers.smtp import RecordingSmtp

needs_openssl = pytest.mark.skipif(certificates.PROGRAM is None, reason="openssl is not installed")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "secret-nobody-may-see")
    monkeypatch.setattr("daemon.doctor.PATIENCE", 3.0)
    monkeypatch.setattr(mail_doctor, "_PROBE_SECONDS", 3.0)


@pytest.fixture
def smtp() -> Iterator[RecordingSmtp]:
    with RecordingSmtp() as server:
        yield server


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificates.make(tmp_path_factory.mktemp("good"))


def findings(
    folder: Path, imap: int, smtp: int, *, mailbox: str = "", outgoing: str = ""
) -> Mapping[str, Finding]:
    """The doctor's findings on a site with these lines changed or added in [mailbox] and [smtp]."""
    path = write_config(folder, imap=imap, smtp=smtp)
    head, mark, rest = path.read_text(encoding="utf-8").partition("[smtp]")
    text = _with(head, mailbox) + mark + _with(rest, outgoing)
    path.write_text(text, encoding="utf-8")
    return {finding.what: finding for finding in examine(load_site(path), HandClock())}


def _with(text: str, lines: str) -> str:
    for line in filter(None, lines.split("\n")):
        key = line.partition(" = ")[0]
        old = next((one for one in text.split("\n") if one.startswith(f"{key} = ")), None)
        text = (
            text.replace(old, line, 1)
            if old is not None
            else text.replace('security = "', f'{line}\nsecurity = "', 1)
        )
    return text


def test_a_password_that_nobody_set_is_to_be_set_not_looked_for_at_the_provider(
    tmp_path: Path, smtp: RecordingSmtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KESU_IMAP_PASSWORD")
    found = findings(tmp_path, free_port(), smtp.port, mailbox='profile = "qq"')["mailbox"]
    assert "KESU_IMAP_PASSWORD is not set" in found.said
    assert found.mend.startswith("set it where kesu is started")
    assert PROFILES["qq"].password in found.mend
    assert "switched on" not in found.mend


def mailbox(folder: Path, server: ScriptedImap | int, lines: str = "") -> Finding:
    if isinstance(server, int):
        return findings(folder, server, free_port(), mailbox=lines)["mailbox"]
    with server:
        return findings(folder, server.port, free_port(), mailbox=lines)["mailbox"]


def outgoing(folder: Path, port: int, lines: str = "") -> Finding:
    return findings(folder, free_port(), port, outgoing=lines)["smtp"]


# ---------------------------------------------------------------- the way there


def test_a_name_no_server_knows(tmp_path: Path) -> None:
    finding = mailbox(tmp_path, 993, 'host = "imap.nowhere.invalid"\nsecurity = "tls"')
    assert not finding.ok
    assert "[mailbox] host" in finding.mend
    assert "DNS" in finding.mend


def test_a_port_where_nobody_listens(tmp_path: Path) -> None:
    finding = mailbox(tmp_path, free_port())
    assert "nobody listens" in finding.mend
    assert "993" in finding.mend


def test_tls_on_a_port_that_speaks_plainly(tmp_path: Path) -> None:
    finding = mailbox(tmp_path, ScriptedImap({}), 'security = "tls"')
    assert '[mailbox] security = "starttls"' in finding.mend


@needs_openssl
@pytest.mark.parametrize("security", ["starttls", "plain"])
def test_plain_words_on_a_port_of_tls(tmp_path: Path, good: Certificate, security: str) -> None:
    finding = mailbox(tmp_path, ScriptedImap({}, tls=good.context()), f'security = "{security}"')
    assert 'speaks TLS from the first byte: [mailbox] security = "tls"' in finding.mend


def test_starttls_where_there_is_none(tmp_path: Path) -> None:
    finding = mailbox(tmp_path, ScriptedImap({}), 'security = "starttls"')
    assert "offers no STARTTLS" in finding.mend


@pytest.fixture
def silent() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_server_that_never_answers(tmp_path: Path, silent: int) -> None:
    finding = mailbox(tmp_path, silent)
    assert "a firewall, or the wrong port" in finding.mend


def test_port_25_is_known_for_being_blocked() -> None:
    late = MailboxUnavailable("timed out", permanent=False)
    late.__cause__ = TimeoutError()
    assert "port 25 is blocked" in advice(late, Service("smtp", "smtp.example.com", 25, "tls"))


# ---------------------------------------------------------------- certificates


@needs_openssl
def test_an_authority_this_machine_does_not_know(tmp_path: Path, good: Certificate) -> None:
    finding = mailbox(tmp_path, ScriptedImap({}, tls=good.context()), 'security = "tls"')
    assert "[mailbox] ca_file" in finding.mend


@needs_openssl
def test_the_named_authority_mends_it(tmp_path: Path, good: Certificate) -> None:
    lines = f'security = "tls"\nca_file = "{good.certificate}"'
    finding = mailbox(tmp_path, ScriptedImap({}, tls=good.context()), lines)
    assert finding.mend == ""


@needs_openssl
def test_an_expired_certificate(tmp_path: Path) -> None:
    expired = certificates.make(tmp_path / "expired", days=-1)
    lines = f'security = "tls"\nca_file = "{expired.certificate}"'
    finding = mailbox(tmp_path, ScriptedImap({}, tls=expired.context()), lines)
    assert "has expired" in finding.mend
    assert "clock" in finding.mend


@needs_openssl
def test_a_certificate_for_another_name(tmp_path: Path) -> None:
    other = certificates.make(tmp_path / "other", "DNS:mail.example.com")
    lines = f'security = "tls"\nca_file = "{other.certificate}"'
    finding = mailbox(tmp_path, ScriptedImap({}, tls=other.context()), lines)
    assert "[mailbox] host must be a name that stands in it" in finding.mend


@needs_openssl
def test_smtp_is_told_of_its_certificate_too(tmp_path: Path, good: Certificate) -> None:
    with RecordingSmtp(tls=good.context()) as server:
        finding = outgoing(tmp_path, server.port, 'security = "tls"')
    assert "[smtp] ca_file" in finding.mend


# ---------------------------------------------------------------- what providers say to a login

QQ_SAYS = (
    "Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited, "
    "or system is busy."
)
REFUSALS = {
    ("netease", "LOGIN Login error or password error"): "授权码",
    ("netease-qiye", "ERR.LOGIN.IPDENY"): "other addresses only",
    ("qq", QQ_SAYS): "授权码",
    ("exmail", "Login fail. Password is incorrect or service is not open."): "客户端专用密码",
    ("aliyun", "LOGIN failed: too frequently, please try again later"): "wants a pause",
    ("gmail", "[ALERT] Application-specific password required"): "app password",
    ("gmail", "[ALERT] Your account is not enabled for IMAP use."): "Enable IMAP",
    ("microsoft365", "LOGIN failed. Basic authentication is disabled"): "[mailbox.oauth2]",
    ("dovecot", "[AUTHENTICATIONFAILED] Authentication failed."): "[mailbox] username and password",
    ("", "[PRIVACYREQUIRED] Plaintext authentication disallowed"): '[mailbox] security = "starttls"',
}


@pytest.mark.parametrize(("profile", "words"), REFUSALS)
def test_a_refused_login_is_explained_in_the_providers_terms(
    tmp_path: Path, profile: str, words: str
) -> None:
    server = ScriptedImap({"LOGIN": lambda call: call.no(words)})
    finding = mailbox(tmp_path, server, f'profile = "{profile}"' if profile else "")
    assert not finding.ok
    assert REFUSALS[profile, words] in finding.mend
    assert "secret-nobody-may-see" not in finding.said + finding.mend


def unsafe(call: object) -> bytes:
    return call.no("SELECT Unsafe Login. Please contact kefu@188.com for help")  # type: ignore[attr-defined, no-any-return]


def test_unsafe_login_after_we_said_who_we_are_is_a_locked_account(tmp_path: Path) -> None:
    finding = mailbox(tmp_path, ScriptedImap({"SELECT": unsafe}), 'profile = "netease"')
    assert "web mail once" in finding.mend
    assert 'profile = "netease"' in mailbox(tmp_path, ScriptedImap({"SELECT": unsafe})).mend


SCRIPTS: dict[str, tuple[dict[str, Answer], str]] = {
    "no folder": ({"SELECT": lambda call: call.no("[NONEXISTENT] no such mailbox")}, "[mailbox] folder"),
    "not the mailbox": (
        {"SELECT": lambda call: call.bad("User is authenticated but not connected.")},
        "full access to the shared mailbox",
    ),
    "no right to make folders": (
        {"LIST": lambda call: call.ok(), "CREATE": lambda call: call.no("[NOPERM] Permission denied")},
        "done_folder",
    ),
    "a folder without lasting numbers": (
        {"SELECT": lambda call: b"* OK [UIDVALIDITY 0] none\r\n" + call.ok()},
        "must name a real one",
    ),
}


@pytest.mark.parametrize("case", SCRIPTS)
def test_what_is_wrong_behind_the_login_is_explained(tmp_path: Path, case: str) -> None:
    script, expected = SCRIPTS[case]
    finding = mailbox(tmp_path, ScriptedImap(script))
    assert not finding.ok
    assert expected in finding.mend


def test_a_server_that_logs_us_in_by_itself(tmp_path: Path) -> None:
    finding = mailbox(tmp_path, ScriptedImap({}, greeting=b"* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n"))
    assert not finding.ok
    assert "somebody is between us" in finding.mend


def test_a_server_without_move_and_idle_is_told_of_but_is_no_fault(tmp_path: Path) -> None:
    finding = mailbox(tmp_path, ScriptedImap({}))
    assert finding.ok
    assert "looking every 1 s" in finding.said
    assert "flagged as deleted" in finding.said


# ---------------------------------------------------------------- sending

SENDING = {
    ("MAIL", "553 5.7.1 Mail from must equal authorized user"): "[smtp] sender must be its own address",
    ("MAIL", "501 mail from address must be same as authorization user"): "[smtp] sender",
    ("MAIL", "530 5.7.57 Client not authenticated"): "[smtp] username",
    ("RCPT", "554 5.7.1 <care@example.com>: Relay access denied"): "[smtp] username",
    ("RCPT", "550 5.7.60 SendAsDenied; not allowed to send as this sender"): "[smtp] sender",
}


@pytest.mark.parametrize(("stage", "answer"), SENDING)
def test_a_server_that_would_not_take_our_mail_is_found_without_sending_one(
    tmp_path: Path, smtp: RecordingSmtp, stage: str, answer: str
) -> None:
    smtp.misbehave(stage, answer)  # type: ignore[arg-type]
    finding = outgoing(tmp_path, smtp.port)
    assert not finding.ok
    assert SENDING[stage, answer] in finding.mend
    assert smtp.mails == []


def test_greylisting_is_no_fault_and_nothing_is_sent(tmp_path: Path, smtp: RecordingSmtp) -> None:
    smtp.misbehave("RCPT", "451 4.7.1 greylisted, come back")
    assert outgoing(tmp_path, smtp.port).ok
    assert smtp.mails == []
    assert "DATA" not in smtp.commands


LOGIN = {
    (
        "microsoft365",
        "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled",
    ): "Set-CASMailbox",
    (
        "microsoft365",
        "550 5.7.30 Basic authentication is not supported for Client Submission",
    ): ".oauth2]",
    ("qq", "535 Login Fail. Please enter your authorization code to login."): "授权码",
}


@pytest.mark.parametrize(("profile", "answer"), LOGIN)
def test_a_refused_smtp_login_is_explained_in_the_providers_terms(
    tmp_path: Path, profile: str, answer: str
) -> None:
    lines = f'profile = "{profile}"\nusername = "{MAILBOX}"\npassword_env = "KESU_IMAP_PASSWORD"'
    with RecordingSmtp(login=(MAILBOX, "another")) as server:
        server.misbehave("AUTH", answer)
        finding = outgoing(tmp_path, server.port, lines)
    assert not finding.ok
    assert LOGIN[profile, answer] in finding.mend


def test_a_port_that_takes_no_login() -> None:
    refused = TransportError("SMTP AUTH extension not supported by server.", session=True)
    assert "takes no login" in advice(refused, Service("smtp", "smtp.example.com", 25, "plain"))


def test_smtp_without_starttls(tmp_path: Path, smtp: RecordingSmtp) -> None:
    finding = outgoing(tmp_path, smtp.port, 'security = "starttls"')
    assert "[smtp] port = 465" in finding.mend


# ---------------------------------------------------------------- files with secrets


@pytest.mark.parametrize(
    ("mode", "warned"), [(0o600, ""), (0o640, ""), (0o644, "read it"), (0o620, "group may write")]
)
def test_a_password_file_others_can_get_at_is_warned_of(tmp_path: Path, mode: int, warned: str) -> None:
    (tmp_path / "imap").write_text("secret\n", encoding="utf-8")
    (tmp_path / "imap").chmod(mode)
    found = findings(tmp_path, free_port(), free_port(), mailbox='password_env = ""\npassword_file = "imap"')
    assert found["secrets"].ok
    assert warned in found["secrets"].mend
    assert bool(found["secrets"].mend) is bool(warned)


def test_a_password_file_everybody_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "imap").write_text("secret\n", encoding="utf-8")
    (tmp_path / "imap").chmod(0o666)
    found = findings(tmp_path, free_port(), free_port(), mailbox='password_env = ""\npassword_file = "imap"')
    assert not found["mailbox"].ok
    assert "everybody may write" in found["mailbox"].said


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.key)
def test_every_profile_says_what_its_password_is_and_how_it_is_switched_on(profile: object) -> None:
    service = Service("mailbox", "h.example.com", 993, "tls", profile=profile)  # type: ignore[arg-type]
    said = advice(MailboxUnavailable("login of x refused: no", permanent=True), service)
    assert service.password in said
    assert service.switch in said
