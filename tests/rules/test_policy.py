"""A policy is checked as a whole when it is read."""

import re

import pytest
from pydantic import ValidationError

from daemon import packs
from rules.policy import load_policy
from rules.spans import parse_span, write_span


@pytest.fixture
def text() -> str:
    return packs.policy_text("dealership")


@pytest.mark.parametrize(
    ("was", "becomes", "complaint"),
    [
        ('owners = ["retail-manager"]', 'owners = ["retail-boss"]', "no role is called 'retail-boss'"),
        ('stage = "sales-level-2"', 'stage = "sales-level-9"', "no stage is called 'sales-level-9'"),
        (
            'grade = "special"\nclause = "D05"',
            'grade = "super"\nclause = "D05"',
            "no grade is called 'super'",
        ),
        ('clause = "D07"\non_lapse', 'clause = "D77"\non_lapse', "no clause is called 'D77'"),
        ('stage = "after-sales-extra"', 'stage = "after-sales-level-3"', "escalation never ends"),
        ('window = "2h"', 'window = "soon"', "not a span of time"),
        ('window = "2h"', 'window = "0h"', "longer than nothing"),
        ("limit = 30", "limit = -1", "greater than or equal to 0"),
        ('repair_amount = "<=1000"', 'repair_amount = "=<1000"', "is not a range"),
        ("amount = 50\n", "", "exactly one of amount and amount_of"),
        ("amount = 200", 'amount = 200\namount_of = "own-authority"', "exactly one of amount and amount_of"),
        ("amount = 200", "amount = 0.001", "decimal"),
        ("amount = 200", "amount = 0", "greater than 0"),
        ('penalty = "late-feedback"', 'penalty = "late"', "no penalty is called 'late'"),
        ('penalty = "neglect"', 'penalty = "neglected"', "no penalty is called 'neglected'"),
        ('to = "general-manager"', 'to = "general"', "own must name somebody else"),
        ('own = { general-manager = "board" }', "own = {}", "own must name somebody else"),
        (
            'general-manager = "board" }',
            'general-manager = "general-manager" }',
            "own must name somebody else",
        ),
        ('general-manager = "board" }', 'general-manager = "owner" }', "no role is called 'owner'"),
        ('confirmed_by = ["customer-care"', 'confirmed_by = ["care"', "no role is called 'care'"),
        ('penalty_notice = ["customer-care"]', 'penalty_notice = ["care"]', "no role is called 'care'"),
        ('notify = ["customer-care"], penalty', 'notify = ["care"], penalty', "no role is called 'care'"),
        ("[findings]", "[penalties.neglect2]\n[findings]", "penalties"),
        ('key = "dealership"', 'key = "dealership"\nspeed = "fast"', "Extra inputs are not permitted"),
    ],
)
def test_a_faulty_policy_is_refused_by_name(text, was, becomes, complaint) -> None:
    assert was in text
    with pytest.raises(ValidationError, match=re.escape(complaint)):
        load_policy(text.replace(was, becomes, 1))


def test_every_fact_a_policy_asks_for_exists(policy, catalogue) -> None:
    known = {field.key for form in catalogue.forms for field in form.fields}
    known |= {derived.key for derived in policy.derived} | {"issued_by"}
    tables = [*policy.grading, *policy.stages, *policy.duties, *policy.authority, *policy.reporting]
    assert {key for row in tables for key in row.when} <= known
    assert {
        *policy.intake.same_person,
        *policy.intake.same_matter,
        *policy.intake.never_differing,
        *policy.required_facts,
    } <= known


def test_every_word_a_policy_compares_with_is_a_choice(policy, catalogue) -> None:
    choices = {
        f.key: {c.key for c in f.choices} for form in catalogue.forms for f in form.fields if f.choices
    }
    tables = [*policy.grading, *policy.stages, *policy.duties, *policy.authority, *policy.reporting]
    for row in tables:
        for key, cell in row.when.items():
            assert key not in choices or cell.words <= choices[key], (key, cell.text)


def test_the_clauses_carried_out_so_far_are_all_there(policy) -> None:
    wanted = {f"D{number:02}" for number in [*range(1, 22), *range(26, 32), 37, 38, 39]}
    assert wanted <= {clause.key for clause in policy.clauses}


@pytest.mark.parametrize(
    ("text_", "written"),
    [
        ("2h", "2h"),
        ("90m", "90m"),
        ("48h", "2d"),
        ("1h30m", "90m"),
        ("8s", "8s"),
        ("1234567s", "1234567s"),
        ("0.5s", "0.5s"),
    ],
)
def test_spans_are_written_in_their_largest_whole_unit(text_, written) -> None:
    assert write_span(parse_span(text_)) == written


def test_everything_named_is_found_by_its_key(policy) -> None:
    assert [policy.role(role.key) for role in policy.roles] == list(policy.roles)
    assert [policy.grade(grade.key) for grade in policy.grades] == list(policy.grades)
    assert [policy.clause(clause.key) for clause in policy.clauses] == list(policy.clauses)
    assert [policy.stage(stage.key) for stage in policy.stages] == list(policy.stages)
    assert [policy.penalty(rule.key) for rule in policy.penalties] == list(policy.penalties)
    assert [policy.duty(duty.key) for duty in policy.duties] == list(policy.duties)
    calls = policy.follow_up.calls
    assert [policy.duty(call.task) for call in calls] == [call.duty() for call in calls]


def test_what_the_rules_do_not_name_is_not_found(policy) -> None:
    for look in (policy.role, policy.grade, policy.clause, policy.stage, policy.penalty):
        with pytest.raises(KeyError):
            look("nobody")
    assert policy.duty("nobody") is None


def test_fields_and_choices_are_found_by_their_keys(catalogue) -> None:
    for form in catalogue.forms:
        assert [form.field(field.key) for field in form.fields] == list(form.fields)
        with pytest.raises(KeyError):
            form.field("nothing")
        for field in form.fields:
            assert [field.choice(choice.key) for choice in field.choices] == list(field.choices)
            assert field.choice("nothing") is None


def test_a_changed_copy_of_the_rules_is_looked_up_anew(policy, catalogue) -> None:
    board = policy.role("board")
    known = policy.model_copy(update={"roles": (board,), "duties": ()})
    assert known.role("board") is board
    assert known.duty(policy.duties[0].key) is None
    with pytest.raises(KeyError):
        known.role(policy.roles[0].key)
    form = catalogue.forms[0]
    first = form.field(form.fields[0].key)
    assert list(form.model_copy(update={"fields": (first,)}).by_key) == [first.key]
    assert policy.duty(policy.duties[0].key) == policy.duties[0]
