"""The customer's other cases in the mails that hand a case over: who counts as the same, as of when, how many."""

import sqlite3
from contextlib import closing

from daemon.othercases import MOST, other_cases
from rules.case import Status
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    SERVICE_MANAGER,
    Office,
    Posted,
    complaint,
    mail,
)

ANOTHER_MATTER = {"category": "waiting"}  # the same matter would open the settled case again (D36)


def assignment(posted: list[Posted], who: str = SERVICE_MANAGER) -> Posted:
    return next(one for one in posted if one.template == "assignment" and one.to == who)


def resolved(office: Office, number: str, how: str = "更換冷媒") -> None:
    office.receive(office.vouched(mail(SERVICE_MANAGER, subject=f"[{number}]", text=f"已解決 {how}")))
    assert office.case(number).status is Status.RESOLVED
    office.post()


def test_the_assignment_shows_what_the_customer_complained_of_before_and_how_it_ended(office: Office) -> None:
    earlier = office.opened(description="空調不冷", repair_amount="1500")
    office.receive(office.vouched(mail(AFTER_SALES, subject=f"[{earlier.number}]", text="已解決 更換冷媒")))
    office.clock.forward(days=40)
    office.receive(mail(files={"f.xlsx": complaint(**ANOTHER_MATTER)}))
    text = assignment(office.post()).text
    assert f"{earlier.number} · 二級 · 2026-11-23（一）09:00" in text
    assert "維修品質 · 空調不冷" in text
    assert "已解決 2026-11-23：更換冷媒" in text


def test_an_open_case_of_the_same_customer_names_who_has_it(office: Office) -> None:
    office.opened(description="空調不冷")
    office.clock.forward(minutes=5)
    office.receive(mail(files={"f.xlsx": complaint(description="煞車異音")}))
    assert "處理中：服務經理、車間主任" in assignment(office.post()).text


def test_the_same_plate_counts_although_the_telephone_is_another(office: Office) -> None:
    earlier = office.opened(plate_no="滬A12345", customer_phone="0911-111-111")
    office.receive(
        mail(
            files={
                "f.xlsx": complaint(description="異音", plate_no="滬A·12345", customer_phone="0922-222-222")
            }
        )
    )
    assert earlier.number in assignment(office.post()).text


def test_a_namesake_is_somebody_else(office: Office) -> None:
    earlier = office.opened(customer_phone="0911-111-111")
    office.receive(mail(files={"f.xlsx": complaint(customer_phone="0922-222-222")}))
    assert earlier.number not in assignment(office.post()).text


def test_the_escalation_and_the_order_to_rectify_show_them_too_and_no_other_mail_does(office: Office) -> None:
    earlier = office.opened(description="空調不冷")
    resolved(office, earlier.number)
    office.receive(mail(files={"f.xlsx": complaint(**ANOTHER_MATTER)}))
    office.clock.forward(hours=2)
    office.lapses.run_due()
    showing = {(one.template, one.to) for one in office.post() if earlier.number in one.text}
    assert {template for template, _ in showing} == {"assignment", "escalation", "rectification-order"}
    assert ("escalation", AFTER_SALES) in showing
    assert ("overdue", CARE) not in showing


def test_only_the_newest_stand_there_and_the_others_are_counted(office: Office) -> None:
    numbers = []
    for day in range(MOST + 3):
        numbers.append(office.opened(description=f"第 {day} 次").number)
        office.clock.forward(days=1)
    office.receive(mail(files={"f.xlsx": complaint(description="又來了")}))
    text = assignment(office.post()).text
    assert [number for number in numbers if number in text] == numbers[3:]
    assert text.index(numbers[-1]) < text.index(numbers[-2])
    assert "另有 3 件較早的案件" in text


def test_a_mail_composed_late_shows_them_as_they_stood_when_it_became_due(office: Office) -> None:
    earlier = office.opened(description="空調不冷")
    office.clock.forward(minutes=1)
    office.receive(mail(files={"f.xlsx": complaint(description="煞車異音")}))
    case = next(case for case in office.cases() if case.number != earlier.number)
    due = office.ledger.last_seq()
    with office.ledger.writing() as entry:  # nothing was posted yet: the mail server is away
        entry.note_activity(office.clock.now(), "away", "{}")
    office.receive(
        office.vouched(mail(SERVICE_MANAGER, subject=f"[{earlier.number}]", text="已解決 更換冷媒"))
    )
    later = mail(files={"f.xlsx": complaint(description="第三件事", **ANOTHER_MATTER)})
    office.receive(later)
    posted = next(
        one
        for one in office.post()
        if one.template == "assignment" and one.to == SERVICE_MANAGER and case.number in one.subject
    )
    assert "處理中：服務經理、車間主任" in posted.text
    assert "第三件事" not in posted.text
    assert [one.case.number for one in other_cases(office.docket, case, due).cases] == [earlier.number]
    assert len(other_cases(office.docket, case, office.ledger.last_seq()).cases) == 2


def test_settled_cases_of_an_older_ledger_are_found_again(office: Office) -> None:
    earlier = office.opened(description="空調不冷")
    resolved(office, earlier.number)
    with closing(sqlite3.connect(office.ledger.path)) as connection:
        connection.execute("DELETE FROM case_keys")
        connection.commit()
    before = office.ledger.head()
    office.docket.remember_settled()
    office.docket.remember_settled()
    assert office.ledger.head() == before
    assert office.ledger.verify() == []
    office.receive(mail(files={"f.xlsx": complaint(**ANOTHER_MATTER)}))
    assert earlier.number in assignment(office.post()).text
