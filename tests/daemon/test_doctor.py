"""`kesu doctor`: everything a site needs is tried, one line each, with the mend."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from daemon import doctor
from daemon.cli import main
from daemon.doctor import Finding, examine
from daemon.site import load_site
from tests.daemon.office import MAILBOX, HandClock, Office, complaint, write_config
from tests.servers.loopback import free_port
from tests.servers.pymap_server import Pymap
from tests.servers.smtp import RecordingSmtp

EVERYTHING = [
    "policy",
    "people",
    "mailbox",
    "smtp",
    "secrets",
    "senders",
    "ledger",
    "workbook",
    "clock",
    "disk",
    "calls",
    "quarantine",
    "sent",
    "pace",
    "alarms",
    "files",
]


@pytest.fixture(scope="module")
def imap() -> Iterator[Pymap]:
    with Pymap({MAILBOX: "secret"}) as server:
        yield server


@pytest.fixture
def config(tmp_path: Path, imap: Pymap, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "secret")
    with RecordingSmtp() as smtp:
        yield write_config(tmp_path, imap=imap.port, smtp=smtp.port)


def found(config: Path, clock: HandClock | None = None) -> Mapping[str, Finding]:
    return {finding.what: finding for finding in examine(load_site(config), clock or HandClock())}


def bad(findings: Mapping[str, Finding]) -> list[str]:
    return [what for what, finding in findings.items() if not finding.ok]


def test_a_site_in_order_passes_with_a_line_for_everything(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--config", str(config)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == EVERYTHING
    assert not any(line.startswith("✗") for line in lines)


def test_json_is_one_document(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--config", str(config)]) == 0
    answer: Any = json.loads(capsys.readouterr().out)
    assert [finding["what"] for finding in answer] == EVERYTHING
    assert all(finding["ok"] for finding in answer)


def test_a_wrong_password_is_said_with_its_mend(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "wrong")
    findings = found(config)
    assert bad(findings) == ["mailbox"]
    assert "[mailbox] username and password" in findings["mailbox"].mend
    assert "wrong" not in findings["mailbox"].said


def test_a_missing_secret_is_a_finding_not_a_crash(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KESU_IMAP_PASSWORD")
    findings = found(config)
    assert bad(findings) == ["mailbox"]
    assert "KESU_IMAP_PASSWORD" in findings["mailbox"].said


def test_servers_that_are_down_are_found_and_exit_is_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "secret")
    config = write_config(tmp_path, imap=free_port(), smtp=free_port())
    assert main(["doctor", "--config", str(config)]) == 1
    said = capsys.readouterr().out
    assert "✗ mailbox" in said
    assert "✗ smtp" in said


def test_senders_that_nobody_verifies_are_warned_of_but_not_fatal(config: Path) -> None:
    finding = found(config)["senders"]
    assert finding.mend
    assert finding.ok


@pytest.mark.parametrize("everybody", ["*", "*@*"])
def test_admitting_the_whole_world_is_warned_of(config: Path, everybody: str) -> None:
    text = config.read_text(encoding="utf-8").replace("*@example.com", everybody)
    config.write_text(text, encoding="utf-8")
    assert "whole world" in found(config)["senders"].mend


def test_a_workbook_that_is_open_is_said_and_not_fatal(config: Path, office: Office) -> None:
    office.opened()
    office.workbook.round()
    (office.folder / "~$master.xlsx").write_bytes(b"\x04wang" + b"\0" * 60)
    finding = examine(office.site, office.clock)[EVERYTHING.index("workbook")]
    assert finding.ok
    assert "wang" in finding.said


@pytest.mark.parametrize("content", [b"no workbook", complaint()])
def test_a_workbook_that_cannot_be_patched_is_found(config: Path, content: bytes) -> None:
    (config.parent / "master.xlsx").write_bytes(content)
    findings = found(config)
    assert bad(findings) == ["workbook"]
    assert (config.parent / "master.xlsx").read_bytes() == content


def test_a_file_that_is_no_ledger_is_found(config: Path) -> None:
    (config.parent / "kesu.db").write_bytes(b"no database" * 200)
    assert set(bad(found(config))) == {"ledger", "clock"}


def test_a_machine_whose_clock_went_back_is_found(config: Path, office: Office) -> None:
    office.opened()
    behind = HandClock(office.clock.now())
    behind.forward(hours=-3)
    finding = next(finding for finding in examine(office.site, behind) if finding.what == "clock")
    assert not finding.ok
    assert "NTP" in finding.mend


def test_a_disk_that_is_nearly_full_is_found(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage(NamedTuple):
        total: int
        used: int
        free: int

    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(2**40, 2**40 - 2**20, 2**20))
    assert bad(found(config)) == ["disk"]
    assert doctor.LEAST_FREE > 2**20


def test_the_doctor_leaves_nothing_behind_but_the_ledger(config: Path) -> None:
    found(config)
    assert {path.name.split("-")[0] for path in config.parent.iterdir()} <= {"config.toml", "kesu.db"}


def test_a_full_disk_under_the_workbook_is_found_although_an_empty_file_can_be_written(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def without_room(path: Path, content: bytes) -> int:
        if content:
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", without_room)
    finding = found(config)["workbook"]
    assert not finding.ok
    assert "No space left" in finding.said
    assert "room" in finding.mend


def test_a_workbooks_folder_that_has_gone_is_found_and_not_made_anew(config: Path, office: Office) -> None:
    office.opened()
    office.workbook.round()
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('"master.xlsx"', '"share/master.xlsx"'), encoding="utf-8")
    finding = found(config, office.clock)["workbook"]
    assert not finding.ok
    assert "is not there" in finding.said
    assert not (config.parent / "share").exists()
