"""The dealership's clauses, each proven by id (clauses.md, section 1)."""

from datetime import UTC, datetime

import pytest

from rules.commands import OpenCase
from rules.decide import decide
from rules.grading import FactsMissing

AFTER_SALES = {"department": "after-sales"}
SALES = {"department": "sales", "category": "attitude"}


@pytest.mark.parametrize("amount", ["0", "0.01", "999.99", "1000", "1000.00"])
def test_D01_after_sales_up_to_1000_is_level_3(judge, amount) -> None:
    answer = judge(**AFTER_SALES, repair_amount=amount)
    assert (answer["grade"], answer["clause"]) == ("level-3", "D01")


@pytest.mark.parametrize("amount", ["1000.01", "1500", "2000.00"])
def test_D02_after_sales_over_1000_up_to_2000_is_level_2(judge, amount) -> None:
    answer = judge(**AFTER_SALES, repair_amount=amount)
    assert (answer["grade"], answer["clause"]) == ("level-2", "D02")


@pytest.mark.parametrize("amount", ["2000.01", "9999", "100000000"])
def test_D03_after_sales_over_2000_is_level_1(judge, amount) -> None:
    answer = judge(**AFTER_SALES, repair_amount=amount)
    assert (answer["grade"], answer["clause"]) == ("level-1", "D03")


def test_D02_D03_an_unresolved_level_3_rises_to_level_2_and_then_level_1(drama) -> None:
    outcome = drama.form(**AFTER_SALES, repair_amount="800").until(4)
    assert outcome.grades == ["level-3", "level-2", "level-1"]
    assert [entry["clause"] for entry in outcome.of("escalated")] == ["D02", "D03"]


def test_D04_extra_has_no_window_is_kept_by_the_general_manager_and_customer_care_is_reminded_daily(
    drama,
) -> None:
    outcome = drama.form(**AFTER_SALES, repair_amount="2500").until(2 + 24 * 3)
    case = outcome.cases["a"]
    assert (case["grade"], case["owner_roles"], case["due"]) == ("extra", ["general-manager"], None)
    standing = [entry for entry in outcome.of("reminded") if entry["clause"] == "D04"]
    assert [entry["at"][:16] for entry in standing] == [f"2026-11-{day}T11:00" for day in (24, 25, 26)]
    assert {role for entry in standing for role in entry["roles"]} == {"customer-care"}


def test_D04_the_daily_reminder_ends_when_the_case_is_resolved(drama) -> None:
    outcome = drama.form(**AFTER_SALES, repair_amount="2500").report(30, "general-manager").until(24 * 6)
    of_the_stages = [entry["clause"] for entry in outcome.of("reminded") if entry["stage"]]
    assert of_the_stages == ["D08", "D04"]


@pytest.mark.parametrize("department", ["after-sales", "sales"])
@pytest.mark.parametrize("amount", ["1", "99999"])
def test_D05_the_manufacturers_work_order_is_special_whatever_the_amount(judge, department, amount) -> None:
    answer = judge(department=department, source="manufacturer-work-order", repair_amount=amount)
    assert (answer["grade"], answer["clause"]) == ("special", "D05")


def test_D05_a_work_order_is_special_even_without_an_amount(judge) -> None:
    assert judge(department="after-sales", source="manufacturer-work-order")["grade"] == "special"


@pytest.mark.parametrize("issuer", ["customer-care", "customer-care-director"])
def test_D05_found_by_customer_care_in_its_own_call_is_special(judge, issuer) -> None:
    answer = judge(**AFTER_SALES, source="follow-up-call", repair_amount="10", issued_by=issuer)
    assert answer["grade"] == "special"


def test_D05_found_by_another_caller_is_graded_normally(judge) -> None:
    answer = judge(**AFTER_SALES, source="follow-up-call", repair_amount="10", issued_by="service-manager")
    assert answer["grade"] == "level-3"
    assert judge(**AFTER_SALES, source="follow-up-call", repair_amount="10")["grade"] == "level-3"


