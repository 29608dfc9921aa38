"""What a hostile reader of the two-way workbook found, each as a test: nothing is lost, nobody is told an untruth."""

from pathlib import Path

import pytest

from daemon.workbook import Workbook, beside, channel, taking
from daemon.workbook.entries import Written
from sheets.files import WorkbookBusy
from tests.daemon.office import CARE, Office, to
from tests.daemon.spreadsheet import Master
from tests.daemon.test_workbook import path_of, rows
from tests.daemon.test_workbook_two_way import (
    CLOSED,
    REASON,
    Crash,
    cases,
    closed,
    lock,
    master,
    rename,
    settled,
    unlock,
)


def told(office: Office) -> list[str]:
    """What customer care was told of the workbook since the last time somebody asked."""
    return [one.text for one in to(office.post(), CARE, "workbook")]


# ---------------------------------------------------------------- entries


def test_a_refused_status_is_judged_again_when_its_text_follows_in_the_open_file(office: Office) -> None:
    (number,) = cases(office, 1)
    lock(office)
    with master(office) as book:
        book.put(number, "狀態", "已解決")
    office.workbook.round()
    assert office.case(number).is_open
    with master(office) as book:
        book.put(number, "處理方案", "換新")
    office.workbook.round()
    assert office.case(number).status.value == "resolved"
    unlock(office)
    settled(office)
    assert rows(office, CLOSED)[number][REASON] is None


def test_a_refused_promise_taken_back_in_the_open_file_is_a_report(office: Office) -> None:
    (number,) = cases(office, 1)
    lock(office)
    with master(office) as book:
        book.put(number, "處理方案", "換新")
        book.put(number, "優惠內容", "工時費 20%")
        book.put(number, "狀態", "已解決")
    office.workbook.round()
    assert office.kinds(number).count("refused") == 1
    with master(office) as book:
        book.put(number, "優惠內容", None)
    office.workbook.round()
    assert office.case(number).status.value == "resolved"


def test_a_refused_status_that_the_daemon_put_back_is_not_judged_again(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "狀態", "已解決")
    settled(office)
    with master(office) as book:
        book.put(number, "處理方案", "先寫下來")
    settled(office)
    assert office.case(number).is_open, "the status stands on 處理中 again"


def test_the_reason_of_a_row_that_moves_stands_where_the_row_stands(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "下次聯絡", "下週三")
        book.put(number, "處理方案", "換新")
        book.put(number, "狀態", "已解決")
    settled(office)
    assert "下週三" in str(rows(office, CLOSED)[number][REASON])


