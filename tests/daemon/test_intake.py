"""Forms in: what a message with forms, without any, or with files nobody can read comes to."""

import pytest

from daemon.ledger import MailState
from rules.case import Status
from rules.locales import Locale
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    COMPLAINT,
    SERVICE_MANAGER,
    STAFF,
    WORKSHOP,
    Office,
    complaint,
    mail,
    to,
    typed,
)

UNREADABLE = complaint()[:1500]  # cut off on its way
PHOTO = bytes.fromhex("89504e470d0a1a0a") + b"a scratch on the door"


def test_one_form_opens_one_case_and_tells_its_owners_and_its_sender(office: Office) -> None:
    settled = office.receive(mail(files={"form.xlsx": complaint()}))
    case, posted = office.case(), office.post()
    assert (settled.state, settled.target_folder) == (MailState.TAKEN, "Processed")
    assert (case.number, case.grade, case.grade_clause) == ("KS-20261123-001", "level-3", "D01")
    assert case.owners == ("service-manager", "workshop-director")
    assert case.due is not None
    assert (case.due - case.opened_at).total_seconds() == 7200
    assert sorted((one.to, one.template) for one in posted) == [
        (SERVICE_MANAGER, "assignment"),
        (STAFF, "acknowledgement"),
        (WORKSHOP, "assignment"),
    ]


def test_the_mails_of_a_case_hang_on_one_thread_and_answer_the_sender(office: Office) -> None:
    sent = mail(files={"form.xlsx": complaint()})
    office.receive(sent)
    posted = office.post()
    assert len({one.subject for one in posted}) == 1
    assert posted[0].subject.startswith("[KS-20261123-001] 許雅婷 ")
    roots = {str(one.message["References"]).split()[0] for one in posted}
    assert roots == {"<case.KS-20261123-001.main@example.com>"}
    (answer,) = to(posted, STAFF)
    assert answer.message["In-Reply-To"] == sent["Message-ID"]
    assert answer.message["Auto-Submitted"] == "auto-replied"


def test_an_assignment_says_what_is_expected_by_when_and_encloses_the_handling_form(office: Office) -> None:
    office.receive(mail(files={"form.xlsx": complaint()}))
    (assignment,) = to(office.post(), SERVICE_MANAGER)
    for expected in ("KS-20261123-001", "11:00", "D06", "30%", "更換煞車片後仍有異音", "800"):
        assert expected in assignment.text
    assert list(assignment.enclosures) == ["客戶抱怨回覆單.xlsx"]


def test_a_person_reads_his_own_language_and_others_the_sites(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint(department="sales", category="attitude")}))
    posted = office.post()
    (retail,), (staff,) = to(posted, "retail@example.com"), to(posted, STAFF)
    assert "Level 3" in retail.text
    assert "三級" in staff.text


def test_several_forms_in_one_message_are_several_cases_and_one_acknowledgement(office: Office) -> None:
    second = complaint(customer_name="Ms Harper", customer_phone="0922-000-111", locale=Locale.EN)
    office.receive(mail(files={"a.xlsx": complaint(), "b.xlsx": second}))
    assert [case.facts["customer_name"] for case in office.cases()] == ["許雅婷", "Ms Harper"]
    (answer,) = to(office.post(), STAFF)
    assert answer.template == "acknowledgement"
    assert "KS-20261123-001" in answer.text
    assert "KS-20261123-002" in answer.text


def test_a_list_of_twenty_complaints_opens_twenty_cases_under_one_answer(office: Office) -> None:
    rows = [["部門", "客戶姓名", "聯絡電話", "抱怨類型", "抱怨內容", "維修金額"]]
    rows += [["售後", f"客戶{n}", f"0900-000-{n:03}", "等待時間", f"第{n}件", 100 * n] for n in range(1, 21)]
    office.receive(mail(files={"list.xlsx": typed(rows)}))
    cases = office.cases()
    assert len(cases) == 20
    assert len({case.number for case in cases}) == 20
    assert [case.grade for case in cases] == ["level-3"] * 10 + ["level-2"] * 10
    posted = office.post()
    (answer,) = to(posted, STAFF)
    assert all(case.number in answer.text for case in cases)
    assert len(to(posted, SERVICE_MANAGER, "assignment")) == len(to(posted, AFTER_SALES, "assignment")) == 5
    office.clock.forward(minutes=1)
    posted += office.post()
    for address, mine in ((SERVICE_MANAGER, cases[:10]), (AFTER_SALES, cases[10:])):
        his = to(posted, address)
        told = [one.text for one in his if one.template == "assignment" or "「派案」" in one.text]
        assert len(told) == 6
        assert all(any(case.number in text for text in told) for case in mine)