def test_D06_level_3_belongs_to_service_manager_and_workshop_director_for_two_hours(judge, drama) -> None:
    answer = judge(**AFTER_SALES, repair_amount="800")
    assert answer["owner_roles"] == ["service-manager", "workshop-director"]
    assert answer["window"] == "2h"
    assert answer["on_lapse"] == {
        "to": "level-2",
        "notify": ["after-sales-director", "customer-care"],
        "clause": "D06",
    }
    outcome = drama.form(**AFTER_SALES, repair_amount="800").until(2)
    assert outcome.the("lapsed")["clause"] == "D06"
    assert outcome.told("assignment") == ["service-manager", "workshop-director"]
    assert outcome.told("escalation") == ["after-sales-director"]
    assert outcome.told("overdue") == ["customer-care"]


def test_D06_nothing_lapses_a_second_before_two_hours_are_over(drama) -> None:
    outcome = drama.form(**AFTER_SALES, repair_amount="800").until(2 - 1 / 3600)
    assert outcome.of("lapsed") == []
    assert outcome.cases["a"]["due"] == "2026-11-23T11:00:00+08:00"


def test_D07_level_2_unresolved_for_two_hours_goes_to_the_general_manager(drama) -> None:
    outcome = drama.form(**AFTER_SALES, repair_amount="1500").until(2)
    assert outcome.told("assignment") == ["after-sales-director"]
    assert outcome.told("escalation") == ["general-manager"]
    assert outcome.told("overdue") == ["customer-care"]
    assert outcome.cases["a"]["grade"] == "level-1"
    assert outcome.cases["a"]["owner_roles"] == ["general-manager"]


def test_D08_level_1_unresolved_for_two_hours_is_reported_to_the_board_and_becomes_extra(drama) -> None:
    outcome = drama.form(**AFTER_SALES, repair_amount="2500").until(2)
    assert outcome.told("escalation") == ["board"]
    assert outcome.told("overdue") == []
    assert outcome.cases["a"]["grade"] == "extra"


@pytest.mark.parametrize(("department", "board_grade"), [("after-sales", "extra"), ("sales", "level-1")])
def test_D09_special_belongs_to_the_customer_care_director_then_the_general_manager(
    drama, department, board_grade
) -> None:
    outcome = drama.form(department=department, source="manufacturer-work-order").until(4)
    assert outcome.told("assignment") == ["customer-care-director"]
    assert outcome.told("escalation") == ["general-manager", "board"]
    assert outcome.grades == ["special", "level-1", board_grade]


AUTHORITY_AFTER_SALES = [
    ("D10", "service-manager", 30, 31, ["after-sales-director"]),
    ("D10", "workshop-director", 30, 30.5, ["after-sales-director"]),
    ("D11", "after-sales-director", 50, 51, ["general-manager"]),
]


@pytest.mark.parametrize(("clause", "role", "within", "over", "sent_to"), AUTHORITY_AFTER_SALES)
def test_D10_D11_after_sales_authority_over_the_labour_fee(
    drama, judge, clause, role, within, over, sent_to
) -> None:
    rows = judge(**AFTER_SALES, repair_amount="800")["authority"]
    assert {"role": role, "discount_percent": within, "clause": clause} in rows
    granted = drama.form(**AFTER_SALES, repair_amount="800").report(1, role, discount_percent=within).until(1)
    assert granted.cases["a"]["status"] == "resolved"
    drama.entries.clear()
    refused = drama.form(**AFTER_SALES, repair_amount="800").report(1, role, discount_percent=over).until(1)
    assert refused.the("refused")["sent_to"] == sent_to
    assert refused.cases["a"]["status"] == "open"


def test_D12_the_general_manager_may_grant_the_whole_labour_fee(drama) -> None:
    drama.form(**AFTER_SALES, repair_amount="2500").report(1, "general-manager", discount_percent=100)
    assert drama.until(1).cases["a"]["status"] == "resolved"


@pytest.mark.parametrize(
    "category", ["attitude", "process", "discount", "price", "parts", "other", "waiting"]
)
def test_D13_sales_attitude_process_discount_and_the_like_are_level_3(judge, category) -> None:
    answer = judge(department="sales", category=category)
    assert (answer["grade"], answer["clause"]) == ("level-3", "D13")


