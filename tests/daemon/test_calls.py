"""Delivery lists in, call lists out, results back (D05, D22–D25, D30, D34, D35)."""

import json
from datetime import timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from daemon.cli import main
from daemon.ledger import MailState
from rules.events import Penalised, Refused
from tests.daemon.handover import (
    BODY_PAINT,
    DAY,
    NUMBER,
    SHOWROOM,
    called,
    car,
    customers_in,
    deliveries,
    list_of,
    phone,
    results,
    with_callers,
)
from tests.daemon.office import (
    CARE,
    MANAGER,
    SERVICE_MANAGER,
    STAFF,
    Office,
    Posted,
    complaint,
    mail,
    saved,
    to,
)
from tests.daemon.test_unproven import configure
from tests.guards import no_endless_work


def send(office: Office, *rows: list[object], sender: str = STAFF) -> list[Posted]:
    office.receive(mail(sender, files={"list.xlsx": deliveries(rows)}))
    return office.post()


def penalties(office: Office) -> list[Penalised]:
    return [row.event for row in office.ledger.events(NUMBER) if isinstance(row.event, Penalised)]


# ---------------------------------------------------------------- lists


def test_D22_D25_a_list_sends_each_caller_his_customers(office: Office) -> None:
    with_callers(office)
    posted = send(office, car(1, "新車"), car(2), car(3, "事故"), car(4, "鈑噴"))
    assert customers_in(list_of(*to(posted, SHOWROOM, "task-list"))) == [phone(1)]
    assert customers_in(list_of(*to(posted, SERVICE_MANAGER, "task-list"))) == [phone(2)]
    assert customers_in(list_of(*to(posted, BODY_PAINT, "task-list"))) == [phone(3), phone(4)]
    assert len(customers_in(list_of(*to(posted, CARE, "task-list")))) == 4
    (answer,) = to(posted, STAFF)
    assert answer.subject.startswith(f"[{NUMBER}]")
    assert "新增 4 筆" in answer.text
    assert "展廳經理 趙經理：1 位" in answer.text


