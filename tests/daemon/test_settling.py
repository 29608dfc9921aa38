"""From the returned order to the closed case, by mail alone; a matter come back opens it again (D34, D36, D40)."""

import pytest

from daemon.ledger import MailState
from rules.case import Case, Status
from tests.daemon.office import AFTER_SALES, CARE, SERVICE_MANAGER, STAFF, Office, Posted, complaint, mail, to
from tests.daemon.test_orders import LEVEL_2, order, ordered

DIRECTOR_OF_CARE = "care.director@example.com"


def returned(office: Office, **facts: object) -> tuple[Case, Posted]:
    """A case whose order came back complete, and the mail that asks the director to review it."""
    case, brought = ordered(office)
    office.receive(mail(SERVICE_MANAGER, files={"o.xlsx": order(case.number, **facts)}, answers=brought))
    (asked,) = to(office.post(), AFTER_SALES, "approval-request")
    return office.case(case.number), asked


def resolved(office: Office, asked: Posted) -> Posted:
    """Resolve the case of a mail to the director; return what customer care is asked then."""
    office.receive(mail(AFTER_SALES, text="已解決 重新安裝煞車片", answers=asked))
    (told,) = to(office.post(), CARE, "resolved")
    return told


def closed(office: Office) -> Case:
    case, asked = returned(office)
    told = resolved(office, asked)
    office.receive(mail(AFTER_SALES, text="同意", answers=asked))
    office.receive(mail(CARE, text="已告知 客戶滿意", answers=told))
    office.post()
    return office.case(case.number)


# ---------------------------------------------------------------- the review (D40)


def test_D40_the_director_reviews_by_a_reply_and_the_order_is_filed(office: Office) -> None:
    case, asked = returned(
        office, customer_opinion="希望寫書面道歉", customer_informed_at="2026-11-23T09:00:00+08:00"
    )
    assert "希望寫書面道歉" in asked.text, "the customer's opinion goes with the order"
    office.receive(mail(AFTER_SALES, text="同意", answers=asked))
    asking = office.case(case.number).asking("rectification")
    assert asking is not None
    assert (asking.state, asking.decided_by.email) == ("approved", AFTER_SALES)


def test_D40_an_order_sent_back_reaches_the_department_with_the_reason_and_what_it_said(
    office: Office,
) -> None:
    case, asked = returned(office)
    office.receive(mail(AFTER_SALES, text="退回 原因沒有寫清楚", answers=asked))
    (back,) = to(office.post(), SERVICE_MANAGER)
    assert back.template == "rectification-incomplete"
    assert "原因沒有寫清楚" in back.text
    assert "煞車片安裝不到位" in office_form(back)
    office.receive(
        mail(SERVICE_MANAGER, files={"o.xlsx": order(case.number, cause="型號不符")}, answers=back)
    )
    (again,) = to(office.post(), AFTER_SALES, "approval-request")
    assert "型號不符" in again.text


def office_form(posted: Posted) -> str:
    from tests.daemon.test_orders import texts, the_form

    return texts(the_form(posted))


def test_D40_sending_back_needs_a_reason_and_is_asked_for(office: Office) -> None:
    case, asked = returned(office)
    office.receive(mail(AFTER_SALES, text="退回", answers=asked))
    (told,) = to(office.post(), AFTER_SALES)
    assert "理由" in told.text
    assert office.case(case.number).asking("rectification").state == "requested"  # type: ignore[union-attr]


def test_D40_nobody_else_can_review(office: Office) -> None:
    case, _ = returned(office)
    (care,) = [one for one in [sent_to_care(office, case)] if one]
    office.receive(mail(CARE, text="同意", answers=care))
    assert office.case(case.number).asking("rectification").state == "requested"  # type: ignore[union-attr]
    assert office.kinds(case.number)[-1] == "refused"


def sent_to_care(office: Office, case: Case) -> Posted:
    """A mail of the case that customer care had."""
    office.receive(mail(SERVICE_MANAGER, files={"o.xlsx": order(case.number, cause="再查")}))
    (care,) = to(office.post(), CARE, "rectification-order")
    return care


