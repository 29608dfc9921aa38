"""The master workbook: a row per case after each change, and patience with whoever has it open."""

from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from daemon.workbook import book, channel, shown
from tests.daemon.office import (
    CARE,
    SERVICE_MANAGER,
    Office,
    complaint,
    flawed,
    mail,
    saved,
)
from tests.daemon.spreadsheet import Master
from tests.daemon.test_lapses import UNDECIDABLE, case_under


def path_of(office: Office) -> Path:
    return office.folder / "master.xlsx"


def page(office: Office, table: str = "KesuCases") -> Worksheet:
    return Master(path_of(office)).sheet(table)


def rows(office: Office, table: str = "KesuCases") -> dict[str, dict[str, object]]:
    """The cases in a sheet of the workbook by number, each by header."""
    return Master(path_of(office)).rows(table)


def test_the_first_case_draws_the_workbook(office: Office) -> None:
    case = office.opened()
    assert office.workbook.round()
    (row,) = rows(office).values()
    assert row["案件編號"] == case.number
    assert (row["等級"], row["客戶姓名"], row["狀態"]) == ("三級", "許雅婷", "處理中")
    assert str(row["處理期限"]) == "2026-11-23 11:00:00"
    assert row["維修金額"] == 800
    assert row["聯絡電話"] == "0912345678"


def test_a_lapse_and_a_resolution_change_the_row_in_place(office: Office) -> None:
    case = office.opened()
    office.workbook.round()
    office.clock.forward(hours=2)
    office.lapses.run_due()
    office.workbook.round()
    row = rows(office)[case.number]
    assert (row["等級"], row["負責人"], row["逾時次數"]) == ("二級", "售後總監", 1)
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{case.number}]", "已解決 換新，優惠工時費20%")))
    office.workbook.round()
    assert case.number not in rows(office), "it moved to the sheet of closed cases"
    row = rows(office, "KesuClosed")[case.number]
    assert (row["狀態"], row["處理方案"]) == ("已解決", "換新，優惠工時費20%")
    assert "20%" in str(row["優惠內容"])
    assert "王經理" in str(row["解決人"])


