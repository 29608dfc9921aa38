"""`kesu cases`, `kesu case N`, `kesu ledger verify` from outside (contract.md, Commands)."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from daemon import packs
from daemon.cli import main
from tests.daemon.office import CARE, SERVICE_MANAGER, Office, mail

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def kesu(office: Office, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        status = main([*arguments, "--config", str(office.folder / "config.toml")])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def busy(office: Office) -> Office:
    """One case open and risen, one resolved."""
    office.opened(CARE)
    second = office.opened(customer_phone="0900-000-002", customer_name="王先生")
    office.clock.forward(minutes=90)
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{second.number}]", "已解決 換新，優惠工時費20%")))
    office.clock.forward(minutes=30)
    office.lapses.run_due()
    office.post()
    return office


def tamper(office: Office, script: str) -> None:
    """Do to the file what the ledger would refuse, as somebody with a database tool can."""
    with closing(sqlite3.connect(office.folder / "kesu.db")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            connection.execute(f"DROP TRIGGER {name}")
        connection.executescript(script)


def answered(ended: tuple[int, str, str], status: int = 0) -> Any:
    assert (ended[0], ended[2]) == (status, "")
    return json.loads(ended[1])


def test_cases_shows_every_case_with_money_and_times_as_the_contract_writes_them(
    busy: Office, kesu: Run
) -> None:
    first, second = answered(kesu("cases", "--json"))
    assert (first["case"], first["status"], first["grade"]) == ("KS-20261123-001", "open", "level-2")
    assert (first["owner_roles"], first["lapses"]) == (["after-sales-director"], 1)
    assert (first["opened_at"], first["due"]) == ("2026-11-23T09:00:00+08:00", "2026-11-23T13:00:00+08:00")
    assert first["facts"]["repair_amount"] == "800.00"
    assert (first["issued_by"], first["tasks"][0]["role"]) == ("customer-care", "after-sales-director")
    assert (second["status"], second["due"]) == ("resolved", None)
    assert second["resolution"]["discount_percent"] == 20
    assert second["resolved_at"] == "2026-11-23T10:30:00+08:00"


def test_cases_open_leaves_out_the_resolved(busy: Office, kesu: Run) -> None:
    assert [case["case"] for case in answered(kesu("cases", "--json", "--open"))] == ["KS-20261123-001"]


def test_cases_for_people_is_a_line_each(busy: Office, kesu: Run) -> None:
    status, out, _ = kesu("cases")
    assert (status, len(out.splitlines())) == (0, 2)
    assert "許雅婷" in out
    assert "售後總監" in out


def test_cases_of_rules_no_longer_in_force_are_listed_all_the_same(busy: Office, kesu: Run) -> None:
    text = packs.policy_text("dealership").replace("level-2", "grade-two").replace("extra", "worst")
    (busy.folder / "mine.toml").write_text(text, encoding="utf-8")
    config = busy.folder / "config.toml"
    config.write_text(config.read_text("utf-8").replace('"dealership"', '"mine.toml"'), encoding="utf-8")
    status, out, _ = kesu("cases")
    assert (status, len(out.splitlines())) == (0, 2)
    assert kesu("case", "KS-20261123-001")[0] == 0


def test_no_case_is_an_empty_list(office: Office, kesu: Run) -> None:
    assert answered(kesu("cases", "--json")) == []


def test_a_ledger_that_is_not_there_is_exit_2_and_is_not_made(office: Office, kesu: Run) -> None:
    office.ledger.close()
    for file in office.folder.glob("kesu.db*"):
        file.unlink()
    status, out, err = kesu("cases", "--json")
    assert (status, out) == (2, "")
    assert "kesu.db" in err
    assert not (office.folder / "kesu.db").exists()


def test_a_case_shows_its_whole_history_with_clauses_mails_and_files(busy: Office, kesu: Run) -> None:
    case = answered(kesu("case", "KS-20261123-001", "--json"))
    history = case["history"]
    assert [event["kind"] for event in history][:3] == ["opened", "graded", "assigned"]
    assert [event["clause"] for event in history if event["kind"] == "escalated"] == ["D02"]
    assert all(datetime.fromisoformat(event["at"]).tzinfo for event in history)
    assert len({event["policy"] for event in history}) == 1
    mails = {(mail["template"], mail["recipient"], mail["state"]) for mail in case["mails"]}
    assert ("assignment", SERVICE_MANAGER, "sent") in mails
    assert ("escalation", "after-sales@example.com", "sent") in mails
    assert case["attachments"] == []


def test_a_case_for_people_tells_what_happened_and_by_which_clause(busy: Office, kesu: Run) -> None:
    status, out, _ = kesu("case", "KS-20261123-002")
    assert status == 0
    for expected in ("2026-11-23 09:00", "D01", "王經理", "已解決"):
        assert expected in out


def test_a_case_there_is_not_is_exit_1(office: Office, kesu: Run) -> None:
    status, out, err = kesu("case", "KS-20261123-999", "--json")
    assert (status, out) == (1, "")
    assert "KS-20261123-999" in err


# ---------------------------------------------------------------- verify


def test_an_untouched_ledger_verifies(busy: Office, kesu: Run) -> None:
    answer = answered(kesu("ledger", "verify", "--json"))
    assert (answer["ok"], answer["faults"]) == (True, [])
    assert answer["events"] == busy.ledger.last_seq()
    assert len(answer["head"]) == 64
    assert kesu("ledger", "verify")[0] == 0


TAMPERING = {
    "a payload changed": "UPDATE payloads SET body = replace(body, '800.00', '80.00')",
    "an event removed": "DELETE FROM payloads WHERE seq = 3; DELETE FROM events WHERE seq = 3",
    "the tail cut off": "DELETE FROM payloads WHERE seq > 5; DELETE FROM events WHERE seq > 5",
    "a time moved": "UPDATE events SET at = replace(at, '2026-11-23', '2026-11-22') WHERE kind = 'lapsed'",
    "a grade changed in the projection": "UPDATE cases SET grade = 'level-3' WHERE grade = 'level-2'",
    "a deadline taken away": "DELETE FROM deadlines",
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_tampered_ledger_is_exit_1_with_its_faults(busy: Office, kesu: Run, what: str) -> None:
    tamper(busy, f"PRAGMA foreign_keys = OFF; {TAMPERING[what]};")
    answer = answered(kesu("ledger", "verify", "--json"), 1)
    assert answer["ok"] is False
    assert answer["faults"]
    status, out, _ = kesu("ledger", "verify")
    assert status == 1
    assert "✗" in out


def test_a_file_that_is_no_ledger_is_exit_2(tmp_path: Path, office: Office, kesu: Run) -> None:
    office.ledger.close()
    for file in office.folder.glob("kesu.db-*"):
        file.unlink()
    (office.folder / "kesu.db").write_bytes(b"no database at all" * 100)
    status, out, err = kesu("ledger", "verify")
    assert (status, out) == (2, "")
    assert "Traceback" not in err


def test_a_ledger_of_another_site_is_exit_2(office: Office, kesu: Run) -> None:
    config = office.folder / "config.toml"
    config.write_text(config.read_text("utf-8").replace('site = "main"', 'site = "north"'), encoding="utf-8")
    status, _, err = kesu("cases")
    assert status == 2
    assert "main" in err
