"""Corrections in the workbook: chosen and explained beside the case, answered in its row (K06, K07)."""

from datetime import timedelta

import pytest

from daemon.workbook import disposals
from parsers.change_texts import example
from parsers.change_verbs import ChangeKind
from rules.case import Status
from rules.locales import Locale
from sheets.registry import DISPOSALS
from tests.daemon.office import AFTER_SALES, Office, complaint, mail, to
from tests.daemon.test_workbook import rows
from tests.daemon.test_workbook_two_way import CLOSED, REASON, cases, master, settled

CHOICE, NOTE = "處置", "處置說明"


def ask(office: Office, number: str, choice: str | None, note: str | None, table: str = "KesuCases") -> None:
    with master(office) as book:
        if choice is not None:
            book.put(number, CHOICE, choice, table=table)
        if note is not None:
            book.put(number, NOTE, note, table=table)
    settled(office)


def test_a_fact_is_corrected_and_both_cells_are_empty_again(office: Office) -> None:
    (number,) = cases(office, 1)
    ask(office, number, "更正", "維修金額=1500 原因：補送發票")
    assert office.case(number).grade == "level-2"
    row = rows(office)[number]
    assert (row[CHOICE], row[NOTE], row[REASON]) == (None, None, None)
    assert row["維修金額"] == 1500
    assert row["等級"] == "二級"
    assert "noted" not in office.kinds(number)


def test_nothing_happens_before_both_cells_are_filled_in(office: Office) -> None:
    (number,) = cases(office, 1)
    ask(office, number, "撤案", None)
    assert office.case(number).is_open
    assert rows(office)[number][CHOICE] == "撤案"
    ask(office, number, None, "原因：客戶撤回")
    assert office.case(number).status is Status.WITHDRAWN


@pytest.mark.parametrize(
    ("choice", "note", "why"),
    [
        ("撤案", "誤", "沒有寫原因"),
        ("更正", "維修金額=很多 原因：漏列", "不是金額"),
        ("更正", "顏色=紅 原因：漏列", "沒有「顏色」這個欄位"),
        ("改派", "張三 原因：他熟", "看不出要改派給誰"),
        ("併入", "KS-20200101-001 原因：同一件事", "找不到要併入的案件"),
        ("暫停", "至 2027-11-25 12:00 原因：等零件", "暫停的時間不合規定"),
        ("銷毀", "原因：不要了", "看不懂處置「銷毀」"),
    ],
)
def test_what_cannot_be_done_stays_with_its_reason_and_is_not_asked_again(
    office: Office, choice: str, note: str, why: str
) -> None:
    (number,) = cases(office, 1)
    ask(office, number, choice, note)
    row = rows(office)[number]
    assert why in row[REASON]
    assert (row[CHOICE], row[NOTE]) == (choice, note)
    happened = office.kinds(number)
    settled(office)
    assert office.kinds(number) == happened
    ask(office, number, "改派", "售後總監 原因：服務經理是當事人")
    row = rows(office)[number]
    assert (row[CHOICE], row[NOTE], row[REASON]) == (None, None, None)
    assert row["負責人"] == "售後總監"


def test_doubles_are_merged_and_a_withdrawn_case_is_opened_again(office: Office) -> None:
    first, second = cases(office, 2)
    ask(office, second, "併入", f"{first} 同一件事")
    assert office.case(second).merged_into == first
    assert office.kinds(first)[-1] == "attached"
    ask(office, second, "重啟", "其實是兩件事", table=CLOSED)
    assert office.case(second).is_open


def test_a_held_case_shows_until_when_and_its_clock_is_empty(office: Office) -> None:
    (number,) = cases(office, 1)
    office.post()
    ask(office, number, "暫停", "至 2026-11-24 12:00 原因：等零件")
    (request,) = to(office.post(), AFTER_SALES, "approval-request")
    office.vouching = True
    office.receive(mail(AFTER_SALES, text="同意", answers=request))
    settled(office)
    row = rows(office)[number]
    assert row["狀態"] == "暫停至 2026-11-24 12:00"
    assert row["處理期限"] is None
    with master(office) as book:
        book.put(number, "備註", "零件週二到")  # what stands in the other cells is no entry
    settled(office)
    assert rows(office)[number][REASON] is None
    ask(office, number, "恢復計時", None)
    assert office.case(number).due == office.clock.now() + timedelta(hours=2)
    assert rows(office)[number]["狀態"] == "處理中"


def test_a_held_case_is_resolved_in_the_workbook(office: Office) -> None:
    (number,) = cases(office, 1)
    office.vouching = True
    office.receive(mail(AFTER_SALES, f"[{number}]", "暫停至 2026-11-24 12:00 原因：等零件"))
    settled(office)
    with master(office) as book:
        book.put(number, "處理方案", "換新水泵")
        book.put(number, "狀態", "已解決")
    settled(office)
    assert not office.case(number).is_open


@pytest.mark.parametrize("kind", ChangeKind)
@pytest.mark.parametrize("locale", Locale)
def test_every_choice_and_our_examples_are_understood_in_each_language(
    office: Office, kind: ChangeKind, locale: Locale
) -> None:
    assert disposals.kind_of(DISPOSALS[kind.value].get(locale)) is kind
    said = example(kind).get(locale)
    asked = disposals.asked(kind, said, office.site, office.clock.now())
    assert asked is not None
    assert (asked.kind, asked.problems) == (kind, ())


def test_K06_a_lower_grade_asked_for_in_the_shared_file_needs_the_directors_own_word(office: Office) -> None:
    office.receive(mail(files={"form.xlsx": complaint(repair_amount="1500")}))
    (case,) = office.cases()
    assert office.workbook.round()
    settled(office)
    office.post()
    ask(office, case.number, "更正", "維修金額=800 原因：重複計算")
    assert office.case(case.number).grade == "level-2", "whoever can write the file is not the director"
    (request,) = to(office.post(), "care.director@example.com", "approval-request")
    office.receive(mail("care.director@example.com", text="同意", answers=request))
    assert office.case(case.number).grade == "level-3"
    assert office.case(case.number).facts["repair_amount"] == "800.00"
