"""`kesu quarantine`: what was put aside is listed, shown, read again, let in or left, beside a running daemon too."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from daemon.alone import Alone
from daemon.bell import Either
from daemon.cli import main, quarantine
from daemon.clock import SystemClock
from daemon.doctor import examine
from daemon.intake import Intake
from daemon.ledger import HeldFor, MailState
from parsers.reader import Asked, FileToRead, FormReader
from parsers.results import ParsedFile
from rules.case import Status
from rules.locales import Text
from tests.daemon.office import (
    CARE,
    SERVICE_MANAGER,
    STAFF,
    STRANGER,
    Office,
    complaint,
    flawed,
    handling,
    mail,
    to,
)
from tests.daemon.test_release import GENUINE, answer, form_of_a_stranger, put_aside, trust
from tests.daemon.test_unwelcome import ROBOTS, with_fragile_reader
from tests.guards import PATIENCE

Shown = pytest.CaptureFixture[str]
DAMAGED = Text(zh_hant="打不開", zh_hans="打不开", en="cannot be opened")


class _Old(FormReader):
    """A reader that cannot yet read what the real one can; the fake stands for a former release."""

    def __init__(self, real: FormReader) -> None:
        self._real = real

    def submit(self, file: FileToRead) -> Asked:
        return self._real.submit(file)

    def is_settled(self, asked: Asked) -> bool:
        return self._real.is_settled(asked)

    def result(self, asked: Asked) -> ParsedFile:
        read = self._real.result(asked)
        return asked.file.refused(DAMAGED) if asked.file.name == "new.xlsx" else read


@pytest.fixture(autouse=True)
def one_clock(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command goes by the office's clock: what it queues is due there, whatever day the machine has."""
    monkeypatch.setattr(quarantine, "SystemClock", lambda: office.clock)


def run(office: Office, *command: object) -> int:
    words = [str(word) for word in command]
    return main(["quarantine", *words, "--config", str(office.folder / "config.toml")])


def shown(office: Office, capsys: Shown, *command: object) -> Any:
    capsys.readouterr()
    run(office, *command, "--json")
    return json.loads(capsys.readouterr().out)


@contextmanager
def daemon_running(office: Office) -> Iterator[None]:
    """Hold the ledger as a daemon does, and take in what is returned as its intake does."""
    alone, ended = Alone(office.ledger.path), threading.Event()

    def work() -> None:
        while not ended.is_set():
            Either(ended, office.ledger.any_returned).wait(3600)
            office.intake.take_waiting()

    alone.hold()
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        alone.release()


# ---------------------------------------------------------------- looking


def test_the_list_tells_who_when_what_and_why(office: Office, capsys: Shown) -> None:
    number, _ = put_aside(office, mail(STRANGER, "便宜輪胎", files={"f.xlsx": complaint()}))
    (row,) = shown(office, capsys, "list")
    assert row == {
        "number": number,
        "at": "2026-11-23T09:00:00+08:00",
        "sender": STRANGER,
        "name": "",
        "subject": "便宜輪胎",
        "why": "stranger",
        "reason": "the sender may not send forms ([access] senders)",
        "state": "waiting",
        "decided_by": "",
        "decided_at": None,
        "became": "quarantined",
    }
    assert run(office, "list") == 0
    said = capsys.readouterr().out
    assert all(word in said for word in (STRANGER, "便宜輪胎", "2026-11-23 09:00", str(number)))


def test_an_empty_quarantine_says_so(office: Office, capsys: Shown) -> None:
    assert shown(office, capsys, "list") == []
    assert run(office, "list") == 0
    assert "nothing" in capsys.readouterr().out


def test_show_tells_the_files_and_what_is_wrong_with_them(office: Office, capsys: Shown) -> None:
    trust(office)
    message = mail(files={"f.xlsx": flawed(), "broken.xlsx": b"PK broken", "photo.png": b"\x89PNG"})
    number, _ = put_aside(office, message)
    found = shown(office, capsys, "show", number)
    assert [file["name"] for file in found["attachments"]] == ["f.xlsx", "broken.xlsx", "photo.png"]
    assert {"file": "f.xlsx", "cell": "售後!B5"}.items() <= found["problems"][0].items()
    assert any(problem["file"] == "broken.xlsx" for problem in found["problems"])
    assert found["verified"]["verdict"] == "unknown"
    assert found["text"].strip() == "請處理"


