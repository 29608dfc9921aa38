"""What managers do to the master workbook, and what becomes of it: every outcome is defined, no entry is lost."""

import dataclasses
from decimal import Decimal

import pytest

from daemon.workbook import channel
from rules.locales import Locale
from sheets.generation import stamp_of
from tests.daemon.office import (
    CARE,
    SERVICE_MANAGER,
    Office,
    mail,
    to,
)
from tests.daemon.spreadsheet import Master
from tests.daemon.test_workbook import path_of, rows

CLOSED = "KesuClosed"
REASON = "退回原因"


def cases(office: Office, count: int) -> list[str]:
    """Open cases and let the workbook show them."""
    numbers = [
        office.opened(customer_phone=f"0900-000-{at:03}", customer_name=f"客戶{at}").number
        for at in range(count)
    ]
    assert office.workbook.round()
    return numbers


def master(office: Office) -> Master:
    return Master(path_of(office))


def settled(office: Office) -> None:
    """Run rounds until nothing changes any more, which must be soon."""
    for _ in range(4):
        before = path_of(office).read_bytes()
        assert office.workbook.round()
        if path_of(office).read_bytes() == before:
            return
    raise AssertionError("the workbook does not come to rest")


# ---------------------------------------------------------------- entries become commands


def test_remarks_and_next_contact_are_taken_into_the_ledger(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "備註", "已約週三")
        book.put(number, "下次聯絡", "2026-11-25 14:30")
    settled(office)
    case = office.case(number)
    assert case.notes["remarks"] == "已約週三"
    assert str(case.notes["next_contact"]).startswith("2026-11-25T14:30:00+08:00")
    assert office.kinds(number).count("noted") == 1
    row = rows(office)[number]
    assert (row["備註"], str(row["下次聯絡"])[:16]) == ("已約週三", "2026-11-25 14:30")


def test_an_emptied_remark_is_an_entry_too(office: Office) -> None:
    (number,) = cases(office, 1)
    for text in ("先記著", None):
        with master(office) as book:
            book.put(number, "備註", text)
        settled(office)
    assert "remarks" not in office.case(number).notes
    assert rows(office)[number]["備註"] is None


def test_a_case_is_resolved_in_the_workbook(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "處理方案", "換新水泵")
        book.put(number, "狀態", "已解決")
    settled(office)
    case = office.case(number)
    assert (case.status.value, case.resolution["resolution"]) == ("resolved", "換新水泵")
    assert case.resolved_by.roles == ("customer-care-director",)
    assert number not in rows(office)
    closed = rows(office, CLOSED)[number]
    assert (closed["狀態"], closed["處理方案"]) == ("已解決", "換新水泵")
    assert "總表" in str(closed["解決人"])
    assert to(office.post(), CARE, "resolved"), "whoever had a mail about it hears of it"


@pytest.mark.parametrize("word", ["已解決", "已解决", "Resolved", " resolved ", "處理完畢"])
def test_the_status_is_understood_in_any_language(office: Office, word: str) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "處理方案", "換新")
        book.put(number, "狀態", word)
    settled(office)
    assert office.case(number).status.value == "resolved"


def test_a_partly_resolved_case_keeps_its_clock(office: Office) -> None:
    (number,) = cases(office, 1)
    due = office.case(number).due
    with master(office) as book:
        book.put(number, "狀態", "部分解決")
    settled(office)
    case = office.case(number)
    assert (case.is_open, case.due, case.partly) == (True, due, True)
    assert rows(office)[number]["狀態"] == "部分解決"
    with master(office) as book:
        book.put(number, "狀態", "處理中")
    settled(office)
    assert not office.case(number).partly


def test_resolved_without_a_resolution_is_sent_back_with_the_reason(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "狀態", "已解決")
    settled(office)
    row = rows(office)[number]
    assert office.case(number).is_open
    assert (row["狀態"], "處理方案" in str(row[REASON])) == ("處理中", True)
    with master(office) as book:
        book.put(number, "處理方案", "已換新")
        book.put(number, "狀態", "已解決")
    settled(office)
    assert rows(office, CLOSED)[number][REASON] is None


@pytest.mark.parametrize("word", ["好了吧", "???"])
def test_a_status_nobody_knows_is_sent_back(office: Office, word: str) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "狀態", word)
    settled(office)
    row = rows(office)[number]
    assert row["狀態"] == "處理中"
    assert word in str(row[REASON])


