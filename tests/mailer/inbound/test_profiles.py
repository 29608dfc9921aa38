"""What the profiles say, and what a configuration makes of it."""

from pathlib import Path
from typing import Any

import pytest

from daemon.bootstrap import mailbox_settings, pace_of, smtp_settings
from daemon.cli import main
from daemon.config import load_config
from daemon.errors import ConfigurationError
from mailer.profiles import PROFILES, Profile
from tests.daemon.office import write_config
from tests.servers.certificates import PROGRAM, make

PAGES = Path(__file__).resolve().parents[3] / "docs" / "providers"
BY_OAUTH2 = ("microsoft365.md", "gmail.md")  # logging in is another story there
PROVIDERS = [profile for profile in PROFILES.values() if profile.imap.host]


def configured(folder: Path, mailbox: str, smtp: str = "") -> Path:
    """The office's configuration with other servers; what is not given is left out."""
    path = write_config(folder)
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition("[mailbox]")
    _, _, rest = rest.partition("[workbook]")
    sections = f'[mailbox]\npassword_env = "KESU_IMAP_PASSWORD"\n{mailbox}\n\n[smtp]\nsender = "a <a@b.cn>"\n{smtp}\n\n'
    path.write_text(f"{head}{sections}[workbook]{rest}", encoding="utf-8")
    return path


@pytest.mark.parametrize("profile", PROVIDERS, ids=lambda profile: profile.key)
def test_a_profile_and_an_account_are_enough(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "x")
    config = load_config(configured(tmp_path, f'profile = "{profile.key}"\nusername = "care@dealer.cn"'), {})
    settings, smtp = mailbox_settings(config), smtp_settings(config)
    assert (settings.host, settings.port, settings.security) == (profile.imap.host, 993, "tls")
    assert (smtp.host, smtp.port, smtp.security) == (
        profile.smtp.host,
        profile.smtp.port,
        profile.smtp.security,
    )
    assert (settings.idle, settings.poll_seconds) == (profile.idle, profile.poll_seconds)
    assert settings.identifies is profile.identifies


@pytest.mark.parametrize(
    ("address", "imap", "smtp"),
    [
        ("care@163.com", "imap.163.com", "smtp.163.com"),
        ("care@126.com", "imap.126.com", "smtp.126.com"),
        ("care@Yeah.net", "imap.yeah.net", "smtp.yeah.net"),
        ("care@vip.163.com", "imap.vip.163.com", "smtp.vip.163.com"),
    ],
)
def test_netease_has_servers_for_each_domain(tmp_path: Path, address: str, imap: str, smtp: str) -> None:
    config = load_config(configured(tmp_path, f'profile = "netease"\nusername = "{address}"'), {})
    assert (config.mailbox.host, config.smtp.host) == (imap, smtp)


def test_what_stands_in_the_file_wins(tmp_path: Path) -> None:
    mailbox = (
        'profile = "qq"\nusername = "a@qq.com"\nhost = "imap.example.com"\nidle = true\npoll_seconds = 5'
    )
    config = load_config(configured(tmp_path, mailbox), {})
    assert (config.mailbox.host, config.mailbox.idle, config.mailbox.poll_seconds) == (
        "imap.example.com",
        True,
        5,
    )
    assert config.smtp.host == "smtp.qq.com"


def test_the_environment_may_name_the_profile(tmp_path: Path) -> None:
    config = load_config(
        configured(tmp_path, 'username = "a@dealer.cn"'), {"KESU_MAILBOX__PROFILE": "exmail"}
    )
    assert config.mailbox.host == "imap.exmail.qq.com"


def test_a_relay_of_ones_own_has_none_of_the_providers_limits(tmp_path: Path) -> None:
    relay = 'host = "relay.dealer.cn"'
    config = load_config(configured(tmp_path, 'profile = "qq"\nusername = "a@qq.com"', relay), {})
    assert (config.smtp.profile, config.smtp.port) == ("", 465)


def test_smtp_may_be_another_provider(tmp_path: Path) -> None:
    config = load_config(
        configured(tmp_path, 'profile = "qq"\nusername = "a@qq.com"', 'profile = "aliyun"'), {}
    )
    assert config.smtp.host == "smtp.qiye.aliyun.com"


