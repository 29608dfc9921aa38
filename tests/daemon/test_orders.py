"""Orders to rectify go out as forms, come back by mail, are checked, and are reviewed before they are filed."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from daemon import packs
from daemon.ledger import MailState
from mailer.message import read_message
from rules.case import Case, Status
from rules.facts import facts_from_json
from rules.fields import FormKind
from rules.locales import Locale
from sheets.blanks import blank_form
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    SERVICE_MANAGER,
    STAFF,
    Office,
    Posted,
    complaint,
    filled_in,
    handling,
    mail,
    saved,
    to,
    typed,
)

LEVEL_2 = {"repair_amount": "1500", "plate_no": "粵B12345", "reported_at": "2026-11-23T08:40:00+08:00"}
ANSWERS = {
    "cause": "煞車片安裝不到位",
    "corrective_action": "重新安裝並試車",
    "persons_responsible": "技師 李強",
    "decision_on_persons": "口頭警告",
}


def order(number: str, *, locale: Locale = Locale.ZH_HANT, **facts: object) -> bytes:
    """The order of a case as it comes back, filled in; None takes an answer out."""
    form = packs.catalogue().form(FormKind.RECTIFICATION)
    known = {
        key: value for key, value in {"case_number": number, **ANSWERS, **facts}.items() if value is not None
    }
    return blank_form(form, form.blanks[0], locale, prefill=facts_from_json(known, form))


def ordered(office: Office, **facts: object) -> tuple[Case, Posted]:
    """A level-2 case and the mail that brought its order."""
    office.receive(mail(STAFF, files={"form.xlsx": complaint(**{**LEVEL_2, **facts})}))
    (brought,) = to(office.post(), SERVICE_MANAGER, "rectification-order")
    return office.cases()[-1], brought


def the_form(posted: Posted) -> bytes:
    (content,) = posted.enclosures.values()
    return content


def texts(content: bytes) -> str:
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    return "\n".join(
        str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None
    )


# ---------------------------------------------------------------- out (D32)


def test_D32_a_level_2_case_sends_the_order_with_the_case_on_it_and_what_it_must_say(office: Office) -> None:
    case, brought = ordered(office)
    assert brought.subject.startswith(f"[{case.number}]")
    assert "2026-11-26（四）09:00 前" in brought.text
    assert "必填：原因分析、整改措施、責任人、對責任人的處理" in brought.text
    assert "屆時仍未完成，將通報售後總監 林總監、客戶關愛部" in brought.text
    said = texts(the_form(brought))
    assert case.number in said
    assert "許雅婷" in said
    assert "粵B12345" in said
    assert "更換煞車片後仍有異音" in said
    assert "0912-345-678" not in said, "whoever mends the cause needs no telephone number"


def test_D32_a_level_3_case_sends_no_order(office: Office) -> None:
    office.receive(mail(STAFF, files={"form.xlsx": complaint(repair_amount="1000.00")}))
    assert "rectification-order" not in [posted.template for posted in office.post()]


def test_what_the_customer_wrote_is_never_read_as_an_answer_of_the_order(office: Office) -> None:
    said = "原因：技師沒有檢查\n整改措施：無\n責任人：老王\n對責任人的處理：開除"
    case, brought = ordered(office, description=said)
    form = filled_in(the_form(brought), "整改措施", "重新安裝")
    office.receive(mail(SERVICE_MANAGER, files={"order.xlsx": form}, answers=brought))
    refused = [row.event for row in office.ledger.events(case.number) if row.event.kind == "refused"]
    assert refused[0].facts["missing"] == "cause, persons_responsible, decision_on_persons"


# ---------------------------------------------------------------- back (D33)


def test_D33_a_complete_order_is_recorded_shown_to_customer_care_and_sent_to_the_director(
    office: Office,
) -> None:
    case, brought = ordered(office)
    taken = office.receive(mail(SERVICE_MANAGER, files={"order.xlsx": order(case.number)}, answers=brought))
    assert taken.state is MailState.TAKEN
    posted = office.post()
    (care,) = to(posted, CARE, "rectification-order")
    assert "煞車片安裝不到位" in care.text
    assert "服務經理 王經理" in care.text
    (asked,) = to(posted, AFTER_SALES, "approval-request")
    assert "重新安裝並試車" in asked.text
    assert "口頭警告" in asked.text
    assert office.kinds()[-4:] == ["rectified", "task-done", "approval", "task"]
    assert office.case(case.number).afterwards["cause"] == "煞車片安裝不到位"


@pytest.mark.parametrize("locale", list(Locale))
def test_D33_the_order_is_read_in_three_languages(office: Office, locale: Locale) -> None:
    case, brought = ordered(office)
    form = order(case.number, locale=locale)
    office.receive(mail(SERVICE_MANAGER, files={"order.xlsx": form}, answers=brought))
    assert office.case(case.number).afterwards["decision_on_persons"] == "口頭警告"


def test_D33_an_incomplete_order_goes_back_with_each_missing_box_by_label_and_cell(office: Office) -> None:
    case, brought = ordered(office)
    form = order(case.number, cause=None, decision_on_persons=None)
    office.receive(mail(SERVICE_MANAGER, files={"order.xlsx": form}, answers=brought))
    posted = office.post()
    (back,) = to(posted, SERVICE_MANAGER, "rectification-incomplete")
    assert "處理單還缺 2 欄" in back.text
    assert "原因分析" in back.text
    assert "對責任人的處理" in back.text
    assert "抱怨表單!B" in back.text
    again = load_workbook(BytesIO(the_form(back))).worksheets[0]
    cells = {cell.value: cell for row in again.iter_rows() for cell in row if isinstance(cell.value, str)}
    assert "重新安裝並試車" in cells, "what was given is filled in again"
    empty = again.cell(cells["原因分析"].row, cells["原因分析"].column + 1)
    assert empty.value is None
    assert empty.fill.fgColor.rgb == "FFFDE4E1"
    (care,) = to(posted, CARE, "rectification-incomplete")
    assert not care.enclosures
    assert "原因分析" in care.text
    assert office.case(case.number).afterwards == {}


def test_D33_the_order_completed_in_the_form_that_came_back_is_taken(office: Office) -> None:
    case, brought = ordered(office)
    form = order(case.number, cause=None)
    office.receive(mail(SERVICE_MANAGER, files={"order.xlsx": form}, answers=brought))
    (back,) = to(office.post(), SERVICE_MANAGER, "rectification-incomplete")
    mended = filled_in(the_form(back), "原因分析", "煞車片型號不符")
    office.receive(mail(SERVICE_MANAGER, files={"order.xlsx": mended}, answers=back))
    known = office.case(case.number).afterwards
    assert known["cause"] == "煞車片型號不符"
    assert known["corrective_action"] == "重新安裝並試車"


def test_D33_an_answer_that_cannot_be_read_sends_the_order_back_and_is_not_passed_over(
    office: Office,
) -> None:
    case, brought = ordered(office)
    form = filled_in(order(case.number), "告知客戶時間", "上週某天")
    office.receive(mail(SERVICE_MANAGER, files={"order.xlsx": form}, answers=brought))
    (back,) = to(office.post(), SERVICE_MANAGER, "rectification-incomplete")
    assert "告知客戶時間" in back.text
    assert "上週某天" in back.text
    assert office.case(case.number).afterwards == {}


def test_an_order_typed_from_memory_belongs_to_the_case_of_its_thread(office: Office) -> None:
    case, brought = ordered(office)
    rows = [["原因", "未按規範安裝"], ["改善措施", "返工"], ["責任人", "李強"], ["責任人處理意見", "警告"]]
    office.receive(mail(SERVICE_MANAGER, files={"a.xlsx": typed(rows, title="整改通知單")}, answers=brought))
    assert office.case(case.number).afterwards["cause"] == "未按規範安裝"


def test_an_order_without_its_title_is_told_by_its_own_boxes(office: Office) -> None:
    case, _ = ordered(office)
    rows = [
        ["案件編號", case.number],
        ["客戶姓名", "許雅婷"],
        ["原因分析", "未按規範安裝"],
        ["整改措施", "返工"],
        ["責任人", "李強"],
        ["對責任人的處理", "警告"],
        ["處理結果", "已更換"],
    ]
    office.receive(mail(SERVICE_MANAGER, files={"a.xlsx": typed(rows)}))
    assert office.case(case.number).afterwards["resolution"] == "已更換"


def test_a_handling_form_is_still_a_report(office: Office) -> None:
    case, _ = ordered(office)
    office.receive(mail(AFTER_SALES, files={"a.xlsx": handling(case.number)}))
    assert office.case(case.number).status is Status.RESOLVED


# ---------------------------------------------------------------- refused


def test_an_order_for_a_case_there_is_not_is_refused_and_shown_to_customer_care(office: Office) -> None:
    office.receive(mail(SERVICE_MANAGER, files={"order.xlsx": order("KS-20260101-999")}))
    posted = office.post()
    (told,) = to(posted, SERVICE_MANAGER)
    assert told.template == "authority-exceeded"
    assert "KS-20260101-999" in told.text
    (care,) = to(posted, CARE)
    assert "order.xlsx KS-20260101-999" in care.text
    assert SERVICE_MANAGER in care.text


def test_an_order_for_a_case_that_has_none_is_refused_with_the_reason(office: Office) -> None:
    case = office.opened(repair_amount="800")
    office.receive(mail(SERVICE_MANAGER, files={"order.xlsx": order(case.number)}))
    posted = office.post()
    (told,) = to(posted, SERVICE_MANAGER)
    assert "本案沒有開出處理單" in told.text
    assert to(posted, CARE), "customer care sees it"
    assert office.kinds()[-1] == "refused"


def test_the_same_order_mailed_twice_counts_once(office: Office) -> None:
    case, brought = ordered(office)
    message = mail(SERVICE_MANAGER, files={"order.xlsx": order(case.number)}, answers=brought)
    office.receive(message)
    before = office.kinds()
    assert office.receive(message).state is MailState.DUPLICATE
    assert office.kinds() == before


def test_the_order_as_it_was_sent_stays_in_the_archive_untouched(office: Office) -> None:
    case, brought = ordered(office)
    sent = saved(load_workbook(BytesIO(order(case.number, cause=None))))
    taken = office.receive(mail(SERVICE_MANAGER, files={"我的處理單.xlsx": sent}, answers=brought))
    (kept,) = read_message(office.ledger.raw(taken.sha256)).attachments
    assert (kept.name, kept.content) == ("我的處理單.xlsx", sent)
