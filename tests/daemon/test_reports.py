"""Closing the loop: handling forms and short replies, who may report, and what he may promise (D10–D12, D38)."""

import pytest

from daemon.ledger import MailState
from rules.case import Case, Status
from rules.deadlines import deadlines
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MANAGER,
    SALES,
    SERVICE_MANAGER,
    STAFF,
    WORKSHOP,
    Office,
    Posted,
    complaint,
    handling,
    mail,
    to,
    typed,
)


def assigned(office: Office, **facts: object) -> tuple[Case, Posted]:
    """Open an after-sales case; return it and the service manager's assignment."""
    office.receive(mail(files={"f.xlsx": complaint(**facts)}))
    (assignment,) = to(office.post(), SERVICE_MANAGER)
    return office.cases()[-1], assignment


def refusal(office: Office, address: str) -> Posted:
    (answer,) = to(office.post(), address)
    assert answer.template == "authority-exceeded"
    return answer


def test_a_reply_in_words_resolves_the_case_and_stops_its_clock(office: Office) -> None:
    _, assignment = assigned(office)
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整煞車片，優惠工時費20%", answers=assignment))
    case = office.case()
    assert (case.status, case.due, case.resolved_by.email) == (Status.RESOLVED, None, SERVICE_MANAGER)
    assert case.resolution["discount_percent"] == 20
    ahead = [deadline.name.partition(":")[0] for deadline in deadlines(case, office.site.policy)]
    assert "lapse" not in ahead


def test_everybody_who_had_a_mail_learns_that_it_is_resolved(office: Office) -> None:
    _, assignment = assigned(office)
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整", answers=assignment))
    posted = office.post()
    assert sorted(one.to for one in posted) == sorted([SERVICE_MANAGER, WORKSHOP, CARE, STAFF])
    assert {one.template for one in posted} == {"resolved"}


def test_an_english_reply_counts_as_well(office: Office) -> None:
    _, assignment = assigned(office)
    office.receive(mail(SERVICE_MANAGER, text="resolved, new pads fitted, discount 30%", answers=assignment))
    assert office.case().resolution["discount_percent"] == 30


def test_the_enclosed_handling_form_filled_in_resolves_the_case(office: Office) -> None:
    case, _ = assigned(office)
    form = handling(case.number, discount_percent=30, resolution="換新煞車片")
    office.receive(mail(WORKSHOP, subject="回覆單", text="", files={"回覆單.xlsx": form}))
    assert office.case().status is Status.RESOLVED
    assert office.case().resolution["resolution"] == "換新煞車片"


@pytest.mark.parametrize(
    "spelling", ["[KS-20261123-001]", "ks-20261123-001", "ＫＳ－20261123－001", " KS-20261123-001 "]
)
def test_a_case_number_is_known_however_it_is_copied(office: Office, spelling: str) -> None:
    assigned(office)
    office.receive(mail(SERVICE_MANAGER, "回覆單", files={"f.xlsx": handling(spelling)}))
    assert office.case().status is Status.RESOLVED


def test_a_subject_with_the_number_tells_the_case_of_whoever_proves_himself(office: Office) -> None:
    case, _ = assigned(office)
    reply = mail(SERVICE_MANAGER, f"回覆: [{case.number}] 許雅婷", "已解決 重新調整")
    office.receive(office.vouched(reply))
    assert office.case().status is Status.RESOLVED


def test_a_subject_written_anew_in_the_thread_is_enough(office: Office) -> None:
    _, assignment = assigned(office)
    reply = mail(SERVICE_MANAGER, text="已解決 重新調整", answers=assignment)
    reply.replace_header("Subject", "好了")
    office.receive(reply)
    assert office.case().status is Status.RESOLVED


def test_the_thread_outranks_a_number_in_the_subject(office: Office) -> None:
    first, assignment = assigned(office)
    second, _ = assigned(office, customer_phone="0900-000-002")
    reply = mail(SERVICE_MANAGER, text="已解決 重新調整", answers=assignment)
    reply.replace_header("Subject", f"[{second.number}]")
    office.receive(reply)
    assert office.case(first.number).status is Status.RESOLVED
    assert office.case(second.number).status is Status.OPEN


