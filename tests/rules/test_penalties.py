"""Lateness, findings, penalties, appeals and rulings: the dealership's D26–D31, beyond the scenario files."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from rules.case import Case, apply
from rules.commands import (
    Appeal,
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
from rules.events import Event, Party, PenaltyState
from rules.notices import PENALISED, notices
from rules.policy import Policy

START = datetime(2026, 11, 23, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CARE = Party(roles=("customer-care",), email="care@example.com")
WANG = Party(roles=("service-manager",), email="wang@example.com", name="王小明")
LI = Party(roles=("service-manager",), email="li@example.com", name="李四")
DIRECTOR = Party(roles=("after-sales-director",), email="zhao@example.com", name="趙六")
GENERAL_MANAGER = Party(roles=("general-manager",), email="gm@example.com", name="陳總")
BOARD = Party(roles=("board",), email="board@example.com")
AFTER_SALES: dict[str, Any] = {"department": "after-sales", "repair_amount": Decimal(800)}


class File:
    """One case, taken command by command."""

    def __init__(self, policy: Policy, issued_by: str | None = None, **facts: Any) -> None:
        self.policy = policy
        self.facts = {**AFTER_SALES, **facts}
        self.case: Case | None = None
        self.told: list[tuple[str, object, str]] = []  # template, to, reader
        self.do(OpenCase(self.facts, issued_by=issued_by), START)

    def do(self, command: Command, now: datetime = START + HOUR) -> list[Event]:
        events = decide(self.case, command, self.policy, now, UTC, self.facts)
        self.told = []
        for event in events:
            self.case = apply(self.case, event, "C1")
            self.told += [(n.template, n.to, n.reader) for n in notices(self.case, event, self.policy)]
        return events

    def finding(self, party: Party = WANG, cause: str = "neglect", **more: Any) -> list[Event]:
        return self.do(
            RecordFinding(**{"by": CARE, "party": party, "cause": cause, "confirmed": True, **more})
        )

    def refusal(self, command: Command) -> str:
        before = self.case
        (event,) = self.do(command)
        assert event.kind == "refused"
        assert self.case.penalties == before.penalties
        return event.reason

    @property
    def states(self) -> list[str]:
        return [penalty.state.value for penalty in self.case.penalties]

    def pass_time(self, until: datetime, told_at: datetime | None) -> list[Event]:
        """Act on the duties' deadlines up to a time, each when it is due."""
        done: list[Event] = []
        while ahead := [
            each for each in deadlines(self.case, self.policy) if each.name.startswith(("overdue", "penalty"))
        ]:
            deadline = min(ahead, key=lambda each: each.due)
            if deadline.due > until:
                break
            known = told_at if told_at is not None and told_at <= deadline.due else None
            events = self.do(DeadlineReached(deadline.name, known, DIRECTOR), deadline.due)
            assert events, "what is due always comes to something"
            done += events
        return done


@pytest.fixture
def file(policy: Policy) -> File:
    return File(policy)


@pytest.fixture
def issued(policy: Policy) -> File:
    """A form that customer care issued: the after-sales director owes a report by the 25th, 01:00 UTC."""
    return File(policy, issued_by="customer-care")


# ---------------------------------------------------------------- D26: reports that are overdue


def test_D26_the_time_that_costs_money_runs_from_the_moment_he_was_told(issued: File) -> None:
    told = START + 5 * HOUR
    events = issued.pass_time(START + 60 * HOUR, told)
    assert [event.kind for event in events] == ["task-overdue", "penalty"]
    late, penalty = events
    assert (late.at, late.unfined, late.fine_at) == (START + 48 * HOUR, "told-late", told + 48 * HOUR)
    assert (penalty.at, penalty.amount, penalty.state) == (told + 48 * HOUR, Decimal("50.00"), "issued")
    assert (penalty.party.email, penalty.role) == (DIRECTOR.email, "after-sales-director")


def test_D26_nobody_is_fined_for_a_notice_he_never_got(issued: File) -> None:
    events = issued.pass_time(START + 1000 * HOUR, None)
    assert [event.kind for event in events] == ["task-overdue", "penalty-withheld"]
    assert [event.reason for event in events[1:]] == ["not-told"]
    assert events[1].until is None
    assert issued.case.penalties == ()


