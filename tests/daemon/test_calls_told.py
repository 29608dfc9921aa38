"""A day of follow-up calls as `kesu case` and `kesu tasks` tell it (D22–D25)."""

import pytest

from daemon.cli import main
from tests.daemon.handover import NUMBER, SHOWROOM, called, car, deliveries, list_of, phone, with_callers
from tests.daemon.office import STAFF, Office, mail, to


def said(capsys: pytest.CaptureFixture[str], office: Office, *command: str) -> str:
    assert main([*command, "--config", str(office.folder / "config.toml")]) == 0
    return capsys.readouterr().out


@pytest.fixture
def day(office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Two customers to call, one of whom was called and is not satisfied."""
    monkeypatch.setenv("COLUMNS", "200")
    with_callers(office)
    office.receive(mail(STAFF, files={"list.xlsx": deliveries([car(1, "新車"), car(2, "新車")])}))
    (given,) = to(office.post(), SHOWROOM, "task-list")
    answers = {phone(1): {"是否接通": "是", "是否滿意": "否", "客戶抱怨內容": "鑰匙少一把"}}
    filled = called(list_of(given), answers)
    office.receive(mail(SHOWROOM, files={"list.xlsx": filled}, answers=given))
    return office


def test_a_day_is_told_as_a_day_and_each_call_by_its_customer(
    day: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    told = said(capsys, day, "case", NUMBER)
    assert "2026-11-23 交車回訪" in told
    assert "負責人" not in told
    assert "處理期限" not in told
    assert " · 不滿意" in told
    assert "鑰匙少一把" in told


def test_what_is_owed_on_a_day_of_calls_is_listed_among_the_duties(
    day: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for row in said(capsys, day, "tasks").splitlines() if NUMBER in row]
    assert [row.split()[-2:] for row in rows] == [
        ["新車交車當日回訪", "D22"],
        ["客戶關愛部三日內回訪", "D25"],
    ]
