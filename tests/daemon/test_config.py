"""config.toml: whatever is wrong stops the start with exit 2, in one line, with its key (contract.md)."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import pytest

from daemon.bootstrap import mailbox_settings, smtp_settings
from daemon.cli import main
from daemon.config import Config, load_config
from daemon.errors import ConfigurationError
from daemon.oauth2 import OAuth2Section
from daemon.site import load_site
from rules.locales import Locale
from tests.daemon.office import write_config
from tests.guards import PATIENCE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return write_config(tmp_path)


def changed(path: Path, old: str, new: str) -> Path:
    """The same configuration with one place changed."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


FAULTS: Mapping[str, tuple[str, str, str]] = {
    "unknown key": ('locale = "zh-Hant"', 'locale = "zh-Hant"\ncolour = "red"', "daemon.colour"),
    "unknown section": ("[workbook]", "[fax]\nnumber = 1\n[workbook]", "fax"),
    "misspelt key": ("poll_seconds = 1", "poll_second = 1", "mailbox.poll_second"),
    "password in [mailbox]": ("poll_seconds = 1", 'password = "hunter2"', "mailbox"),
    "password in [smtp]": ('sender = "', 'password = "hunter2"\nsender = "', "smtp"),
    "impossible zone": ("Asia/Shanghai", "Asia/Atlantis", "daemon.timezone"),
    "zone that is a folder": ("Asia/Shanghai", "Asia", "daemon.timezone"),
    "zone that is a path": ("Asia/Shanghai", "../../etc/passwd", "daemon.timezone"),
    "unknown locale": ('locale = "zh-Hant"', 'locale = "fr"', "daemon.locale"),
    "unknown policy": ('policy = "dealership"', 'policy = "nobody"', "policy"),
    "port 0": ("port = 143", "port = 0", "mailbox.port"),
    "port over 65535": ("port = 25", "port = 65536", "smtp.port"),
    "port in words": ("port = 143", 'port = "imap"', "mailbox.port"),
    "plain off loopback": ('host = "127.0.0.1"', 'host = "imap.example.com"', "mailbox"),
    "unknown security": ('security = "plain"', 'security = "none"', "mailbox.security"),
    "no host": ('host = "127.0.0.1"\nport = 143\n', "port = 143\n", "mailbox.host"),
    "empty host": ('host = "127.0.0.1"', 'host = ""', "mailbox.host"),
    "no user": ('username = "complaints@example.com"\n', "", "mailbox.username"),
    "one folder for all": ("poll_seconds = 1", 'done_folder = "INBOX"', "mailbox"),
    "never polled": ("poll_seconds = 1", "poll_seconds = 0", "mailbox.poll_seconds"),
    "sender without address": ("客戶關愛部 <complaints@example.com>", "客戶關愛部", "smtp.sender"),
    "sender without domain": ("客戶關愛部 <complaints@example.com>", "complaints@", "smtp.sender"),
    "site with spaces": ('site = "main"', 'site = "My Site"', "daemon.site"),
    "another engine": ("sqlite:///kesu.db", "postgresql://db/kesu", "daemon.ledger"),
    "closed cases shown for less than no time": (
        'path = "master.xlsx"',
        "keep_closed_days = -1",
        "workbook.keep_closed_days",
    ),
    "person without address": ('email = "gm@example.com"', 'email = "gm"', "people.general-manager.0.email"),
    "person without name": ('name = "周总经理"', 'name = ""', "people.general-manager.0.name"),
    "person with a language nobody reads": ('locale = "zh-Hans"', 'locale = "xx"', "people.general-manager.0.locale"),
    "person that is only an address": (
        '[{ name = "周总经理", email = "gm@example.com", locale = "zh-Hans" }]',
        '["gm@example.com"]',
        "people.general-manager.0",
    ),
    "missing role": ("board       ", "# board       ", "people.board"),
    "role with nobody in it": ('[{ name = "董事會秘書", email = "board@example.com" }]', "[]", "people.board"),
    "unknown role": ("board       ", "janitor       ", "people.janitor"),
    "no TOML": ("[daemon]", "[daemon", "config.toml"),
    "a key that is ours alone": ("[daemon]", 'base = "/"\n[daemon]', "base"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_stops_the_start_with_exit_2_and_its_key_in_one_line(
    good: Path, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new, key = FAULTS[fault]
    assert main(["cases", "--config", str(changed(good, old, new))]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert key in said.err
    assert "hunter2" not in said.err


def test_every_fault_is_named_at_once(good: Path) -> None:
    changed(good, "port = 143", "port = 0")
    changed(good, "Asia/Shanghai", "Nowhere")
    changed(good, 'email = "gm@example.com"', 'email = "gm"')
    changed(good, '[access]\nsenders = ["*@example.com"]', "[access]\nsender = 1")
    with pytest.raises(ConfigurationError) as caught:
        load_config(good, {})
    for key in ("mailbox.port", "daemon.timezone", "people.general-manager.0.email", "access.sender"):
        assert key in str(caught.value)


def test_unknown_and_missing_roles_are_named_together(good: Path) -> None:
    changed(good, "board       ", "janitor     ")
    changed(good, "workshop-director ", "gardener ")
    with pytest.raises(ConfigurationError) as caught:
        load_site(good)
    for role in ("janitor", "gardener", "board", "workshop-director"):
        assert f"people.{role}" in str(caught.value)


def test_a_file_that_is_not_there_says_how_to_get_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "--config", str(tmp_path / "none.toml")]) == 2
    assert "kesu init" in capsys.readouterr().err


def test_a_policy_file_with_a_fault_names_it(good: Path) -> None:
    (good.parent / "mine.toml").write_text('key = "mine"', encoding="utf-8")
    changed(good, 'policy = "dealership"', 'policy = "mine.toml"')
    with pytest.raises(ConfigurationError, match="grading"):
        load_site(good)


# ---------------------------------------------------------------- secrets


def test_a_secret_that_is_not_set_is_named(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KESU_IMAP_PASSWORD", raising=False)
    with pytest.raises(ConfigurationError, match=r"mailbox\.password_env: KESU_IMAP_PASSWORD"):
        mailbox_settings(load_config(good, {}))


def test_an_empty_secret_counts_as_not_set(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "")
    with pytest.raises(ConfigurationError, match=r"mailbox\.password_env"):
        mailbox_settings(load_config(good, {}))


def test_a_mailbox_without_any_secret_is_refused(good: Path) -> None:
    changed(good, 'password_env = "KESU_IMAP_PASSWORD"\n', "")
    with pytest.raises(ConfigurationError, match=r"mailbox\.password"):
        mailbox_settings(load_config(good, {}))


def test_a_password_file_is_read_from_beside_the_configuration(good: Path) -> None:
    (good.parent / "secret").write_text("pass wörd\n", encoding="utf-8")
    changed(good, 'password_env = "KESU_IMAP_PASSWORD"', 'password_file = "secret"')
    assert mailbox_settings(load_config(good, {})).password == "pass wörd"


def test_a_password_file_that_is_not_there_is_named(good: Path) -> None:
    changed(good, 'password_env = "KESU_IMAP_PASSWORD"', 'password_file = "secret"')
    with pytest.raises(ConfigurationError, match=r"mailbox\.password_file"):
        mailbox_settings(load_config(good, {}))


def test_a_relay_that_asks_for_no_login_gets_none(good: Path) -> None:
    settings = smtp_settings(load_config(good, {}))
    assert (settings.username, settings.password) == (None, None)


def test_a_missing_secret_stops_the_daemon_with_exit_2(
    good: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KESU_IMAP_PASSWORD", raising=False)
    assert main(["run", "--once", "--config", str(good)]) == 2
    assert "KESU_IMAP_PASSWORD" in capsys.readouterr().err


# ---------------------------------------------------------------- the environment


def overridden(good: Path, **values: str) -> Config:
    return load_config(good, values)


def test_the_environment_overrides_any_value(good: Path) -> None:
    config = overridden(
        good,
        KESU_MAILBOX__HOST="localhost",
        KESU_MAILBOX__PORT="1143",
        KESU_MAILBOX__IDLE="false",
        KESU_DAEMON__LOCALE="en",
        KESU_ACCESS__SENDERS="*@a.example,*@b.example",
    )
    assert (config.mailbox.host, config.mailbox.port, config.mailbox.idle) == ("localhost", 1143, False)
    assert config.daemon.locale is Locale.EN
    assert config.access.senders == ("*@a.example", "*@b.example")


def test_the_environment_may_fill_in_a_section_that_is_not_there(good: Path) -> None:
    changed(good, '[access]\nsenders = ["*@example.com"]\n', "")
    assert overridden(good, KESU_ACCESS__SENDERS="*@a.example").access.senders == ("*@a.example",)


def test_other_names_in_the_environment_are_left_alone(good: Path) -> None:
    config = overridden(good, KESU_IMAP_PASSWORD="x", KESU_CORPUS="y", MAILBOX__HOST="z")
    assert config.mailbox.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("KESU_MAILBOX__PORT", "no", "mailbox.port"),
        ("KESU_MAILBOX__PASSWORD", "hunter2", "mailbox"),
        ("KESU_MAILBOX__COLOUR", "red", "mailbox.colour"),
        ("KESU_FAX__NUMBER", "1", "fax"),
        ("KESU_PEOPLE__BOARD", "x", "KESU_PEOPLE__BOARD"),
    ],
)
def test_a_bad_value_from_the_environment_is_named_as_well(
    good: Path, name: str, value: str, named: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        overridden(good, **{name: value})
    assert named in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_paths_start_at_the_configuration_not_at_the_working_folder(
    good: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    config = load_config(good, {})
    assert config.path(config.workbook.path) == good.parent / "master.xlsx"
    assert config.ledger_url == f"sqlite:///{good.parent / 'kesu.db'}"


# ---------------------------------------------------------------- what is shipped


def test_the_shipped_configuration_is_the_one_at_the_top_of_the_repository() -> None:
    shipped = (files("daemon") / "shipped" / "config.toml").read_bytes()
    assert shipped == (ROOT / "config.toml").read_bytes()


def test_the_shipped_configuration_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("KESU_")]:
        monkeypatch.delenv(name)
    assert load_site(ROOT / "config.toml").policy.key == "dealership"


def test_every_key_stands_in_the_shipped_configuration() -> None:
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    sections = {name: field.annotation for name, field in Config.model_fields.items()}
    written = tomllib.loads(
        re.sub(r"^# (?=\w+ = |\[\w+\.\w+\])", "", text, flags=re.MULTILINE)
    )  # what may be left out too
    for section in ("daemon", "mailbox", "smtp", "workbook", "access"):
        model = sections[section]
        assert model is not None
        wanted = set(model.model_fields)  # type: ignore[attr-defined]
        assert set(written[section]) == wanted, section
    assert set(written["mailbox"]["oauth2"]) == set(OAuth2Section.model_fields)


def test_init_writes_what_a_site_needs_and_it_loads(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    assert main(["init", str(folder)]) == 0
    assert load_site(folder / "config.toml").policy.key == "dealership"
    assert (folder / "var" / "master.xlsx").stat().st_size > 0
    for locale in Locale:
        assert len(list((folder / "forms" / locale.value).glob("*.xlsx"))) >= 3


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    main(["init", str(folder)])
    mine = dict.fromkeys(folder.rglob("*.xlsx"), b"mine")
    for path, content in mine.items():
        path.write_bytes(content)
    config = folder / "config.toml"
    config.write_text(config.read_text(encoding="utf-8") + "\n# mine\n", encoding="utf-8")
    assert main(["init", str(folder)]) == 0
    assert config.read_text(encoding="utf-8").endswith("# mine\n")
    assert {path: path.read_bytes() for path in mine} == mine


def test_init_into_a_file_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    assert main(["init", str(tmp_path / "taken")]) == 2
    assert "taken" in capsys.readouterr().err


def test_the_command_itself_ends_with_2(good: Path) -> None:
    changed(good, "port = 143", "port = 0")
    command = [sys.executable, "-m", "daemon", "run", "--config", str(good)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "mailbox.port" in ended.stderr.splitlines()[-1]


def test_somebody_has_all_his_offices_and_is_called_as_in_the_first(good: Path) -> None:
    second = 'board                  = [{ name = "董事會秘書", email = "board@example.com" }'
    site = load_site(
        changed(good, second, f'{second}, {{ name = "Wang", email = "Service.Manager@example.com" }}')
    )
    person = site.person("SERVICE.manager@example.com")
    assert person is not None
    assert person.name == "王經理"
    assert site.roles_of("service.MANAGER@example.com") == ("service-manager", "board")
    assert site.roles_of("board@example.com") == ("board",)
    assert site.roles_of("staff.lin@example.com") == ()
    assert site.person("staff.lin@example.com") is None
    assert [site.may_send(email) for email in ("A@Example.com", "a@example.org")] == [True, False]