def test_D26_a_notice_accepted_after_the_two_days_gives_him_two_days_of_his_own(issued: File) -> None:
    told = START + 50 * HOUR
    events = issued.pass_time(START + 1000 * HOUR, told)
    assert [event.kind for event in events] == ["task-overdue", "penalty-withheld", "penalty"]
    assert events[0].unfined == "not-told"
    assert (events[1].reason, events[1].until) == ("told-late", told + 48 * HOUR)
    assert events[2].at == told + 48 * HOUR


def test_D26_who_reports_within_two_days_of_being_told_is_not_fined(issued: File) -> None:
    told = START + 5 * HOUR
    issued.pass_time(START + 50 * HOUR, told)
    report = Report(DIRECTOR, {"result": "unresolved"})
    assert "task-done" in [event.kind for event in issued.do(report, START + 51 * HOUR)]
    assert issued.pass_time(START + 1000 * HOUR, told) == []


def test_D26_a_report_after_the_penalty_is_recorded_and_the_penalty_stays(issued: File) -> None:
    issued.pass_time(START + 48 * HOUR, START)
    issued.do(Report(DIRECTOR, {"result": "unresolved"}), START + 49 * HOUR)
    assert issued.case.tasks[0].done
    assert issued.states == ["issued"]


def test_D26_the_lateness_is_told_to_the_director_and_customer_care(issued: File) -> None:
    issued.do(DeadlineReached("overdue:feedback-after-sales", START, DIRECTOR), START + 48 * HOUR)
    assert ("overdue", ("after-sales-director",), "owner") in issued.told
    assert ("overdue", ("customer-care",), "informed") in issued.told
    assert ("penalty", PENALISED, "owner") in issued.told
    assert ("penalty", ("customer-care",), "informed") in issued.told


def test_D26_a_deadline_that_comes_early_again_or_for_nothing_does_nothing(issued: File) -> None:
    name = "overdue:feedback-after-sales"
    assert issued.do(DeadlineReached(name, START), START + 47 * HOUR) == []
    assert issued.do(DeadlineReached("penalty:feedback-after-sales", START), START + 49 * HOUR) == []
    assert issued.do(DeadlineReached(name, START), START + 48 * HOUR)
    assert issued.do(DeadlineReached(name, START), START + 48 * HOUR) == []
    assert issued.do(DeadlineReached("overdue:nothing", START), START + 48 * HOUR) == []


def test_D26_it_does_not_touch_the_two_hour_windows(issued: File) -> None:
    assert due_now(issued.case, issued.policy, START + 48 * HOUR).name == "lapse:after-sales-level-3"


# ---------------------------------------------------------------- D27, D28: findings


def test_D27_a_finding_waits_for_customer_cares_confirmation_unless_it_came_confirmed(file: File) -> None:
    file.finding(confirmed=False)
    assert file.states == ["proposed"]
    assert file.told == [("penalty", ("customer-care", "customer-care-director"), "owner")]
    file.do(ConfirmPenalty(CARE, 1, "confirm"))
    assert file.states == ["issued"]
    assert file.told == [("penalty", PENALISED, "owner"), ("penalty", ("customer-care",), "informed")]


def test_D27_a_proposal_can_be_dropped_and_then_costs_nothing_ever(file: File) -> None:
    file.finding(confirmed=False)
    file.do(ConfirmPenalty(CARE, 1, "drop"))
    assert file.states == ["dropped"]
    assert file.refusal(ConfirmPenalty(CARE, 1, "confirm")) == "already-issued"
    assert file.refusal(RecordFinding(CARE, WANG, "neglect")) == "already-recorded"


@pytest.mark.parametrize(
    ("by", "amount", "reason"),
    [
        (WANG, None, "not-entitled"),
        (CARE, Decimal(100), "amount-fixed"),
    ],
)
def test_D27_what_a_penalty_costs_is_not_for_anybody_to_change(file: File, by, amount, reason) -> None:
    file.finding(confirmed=False)
    assert file.refusal(ConfirmPenalty(by, 1, "confirm", amount)) == reason