def test_what_a_stranger_writes_does_not_steer_the_terminal(office: Office, capsys: Shown) -> None:
    number, _ = put_aside(office, mail(STRANGER, "x", "\x1b[2J\x1b]0;owned\x07 gone"))
    run(office, "show", number)
    run(office, "list")
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "gone" in said


def test_a_message_that_was_never_put_aside_is_said_so(office: Office, capsys: Shown) -> None:
    taken = office.receive(mail(files={"f.xlsx": complaint()}))
    for command in ("show", "release", "retry", "discard"):
        assert run(office, command, taken.id) == 1
        assert "ever put aside" in capsys.readouterr().err


# ---------------------------------------------------------------- letting in


@pytest.mark.parametrize("number", ["0", "9" * 30, "two"])
def test_what_is_no_number_of_a_message_is_wrong_usage(office: Office, number: str) -> None:
    for words in (("show", number), ("release", number)):
        with pytest.raises(SystemExit) as ended:
            run(office, *words)
        assert ended.value.code == 2


def test_release_takes_it_whoever_sent_it(office: Office, capsys: Shown) -> None:
    number, _ = put_aside(office, form_of_a_stranger())
    assert run(office, "release", number) == 0
    assert "taken" in capsys.readouterr().out
    assert office.case().grade == "level-3"
    assert to(office.post(), STRANGER) == []
    assert shown(office, capsys, "list") == []
    (row,) = shown(office, capsys, "list", "--all")
    assert (row["state"], row["became"]) == ("released", "taken")
    assert "command line" in row["decided_by"]


def test_a_message_is_released_once(office: Office, capsys: Shown) -> None:
    number, notice = put_aside(office, form_of_a_stranger())
    assert run(office, "release", number, number) == 0
    assert run(office, "release", number) == 1
    assert "released before" in capsys.readouterr().err
    office.post()
    office.receive(answer(notice, "放行"))
    assert len(office.cases()) == 1
    assert [one.to for one in office.post()] == [CARE]


def test_several_are_released_together_or_none(office: Office) -> None:
    first, _ = put_aside(office, form_of_a_stranger())
    assert run(office, "release", first, 4711) == 1
    assert office.cases() == []
    second, _ = put_aside(office, mail(STRANGER, files={"g.xlsx": complaint(customer_phone="0900-111-222")}))
    assert run(office, "release", first, second) == 0
    assert len(office.cases()) == 2


def test_a_running_daemon_takes_it_at_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "PATIENCE", PATIENCE)
    number, _ = put_aside(office, form_of_a_stranger())
    with daemon_running(office):  # it looks for what is returned every half second, and else waits for hours
        assert run(office, "release", number) == 0
    assert len(office.cases()) == 1


def test_a_daemon_that_does_not_answer_is_told_of_and_the_order_stands(
    office: Office, capsys: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "PATIENCE", 0.1)
    number, _ = put_aside(office, form_of_a_stranger())
    alone = Alone(office.ledger.path)
    alone.hold()
    try:
        assert run(office, "release", number) == 1
    finally:
        alone.release()
    assert "has not done it yet" in capsys.readouterr().err
    office.intake.take_waiting()
    assert len(office.cases()) == 1


def test_discard_leaves_it_and_waits_no_more(office: Office, capsys: Shown) -> None:
    number, _ = put_aside(office, form_of_a_stranger())
    assert run(office, "discard", number) == 0
    assert shown(office, capsys, "list") == []
    assert office.ledger.mail(number).state is MailState.QUARANTINED
    assert run(office, "discard", number) == 1
    assert run(office, "release", number) == 0
    assert len(office.cases()) == 1


# ---------------------------------------------------------------- reading again


def test_retry_takes_a_stranger_who_has_become_one_of_us(office: Office, capsys: Shown) -> None:
    number, _ = put_aside(office, form_of_a_stranger())
    assert run(office, "retry", number) == 1
    assert "may not send" in capsys.readouterr().out
    assert office.post() == []
    path = office.folder / "config.toml"
    text = path.read_text(encoding="utf-8").replace(
        '"*@example.com"', '"*@example.com", "*@elsewhere.example"'
    )
    path.write_text(text, encoding="utf-8")
    office.configure()
    assert run(office, "retry", number) == 0
    assert len(office.cases()) == 1
    assert to(office.post(), STRANGER, "acknowledgement")


