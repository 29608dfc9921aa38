"""A clerk who keeps a real ledger by the real rules, so that every test records what the daemon would."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from daemon.ledger import Entry, Ledger, OutgoingMail
from rules.case import Case, apply
from rules.commands import Command, DeadlineReached, OpenCase, Report
from rules.deadlines import deadlines
from rules.decide import decide
from rules.events import Event, Party
from rules.policy import Policy, load_policy

ROOT = Path(__file__).resolve().parent.parent.parent
ZONE = ZoneInfo("Asia/Shanghai")
NINE = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)
TWO_HOURS = timedelta(hours=2)
POLICY_TEXT = (ROOT / "rules" / "policies" / "dealership.toml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Clerk:
    """Decides by the dealership's rules and records what follows."""

    policy: Policy = field(default_factory=lambda: load_policy(POLICY_TEXT))
    text: str = POLICY_TEXT

    def open_case(self, entry: Entry, at: datetime = NINE, phone: str = "13800000001") -> str:
        """Open a level-3 case and return its number."""
        number = f"KS-{at:%Y%m%d}-{entry.next_serial(at.date()):03}"
        self.carry_out(entry, number, opening(phone), at)
        return number

    def lapse(self, entry: Entry, number: str, at: datetime) -> list[int]:
        """Let the window of the case's stage end."""
        case = entry.case(number)
        assert case is not None
        return self.carry_out(entry, number, DeadlineReached(f"lapse:{case.stage}"), at)

    def resolve(self, entry: Entry, number: str, at: datetime) -> list[int]:
        """Let the responsible person settle the case."""
        case = entry.case(number)
        assert case is not None
        by = Party(roles=case.owners, email="li@example.com", name="李")
        facts = {"result": "resolved", "resolution": "已更換零件"}
        return self.carry_out(entry, number, Report(by, facts), at)

    def carry_out(self, entry: Entry, number: str, command: Command, at: datetime) -> list[int]:
        """Decide on a command and record its events."""
        case = entry.case(number)
        happened = decide(case, command, self.policy, at, ZONE)
        after = case_after(case, happened, number)
        return entry.record(
            after,
            happened,
            deadlines(after, self.policy),
            policy_hash=entry.keep_policy(self.policy.key, self.text),
            keys={"customer_phone": str(after.facts.get("customer_phone", ""))},
        )


def opening(phone: str = "13800000001") -> OpenCase:
    """A complaint of the lowest grade."""
    facts = {
        "department": "after-sales",
        "category": "repair-quality",
        "repair_amount": Decimal("800.00"),
        "customer_name": "王小明",
        "customer_phone": phone,
        "description": "剎車異響 “第二次”\n未修好",
    }
    return OpenCase(facts, sender=Party(roles=("customer-care",), email="care@example.com"))


def case_after(case: Case | None, happened: list[Event], number: str) -> Case:
    """Apply all that happened."""
    for event in happened:
        case = apply(case, event, number)
    assert case is not None
    return case


def open_ledger(path: Path, **settings: object) -> Ledger:
    """Open a ledger file as site `main` would."""
    return Ledger.open(f"sqlite:///{path}", site="main", version="0.1.0", **settings)  # type: ignore[arg-type]


def outgoing(key: str, **changes: object) -> OutgoingMail:
    """A mail for the outbox."""
    mail = OutgoingMail(
        notice_key=key,
        message_id=f"<{key}@kesu.example>",
        recipient="li@example.com",
        template="assignment",
        locale="zh-Hant",
        body='{"content":{}}',
        created_at=NINE,
        answers=None,
    )
    return replace(mail, **changes)  # type: ignore[arg-type]