def test_D38_a_concession_over_the_workbooks_authority_goes_to_whoever_may_grant_it(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "處理方案", "換新")
        book.put(number, "優惠內容", "工時費 20%")
        book.put(number, "狀態", "已解決")
    settled(office)
    assert office.kinds(number)[-2:] == ["reported", "refused"]
    row = rows(office)[number]
    assert row["狀態"] == "處理中"
    assert "D38" in str(row[REASON])
    assert (row["處理方案"], row["優惠內容"]) == ("換新", "工時費 20%"), (
        "what was written stays for a second try"
    )
    assert to(office.post(), SERVICE_MANAGER, "authority-exceeded"), "the lowest role that covers it decides"


def test_the_role_of_the_workbook_is_configured_and_its_authority_counts(office: Office) -> None:
    office.configure('role = "service-manager"')
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "處理方案", "換新")
        book.put(number, "優惠內容", "工時費 20%")
        book.put(number, "狀態", "已解決")
    settled(office)
    case = office.case(number)
    assert case.status.value == "resolved"
    assert Decimal(str(case.resolution["discount_percent"])) == 20


def test_a_concession_that_cannot_be_read_is_no_report(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "處理方案", "換新")
        book.put(number, "優惠內容", "老樣子")
        book.put(number, "狀態", "已解決")
    settled(office)
    assert office.case(number).is_open
    assert "老樣子" in str(rows(office)[number][REASON])


def test_a_time_that_is_none_is_sent_back(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "下次聯絡", "下週三")
    settled(office)
    row = rows(office)[number]
    assert row["下次聯絡"] is None
    assert "下週三" in str(row[REASON]), "what he wrote is told back, not lost"


def test_the_reason_goes_when_somebody_deletes_it(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "下次聯絡", "下週三")
    settled(office)
    with master(office) as book:
        book.put(number, REASON, None)
    settled(office)
    assert rows(office)[number][REASON] is None


def test_a_case_settled_by_mail_meanwhile_is_not_reported_twice(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "處理方案", "甲")
        book.put(number, "狀態", "已解決")
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{number}]", "已解決 乙")))
    settled(office)
    assert office.kinds(number).count("resolved") == 1
    assert rows(office, CLOSED)[number]["處理方案"] == "乙"
    assert office.case(number).notes["resolution"] == "甲", "what the manager wrote is kept in the history"


def test_a_closed_case_takes_remarks_and_nothing_else(office: Office) -> None:
    (number,) = cases(office, 1)
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{number}]", "已解決 換新")))
    settled(office)
    with master(office) as book:
        book.put(number, "備註", "客戶滿意", CLOSED)
        book.put(number, "狀態", "處理中", CLOSED)
    settled(office)
    row = rows(office, CLOSED)[number]
    assert (row["備註"], row["狀態"]) == ("客戶滿意", "已解決")
    assert "處理中" in str(row[REASON])
    assert office.case(number).notes["remarks"] == "客戶滿意"


# ---------------------------------------------------------------- what the daemon owns comes back


def test_a_cell_of_the_daemon_is_restored_and_the_manager_told(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "等級", "特級")
        book.put(number, "維修金額", 5)
        book.put(number, "備註", "改好了")
    settled(office)
    row = rows(office)[number]
    assert (row["等級"], row["維修金額"], row["備註"]) == ("三級", 800, "改好了")
    assert "特級" in str(row[REASON])


def test_rows_sorted_by_hand_keep_their_cases(office: Office) -> None:
    first, second, third = cases(office, 3)
    with master(office) as book:
        book.swap(first, third)
        book.put(first, "備註", "第一件")
    settled(office)
    assert list(rows(office)) == [third, second, first]
    assert rows(office)[first]["備註"] == "第一件"
    assert rows(office)[third]["備註"] is None
    assert [row["客戶姓名"] for row in rows(office).values()] == ["客戶2", "客戶1", "客戶0"]


def test_a_deleted_row_comes_back_with_what_was_entered_in_it(office: Office) -> None:
    first, second, third = cases(office, 3)
    with master(office) as book:
        book.put(second, "備註", "重要")
    settled(office)
    with master(office) as book:
        book.clear(second)
    settled(office)
    assert set(rows(office)) == {first, second, third}
    assert rows(office)[second]["備註"] == "重要"
    assert "放回" in actions(office)


def test_a_copied_row_is_not_read_and_says_so(office: Office) -> None:
    first, second = cases(office, 2)
    with master(office) as book:
        row = book.grow({"案件編號": first, "客戶姓名": "客戶0", "備註": "寫在複本上", "狀態": "已解決"})
    settled(office)
    assert office.case(first).is_open
    copy = master(office).numbers()[row]
    assert first in str(copy[REASON])
    assert "寫在複本上" in str(copy[REASON]), "what was entered there is named, not lost in silence"
    assert copy["備註"] == "寫在複本上"
    assert second in rows(office)


