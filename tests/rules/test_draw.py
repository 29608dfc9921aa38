"""The draw of customers to call (D23): reproducible, at least the exact share, and only ever added to."""

from datetime import UTC, date, datetime
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from daemon import packs
from rules.after_events import Delivery, Drawn
from rules.case import Case, apply
from rules.commands import ReceiveList
from rules.events import Party
from rules.follow_up import calls_of, delivery_key, receive

POLICY = packs.read_policy(packs.policy_text("dealership"), "dealership")
ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
BUSINESSES = ("new-car", "maintenance", "general-repair", "accident", "body-paint")


def car(number: int, business: str) -> Delivery:
    phone = f"139{number:08d}"
    key = delivery_key(f"c{number}", phone, "", f"V{number}", business)
    return Delivery(
        key=key, business=business, customer_name=f"c{number}", customer_phone=phone, vin=f"V{number}"
    )


CARS = st.lists(st.sampled_from(BUSINESSES), max_size=60).map(
    lambda businesses: [car(number, business) for number, business in enumerate(businesses)]
)


def taken(*lists: list[Delivery]) -> Case | None:
    case: Case | None = None
    for rows in lists:
        for event in receive(case, ReceiveList(Party(), DAY, tuple(rows)), POLICY, NOON, ZONE):
            case = apply(case, event, "HF-20261123-001")
    return case


def drawn(case: Case, task: str) -> set[str]:
    return {call.customer for call in calls_of(case, task)}


@given(CARS.filter(bool), st.randoms(use_true_random=False))
def test_D23_the_same_cars_in_any_order_draw_the_same_customers(cars: list[Delivery], random: Random) -> None:
    shuffled = list(cars)
    random.shuffle(shuffled)
    one, other = taken(cars), taken(shuffled)
    assert one is not None
    assert other is not None
    assert set(one.calls) == set(other.calls)


@given(CARS.filter(bool), st.data())
def test_D23_every_list_only_adds_and_the_share_is_kept_rounded_up(
    cars: list[Delivery], data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(cars)), max_size=5)))
    parts = [cars[a:b] for a, b in zip([0, *cuts], [*cuts, len(cars)], strict=True)]
    case: Case | None = None
    for rows in parts:
        if not rows:
            continue
        before = case
        for event in receive(case, ReceiveList(Party(), DAY, tuple(rows)), POLICY, NOON, ZONE):
            case = apply(case, event, "HF-20261123-001")
        assert case is not None
        assert POLICY.follow_up is not None
        for rule in POLICY.follow_up.calls:
            pool = [delivery for delivery in case.deliveries if delivery.business in rule.businesses]
            now = drawn(case, rule.task)
            if before is not None:
                assert drawn(before, rule.task) <= now
            assert len(now) * 100 >= len(pool) * rule.share
            assert (len(now) - 1) * 100 < len(pool) * rule.share or not now


@given(CARS.filter(bool), st.data())
def test_a_row_that_comes_again_changes_nothing(cars: list[Delivery], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(cars), min_size=1))
    once, twice = taken(cars), taken(cars, again)
    assert once is not None
    assert twice is not None
    assert (once.deliveries, once.calls) == (twice.deliveries, twice.calls)


def test_D23_ten_per_cent_of_twenty_one_are_three() -> None:
    case = taken([car(number, "maintenance") for number in range(21)])
    assert case is not None
    assert len(drawn(case, "call-maintenance")) == 3
    assert len(drawn(case, "call-customer-care")) == 21


def test_a_list_brings_a_draw_only_to_whom_it_brings_customers() -> None:
    events = receive(None, ReceiveList(Party(), DAY, (car(1, "accident"),)), POLICY, NOON, ZONE)
    assert [event.task for event in events if isinstance(event, Drawn)] == [
        "call-body-paint",
        "call-customer-care",
    ]