def test_a_row_that_fails_keeps_no_other_from_being_taken(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = cases(office, 2)
    real = taking.take

    def failing(*arguments: object) -> object:
        written = arguments[2]
        assert isinstance(written, Written)
        if written.key == first:
            raise UnicodeEncodeError("utf-8", "", 0, 1, "a surrogate")
        return real(*arguments)  # type: ignore[arg-type]

    with master(office) as book:
        book.put(first, "備註", "有毒")
        book.put(second, "備註", "沒事")
    with monkeypatch.context() as patch:
        patch.setattr(taking, "take", failing)
        settled(office)
    assert office.case(second).notes["remarks"] == "沒事"
    assert "無法處理" in str(rows(office)[first][REASON])


def test_whatever_is_written_where_it_cannot_stand_is_kept_whole(office: Office) -> None:
    (number,) = cases(office, 1)
    long = "這是一段很長的說明，" * 30
    with master(office) as book:
        book.put(number, "抱怨內容", long)
        book.put(number, REASON, f"回覆：{long}")
    settled(office)
    kept = "\n".join(line.body for line in office.ledger.recent_activity(20))
    assert kept.count(long) >= 2


# ---------------------------------------------------------------- other files in its place


def test_another_sites_workbook_is_no_order(office: Office, tmp_path: Path) -> None:
    (number,) = cases(office, 1)
    good = path_of(office).read_bytes()
    from sheets.generation import stamp_of

    name = stamp_of(good).site
    assert name == "main"
    with master(office) as book:
        book.put(number, "備註", "別店的備註")
        for known in book.book.custom_doc_props.props:
            if known.name == "KesuSite":
                known.value = "other"
    for _ in range(2):
        assert not office.workbook.round()
        office.clock.forward(minutes=3)
    assert not office.workbook.round()
    (said,) = told(office)
    assert "other" in said
    assert "remarks" not in office.case(number).notes


def test_an_old_version_held_open_takes_each_save_once_and_tells_once(office: Office) -> None:
    (number,) = cases(office, 1)
    old = path_of(office).read_bytes()
    office.clock.forward(hours=2)
    office.lapses.run_due()
    settled(office)
    path_of(office).write_bytes(old)
    lock(office)
    for text in ("甲", "乙"):
        with master(office) as book:
            book.put(number, "備註", text)
        office.workbook.round()
        assert office.case(number).notes["remarks"] == text
    with master(office) as book:
        book.put(number, "處理方案", "換新")
        book.put(number, "優惠內容", "工時費 20%")
        book.put(number, "狀態", "已解決")
    for text in ("丙", "丁"):
        office.workbook.round()
        office.restart_workbook()
        with master(office) as book:
            book.put(number, "下次聯絡", "2026-12-24 10:00" if text == "丙" else None)
    office.workbook.round()
    assert len(told(office)) == 1
    assert office.kinds(number).count("noted") >= 3


def test_a_ledger_older_than_the_workbook_is_said_as_it_is(office: Office) -> None:
    cases(office, 1)
    book = master(office)
    for known in book.book.custom_doc_props.props:
        if known.name == "KesuGeneration":
            known.value = 4711
    book.save()
    office.workbook.round()
    (said,) = told(office)
    assert "帳本" in said


def test_a_number_that_was_given_out_and_forgotten_stops_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases(office, 1)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(channel, "write_if_unchanged", full)
        office.opened(customer_phone="0900-000-999")
        for _ in range(4):
            office.workbook.round()
    last = office.ledger.generation()[1]
    book = master(office)
    for known in book.book.custom_doc_props.props:
        if known.name == "KesuGeneration":
            known.value = last - 2
    book.save()
    settled(office)
    assert len(rows(office)) == 2


def test_a_live_copy_put_in_the_masters_place_can_be_worked_in(office: Office) -> None:
    (number,) = cases(office, 1)
    live = path_of(office).with_name("master-live.xlsx")
    path_of(office).unlink()
    live.rename(path_of(office))
    with master(office) as book:
        book.put(number, "備註", "接著用")
    settled(office)
    assert rows(office)[number]["備註"] == "接著用"
    assert path_of(office).stat().st_mode & 0o200
    from zipfile import ZipFile

    with ZipFile(path_of(office)) as archive:
        assert b"readOnlyRecommended" not in archive.read("xl/workbook.xml")


# ---------------------------------------------------------------- files away, shares, clocks


def test_a_share_that_cannot_be_written_to_does_not_keep_the_daemon_from_starting(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(_: object) -> bool:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(channel, "remove_leftover", read_only)
    Workbook(office.docket, office.clock)


def test_a_file_that_was_away_for_a_moment_has_its_time_anew(office: Office) -> None:
    cases(office, 1)
    content = path_of(office).read_bytes()
    path_of(office).unlink()
    office.workbook.round()
    path_of(office).write_bytes(content)
    office.workbook.round()
    office.clock.forward(days=3)
    path_of(office).unlink()
    assert not office.workbook.round()
    assert not path_of(office).exists(), "a program may be saving it"


def test_a_clock_set_back_does_not_keep_a_lost_workbook_away(office: Office) -> None:
    cases(office, 1)
    path_of(office).unlink()
    office.workbook.round()
    office.clock.forward(hours=-2)
    office.workbook.round()
    office.clock.forward(seconds=10)
    office.workbook.round()
    assert path_of(office).exists()


def test_a_sharing_violation_without_a_lock_file_is_told_and_the_live_copy_is_current(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases(office, 1)
    new = office.opened(customer_phone="0900-000-999").number

    def shared(*_: object, **__: object) -> None:
        raise WorkbookBusy("?")

    with monkeypatch.context() as patch:
        patch.setattr(channel, "write_if_unchanged", shared)
        for _ in range(35):
            office.workbook.round()
            office.clock.forward(minutes=1)
        assert len(told(office)) == 1
        live = path_of(office).with_name("master-live.xlsx")
        assert new in Master(live).rows()


def test_what_is_in_the_way_of_writing_is_told_although_people_go_on_saving(office: Office) -> None:
    first, _ = cases(office, 2)
    with master(office) as book:
        page = book.sheet()
        page.cell(page.max_row + 1, 2).value = "合計"
    office.opened(customer_phone="0900-000-999")
    said: list[str] = []
    for minute in range(12):
        with master(office) as book:
            book.put(first, "備註", f"第 {minute} 分鐘")
        assert not office.workbook.round()
        office.clock.forward(minutes=1)
        said += told(office)
    assert len(said) == 1
    assert "表格下方" in said[0]
    assert office.case(first).notes["remarks"] == "第 11 分鐘", "entries are read all the same"


def test_a_second_emptying_is_told_again(office: Office) -> None:
    numbers = cases(office, 6)

    def empty() -> None:
        with master(office) as book:
            for number in numbers:
                book.clear(number)
        office.workbook.round()

    empty()
    assert len(told(office)) == 1
    path_of(office).unlink()
    office.workbook.round()
    office.clock.forward(seconds=10)
    office.workbook.round()
    empty()
    assert len(told(office)) == 1


def test_a_failure_of_ours_is_told_too(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    cases(office, 1)

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(channel, "merged", broken)
    with master(office) as book:
        book.sheet()["A1"] = "saved"
    for _ in range(3):
        assert not office.workbook.round()
        office.clock.forward(minutes=2)
    (said,) = told(office)
    assert "ZeroDivisionError" in said


def test_an_edited_live_copy_survives_a_restart(office: Office) -> None:
    (number,) = cases(office, 1)
    live = path_of(office).with_name("master-live.xlsx")
    with Master(live) as book:
        book.put(number, "備註", "寫錯地方了")
    office.restart_workbook()
    office.opened(customer_phone="0900-000-999")
    office.workbook.round()
    (aside,) = office.folder.glob("master-live-until-*.xlsx")
    assert Master(aside).rows()[number]["備註"] == "寫錯地方了"


def test_what_a_round_records_lies_after_what_was_committed_before_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "備註", "晚一點")
    real = channel.merged

    def slowly(*arguments: object, **named: object) -> object:
        office.clock.forward(hours=2)
        office.lapses.run_due()
        return real(*arguments, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(channel, "merged", slowly)
        office.workbook.round()
    times = [row.event.at for row in office.ledger.events(number)]
    assert times == sorted(times)


def test_the_months_of_the_archive_are_moved_one_after_the_other(office: Office) -> None:
    first, second = cases(office, 2)
    closed(office, first)
    office.clock.forward(days=20)
    closed(office, second)
    settled(office)
    folder = office.folder / "archive"
    folder.mkdir()
    (folder / "2026-12.xlsx").mkdir()  # in the way of the second month
    office.clock.forward(days=90)
    office.workbook.round()
    assert first not in rows(office, CLOSED)
    assert second in rows(office, CLOSED)
    before = (folder / "2026-11.xlsx").stat().st_mtime_ns
    office.workbook.round()
    assert (folder / "2026-11.xlsx").stat().st_mtime_ns == before
    (folder / "2026-12.xlsx").rmdir()
    settled(office)
    assert second not in rows(office, CLOSED)


def test_case_numbers_sorted_alone_give_nobody_anothers_entries(office: Office) -> None:
    numbers = cases(office, 5)
    for number in numbers:
        with master(office) as book:
            book.put(number, "備註", f"關於 {number}")
    settled(office)
    with master(office) as book:
        lines = [book.row_of(number) for number in numbers]
        for line, number in zip(lines, reversed(numbers), strict=True):
            book.type(line, "案件編號", number)
    settled(office)
    for number in numbers:
        assert office.case(number).notes["remarks"] == f"關於 {number}"
        assert rows(office)[number]["備註"] == f"關於 {number}"


def test_a_column_that_comes_back_empty_is_filled_again(office: Office) -> None:
    numbers = cases(office, 2)
    with master(office) as book:
        book.put(numbers[0], "備註", "記著的")
    settled(office)
    with master(office) as book:
        rename(book, "備註", "別的")
        for number in numbers:
            book.put(number, "別的", None)
    settled(office)
    with master(office) as book:
        rename(book, "別的", "備註")
    settled(office)
    assert office.case(numbers[0]).notes["remarks"] == "記著的"
    assert rows(office)[numbers[0]]["備註"] == "記著的"
    with master(office) as book:
        book.put(numbers[0], "備註", None)
    settled(office)
    assert "remarks" not in office.case(numbers[0]).notes, "from now on an emptied cell is an entry again"


def test_a_block_pasted_over_the_daemons_cells_is_kept_whole_however_many_rows_it_has(office: Office) -> None:
    numbers = cases(office, 8)
    pasted = {number: f"貼上的第 {at} 段，" * 12 for at, number in enumerate(numbers)}
    with master(office) as book:
        for number, text in pasted.items():
            book.put(number, "提醒", text)
    settled(office)
    kept = "\n".join(line.body for line in office.ledger.recent_activity(100))
    assert [number for number, text in pasted.items() if text not in kept] == []


def test_rows_that_belong_to_no_case_do_not_flush_what_kesu_did(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        for at in range(30):
            book.grow({"客戶姓名": f"新客戶{at}"})
    settled(office)
    lines = [line for line in office.ledger.recent_activity(100) if line.code == "row-passed-over"]
    assert len(lines) == 6
    assert "25" in lines[0].body
    assert number in rows(office)


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_crash_over_the_live_copy_is_not_taken_for_somebodys_save(
    office: Office, monkeypatch: pytest.MonkeyPatch, is_replaced: bool
) -> None:
    cases(office, 1)
    real = beside.replace_file

    def dying(path: Path, content: bytes) -> None:
        if path.suffix == ".xlsx":
            if is_replaced:
                real(path, content)
            raise Crash
        real(path, content)

    new = office.opened(customer_phone="0900-000-999").number
    with monkeypatch.context() as patch:
        patch.setattr(beside, "replace_file", dying)
        with pytest.raises(Crash):
            office.workbook.round()
    office.restart_workbook()
    settled(office)
    assert not list(office.folder.glob("master-live-until-*"))
    assert new in Master(path_of(office).with_name("master-live.xlsx")).rows()
