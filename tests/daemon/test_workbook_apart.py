"""Findings and penalties in a workbook of their own: two-way as the master, and nowhere else ([workbook] penalties)."""

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from daemon.cli import main
from daemon.site import load_site
from sheets.registry import FINDINGS, PENALTIES
from tests.daemon.office import CARE, Office, to
from tests.daemon.spreadsheet import Master
from tests.daemon.test_workbook import path_of
from tests.daemon.test_workbook_two_way import REASON, cases, master, settled

FAULT = ("責任人", "責任認定")


def apart(office: Office) -> None:
    office.configure('penalties = "secret/penalties.xlsx"')


def book_path(office: Office) -> Path:
    return office.folder / "secret" / "penalties.xlsx"


def penalties(office: Office) -> dict[str, dict[str, object]]:
    found = Master(book_path(office)).numbers(PENALTIES.table).values()
    return {str(row["處罰編號"]): row for row in found if row["處罰編號"]}


def findings(office: Office) -> dict[str, dict[str, object]]:
    return Master(book_path(office)).rows(FINDINGS.table)


def find(office: Office, number: str, whom: str = "王經理", what: str = "主觀過失或失職") -> None:
    with Master(book_path(office)) as book:
        book.put(number, "責任人", whom, FINDINGS.table)
        book.put(number, "責任認定", what, FINDINGS.table)
    settled(office)


def said_in(path: Path) -> str:
    """Everything that stands in a file of ours, packed or not."""
    content = path.read_bytes()
    if not content.startswith(b"PK"):
        return content.decode()
    with ZipFile(BytesIO(content)) as parts:
        return "\n".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())


def test_a_finding_is_taken_there_and_its_penalty_shown_there(office: Office) -> None:
    apart(office)
    first, second = cases(office, 2)
    assert findings(office).keys() == {first, second}
    find(office, first)
    (penalty,) = office.case(first).penalties
    assert (penalty.state.value, str(penalty.amount)) == ("proposed", "200.00")
    row = penalties(office)[f"{first}/1"]
    assert (row["受罰人"], row["金額"], row["處罰狀態"]) == ("服務經理 王經理", 200, "待確認")
    assert findings(office)[first]["責任人"] == "王經理"
    assert to(office.post(), CARE, "penalty")


def test_what_cannot_be_taken_is_answered_in_its_row_there(office: Office) -> None:
    apart(office)
    (number,) = cases(office, 1)
    find(office, number, whom="路人甲")
    assert "路人甲" in str(findings(office)[number][REASON])
    find(office, number)
    assert findings(office)[number][REASON] is None
    with Master(book_path(office)) as book:
        row = next(at for at, cells in book.numbers(PENALTIES.table).items() if cells["處罰編號"])
        book.type(row, "申訴理由", "當時不在班", PENALTIES.table)
    settled(office)
    assert "還沒有開立" in str(penalties(office)[f"{number}/1"][REASON])


def test_what_managers_overwrite_there_is_restored(office: Office) -> None:
    apart(office)
    (number,) = cases(office, 1)
    find(office, number)
    with Master(book_path(office)) as book:
        row = next(at for at, cells in book.numbers(PENALTIES.table).items() if cells["處罰編號"])
        book.type(row, "金額", 1, PENALTIES.table)
    settled(office)
    assert penalties(office)[f"{number}/1"]["金額"] == 200
    assert "金額" in str(penalties(office)[f"{number}/1"][REASON])


def test_nothing_of_it_stands_in_the_master_its_copy_or_the_board(office: Office) -> None:
    apart(office)
    (number,) = cases(office, 1)
    find(office, number)
    with master(office) as book:
        assert not set(FAULT) & set(book.headers())
        assert PENALTIES.table not in {name for page in book.book.worksheets for name in page.tables}
        book.put(number, "備註", "寫在總表")
    settled(office)
    assert office.case(number).notes["remarks"] == "寫在總表"
    beside = [path for path in path_of(office).parent.iterdir() if path.suffix in (".xlsx", ".html")]
    assert len(beside) == 3  # the master, its copy, the board
    for path in beside:
        for secret in (f"{number}/1", "主觀過失或失職", "待確認"):
            assert secret not in said_in(path), path.name


def test_each_workbook_has_versions_of_its_own_and_outlives_a_restart(office: Office) -> None:
    apart(office)
    (number,) = cases(office, 1)
    find(office, number)
    for _ in range(3):
        office.clock.forward(minutes=1)
        with master(office) as book:
            book.put(number, "備註", f"{office.clock.now()}")
        settled(office)
    office.restart_workbook()
    settled(office)
    assert office.ledger.generation()[0] > office.ledger.generation("penalties")[0] > 0
    assert not to(office.post(), CARE, "workbook")  # neither is taken for a restored backup
    find(office, number, what="查無過失")
    assert "finding" in office.kinds(number)[-2:]


def test_an_emptied_workbook_of_penalties_is_refused_and_the_master_goes_on(office: Office) -> None:
    apart(office)
    numbers = cases(office, 6)
    with Master(book_path(office)) as book:
        page = book.sheet(FINDINGS.table)
        for row in list(book.numbers(FINDINGS.table)):
            for column in range(1, page.max_column + 1):
                page.cell(row, column).value = None
    with master(office) as book:
        book.put(numbers[0], "備註", "照常")
    assert not office.workbook.round()
    assert office.case(numbers[0]).notes["remarks"] == "照常"
    assert to(office.post(), CARE, "workbook")


def test_moving_fault_into_a_workbook_of_its_own_draws_the_master_anew(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "責任人", "王經理")
        book.put(number, "責任認定", "主觀過失或失職")
    settled(office)
    apart(office)
    settled(office)
    assert penalties(office).keys() == {f"{number}/1"}
    assert findings(office)[number]["責任認定"] == "主觀過失或失職"
    assert f"{number}/1" not in said_in(path_of(office))
    old = list(path_of(office).parent.glob("master-until-*.xlsx"))
    assert len(old) == 1
    settled(office)
    assert list(path_of(office).parent.glob("master-until-*.xlsx")) == old


def test_the_sheet_is_nowhere_where_the_workbooks_role_may_not_see_fines(office: Office) -> None:
    path = office.folder / "config.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("[people]", '[privacy]\nfines = ["board"]\nphones = ["board"]\n\n[people]'),
        encoding="utf-8",
    )
    office.site = load_site(path)
    office.docket.adopt(office.site)
    office.restart_workbook()
    (number,) = cases(office, 1)
    book = master(office)
    assert not set(FAULT) & set(book.headers())
    phone = str(book.rows()[number]["聯絡電話"])
    assert "*" in phone
    assert phone[-4:] == str(office.case(number).facts["customer_phone"])[-4:]


def test_diff_and_rebuild_speak_of_both(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    apart(office)
    (number,) = cases(office, 1)
    with Master(book_path(office)) as book:
        book.put(number, "責任人", "王經理", FINDINGS.table)
    config = ["--config", str(office.folder / "config.toml")]
    assert main(["workbook", "diff", "--json", *config]) == 0
    (other,) = json.loads(capsys.readouterr().out)["others"]
    assert [(step["action"], step["column"], step["value"]) for step in other["steps"]] == [
        ("take", "責任人", "王經理")
    ]
    assert main(["workbook", "rebuild", *config]) == 0
    assert "penalties-until-" in capsys.readouterr().out
    assert findings(office)[number]["責任人"] == "王經理"