def test_a_good_form_is_not_delayed_by_a_bad_one_beside_it(office: Office) -> None:
    bad = complaint(customer_name="徐太太", customer_phone="0966-777-888", repair_amount=None)
    settled = office.receive(mail(files={"good.xlsx": complaint(), "bad.xlsx": bad}))
    assert [case.status for case in office.cases()] == [Status.OPEN, Status.INCOMPLETE]
    assert settled.state is MailState.QUARANTINED
    posted = office.post()
    assert len(to(posted, SERVICE_MANAGER, "assignment")) == 1
    (answer,) = to(posted, STAFF)
    assert answer.template == "form-problems"


def test_a_message_without_a_form_gets_one_polite_answer_with_both_blanks(office: Office) -> None:
    settled = office.receive(mail(text="客戶打電話來罵人，要填什麼表？"))
    (answer,) = office.post()
    assert (answer.to, answer.template) == (STAFF, "form-problems")
    assert sorted(answer.enclosures) == ["售後客戶抱怨單.xlsx", "銷售客戶抱怨單.xlsx"]
    assert (settled.state, settled.target_folder) == (MailState.IGNORED, "Processed")
    assert office.cases() == []


def test_an_unreadable_file_is_named_to_its_sender_and_quarantined(office: Office) -> None:
    settled = office.receive(mail(files={"壞檔.xlsx": UNREADABLE}))
    (answer,) = office.post()
    assert (answer.to, answer.template) == (STAFF, "form-problems")
    assert "壞檔.xlsx" in answer.text
    assert answer.enclosures
    assert (settled.state, settled.target_folder) == (MailState.QUARANTINED, "Quarantine")
    assert settled.reason


@pytest.mark.parametrize("content", [b"<html><table><tr><td>x</td></tr></table></html>", b"", b"a,b,c"])
def test_a_file_that_only_calls_itself_a_workbook_is_named_too(office: Office, content: bytes) -> None:
    office.receive(mail(files={"抱怨單.xls": content}))
    (answer,) = office.post()
    assert (answer.to, answer.template) == (STAFF, "form-problems")
    assert "抱怨單.xls" in answer.text


def test_an_unreadable_file_beside_a_form_does_not_keep_the_form_from_its_case(office: Office) -> None:
    office.receive(mail(files={"bad.xlsx": UNREADABLE, "good.xlsx": complaint()}))
    assert office.case().grade == "level-3"
    (answer,) = to(office.post(), STAFF)
    assert "bad.xlsx" in answer.text
    assert office.case().number in answer.text


def test_a_workbook_without_any_form_in_it_is_answered(office: Office) -> None:
    office.receive(mail(files={"價目表.xlsx": typed([["brake pads", 300], ["oil", 80]])}))
    (answer,) = office.post()
    assert (answer.to, answer.template) == (STAFF, "form-problems")
    assert office.cases() == []


def test_a_form_with_odd_optional_facts_opens_at_once_with_the_warnings_on_it(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint(reported_at="2020-01-02T09:00:00+08:00")}))
    case = office.case()
    assert case.status is Status.OPEN
    assert len(case.warnings) == 1
    assert "抱怨時間" in case.warnings[0]


def test_photos_are_kept_with_the_case_beside_the_form(office: Office) -> None:
    office.receive(mail(files={"form.xlsx": complaint(), "車門.png": PHOTO}))
    kept = {file.name: file for file in office.ledger.attachments(office.case().number)}
    assert list(kept) == ["車門.png"]  # the form is in its mail
    assert office.ledger.raw(kept["車門.png"].sha256) == PHOTO


def test_a_photo_sent_later_in_the_thread_is_kept_with_the_case(office: Office) -> None:
    office.receive(mail(files={"form.xlsx": complaint()}))
    (answer,) = to(office.post(), STAFF)
    office.receive(mail(text="補一張照片", files={"車門.png": PHOTO}, answers=answer))
    assert "車門.png" in [file.name for file in office.ledger.attachments(office.case().number)]
    assert office.post() == []