@pytest.mark.parametrize("section", ["mailbox", "smtp"])
def test_an_unknown_provider_stops_the_start_and_names_the_known_ones(
    tmp_path: Path, section: str, capsys: pytest.CaptureFixture[str]
) -> None:
    server = 'host = "h.example.com"\nusername = "a"'
    odd = 'profile = "hotmail"\n'
    path = configured(
        tmp_path,
        server + "\n" + (odd if section == "mailbox" else ""),
        'host = "h.example.com"\n' + (odd if section == "smtp" else ""),
    )
    assert main(["cases", "--config", str(path)]) == 2
    said = capsys.readouterr().err
    assert f"{section}.profile" in said
    assert all(name in said for name in PROFILES)


def test_without_a_profile_a_server_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"mailbox\.host.*smtp\.host"):
        load_config(configured(tmp_path, 'username = "a@b.cn"'), {})


def test_a_server_of_ones_own_must_be_named_though_its_kind_is_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"mailbox\.host"):
        load_config(configured(tmp_path, 'profile = "dovecot"\nusername = "a@b.cn"'), {})


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.key)
def test_every_profile_speaks_tls_and_has_its_page(profile: Profile) -> None:
    assert profile.imap.security == "tls"
    assert profile.smtp.security in ("tls", "starttls")
    if profile.page not in BY_OAUTH2:
        assert f'profile = "{profile.key}"' in (PAGES / profile.page).read_text(encoding="utf-8")


def test_the_index_of_providers_names_every_profile() -> None:
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    assert [key for key in PROFILES if f"`{key}`" not in index] == []


def test_limits_are_numbers_nobody_would_send_less_than() -> None:
    values: list[Any] = [
        (profile.per_minute, profile.per_day, profile.session_mails, profile.max_megabytes)
        for profile in PROFILES.values()
    ]
    assert all(isinstance(number, int) and number >= 0 for row in values for number in row)
    assert all(not row[3] or row[3] >= 20 for row in values)


# ---------------------------------------------------------------- whom to trust


needs_openssl = pytest.mark.skipif(PROGRAM is None, reason="openssl is not installed")


@needs_openssl
def test_a_named_authority_reaches_both_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "x")
    make(tmp_path).certificate.rename(tmp_path / "ca.pem")
    named = 'ca_file = "ca.pem"\nhost = "h.example.com"'
    config = load_config(configured(tmp_path, f'{named}\nusername = "a"', named), {})
    assert mailbox_settings(config).ca_file == tmp_path / "ca.pem"
    assert smtp_settings(config).ca_file == tmp_path / "ca.pem"


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), ("no certificate", "no certificate in PEM form")]
)
def test_an_authority_that_cannot_be_loaded_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, said: str
) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "x")
    if content is not None:
        (tmp_path / "ca.pem").write_text(content, encoding="utf-8")
    config = load_config(
        configured(tmp_path, 'ca_file = "ca.pem"\nhost = "h.example.com"\nusername = "a"', 'host = "h"'), {}
    )
    with pytest.raises(ConfigurationError, match=rf"mailbox\.ca_file: .*{said}"):
        mailbox_settings(config)


@needs_openssl
def test_an_authority_everybody_may_replace_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "x")
    make(tmp_path).certificate.rename(tmp_path / "ca.pem")
    (tmp_path / "ca.pem").chmod(0o666)
    config = load_config(
        configured(tmp_path, 'ca_file = "ca.pem"\nhost = "h.example.com"\nusername = "a"', 'host = "h"'), {}
    )
    with pytest.raises(ConfigurationError, match=r"mailbox\.ca_file: everybody may write"):
        mailbox_settings(config)


def test_there_is_no_switch_that_turns_verification_off(tmp_path: Path) -> None:
    for switch in ("verify = false", "insecure = true", "tls_verify = false"):
        with pytest.raises(ConfigurationError, match="unknown key"):
            load_config(configured(tmp_path, f'{switch}\nprofile = "qq"\nusername = "a@qq.com"'), {})


# ---------------------------------------------------------------- how much may be sent


def test_the_providers_pace_is_kept_unless_the_configuration_names_another(tmp_path: Path) -> None:
    account = 'profile = "netease"\nusername = "a@163.com"'
    known = PROFILES["netease"]
    pace = pace_of(load_config(configured(tmp_path, account), {}))
    assert (pace.per_minute, pace.session_mails, pace.max_megabytes) == (
        known.per_minute,
        known.session_mails,
        50,
    )
    assert pace_of(load_config(configured(tmp_path, account, "per_minute = 3"), {})).per_minute == 3
    relay = pace_of(load_config(configured(tmp_path, account, 'host = "relay.dealer.cn"'), {}))
    assert (relay.per_minute, relay.session_mails) == (0, 0)
