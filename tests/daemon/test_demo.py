"""`kesu demo`: the whole product plays on an embedded mail server, from any state the last run left behind."""

import subprocess
import sys
from email import message_from_bytes, policy
from itertools import chain
from pathlib import Path

import pytest
from openpyxl import load_workbook

from daemon.cli import main
from daemon.demo.judge import EXPECTED
from daemon.demo.stage import Stage


def leave_debris(folder: Path) -> None:
    """Leave what a demo that was killed in mid-play leaves."""
    (folder / "mailbox" / "complaints@example.com" / "new").mkdir(parents=True)
    (folder / "mailbox" / "complaints@example.com" / "new" / "1.x.demo").write_bytes(b"From: half a ma")
    (folder / ".kesu-demo").write_text("made by `kesu demo`", encoding="utf-8")
    (folder / "kesu.db").write_bytes(b"SQLite format 3\0" + b"\0" * 5000)
    (folder / "~$master.xlsx").write_bytes(b"\x04wang")
    (folder / "kesu.log").write_text("running site=demo\n", encoding="utf-8")


@pytest.mark.slow
def test_the_demo_plays_to_its_end_over_what_a_killed_run_left(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    leave_debris(folder)
    command = [sys.executable, "-m", "daemon", "demo", "--plain", "--pace", "4", "--directory", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "✓" in ended.stdout
    assert "✗" not in ended.stdout
    for customer in EXPECTED:
        assert customer in ended.stdout
    _left_something_to_look_at(folder)


BEFORE_THE_GRADE_AND_AFTER = {
    *("acknowledgement", "form-problems", "assignment", "reminder", "escalation", "overdue"),
    *("authority-exceeded", "resolved", "rectification-order", "rectification-incomplete"),
    *("approval-request", "penalty", "appeal", "ruling", "task-list"),
}


def _cases_in(path: Path) -> list[str]:
    """The numbers of the cases in a workbook."""
    sheets = [
        sheet
        for sheet in load_workbook(path).worksheets
        if not sheet.tables.keys() - {"KesuCases", "KesuClosed", "KesuArchive"}
    ]
    rows = (row for sheet in sheets for row in sheet.iter_rows(values_only=True))
    return [str(row[0]) for row in rows if str(row[0]).startswith("KS-")]


def _left_something_to_look_at(folder: Path) -> None:
    mails = sorted((folder / "mails").glob("*.eml"))
    assert len(mails) >= 30
    assert len(list((folder / "mails").glob("*.html"))) == len(mails)
    kinds = {
        str(message_from_bytes(path.read_bytes(), policy=policy.default)["X-Kesu-Template"]) for path in mails
    }
    assert kinds >= BEFORE_THE_GRADE_AND_AFTER
    archived = [numbers for path in (folder / "archive").glob("*.xlsx") if (numbers := _cases_in(path))]
    assert archived, "the case that went all the way is archived"
    assert len({*_cases_in(folder / "master.xlsx"), *chain(*archived)}) == len(EXPECTED)
    assert main(["ledger", "verify", "--config", str(folder / "config.toml")]) == 0


def test_a_folder_that_no_demo_made_is_refused_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    assert main(["demo", "--plain", "--directory", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert str(tmp_path) in said.err
    assert "--directory" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    assert main(["demo", "--plain", "--directory", str(tmp_path / "taken")]) == 2
    assert "taken" in capsys.readouterr().err


def test_an_empty_folder_and_one_that_is_not_there_are_taken(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "deep/new"):
        Stage(tmp_path / name)
        assert (tmp_path / name / ".kesu-demo").exists()


def test_a_second_run_begins_anew(tmp_path: Path) -> None:
    Stage(tmp_path / "out")
    leave = tmp_path / "out" / "mails" / "001.eml"
    leave.parent.mkdir()
    leave.write_bytes(b"old")
    Stage(tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".kesu-demo"]