@pytest.mark.parametrize(
    ("ordered", "reported", "grade"),
    [
        ("2026-08-23", "2026-11-23T09:00:00+08:00", "level-3"),  # three months to the day: not yet
        ("2026-08-23", "2026-11-24T00:00:00+08:00", "level-2"),
        ("2026-08-22", "2026-11-23T09:00:00+08:00", "level-2"),
        ("2026-08-23", "2026-11-23T16:30:00+00:00", "level-2"),  # already the 24th at the site
        ("2025-11-30", "2026-02-28T12:00:00+08:00", "level-3"),  # no 30 February: the last day counts
        ("2025-11-30", "2026-03-01T12:00:00+08:00", "level-2"),
    ],
)
def test_D14_more_than_three_months_begins_the_day_after(judge, ordered, reported, grade) -> None:
    assert judge(**SALES, ordered_on=ordered, reported_at=reported)["grade"] == grade


@pytest.mark.parametrize(
    ("contract", "delivered", "grade"),
    [
        ("2026-11-22", None, "level-2"),
        ("2026-11-23", None, "level-3"),  # the day itself is not missed yet
        ("2026-11-10", "2026-11-10", "level-3"),
        ("2026-11-10", "2026-11-11", "level-2"),
    ],
)
def test_D14_a_contract_date_is_missed_when_the_report_is_later_and_the_car_was_not_there(
    judge, contract, delivered, grade
) -> None:
    facts = {"contract_delivery_on": contract, **({"delivered_on": delivered} if delivered else {})}
    assert judge(**SALES, reported_at="2026-11-23T09:00:00+08:00", **facts)["grade"] == grade


def test_D14_the_wait_ended_with_the_delivery(judge) -> None:
    facts = {
        "ordered_on": "2026-01-05",
        "delivered_on": "2026-03-01",
        "reported_at": "2026-11-23T09:00:00+08:00",
    }
    assert judge(**SALES, **facts)["grade"] == "level-3"


def test_D14_late_delivery_without_dates_is_level_2(judge) -> None:
    answer = judge(department="sales", category="delivery-delay")
    assert (answer["grade"], answer["clause"]) == ("level-2", "D14")


@pytest.mark.parametrize(
    ("parts", "grade"), [("9999.99", "level-3"), ("10000", "level-1"), ("10000.01", "level-1")]
)
def test_D15_repair_parts_from_exactly_10000_are_level_1(judge, parts, grade) -> None:
    assert judge(department="sales", category="vehicle-quality", parts_amount=parts)["grade"] == grade


def test_D15_conflict_on_the_premises_is_level_1(judge) -> None:
    answer = judge(department="sales", category="conflict")
    assert (answer["grade"], answer["clause"]) == ("level-1", "D15")


def test_D16_D17_D18_sales_goes_from_retail_manager_to_sales_director_to_general_manager_to_board(
    drama,
) -> None:
    outcome = drama.form(**SALES).until(6)
    assert outcome.told("assignment") == ["retail-manager"]
    assert outcome.told("escalation") == ["sales-director", "general-manager", "board"]
    assert outcome.told("overdue") == ["customer-care", "customer-care"]
    assert [entry["clause"] for entry in outcome.of("lapsed")] == ["D16", "D17", "D18"]
    assert outcome.grades == ["level-3", "level-2", "level-1", "level-1"]


def test_D18_the_board_is_told_once_and_the_general_manager_keeps_the_case(drama) -> None:
    outcome = drama.form(department="sales", category="conflict").until(24 * 4)
    assert outcome.told("escalation") == ["board"]
    assert len(outcome.of("lapsed")) == 1
    case = outcome.cases["a"]
    assert (case["grade"], case["owner_roles"], case["due"]) == ("level-1", ["general-manager"], None)
    daily = [entry for entry in outcome.of("reminded") if entry["due"] is None]
    assert len(daily) == 3
    assert all(entry["roles"] == ["general-manager", "customer-care"] for entry in daily)


@pytest.mark.parametrize(
    ("role", "promise", "sent_to"),
    [
        ("retail-manager", {"gift_amount": "300.01"}, ["sales-director"]),
        ("retail-manager", {"gift_amount": "1000.01"}, ["general-manager"]),
        ("retail-manager", {"cash_amount": "1"}, ["general-manager"]),
        ("sales-director", {"gift_amount": "1000.01"}, ["general-manager"]),
        ("general-manager", {"gift_amount": "2000.01"}, []),
        ("general-manager", {"cash_amount": "1000.01"}, []),
        ("general-manager", {"gift_amount": "100", "cash_amount": "100"}, []),  # not both
        ("retail-manager", {"discount_percent": 10}, []),  # sales has no labour fee
    ],
)
def test_D19_D20_D21_D38_over_authority_is_refused_and_sent_to_the_lowest_role_that_covers(
    drama, role, promise, sent_to
) -> None:
    outcome = drama.form(**SALES).report(1, role, **promise).until(1)
    refused = outcome.the("refused")
    assert (refused["reason"], refused["clause"], refused["sent_to"]) == ("over-authority", "D38", sent_to)
    assert outcome.cases["a"]["status"] == "open"
    assert outcome.told("authority-exceeded") == sent_to