def test_D40_a_second_review_is_refused_with_the_reason_and_shown_to_customer_care(office: Office) -> None:
    case, asked = returned(office)
    office.receive(mail(AFTER_SALES, text="同意", answers=asked))
    office.receive(mail(AFTER_SALES, text="退回 想了想不行", answers=asked))
    posted = office.post()
    assert "先前已經決定過" in to(posted, AFTER_SALES)[0].text
    assert to(posted, CARE)
    assert office.case(case.number).asking("rectification").state == "approved"  # type: ignore[union-attr]


def test_D40_a_second_order_after_filing_is_refused_and_changes_nothing(office: Office) -> None:
    case, asked = returned(office)
    office.receive(mail(AFTER_SALES, text="同意", answers=asked))
    office.receive(mail(SERVICE_MANAGER, files={"o.xlsx": order(case.number, cause="別的")}))
    (told,) = to(office.post(), SERVICE_MANAGER)
    assert "先前已經審閱歸檔" in told.text
    assert office.case(case.number).afterwards["cause"] == "煞車片安裝不到位"


def test_D40_the_director_is_reminded_until_he_has_reviewed(office: Office) -> None:
    returned(office)
    office.clock.forward(days=1)
    office.lapses.run_due()
    reminded = to(office.post(), AFTER_SALES, "reminder")
    assert "審閱客戶抱怨處理單" in reminded[-1].text
    assert "煞車片安裝不到位" in reminded[-1].text


def test_D33_whoever_owes_the_order_is_reminded_and_its_lateness_told(office: Office) -> None:
    _, brought = ordered(office)
    office.clock.forward(days=2)
    office.lapses.run_due()
    reminded = [one for one in to(office.post(), SERVICE_MANAGER, "reminder") if "處理單" in one.text]
    assert reminded
    assert "還有 1 天" in reminded[0].text
    office.clock.forward(days=1)
    office.lapses.run_due()
    posted = office.post()
    (late,) = to(posted, SERVICE_MANAGER, "overdue")
    assert "您有一件事已逾期：交回客戶抱怨處理單" in late.text
    assert next(iter(late.enclosures)).startswith("客戶抱怨處理單")
    assert any("交回客戶抱怨處理單" in one.text for one in to(posted, CARE, "overdue"))
    assert brought


# ---------------------------------------------------------------- telling the customer (D34)


def test_D34_customer_care_is_asked_to_tell_the_customer_and_sees_what_is_lacking(office: Office) -> None:
    _, asked = returned(office)
    told = resolved(office, asked)
    assert "請告知客戶" in told.text
    assert "已告知 客戶滿意" in told.text
    assert "部門總監審閱、告知客戶" in told.text
    assert "2026-11-24（二）09:00" in told.text


def test_D34_the_case_closes_by_itself_once_nothing_is_lacking(office: Office) -> None:
    case = closed(office)
    assert case.status is Status.CLOSED
    assert case.afterwards["customer_opinion"] == "客戶滿意"
    assert case.afterwards["customer_satisfied"] is True
    assert "closed" in office.kinds(case.number)


def test_D34_it_does_not_close_before_the_customer_was_told(office: Office) -> None:
    case, asked = returned(office)
    resolved(office, asked)
    office.receive(mail(AFTER_SALES, text="同意", answers=asked))
    assert office.case(case.number).status is Status.RESOLVED


def test_D34_who_does_not_own_the_telling_is_refused(office: Office) -> None:
    case, asked = returned(office)
    resolved(office, asked)
    office.receive(mail(AFTER_SALES, text="已告知 客戶滿意", answers=asked))
    assert office.kinds(case.number)[-1] == "refused"
    assert "customer_informed_at" not in office.case(case.number).afterwards


@pytest.mark.parametrize("text", ["已告知客戶了嗎？", "informed the customer?"])
def test_D34_a_question_tells_nobody_and_is_asked_back(office: Office, text: str) -> None:
    case, asked = returned(office)
    told = resolved(office, asked)
    office.receive(mail(CARE, text=text, answers=told))
    assert "customer_informed_at" not in office.case(case.number).afterwards