def test_a_partial_result_is_recorded_and_the_clock_runs_on(office: Office) -> None:
    case, assignment = assigned(office)
    office.receive(mail(SERVICE_MANAGER, text="未解決 等待零件", answers=assignment))
    assert (office.case().status, office.case().reports, office.case().due) == (Status.OPEN, 1, case.due)


# ---------------------------------------------------------------- what is not accepted


def test_D38_a_promise_over_his_authority_goes_to_the_lowest_role_that_covers_it(office: Office) -> None:
    _, assignment = assigned(office)
    office.receive(mail(SERVICE_MANAGER, text="已解決 優惠工時費45%", answers=assignment))
    assert office.case().status is Status.OPEN
    assert office.kinds()[-2:] == ["reported", "refused"]
    posted = office.post()
    (back,), (on,) = to(posted, SERVICE_MANAGER), to(posted, AFTER_SALES)
    assert (back.template, on.template) == ("authority-exceeded", "authority-exceeded")
    assert "45%" in back.text
    assert "30%" in back.text
    assert list(on.enclosures) == ["客戶抱怨回覆單.xlsx"]
    assert to(posted, MANAGER) == []


def test_D38_whoever_covers_it_grants_it_by_replying(office: Office) -> None:
    _, assignment = assigned(office)
    office.receive(mail(SERVICE_MANAGER, text="已解決 優惠工時費45%", answers=assignment))
    (on,) = to(office.post(), AFTER_SALES)
    office.receive(mail(AFTER_SALES, text="已解決 同意優惠工時費45%", answers=on))
    assert (office.case().status, office.case().resolved_by.email) == (Status.RESOLVED, AFTER_SALES)


def test_somebody_without_a_part_in_the_case_is_told_that_he_may_not_report(office: Office) -> None:
    case, _ = assigned(office)
    office.receive(office.vouched(mail(SALES, f"[{case.number}]", "已解決 不用管了")))
    assert office.case().status is Status.OPEN
    refusal(office, SALES)


def test_plain_staff_cannot_resolve_a_case(office: Office) -> None:
    case, _ = assigned(office)
    office.receive(mail(STAFF, "回覆單", files={"f.xlsx": handling(case.number)}))
    assert office.case().status is Status.OPEN
    refusal(office, STAFF)


def test_a_report_on_a_case_there_is_not_is_answered(office: Office) -> None:
    office.receive(mail(SERVICE_MANAGER, "回覆單", files={"f.xlsx": handling("KS-20261123-099")}))
    assert "KS-20261123-099" in refusal(office, SERVICE_MANAGER).text


def test_words_under_the_number_of_a_case_there_is_not_are_answered(office: Office) -> None:
    office.receive(mail(SERVICE_MANAGER, "[KS-20261123-099]", "已解決 重新調整"))
    assert "KS-20261123-099" in refusal(office, SERVICE_MANAGER).text


def test_a_report_on_an_unknown_case_is_answered_though_a_good_form_lies_beside_it(office: Office) -> None:
    files = {"a.xlsx": complaint(), "b.xlsx": handling("KS-20261123-099")}
    office.receive(mail(SERVICE_MANAGER, files=files))
    texts = "\n".join(one.text for one in to(office.post(), SERVICE_MANAGER))
    assert "KS-20261123-099" in texts
    assert office.case().number in texts


def test_a_report_on_a_resolved_case_is_refused_and_changes_nothing(office: Office) -> None:
    case, assignment = assigned(office)
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整", answers=assignment))
    office.post()
    office.receive(office.vouched(mail(WORKSHOP, f"[{case.number}]", "已解決 換新")))
    assert office.case().resolved_by.email == SERVICE_MANAGER
    refusal(office, WORKSHOP)


def test_a_concession_nobody_can_read_is_asked_about_never_guessed(office: Office) -> None:
    _, assignment = assigned(office)
    office.receive(mail(SERVICE_MANAGER, text="已解決 工時費優惠大概三成左右", answers=assignment))
    assert office.case().status is Status.OPEN
    assert office.kinds()[-1] == "refused"
    refusal(office, SERVICE_MANAGER)


