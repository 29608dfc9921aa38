"""Replies that fit another mail than the one they answer: asked back or refused, never guessed (D31, D40, K06, K07)."""

import pytest

from daemon.ledger import MailState
from rules.events import Refused
from tests.daemon.handover import NUMBER, car, deliveries, with_callers
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    SERVICE_MANAGER,
    Office,
    Posted,
    mail,
    to,
)
from tests.daemon.test_orders import order, ordered

DIRECTOR = "care.director@example.com"


@pytest.fixture(autouse=True)
def _vouching(office: Office) -> None:
    office.vouching = True


def say(office: Office, number: str, text: str, sender: str = CARE) -> list[Posted]:
    office.receive(mail(sender, f"Re: [{number}]", text))
    return office.post()


def last_refusal(office: Office, number: str) -> Refused:
    return next(row.event for row in reversed(office.ledger.events(number)) if isinstance(row.event, Refused))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("撤案 原因：測試", "correction"),
        ("改派 售後總監 原因：休假", "correction"),
        ("更正 維修金額=2400 原因：補送發票", "correction"),
        ("暫停 2 天 原因：等零件", "hold"),
        ("恢復計時", "hold"),
    ],
)
def test_a_day_of_calls_is_not_corrected_held_or_withdrawn(office: Office, text: str, asked: str) -> None:
    with_callers(office)
    office.receive(mail(files={"list.xlsx": deliveries([car(1, "新車"), car(2)])}))
    office.post()
    stored = office.receive(mail(CARE, f"Re: [{NUMBER}]", text))
    assert stored.state is MailState.TAKEN
    refused = last_refusal(office, NUMBER)
    assert (refused.asked, refused.reason) == (asked, "not-open")
    assert office.case(NUMBER).is_open
    assert len(office.case(NUMBER).open_tasks) == 3
    assert [one.template for one in to(office.post(), CARE)] == ["authority-exceeded"]


def test_a_filed_day_of_calls_is_not_opened_again_in_words(office: Office) -> None:
    with_callers(office)
    office.receive(mail(files={"list.xlsx": deliveries([car(1, "新車")])}))
    office.clock.forward(days=20)
    office.lapses.run_due()
    assert not office.case(NUMBER).is_open
    say(office, NUMBER, "重啟 原因：漏打一位")
    assert last_refusal(office, NUMBER).reason == "not-open"


def test_a_consent_to_an_earlier_request_does_not_consent_to_a_later_one(office: Office) -> None:
    number = office.opened(repair_amount="2400").number
    (first,) = to(say(office, number, "更正 維修金額=1500 原因：打錯"), DIRECTOR, "approval-request")
    office.clock.forward(minutes=1)
    (second,) = to(say(office, number, "更正 維修金額=100 原因：又錯"), DIRECTOR, "approval-request")
    office.receive(mail(DIRECTOR, text="同意", answers=first))
    assert office.case(number).facts["repair_amount"] == "2400.00"
    assert "最新的一封" in to(office.post(), DIRECTOR)[0].text
    office.receive(mail(DIRECTOR, text="同意", answers=second))
    assert office.case(number).facts["repair_amount"] == "100.00"


def test_a_hold_is_granted_until_when_the_mail_said(office: Office) -> None:
    number = office.opened().number
    ask = "暫停至 2026-11-{day} 20:00 原因：等零件"
    (first,) = to(say(office, number, ask.format(day=23), SERVICE_MANAGER), AFTER_SALES, "approval-request")
    (second,) = to(say(office, number, ask.format(day=25), SERVICE_MANAGER), AFTER_SALES, "approval-request")
    office.receive(mail(AFTER_SALES, text="同意", answers=first))
    assert office.case(number).held_until is None
    office.receive(mail(AFTER_SALES, text="同意", answers=second))
    assert str(office.case(number).held_until).startswith("2026-11-25")


def test_D34_a_customer_who_could_not_be_reached_was_not_told_and_his_case_stays(office: Office) -> None:
    number = office.opened().number
    say(office, number, "已解決 重新調整", SERVICE_MANAGER)
    posted = say(office, number, "已告知客戶，但沒聯絡上")
    assert office.case(number).status == "resolved"
    assert "還沒有聯絡上客戶" in to(posted, CARE)[0].text
    say(office, number, "已告知客戶，客戶滿意")
    assert office.case(number).status == "closed"


def test_D34_an_order_that_says_the_customer_will_be_told_goes_back(office: Office) -> None:
    case, _ = ordered(office)
    say(office, case.number, "已解決 重新調整", AFTER_SALES)
    later = order(case.number, customer_informed_at="2026-12-30T10:00:00+08:00")
    office.receive(mail(AFTER_SALES, files={"order.xlsx": later}))
    refused = last_refusal(office, case.number)
    assert (refused.asked, refused.reason) == ("rectification", "incomplete")
    assert office.case(case.number).status == "resolved"
    assert "晚於現在" in to(office.post(), AFTER_SALES)[-1].text
    now = order(case.number, customer_informed_at="2026-11-23T09:00:00+08:00")
    office.receive(mail(AFTER_SALES, files={"order.xlsx": now}))
    assert office.case(case.number).status == "closed"


def test_an_amount_that_grows_after_the_case_was_resolved_asks_for_the_order_all_the_same(
    office: Office,
) -> None:
    number = office.opened().number
    say(office, number, "已解決 重新調整", SERVICE_MANAGER)
    posted = say(office, number, "更正 維修金額=5000 原因：補送發票")
    case = office.case(number)
    assert (case.grade, case.status, case.due) == ("level-1", "resolved", None)
    assert to(posted, SERVICE_MANAGER, "rectification-order")
    say(office, number, "已告知客戶，滿意")
    assert office.case(number).status == "resolved"
    say(office, number, "重啟 原因：又來電")
    case = office.case(number)
    assert (case.grade, case.owners) == ("level-1", ("general-manager",))


def test_an_amount_that_shrinks_after_the_case_was_resolved_takes_nothing_back(office: Office) -> None:
    case, _ = ordered(office)
    say(office, case.number, "已解決 重新調整", AFTER_SALES)
    say(office, case.number, "更正 維修金額=100 原因：打錯")
    say(office, case.number, "已告知客戶，滿意")
    after = office.case(case.number)
    assert (after.grade, after.status) == ("level-2", "resolved")


def test_D40_an_order_under_the_directors_forged_name_does_not_review_itself(office: Office) -> None:
    case, _ = ordered(office)
    say(office, case.number, "已解決 重新調整", AFTER_SALES)
    office.vouching = False
    told = "2026-11-23T09:00:00+08:00"
    office.receive(mail(AFTER_SALES, files={"o.xlsx": order(case.number, customer_informed_at=told)}))
    assert office.case(case.number).status == "resolved"
    (request,) = to(office.post(), AFTER_SALES, "approval-request")
    office.receive(mail(AFTER_SALES, text="同意", answers=request))
    assert office.case(case.number).status == "closed"