def test_D34_the_order_may_say_that_the_customer_was_told(office: Office) -> None:
    case, asked = returned(office, customer_informed_at="2026-11-23T09:00:00+08:00", customer_opinion="接受")
    resolved(office, asked)
    office.receive(mail(AFTER_SALES, text="同意", answers=asked))
    assert office.case(case.number).status is Status.CLOSED


def test_D34_the_director_of_customer_care_hears_that_nobody_told_the_customer_in_time(
    office: Office,
) -> None:
    _, asked = returned(office)
    resolved(office, asked)
    office.clock.forward(days=1)
    office.lapses.run_due()
    (late,) = to(office.post(), DIRECTOR_OF_CARE, "overdue")
    assert "告知客戶處理結果" in late.text


# ---------------------------------------------------------------- the check, and a matter come back (D36)


def test_D36_customer_care_says_that_the_rectification_holds(office: Office) -> None:
    case, asked = returned(office)
    told = resolved(office, asked)
    office.receive(mail(CARE, text="已複查 未再發生", answers=told))
    check = office.case(case.number).task("recheck")
    assert check is not None
    assert check.done


def test_D36_the_sender_learns_which_case_was_opened_again(office: Office) -> None:
    case = closed(office)
    office.clock.forward(days=30)
    form = complaint(**{**LEVEL_2, "reported_at": "2026-12-23T09:00:00+08:00", "description": "煞車又有異音"})
    office.receive(mail(STAFF, files={"f.xlsx": form}))
    (answer,) = to(office.post(), STAFF, "acknowledgement")
    assert f"[{case.number}]" in answer.subject
    assert "原案已重啟" in answer.text
    again = office.case()
    assert (again.status, again.openings, again.facts["description"]) == (Status.OPEN, 2, "煞車又有異音")


def test_D36_the_same_form_once_more_is_put_to_its_settled_case_and_opens_nothing(office: Office) -> None:
    case = closed(office)
    taken = office.receive(mail(STAFF, files={"f.xlsx": complaint(**LEVEL_2)}))
    assert taken.state is MailState.TAKEN
    (answer,) = to(office.post(), STAFF, "acknowledgement")
    assert "該案已經解決" in answer.text
    assert office.case().status is Status.CLOSED
    assert office.kinds(case.number)[-1] == "attached"


def test_D36_after_180_days_it_is_a_new_case(office: Office) -> None:
    closed(office)
    office.clock.forward(days=180, seconds=1)
    form = complaint(**{**LEVEL_2, "reported_at": "2027-05-23T09:00:00+08:00"})
    office.receive(mail(STAFF, files={"f.xlsx": form}))
    assert len(office.cases()) == 2


def test_D36_another_car_of_the_same_customer_is_a_new_case(office: Office) -> None:
    closed(office)
    form = complaint(**{**LEVEL_2, "reported_at": "2026-11-23T09:30:00+08:00", "plate_no": "粵B00001"})
    office.receive(mail(STAFF, files={"f.xlsx": form}))
    assert len(office.cases()) == 2


def test_D36_the_case_opened_again_asks_for_its_order_again(office: Office) -> None:
    closed(office)
    form = complaint(**{**LEVEL_2, "reported_at": "2026-11-23T09:30:00+08:00"})
    office.receive(mail(STAFF, files={"f.xlsx": form}))
    (brought,) = to(office.post(), SERVICE_MANAGER, "rectification-order")
    assert "請填寫客戶抱怨處理單" in brought.text


def test_an_order_for_a_closed_case_is_refused_with_the_reason(office: Office) -> None:
    case = closed(office)
    office.receive(mail(SERVICE_MANAGER, files={"o.xlsx": order(case.number)}))
    posted = office.post()
    assert "本案已經結案" in to(posted, SERVICE_MANAGER)[0].text
    assert to(posted, CARE)
