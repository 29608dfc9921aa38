"""The sheet of follow-up calls in the master workbook (D22–D25, D30, D35, D36)."""

from typing import Any

from sheets.registry import CALLS
from tests.daemon.handover import NUMBER, car, deliveries, phone, with_callers
from tests.daemon.office import Office, mail
from tests.daemon.test_workbook_two_way import master, settled

TABLE = CALLS.table
REFUSED = "退回原因"


def rows(office: Office) -> dict[str, dict[str, Any]]:
    found = master(office).numbers(TABLE).values()
    return {str(row["回訪編號"]): row for row in found if row["回訪編號"]}


def fill_in(office: Office, key: str, **cells: object) -> None:
    with master(office) as book:
        at = next(row for row, values in book.numbers(TABLE).items() if values["回訪編號"] == key)
        for column, value in cells.items():
            book.type(at, column, value, TABLE)
    settled(office)


def listed(office: Office, *businesses: str) -> None:
    with_callers(office)
    office.workbook.round()
    cars = [car(number, business) for number, business in enumerate(businesses, start=1)]
    office.receive(mail(files={"list.xlsx": deliveries(cars)}))
    office.post()
    settled(office)


def test_every_open_call_has_a_row(office: Office) -> None:
    listed(office, "新車", "保養")
    found = rows(office)
    assert set(found) == {
        f"{NUMBER}/new-cars/1",
        f"{NUMBER}/maintenance/2",
        f"{NUMBER}/customer-care/1",
        f"{NUMBER}/customer-care/2",
    }
    row = found[f"{NUMBER}/new-cars/1"]
    assert (row["客戶姓名"], row["聯絡電話"], row["應回訪人"], row["業務或事由"]) == (
        "客戶1",
        phone(1),
        "展廳經理",
        "新車",
    )
    assert not row["重點客戶"]


def test_D22_a_call_filled_in_is_recorded_as_the_caller_s(office: Office) -> None:
    listed(office, "新車")
    fill_in(office, f"{NUMBER}/new-cars/1", 是否滿意="是", 是否接通="是", 回訪備註="很客氣")
    day = office.case(NUMBER)
    (call,) = (call for call in day.calls if call.task == "call-new-cars")
    assert (call.reached, call.satisfied, call.note) == (True, True, "很客氣")
    task = day.task("call-new-cars")
    assert task is not None
    assert task.done
    assert not next(call for call in day.calls if call.task == "call-customer-care").reached
    row = rows(office)[f"{NUMBER}/new-cars/1"]
    assert (row["是否接通"], row["是否滿意"], row["回訪備註"], row[REFUSED]) == ("是", "是", "很客氣", None)


def test_what_is_written_before_the_call_counts_stays_in_its_cells(office: Office) -> None:
    listed(office, "新車")
    fill_in(office, f"{NUMBER}/new-cars/1", 回訪備註="下午再打", 客戶抱怨內容="門板異音")
    assert not any(call.attempts for call in office.case(NUMBER).calls)
    row = rows(office)[f"{NUMBER}/new-cars/1"]
    assert (row["回訪備註"], row["客戶抱怨內容"]) == ("下午再打", "門板異音")
    assert not office.cases()


def test_D05_a_complaint_in_the_workbook_opens_a_case_graded_by_who_called(office: Office) -> None:
    listed(office, "新車")
    fill_in(office, f"{NUMBER}/new-cars/1", 客戶抱怨內容="門板異音", 是否接通="是")
    (case,) = office.cases()
    assert (case.facts["source"], case.facts["description"], case.grade) == (
        "follow-up-call",
        "門板異音",
        "level-3",
    )
    fill_in(office, f"{NUMBER}/customer-care/1", 客戶抱怨內容="還沒有人聯絡我", 是否接通="是")
    assert [case.grade for case in office.cases()] == ["level-3", "special"]
    settled(office)
    assert len(office.cases()) == 2


def test_what_is_neither_yes_nor_no_is_asked_back_in_the_row(office: Office) -> None:
    listed(office, "新車")
    fill_in(office, f"{NUMBER}/new-cars/1", 是否接通="也許")
    row = rows(office)[f"{NUMBER}/new-cars/1"]
    assert "也許" in str(row[REFUSED])
    assert not any(call.attempts for call in office.case(NUMBER).calls)


def test_calls_that_were_made_leave_after_two_days(office: Office) -> None:
    listed(office, "新車")
    fill_in(office, f"{NUMBER}/new-cars/1", 是否接通="是")
    office.clock.forward(days=1, hours=23)
    settled(office)
    assert f"{NUMBER}/new-cars/1" in rows(office)
    office.clock.forward(hours=2)
    settled(office)
    assert set(rows(office)) == {f"{NUMBER}/customer-care/1"}


def test_D35_a_key_customer_is_marked(office: Office) -> None:
    office.opened(customer_phone=phone(1), customer_name="客戶1")
    listed(office, "新車", "新車")
    found = rows(office)
    assert found[f"{NUMBER}/new-cars/1"]["重點客戶"] == "●"
    assert found[f"{NUMBER}/new-cars/2"]["重點客戶"] is None


def test_a_new_workbook_holds_the_calls_and_the_fines(office: Office) -> None:
    listed(office, "新車")
    office.clock.forward(hours=15)
    office.lapses.run_due()
    office.post()
    office.workbook.rebuild()
    (fine,) = (row for row in master(office).numbers("KesuPenalties").values() if row["處罰編號"])
    assert fine["處罰編號"] == f"{NUMBER}/1"
    assert len(rows(office)) == 2
    fill_in(office, f"{NUMBER}/new-cars/1", 是否接通="是")
    assert rows(office)[f"{NUMBER}/new-cars/1"]["是否接通"] == "是"


def test_calls_stand_in_the_order_of_the_list_however_they_were_drawn(office: Office) -> None:
    listed(office, *["保養"] * 12)
    care = [key for key in rows(office) if "/customer-care/" in key]
    assert care == [f"{NUMBER}/customer-care/{place}" for place in range(1, 13)]
