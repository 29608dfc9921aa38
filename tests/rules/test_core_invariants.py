"""What must hold of any case under any sequence of reports, corrections and ticks, however late these come."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon import words
from rules.case import Case, apply, replay
from rules.commands import (
    AmendCase,
    Appeal,
    AttachForm,
    Command,
    ConfirmPenalty,
    DeadlineReached,
    OpenCase,
    RecordFinding,
    Report,
    Rule,
)
from rules.deadlines import deadlines, due_now
from rules.decide import decide
from rules.events import Event, Lapsed, Party, Penalised, PenaltyState, event_from_json, event_to_json
from rules.locales import Locale
from rules.notices import notices
from rules.penalties import same_party
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
        "labour_fee": money,
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
CARE = Party(roles=("customer-care",), email="care@example.com")
PEOPLE = [
    Party(),
    Party(name="王小明"),
    Party(roles=("service-manager",)),
    Party(roles=("service-manager",), email="a@example.com", name="王小明"),
    Party(roles=("service-manager", "after-sales-director"), email="A@Example.com"),
    Party(roles=("retail-manager",), email="b@example.com"),
    Party(roles=("general-manager",), email="gm@example.com"),
    Party(roles=("customer-care-director",)),
    Party(roles=("board",)),
    CARE,
]
parties = st.sampled_from(PEOPLE)
deciding = st.sampled_from([CARE, CARE, CARE, PEOPLE[2], PEOPLE[7]])
ruling = st.sampled_from([PEOPLE[6], PEOPLE[6], PEOPLE[8], PEOPLE[2]])
numbers = st.sampled_from([0, 1, 1, 1, 2, 3])
penalty_commands = st.one_of(
    st.builds(
        RecordFinding,
        by=deciding,
        party=parties,
        cause=st.sampled_from(["neglect", "neglect", "improper", "inaction", "no-fault", "weather"]),
        labour_fee=st.none() | st.decimals("-1", "1000", places=3),
        occurrence=st.sampled_from(["", "2"]),
        confirmed=st.booleans(),
    ),
    st.builds(
        ConfirmPenalty,
        by=deciding,
        penalty=numbers,
        decision=st.sampled_from(["confirm", "confirm", "drop"]),
        amount=st.none() | st.decimals("-1", "500", places=2),
    ),
    st.builds(Appeal, by=parties, penalty=numbers),
    st.builds(Rule, by=ruling, penalty=numbers, decision=st.sampled_from(["uphold", "revoke"])),
)
TICK = "tick"
TICK_TOLD = "tick, and whoever owes a report was told at once"
actions = st.lists(
    st.tuples(
        st.integers(0, 6 * 3600) | st.integers(40 * 3600, 60 * 3600),  # seconds that pass first
        st.one_of(
            st.just(TICK),
            st.just(TICK_TOLD),
            reports,
            penalty_commands,
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

    def tick(self, now: datetime, told_at: datetime | None = None) -> None:
        """Act on what is due, as the daemon does after an outage of any length."""
        for _ in range(20):
            deadline = due_now(self.case, self.policy, now)
            if deadline is None:
                return
            done = self.do(DeadlineReached(deadline.name, told_at), now)
            assert done, "what is due always comes to something"
        raise AssertionError("the case never comes to rest")


def live(policy: Policy, facts: dict[str, object], issuer: str | None, plan: list) -> Life:
    life, now = Life(policy, OpenCase(facts, issued_by=issuer)), START
    for seconds, action in plan:
        now += timedelta(seconds=seconds)
        if action in (TICK, TICK_TOLD):
            lapsed = len(life.case.lapses)
            life.tick(now, START + timedelta(hours=1) if action == TICK_TOLD else None)
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
def test_an_open_case_always_has_something_to_come_and_a_settled_one_only_what_is_owed_beside_it(
    policy, facts, issuer, plan
) -> None:
    life = live(policy, facts, issuer, plan)
    to_come = {deadline.name.partition(":")[0] for deadline in deadlines(life.case, policy)}
    assert bool(to_come & {"lapse", "reminder"}) is life.case.is_open
    owed = any(not task.done for task in life.case.tasks)
    assert owed or not to_come & {"overdue", "penalty"}, "nothing is asked for a duty that was done"


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


# ---------------------------------------------------------------- money that people owe

disputes = st.lists(
    st.tuples(st.integers(0, 60 * 3600), st.just(TICK_TOLD) | penalty_commands), min_size=8, max_size=25
)


def states(life: Life) -> dict[int, list[PenaltyState]]:
    found: dict[int, list[PenaltyState]] = {}
    for event in life.events:
        if isinstance(event, Penalised):
            found.setdefault(event.penalty, []).append(event.state)
    return found


FOLLOWS = {
    PenaltyState.PROPOSED: {PenaltyState.ISSUED, PenaltyState.DROPPED},
    PenaltyState.PENDING: {PenaltyState.ISSUED, PenaltyState.DROPPED},
    PenaltyState.ISSUED: {PenaltyState.APPEALED},
    PenaltyState.APPEALED: {PenaltyState.UPHELD, PenaltyState.REVOKED},
}


@given(complaints, issuers, disputes)
@settings(max_examples=200)
def test_no_fault_is_ever_penalised_twice(policy, facts, issuer, plan) -> None:
    life = live(policy, facts, issuer, plan)
    known = [(p.key, p.occurrence, p.party.email.lower(), p.party.roles) for p in life.case.penalties]
    assert len(known) == len(set(known))
    for one in life.case.penalties:
        for other in life.case.penalties[one.number :]:
            if (one.key, one.occurrence) == (other.key, other.occurrence):
                assert not same_party(one.party, other.party)


@given(complaints, issuers, disputes)
@settings(max_examples=200)
def test_repeating_every_command_changes_no_penalty(policy, facts, issuer, plan) -> None:
    once = live(policy, facts, issuer, plan)
    twice = live(policy, facts, issuer, [step for one in plan for step in (one, (0, one[1]))])
    assert twice.case.penalties == once.case.penalties


@given(complaints, issuers, disputes)
@settings(max_examples=200)
def test_a_penalty_is_issued_at_most_once_and_moves_only_forward(policy, facts, issuer, plan) -> None:
    life = live(policy, facts, issuer, plan)
    assert list(states(life)) == list(range(1, len(life.case.penalties) + 1)), (
        "numbered from 1, without a gap"
    )
    for moved in states(life).values():
        assert moved[0] in {PenaltyState.PROPOSED, PenaltyState.PENDING, PenaltyState.ISSUED}
        assert moved.count(PenaltyState.ISSUED) <= 1
        assert all(after in FOLLOWS[before] for before, after in pairwise(moved))


@given(complaints, issuers, disputes)
@settings(max_examples=200)
def test_every_issued_penalty_has_an_amount_in_cents_that_never_changes(policy, facts, issuer, plan) -> None:
    life = live(policy, facts, issuer, plan)
    amounts: dict[int, Decimal] = {}
    for event in life.events:
        if isinstance(event, Penalised):
            if event.state is PenaltyState.PENDING:
                assert event.amount is None
                assert event.reason
            elif event.amount is not None:
                assert event.amount > 0
                assert event.amount == event.amount.quantize(Decimal("0.01"))
                assert amounts.setdefault(event.penalty, event.amount) == event.amount
            else:
                assert event.state is PenaltyState.DROPPED


@given(complaints, issuers, disputes)
@settings(max_examples=200)
def test_whatever_happens_can_be_told(policy, facts, issuer, plan) -> None:
    """Every notice names roles of the policy or a person, and the history has words for it in each language."""
    life, case = live(policy, facts, issuer, plan), None
    roles = {role.key for role in policy.roles}
    for event in life.events:
        case = apply(case, event, "C1")
        for notice in notices(case, event, policy):
            assert isinstance(notice.to, str) or set(notice.to) <= roles
        for locale in Locale:
            assert words.step(event, policy, locale) or event.kind == "assigned"