def test_the_raw_message_is_kept_byte_for_byte(office: Office) -> None:
    sent = mail(files={"form.xlsx": complaint()})
    settled = office.receive(sent)
    assert office.ledger.raw(settled.sha256) == sent.as_bytes()


# ---------------------------------------------------------------- D26: who issues a form


def test_D26_a_form_from_customer_care_also_goes_to_the_director_for_two_days(office: Office) -> None:
    office.receive(mail(CARE, files={"form.xlsx": complaint()}))
    case = office.case()
    (task,) = case.tasks
    assert (case.issued_by, task.role, task.clause) == ("customer-care", "after-sales-director", "D26")
    assert (task.due - case.opened_at).total_seconds() == 48 * 3600
    posted = office.post()
    assert len(to(posted, AFTER_SALES, "assignment")) == 1
    assert len(to(posted, SERVICE_MANAGER, "assignment")) == 1


def test_D26_a_title_that_names_customer_care_gives_plain_staff_no_such_authority(office: Office) -> None:
    rows = [[key, value] for key, value in _typed_labels().items()]
    office.receive(mail(files={"f.xlsx": typed(rows, title="客戶關愛部 售後客戶抱怨單")}))
    case = office.case()
    assert (case.issued_by, case.tasks) == (None, ())


def test_D05_a_follow_up_call_is_special_only_from_customer_care_itself(office: Office) -> None:
    theirs = office.opened(STAFF, source="follow-up-call", customer_phone="0900-000-001")
    ours = office.opened(CARE, source="follow-up-call", customer_phone="0900-000-002")
    assert (theirs.grade, ours.grade) == ("level-3", "special")


def _typed_labels() -> dict[str, object]:
    return {
        "客戶姓名": COMPLAINT["customer_name"],
        "聯絡電話": COMPLAINT["customer_phone"],
        "抱怨類型": "維修質量",
        "維修金額": 800,
        "抱怨內容": COMPLAINT["description"],
    }


# ---------------------------------------------------------------- the same again


def test_a_form_sent_again_is_put_to_its_case_and_the_sender_is_told(office: Office) -> None:
    first = office.opened()
    office.clock.forward(minutes=30)
    office.receive(mail(files={"form.xlsx": complaint()}))
    assert office.case().number == first.number
    assert office.case().due == first.due
    assert office.kinds()[-1] == "attached"
    (answer,) = office.post()
    assert (answer.to, answer.template) == (STAFF, "acknowledgement")
    assert first.number in answer.text


def resolved(office: Office) -> None:
    office.receive(mail(files={"form.xlsx": complaint()}))
    (assignment,) = to(office.post(), SERVICE_MANAGER)
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整", answers=assignment))


def test_D36_the_matter_of_a_resolved_case_come_back_opens_that_case_again(office: Office) -> None:
    resolved(office)
    office.receive(mail(files={"form.xlsx": complaint()}))
    assert (office.case().status, office.case().openings) == (Status.OPEN, 2)


def test_another_matter_of_the_customer_of_a_resolved_case_opens_a_new_one(office: Office) -> None:
    resolved(office)
    office.receive(mail(files={"form.xlsx": complaint(category="waiting")}))
    assert [case.status for case in office.cases()] == [Status.RESOLVED, Status.OPEN]


def test_the_same_customer_with_another_matter_gets_a_case_of_his_own(office: Office) -> None:
    office.opened()
    office.opened(category="attitude", description="櫃檯態度冷淡")
    assert len(office.cases()) == 2


SAME_AGAIN = {
    "a form": {"form.xlsx": complaint()},
    "two forms": {"a.xlsx": complaint(), "b.xlsx": complaint(customer_phone="0900-000-009")},
    "no form": {},
    "a bad form": {"bad.xlsx": complaint(repair_amount=None)},
    "an unreadable file": {"bad.xlsx": UNREADABLE},
    "an unreadable file beside a form": {"bad.xlsx": UNREADABLE, "good.xlsx": complaint()},
}


