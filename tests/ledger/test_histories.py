"""The ledger hands out just those histories that a month's figures are counted from."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon import packs
from daemon.ledger import Ledger
from rules.case import Case, apply
from rules.deadlines import deadlines
from rules.events import Event, Graded, Opened, Party, Penalised, PenaltyState, Resolved
from rules.months import Month
from rules.statistics import figures_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
POLICY = packs.read_policy(packs.policy_text("dealership"), "dealership")
MAY, JUNE = datetime(2026, 5, 20, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC)
END = datetime(2026, 7, 10, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path / 'kesu.db'}", site="main", version="test") as opened:
        yield opened


def record(ledger: Ledger, number: str, events: list[Event], case: Case | None = None) -> Case:
    for event in events:
        case = apply(case, event, number)
    assert case is not None
    with ledger.writing() as entry:
        policy_hash = entry.keep_policy("dealership", packs.policy_text("dealership"))
        entry.record(case, events, deadlines(case, POLICY), policy_hash=policy_hash, keys=None)
    return case


def opened(at: datetime) -> list[Event]:
    return [
        Opened(at=at, facts={"department": "sales"}),
        Graded(at=at, grade="level-3", clause="D13", reason="8"),
    ]


def resolved(at: datetime) -> list[Event]:
    return [Resolved(at=at, by=Party(), facts={}, clause="D16")]


def fined(at: datetime, state: PenaltyState) -> list[Event]:
    return [
        Penalised(
            at=at,
            penalty=1,
            key="neglect",
            cause="neglect",
            party=Party(roles=("retail-manager",)),
            amount=Decimal("200.00"),
            state=state,
            clause="D28",
        )
    ]


def numbers(ledger: Ledger, month: Month, as_of: int | None = None) -> list[str]:
    last = ledger.last_seq() if as_of is None else as_of
    return [history.number for history in ledger.histories(month.begins(SHANGHAI), last)]


def test_a_case_that_was_settled_before_the_month_is_left_in_peace(ledger: Ledger) -> None:
    record(ledger, "A", [*opened(MAY), *resolved(MAY + timedelta(hours=1))])
    record(ledger, "B", [*opened(MAY), *resolved(JUNE)])
    record(ledger, "C", opened(MAY))
    record(ledger, "D", opened(JUNE))
    assert numbers(ledger, Month(2026, 6)) == ["B", "C", "D"]
    figures = figures_of(
        ledger.histories(Month(2026, 6).begins(SHANGHAI), ledger.last_seq()), Month(2026, 6), END, SHANGHAI
    )
    assert (figures.flow.open_before, figures.flow.opened, figures.flow.settled) == (2, 1, 1)


def test_an_appeal_that_waits_is_counted_however_old_its_case_is(ledger: Ledger) -> None:
    settled = [*opened(MAY), *resolved(MAY)]
    record(ledger, "A", [*settled, *fined(MAY, PenaltyState.ISSUED), *fined(MAY, PenaltyState.APPEALED)])
    record(ledger, "B", [*settled, *fined(MAY, PenaltyState.ISSUED)])
    record(ledger, "C", [*settled, *fined(MAY, PenaltyState.PROPOSED)])
    assert numbers(ledger, Month(2026, 6)) == ["A", "C"]
    histories = ledger.histories(Month(2026, 6).begins(SHANGHAI), ledger.last_seq())
    figures = figures_of(histories, Month(2026, 6), END, SHANGHAI)
    assert (figures.penalties.appeals_before, figures.penalties.appeals_after) == (1, 1)
    assert figures.penalties.waiting == 1
    assert figures.penalty_lines == ()


def test_what_came_after_the_asked_event_is_not_told(ledger: Ledger) -> None:
    case = record(ledger, "A", opened(JUNE))
    seq = ledger.last_seq()
    record(ledger, "A", resolved(JUNE + timedelta(hours=1)), case)
    (before,) = ledger.histories(Month(2026, 6).begins(SHANGHAI), seq)
    (after,) = ledger.histories(Month(2026, 6).begins(SHANGHAI), ledger.last_seq())
    assert [event.kind for event in before.events] == ["opened", "graded"]
    assert [event.kind for event in after.events] == ["opened", "graded", "resolved"]


def test_the_first_opening_is_that_of_the_oldest_case(ledger: Ledger) -> None:
    assert ledger.first_opening() is None
    record(ledger, "B", opened(JUNE))
    record(ledger, "A", opened(MAY))
    assert ledger.first_opening() == MAY
