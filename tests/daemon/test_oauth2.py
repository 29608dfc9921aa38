"""`[mailbox.oauth2]` in the configuration, `kesu mailbox login`, `kesu doctor`, and the daemon on tokens alone."""

import json
import os
import re
import subprocess
import sys
import textwrap
import threading
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from daemon.bootstrap import build, mailbox_settings, smtp_settings
from daemon.cli import main
from daemon.clock import SystemClock
from daemon.config import Config, load_config
from daemon.doctor import Finding, examine
from daemon.errors import ConfigurationError
from daemon.loop import run_once
from daemon.oauth2 import Tokens, inherited
from daemon.providers import with_profiles
from daemon.site import load_site
from tests.daemon.office import MAILBOX, complaint, mail, write_config
from tests.guards import PATIENCE, eventually
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.oauth import TENANT, TokenServer, self_signed
from tests.servers.smtp import RecordingSmtp

pytestmark = pytest.mark.filterwarnings(
    "ignore:Requiring AUTH while not requiring TLS"
)  # aiosmtpd, on loopback
needs_dovecot = pytest.mark.skipif(PROGRAM is None, reason="dovecot is not installed")
ROOT = Path(__file__).resolve().parents[2]
APP = "0f0f0f0f-0000-4000-8000-000000000001"
SECRET = "Ab8Q~the-secret-of-the-app"
MICROSOFT = f'provider = "microsoft"\ntenant = "{TENANT}"\nclient_id = "{APP}"\n'
BY_SECRET = f'{MICROSOFT}client_secret_env = "KESU_OAUTH2_SECRET"\n'
DEVICE = f'{MICROSOFT}flow = "device"\n'


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KESU_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KESU_OAUTH2_SECRET", SECRET)


def written(folder: Path, oauth2: str, smtp: str = "", *, imap: int = 1, port: int = 1) -> Path:
    """A configuration whose mailbox takes tokens; `smtp` is put into [smtp]."""
    path = write_config(folder, imap=imap, smtp=port)
    text = path.read_text(encoding="utf-8").replace('password_env = "KESU_IMAP_PASSWORD"\n', "")
    text = text.replace("[smtp]\n", f"[mailbox.oauth2]\n{oauth2}\n[smtp]\n{smtp}", 1)
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, oauth2: str, smtp: str = "", environment: Mapping[str, str] | None = None) -> Config:
    return load_config(written(folder, oauth2, smtp), environment or {})


def fault(folder: Path, oauth2: str, smtp: str = "") -> str:
    with pytest.raises(ConfigurationError) as caught:
        loaded(folder, oauth2, smtp)
    return str(caught.value)


# ---------------------------------------------------------------- configuration


