"""`kesu decide` and `kesu play` from outside: keys, exit status, and what is refused (contract.md, Commands)."""

import io
import json
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from daemon.cli import main
from tests.guards import PATIENCE

FACTS = {"department": "after-sales", "category": "repair-quality", "repair_amount": "1200"}


@dataclass(frozen=True)
class Ended:
    """What a command came to."""

    returncode: int
    stdout: str
    stderr: str


def kesu(*arguments: str, given: str = "") -> Ended:
    """Run the command in this process; an exception out of it fails the test."""
    out, err, before = StringIO(), StringIO(), sys.stdin
    sys.stdin = StringIO(given)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            status = main(arguments)
    except SystemExit as ended:  # argparse leaves like this
        status = int(str(ended.code))
    finally:
        sys.stdin = before
    return Ended(status, out.getvalue(), err.getvalue())


def process(*arguments: str, given: str = "") -> Ended:
    """Run the command as somebody's script does."""
    command = [sys.executable, "-m", "daemon", *arguments]
    ended = subprocess.run(command, input=given, capture_output=True, text=True, timeout=PATIENCE)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def decided(*arguments: str, **facts: object) -> Any:
    ended = kesu("decide", "--facts", "-", "--json", *arguments, given=json.dumps({**FACTS, **facts}))
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def played(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    ended = kesu("play", str(path), "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def refused(ended: Ended, status: int, *named: str) -> None:
    """The command said no in one line on standard error and nothing on standard output."""
    assert (ended.returncode, ended.stdout) == (status, "")
    assert "Traceback" not in ended.stderr
    for name in named:
        assert name in ended.stderr


# ---------------------------------------------------------------- decide


def test_decide_answers_with_the_keys_of_the_contract() -> None:
    answer = decided()
    assert answer["grade"] == "level-2"
    assert answer["clause"] == "D02"
    assert isinstance(answer["reason"], str)
    assert answer["owner_roles"] == ["after-sales-director"]
    assert answer["window"] == "2h"
    assert answer["on_lapse"] == {
        "to": "level-1",
        "notify": ["general-manager", "customer-care"],
        "clause": "D07",
    }
    grants = {grant["role"]: grant["discount_percent"] for grant in answer["authority"]}
    assert grants == {
        "service-manager": 30,
        "workshop-director": 30,
        "after-sales-director": 50,
        "general-manager": 100,
    }


def test_decide_writes_money_as_text_with_two_decimals() -> None:
    answer = decided(department="sales", category="attitude", repair_amount="0")
    grants = [
        (grant["role"], grant.get("gift_amount"), grant.get("cash_amount")) for grant in answer["authority"]
    ]
    assert grants == [
        ("retail-manager", "300.00", None),
        ("sales-director", "1000.00", None),
        ("general-manager", "2000.00", None),
        ("general-manager", None, "1000.00"),
    ]  # fmt: skip


def test_decide_takes_facts_from_a_file_and_policies_by_name(tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_text(json.dumps({**FACTS, "repair_amount": 1000.01}), encoding="utf-8")
    ended = kesu("decide", "--policy", "dealership", "--facts", str(tmp_path / "facts.json"), "--json")
    assert json.loads(ended.stdout)["grade"] == "level-2"


def test_decide_without_json_is_for_people() -> None:
    ended = kesu("decide", "--facts", "-", given=json.dumps(FACTS))
    assert ended.returncode == 0
    assert "level-2" in ended.stdout


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({**FACTS, "repair_amount": "12,000元"}, "repair_amount"),
        ({**FACTS, "repair_amount": "about a thousand"}, "repair_amount"),
        ({**FACTS, "repair_amount": True}, "repair_amount"),
        ({**FACTS, "repair_amount": None}, "repair_amount"),
        ({**FACTS, "repair_amount": [1200]}, "repair_amount"),
        ({**FACTS, "repair_amount": "-1"}, "repair_amount"),
        ({**FACTS, "repair_amount": "1e400"}, "repair_amount"),
        ({**FACTS, "repair_amount": "NaN"}, "repair_amount"),
        ({**FACTS, "repair_amount": "1000.005"}, "repair_amount"),
        ({**FACTS, "department": "finance"}, "department"),
        ({**FACTS, "departmnet": "sales"}, "departmnet"),
        ({**FACTS, "reported_at": "2026-11-23T09:00:00"}, "reported_at"),
        ({"department": "after-sales", "category": "attitude"}, "repair_amount"),
        ({"category": "attitude"}, "department"),
        ({}, "department"),
    ],
)
def test_a_fact_that_is_missing_unknown_or_of_the_wrong_type_is_no_guess(given: object, named: str) -> None:
    refused(kesu("decide", "--facts", "-", "--json", given=json.dumps(given)), 1, named)


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["--facts", "-"], "[1, 2]"),
        (["--facts", "-"], "no JSON"),
        (["--facts", "-"], '{"repair_amount": NaN}'),
        (["--facts", "-"], "[" * 200_000),
        (["--facts", "/nowhere/facts.json"], ""),
        (["--facts", "-", "--policy", "nobody"], "{}"),
        (["--facts", "-", "--timezone", "Asia/Atlantis"], json.dumps(FACTS)),
        (["--facts", "-", "--timezone", "../../etc/passwd"], json.dumps(FACTS)),
        ([], ""),
    ],
)
def test_wrong_usage_of_decide_is_exit_2(arguments: list[str], given: str) -> None:
    refused(kesu("decide", "--json", *arguments, given=given), 2)


