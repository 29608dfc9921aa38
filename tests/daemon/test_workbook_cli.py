"""`kesu workbook diff` and `kesu workbook rebuild`: what they say, and that nothing gets lost by them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon.alone import Alone
from daemon.cli import main, workbook
from sheets.livecopy import read_only
from sheets.registry import CLOSED
from tests.daemon.office import SERVICE_MANAGER, Office, mail
from tests.daemon.spreadsheet import Master
from tests.daemon.test_workbook import path_of, rows
from tests.daemon.test_workbook_two_way import cases, master, settled


def run(office: Office, *command: str) -> int:
    return main(["workbook", *command, "--config", str(office.folder / "config.toml")])


def steps(office: Office, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str, str]]:
    capsys.readouterr()
    assert run(office, "diff", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    return [(step["action"], step["key"], step["column"]) for step in found["steps"]]


def test_diff_tells_what_a_round_would_do_and_does_nothing(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = cases(office, 3)
    settled(office)
    assert steps(office, capsys) == []
    with master(office) as book:
        book.put(first, "備註", "記下來")
        book.put(second, "等級", "特級")
        book.clear(third)
    fourth = office.opened(customer_phone="0900-000-999").number
    before = (path_of(office).read_bytes(), office.ledger.head(), office.ledger.generation())
    assert steps(office, capsys) == [
        ("take", first, "備註"),
        ("restore", second, "等級"),
        ("return", third, ""),
        ("add", fourth, ""),
    ]
    assert (path_of(office).read_bytes(), office.ledger.head(), office.ledger.generation()) == before
    settled(office)
    assert steps(office, capsys) == []


def test_diff_in_words(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "備註", "記下來")
        book.grow({"客戶姓名": "新客戶"})
        book.book.remove(book.sheet(CLOSED.table))
    assert run(office, "diff") == 0
    said = capsys.readouterr().out
    assert f"take     {number} 備註: 記下來" in said
    assert "belongs to no case" in said
    assert "近期結案" in said


def test_diff_of_a_workbook_that_would_be_refused_is_no(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = cases(office, 6)
    with master(office) as book:
        for number in numbers:
            book.clear(number)
    assert run(office, "diff") == 1
    assert "refused" in capsys.readouterr().out
    path_of(office).write_bytes(b"not a workbook")
    assert run(office, "diff") == 1
    assert "master.xlsx" in capsys.readouterr().err
    path_of(office).unlink()
    assert run(office, "diff") == 1
    assert "no workbook" in capsys.readouterr().err


def test_rebuild_draws_everything_anew_and_keeps_the_old_file(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = cases(office, 2)
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{second}]", "已解決 換新")))
    settled(office)
    with master(office) as book:
        book.put(first, "備註", "還沒有人讀過")
    assert run(office, "rebuild") == 0
    assert "kept" in capsys.readouterr().out
    (old,) = office.folder.glob("master-until-*.xlsx")
    assert Master(old).rows()[first]["備註"] == "還沒有人讀過"
    assert rows(office)[first]["備註"] == "還沒有人讀過", "it was taken before the file was put aside"
    assert set(rows(office, CLOSED.table)) == {second}
    office.restart_workbook()
    settled(office)
    assert office.case(first).notes["remarks"] == "還沒有人讀過"


def test_a_lost_or_spoilt_workbook_is_rebuilt(office: Office) -> None:
    (number,) = cases(office, 1)
    path_of(office).unlink()
    assert run(office, "rebuild") == 0
    assert set(rows(office)) == {number}
    path_of(office).write_bytes(b"spoilt")
    assert run(office, "rebuild") == 0
    assert set(rows(office)) == {number}
    (old,) = office.folder.glob("master-until-*.xlsx")
    assert old.read_bytes() == b"spoilt"


def test_rebuild_leaves_a_workbook_alone_that_somebody_has_open(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    cases(office, 1)
    before = path_of(office).read_bytes()
    (office.folder / ".~lock.master.xlsx#").write_bytes("王主任,wang,pc,,;".encode())
    assert run(office, "rebuild") == 1
    assert "王主任" in capsys.readouterr().err
    assert path_of(office).read_bytes() == before


def test_a_running_daemon_is_asked_and_takes_what_was_written_first(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "備註", "還沒有人讀過")
    daemon = Alone(office.ledger.path)
    daemon.hold()
    try:
        with channel_at_work(office):
            assert run(office, "rebuild") == 0
    finally:
        daemon.release()
    assert "running" in capsys.readouterr().out
    assert rows(office)[number]["備註"] == "還沒有人讀過"
    assert office.case(number).notes["remarks"] == "還沒有人讀過"
    assert len(list(office.folder.glob("master-until-*.xlsx"))) == 1


@contextmanager
def channel_at_work(office: Office) -> Iterator[None]:
    """Let the workbook's channel run rounds on a thread of its own."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            office.workbook.round()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_a_daemon_that_does_not_answer_is_said(
    office: Office, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cases(office, 1)
    monkeypatch.setattr(workbook, "PATIENCE", 0.0)
    daemon = Alone(office.ledger.path)
    daemon.hold()
    try:
        assert run(office, "rebuild") == 1
    finally:
        daemon.release()
    assert "asked" in capsys.readouterr().err


def test_a_live_copy_asks_to_be_opened_for_reading(office: Office, tmp_path: Path) -> None:
    (number,) = cases(office, 1)
    live = tmp_path / "copy.xlsx"
    content = path_of(office).read_bytes()
    live.write_bytes(read_only(read_only(content)))
    book = Master(live)
    assert set(book.rows()) == {number}
    from zipfile import ZipFile

    with ZipFile(live) as archive:
        workbook = archive.read("xl/workbook.xml")
    assert workbook.count(b'fileSharing readOnlyRecommended="1"') == 1