def test_D23_the_sample_is_explained_in_mail_and_on_the_command_line(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    posted = send(office, *(car(number) for number in range(21)))
    (told,) = to(posted, SERVICE_MANAGER)
    assert "21 位客戶的 10% 為 2.1 位，進位為 3 位" in told.text
    drawn = customers_in(list_of(told))
    assert len(drawn) == 3
    assert main(["calls", NUMBER, "--config", str(office.folder / "config.toml"), "--json"]) == 0
    (duty,) = (d for d in json.loads(capsys.readouterr().out)["duties"] if d["task"] == "call-maintenance")
    lots = [one["lot"] for one in duty["lots"]]
    assert lots == sorted(lots)
    assert {one["phone"] for one in duty["lots"][:3]} == set(drawn)
    assert [one["drawn"] for one in duty["lots"]] == [True] * 3 + [False] * 18


def test_a_later_list_brings_one_mail_with_the_whole_day_and_marks_the_new(office: Office) -> None:
    with_callers(office)
    send(office, car(1, "新車"))
    posted = send(office, car(2, "新車"), car(1, "新車"))
    (told,) = to(posted, SHOWROOM)
    assert customers_in(list_of(told)) == [phone(1), phone(2)]
    assert "其中 1 位新增" in told.text
    (answer,) = to(posted, STAFF)
    assert "新增 1 筆，另有 1 筆先前收過" in answer.text


def test_a_list_sent_twice_calls_nobody_twice_and_says_so(office: Office) -> None:
    send(office, car(1), car(2))
    posted = send(office, car(1), car(2))
    assert [(one.to, one.template) for one in posted] == [(STAFF, "acknowledgement")]
    assert "2 筆先前都已收過" in posted[0].text
    (refused,) = (row.event for row in office.ledger.events(NUMBER) if isinstance(row.event, Refused))
    assert (refused.asked, refused.reason) == ("deliveries", "already-recorded")


def test_bad_rows_go_back_by_cell_and_good_ones_count_at_once(office: Office) -> None:
    rows = [car(1), ["客戶2", "不知道", "滬B", DAY, "保養"], car(3, "天曉得")]
    stored = office.receive(mail(files={"list.xlsx": deliveries(rows)}))
    assert stored.state is MailState.QUARANTINED
    assert [delivery.customer_phone for delivery in office.case(NUMBER).deliveries] == [phone(1)]
    (answer,) = to(office.post(), STAFF)
    assert answer.template == "form-problems"
    assert "交車!B4 聯絡電話" in answer.text
    assert "交車!E5 業務類別" in answer.text
    assert "1 筆已登錄" in answer.text
    (content,) = answer.enclosures.values()
    mended = content
    for value, cell in ((phone(2), "客戶2"), ("保養", "客戶3")):
        mended = _mend(mended, cell, value)
    office.receive(mail(files={"mended.xlsx": mended}, answers=answer))
    assert len(office.case(NUMBER).deliveries) == 3


def _mend(content: bytes, name: str, value: str) -> bytes:
    book = load_workbook(BytesIO(content))
    page = book.worksheets[0]
    row = next(row for row in page.iter_rows() if row[0].value == name)
    red = next(cell for cell in row if cell.comment is not None)
    assert red.fill.fgColor.rgb == "FFFDE4E1"
    red.value, red.comment = value, None
    return saved(book)


def test_days_too_far_ahead_or_too_long_ago_are_refused_with_the_reason(office: Office) -> None:
    ahead, ago, tomorrow = (DAY + timedelta(days=days) for days in (2, -31, 1))
    (answer,) = to(send(office, car(1, day=ahead), car(2, day=ago), car(3, day=tomorrow)), STAFF)
    assert "未來的日期" in answer.text
    assert "30 天以前" in answer.text
    assert [case.day for case in office.ledger.follow_ups()] == [tomorrow]


def test_a_list_of_several_days_is_several_days_of_calls(office: Office) -> None:
    send(office, car(1), car(2, day=DAY - timedelta(days=1)))
    assert [case.number for case in office.ledger.follow_ups()] == ["HF-20261122-001", NUMBER]
    assert office.case(NUMBER).deliveries[0].customer_phone == phone(1)


def test_a_list_that_came_late_is_reported_and_fines_nobody(office: Office) -> None:
    with_callers(office)
    posted = send(office, car(1, "新車", DAY - timedelta(days=1)))
    (late,) = to(posted, CARE, "changed")
    assert "遲交" in late.text
    office.clock.forward(hours=20)
    office.lapses.run_due()
    assert not any(row.event.kind == "penalty" for row in office.ledger.events("HF-20261122-001"))


def test_the_list_of_an_office_nobody_holds_goes_to_customer_care(office: Office) -> None:
    posted = send(office, car(1, "新車"))
    vacant = [one for one in to(posted, CARE, "task-list") if "展廳經理" in one.text]
    assert len(vacant) == 1
    assert "沒有人擔任" in vacant[0].text
    office.clock.forward(hours=15)
    office.lapses.run_due()
    assert penalties(office) == []


def test_a_delivery_list_is_no_complaint_and_a_complaint_beside_it_is_opened(office: Office) -> None:
    office.receive(mail(files={"list.xlsx": deliveries([car(1)]), "form.xlsx": complaint()}))
    assert len(office.cases()) == 1
    assert len(office.case(NUMBER).deliveries) == 1


def test_a_day_of_calls_stands_in_no_list_of_cases(office: Office) -> None:
    send(office, car(1))
    assert office.cases() == []
    office.workbook.round()
    assert main(["case", NUMBER, "--config", str(office.folder / "config.toml")]) == 0


# ---------------------------------------------------------------- results


def test_D22_the_list_filled_in_and_sent_back_is_recorded_row_by_row(office: Office) -> None:
    with_callers(office)
    (told,) = to(send(office, car(1, "新車"), car(2, "新車"), car(3, "新車")), SHOWROOM)
    office.clock.forward(hours=1)
    filled = called(
        list_of(told),
        {
            phone(1): {"是否接通": "是", "是否滿意": "是"},
            phone(2): {"是否接通": "否"},
            phone(3): {"回訪時間": "2026-11-23 09:30"},
        },
    )
    office.receive(mail(SHOWROOM, files={"back.xlsx": filled}, answers=told))
    calls = [call for call in office.case(NUMBER).calls if call.task == "call-new-cars"]
    assert sorted((call.attempts, call.reached) for call in calls) == [(0, False), (1, False), (1, True)]
    (answer,) = to(office.post(), SHOWROOM)
    assert "2 筆已登錄" in answer.text
    assert "請填是否接通" in answer.text
    assert customers_in(list_of(answer)) == [phone(3)]


def test_an_untouched_row_says_nothing_and_a_list_sent_back_twice_counts_once(office: Office) -> None:
    with_callers(office)
    (told,) = to(send(office, car(1, "新車"), car(2, "新車")), SHOWROOM)
    filled = called(list_of(told), {phone(1): {"是否接通": "是"}})
    for _ in range(2):
        office.receive(mail(SHOWROOM, files={"back.xlsx": filled}, answers=told))
    first, second = to(office.post(), SHOWROOM)
    assert "已登錄 1 筆" in first.text
    assert "1 筆先前已登錄" in second.text
    assert office.kinds(NUMBER).count("called") == 1


def test_D05_a_complaint_found_in_a_call_opens_a_case_in_the_same_commit(office: Office) -> None:
    with_callers(office)
    (told,) = to(send(office, car(1, "新車")), SHOWROOM)
    filled = called(list_of(told), {phone(1): {"是否接通": "是", "客戶抱怨內容": "門板異音"}})
    office.receive(mail(SHOWROOM, files={"back.xlsx": filled}, answers=told))
    (case,) = office.cases()
    assert (case.grade, case.facts["source"], case.facts["customer_name"], case.sender.email) == (
        "level-3",
        "follow-up-call",
        "客戶1",
        SHOWROOM,
    )
    (answer,) = to(office.post(), SHOWROOM)
    assert case.number in answer.text
    assert "立案 1 件" in answer.text


def test_D05_customer_care_s_own_call_makes_it_special(office: Office) -> None:
    send(office, car(1))
    office.receive(mail(CARE, files={"r.xlsx": results([[phone(1), DAY, "", "是", "否", "沒洗車"]])}))
    (case,) = office.cases()
    assert (case.grade, case.grade_clause) == ("special", "D05")


def test_a_result_for_a_car_on_no_list_is_refused_recorded_and_shown_to_customer_care(office: Office) -> None:
    with_callers(office)
    send(office, car(1, "新車"))
    office.receive(mail(SHOWROOM, files={"r.xlsx": results([[phone(99), DAY, "", "是", "是", ""]])}))
    posted = office.post()
    assert "不在任何交車清單上" in to(posted, SHOWROOM)[0].text
    assert phone(99) in to(posted, CARE, "authority-exceeded")[0].text
    (refused,) = (row.event for row in office.ledger.events(NUMBER) if isinstance(row.event, Refused))
    assert (refused.reason, refused.facts["customer_phone"]) == ("not-on-list", phone(99))


def test_a_result_before_any_list_is_answered_too(office: Office) -> None:
    office.receive(mail(CARE, files={"r.xlsx": results([[phone(1), DAY, "", "是", "", ""]])}))
    (answer,) = to(office.post(), CARE)
    assert "不在任何交車清單上" in answer.text
    assert office.ledger.recent_activity(1)[0].code == "call-not-on-list"


def test_whoever_does_not_owe_the_call_cannot_report_it(office: Office) -> None:
    (told,) = to(send(office, *(car(number) for number in range(11))), SERVICE_MANAGER)
    drawn = customers_in(list_of(told))
    other = next(phone(number) for number in range(11) if phone(number) not in drawn)
    office.receive(mail(SERVICE_MANAGER, text=f"{other} 已接通 滿意", answers=told))
    assert not any(call.attempts for call in office.case(NUMBER).calls)
    posted = office.post()
    assert "不是由您回訪" in to(posted, SERVICE_MANAGER)[0].text
    assert other in to(posted, CARE, "authority-exceeded")[0].text


def test_results_can_be_written_in_the_reply(office: Office) -> None:
    (told,) = to(send(office, car(1), car(2), car(3), car(4)), CARE)
    text = f"您好\n{phone(1)} 已接通 滿意\n{phone(2)}：未接通\n{phone(3)} reached, satisfied\n{phone(4)} 改天再說\n"
    office.receive(mail(CARE, text=text, answers=told))
    calls = {call.customer: call for call in office.case(NUMBER).calls if call.task == "call-customer-care"}
    assert sorted((call.attempts, call.reached) for call in calls.values()) == [
        (0, False),
        (1, False),
        (1, True),
        (1, True),
    ]
    (answer,) = to(office.post(), CARE)
    assert "已登錄 3 筆" in answer.text
    assert "看不出結果" in answer.text


def test_words_that_say_nothing_of_calls_are_asked_back(office: Office) -> None:
    (told,) = to(send(office, car(1)), CARE)
    office.receive(mail(CARE, text="這份清單好像不對，請確認", answers=told))
    (answer,) = to(office.post(), CARE)
    assert "看不出結果" in answer.text


def test_D34_a_reply_on_a_complaint_s_thread_is_about_its_own_customer(office: Office) -> None:
    office.receive(mail(files={"form.xlsx": complaint()}))
    (asked,) = to(office.post(), SERVICE_MANAGER, "assignment")
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整", answers=asked))
    (told,) = to(office.post(), CARE, "resolved")
    office.receive(mail(CARE, text="已回訪，客戶滿意", answers=told))
    case = office.case(office.cases()[0].number)
    assert "informed" in office.kinds(case.number)
    assert office.kinds(case.number).count("called") + office.kinds(case.number).count("task-done") >= 1


# ---------------------------------------------------------------- time


def test_D30_who_was_not_called_costs_fifty_each_and_the_mail_names_him(office: Office) -> None:
    with_callers(office)
    (told,) = to(send(office, car(1, "新車"), car(2, "新車"), car(3, "新車")), SHOWROOM)
    office.receive(mail(SHOWROOM, text=f"{phone(1)} 已接通 滿意\n{phone(2)} 未接通", answers=told))
    office.post()
    office.clock.forward(hours=15)
    office.lapses.run_due()
    (penalty,) = penalties(office)
    assert (str(penalty.amount), penalty.role, penalty.person, penalty.note) == (
        "50.00",
        "showroom-manager",
        "趙經理",
        "客戶3",
    )
    posted = office.post()
    (fine,) = to(posted, SHOWROOM, "penalty")
    assert fine.subject.startswith(f"[{NUMBER}]")
    assert "客戶客戶3的電話回訪" in fine.text
    assert phone(3) in fine.text
    office.receive(mail(SHOWROOM, text="申訴 當天下午打過，對方手機關機", answers=fine))
    (appeal,) = to(office.post(), MANAGER, "appeal")
    assert "客戶3" in appeal.text
    office.receive(mail(MANAGER, text="撤銷 有通話紀錄", answers=appeal))
    (after,) = office.case(NUMBER).penalties
    assert after.state.value == "revoked"


def test_nobody_is_fined_for_a_customer_he_was_told_of_too_late(office: Office) -> None:
    with_callers(office)
    send(office, car(1, "新車"))
    office.receive(mail(files={"list.xlsx": deliveries([car(2, "新車")])}))  # its mail does not leave today
    office.clock.forward(hours=15)
    office.lapses.run_due()
    assert [penalty.note for penalty in penalties(office)] == ["客戶1"]


def test_nobody_is_fined_whose_list_never_left(office: Office) -> None:
    with_callers(office)
    office.receive(mail(files={"list.xlsx": deliveries([car(1, "新車")])}))
    office.clock.forward(hours=15)
    office.lapses.run_due()
    assert penalties(office) == []
    assert "penalty-withheld" in office.kinds(NUMBER)


def test_a_reminder_carries_what_is_left_to_call(office: Office) -> None:
    with_callers(office)
    (told,) = to(send(office, car(1, "新車"), car(2, "新車")), SHOWROOM)
    office.receive(mail(SHOWROOM, text=f"{phone(1)} 已接通 滿意", answers=told))
    office.post()
    office.clock.forward(hours=12, minutes=30)
    office.lapses.run_due()
    (reminder,) = to(office.post(), SHOWROOM, "reminder")
    assert customers_in(list_of(reminder)) == [phone(2)]


def test_D35_a_key_customer_is_marked_on_the_list(office: Office) -> None:
    office.opened(customer_phone=phone(1))
    (told,) = to(send(office, car(1), car(2)), CARE)
    assert "重點客戶" in told.text
    assert told.text.count("重點客戶") == 1


# ---------------------------------------------------------------- many


def test_three_hundred_cars_and_their_results_are_taken_in_at_once(office: Office) -> None:
    answers = [[phone(number), DAY, "", "是", "是", ""] for number in range(300)]
    with no_endless_work(120):
        send(office, *(car(number) for number in range(300)))
        office.receive(mail(CARE, files={"r.xlsx": results(answers)}))
    assert sum(call.reached for call in office.case(NUMBER).calls) == 300


# ---------------------------------------------------------------- who it is from


def test_results_under_a_forged_name_wait_for_its_owner(office: Office) -> None:
    with_callers(office)
    configure(office, "all")
    (told,) = to(send(office, car(1, "新車")), SHOWROOM)
    rows = results([[phone(1), DAY, "", "是", "是", ""]])
    office.receive(mail(SHOWROOM, files={"r.xlsx": rows}))  # no answer to a mail of his, and no token
    assert not any(call.attempts for call in office.case(NUMBER).calls)
    (question,) = to(office.post(), SHOWROOM)
    assert question.template == "confirm-request"
    office.receive(mail(SHOWROOM, text="確認", answers=question))
    assert [call.attempts for call in office.case(NUMBER).calls if call.task == "call-new-cars"] == [1]
    again = called(list_of(told), {phone(1): {"是否接通": "是", "客戶抱怨內容": "門板異音"}})
    office.receive(mail(SHOWROOM, files={"list.xlsx": again}))  # our own list carries its token
    assert len(office.cases()) == 1
