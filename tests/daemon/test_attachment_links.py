"""The workbooks link each case to the folder of its files."""

import re
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest

from sheets.links import count_in, link_formula, link_text, linked_cell, text_of_link
from tests.daemon.office import CARE, SERVICE_MANAGER, STAFF, Office, complaint, mail, to
from tests.daemon.spreadsheet import Master
from tests.guards import PATIENCE

PNG = b"\x89PNG\r\n\x1a\n"
SOFFICE = shutil.which("soffice")


def master(office: Office) -> Path:
    return office.folder / "master.xlsx"


def shown(office: Office, number: str, table: str = "KesuCases") -> object:
    return Master(master(office)).rows(table)[number]["附件"]


def formula(folder: str, count: int) -> str:
    return f'=HYPERLINK("{folder}","{folder} ({count})")'


def opened_with_photos(office: Office, count: int = 2, **facts: object) -> str:
    photos = {f"{number}.png": PNG + bytes([number]) for number in range(count)}
    known = {case.number for case in office.cases()}
    office.receive(mail(files={"form.xlsx": complaint(**facts), **photos}))
    office.workbook.round()
    (number,) = {case.number for case in office.cases()} - known
    return number


def test_a_row_links_to_the_folder_of_its_case_and_others_show_nothing(office: Office) -> None:
    without = opened_with_photos(office, 0, customer_phone="0911-000-111")
    number = opened_with_photos(office)
    assert shown(office, number) == formula(f"attachments/{number}", 2)
    assert shown(office, without) is None


def test_a_photo_that_comes_later_is_counted_although_nothing_happened_to_the_case(office: Office) -> None:
    number = opened_with_photos(office, 0)
    assert shown(office, number) is None
    (answer,) = [one for one in office.post() if one.to == STAFF]
    office.receive(mail(text="補照片", files={"a.png": PNG}, answers=answer))
    assert office.workbook.round()
    assert shown(office, number) == formula(f"attachments/{number}", 1)


def test_a_link_is_read_back_as_it_was_written(office: Office) -> None:
    opened_with_photos(office)
    generation = office.ledger.generation()
    assert office.workbook.round()
    office.restart_workbook()
    assert office.workbook.round()
    assert office.ledger.generation() == generation


def test_a_master_drawn_anew_shows_the_link_and_its_text_at_once(office: Office) -> None:
    number = opened_with_photos(office)
    master(office).unlink()
    office.clock.forward(minutes=1)
    office.workbook.round()
    office.clock.forward(minutes=1)
    assert office.workbook.round()
    with ZipFile(master(office)) as package:
        sheets = b"".join(package.read(name) for name in package.namelist() if "worksheets/sheet" in name)
    assert f"<v>attachments/{number} (2)</v>".encode() in sheets
    generation = office.ledger.generation()
    assert office.workbook.round()
    assert office.ledger.generation() == generation


def test_a_manager_who_saves_without_values_is_told_nothing(office: Office) -> None:
    number = opened_with_photos(office)
    with Master(master(office)) as file:
        file.put(number, "備註", "已看過照片")
    assert office.workbook.round()
    assert office.case(number).notes == {"remarks": "已看過照片"}
    row = Master(master(office)).rows()[number]
    assert (row["附件"], row["退回原因"]) == (formula(f"attachments/{number}", 2), None)


def test_a_link_that_somebody_typed_over_comes_back(office: Office) -> None:
    number = opened_with_photos(office)
    with Master(master(office)) as file:
        file.put(number, "附件", "看這裡")
    office.workbook.round()
    assert shown(office, number) == formula(f"attachments/{number}", 2)


def test_the_link_goes_along_with_the_case_to_the_closed_and_to_the_archive(office: Office) -> None:
    number = opened_with_photos(office)
    (assignment,) = [one for one in office.post() if one.to == SERVICE_MANAGER]
    office.receive(mail(SERVICE_MANAGER, text="已解決 換新", answers=assignment))
    (told,) = to(office.post(), CARE, "resolved")
    office.receive(mail(CARE, text="已告知 客戶滿意", answers=told))
    office.workbook.round()
    assert shown(office, number, "KesuClosed") == formula(f"attachments/{number}", 2)
    office.clock.forward(days=61)
    office.workbook.round()
    (archive,) = (office.folder / "archive").glob("*.xlsx")
    assert Master(archive).rows("KesuArchive")[number]["附件"] == formula(f"../attachments/{number}", 2)


@pytest.mark.parametrize(
    "text", ["attachments/KS-1 (3)", 'a "b"/KS-1 (12)', "file://server/附件/KS-1 (1)", "a&b/KS (1)"]
)
def test_a_links_text_survives_its_formula(text: str) -> None:
    assert text_of_link(b"<c>" + linked_cell(text) + b"</c>") == text
    assert re.fullmatch(r'HYPERLINK\("(?:[^"]|"")*","(?:[^"]|"")*"\)', link_formula(text))


def test_a_folder_without_files_and_a_path_that_excel_refuses_are_no_links() -> None:
    assert link_text("attachments/KS-1", 0) == ""
    assert link_text("長" * 300, 2) == ""
    assert count_in(link_text("attachments/KS-1", 7)) == 7


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_calculates_the_link_and_keeps_it(office: Office) -> None:
    number = opened_with_photos(office)
    out = office.folder / "saved"
    assert SOFFICE is not None
    profile = f"-env:UserInstallation=file://{office.folder}/profile"
    subprocess.run(
        [SOFFICE, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(master(office))],
        check=True,
        capture_output=True,
        timeout=PATIENCE,
    )
    assert Master(out / "master.xlsx").rows()[number]["附件"] == formula(f"attachments/{number}", 2)
