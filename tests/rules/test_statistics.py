"""The figures of a month add up, and are what anybody would count in the raw events of the ledger."""

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.commands import OpenCase, Report
from rules.courses import History
from rules.events import Party, event_to_json
from rules.months import Month
from rules.statistics import Figures, figures_of, percentile
from tests.rules.test_core_invariants import Life, actions, complaints, issuers, live

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)
LATER = datetime(2027, 3, 1, tzinfo=UTC)
stories = st.lists(st.tuples(complaints, issuers, actions), min_size=1, max_size=4)


def histories(policy, plans) -> list[History]:
    lives = (live(policy, *plan) for plan in plans)
    return [History(f"KS-20261123-{n:03}", tuple(life.events)) for n, life in enumerate(lives, 1)]


def raw(stories: list[History], month: Month) -> list[tuple[str, dict]]:
    """Every event of a month as the ledger's plain JSON."""
    told = [(each.number, event_to_json(event)) for each in stories for event in each.events]
    return [(number, event) for number, event in told if in_month(event, month)]


def in_month(event: dict, month: Month) -> bool:
    return datetime.fromisoformat(event["at"]).astimezone(SHANGHAI).strftime("%Y-%m") == str(month)


def issued(stories: list[History], month: Month) -> list[tuple[str, Decimal]]:
    """(case, amount) of every penalty whose first `issued` event lies in the month."""
    found = []
    for each in stories:
        seen = set()
        for event in map(event_to_json, each.events):
            if event["kind"] != "penalty" or event["state"] != "issued" or event["penalty"] in seen:
                continue
            seen.add(event["penalty"])
            if in_month(event, month):
                found.append((each.number, Decimal(event["amount"])))
    return found


@given(stories)
def test_what_is_counted_is_what_stands_in_the_raw_events(policy, plans) -> None:
    told = histories(policy, plans)
    for month in (NOVEMBER, DECEMBER):
        figures = figures_of(told, month, LATER, SHANGHAI)
        kinds = Counter(event["kind"] for _, event in raw(told, month))
        assert (figures.flow.opened, figures.flow.settled) == (kinds["opened"], kinds["resolved"])
        assert sum(stage.lapses for stage in figures.stages) == kinds["lapsed"]
        assert sum(role.overdue for role in figures.roles) == kinds["task-overdue"]
        responsible = sum(len(e["roles"]) for _, e in raw(told, month) if e["kind"] == "lapsed")
        assert sum(role.lapses for role in figures.roles) == responsible
        states = Counter(e["state"] for _, e in raw(told, month) if e["kind"] == "penalty")
        flow = figures.penalties
        assert (flow.appealed, flow.upheld, flow.revoked.count) == (
            states["appealed"],
            states["upheld"],
            states["revoked"],
        )
        due = issued(told, month)
        assert (flow.issued.count, flow.issued.amount) == (len(due), sum((a for _, a in due), Decimal(0)))


@given(stories)
def test_the_totals_of_every_table_are_equal(policy, plans) -> None:
    told = histories(policy, plans)
    for month in (NOVEMBER, DECEMBER):
        adds_up(figures_of(told, month, LATER, SHANGHAI))


def adds_up(figures: Figures) -> None:
    flow, penalties = figures.flow, figures.penalties
    assert flow.open_before + flow.opened + flow.reopened - flow.settled == flow.open_after
    for shares in figures.shares.values():
        assert sum(share.opened for share in shares) == flow.opened
        assert all(share.settled + share.open == share.opened for share in shares)
    assert len({tuple(map(sum, zip(*_cells(s), strict=True))) for s in figures.shares.values()}) == 1
    assert sum(figures.crossed.values()) == flow.opened
    assert sum(day.opened for day in figures.days) == flow.opened
    assert sum(day.settled for day in figures.days) == flow.settled
    assert sum(case.opened_now for case in figures.cases) == flow.opened
    *by_grade, everything = figures.times
    assert sum(times.resolved for times in by_grade) == everything.resolved <= flow.settled
    states = penalties.states.values()
    assert sum(each.count for each in states) == penalties.issued.count
    assert sum((each.amount for each in states), Decimal(0)) == penalties.issued.amount
    ruled = penalties.upheld + penalties.revoked.count
    assert penalties.appeals_before + penalties.appealed - ruled == penalties.appeals_after
    assert sum(each.issued.count for each in figures.penalised) == penalties.issued.count
    assert sum((each.issued.amount for each in figures.penalised), Decimal(0)) == penalties.issued.amount
    assert sum(line.issued_now for line in figures.penalty_lines) == penalties.issued.count