@pytest.mark.parametrize(
    ("role", "promise"),
    [
        ("retail-manager", {"gift_amount": "300"}),
        ("sales-director", {"gift_amount": "1000"}),
        ("general-manager", {"gift_amount": "2000"}),
        ("general-manager", {"cash_amount": "1000"}),
    ],
)
def test_D19_D20_D21_within_authority_is_accepted(drama, role, promise) -> None:
    assert drama.form(**SALES).report(1, role, **promise).until(1).cases["a"]["status"] == "resolved"


def test_D26_a_form_of_customer_care_goes_straight_to_the_director_beside_the_two_hour_window(drama) -> None:
    drama.form(**AFTER_SALES, repair_amount="800", issued_by="customer-care")
    outcome = drama.until(2)
    task = outcome.the("task", clause="D26")
    assert (task["role"], task["due"], task["clause"]) == (
        "after-sales-director",
        "2026-11-25T09:00:00+08:00",
        "D26",
    )
    assert outcome.told("assignment") == ["service-manager", "workshop-director", "after-sales-director"]
    assert outcome.the("lapsed")["clause"] == "D06"


def test_D26_a_special_case_stays_with_the_customer_care_director_and_the_director_still_owes_the_report(
    drama,
) -> None:
    drama.form(department="sales", category="attitude", source="follow-up-call", issued_by="customer-care")
    outcome = drama.until(0)
    assert outcome.cases["a"]["owner_roles"] == ["customer-care-director"]
    assert outcome.the("task", clause="D26")["role"] == "sales-director"


def test_D26_the_duty_is_done_when_the_director_reports(drama) -> None:
    drama.form(**AFTER_SALES, repair_amount="800", issued_by="customer-care")
    outcome = drama.report(1, "after-sales-director", result="partly").until(1)
    assert outcome.the("task-done")["role"] == "after-sales-director"
    assert outcome.cases["a"]["status"] == "open"


def test_D26_the_duty_can_still_be_done_after_somebody_else_settled_the_case(drama) -> None:
    drama.form(**AFTER_SALES, repair_amount="800", issued_by="customer-care").report(1, "service-manager")
    outcome = drama.report(2, "after-sales-director").report(3, "after-sales-director").until(3)
    assert outcome.the("task-done")["at"] == "2026-11-23T11:00:00+08:00"
    assert outcome.the("refused")["reason"] == "case-closed", "the second time nothing is owed any more"
    assert len(outcome.of("resolved")) == 1


def test_D26_a_report_above_authority_is_still_the_report_that_was_owed(drama) -> None:
    drama.form(**AFTER_SALES, repair_amount="800", issued_by="customer-care")
    outcome = drama.report(1, "after-sales-director", discount_percent=80).until(1)
    assert outcome.the("task-done")["role"] == "after-sales-director"
    assert outcome.cases["a"]["status"] == "open"


def test_D26_a_form_cannot_claim_its_own_issuer(drama) -> None:
    """issued_by comes from the sender's role; a fact of that name on the form is dropped."""
    facts = {
        "department": "sales",
        "category": "attitude",
        "source": "follow-up-call",
        "issued_by": "customer-care",
    }
    events = decide(None, OpenCase(facts), drama.policy, datetime(2026, 11, 23, 1, tzinfo=UTC), UTC)
    assert [event.kind for event in events] == ["opened", "graded", "assigned"]
    assert events[1].grade == "level-3"


def test_D38_a_refused_report_leaves_the_clock_running(drama) -> None:
    drama.form(**AFTER_SALES, repair_amount="800").report(1, "service-manager", discount_percent=80)
    outcome = drama.until(2)
    assert outcome.the("refused")["sent_to"] == ["general-manager"]
    assert len(outcome.of("lapsed")) == 1


