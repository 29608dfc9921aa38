"""What must hold of any case under any sequence of all commands, corrections and holds included (K06, K07)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from daemon import packs, words
from rules.case import Case, Status, apply, replay
from rules.commands import (
    AmendCase,
    AttachForm,
    Command,
    CompleteTask,
    Correct,
    DeadlineReached,
    Hold,
    Inform,
    Merge,
    OpenCase,
    Reassign,
    RecordCall,
    Rectify,
    Recur,
    Release,
    Reopen,
    Report,
    Review,
    Withdraw,
)
from rules.corrections import next_higher
from rules.deadlines import deadlines, due_now
from rules.decide import decide
from rules.events import Event, Party, Penalised, event_from_json, event_to_json
from rules.fields import FormKind
from rules.locales import Locale
from rules.notices import notices
from rules.penalties import same_party
from rules.policy import Policy
from rules.reviews import facts_asked_for
from tests.rules.test_core_invariants import complaints, issuers, penalty_commands, reports

START = datetime(2026, 11, 23, 1, tzinfo=UTC)
ROLES = [
    "customer-care",
    "customer-care",
    "customer-care-director",
    "service-manager",
    "after-sales-director",
    "retail-manager",
    "sales-director",
    "general-manager",
    "board",
]
CATALOGUE = packs.catalogue()
people = st.builds(Party, roles=st.tuples(st.sampled_from(ROLES)))
notes = st.sampled_from(["因為", "because", ""])
corrections = st.one_of(
    st.builds(Correct, people, complaints, notes),
    st.builds(Correct, people, st.sampled_from([{"repair_amount": None}, {"category": None}]), notes),
    st.builds(
        Reassign,
        people,
        st.sampled_from([("after-sales-director",), ("retail-manager", "board"), (), ("nobody",)]),
        notes,
    ),
    st.builds(Withdraw, people, notes),
    st.builds(Merge, people, st.sampled_from(["C1", "C2"]), notes, st.booleans()),
    st.builds(Reopen, people, notes),
    st.builds(Reopen, people, notes),
    st.builds(
        Hold,
        people,
        st.integers(-3600, 8 * 86400).map(lambda seconds: START + timedelta(seconds=seconds)),
        notes,
    ),
    st.builds(Release, people),
    st.builds(Review, people, st.sampled_from(["approve", "reject"]), note=notes),
)
afterwards = st.one_of(
    st.builds(
        Rectify,
        people,
        st.fixed_dictionaries(
            {"cause": st.just("x")},
            optional={
                "corrective_action": st.just("y"),
                "persons_responsible": st.just("z"),
                "decision_on_persons": st.just("w"),
            },
        ),
    ),
    st.builds(Inform, people, st.none(), notes),
    st.builds(CompleteTask, people, st.sampled_from(["inform-customer", "recheck", "revisit-7", "feedback"])),
    st.builds(RecordCall, people, st.booleans(), complaint=notes),
    st.builds(Recur, complaints, issuers),
)
TICK = "tick"


@dataclass(frozen=True)
class Fitting:
    """What somebody does who may do it, as the case stands at that moment: by chance few commands would be allowed."""

    what: str
    amount: Decimal
    length: timedelta
    decision: Literal["approve", "reject"]

    def command(self, case: Case, policy: Policy, now: datetime) -> Command:
        care, owner = Party(roles=("customer-care",)), Party(roles=case.owners[:1])
        match self.what:
            case "hold":
                return Hold(owner, now + self.length, "等零件")
            case "grant":
                return Hold(Party(roles=(next_higher(case, policy),)), now + self.length, "等零件")
            case "release":
                return Release(owner)
            case "review":
                asked = [asking.role for asking in case.approvals if asking.state == "requested"]
                return Review(Party(roles=tuple(asked[:1])), self.decision, note="可以")
            case "reopen":
                return Reopen(care, "客戶又來電")
            case "resolve":
                return Report(owner, {"result": "resolved", "resolution": "好了"})
            case _:
                return Correct(care, {"repair_amount": self.amount}, "發票")


fitting = st.builds(
    Fitting,
    st.sampled_from(
        ["hold", "grant", "grant", "release", "review", "review", "reopen", "resolve", "correct"]
    ),
    st.sampled_from([Decimal(500), Decimal(1500), Decimal(2500)]),
    st.integers(60, 7 * 86400).map(lambda seconds: timedelta(seconds=seconds)),
    st.sampled_from(["approve", "approve", "reject"]),
)
steps = st.lists(
    st.tuples(
        st.integers(0, 3 * 3600) | st.integers(0, 3 * 86400),
        st.one_of(
            st.just(TICK),
            reports,
            penalty_commands,
            corrections,
            fitting,
            fitting,
            fitting,
            afterwards,
            st.builds(AmendCase, complaints),
            st.just(AttachForm()),
        ),
    ),
    max_size=20,
)


class Life:
    """One case and everything that happened to it, each event with the case as it left it."""

    def __init__(self, policy: Policy, opening: OpenCase) -> None:
        self.policy = policy
        self.case: Case | None = None
        self.story: list[tuple[Event, Case]] = []
        self.do(opening, START)

    def do(self, command: Command, now: datetime) -> list[Event]:
        events = decide(self.case, command, self.policy, now, UTC, self._facts(command))
        for event in events:
            self.case = apply(self.case, event, "C1")
            self.story.append((event, self.case))
        return events

    def _facts(self, command: Command) -> dict[str, object]:
        if self.case is None:
            return {}
        known = facts_asked_for(self.case) if isinstance(command, Review) else self.case.facts
        return dict(words.typed(known, CATALOGUE, FormKind.COMPLAINT))

    def tick(self, now: datetime) -> None:
        for _ in range(60):
            deadline = due_now(self.case, self.policy, now)
            if deadline is None:
                return
            assert self.do(DeadlineReached(deadline.name, START), now), (
                "what is due always comes to something"
            )
        raise AssertionError("the case never comes to rest")


def live(policy: Policy, facts: dict[str, object], issuer: str | None, plan: list) -> Life:
    life, now = Life(policy, OpenCase(facts, issued_by=issuer)), START
    for seconds, action in plan:
        now += timedelta(seconds=seconds)
        if action == TICK:
            lapsed = len(life.case.lapses)
            life.tick(now)
            assert len(life.case.lapses) - lapsed <= 1, "one tick never skips a person"
        elif isinstance(action, Fitting):
            life.do(action.command(life.case, policy, now), now)
        else:
            life.do(action, now)
    return life


@given(complaints, issuers, steps)
@settings(max_examples=300, deadline=None)
def test_any_life_holds_together(policy, facts, issuer, plan) -> None:
    """One run checks everything that is cheap to check: playing a life is what takes the time."""
    life = live(policy, facts, issuer, plan)
    told_once(life)
    something_always_comes(life)
    clocks_move_by_a_clause_only(life)
    no_promise_is_broken_twice(life)
    no_fault_is_penalised_twice(life)
    fines_stay(life)
    everything_can_be_told(life)


def told_once(life: Life) -> None:
    read_back = [event_from_json(event_to_json(event)) for event, _ in life.story]
    assert read_back == [event for event, _ in life.story]
    assert replay("C1", read_back) == life.case
    assert Case.model_validate_json(life.case.model_dump_json()) == life.case


def something_always_comes(life: Life) -> None:
    """An open case waits for its lapse, a reminder, or the end of a hold: for exactly one of a window and a hold."""
    for _, case in life.story[-1:]:
        coming = [deadline.name.partition(":")[0] for deadline in deadlines(case, life.policy)]
        assert bool({"lapse", "reminder", "hold"} & set(coming)) is case.is_open
        assert coming.count("lapse") + coming.count("hold") <= 1
        assert case.due is None or case.held_until is None, "no window runs while the clock stands still"
        if not case.is_open:
            assert (case.due, case.held_until, case.held_seconds) == (None, None, None)


MOVES = {
    "assigned",
    "resumed",
    "held",
    "resolved",
    "closed",
    "withdrawn",
    "merged",
}


def clocks_move_by_a_clause_only(life: Life) -> None:
    due = None
    for event, case in life.story:
        if event.kind in MOVES:
            assert event.clause, "whatever moves a clock names its clause"
        else:
            assert case.due == due, event.kind
        if event.kind == "assigned" and due is not None and event.because == "lapse":
            assert case.due is None or case.due >= due
        if event.kind in ("assigned", "resumed") and case.due is not None:
            window = life.policy.stage(case.stage).window
            assert window is not None
            assert case.due <= event.at + window, "nobody gets more than a whole window"
        due = case.due
    assert [event.at for event, _ in life.story] == sorted(event.at for event, _ in life.story)


def no_promise_is_broken_twice(life: Life) -> None:
    promises = [(event.stage, event.round) for event, _ in life.story if event.kind == "lapsed"]
    assert len(promises) == len(set(promises))
    for event, _ in life.story:
        if event.kind == "lapsed":
            assert event.at >= event.due


def no_fault_is_penalised_twice(life: Life) -> None:
    for one in life.case.penalties:
        for other in life.case.penalties[one.number :]:
            if (one.key, one.occurrence) == (other.key, other.occurrence):
                assert not same_party(one.party, other.party)


def fines_stay(life: Life) -> None:
    """Withdrawing, merging or correcting a case leaves its penalties as they are."""
    before: tuple = ()
    for event, case in life.story:
        if not isinstance(event, Penalised):
            assert case.penalties == before
        before = case.penalties


def everything_can_be_told(life: Life) -> None:
    roles = {role.key for role in life.policy.roles}
    for event, case in life.story:
        for notice in notices(case, event, life.policy):
            assert isinstance(notice.to, str) or set(notice.to) <= roles
        for locale in Locale:
            assert words.step(event, life.policy, locale) or event.kind in ("assigned", "called")


def test_a_held_case_never_lapses_before_its_hold_is_over(policy) -> None:
    life = Life(
        policy, OpenCase({"department": "after-sales", "category": "parts", "repair_amount": Decimal(1)})
    )
    director = Party(roles=("after-sales-director",))
    life.do(Hold(director, START + timedelta(days=7), "等零件"), START)
    life.tick(START + timedelta(days=7) - timedelta(seconds=1))
    assert life.case.lapses == ()
    life.tick(START + timedelta(days=7, hours=5))  # after an outage: it resumes, and has all that was left
    assert life.case.due == START + timedelta(days=7, hours=7)
    assert life.case.status is Status.OPEN
