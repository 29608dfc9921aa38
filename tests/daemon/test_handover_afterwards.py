"""Leave that begins when a case is settled already: what is still owed and asked for is passed on too."""

import pytest

from tests.daemon.office import AFTER_SALES, SALES, SERVICE_MANAGER, WORKSHOP, Office, mail, to
from tests.daemon.test_orders import order, ordered


@pytest.fixture(autouse=True)
def _vouching(office: Office) -> None:
    office.vouching = True


def test_an_approval_that_is_asked_for_is_passed_on_and_the_deputy_decides(office: Office) -> None:
    case, _ = ordered(office)
    office.receive(mail(SERVICE_MANAGER, files={"order.xlsx": order(case.number)}))
    office.receive(mail(AFTER_SALES, f"Re: [{case.number}]", "已解決 重新調整"))
    office.post()
    office.receive(mail(AFTER_SALES, "請假", "請假 今天 代理 李總監"))
    office.lapses.run_due()
    (request,) = to(office.post(), SALES, "approval-request")
    office.receive(mail(SALES, text="同意", answers=request))
    asking = office.case(case.number).asking("rectification")
    assert asking is not None
    assert (asking.state, asking.decided_by.email) == ("approved", SALES)


def test_what_was_decided_already_is_not_asked_again(office: Office) -> None:
    case, _ = ordered(office)
    office.receive(mail(AFTER_SALES, files={"order.xlsx": order(case.number)}))
    office.post()
    office.receive(mail(AFTER_SALES, "請假", "請假 今天 代理 李總監"))
    office.lapses.run_due()
    assert to(office.post(), SALES, "approval-request") == []


def test_the_order_of_a_resolved_case_is_passed_on(office: Office) -> None:
    case, _ = ordered(office)
    office.receive(mail(AFTER_SALES, f"Re: [{case.number}]", "已解決 重新調整"))
    office.post()
    office.receive(mail(SERVICE_MANAGER, "請假", "請假 今天 代理 陳主任"))
    office.lapses.run_due()
    (passed_on,) = to(office.post(), WORKSHOP, "rectification-order")
    assert passed_on.enclosures