def test_retry_reads_what_a_defect_kept_from_being_taken(office: Office) -> None:
    with_fragile_reader(office, RuntimeError("a defect"))
    number = office.receive(mail(files={"poison.xlsx": complaint()})).id
    assert office.ledger.quarantined(number).why is HeldFor.DEFECT  # type: ignore[union-attr]
    assert run(office, "retry", number) == 0
    assert len(office.cases()) == 1


def test_retry_reads_a_file_that_could_not_be_read_and_doubles_nothing_beside_it(office: Office) -> None:
    office.intake = Intake(office.docket, _Old(office.reader), office.clock)
    both = {"f.xlsx": complaint(), "new.xlsx": complaint(customer_phone="0900-111-222", customer_name="林")}
    number = office.receive(mail(files=both)).id
    assert office.ledger.quarantined(number).why is HeldFor.UNREADABLE  # type: ignore[union-attr]
    assert len(office.cases()) == 1
    office.post()
    assert run(office, "retry", number) == 0
    assert len(office.cases()) == 2
    assert len(to(office.post(), STAFF, "acknowledgement")) == 1
    assert run(office, "retry", number) == 1
    assert len(office.cases()) == 2


def test_retry_asks_whose_a_report_is_that_could_not_be_asked_about(office: Office) -> None:
    case = office.opened()
    path = office.folder / "config.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("[access]\n", '[access]\ntokens = "all"\n'))
    office.configure()
    robot = ROBOTS["auto-generated"]
    number = office.receive(mail(SERVICE_MANAGER, files={"f.xlsx": handling(case.number)}, headers=robot)).id
    assert office.ledger.quarantined(number).why is HeldFor.UNCONFIRMED  # type: ignore[union-attr]
    assert run(office, "retry", number) == 1
    assert office.case().status is Status.OPEN


@pytest.mark.parametrize("command", ["retry", "release"])
def test_a_form_whose_case_is_open_is_not_taken_twice(office: Office, capsys: Shown, command: str) -> None:
    number = office.receive(mail(files={"f.xlsx": flawed()})).id
    assert run(office, command, number) == 1
    assert "opened a case" in capsys.readouterr().err
    assert office.ledger.quarantine_to_decide() == 0


def test_release_is_for_senders_and_not_for_defects(office: Office, capsys: Shown) -> None:
    number = office.receive(mail(files={"f.xlsx": b"PK broken"})).id
    assert run(office, "release", number) == 1
    assert "retry" in capsys.readouterr().err


# ---------------------------------------------------------------- elsewhere


def test_the_doctor_says_how_many_wait_and_whether_senders_are_verified(office: Office) -> None:
    def said(what: str) -> str:
        found = next(one for one in examine(office.site, SystemClock()) if one.what == what)
        assert found.ok
        return f"{found.said} → {found.mend}"

    assert "not verified" in said("senders")
    assert said("quarantine").startswith("0 ")
    put_aside(office, form_of_a_stranger())
    assert "1 mails wait" in said("quarantine")
    assert "kesu quarantine list" in said("quarantine")
    trust(office)
    assert "verified by mx.example.com → " in said("senders")
    office.receive(mail(files={"f.xlsx": complaint()}, headers=GENUINE))
    assert len(office.cases()) == 1


def test_either_wakes_for_what_happens_and_for_the_event() -> None:
    stop, happened = threading.Event(), threading.Event()
    either = Either(stop, happened.is_set)
    assert not either.wait(0.01)
    assert not either.is_set()
    happened.set()
    assert either.wait(60)
    assert either.is_set()
    happened.clear()
    stop.set()
    assert either.wait(60)


@pytest.mark.parametrize("command", ["retry", "release"])
def test_what_a_server_gave_in_place_of_a_mail_cannot_be_taken(
    office: Office, capsys: Shown, command: str
) -> None:
    stub = "Retrieval using the IMAP4 protocol failed for the following message: 4711"
    number = office.receive(mail(subject=stub, text=stub)).id
    assert office.ledger.quarantined(number).why is HeldFor.PLACEHOLDER  # type: ignore[union-attr]
    assert run(office, command, number) == 1
    assert "in place of it" in capsys.readouterr().err
