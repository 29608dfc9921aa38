"""When two forms are one complaint, and when they only look like it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from rules.case import Case, Status
from rules.facts import Facts
from rules.policy import Policy
from rules.sameness import corrects, identity, same_complaint

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
FORM: dict[str, object] = {
    "department": "after-sales",
    "customer_name": "徐太太",
    "customer_phone": "0966-777-888",
    "plate_no": "XYZ-5678",
    "category": "waiting",
    "reported_at": NOW,
    "description": "保養等了四個小時",
    "repair_amount": Decimal("800.00"),
}


def case(status: Status = Status.OPEN) -> Case:
    return Case(number="C1", status=status, opened_at=NOW, last_at=NOW, facts={})


def changed(**facts: object) -> Facts:
    return {key: value for key, value in {**FORM, **facts}.items() if value is not None}  # type: ignore[return-value]


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"customer_phone": "+86 0966 777 888"},
        {"plate_no": "xyz5678", "customer_phone": "0900000001"},
        {"plate_no": None},
        {"repair_amount": Decimal(800)},
        {"description": "保養等太久"},
    ],
)
def test_the_same_complaint_sent_again_is_known(policy: Policy, again: dict[str, object]) -> None:
    assert same_complaint(changed(**again), case(), changed(), policy)


@pytest.mark.parametrize(
    "other",
    [
        {"plate_no": "AAA-0001"},  # another car of the same fleet
        {"customer_name": "許小姐"},
        {"department": "sales"},
        {"repair_amount": Decimal(5000)},
        {"category": "attitude"},
        {"reported_at": datetime(2026, 11, 23, 2, tzinfo=UTC)},
        {"customer_phone": "0911", "plate_no": None},
    ],
)
def test_what_differs_in_one_thing_that_matters_is_another_complaint(
    policy: Policy, other: dict[str, object]
) -> None:
    assert not same_complaint(changed(**other), case(), changed(), policy)


def test_a_placeholder_tells_no_person(policy: Policy) -> None:
    assert identity({"customer_phone": "00000000", "plate_no": "-"}, policy) == {}


def test_without_a_time_only_the_same_words_are_the_same_complaint(policy: Policy) -> None:
    assert same_complaint(changed(reported_at=None), case(), changed(reported_at=None), policy)
    other = changed(reported_at=None, description="另一件事")
    assert not same_complaint(other, case(), changed(reported_at=None), policy)


def test_a_settled_case_takes_nothing_in(policy: Policy) -> None:
    assert not same_complaint(changed(), case(Status.RESOLVED), changed(), policy)


def test_a_mended_form_takes_the_place_of_its_draft_and_no_other(policy: Policy) -> None:
    draft, known = case(Status.INCOMPLETE), changed(repair_amount=None)
    assert corrects(changed(repair_amount=Decimal(1050)), draft, known, policy)
    assert corrects(changed(category="parts"), draft, known, policy), "the same words, another tick"
    assert not corrects(changed(category="attitude", description="態度不佳"), draft, known, policy)
    assert not corrects(changed(department="sales"), draft, known, policy)
    assert not corrects(changed(), case(), known, policy), "only what is incomplete can be mended"
