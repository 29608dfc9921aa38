"""Decision-table cells: what they hold of, and what is no cell."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.conditions import parse_condition


@pytest.mark.parametrize(
    ("cell", "inside", "outside"),
    [
        ("<=1000", ["0", "1000"], ["1000.01"]),
        ("<1000", ["999.99"], ["1000"]),
        (">=10000", ["10000"], ["9999.99"]),
        (">2000", ["2000.01"], ["2000"]),
        ("(1000..2000]", ["1000.01", "2000"], ["1000", "2000.01"]),
        ("[0..10)", ["0", "9.99"], ["10", "-1"]),
    ],
)
def test_ranges_hold_exactly_at_their_edges(cell, inside, outside) -> None:
    condition = parse_condition(cell)
    assert all(condition.holds(Decimal(number)) for number in inside)
    assert not any(condition.holds(Decimal(number)) for number in outside)


def test_words_and_their_negation() -> None:
    assert parse_condition("a, b").holds("b")
    assert parse_condition("!a, b").holds("c")
    assert parse_condition("!a, b").holds("b") is False
    assert parse_condition(True).holds(True)


@pytest.mark.parametrize("cell", ["a", "!a", "<=1", "true"])
def test_an_unknown_fact_makes_a_cell_neither_true_nor_false(cell) -> None:
    assert parse_condition(cell).holds(None) is None


def test_presence_is_asked_by_given_and_missing() -> None:
    assert parse_condition("given").holds("x") is True
    assert parse_condition("missing").holds(None) is True
    assert parse_condition("missing").holds("x") is False


@pytest.mark.parametrize("cell", ["<=", "[3..1]", "(1..2", ">x", "a,,b", 5, None, [1]])
def test_what_is_no_cell_is_refused(cell) -> None:
    with pytest.raises(ValueError, match=r"range|empty|condition"):
        parse_condition(cell)


@given(st.decimals(-10, 10), st.decimals(-10, 10), st.decimals(-20, 20))
def test_an_interval_agrees_with_its_bounds(low, high, number) -> None:
    low, high = sorted((low.quantize(Decimal("0.01")), high.quantize(Decimal("0.01"))))
    assert parse_condition(f"(0..{abs(high)}]").holds(number) is (0 < number <= abs(high))
    assert parse_condition(f">={low}").holds(number) is (number >= low)
