"""Corrections by e-mail: facts, people, doubles, withdrawals, holds; who may, what follows, who is told (K06, K07)."""

import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from daemon import words
from daemon.cli import main
from daemon.ledger import MailState
from rules.case import Status
from rules.deadlines import deadlines
from rules.events import Refused
from rules.locales import Locale
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MANAGER,
    SERVICE_MANAGER,
    STAFF,
    WORKSHOP,
    Office,
    Posted,
    complaint,
    mail,
    to,
)

DIRECTOR = "care.director@example.com"
HOLD = "暫停至 2026-11-24 12:00 原因：等零件到貨"


@pytest.fixture(autouse=True)
def _vouching(office: Office) -> None:
    """Everybody here proves who he is; what comes without a proof is told in test_unproven.py."""
    office.vouching = True


def opened(office: Office, **facts: object) -> str:
    """A case whose mails are posted; its number."""
    return office.opened(**facts).number


def say(office: Office, number: str, text: str, sender: str = CARE) -> list[Posted]:
    """Reply to a mail about the case, and post what comes of it."""
    office.receive(mail(sender, f"Re: [{number}] 客訴", text))
    return office.post()


def refusal(office: Office, number: str) -> Refused:
    return next(row.event for row in reversed(office.ledger.events(number)) if isinstance(row.event, Refused))


def history(office: Office, number: str) -> list[str]:
    site = office.site
    said = (words.step(row.event, site.policy, Locale.ZH_HANT) for row in office.ledger.events(number))
    return [line for line in said if line]


def test_an_amount_that_grows_regrades_at_once_and_everybody_is_told(office: Office) -> None:
    number = opened(office)
    posted = say(office, number, "更正 維修金額=1500 原因：發票漏列")
    case = office.case(number)
    assert (case.grade, case.owners) == ("level-2", ("after-sales-director",))
    assert case.due == office.clock.now() + timedelta(hours=2)
    assert office.docket.facts_of(case)["repair_amount"] == Decimal(1500)
    (told,) = to(posted, SERVICE_MANAGER, "changed")
    assert "維修金額：800 元 → 1,500 元" in told.text
    assert "原因：發票漏列" in told.text
    assert to(posted, CARE, "changed")
    assert "二級" in to(posted, AFTER_SALES, "assignment")[0].text
    assert "客戶關愛部更正維修金額：發票漏列（K06）" in history(office, number)


def test_a_lower_grade_waits_for_the_directors_consent(office: Office) -> None:
    number = opened(office, repair_amount="1500")
    due = office.case(number).due
    posted = say(office, number, "更正 維修金額=700 原因：發票有誤")
    assert office.case(number).grade == "level-2"
    assert office.case(number).due == due
    assert to(posted, DIRECTOR, "approval-request")
    assert not to(posted, AFTER_SALES, "changed")


def test_a_corrected_telephone_finds_the_case_again(office: Office) -> None:
    number = opened(office)
    say(office, number, "更正 聯絡電話=0987-654-321 原因：號碼抄錯")
    office.receive(mail(STAFF, files={"again.xlsx": complaint(customer_phone="0987-654-321")}))
    assert len(office.cases()) == 1
    assert office.kinds(number)[-1] == "attached"


def test_a_request_without_a_reason_is_asked_back_with_an_example_and_changes_nothing(office: Office) -> None:
    number = opened(office)
    posted = say(office, number, "更正 維修金額=1500")
    (asked,) = to(posted, CARE)
    assert asked.template == "authority-exceeded"
    assert "沒有寫原因" in asked.text
    assert "更正 維修金額=2400 原因：客戶補送發票" in asked.text
    assert office.case(number).grade == "level-3"
    assert refusal(office, number).asked == "correction"


@pytest.mark.parametrize("sender", [STAFF, SERVICE_MANAGER, MANAGER])
@pytest.mark.parametrize(
    "text", ["更正 維修金額=1500 原因：漏列", "撤案 原因：誤會", "改派 總經理 原因：我很忙"]
)
def test_nobody_but_customer_care_corrects(office: Office, sender: str, text: str) -> None:
    number = opened(office)
    before = office.case(number)
    posted = say(office, number, text, sender)
    after = office.case(number)
    assert (after.facts, after.owners, after.status) == (before.facts, before.owners, before.status)
    assert refusal(office, number).reason == "not-entitled"
    assert to(posted, sender, "authority-exceeded")
    assert to(posted, CARE, "authority-exceeded"), "customer care sees who tried"


@pytest.mark.parametrize(
    "text",
    [
        "改派 售後總監 原因：服務經理是當事人",
        "改派 林總監，服務經理是當事人",
        "reassign to after-sales@example.com because he is involved",
    ],
)
def test_a_case_is_passed_to_an_office_by_title_name_or_address_and_the_clock_goes_on(
    office: Office, text: str
) -> None:
    number = opened(office)
    due = office.case(number).due
    office.clock.forward(minutes=30)
    posted = say(office, number, text)
    case = office.case(number)
    assert (case.owners, case.due) == (("after-sales-director",), due)
    assert to(posted, AFTER_SALES, "assignment")
    (told,) = to(posted, SERVICE_MANAGER, "changed")
    assert "改派" in told.text
    assert to(posted, WORKSHOP, "changed")