def test_D27_nobody_decides_on_a_penalty_of_his_own(file: File) -> None:
    file.finding(party=CARE, confirmed=False)
    assert file.refusal(ConfirmPenalty(CARE, 1, "drop")) == "not-entitled"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"by": WANG}, "not-entitled"),
        ({"party": Party()}, "unknown-person"),
        ({"party": Party(roles=("janitor",))}, "unknown-person"),
        ({"known": False}, "unknown-person"),
        ({"cause": "weather"}, "unknown-cause"),
        ({"cause": "improper", "labour_fee": Decimal(-1)}, "amount-invalid"),
        ({"cause": "improper", "labour_fee": Decimal("0.001")}, "amount-invalid"),
        ({"cause": "improper", "labour_fee": Decimal("NaN")}, "amount-invalid"),
        ({"cause": "improper", "labour_fee": Decimal("1e30")}, "amount-invalid"),
    ],
)
def test_D27_a_finding_that_cannot_stand_is_refused_and_shown_to_customer_care(
    file: File, change, reason
) -> None:
    command = RecordFinding(**{"by": CARE, "party": WANG, "cause": "neglect", **change})
    assert file.refusal(command) == reason
    assert file.told == [
        ("authority-exceeded", "reporter", "reporter"),
        ("authority-exceeded", ("customer-care",), "informed"),
    ]


def test_D28_two_people_may_be_at_fault_and_each_pays_once(file: File) -> None:
    file.finding(WANG)
    file.finding(LI)
    assert file.refusal(RecordFinding(CARE, WANG, "neglect")) == "already-recorded"
    assert [(p.person, p.amount) for p in file.case.penalties] == [
        ("王小明", Decimal("200.00")),
        ("李四", Decimal("200.00")),
    ]


def test_D28_one_fault_found_of_the_office_and_then_of_its_holder_is_one(file: File) -> None:
    file.finding(Party(roles=("service-manager",)))
    assert file.refusal(RecordFinding(CARE, WANG, "neglect")) == "already-recorded"


def test_D28_D29_fault_and_mishandling_are_two_things(policy: Policy) -> None:
    file = File(policy, labour_fee=Decimal(300))
    file.finding(WANG, "neglect")
    file.finding(WANG, "improper")
    assert [p.clause for p in file.case.penalties] == ["D28", "D29"]
    assert file.refusal(RecordFinding(CARE, WANG, "inaction")) == "already-recorded"


# ---------------------------------------------------------------- D29: the amount


@pytest.mark.parametrize(
    ("role", "fee", "amount"),
    [
        ("service-manager", "333.35", "100.01"),  # 100.005, half up
        ("workshop-director", "0.01", None),  # 0.003 comes to nothing
        ("after-sales-director", "99.99", "50.00"),  # 49.995
        ("general-manager", "1234.56", "1234.56"),
    ],
)
def test_D29_after_sales_pays_his_percentage_of_the_labour_fee(policy: Policy, role, fee, amount) -> None:
    file = File(policy, labour_fee=Decimal(fee))
    file.finding(Party(roles=(role,)), "improper")
    (penalty,) = file.case.penalties
    assert penalty.amount == (None if amount is None else Decimal(amount))
    assert penalty.reason == (None if amount else "amount-zero")


def test_D29_the_labour_fee_may_come_with_the_finding_but_the_forms_own_counts(policy: Policy) -> None:
    without = File(policy)
    without.finding(WANG, "improper", labour_fee=Decimal(100))
    assert without.case.penalties[0].amount == Decimal("30.00")
    given = File(policy, labour_fee=Decimal(200))
    given.finding(WANG, "improper", labour_fee=Decimal(100))
    assert given.case.penalties[0].amount == Decimal("60.00")


def sales(policy: Policy) -> File:
    return File(policy, department="sales", category="conflict")