def test_D38_the_role_that_covers_it_may_then_grant_it(drama) -> None:
    drama.form(**AFTER_SALES, repair_amount="800").report(1, "service-manager", discount_percent=50)
    outcome = drama.report(1.5, "after-sales-director", discount_percent=50).until(3)
    assert outcome.cases["a"]["status"] == "resolved"
    assert outcome.of("lapsed") == []


def test_D38_a_concession_of_a_special_case_goes_to_the_lowest_role_of_the_department(drama) -> None:
    drama.form(department="after-sales", source="manufacturer-work-order")
    outcome = drama.report(1, "customer-care-director", discount_percent=20).until(1)
    assert outcome.the("refused")["sent_to"] == ["service-manager", "workshop-director"]


@pytest.mark.parametrize("nature", ["appeal", "claim"])
def test_D39_a_complaint_is_an_appeal_or_a_claim_and_neither_changes_its_grade(judge, nature) -> None:
    assert judge(**AFTER_SALES, repair_amount="800", nature=nature)["grade"] == "level-3"


def test_D37_both_printed_forms_are_shipped_and_say_their_department(catalogue) -> None:
    blanks = {blank.key: blank.implies for form in catalogue.forms for blank in form.blanks}
    assert blanks["after-sales"] == {"department": "after-sales"}
    assert blanks["sales"] == {"department": "sales"}


def test_a_report_at_the_very_instant_a_window_ends_was_in_time(drama) -> None:
    outcome = drama.form(**AFTER_SALES, repair_amount="800").report(2, "service-manager").until(5)
    assert outcome.of("lapsed") == []
    assert outcome.cases["a"]["status"] == "resolved"


@pytest.mark.parametrize("role", ["retail-manager", "board", "customer-care", "showroom-manager"])
def test_only_roles_the_policy_allows_may_report(drama, role) -> None:
    outcome = drama.form(**AFTER_SALES, repair_amount="800").report(1, role).until(1)
    assert outcome.the("refused")["reason"] == "not-entitled"
    assert outcome.cases["a"]["status"] == "open"


def test_a_report_on_a_settled_case_is_refused(drama) -> None:
    drama.form(**AFTER_SALES, repair_amount="800").report(1, "service-manager").report(
        1.5, "workshop-director"
    )
    assert drama.until(2).the("refused")["reason"] == "case-closed"


@pytest.mark.parametrize("result", ["partly", "unresolved"])
def test_a_case_that_is_not_resolved_keeps_its_clock(drama, result) -> None:
    drama.form(**AFTER_SALES, repair_amount="800").report(1, "service-manager", result=result)
    assert len(drama.until(2).of("lapsed")) == 1


def test_a_resolution_is_told_to_everybody_who_had_a_mail(drama) -> None:
    outcome = drama.form(**AFTER_SALES, repair_amount="800").report(3, "after-sales-director").until(3)
    assert set(outcome.told("resolved")) == {
        "service-manager",
        "workshop-director",
        "after-sales-director",
        "customer-care",
    }


def test_the_reminder_comes_30_minutes_before_the_lapse_and_once(drama) -> None:
    outcome = drama.form(**AFTER_SALES, repair_amount="800").until(2)
    assert [entry["at"] for entry in outcome.of("reminded")] == ["2026-11-23T10:30:00+08:00"]
    assert outcome.told("reminder") == ["service-manager", "workshop-director"]


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        ({}, "department"),
        ({"department": "after-sales"}, "repair_amount"),
        ({"department": "sales"}, "category"),
        ({"department": "sales", "ordered_on": "2026-01-01"}, "category"),
        ({"source": "manufacturer-work-order"}, "department"),
    ],
)
def test_a_missing_fact_is_never_guessed(judge, facts, missing) -> None:
    with pytest.raises(FactsMissing) as caught:
        judge(**facts)
    assert missing in caught.value.keys


def test_K01_a_form_that_cannot_be_graded_is_customer_cares_for_two_hours(drama) -> None:
    outcome = drama.form(**AFTER_SALES).until(2)
    assert outcome.told("assignment") == ["customer-care"]
    assert outcome.told("escalation") == ["customer-care-director"]
    assert outcome.cases["a"]["status"] == "incomplete"