def _cells(shares) -> list[tuple[int, ...]]:
    return [(s.opened, s.settled, s.open, s.lapsed) for s in shares] or [(0, 0, 0, 0)]


@given(stories)
def test_a_month_ends_as_the_next_one_begins(policy, plans) -> None:
    told = histories(policy, plans)
    first, second = (figures_of(told, month, LATER, SHANGHAI) for month in (NOVEMBER, DECEMBER))
    assert first.flow.open_after == second.flow.open_before
    assert first.penalties.appeals_after == second.penalties.appeals_before


@given(stories)
def test_what_happens_later_never_changes_a_month_that_is_over(policy, plans) -> None:
    told = histories(policy, plans)
    end = NOVEMBER.ends(SHANGHAI)
    known = [History(each.number, tuple(event for event in each.events if event.at < end)) for each in told]
    assert figures_of(told, NOVEMBER, LATER, SHANGHAI) == figures_of(known, NOVEMBER, end, SHANGHAI)


def settled_after(policy, hours: list[float]) -> list[History]:
    """Cases of one grade, each resolved by its owner so many hours after it was opened."""
    found = []
    for number, length in enumerate(hours):
        life = Life(policy, OpenCase(FACTS))
        at = datetime(2026, 11, 23, 1, tzinfo=UTC) + timedelta(hours=length)
        life.do(Report(Party(roles=("service-manager",)), {"result": "resolved"}), at)
        found.append(History(f"C{number}", tuple(life.events)))
    return found


FACTS = {
    "department": "after-sales",
    "category": "repair-quality",
    "source": "phone",
    "repair_amount": Decimal(800),
}


def test_half_of_all_cases_took_no_longer_than_the_median_and_nine_of_ten_no_longer_than_p90(policy) -> None:
    told = settled_after(policy, [0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 1.9])
    everything = figures_of(told, NOVEMBER, LATER, SHANGHAI).times[-1]
    assert everything.median == timedelta(hours=1.1)
    assert everything.p90 == timedelta(hours=1.8)


@pytest.mark.parametrize(("count", "place"), [(1, 1), (2, 2), (9, 9), (10, 9), (11, 10), (100, 90)])
def test_p90_is_a_time_that_was_really_taken(count: int, place: int) -> None:
    spans = [timedelta(hours=hour) for hour in range(count, 0, -1)]
    assert percentile(spans, 90) == timedelta(hours=place)


def test_the_month_is_that_of_the_sites_calendar(policy) -> None:
    """A case at 00:30 on 1 December in Shanghai belongs to December, though it is November in Greenwich."""
    life = Life(policy, OpenCase(FACTS))
    moved = tuple(
        event.model_copy(update={"at": datetime(2026, 11, 30, 16, 30, tzinfo=UTC)}) for event in life.events
    )
    told = [History("C1", moved)]
    assert figures_of(told, NOVEMBER, LATER, SHANGHAI).flow.opened == 0
    assert figures_of(told, DECEMBER, LATER, SHANGHAI).flow.opened == 1


def test_a_case_whose_opening_was_erased_is_said_to_be_left_out(policy) -> None:
    (whole,) = settled_after(policy, [1.0])
    erased = History("C9", whole.events[1:])
    figures = figures_of([whole, erased], NOVEMBER, LATER, SHANGHAI)
    assert (figures.flow.opened, figures.unknown) == (1, 1)


def test_a_month_that_still_runs_is_counted_up_to_now(policy) -> None:
    told = settled_after(policy, [1.0])
    figures = figures_of(told, NOVEMBER, datetime(2026, 11, 23, 1, 30, tzinfo=UTC), SHANGHAI)
    assert (figures.flow.opened, figures.flow.settled, figures.flow.open_after) == (1, 0, 1)


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "0001-01", "202611", "2026-1", "November", ""])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="month"):
        Month.parse(text)


def test_months_follow_one_another_over_the_year() -> None:
    months = list(itertools.accumulate(range(3), lambda month, _: month.after, initial=NOVEMBER))
    assert [str(month) for month in months] == ["2026-11", "2026-12", "2027-01", "2027-02"]
    assert months[2].before == months[1]
