"""Calls of somebody who goes on leave after he got his list: whoever stands in gets it, and owes it (D22–D24, D30)."""

import pytest

from rules.events import Penalised
from tests.daemon.handover import NUMBER, car, customers_in, deliveries, list_of, with_callers
from tests.daemon.office import SERVICE_MANAGER, WORKSHOP, Office, Posted, mail, to


@pytest.fixture(autouse=True)
def _vouching(office: Office) -> None:
    office.vouching = True


def listed(office: Office, *numbers: int) -> list[Posted]:
    office.receive(mail(files={"list.xlsx": deliveries([car(number) for number in numbers])}))
    return office.post()


def leaves(office: Office, words: str = "請假 今天 代理 陳主任") -> list[Posted]:
    office.receive(mail(SERVICE_MANAGER, "請假", words))
    office.lapses.run_due()
    return office.post()


def fined(office: Office) -> list[str]:
    return [row.event.party.email for row in office.ledger.events(NUMBER) if isinstance(row.event, Penalised)]


def until_midnight(office: Office) -> None:
    office.clock.forward(hours=15)
    office.lapses.run_due()


def test_D30_the_list_is_passed_on_once_and_the_deputy_owes_it_not_whoever_is_on_leave(
    office: Office,
) -> None:
    with_callers(office)
    (told,) = to(listed(office, 1), SERVICE_MANAGER, "task-list")
    assert to(leaves(office), WORKSHOP, "task-list")[0].enclosures.keys() == told.enclosures.keys()
    office.lapses.run_due()
    assert to(office.post(), WORKSHOP) == []
    until_midnight(office)
    assert fined(office) == [WORKSHOP]


def test_a_deputy_who_calls_owes_nothing(office: Office) -> None:
    with_callers(office)
    listed(office, 1)
    (passed_on,) = to(leaves(office), WORKSHOP, "task-list")
    (number,) = customers_in(list_of(passed_on))
    office.receive(mail(WORKSHOP, text=f"{number} 已接通 滿意", answers=passed_on))
    until_midnight(office)
    assert fined(office) == []


def test_a_deputy_gets_one_list_of_all_that_is_still_to_be_called(office: Office) -> None:
    with_callers(office)
    listed(office, *range(10))
    listed(office, *range(10, 25))
    (passed_on,) = to(leaves(office), WORKSHOP, "task-list")
    assert len(customers_in(list_of(passed_on))) == 3
    until_midnight(office)
    assert fined(office) == [WORKSHOP] * 3


def test_who_was_there_is_asked_of_the_moment_the_calls_were_due_however_late_the_daemon_is(
    office: Office,
) -> None:
    with_callers(office)
    listed(office, 1)
    leaves(office, "請假 今天")
    office.clock.forward(days=2)  # he is back since yesterday
    office.lapses.run_due()
    assert fined(office) == []
    assert "task-overdue" in office.kinds(NUMBER)