def test_a_row_typed_by_hand_is_no_case_and_says_so(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        row = book.grow({"客戶姓名": "新客戶", "抱怨內容": "冷氣不冷"})
    settled(office)
    typed = master(office).numbers()[row]
    assert (typed["客戶姓名"], "表單" in str(typed[REASON])) == ("新客戶", True)
    assert len(office.cases()) == 1
    assert rows(office)[number][REASON] is None


def test_an_overtyped_case_number_is_put_back(office: Office) -> None:
    first, second = cases(office, 2)
    with master(office) as book:
        book.put(first, "備註", "這是第一件")
        book.put(first, "案件編號", "KS-99999999-999")
    settled(office)
    assert set(rows(office)) == {first, second}
    assert "KS-99999999-999" in str(rows(office)[first][REASON])
    assert office.case(first).notes["remarks"] == "這是第一件"


def test_a_renamed_column_is_left_alone_until_it_has_its_name_again(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        rename(book, "備註", "我的筆記")
        book.put(number, "我的筆記", "寫在改名的欄")
    settled(office)
    assert "remarks" not in office.case(number).notes
    assert rows(office)[number]["我的筆記"] == "寫在改名的欄"
    assert "備註" in actions(office), "what kesu did says which column is missing"
    with master(office) as book:
        rename(book, "我的筆記", "備註")
    settled(office)
    assert office.case(number).notes["remarks"] == "寫在改名的欄"


def rename(book: Master, old: str, new: str, table: str = "KesuCases") -> None:
    page, at = book.sheet(table), book.headers(table)[old]
    column = next(each for each in page.tables[table].tableColumns if each.name == old)
    top = int("".join(filter(str.isdigit, page.tables[table].ref.partition(":")[0])))
    column.name = new
    page.cell(top, at).value = new


def test_a_sheet_of_closed_cases_that_somebody_deleted_stops_nothing(office: Office) -> None:
    first, second = cases(office, 2)
    with master(office) as book:
        book.book.remove(book.sheet(CLOSED))
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{first}]", "已解決 換新")))
    settled(office)
    assert set(rows(office)) == {second}


# ---------------------------------------------------------------- emptied


def test_an_emptied_sheet_is_refused_and_reported_and_nothing_taken(office: Office) -> None:
    numbers = cases(office, 6)
    good = path_of(office).read_bytes()
    with master(office) as book:
        for number in numbers:
            book.clear(number)
    bad = path_of(office).read_bytes()
    assert not office.workbook.round()
    assert path_of(office).read_bytes() == bad, "nothing is written into it"
    (told,) = to(office.post(), CARE, "workbook")
    assert "清空" in told.text
    assert not office.workbook.round()
    assert not to(office.post(), CARE, "workbook"), "once for each occasion"
    path_of(office).write_bytes(good)
    settled(office)
    assert all(office.case(number).is_open for number in numbers)


def test_entries_emptied_by_the_dozen_are_refused(office: Office) -> None:
    numbers = cases(office, 12)
    with master(office) as book:
        for number in numbers:
            book.put(number, "備註", f"關於 {number}")
    settled(office)
    with master(office) as book:
        for number in numbers:
            for column in book.headers():
                if column != "案件編號":
                    book.put(number, column, None)
    assert not office.workbook.round()
    assert all("remarks" in office.case(number).notes for number in numbers)


# ---------------------------------------------------------------- open files


def lock(office: Office) -> None:
    (office.folder / ".~lock.master.xlsx#").write_bytes("王主任,wang,pc,,;".encode())


def unlock(office: Office) -> None:
    (office.folder / ".~lock.master.xlsx#").unlink()


def test_saves_are_read_while_somebody_has_it_open(office: Office) -> None:
    first, second = cases(office, 2)
    lock(office)
    with master(office) as book:
        book.put(first, "處理方案", "換新")
        book.put(first, "狀態", "已解決")
    before = path_of(office).read_bytes()
    assert not office.workbook.round()
    assert office.case(first).status.value == "resolved", "the entry counts at once"
    assert path_of(office).read_bytes() == before, "the file waits"
    live = Master(path_of(office).with_name("master-live.xlsx"))
    assert set(live.rows()) == {second}
    assert set(live.rows(CLOSED)) == {first}
    unlock(office)
    settled(office)
    assert set(rows(office, CLOSED)) == {first}
    assert office.kinds(first).count("resolved") == 1


def test_customer_care_hears_who_holds_it_once_after_half_an_hour(office: Office) -> None:
    cases(office, 1)
    lock(office)
    office.opened(customer_phone="0900-000-777")
    for minutes in (0, 20, 9):
        office.clock.forward(minutes=minutes)
        office.workbook.round()
    assert not to(office.post(), CARE, "workbook")
    office.clock.forward(minutes=2)
    office.workbook.round()
    (told,) = to(office.post(), CARE, "workbook")
    assert "王主任" in told.text
    assert "master-live.xlsx" in told.text
    office.clock.forward(minutes=60)
    office.workbook.round()
    assert not to(office.post(), CARE, "workbook")
    unlock(office)
    settled(office)
    lock(office)
    office.opened(customer_phone="0900-000-778")
    office.workbook.round()
    office.clock.forward(minutes=31)
    office.workbook.round()
    assert len(to(office.post(), CARE, "workbook")) == 1, "a new occasion is told again"


def test_an_open_workbook_with_nothing_to_write_troubles_nobody(office: Office) -> None:
    cases(office, 1)
    lock(office)
    assert office.workbook.round()
    office.clock.forward(minutes=90)
    assert office.workbook.round()
    assert not to(office.post(), CARE, "workbook")


def test_the_live_copy_and_the_board_stand_beside_it_and_are_read_only(office: Office) -> None:
    (number,) = cases(office, 1)
    live = path_of(office).with_name("master-live.xlsx")
    assert set(Master(live).rows()) == {number}
    assert live.stat().st_mode & 0o222 == 0
    board = path_of(office).with_suffix(".html").read_text(encoding="utf-8")
    assert number in board
    assert "客戶0" in board


def test_a_changed_live_copy_is_put_aside_not_overwritten(office: Office) -> None:
    (number,) = cases(office, 1)
    live = path_of(office).with_name("master-live.xlsx")
    with Master(live) as book:
        book.put(number, "備註", "寫錯地方了")
    office.opened(customer_phone="0900-000-999")
    office.workbook.round()
    (aside,) = office.folder.glob("master-live-until-*.xlsx")
    assert Master(aside).rows()[number]["備註"] == "寫錯地方了"
    assert len(Master(live).rows()) == 2


# ---------------------------------------------------------------- versions


def test_a_restored_backup_is_told_from_managers_changes(office: Office) -> None:
    first, second = cases(office, 2)
    with master(office) as book:
        book.put(first, "備註", "上週寫的")
    settled(office)
    backup = path_of(office).read_bytes()
    with master(office) as book:
        book.put(first, "備註", "這週寫的")
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{second}]", "已解決 換新")))
    settled(office)
    third = office.opened(customer_phone="0900-000-999").number
    path_of(office).write_bytes(backup)
    settled(office)
    assert office.case(first).notes["remarks"] == "這週寫的"
    assert rows(office)[first]["備註"] == "這週寫的"
    assert set(rows(office)) == {first, third}
    assert set(rows(office, CLOSED)) == {second}
    (told,) = to(office.post(), CARE, "workbook")
    assert "較舊的版本" in told.text