def test_a_reply_without_a_verb_is_asked_about(office: Office) -> None:
    _, assignment = assigned(office)
    office.receive(mail(SERVICE_MANAGER, text="我下午去看看", answers=assignment))
    assert office.case().status is Status.OPEN
    assert "我下午去看看" in refusal(office, SERVICE_MANAGER).text


def test_a_verb_in_the_quoted_text_resolves_nothing(office: Office) -> None:
    _, assignment = assigned(office)
    quoted = "On Mon, 23 Nov 2026 at 09:00, kesu wrote:\n> 已解決 重新調整\n> resolved"
    office.receive(mail(SERVICE_MANAGER, text=quoted, answers=assignment))
    assert office.case().status is Status.OPEN
    assert "resolved" not in office.kinds()


def test_an_own_verb_above_the_quoted_text_counts(office: Office) -> None:
    _, assignment = assigned(office)
    office.receive(
        mail(SERVICE_MANAGER, text="已解決 重新調整\n\n> 未解決\n> 優惠工時費90%", answers=assignment)
    )
    assert office.case().resolution["resolution"] == "重新調整"
    assert "discount_percent" not in office.case().resolution


def test_a_colleagues_thanks_in_the_thread_come_to_nothing(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    (answer,) = to(office.post(), STAFF)
    settled = office.receive(mail(STAFF, text="謝謝！", answers=answer))
    assert settled.state is MailState.IGNORED
    assert office.post() == []


def test_a_report_at_the_very_end_of_the_window_is_in_time(office: Office) -> None:
    _, assignment = assigned(office)
    office.clock.forward(hours=2)
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整", answers=assignment))
    office.lapses.run_due()
    assert (office.case().status, office.case().lapses) == (Status.RESOLVED, ())


def test_a_manager_of_the_department_may_resolve_after_it_rose(office: Office) -> None:
    _, assignment = assigned(office)
    office.clock.forward(hours=2)
    office.lapses.run_due()
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整", answers=assignment))
    assert office.case().status is Status.RESOLVED


def test_a_workbook_that_is_no_form_beside_a_reply_in_words_is_kept_with_the_case(office: Office) -> None:
    _, assignment = assigned(office)
    invoice = typed([["Invoice", 17], ["brake pads", 300]])
    office.receive(
        mail(SERVICE_MANAGER, text="已解決 換新", files={"invoice.xlsx": invoice}, answers=assignment)
    )
    assert office.case().status is Status.RESOLVED
    assert "invoice.xlsx" in [file.name for file in office.ledger.attachments(office.case().number)]
    assert {one.template for one in office.post()} == {"resolved"}


def test_D26_the_directors_report_does_the_task(office: Office) -> None:
    office.receive(mail(CARE, files={"f.xlsx": complaint()}))
    (task_mail,) = to(office.post(), AFTER_SALES)
    office.receive(mail(AFTER_SALES, text="未解決 已聯絡客戶", answers=task_mail))
    assert [task.done for task in office.case().tasks] == [True]


def test_the_very_same_reply_again_is_a_duplicate(office: Office) -> None:
    _, assignment = assigned(office)
    reply = mail(SERVICE_MANAGER, text="未解決 等待零件", answers=assignment)
    office.receive(reply)
    office.uidvalidity += 1
    settled = office.receive(reply)
    assert (settled.state, office.case().reports) == (MailState.DUPLICATE, 1)


@pytest.mark.parametrize(
    "mark", ["---- 回复的原邮件 ----", "從: 客戶關愛部", "", "||| my own program's line |||"]
)
def test_our_own_mail_quoted_by_whatever_program_is_not_the_readers_word(office: Office, mark: str) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    case = office.case()
    (assignment,) = to(office.post(), SERVICE_MANAGER, "assignment")
    said = f"已解決 換了煞車片\n\n{mark}\n{assignment.text}"
    office.receive(mail(SERVICE_MANAGER, text=said, answers=assignment))
    assert office.case(case.number).status is Status.RESOLVED
    assert str(office.case(case.number).resolution["resolution"]).startswith("換了煞車片")
    assert assignment.text[:20] not in str(office.case(case.number).resolution["resolution"])
    assert "discount_percent" not in office.case(case.number).resolution
