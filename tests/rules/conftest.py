"""A small stage for clause tests: write what happens, read what the rules made of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daemon import packs
from daemon.decision import decision
from daemon.play import play
from daemon.scenario import Entry, Scenario
from rules.commands import Command, OpenCase, RecordFinding, Report
from rules.events import Party
from rules.facts import facts_from_json
from rules.fields import FormKind
from rules.locales import Locale
from rules.policy import Policy

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)


@dataclass
class Drama:
    """A scenario in the making; times are hours after 09:00."""

    policy: Policy
    entries: list[Entry] = field(default_factory=list)

    def form(
        self, case: str = "a", hours: float = 0, issued_by: str | None = None, **facts: object
    ) -> "Drama":
        typed = facts_from_json(facts, packs.catalogue().form(FormKind.COMPLAINT))
        self.entries.append(Entry(_at(hours), case, (OpenCase(typed, issued_by=issued_by),), typed))
        return self

    def report(
        self, hours: float, by: str, case: str = "a", result: str = "resolved", **facts: object
    ) -> "Drama":
        raw = {"result": result, "resolution": "已向客戶說明", **facts}
        typed = facts_from_json(raw, packs.catalogue().form(FormKind.HANDLING))
        self.entries.append(Entry(_at(hours), case, (Report(Party(roles=(by,)), typed),)))
        return self

    def command(self, hours: float, command: Command, case: str = "a") -> "Drama":
        self.entries.append(Entry(_at(hours), case, (command,)))
        return self

    def finding(self, hours: float, party: Party, cause: str = "neglect", **more: Any) -> "Drama":
        by = Party(roles=("customer-care",))
        return self.command(hours, RecordFinding(**{"by": by, "party": party, "cause": cause, **more}))

    def until(self, hours: float) -> "Outcome":
        self.entries.append(Entry(_at(hours), ""))
        entries = tuple(sorted(self.entries, key=lambda entry: entry.time))
        return Outcome(play(Scenario(self.policy, ZONE, entries)))


class Outcome:
    """What a drama came to."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.timeline: list[dict[str, Any]] = raw["timeline"]
        self.cases: dict[str, dict[str, Any]] = {case["case"]: case for case in raw["cases"]}

    def of(self, event: str, case: str = "a", clause: str = "") -> list[dict[str, Any]]:
        found = [entry for entry in self.timeline if entry["event"] == event and entry["case"] == case]
        return [entry for entry in found if clause in ("", entry.get("clause"))]

    def the(self, event: str, case: str = "a", clause: str = "") -> dict[str, Any]:
        (entry,) = self.of(event, case, clause)
        return entry

    def told(self, template: str, case: str = "a") -> list[str]:
        entries = [entry for entry in self.of("notified", case) if entry["template"] == template]
        return [role for entry in entries for role in entry["roles"]]

    @property
    def grades(self) -> list[str]:
        return [self.the("graded")["grade"], *(entry["to"] for entry in self.of("escalated"))]


def _at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


@pytest.fixture(scope="session")
def policy() -> Policy:
    return packs.read_policy(packs.policy_text("dealership"), "dealership")


@pytest.fixture
def drama(policy: Policy) -> Drama:
    return Drama(policy)


@pytest.fixture
def judge(policy: Policy):
    """Decide on a set of JSON facts at 09:00."""

    def ask(**facts: object) -> dict[str, Any]:
        typed = facts_from_json(facts, packs.catalogue().form(FormKind.COMPLAINT))
        return decision(typed, policy, START, ZONE, Locale.EN)

    return ask