def test_several_offices_may_take_over_and_an_unknown_name_is_asked_back(office: Office) -> None:
    number = opened(office)
    say(office, number, "改派 服務經理、售後總監 原因：一起處理")
    assert office.case(number).owners == ("service-manager", "after-sales-director")
    posted = say(office, number, "改派 張三 原因：他熟")
    assert "看不出要改派給誰" in to(posted, CARE, "authority-exceeded")[0].text


def test_doubles_are_merged_in_one_step_and_mails_on_the_old_thread_reach_the_case_that_goes_on(
    office: Office,
) -> None:
    first, second = opened(office), opened(office, customer_phone="0900-000-002")
    posted = say(office, second, f"併入 {first} 原因：同一位客戶同一件事")
    assert office.case(second).status is Status.MERGED
    assert office.case(second).merged_into == first
    assert office.kinds(first)[-1] == "attached"
    assert f"案件 {second} 併入本案（K06）" in history(office, first)
    told = to(posted, SERVICE_MANAGER, "changed")
    assert len(told) == 2, "one about each case"
    assert any(f"併入案件：{first}" in one.text for one in told)
    say(office, second, "已解決 已更換煞車片", SERVICE_MANAGER)
    assert not office.case(first).is_open
    assert office.case(second).status is Status.MERGED


@pytest.mark.parametrize("text", ["併入 KS-20200101-001 原因：同一件事", "併入 {number} 原因：同一件事"])
def test_a_case_is_not_merged_into_none_or_itself(office: Office, text: str) -> None:
    number = opened(office)
    say(office, number, text.format(number=number))
    assert office.case(number).is_open
    assert refusal(office, number).reason == "unknown-case"


def test_a_merged_case_can_be_opened_again_by_its_own_thread(office: Office) -> None:
    first, second = opened(office), opened(office, customer_phone="0900-000-002")
    say(office, second, f"併入 {first} 原因：同一件事")
    say(office, second, "重啟 原因：其實是兩件事")
    assert office.case(second).is_open
    assert office.case(second).merged_into == ""


def test_a_case_is_withdrawn_and_its_clock_stops(office: Office) -> None:
    number = opened(office)
    posted = say(office, number, "客戶已撤回投訴，說是誤會")
    assert office.case(number).status is Status.WITHDRAWN
    assert "已撤案" in to(posted, SERVICE_MANAGER, "changed")[0].text
    office.clock.forward(days=2)
    office.lapses.run_due()
    assert "lapsed" not in office.kinds(number)
    say(office, number, "重啟 原因：客戶又來電")
    assert office.case(number).due == office.clock.now() + timedelta(hours=2)


def test_a_hold_is_granted_by_the_next_higher_role_and_the_clock_goes_on_with_what_was_left(
    office: Office,
) -> None:
    number = opened(office)
    office.clock.forward(minutes=45)
    posted = say(office, number, HOLD, SERVICE_MANAGER)
    assert to(posted, AFTER_SALES, "approval-request")
    assert office.case(number).held_until is None
    posted = say(office, number, "暫停至 2026-11-24 12:00 原因：同意等零件", AFTER_SALES)
    case = office.case(number)
    assert case.held_until == datetime.fromisoformat("2026-11-24T12:00:00+08:00")
    assert case.due is None
    (told,) = to(posted, SERVICE_MANAGER, "changed")
    assert "暫停計時" in told.text
    assert "2026-11-24（二）12:00" in told.text
    office.clock.forward(hours=20)
    office.lapses.run_due()
    assert office.post() == [], "nobody is reminded, nothing rises"
    office.clock.forward(hours=7)  # 12:45
    office.lapses.run_due()
    posted = office.post()
    case = office.case(number)
    assert case.held_until is None
    assert case.due == office.clock.now() + timedelta(minutes=75)
    assert "還有 1 小時 15 分" in to(posted, SERVICE_MANAGER, "changed")[0].text
    office.clock.forward(minutes=76)
    office.lapses.run_due()
    assert office.kinds(number).count("lapsed") == 1


def test_a_hold_ends_early_and_a_held_case_can_be_resolved(office: Office) -> None:
    number = opened(office)
    say(office, number, HOLD, AFTER_SALES)
    assert office.case(number).held_until is not None
    say(office, number, "恢復計時", SERVICE_MANAGER)
    assert office.case(number).due == office.clock.now() + timedelta(hours=2)
    say(office, number, HOLD, AFTER_SALES)
    say(office, number, "已解決 已更換", SERVICE_MANAGER)
    case = office.case(number)
    assert not case.is_open
    assert case.held_until is None


def test_customer_care_is_told_of_a_held_case_as_held_wherever_it_is_written_of(office: Office) -> None:
    number = opened(office)
    say(office, number, HOLD, AFTER_SALES)
    posted = say(office, number, "請問進度如何 unresolved", SERVICE_MANAGER)
    assert all("處理時限" not in one.text for one in posted)