def test_an_unknown_command_is_exit_2() -> None:
    refused(kesu("dceide"), 2, "dceide")
    refused(kesu(), 2)


# ---------------------------------------------------------------- play

CONTRACT = """
policy = "dealership"
timezone = "Asia/Shanghai"

[[at]]
time = "2026-11-23T09:00:00+08:00"
case = "a"
form = { department = "after-sales", repair_amount = "800", customer_name = "…", category = "repair-quality" }

[[at]]
time = "+2h30m"
case = "a"
report = { by = "after-sales-director", result = "resolved", resolution = "…", discount_percent = 50 }
"""


def events(answer: Any, *kinds: str) -> list[Any]:
    return [entry for entry in answer["timeline"] if entry["event"] in kinds]


def test_the_scenario_of_the_contract_plays_as_its_clauses_say(tmp_path: Path) -> None:
    answer = played(tmp_path, CONTRACT)
    told = [
        (entry["at"][11:19], entry["event"])
        for entry in answer["timeline"]
        if entry["event"] not in ("notified", "reminded", "task")  # duties: test_scenarios.py
    ]
    assert told == [
        ("09:00:00", "opened"),
        ("09:00:00", "graded"),
        ("09:00:00", "assigned"),
        ("11:00:00", "lapsed"),
        ("11:00:00", "escalated"),
        ("11:00:00", "assigned"),
        ("11:30:00", "reported"),
        ("11:30:00", "resolved"),
    ]
    assert {entry["case"] for entry in answer["timeline"]} == {"a"}
    assert all(entry["at"].endswith("+08:00") for entry in answer["timeline"])
    (graded,) = events(answer, "graded")
    assert (graded["grade"], graded["clause"]) == ("level-3", "D01")
    assert [entry["roles"] for entry in events(answer, "assigned")] == [
        ["service-manager", "workshop-director"],
        ["after-sales-director"],
    ]
    (escalated,) = events(answer, "escalated")
    assert (escalated["from"], escalated["to"], escalated["clause"]) == ("level-3", "level-2", "D02")


def test_the_notices_of_a_scenario_name_template_and_roles(tmp_path: Path) -> None:
    answer = played(tmp_path, CONTRACT)
    told = [(entry["at"][11:16], entry["template"], entry["roles"]) for entry in events(answer, "notified")]
    assert ("09:00", "assignment", ["service-manager", "workshop-director"]) in told
    assert ("10:30", "reminder", ["service-manager", "workshop-director"]) in told
    assert ("11:00", "escalation", ["after-sales-director"]) in told
    assert ("11:00", "overdue", ["customer-care"]) in told


def test_the_cases_of_a_scenario_stand_at_its_end(tmp_path: Path) -> None:
    (case,) = played(tmp_path, CONTRACT)["cases"]
    assert (case["case"], case["status"], case["grade"], case["lapses"]) == ("a", "resolved", "level-2", 1)
    assert case["resolved_at"] == "2026-11-23T11:30:00+08:00"


def test_a_report_at_the_very_instant_a_window_ends_was_in_time(tmp_path: Path) -> None:
    answer = played(tmp_path, CONTRACT.replace("+2h30m", "+2h").replace("= 50", "= 30"))
    assert events(answer, "lapsed") == []
    assert [entry["at"][11:19] for entry in events(answer, "resolved")] == ["11:00:00"]


def test_a_window_that_ends_with_the_scenario_has_lapsed(tmp_path: Path) -> None:
    first = CONTRACT[: CONTRACT.rindex("[[at]]")]
    assert len(events(played(tmp_path, first + '[[at]]\ntime = "+2h"\n'), "lapsed")) == 1
    assert events(played(tmp_path, first + '[[at]]\ntime = "+1h59m59s"\nwait = true\n'), "lapsed") == []


def test_waiting_lets_a_case_rise_to_the_top(tmp_path: Path) -> None:
    first = CONTRACT[: CONTRACT.rindex("[[at]]")]
    answer = played(tmp_path, first + '[[at]]\ntime = "+6h"\nwait = {}\n')
    assert [entry["to"] for entry in events(answer, "escalated")] == ["level-2", "level-1", "extra"]