def test_what_was_written_into_an_old_version_is_taken_unless_newer_entries_say_otherwise(
    office: Office,
) -> None:
    first, second = cases(office, 2)
    old = path_of(office).read_bytes()
    with master(office) as book:
        book.put(first, "備註", "新的")
    settled(office)
    path_of(office).write_bytes(old)
    with master(office) as book:
        book.put(first, "備註", "寫在舊檔裡")
        book.put(second, "備註", "也寫在舊檔裡")
    settled(office)
    assert office.case(first).notes["remarks"] == "新的"
    assert "寫在舊檔裡" in str(rows(office)[first][REASON])
    assert office.case(second).notes["remarks"] == "也寫在舊檔裡"


def test_a_version_written_just_before_a_crash_is_known(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (number,) = cases(office, 1)
    office.clock.forward(hours=2)
    office.lapses.run_due()
    with monkeypatch.context() as patch:
        crash_at(patch, "confirm_generation")
        with pytest.raises(Crash):
            office.workbook.round()
    office.restart_workbook()
    with master(office) as book:
        book.put(number, "備註", "接著寫")
    settled(office)
    assert rows(office)[number][REASON] is None
    assert not to(office.post(), CARE, "workbook")
    assert office.case(number).notes["remarks"] == "接著寫"


class Crash(BaseException):
    """The process dies here."""


def crash_at(patch: pytest.MonkeyPatch, step: str) -> None:
    from daemon.ledger import Entry

    def die(*_: object, **__: object) -> None:
        raise Crash(step)

    patch.setattr(Entry, step, die)


def dying(*_: object, **__: object) -> None:
    raise Crash


def test_a_crash_between_the_commit_and_the_file_takes_an_entry_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "備註", "只有一次")
        book.put(number, "狀態", "部分解決")
    with monkeypatch.context() as patch:
        patch.setattr(channel, "write_if_unchanged", dying)
        with pytest.raises(Crash):
            office.workbook.round()
    assert office.kinds(number).count("noted") == 1
    office.restart_workbook()
    settled(office)
    assert office.kinds(number).count("noted") == 1
    assert office.kinds(number).count("reported") == 1


