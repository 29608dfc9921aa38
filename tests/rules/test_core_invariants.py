"""What must hold of any case under any sequence of reports, corrections and ticks, however late these come."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from rules.case import Case, apply, replay
from rules.commands import AmendCase, AttachForm, Command, DeadlineReached, OpenCase, Report
from rules.deadlines import deadlines, due_now
from rules.decide import decide
from rules.events import Event, Lapsed, Party, event_from_json, event_to_json
from rules.policy import Policy

START = datetime(2026, 11, 23, 1, tzinfo=UTC)
ROLES = [
    "service-manager",
    "after-sales-director",
    "general-manager",
    "retail-manager",
    "sales-director",
    "customer-care",
]

money = st.decimals("0", "5000", places=2)
complaints = st.fixed_dictionaries(
    {},
    optional={
        "department": st.sampled_from(["after-sales", "sales"]),
        "category": st.sampled_from(["attitude", "conflict", "waiting", "vehicle-quality"]),
        "source": st.sampled_from(["phone", "manufacturer-work-order", "follow-up-call"]),
        "repair_amount": money,
        "parts_amount": st.decimals("0", "20000", places=2),
    },
)
results = st.fixed_dictionaries(
    {"result": st.sampled_from(["resolved", "partly", "unresolved"])},
    optional={
        "discount_percent": st.decimals("0", "100", places=0),
        "gift_amount": money,
        "cash_amount": money,
    },
)
reports = st.builds(Report, st.builds(Party, roles=st.tuples(st.sampled_from(ROLES))), results)
TICK = "tick"
actions = st.lists(
    st.tuples(
        st.integers(0, 6 * 3600),  # seconds that pass first
        st.one_of(
            st.just(TICK),
            st.just(TICK),
            reports,
            st.builds(AmendCase, complaints),
            st.just(AttachForm()),
        ),
    ),
    max_size=14,
)


class Life:
    """One case and everything that happened to it."""

    def __init__(self, policy: Policy, opening: OpenCase) -> None:
        self.policy = policy
        self.facts = opening.facts
        self.case: Case | None = None
        self.events: list[Event] = []
        self.do(opening, START)

    def do(self, command: Command, now: datetime) -> list[Event]:
        events = decide(self.case, command, self.policy, now, UTC, self.facts)
        for event in events:
            self.case = apply(self.case, event, "C1")
        self.events.extend(events)
        return events

    def tick(self, now: datetime) -> None:
        """Act on what is due, as the daemon does after an outage of any length."""
        for _ in range(20):
            deadline = due_now(self.case, self.policy, now)
            if deadline is None:
                return
            assert self.do(DeadlineReached(deadline.name), now), "what is due always comes to something"
        raise AssertionError("the case never comes to rest")


def live(policy: Policy, facts: dict[str, object], issuer: str | None, plan: list) -> Life:
    life, now = Life(policy, OpenCase(facts, issued_by=issuer)), START
    for seconds, action in plan:
        now += timedelta(seconds=seconds)
        if action == TICK:
            lapsed = len(life.case.lapses)
            life.tick(now)
            assert len(life.case.lapses) - lapsed <= 1, "one tick never skips a person"
        else:
            life.do(action, now)
    return life


issuers = st.sampled_from([None, "customer-care", "service-manager"])


@given(complaints, issuers, actions)
def test_each_stage_is_reached_and_lapses_at_most_once_and_in_order(policy, facts, issuer, plan) -> None:
    life = live(policy, facts, issuer, plan)
    assert len(set(life.case.stages)) == len(life.case.stages)
    assert len(set(life.case.lapses)) == len(life.case.lapses)
    lapsed = [event for event in life.events if isinstance(event, Lapsed)]
    for event in lapsed:
        following = policy.stage(event.stage).on_lapse.stage
        assert life.case.stages[life.case.stages.index(event.stage) + 1] == following


@given(complaints, issuers, actions)
def test_ranked_grades_never_fall_by_themselves(policy, facts, issuer, plan) -> None:
    life = live(policy, facts, issuer, plan)
    for event in life.events:
        if event.kind == "escalated":
            before, after = policy.grade(event.from_).rank, policy.grade(event.to).rank
            assert before is None or after is None or after >= before


@given(complaints, issuers, actions)
def test_no_lapse_comes_before_its_window_is_over_and_every_window_is_whole(
    policy, facts, issuer, plan
) -> None:
    life = live(policy, facts, issuer, plan)
    opened_at = {event.stage: event.at for event in life.events if event.kind == "assigned"}
    for event in life.events:
        if isinstance(event, Lapsed):
            assert event.at >= event.due == opened_at[event.stage] + policy.stage(event.stage).window


@given(complaints, issuers, actions)
def test_clocks_never_move_back_and_only_a_new_stage_starts_one(policy, facts, issuer, plan) -> None:
    life = live(policy, facts, issuer, plan)
    case, due = None, None
    for event in life.events:
        case = apply(case, event, "C1")
        if event.kind == "assigned":
            assert due is None or case.due is None or case.due >= due
        elif event.kind != "resolved":
            assert case.due == due
        due = case.due
    assert [event.at for event in life.events] == sorted(event.at for event in life.events)


@given(complaints, issuers, actions)
def test_an_open_case_always_has_something_to_come_and_a_settled_one_never(
    policy, facts, issuer, plan
) -> None:
    life = live(policy, facts, issuer, plan)
    assert bool(deadlines(life.case, policy)) is life.case.is_open


@given(complaints, issuers, actions)
def test_nobody_ever_resolves_above_his_authority(policy, facts, issuer, plan) -> None:
    life = live(policy, facts, issuer, plan)
    for event in life.events:
        if event.kind == "resolved":
            promised = {
                key: Decimal(str(event.facts[key]))
                for key in ("discount_percent", "gift_amount", "cash_amount")
                if Decimal(str(event.facts.get(key, 0))) > 0
            }
            assert len(promised) <= 1
            for kind, amount in promised.items():
                limits = [
                    grant.limit
                    for grant in policy.authority
                    if grant.role in event.by.roles and grant.kind == kind
                ]
                assert amount <= max(limits)


@given(complaints, issuers, actions)
def test_events_survive_json_and_rebuild_the_same_case(policy, facts, issuer, plan) -> None:
    life = live(policy, facts, issuer, plan)
    read_back = [event_from_json(event_to_json(event)) for event in life.events]
    assert read_back == life.events
    assert replay("C1", read_back) == life.case
    assert Case.model_validate_json(life.case.model_dump_json()) == life.case
