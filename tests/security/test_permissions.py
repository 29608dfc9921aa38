"""What everybody may write is not believed; what the daemon keeps, strangers on the machine cannot read."""

import os
import stat
from pathlib import Path

import pytest

from daemon import packs
from daemon.attachments.filing import Filing
from daemon.cli import main
from daemon.config import load_config
from daemon.doctor_files import files
from daemon.errors import ConfigurationError
from daemon.permissions import discreet_files
from daemon.secret_files import loose
from daemon.site import load_site
from daemon.workbook.beside import LiveCopy
from tests.daemon.office import Office, complaint, mail, write_config

PNG = b"\x89PNG\r\n\x1a\n"

pytestmark = pytest.mark.skipif(
    os.name != "posix", reason="Windows: no modes; files inherit their folder's rights"
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = write_config(tmp_path)
    path.chmod(0o640)
    tmp_path.chmod(0o700)
    return path


def with_password_file(config: Path, name: str = "imap.secret") -> Path:
    text = config.read_text(encoding="utf-8")
    config.write_text(
        text.replace('password_env = "KESU_IMAP_PASSWORD"', f'password_file = "{name}"'), encoding="utf-8"
    )
    secret = config.parent / name
    secret.write_text("hunter2-hunter2\n", encoding="utf-8")
    secret.chmod(0o600)
    return secret


def test_a_configuration_that_everybody_may_write_stops_the_start_with_the_mend(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.chmod(0o666)
    assert main(["cases", "--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(config) in said
    assert f"chmod o-w {config}" in said
    config.chmod(0o664)
    load_config(config)


def test_rules_that_everybody_may_write_are_refused(config: Path) -> None:
    rules = config.parent / "rules.toml"
    rules.write_text(packs.policy_text("dealership"), encoding="utf-8")
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('policy = "dealership"', 'policy = "rules.toml"'), encoding="utf-8")
    rules.chmod(0o644)
    assert load_site(config).policy.key == "dealership"
    rules.chmod(0o646)
    with pytest.raises(ConfigurationError, match=r"^policy: .*chmod o-w"):
        load_site(config)


def test_a_password_that_everybody_may_write_is_refused_and_named_by_its_key(config: Path) -> None:
    secret = with_password_file(config)
    section = load_config(config).mailbox
    assert section.secret("mailbox", config.parent) == "hunter2-hunter2"
    secret.chmod(0o602)
    with pytest.raises(ConfigurationError, match=r"^mailbox\.password_file: .*chmod o-w") as refused:
        section.secret("mailbox", config.parent)
    assert "hunter2" not in str(refused.value)


def test_a_password_that_everybody_may_read_is_warned_of_and_still_used(config: Path) -> None:
    """Containers mount secrets 0444: refusing them would only teach people to put passwords elsewhere."""
    secret = with_password_file(config)
    assert loose(secret) == ""
    secret.chmod(0o444)
    assert "everybody on this machine may read it" in loose(secret)
    assert load_config(config).mailbox.secret("mailbox", config.parent) == "hunter2-hunter2"


def test_a_group_that_may_write_the_configuration_and_a_folder_open_to_all_are_warned_of(
    config: Path,
) -> None:
    config.chmod(0o660)
    assert f"its group may write or replace {config}" in files(load_site(config))[2]
    config.chmod(0o600)
    config.parent.chmod(0o777)
    assert f"everybody may write or replace {config}" in files(load_site(config))[2]
    config.parent.chmod(0o1777)
    assert files(load_site(config))[2] == "", "in a sticky folder only the owner replaces his files"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_configuration_of_another_account_is_warned_of(config: Path) -> None:
    os.chown(config, 4242, 4242)
    assert "the account 4242 may write" in files(load_site(config))[2]


def test_a_password_put_where_its_variables_name_belongs_is_not_repeated(
    config: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KESU_IMAP_PASSWORD", raising=False)
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('"KESU_IMAP_PASSWORD"', '"s3cret-Passw0rd"'), encoding="utf-8")
    assert main(["run", "--once", "--config", str(config)]) == 2
    said = capsys.readouterr()
    assert "mailbox.password_env" in said.err
    assert "s3cret" not in said.err + said.out


def test_the_ledger_its_log_and_its_lock_are_for_their_owner_alone(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "secret")
    before = os.umask(0)
    try:
        main(
            ["run", "--once", "--config", str(config)]
        )  # no server answers; what is made stands all the same
    finally:
        os.umask(before)
    kept = sorted(config.parent.glob("kesu.db*"))
    assert {path.name for path in kept} >= {"kesu.db", "kesu.db.lock"}
    assert {path.name: oct(mode(path)) for path in kept} == {path.name: "0o600" for path in kept}


def test_sqlite_gives_its_log_the_mode_of_the_ledger(office: Office) -> None:
    office.opened()
    assert [oct(mode(path)) for path in sorted(office.folder.glob("kesu.db*"))] == ["0o600"] * 3


def test_a_ledger_that_others_may_read_is_warned_of(config: Path, office: Office) -> None:
    (office.folder / "kesu.db").chmod(0o644)
    assert f"everybody may read {office.folder / 'kesu.db'}: chmod 600" in files(office.site)[2]


def test_what_a_command_writes_is_nothing_for_strangers_whatever_the_shell_allows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = os.umask(0)
    try:
        assert main(["init", str(tmp_path / "site")]) == 0
        assert os.umask(0) == 0, "the caller's own umask is put back"
    finally:
        os.umask(before)
    written = [path for path in (tmp_path / "site").rglob("*") if path.name != "forms"]
    assert len(written) > 5
    assert not [str(path) for path in written if mode(path) & 0o027]


def test_files_beside_the_workbook_are_not_for_everybody(office: Office) -> None:
    with discreet_files():
        office.receive(mail(files={"form.xlsx": complaint(), "車門.png": PNG}))
        office.workbook.round()
        assert Filing(office.docket, office.clock).round()
    made = [path for path in office.folder.rglob("*") if path.suffix in (".xlsx", ".html", ".png")]
    assert len(made) == 4
    assert {path.name: mode(path) & 0o137 for path in made} == {path.name: 0 for path in made}


def test_a_mode_that_the_operator_gave_is_kept(office: Office) -> None:
    office.opened()
    office.workbook.round()
    for name in ("master.xlsx", "master-live.xlsx"):
        (office.folder / name).chmod(0o664 if name == "master.xlsx" else 0o444)
    office.opened(customer_phone="0911-222-333")
    office.workbook.round()
    assert oct(mode(office.folder / "master.xlsx")) == "0o664"
    assert oct(mode(LiveCopy(office.ledger, office.folder / "master.xlsx").path)) == "0o444"