@pytest.mark.parametrize(
    ("oauth2", "named"),
    [
        ('provider = "yahoo"', "provider"),
        ('provider = "microsoft"', "tenant is missing; client_id is missing; name one of client_secret_env"),
        (MICROSOFT, 'or set flow = "device"'),
        (BY_SECRET + 'client_secret_file = "x"\n', "name one of client_secret_env"),
        (DEVICE + 'certificate_file = "x"\n', "takes no client secret"),
        (BY_SECRET + 'authority = "http://login.example/"\n', "no https address"),
        (BY_SECRET + 'subject = "x@example.com"\n', "Google's"),
        ('provider = "google"', "service_account_file is missing"),
        ('provider = "google"\nservice_account_file = "x"\ntenant = "y"\n', "tenant is Microsoft's"),
        (BY_SECRET + "tenants = 1\n", "mailbox.oauth2.tenants: unknown key"),
        *(
            (BY_SECRET + f'{key} = "x"\n', f"{key} does not belong")
            for key in ("client_secret", "refresh_token")
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_key(tmp_path: Path, oauth2: str, named: str) -> None:
    said = fault(tmp_path, oauth2)
    assert "mailbox.oauth2" in said
    assert named in said


def test_a_password_beside_tokens_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, BY_SECRET)
    path.write_text(
        path.read_text(encoding="utf-8").replace("[mailbox]\n", '[mailbox]\npassword_env = "X"\n'),
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError, match="not both"):
        load_config(path, {})


@pytest.mark.parametrize(
    ("oauth2", "scopes"),
    [
        (BY_SECRET, ["https://outlook.office365.com/.default"]),
        (
            DEVICE,
            ["https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"],
        ),
        (
            BY_SECRET + 'authority = "https://login.partner.microsoftonline.cn/"\n',
            ["https://partner.outlook.cn/.default"],
        ),
        (
            DEVICE + 'authority = "https://login.partner.microsoftonline.cn"\n',
            ["https://partner.outlook.cn/IMAP.AccessAsUser.All", "https://partner.outlook.cn/SMTP.Send"],
        ),
        ('provider = "google"\nservice_account_file = "k.json"\n', ["https://mail.google.com/"]),
        (BY_SECRET + 'scopes = ["api://own/.default"]\n', ["api://own/.default"]),
    ],
)
def test_the_scopes_follow_from_provider_flow_and_authority(
    tmp_path: Path, oauth2: str, scopes: list[str]
) -> None:
    section = loaded(tmp_path, oauth2).mailbox.oauth2
    assert section is not None
    assert list(section.wanted_scopes) == scopes


def test_an_smtp_account_without_a_password_takes_the_mailboxs_tokens(tmp_path: Path) -> None:
    config = loaded(tmp_path, BY_SECRET, f'username = "{MAILBOX}"\n')
    tokens = Tokens(config.base)
    mailbox, smtp = mailbox_settings(config, tokens), smtp_settings(config, tokens)
    assert mailbox.tokens is not None
    assert smtp.tokens is mailbox.tokens
    assert (mailbox.password, smtp.password) == ("", None)


def test_an_empty_table_in_smtp_says_the_same_and_takes_the_account_too(tmp_path: Path) -> None:
    config = loaded(tmp_path, BY_SECRET, "oauth2 = {}\n")
    assert config.smtp.oauth2 == config.mailbox.oauth2
    assert config.smtp.username == MAILBOX


def test_a_table_in_smtp_need_only_say_what_differs(tmp_path: Path) -> None:
    config = loaded(tmp_path, BY_SECRET, 'oauth2 = { scopes = ["https://other/.default"] }\n')
    assert config.smtp.oauth2 is not None
    assert config.smtp.oauth2.client_id == APP
    assert config.smtp.oauth2.scopes == ("https://other/.default",)
    tokens = Tokens(config.base)
    assert smtp_settings(config, tokens).tokens is not mailbox_settings(config, tokens).tokens


def test_a_relay_without_an_account_and_an_account_with_a_password_stay_as_they_are(tmp_path: Path) -> None:
    assert loaded(tmp_path, BY_SECRET).smtp.oauth2 is None
    own = loaded(tmp_path, BY_SECRET, f'username = "{MAILBOX}"\npassword_env = "X"\n')
    assert own.smtp.oauth2 is None


def test_keys_of_the_table_can_be_overridden_from_the_environment(tmp_path: Path) -> None:
    environment = {"KESU_MAILBOX__OAUTH2__TENANT": "another.example", "KESU_MAILBOX__OAUTH2__SCOPES": "a,b"}
    section = loaded(tmp_path, BY_SECRET, environment=environment).mailbox.oauth2
    assert section is not None
    assert (section.tenant, section.scopes) == ("another.example", ("a", "b"))


@pytest.mark.parametrize(
    ("oauth2", "named"),
    [
        (f'{MICROSOFT}client_secret_env = "NOT_SET"\n', "NOT_SET is not set"),
        (f'{MICROSOFT}client_secret_file = "missing"\n', "client_secret_file cannot be read"),
        (f'{MICROSOFT}certificate_file = "config.toml"\n', "private key and the certificate"),
        ('provider = "google"\nservice_account_file = "config.toml"\n', "no key of a service account"),
    ],
)
def test_a_secret_that_is_not_there_is_a_fault_of_the_configuration(
    tmp_path: Path, oauth2: str, named: str
) -> None:
    config = loaded(tmp_path, oauth2)
    with pytest.raises(ConfigurationError, match=r"mailbox\.oauth2") as caught:
        mailbox_settings(config)
    assert named in str(caught.value)


def test_a_configuration_never_shows_its_tokens_or_secrets(tmp_path: Path) -> None:
    config = loaded(tmp_path, BY_SECRET, f'username = "{MAILBOX}"\n')
    assert SECRET not in f"{config!r} {mailbox_settings(config)!r} {smtp_settings(config)!r}"


@pytest.mark.parametrize("page", ["microsoft365.md", "gmail.md"])
def test_what_the_providers_pages_tell_operators_to_write_loads(tmp_path: Path, page: str) -> None:
    text = (ROOT / "docs" / "providers" / page).read_text(encoding="utf-8")
    told: dict[str, dict[str, object]] = {}
    office = tomllib.loads(write_config(tmp_path).read_text(encoding="utf-8"))
    blocks = [textwrap.dedent(block) for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)]
    assert blocks
    for block in map(tomllib.loads, blocks):  # a later one says what differs
        by_password = "password_env" in block["mailbox"]  # the other way in, told from the beginning
        for section, keys in block.items():
            table = told.setdefault(section, {})
            if by_password:
                table.clear()
            keys["oauth2"] = {**dict(table.get("oauth2", {})), **keys.get("oauth2", {})}  # type: ignore[call-overload]
            table.update({key: value for key, value in keys.items() if value != {}})
        config = Config.model_validate(with_profiles(inherited({**office, **told})))
        assert (config.mailbox.oauth2 is None) == by_password
        assert config.smtp.oauth2 == config.mailbox.oauth2


def test_the_providers_libraries_are_loaded_only_where_tokens_are_used() -> None:
    script = "import sys, daemon.cli; print([name for name in ('msal', 'google', 'requests') if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


# ---------------------------------------------------------------- a whole site on tokens


class House:
    """A token server, a Dovecot that asks it, and an SMTP server that does; configurations for them."""

    def __init__(self, folder: Path, provider: TokenServer, imap: Dovecot, smtp: RecordingSmtp) -> None:
        self.folder = folder
        self.provider = provider
        self.imap = imap
        self.smtp = smtp

    def config(self, oauth2: str) -> Path:
        where = f'ca_file = "{self.provider.ca_file}"\n'
        if "microsoft" in oauth2:
            where += f'authority = "{self.provider.authority}"\n'
        account = f'username = "{MAILBOX}"\n'
        return written(self.folder, oauth2 + where, account, imap=self.imap.port, port=self.smtp.port)

    def refuse_mail_out(self) -> None:
        self.smtp.bearer = lambda _user, _token: False


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with (
        TokenServer(tmp_path, apps={APP: SECRET}, mailbox=MAILBOX) as provider,
        Dovecot({}, introspection_url=provider.introspection_url, settings="ssl = no\n") as imap,
        RecordingSmtp(bearer=lambda user, token: provider.is_good(token, user)) as smtp,
    ):
        yield House(tmp_path, provider, imap, smtp)


@needs_dovecot
def test_a_complaint_is_taken_in_and_answered_with_one_token(house: House) -> None:
    house.imap.deliver(MAILBOX, bytes(mail(files={"form.xlsx": complaint()})))
    running = build(load_site(house.config(BY_SECRET)))
    try:
        assert run_once(running)
        assert len(list(running.ledger.cases())) == 1
    finally:
        running.close()
    assert house.smtp.mails
    assert house.provider.asked("client_credentials") == 1


@needs_dovecot
def test_a_token_that_was_revoked_while_the_daemon_ran_costs_no_mail(house: House) -> None:
    running = build(load_site(house.config(BY_SECRET)))
    try:
        assert run_once(running)
        running.fetching.hang_up()
        house.provider.revoke_tokens()
        house.imap.deliver(MAILBOX, bytes(mail(files={"form.xlsx": complaint()})))
        assert run_once(running)
        assert len(list(running.ledger.cases())) == 1
    finally:
        running.close()
    assert house.smtp.mails
    assert house.provider.asked("client_credentials") == 2


# ---------------------------------------------------------------- kesu mailbox login


def login(config: Path) -> int:
    return main(["mailbox", "login", "--config", str(config)])


def asked_for_a_code(house: House) -> bool:
    return any(path.endswith("/devicecode") for path, _ in house.provider.requests)


def entering(house: House, account: str = "care@example.com") -> threading.Thread:
    """Somebody who enters the code as soon as there is one."""

    def enter() -> None:
        eventually(lambda: asked_for_a_code(house), "the code")
        house.provider.approve(account)

    thread = threading.Thread(target=enter)
    thread.start()
    return thread


@needs_dovecot
def test_somebody_signs_in_and_both_servers_are_tried(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    config = house.config(DEVICE)
    thread = entering(house)
    assert login(config) == 0
    thread.join(PATIENCE)
    said = capsys.readouterr().out
    assert "https://login.example/device" in said
    assert re.search(r"輸入代碼 [0-9A-F]{8}", said)
    assert "已以 care@example.com 登入" in said
    assert "✓ IMAP" in said
    assert "✓ SMTP" in said
    stored = (house.folder / "var" / "oauth2-token.json").read_text(encoding="utf-8")
    kept = [entry["secret"] for entry in json.loads(stored)["RefreshToken"].values()]
    assert kept
    assert not any(secret in said for secret in kept)


@needs_dovecot
def test_after_the_login_the_daemon_works_by_itself(house: House) -> None:
    config = house.config(DEVICE)
    thread = entering(house)
    assert login(config) == 0
    thread.join(PATIENCE)
    house.imap.deliver(MAILBOX, bytes(mail(files={"form.xlsx": complaint()})))
    running = build(load_site(config))
    try:
        assert run_once(running)
        assert len(list(running.ledger.cases())) == 1
    finally:
        running.close()
    assert house.smtp.mails


@needs_dovecot
def test_a_sign_in_that_is_declined_is_a_no(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    house.provider.refusals = []
    config = house.config(DEVICE)

    def decline() -> None:
        eventually(lambda: asked_for_a_code(house), "the code")
        house.provider.decline()

    thread = threading.Thread(target=decline)
    thread.start()
    assert login(config) == 1
    thread.join(PATIENCE)
    assert "declined" in capsys.readouterr().err
    assert not (house.folder / "var" / "oauth2-token.json").exists()


@needs_dovecot
def test_a_server_that_does_not_take_the_token_is_a_no_with_its_mend(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.refuse_mail_out()
    assert login(house.config(BY_SECRET)) == 1
    caught = capsys.readouterr()
    assert "✓ IMAP" in caught.out
    assert "✗ SMTP 535 5.7.3" in caught.err
    assert "SMTP.SendAsApp" in caught.err


@needs_dovecot
def test_where_nobody_has_to_sign_in_the_tokens_are_only_tried(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    key = house.folder / "google.json"
    key.write_text(json.dumps(house.provider.service_account()), encoding="utf-8")
    assert login(house.config(f'provider = "google"\nservice_account_file = "{key}"\n')) == 0
    assert "不需要有人登入" in capsys.readouterr().out


def test_a_mailbox_with_a_password_has_nothing_to_sign_in_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert login(write_config(tmp_path, imap=1, smtp=1)) == 2
    assert "mailbox.oauth2" in capsys.readouterr().err


# ---------------------------------------------------------------- kesu doctor


def findings(config: Path) -> dict[str, Finding]:
    return {finding.what: finding for finding in examine(load_site(config), SystemClock())}


@needs_dovecot
def test_the_doctor_says_how_long_token_and_certificate_are_good(house: House) -> None:
    certificate, key = self_signed(house.folder / "app", days=400)
    house.provider.certificates[APP] = certificate.read_bytes()
    both = house.folder / "app-both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    both.chmod(0o600)
    found = findings(house.config(f'{MICROSOFT}certificate_file = "{both}"\n'))
    assert re.search(r"token good for (60|59) min, certificate until 20\d\d-", found["oauth2"].said)
    assert not found["oauth2"].mend
    assert found["mailbox"].ok
    assert found["smtp"].ok


@needs_dovecot
def test_the_doctor_warns_of_what_ends_soon_and_of_what_others_can_read(house: House) -> None:
    certificate, key = self_signed(house.folder / "app", days=20)
    house.provider.certificates[APP] = certificate.read_bytes()
    both = house.folder / "app-both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    both.chmod(0o644)
    found = findings(house.config(f'{MICROSOFT}certificate_file = "{both}"\n'))["oauth2"]
    assert found.ok
    assert "make a new certificate before" in found.mend
    assert "chmod 600" in found.mend


@needs_dovecot
def test_the_doctor_names_a_permission_without_consent(house: House) -> None:
    house.provider.roles = ("IMAP.AccessAsApp",)
    found = findings(house.config(BY_SECRET))["oauth2"]
    assert "does not permit SMTP.SendAsApp" in found.mend
    assert "admin consent" in found.mend


@needs_dovecot
def test_the_doctor_says_who_signed_in_and_when_somebody_has_to_anew(house: House) -> None:
    config = house.config(DEVICE)
    never = findings(config)["oauth2"]
    assert not never.ok
    assert "kesu mailbox login" in never.mend
    thread = entering(house)
    login(config)
    thread.join(PATIENCE)
    assert "signed in as care@example.com" in findings(config)["oauth2"].said
    (house.folder / "var" / "oauth2-token.json").chmod(0o644)
    exposed = findings(config)["oauth2"]
    assert not exposed.ok
    assert "chmod 600" in exposed.mend


@needs_dovecot
def test_the_doctor_tells_a_wrong_secret_from_a_provider_that_is_down(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = house.config(BY_SECRET)
    monkeypatch.setenv("KESU_OAUTH2_SECRET", "wrong-one")
    wrong = findings(config)
    assert "the secret's value, not its id" in wrong["oauth2"].mend
    assert "wrong-one" not in " ".join(f"{each.said} {each.mend}" for each in wrong.values())
    monkeypatch.setenv("KESU_OAUTH2_SECRET", SECRET)
    house.provider.answers += [503] * 9
    down = findings(config)["oauth2"]
    assert not down.ok
    assert "503" in down.said
    assert "tried again by itself" in down.mend


@needs_dovecot
@pytest.mark.parametrize(
    ("answer", "mend"),
    [
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.",
            "Set-CASMailbox",
        ),
        (
            "535 5.7.139 Authentication unsuccessful, locked by your organization's security defaults policy",
            "security",
        ),
        ("550 5.7.30 Basic authentication is not supported for Client Submission.", "[mailbox.oauth2]"),
        ("535 5.7.3 Authentication unsuccessful", "SMTP.SendAsApp"),
        ("534 5.7.9 Application-specific password required", "app password"),
    ],
)
def test_the_doctor_explains_what_providers_say_at_the_login(house: House, answer: str, mend: str) -> None:
    house.smtp.misbehave("AUTH", answer)
    found = findings(house.config(BY_SECRET))["smtp"]
    assert not found.ok
    assert mend in found.mend


def test_a_site_with_passwords_has_no_line_for_tokens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "x")
    assert "oauth2" not in findings(write_config(tmp_path, imap=1, smtp=1))