@pytest.mark.parametrize(("role", "limit"), [("retail-manager", 300), ("sales-director", 1000)])
def test_D29_sales_pays_the_limit_of_his_authority(policy: Policy, role, limit) -> None:
    file = sales(policy)
    file.finding(Party(roles=(role,)), "inaction")
    assert file.case.penalties[0].amount == limit


def test_D29_the_kind_promised_last_is_the_one_at_issue_even_where_it_was_refused(policy: Policy) -> None:
    file = sales(policy)
    file.do(Report(GENERAL_MANAGER, {"result": "partly", "gift_amount": Decimal(100)}))
    file.do(Report(GENERAL_MANAGER, {"result": "resolved", "cash_amount": Decimal(5000)}))
    assert file.case.is_open, "5000 in cash is above his authority"
    file.finding(GENERAL_MANAGER, "improper")
    assert file.case.penalties[0].amount == Decimal("1000.00")


def test_D29_a_kind_that_he_may_not_grant_at_all_leaves_his_highest(policy: Policy) -> None:
    file = sales(policy)
    file.do(Report(GENERAL_MANAGER, {"result": "partly", "cash_amount": Decimal(100)}))
    file.finding(Party(roles=("retail-manager",)), "improper")
    assert file.case.penalties[0].amount == Decimal("300.00")


@pytest.mark.parametrize(
    ("roles", "reason"),
    [
        (("service-manager",), "labour-fee-unknown"),
        (("showroom-manager",), "no-authority"),
        (("retail-manager",), "no-authority"),  # of the other department
        ((), "no-authority"),
    ],
)
def test_D29_what_the_policy_cannot_tell_is_pending_with_its_reason(file: File, roles, reason) -> None:
    file.finding(Party(roles=roles, name="王小明"), "improper")
    (penalty,) = file.case.penalties
    assert (penalty.state, penalty.amount, penalty.reason) == ("pending", None, reason)


def test_D29_two_offices_of_different_authority_leave_the_amount_to_customer_care(policy: Policy) -> None:
    file = File(policy, labour_fee=Decimal(100))
    file.finding(Party(roles=("service-manager", "workshop-director"), name="王小明"), "improper")
    file.finding(Party(roles=("service-manager", "after-sales-director"), name="趙六"), "improper")
    assert [(p.amount, p.reason) for p in file.case.penalties] == [
        (Decimal("30.00"), None),
        (None, "role-unclear"),
    ]


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (None, "amount-missing"),
        (Decimal(0), "amount-invalid"),
        (Decimal(-5), "amount-invalid"),
        (Decimal("0.005"), "amount-invalid"),
        (Decimal("Infinity"), "amount-invalid"),
    ],
)
def test_D29_customer_care_sets_a_pending_amount_and_only_a_real_one(file: File, amount, reason) -> None:
    file.finding(WANG, "improper")
    assert file.refusal(ConfirmPenalty(CARE, 1, "confirm", amount)) == reason
    file.do(ConfirmPenalty(CARE, 1, "confirm", Decimal("88.80")))
    (penalty,) = file.case.penalties
    assert (penalty.state, penalty.amount, penalty.reason) == (PenaltyState.ISSUED, Decimal("88.80"), None)


# ---------------------------------------------------------------- D31: appeals and rulings


def test_D31_an_appeal_suspends_and_goes_to_the_general_manager(file: File) -> None:
    file.finding()
    file.do(Appeal(WANG, 1, "當日休假"))
    assert file.states == ["appealed"]
    assert file.told == [
        ("appeal", ("general-manager",), "owner"),
        ("appeal", PENALISED, "informed"),
        ("appeal", ("customer-care",), "informed"),
    ]


@pytest.mark.parametrize(("decision", "state"), [("uphold", "upheld"), ("revoke", "revoked")])
def test_D31_the_ruling_is_told_to_everybody_concerned(file: File, decision, state) -> None:
    file.finding()
    file.do(Appeal(WANG, 1))
    file.do(Rule(GENERAL_MANAGER, 1, decision, "查明"))
    assert file.states == [state]
    assert file.told == [
        ("ruling", PENALISED, "owner"),
        ("ruling", ("general-manager",), "informed"),
        ("ruling", ("customer-care",), "informed"),
    ]


