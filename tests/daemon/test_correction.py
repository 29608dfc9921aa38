"""A form that cannot be graded: whom it is told to, what goes back, and how the corrected one finds its case."""

from io import BytesIO

from openpyxl import load_workbook

from daemon.ledger import MailState
from rules.case import Case, Status
from rules.locales import Locale
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    SERVICE_MANAGER,
    STAFF,
    Office,
    Posted,
    complaint,
    filled_in,
    flawed,
    mail,
    to,
    typed,
)

OTHER = "staff.wang@example.com"


def sent_back(office: Office, content: bytes, sender: str = STAFF) -> tuple[Case, Posted]:
    """Send a flawed form; return its case and the answer with the corrected form."""
    office.receive(mail(sender, files={"抱怨單.xlsx": content}))
    case = office.cases()[-1]
    (answer,) = to(office.post(), sender)
    return case, answer


def mended(answer: Posted, amount: object = "1,050") -> bytes:
    """The form that came with an answer, its amount filled in."""
    (content,) = answer.enclosures.values()
    return filled_in(content, "維修金額", amount)


def test_a_form_without_its_amount_starts_a_clock_with_customer_care(office: Office) -> None:
    settled = office.receive(mail(files={"抱怨單.xlsx": flawed()}))
    case = office.case()
    assert (case.status, case.grade, case.owners) == (Status.INCOMPLETE, "incomplete", ("customer-care",))
    assert case.missing == ("repair_amount",)
    assert case.due is not None
    assert (case.due - case.opened_at).total_seconds() == 7200
    assert (settled.state, settled.target_folder) == (MailState.QUARANTINED, "Quarantine")
    posted = office.post()
    assert sorted((one.to, one.template) for one in posted) == [
        (CARE, "assignment"),
        (STAFF, "form-problems"),
    ]


def test_the_answer_names_sheet_cell_label_and_what_is_wrong(office: Office) -> None:
    _, answer = sent_back(office, flawed())
    assert "售後!B5" in answer.text
    assert "維修金額" in answer.text
    assert "一千左右" in answer.text
    assert "抱怨單.xlsx" in answer.text


def test_the_answer_is_in_the_senders_language(office: Office) -> None:
    office.receive(mail("retail@example.com", files={"f.xlsx": complaint(category=None, locale=Locale.EN)}))
    (answer,) = to(office.post(), "retail@example.com", "form-problems")
    assert "Category" in answer.text


def test_what_could_be_read_stands_in_the_form_that_goes_back(office: Office) -> None:
    case, answer = sent_back(office, flawed())
    (content,) = answer.enclosures.values()
    values = [cell for row in load_workbook(BytesIO(content)).worksheets[0].values for cell in row if cell]
    for expected in ("徐太太", "0966777888", "保養等了四個小時", case.number):
        assert expected in values
    assert "一千左右" not in values


def test_the_form_that_went_back_mended_grades_the_same_case(office: Office) -> None:
    case, answer = sent_back(office, flawed())
    office.receive(mail(files={"抱怨單.xlsx": mended(answer)}))
    graded = office.case()
    assert (graded.number, graded.status, graded.grade) == (case.number, Status.OPEN, "level-2")
    assert graded.missing == ()
    kinds = [
        kind for kind in office.kinds() if kind != "task"
    ]  # at level 2 an order to rectify is owed (D32)
    assert kinds == ["opened", "graded", "assigned", "amended", "graded", "assigned"]
    posted = office.post()
    assert len(to(posted, AFTER_SALES, "assignment")) == 1
    assert [one.template for one in to(posted, STAFF)] == ["acknowledgement"]


def test_a_case_graded_late_has_its_whole_window_from_then(office: Office) -> None:
    _, answer = sent_back(office, flawed())
    office.clock.forward(minutes=90)
    office.receive(mail(files={"f.xlsx": mended(answer)}))
    graded = office.case()
    assert graded.due is not None
    assert (graded.due - office.clock.now()).total_seconds() == 7200


def test_a_retyped_form_in_the_answers_thread_finds_its_case(office: Office) -> None:
    case, answer = sent_back(office, flawed())
    other_words = flawed(amount="1050", name="徐女士", phone="0966777889")
    office.receive(mail(files={"f.xlsx": other_words}, answers=answer))
    assert (office.case().number, office.case().grade) == (case.number, "level-2")