def test_the_same_reply_twice_changes_a_case_once(office: Office) -> None:
    number = opened(office)
    message = mail(CARE, f"Re: [{number}] 客訴", "撤案 原因：誤會")
    office.receive(message)
    assert office.receive(message).state is MailState.DUPLICATE
    say(office, number, "撤案 原因：誤會")
    assert office.kinds(number).count("withdrawn") == 1
    assert refusal(office, number).reason == "case-closed"


def test_an_incomplete_case_is_completed_in_words(office: Office) -> None:
    office.receive(mail(STAFF, files={"f.xlsx": complaint(repair_amount=None)}))
    number = office.case().number
    assert office.case().status is Status.INCOMPLETE
    posted = say(office, number, "更正 維修金額=2500 原因：電話補問")
    assert (office.case().status, office.case().grade) == (Status.OPEN, "level-1")
    assert to(posted, MANAGER, "assignment")


def test_the_director_consents_by_reply_and_the_lower_grade_follows_with_the_corrected_facts(
    office: Office,
) -> None:
    number = opened(office, repair_amount="1500")
    posted = say(office, number, "更正 維修金額=700 原因：發票有誤")
    (request,) = to(posted, DIRECTOR, "approval-request")
    office.receive(mail(DIRECTOR, text="同意", answers=request))
    posted = office.post()
    case = office.case(number)
    assert (case.grade, case.facts["repair_amount"]) == ("level-3", "700.00")
    assert to(posted, SERVICE_MANAGER, "assignment")
    assert "1,500 元 → 700 元" in to(posted, AFTER_SALES, "changed")[0].text


@pytest.mark.parametrize(("answer", "held"), [("同意", True), ("不同意 不能再等", False)])
def test_a_hold_is_granted_or_refused_by_reply_and_whoever_asked_is_told(
    office: Office, answer: str, held: bool
) -> None:
    number = opened(office)
    posted = say(office, number, HOLD, SERVICE_MANAGER)
    (request,) = to(posted, AFTER_SALES, "approval-request")
    assert "等零件到貨" in request.text
    office.receive(mail(AFTER_SALES, text=answer, answers=request))
    posted = office.post()
    assert (office.case(number).held_until is not None) is held
    assert to(posted, SERVICE_MANAGER, "changed" if held else "approval-request")


def test_whoever_answers_a_request_that_a_lapse_has_ended_is_told_so(office: Office) -> None:
    number = opened(office)
    posted = say(office, number, HOLD, SERVICE_MANAGER)
    (request,) = to(posted, AFTER_SALES, "approval-request")
    office.clock.forward(hours=2)
    office.lapses.run_due()
    office.post()
    office.receive(mail(AFTER_SALES, text="同意", answers=request))
    (told,) = to(office.post(), AFTER_SALES)
    assert told.template == "authority-exceeded"
    assert "失效" in told.text
    assert office.case(number).held_until is None


def test_what_nobody_can_prove_to_have_sent_changes_nothing(office: Office) -> None:
    number = opened(office)
    office.vouching = False
    posted = say(office, number, "撤案 原因：誤會")
    assert office.case(number).is_open
    assert [one.template for one in to(posted, CARE)] == ["confirm-request"]


def test_a_corrected_number_is_hidden_from_whoever_has_no_call_to_make(office: Office) -> None:
    config = office.folder / "config.toml"
    allowed = '[privacy]\nphones = ["customer-care"]\n\n[people]'
    config.write_text(config.read_text(encoding="utf-8").replace("[people]", allowed), encoding="utf-8")
    office.configure()
    office.vouching = True
    number = opened(office)
    office.clock.forward(hours=2)
    office.lapses.run_due()
    office.post()  # the case went on to the director
    posted = say(office, number, "更正 聯絡電話=0987-654-321 原因：號碼抄錯")
    (told,) = to(posted, WORKSHOP, "changed")
    assert "091***5678 → 098***4321" in told.text
    assert "0912345678 → 0987654321" in to(posted, CARE, "changed")[0].text


def test_kesu_cases_says_until_when_a_case_is_held(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    number = opened(office)
    say(office, number, HOLD, AFTER_SALES)
    config = ["--config", str(office.folder / "config.toml")]
    assert main(["cases", *config]) == 0
    assert "暫停至 2026-11-24 12:00" in capsys.readouterr().out
    assert main(["cases", "--json", *config]) == 0
    (shown,) = json.loads(capsys.readouterr().out)
    assert (shown["held_until"], shown["due"]) == ("2026-11-24T12:00:00+08:00", None)


def test_no_held_case_is_forgotten(office: Office) -> None:
    number = opened(office)
    say(office, number, HOLD, AFTER_SALES)
    coming = deadlines(office.case(number), office.site.policy)
    assert [deadline.name for deadline in coming] == ["hold:"]
    assert office.ledger.verify() == []