@pytest.mark.parametrize("by", [LI, DIRECTOR, CARE, GENERAL_MANAGER, Party()])
def test_D31_nobody_else_may_appeal(file: File, by: Party) -> None:
    file.finding()
    assert file.refusal(Appeal(by, 1)) == "not-entitled"


def test_D31_an_office_that_was_penalised_is_appealed_for_by_whoever_holds_it(file: File) -> None:
    file.finding(Party(roles=("service-manager",)))
    file.do(Appeal(WANG, 1))
    assert file.states == ["appealed"]


def test_D31_an_appeal_comes_once_and_in_its_time(file: File) -> None:
    assert file.refusal(Appeal(WANG, 1)) == "unknown-penalty"
    file.finding(confirmed=False)
    assert file.refusal(Appeal(WANG, 1)) == "not-issued"
    file.do(ConfirmPenalty(CARE, 1, "confirm"))
    file.do(Appeal(WANG, 1))
    assert file.refusal(Appeal(WANG, 1)) == "already-appealed"
    file.do(Rule(GENERAL_MANAGER, 1, "revoke"))
    assert file.refusal(Appeal(WANG, 1)) == "already-ruled"


@pytest.mark.parametrize("by", [CARE, DIRECTOR, BOARD, WANG])
def test_D31_a_ruling_by_somebody_not_entitled_is_refused(file: File, by: Party) -> None:
    file.finding()
    file.do(Appeal(WANG, 1))
    assert file.refusal(Rule(by, 1, "revoke")) == "not-entitled"


def test_D31_a_ruling_needs_an_appeal_and_stands_for_good(file: File) -> None:
    assert file.refusal(Rule(GENERAL_MANAGER, 7, "revoke")) == "unknown-penalty"
    file.finding()
    assert file.refusal(Rule(GENERAL_MANAGER, 1, "revoke")) == "not-appealed"
    file.do(Appeal(WANG, 1))
    file.do(Rule(GENERAL_MANAGER, 1, "uphold"))
    assert file.refusal(Rule(GENERAL_MANAGER, 1, "revoke")) == "already-ruled"


def test_D31_a_general_manager_who_also_holds_another_office_is_ruled_on_by_the_board(file: File) -> None:
    both = GENERAL_MANAGER.model_copy(update={"roles": ("after-sales-director", "general-manager")})
    file.finding(both)
    file.do(Appeal(both, 1))
    assert file.refusal(Rule(both, 1, "revoke")) == "not-entitled"
    file.do(Rule(BOARD, 1, "revoke"))
    assert file.states == ["revoked"]


def test_findings_appeals_and_rulings_outlive_the_case(file: File) -> None:
    file.do(Report(WANG, {"result": "resolved"}))
    assert not file.case.is_open
    file.finding()
    file.do(Appeal(WANG, 1))
    file.do(Rule(GENERAL_MANAGER, 1, "revoke"))
    assert file.states == ["revoked"]
    assert not file.case.is_open
    assert not [deadline for deadline in deadlines(file.case, file.policy) if "penalty" in deadline.name]


def test_a_pack_without_findings_or_appeals_refuses_both(policy: Policy) -> None:
    bare = policy.model_copy(update={"findings": None, "appeals": None})
    file = File(bare)
    assert file.refusal(RecordFinding(CARE, WANG, "neglect")) == "not-entitled"
    late = File(bare, issued_by="customer-care")
    late.pass_time(START + 48 * HOUR, START)
    assert late.refusal(Appeal(DIRECTOR, 1)) == "not-entitled"
    assert late.refusal(Rule(GENERAL_MANAGER, 1, "revoke")) == "not-entitled"


def test_a_pack_may_tell_of_lateness_without_a_penalty(policy: Policy) -> None:
    duties = tuple(
        duty.model_copy(update={"overdue": duty.overdue.model_copy(update={"penalty": None})})
        for duty in policy.duties
    )
    file = File(policy.model_copy(update={"duties": duties}), issued_by="customer-care")
    assert [event.kind for event in file.pass_time(START + 500 * HOUR, START)] == ["task-overdue"]
