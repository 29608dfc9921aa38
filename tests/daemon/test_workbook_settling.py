"""The way from the resolved to the closed case in the workbook: the customer told, the review, what is lacking."""

from datetime import datetime, timedelta

import pytest

from rules.case import Status
from tests.daemon.office import AFTER_SALES, Office, complaint, mail, to
from tests.daemon.spreadsheet import Master
from tests.daemon.test_settling import resolved, returned
from tests.daemon.test_workbook import rows
from tests.daemon.test_workbook_two_way import CLOSED, REASON, master
from tests.daemon.test_workbook_two_way import settled as at_rest

TOLD_AT, OPINION, LACKING, REVIEW = "告知客戶時間", "客戶意見", "結案尚缺", "審核"


def settled(office: Office) -> None:
    """Let the workbook show everything."""
    assert office.workbook.round()
    at_rest(office)


def level_3(office: Office, **facts: object) -> str:
    """A resolved level-3 case, which owes no order; the workbook shows it."""
    case = office.opened(**facts)
    settled(office)
    with master(office) as book:
        book.put(case.number, "處理方案", "換新")
        book.put(case.number, "狀態", "已解決")
    settled(office)
    office.post()
    return case.number


def test_D34_the_closed_sheet_says_what_is_still_lacking(office: Office) -> None:
    case, asked = returned(office)
    resolved(office, asked)
    settled(office)
    assert rows(office, CLOSED)[case.number][LACKING] == "部門總監審閱、告知客戶"
    office.receive(mail(AFTER_SALES, text="同意", answers=asked))
    settled(office)
    assert rows(office, CLOSED)[case.number][LACKING] == "告知客戶"


def test_D34_the_time_entered_closes_the_case_and_stands_there(office: Office) -> None:
    number = level_3(office)
    office.clock.forward(hours=1)
    with master(office) as book:
        book.put(number, TOLD_AT, "2026-11-23 09:30", CLOSED)
        book.put(number, OPINION, "滿意", CLOSED)
    settled(office)
    case = office.case(number)
    assert case.status is Status.CLOSED
    assert case.afterwards["customer_informed_at"] == "2026-11-23T09:30:00+08:00"
    assert office.kinds(number).count("informed") == 1
    row = rows(office, CLOSED)[number]
    assert (row["狀態"], row[OPINION], row[LACKING]) == ("已結案", "滿意", None)
    assert str(row[TOLD_AT]).startswith("2026-11-23 09:30")


def test_D34_an_opinion_alone_says_that_the_customer_was_told_just_now(office: Office) -> None:
    number = level_3(office)
    with master(office) as book:
        book.put(number, OPINION, "希望下次快一點", CLOSED)
    settled(office)
    case = office.case(number)
    assert (case.status, case.afterwards["customer_opinion"]) == (Status.CLOSED, "希望下次快一點")


@pytest.mark.parametrize("written", ["2026-11-23 13:00", "2026-11-22 08:00", "昨天", "2030-01-01 10:00"])
def test_D34_a_time_that_cannot_be_is_refused_in_the_row(office: Office, written: str) -> None:
    number = level_3(office)
    with master(office) as book:
        book.put(number, TOLD_AT, written, CLOSED)
    settled(office)
    assert office.case(number).status is Status.RESOLVED
    assert TOLD_AT in str(rows(office, CLOSED)[number][REASON])


def test_D40_a_review_entered_by_somebody_without_the_office_is_refused_and_cleared(office: Office) -> None:
    case, asked = returned(office)
    resolved(office, asked)
    settled(office)
    with master(office) as book:
        book.put(case.number, REVIEW, "同意", CLOSED)
    settled(office)
    row = rows(office, CLOSED)[case.number]
    assert row[REVIEW] is None
    assert "沒有這個權限" in str(row[REASON])
    assert office.case(case.number).asking("rectification").state == "requested"  # type: ignore[union-attr]


def test_D40_the_director_reviews_in_the_workbook_where_it_is_his(office: Office) -> None:
    office.configure('role = "after-sales-director"')
    case, _ = returned(office)
    settled(office)
    with master(office) as book:
        book.put(case.number, REVIEW, "退回 原因沒有寫清楚")
    settled(office)
    asking = office.case(case.number).asking("rectification")
    assert asking is not None
    assert (asking.state, asking.note) == ("rejected", "原因沒有寫清楚")
    assert rows(office)[case.number][REVIEW] is None, "what was carried out does not stand there"


@pytest.mark.parametrize("written", ["同意？", "退回", "看一下"])
def test_D40_a_review_that_is_not_clear_is_answered_in_the_row(office: Office, written: str) -> None:
    office.configure('role = "after-sales-director"')
    case, _ = returned(office)
    settled(office)
    with master(office) as book:
        book.put(case.number, REVIEW, written)
    settled(office)
    assert "看不懂審核意見" in str(rows(office)[case.number][REASON])
    assert office.case(case.number).asking("rectification").state == "requested"  # type: ignore[union-attr]


def test_a_case_that_lacks_something_never_goes_to_the_archive(office: Office) -> None:
    number = level_3(office)
    office.clock.forward(days=400)
    office.restart_workbook()
    settled(office)
    assert set(rows(office, CLOSED)) == {number}
    with master(office) as book:
        book.put(number, OPINION, "滿意", CLOSED)
    settled(office)
    office.clock.forward(days=61)
    settled(office)
    assert rows(office, CLOSED) == {}
    month = f"{(datetime(2026, 11, 23) + timedelta(days=400)):%Y-%m}"  # noqa: DTZ001 - only its month counts
    assert set(Master(office.folder / "archive" / f"{month}.xlsx").rows("KesuArchive")) == {number}
    office.restart_workbook()
    settled(office)
    assert rows(office, CLOSED) == {}, "what was archived does not come back"


def test_D36_a_case_opened_again_returns_to_the_open_sheet(office: Office) -> None:
    number = level_3(office, reported_at="2026-11-23T08:40:00+08:00")
    assert set(rows(office, CLOSED)) == {number}
    office.receive(mail(files={"f.xlsx": complaint(reported_at="2026-11-23T09:00:00+08:00")}))
    settled(office)
    assert set(rows(office)) == {number}
    assert rows(office, CLOSED) == {}
    assert rows(office)[number]["處理方案"] == "換新", "what was written beside it stays with it"


def test_D34_nobody_is_mailed_twice_for_the_same_entry(office: Office) -> None:
    number = level_3(office)
    with master(office) as book:
        book.put(number, OPINION, "滿意", CLOSED)
    settled(office)
    office.restart_workbook()
    settled(office)
    assert office.kinds(number).count("informed") == 1
    assert office.kinds(number).count("closed") == 1
    assert not to(office.post(), AFTER_SALES)


def test_a_case_is_not_closed_by_its_status_and_the_row_says_how(office: Office) -> None:
    case = office.opened()
    settled(office)
    with master(office) as book:
        book.put(case.number, "狀態", "已結案")
    settled(office)
    assert office.case(case.number).is_open
    assert "自動結案" in str(rows(office)[case.number][REASON])