def test_a_form_with_the_case_number_on_it_finds_its_case_without_a_thread(office: Office) -> None:
    case, answer = sent_back(office, flawed())
    again = filled_in(filled_in(mended(answer), "聯絡電話", "0999-999-999"), "客戶姓名", "徐秀英")
    office.receive(mail(OTHER, "更正", files={"f.xlsx": again}))
    assert (office.case().number, office.case().grade) == (case.number, "level-2")


def test_two_mended_forms_in_one_message_find_each_its_own_case(office: Office) -> None:
    bad = {"a.xlsx": flawed(phone="不詳", name="甲"), "b.xlsx": flawed(phone="不詳", name="乙")}
    office.receive(mail(files=bad))
    (answer,) = to(office.post(), STAFF)
    office.receive(
        mail(
            files={
                f"{n}.xlsx": filled_in(filled_in(content, "維修金額", 500 * n), "聯絡電話", f"0900-000-00{n}")
                for n, content in enumerate(answer.enclosures.values(), 1)
            }
        )
    )
    assert [case.grade for case in office.cases()] == ["level-3", "level-3"]
    assert [case.facts["customer_phone"] for case in office.cases()] == ["0900000001", "0900000002"]


def test_a_form_from_the_same_sender_about_the_same_customer_finds_its_case(office: Office) -> None:
    case, _ = sent_back(office, flawed())
    office.receive(mail(subject="抱怨單（已更正）", files={"f.xlsx": flawed(amount="1,050")}))
    assert (office.case().number, office.case().grade) == (case.number, "level-2")


def test_a_colleague_may_send_the_corrected_form(office: Office) -> None:
    case, _ = sent_back(office, flawed())
    office.receive(mail(OTHER, files={"f.xlsx": flawed(amount="1,050")}))
    assert (office.case().number, office.case().grade) == (case.number, "level-2")


def test_a_form_still_bad_is_answered_again_and_opens_nothing(office: Office) -> None:
    case, answer = sent_back(office, flawed())
    office.receive(mail(files={"f.xlsx": mended(answer, "大概一千")}))
    assert (office.case().number, office.case().status) == (case.number, Status.INCOMPLETE)
    (again,) = office.post()
    assert (again.to, again.template) == (STAFF, "form-problems")
    assert "大概一千" in again.text


def test_another_customer_from_the_same_sender_is_another_case(office: Office) -> None:
    sent_back(office, flawed())
    office.receive(mail(files={"f.xlsx": flawed(amount="1050", name="王先生", phone="0911-111-111")}))
    assert [case.status for case in office.cases()] == [Status.INCOMPLETE, Status.OPEN]


def test_an_incomplete_case_nobody_mends_rises_to_the_customer_care_director(office: Office) -> None:
    sent_back(office, flawed())
    office.clock.forward(hours=2)
    office.lapses.run_due()
    case = office.case()
    assert case.owners == ("customer-care", "customer-care-director")
    assert to(office.post(), "care.director@example.com", "escalation")


def test_a_form_mended_after_the_lapse_is_graded_all_the_same(office: Office) -> None:
    _, answer = sent_back(office, flawed())
    office.clock.forward(hours=3)
    office.lapses.run_due()
    office.receive(mail(files={"f.xlsx": mended(answer, 300)}))
    assert (office.case().status, office.case().grade) == (Status.OPEN, "level-3")
    assert to(office.post(), SERVICE_MANAGER, "assignment")


def test_every_flawed_row_of_a_list_is_named_and_the_good_rows_are_graded(office: Office) -> None:
    rows = [["部門", "客戶姓名", "聯絡電話", "抱怨類型", "抱怨內容", "維修金額"]]
    rows += [["售後", f"客戶{n}", f"0900-000-{n:03}", "等待時間", f"第{n}件", "不詳"] for n in range(1, 9)]
    rows += [["售後", "客戶9", "0900-000-009", "等待時間", "第9件", "900"]]
    office.receive(mail(files={"list.xlsx": typed(rows)}))
    statuses = [case.status for case in office.cases()]
    assert statuses == [Status.INCOMPLETE] * 8 + [Status.OPEN]
    (answer,) = to(office.post(), STAFF)
    for row in range(2, 10):
        assert f"F{row}" in answer.text
    assert 0 < len(answer.enclosures) <= 8