def test_an_incomplete_case_is_marked_as_such(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": flawed()}))
    office.workbook.round()
    (row,) = rows(office).values()
    assert (row["狀態"], row["資料不全"], row["負責人"]) == ("待補資料", "●", "客戶關愛部")


def test_D26_the_directors_due_time_stands_in_the_row(office: Office) -> None:
    case = office.opened(CARE)
    office.workbook.round()
    assert str(rows(office)[case.number]["回饋期限"]) == "2026-11-25 09:00:00"


def test_more_cases_than_one_batch_are_all_written(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown, "_BATCH", 3)
    office.workbook.round()
    for number in range(8):
        office.opened(customer_phone=f"0900-000-00{number}")
    assert office.workbook.round()
    assert len(rows(office)) == 8


def test_nothing_new_leaves_the_file_untouched(office: Office) -> None:
    office.opened()
    office.workbook.round()
    before = (path_of(office).read_bytes(), path_of(office).stat().st_mtime_ns)
    assert office.workbook.round()
    assert (path_of(office).read_bytes(), path_of(office).stat().st_mtime_ns) == before


def test_what_managers_wrote_stays(office: Office) -> None:
    case = office.opened()
    office.workbook.round()
    with Master(path_of(office)) as master:
        master.put(case.number, "備註", "已與客戶約週三")
    office.clock.forward(hours=2)
    office.lapses.run_due()
    assert office.workbook.round()
    row = rows(office)[case.number]
    assert (row["備註"], row["等級"]) == ("已與客戶約週三", "二級")


# ---------------------------------------------------------------- somebody has it


@pytest.mark.parametrize("lock", ["~$master.xlsx", ".~lock.master.xlsx#"])
def test_rows_wait_while_somebody_has_it_open_and_are_written_after(office: Office, lock: str) -> None:
    first = office.opened()
    office.workbook.round()
    (office.folder / lock).write_bytes(b",wang,pc,,;")
    second = office.opened(customer_phone="0900-000-002")
    office.clock.forward(hours=2)
    office.lapses.run_due()
    assert not office.workbook.round()
    assert list(rows(office)) == [first.number]
    assert office.case(second.number).grade == "level-2", "the clocks do not wait for a workbook"
    (office.folder / lock).unlink()
    assert office.workbook.round()
    assert {row["等級"] for row in rows(office).values()} == {"二級"}
    assert len(rows(office)) == 2


def test_a_workbook_saved_between_reading_and_writing_is_not_overwritten(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.opened()
    office.workbook.round()
    office.opened(customer_phone="0900-000-002")
    real = book.carry_out

    def slowly(*arguments: object) -> object:
        other = load_workbook(path_of(office))
        other["未結案件"]["A1"] = "saved meanwhile"
        path_of(office).write_bytes(saved(other))
        return real(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(book, "carry_out", slowly)
        assert not office.workbook.round()
    assert page(office)["A1"].value == "saved meanwhile"
    assert office.workbook.round()
    assert page(office)["A1"].value == "saved meanwhile"
    assert len(rows(office)) == 2


def test_a_deleted_workbook_is_drawn_anew_with_every_case(office: Office) -> None:
    for number in range(3):
        office.opened(customer_phone=f"0900-000-00{number}")
    office.workbook.round()
    path_of(office).unlink()
    office.opened(customer_phone="0900-000-009")
    assert not office.workbook.round(), "a program that saves takes the file away for a moment"
    assert not path_of(office).exists()
    office.clock.forward(seconds=10)
    assert office.workbook.round()
    assert len(rows(office)) == 4


@pytest.mark.parametrize("content", [b"", b"not a workbook", complaint()])
def test_a_file_that_cannot_be_patched_is_left_as_it_is_and_the_rows_wait(
    office: Office, content: bytes
) -> None:
    office.opened()
    office.workbook.round()
    good = path_of(office).read_bytes()
    path_of(office).write_bytes(content)
    office.opened(customer_phone="0900-000-002")
    assert not office.workbook.round()
    assert path_of(office).read_bytes() == content
    path_of(office).write_bytes(good)  # somebody puts the right one back
    assert office.workbook.round()
    assert len(rows(office)) == 2


def test_a_folder_nobody_can_write_to_costs_no_row(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    office.opened()
    with monkeypatch.context() as patch:
        patch.setattr(channel, "write_if_unchanged", full)
        assert not office.workbook.round()
    assert office.workbook.round()
    assert len(rows(office)) == 1


# ---------------------------------------------------------------- what stands in it


@pytest.mark.parametrize(
    "name", ["=1+1", "+SUM(A1)", "@now", "-2", '=HYPERLINK("http://x.example","click")', "'quoted"]
)
def test_a_customer_named_like_a_formula_is_text_from_the_form_to_the_workbook(
    office: Office, name: str
) -> None:
    office.opened(customer_name="first")
    office.workbook.round()
    office.receive(
        mail(files={"f.xlsx": complaint(customer_name=name, customer_phone="0900-000-002", description=name)})
    )
    assert office.workbook.round()
    assert rows(office)["KS-20261123-002"]["客戶姓名"] == name
    cells = [cell for row in page(office).iter_rows() for cell in row if cell.value == name]
    assert [cell.data_type for cell in cells] == ["s", "s"]
    path_of(office).unlink()
    office.workbook.round()
    office.clock.forward(seconds=10)
    office.workbook.round()  # drawn anew, by the other way of writing
    cells = [cell for row in page(office).iter_rows() for cell in row if cell.value == name]
    assert [cell.data_type for cell in cells] == ["s", "s"]


def test_a_case_under_rules_nobody_can_read_keeps_no_other_from_its_row(office: Office) -> None:
    office.opened()
    office.workbook.round()
    case_under(office, UNDECIDABLE["no TOML"])
    good = office.opened(customer_phone="0900-000-002")
    office.workbook.round()
    assert good.number in rows(office)


def test_the_workbook_is_sound_enough_for_another_reader(office: Office) -> None:
    office.opened()
    office.workbook.round()
    office.opened(customer_phone="0900-000-002")
    office.workbook.round()
    found = load_workbook(BytesIO(path_of(office).read_bytes()))
    table = found["未結案件"].tables["KesuCases"]
    assert table.ref.endswith("5")  # title, legend, header, two cases