def test_D38_a_promise_over_authority_is_refused_in_a_scenario(tmp_path: Path) -> None:
    answer = played(tmp_path, CONTRACT.replace("= 50", "= 60"))
    (refusal,) = events(answer, "refused")
    assert (refusal["reason"], refusal["clause"]) == ("over-authority", "D38")
    assert events(answer, "resolved") == []


def test_D26_a_form_of_customer_care_makes_a_task(tmp_path: Path) -> None:
    by_care = CONTRACT.replace("form = {", 'form = { issued_by = "customer-care",')
    tasks = events(played(tmp_path, by_care), "task")
    (task,) = [each for each in tasks if each["kind"] == "feedback-after-sales"]
    assert (task["role"], task["due"]) == ("after-sales-director", "2026-11-25T09:00:00+08:00")


def test_D31_a_penalty_its_appeal_and_the_ruling_in_a_scenario(tmp_path: Path) -> None:
    story = [
        ('finding = { by = "customer-care", person = "王小明", cause = "neglect" }', "+4h"),
        ('appeal = { person = "王小明", penalty = 1, text = "當日休假" }', "+5h"),
        ('ruling = { by = "general-manager", penalty = 1, decision = "revoke" }', "+6h"),
    ]
    text = CONTRACT + "".join(f'\n[[at]]\ntime = "{time}"\ncase = "a"\n{body}\n' for body, time in story)
    answer = played(tmp_path, text)
    penalties = events(answer, "penalty")
    assert [penalty["state"] for penalty in penalties] == ["issued", "appealed", "revoked"]
    assert [(each["amount"], each["person"], each["clause"]) for each in penalties] == [
        ("200.00", "王小明", "D28")
    ] * 3
    assert all("role" not in penalty for penalty in penalties), "what is not known is not there"
    assert answer["cases"][0]["penalties"] == [
        {"penalty": 1, "amount": "200.00", "person": "王小明", "clause": "D28", "state": "revoked"}
    ]


def test_D26_overdue_feedback_costs_the_director_50_in_a_scenario(tmp_path: Path) -> None:
    by_care = CONTRACT.replace("form = {", 'form = { issued_by = "customer-care",')
    first = by_care[: by_care.rindex("[[at]]")] + '[[at]]\ntime = "+48h"\nwait = {}\n'
    answer = played(tmp_path, first)
    (late,) = events(answer, "task-overdue")
    assert (late["kind"], late["role"]) == ("feedback-after-sales", "after-sales-director")
    (penalty,) = events(answer, "penalty")
    assert (penalty["amount"], penalty["role"], penalty["clause"], penalty["state"]) == (
        "50.00",
        "after-sales-director",
        "D26",
        "issued",
    )


def test_several_cases_do_not_touch_each_other(tmp_path: Path) -> None:
    other = CONTRACT[CONTRACT.index("[[at]]") : CONTRACT.rindex("[[at]]")]
    other = other.replace('"a"', '"b"').replace("09:00", "10:00").replace("800", "5000")
    answer = played(tmp_path, CONTRACT + other)
    assert [(case["case"], case["status"], case["grade"]) for case in answer["cases"]] == [
        ("a", "resolved", "level-2"),
        ("b", "open", "level-1"),
    ]


def entry(body: str, time: str = "+1h", case: str = "a") -> str:
    """The contract's scenario with a third entry."""
    return f'{CONTRACT}\n[[at]]\ntime = "{time}"\ncase = "{case}"\n{body}\n'