def test_every_version_has_a_number_of_its_own(office: Office) -> None:
    cases(office, 1)
    first = stamp_of(path_of(office).read_bytes()).generation
    office.clock.forward(hours=2)
    office.lapses.run_due()
    settled(office)
    second = stamp_of(path_of(office).read_bytes()).generation
    assert first is not None
    assert second is not None
    assert second > first


# ---------------------------------------------------------------- old cases


def closed(office: Office, number: str) -> None:
    """Settle a case and tell its customer, so that nothing is missing any more."""
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{number}]", "已解決 換新")))
    office.receive(office.vouched(mail(CARE, f"[{number}]", "已告知 客戶滿意")))
    assert office.case(number).status.value == "closed"


def test_long_settled_cases_move_to_the_archive_of_their_month(office: Office) -> None:
    first, second = cases(office, 2)
    closed(office, first)
    settled(office)
    office.clock.forward(days=59)
    settled(office)
    assert first in rows(office, CLOSED)
    office.clock.forward(days=2)
    settled(office)
    assert first not in rows(office, CLOSED)
    archive = office.folder / "archive" / "2026-11.xlsx"
    assert Master(archive).rows("KesuArchive")[first]["處理方案"] == "換新"
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{second}]", "已解決 換新")))
    office.restart_workbook()
    settled(office)
    assert set(rows(office, CLOSED)) == {second}, "what was archived does not come back"


def test_a_case_stays_in_the_master_while_its_archive_cannot_be_written(office: Office) -> None:
    (number,) = cases(office, 1)
    closed(office, number)
    settled(office)
    (office.folder / "archive").write_text("in the way")
    office.clock.forward(days=61)
    office.workbook.round()
    assert number in rows(office, CLOSED)
    (office.folder / "archive").unlink()
    settled(office)
    assert number not in rows(office, CLOSED)


# ---------------------------------------------------------------- what kesu did


def actions(office: Office) -> str:
    office.clock.forward(seconds=10)
    office.workbook.round()
    found = master(office).numbers("KesuActions").values()
    return "\n".join(f"{row['時間']} {row['案件編號']} {row['動作']}" for row in found if row["動作"])


def test_what_kesu_did_is_told_newest_first(office: Office) -> None:
    (number,) = cases(office, 1)
    office.clock.forward(hours=2)
    office.lapses.run_due()
    settled(office)
    told = actions(office).splitlines()
    assert number in told[0]
    assert "升為二級" in actions(office)
    times = [line[:19] for line in told]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("locale", [Locale.ZH_HANS, Locale.EN])
def test_entries_are_answered_in_the_language_of_the_site(office: Office, locale: Locale) -> None:
    office.configure(locale=locale)
    number = office.opened().number
    office.workbook.round()
    words = {
        Locale.ZH_HANS: ("案件编号", "状态", "退回原因"),
        Locale.EN: ("Case number", "Status", "Not accepted"),
    }
    key, status, reason = words[locale]
    book = master(office)
    row = next(at for at, cells in book.numbers().items() if cells[key] == number)
    book.type(row, status, "??")
    book.save()
    office.workbook.round()
    office.workbook.round()
    said = str(master(office).numbers()[row][reason])
    assert "??" in said


def test_changed_wording_of_the_rules_reaches_the_workbook(office: Office) -> None:
    (number,) = cases(office, 1)
    people = office.site.config.people
    renamed = {
        **people,
        "service-manager": (people["service-manager"][0].model_copy(update={"name": "新經理"}),),
    }
    config = office.site.config.model_copy(update={"people": renamed})
    office.docket.adopt(dataclasses.replace(office.site, config=config))
    office.workbook.forget()
    settled(office)
    assert set(rows(office)) == {number}
