"""The scenario files beside this one: each plays a clause, and says what must have happened.

Every `[[expect]]` is a part of some entry of the timeline; `[times]` counts the entries of an event, or of an event
under one clause ("task-overdue D26").
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from daemon.play import load_scenario, play

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))


def holds(expected: dict[str, Any], entry: dict[str, Any]) -> bool:
    return all(entry.get(key, "not there") == value for key, value in expected.items())


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_what_a_scenario_expects_happens(path: Path) -> None:
    wanted = tomllib.loads(path.read_text(encoding="utf-8"))
    timeline = play(load_scenario(path))["timeline"]
    for expected in wanted["expect"]:
        assert any(holds(expected, entry) for entry in timeline), expected
    kinds = [
        name for entry in timeline for name in (entry["event"], f"{entry['event']} {entry.get('clause')}")
    ]
    assert {kind: kinds.count(kind) for kind in wanted.get("times", {})} == wanted.get("times", {})


def test_every_clause_on_penalties_and_calls_has_a_scenario() -> None:
    named = {path.stem.partition("-")[0] for path in SCENARIOS}
    assert {"D22", "D23", "D24", "D25", "D26", "D27", "D28", "D29", "D30", "D31", "D35"} <= named