OTHER_FORM = 'form = { department = "sales", category = "price" }'
BAD_SCENARIOS: dict[str, tuple[str, int, str]] = {
    "unknown kind": (entry("reprot = {}"), 2, "entry 3"),
    "two kinds": (entry(f"report = {{}}\n{OTHER_FORM}"), 2, "entry 3"),
    "a report that is no table": (entry('report = "resolved"'), 2, "entry 3"),
    "no case": (entry('report = { by = "board" }', case=""), 2, "entry 3"),
    "a second form for a case": (entry(OTHER_FORM, "+3h"), 2, "entry 3"),
    "a report on nothing": (entry('report = { by = "board", result = "resolved" }', case="z"), 2, "entry 3"),
    "no time": (entry("wait = true").replace('time = "+1h"\n', ""), 2, "entry 3"),
    "a time in words": (entry("wait = true", "tomorrow"), 2, "entry 3"),
    "a time beyond all calendars": (entry("wait = true", "+9999999999d"), 2, "entry 3"),
    "an unknown fact": (entry('form = { deprtment = "sales" }', case="b"), 1, "entry 3"),
    "an amount in words": (entry('form = { repair_amount = "12,000元" }', case="b"), 1, "entry 3"),
    "a report in the wrong type": (entry('report = { discount_percent = "half" }'), 1, "entry 3"),
    "a reporter that is a number": (entry("report = { by = 5 }"), 1, "entry 3"),
    "a reporter the policy does not know": (entry('report = { by = "janitor" }'), 1, "janitor"),
    "a finding with an unknown key": (entry('finding = { by = "customer-care", persn = "x" }'), 1, "persn"),
    "a finding by nobody known": (entry('finding = { by = "janitor", cause = "neglect" }'), 1, "janitor"),
    "a labour fee in words": (
        entry('finding = { by = "customer-care", labour_fee = "ten" }'),
        1,
        "labour_fee",
    ),
    "a cause that is a number": (entry('finding = { by = "customer-care", cause = 5 }'), 1, "cause"),
    "confirmed, perhaps": (
        entry('finding = { by = "customer-care", confirmed = "perhaps" }'),
        1,
        "confirmed",
    ),
    "an appeal against no number": (entry('appeal = { role = "board" }'), 1, "penalty"),
    "an appeal against true": (entry('appeal = { role = "board", penalty = true }'), 1, "penalty"),
    "a ruling that decides nothing": (entry('ruling = { by = "board", penalty = 1 }'), 1, "decision"),
    "a confirmation of something else": (
        entry('confirm = { by = "customer-care", penalty = 1, decision = "maybe" }'),
        1,
        "decision",
    ),
    "a finding that is no table": (entry('finding = "neglect"'), 2, "entry 3"),
    "an appeal without a case": (entry("appeal = { penalty = 1 }", case=""), 2, "entry 3"),
    "no entries": ('policy = "dealership"', 2, "[[at]]"),
    "entries that are numbers": ("at = [1, 2]", 2, "[[at]]"),
    "entries that are no list": ("at = 5", 2, "[[at]]"),
    "unknown policy": (CONTRACT.replace('"dealership"', '"nobody"'), 2, "nobody"),
    "unknown zone": (CONTRACT.replace("Asia/Shanghai", "Asia"), 2, "timezone"),
    "no TOML": ("[[at", 2, "scenario.toml"),
}


@pytest.mark.parametrize("fault", BAD_SCENARIOS)
def test_a_scenario_with_a_fault_names_the_entry(tmp_path: Path, fault: str) -> None:
    text, status, named = BAD_SCENARIOS[fault]
    path = tmp_path / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    refused(kesu("play", str(path), "--json"), status, named)


def test_the_entry_is_named_by_its_place_in_the_file_not_in_time(tmp_path: Path) -> None:
    text = entry(OTHER_FORM, "+3h")
    text += '[[at]]\ntime = "+1m"\nwait = true\n'
    path = tmp_path / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    refused(kesu("play", str(path)), 2, "entry 3")


def test_a_scenario_that_is_not_there_is_exit_2(tmp_path: Path) -> None:
    refused(kesu("play", str(tmp_path / "none.toml")), 2, "none.toml")


# ---------------------------------------------------------------- as processes of their own


def test_the_commands_keep_their_promises_as_processes(tmp_path: Path) -> None:
    good = process("decide", "--facts", "-", "--json", given=json.dumps(FACTS))
    assert (good.returncode, json.loads(good.stdout)["grade"]) == (0, "level-2")
    refused(
        process("decide", "--facts", "-", "--json", given='{"repair_amount": "12,000元"}'), 1, "repair_amount"
    )
    refused(process("decide", "--facts", "-", "--policy", "nobody", given="{}"), 2, "nobody")
    refused(process("dceide"), 2, "dceide")
    path = tmp_path / "scenario.toml"
    path.write_text(CONTRACT, encoding="utf-8")
    assert json.loads(process("play", str(path), "--json").stdout)["cases"][0]["status"] == "resolved"


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ('{"department": "sales", "category": "price", "issued_by": "custmer-care"}', "issued_by"),
        ('{"department": "sales", "category": "price", "issued_by": 5}', "issued_by"),
        ('{"department": "sales", "category": "price", "ordered_on": "9999-12-31"}', "ordered_on"),
        ('{"department": "after-sales", "repair_amount": "1_000"}', "repair_amount"),
        ('{"department": "after-sales", "repair_amount": "1e3"}', "repair_amount"),
    ],
)
def test_decide_refuses_what_is_nearly_right(
    facts: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(facts))
    assert main(["decide", "--facts", "-", "--json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_decide_refuses_an_object_that_says_two_things_of_one_fact(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"department": "sales", "department": "after-sales"}'))
    assert main(["decide", "--facts", "-", "--json"]) == 2
    assert "'department' stands there twice" in capsys.readouterr().err
