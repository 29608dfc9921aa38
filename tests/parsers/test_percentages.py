"""Percentages as people write them (forms.md, Values)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.amounts import read_percentage


@pytest.mark.parametrize(
    ("written", "percent"),
    [
        ("30%", "30"), ("30％", "30"), ("30", "30"), ("0.3", "30"), ("七折", "30"), ("打7折", "30"), ("7.5折", "25"),
        ("七五折", "25"), ("85折", "15"), ("1%", "1"), ("100%", "100"), ("0", "0"), (0.3, "30"), (0.29, "29"),
        (30, "30"), (100, "100"), ("百分之三十", "30"), ("30% off", "30"), ("0.5%", "0.5"),
    ],
)  # fmt: skip
def test_percentage_is_read(written: object, percent: str) -> None:
    assert read_percentage(written).value == Decimal(percent)


@pytest.mark.parametrize("written", ["1", "1.0", 1, 1.0, "１"])
def test_a_bare_one_is_refused_as_ambiguous(written: object) -> None:
    reading = read_percentage(written)
    assert reading.value is None
    assert reading.problem is not None
    assert "1%" in reading.problem.en
    assert "100%" in reading.problem.en


@pytest.mark.parametrize("written", ["-5%", "150%", 101, -1, "一些", "三成", "十折", float("nan"), True])
def test_anything_else_is_refused(written: object) -> None:
    assert read_percentage(written).value is None
    assert read_percentage(written).problem is not None


def test_a_cell_formatted_as_percentage_means_what_it_shows() -> None:
    assert read_percentage(1, shown_as_percentage=True).value == 100
    assert read_percentage(0.005, shown_as_percentage=True).value == Decimal("0.5")
    assert read_percentage(1.5, shown_as_percentage=True).value is None


@given(st.integers(0, 10_000))
def test_every_percentage_reads_back(hundredths: int) -> None:
    percent = Decimal(hundredths) / 100
    assert read_percentage(f"{percent}%").value == percent
    if 0 < percent < 100:
        assert read_percentage(float(percent / 100)).value == percent


@given(st.one_of(st.text(), st.floats(), st.integers(), st.text("0123456789.%折打 一七", max_size=8)))
def test_percentages_never_raise_and_stay_within_bounds(raw: object) -> None:
    reading = read_percentage(raw)
    assert (reading.value is None) is not (reading.problem is None)
    assert reading.value is None or 0 <= Decimal(str(reading.value)) <= 100