@pytest.mark.parametrize("what", SAME_AGAIN)
def test_the_very_same_message_under_another_uidvalidity_is_a_duplicate(office: Office, what: str) -> None:
    sent = mail(files=SAME_AGAIN[what])
    office.receive(sent)
    cases, events = len(office.cases()), office.ledger.last_seq()
    office.post()
    office.uidvalidity += 1
    settled = office.receive(sent)
    assert office.post() == []
    assert (len(office.cases()), office.ledger.last_seq()) == (cases, events)
    assert settled.state in (MailState.DUPLICATE, MailState.IGNORED)
    assert settled.target_folder == "Processed"


def test_two_messages_with_one_message_id_are_both_taken(office: Office) -> None:
    first, second = (
        mail(files={"a.xlsx": complaint()}),
        mail(files={"b.xlsx": complaint(customer_phone="0900-000-009")}),
    )
    second.replace_header("Message-ID", str(first["Message-ID"]))
    office.receive(first)
    office.receive(second)
    assert len(office.cases()) == 2


def test_a_message_without_a_message_id_is_known_by_its_bytes(office: Office) -> None:
    sent = mail(files={"form.xlsx": complaint()})
    del sent["Message-ID"]
    office.receive(sent)
    office.uidvalidity += 1
    office.receive(sent)
    assert office.kinds() == ["opened", "graded", "assigned"]


FLEET = [
    ["部門", "客戶姓名", "聯絡電話", "車牌號碼", "抱怨類型", "抱怨時間", "抱怨內容", "維修金額"],
    ["售後", "大通車隊", "0911-222-333", "AAA-0001", "維修品質", "2026-11-21", "煞車", 800],
    ["售後", "大通車隊", "0911-222-333", "AAA-0002", "維修品質", "2026-11-21", "變速箱", 5000],
]


def test_two_cars_of_one_fleet_are_two_complaints(office: Office) -> None:
    office.receive(mail(files={"fleet.xlsx": typed(FLEET)}))
    assert sorted(case.grade for case in office.cases()) == ["level-1", "level-3"]


def test_two_rows_of_one_file_are_two_complaints_even_where_they_look_alike(office: Office) -> None:
    rows = [[cell for cell, label in zip(row, FLEET[0], strict=True) if label != "車牌號碼"] for row in FLEET]
    rows[2][-1] = rows[1][-1]
    office.receive(mail(files={"fleet.xlsx": typed(rows)}))
    assert sorted(str(case.facts["description"]) for case in office.cases()) == ["煞車", "變速箱"]


def test_the_same_row_twice_in_one_file_is_one_complaint(office: Office) -> None:
    office.receive(mail(files={"fleet.xlsx": typed([*FLEET[:2], FLEET[1]])}))
    assert len(office.cases()) == 1


def test_another_complaint_of_the_same_customer_does_not_replace_a_draft(office: Office) -> None:
    rows = [
        ["部門", "客戶姓名", "聯絡電話", "抱怨類型", "抱怨內容", "維修金額"],
        ["售後", "徐太太", "0966-777-888", "等待時間", "等了四小時", "一千左右"],
        ["售後", "徐太太", "0966-777-888", "服務態度", "態度不佳", 5000],
    ]
    office.receive(mail(files={"two.xlsx": typed(rows)}))
    assert sorted((case.grade, str(case.facts["category"])) for case in office.cases()) == [
        ("incomplete", "waiting"),
        ("level-1", "attitude"),
    ]


def test_a_form_is_graded_although_a_complaint_beside_it_cannot_be_read(office: Office) -> None:
    """forms.md: a form that can be graded is never delayed by one beside it; the other one is nobody's secret."""
    rows = [
        ["客戶姓名", "王小明", "李四"],
        ["聯絡電話", "0912345678", "0922345678"],
        ["抱怨類型", "維修品質"],
        ["抱怨內容", "漏水", "太貴"],
        ["維修金額", 1500, 800],
    ]
    settled = office.receive(mail(files={"two.xlsx": typed(rows, title="售後客戶抱怨單")}))
    case = office.case()
    assert (case.status, case.grade, case.missing) == (Status.OPEN, "level-2", ())
    assert settled.state is MailState.QUARANTINED, "the message keeps what was not read"
    posted = office.post()
    (answer,) = to(posted, STAFF, "form-problems")
    assert "C" in answer.text
    assert case.number in answer.text
    (care,) = to(posted, CARE, "form-problems")
    assert "two.xlsx" in care.text
