"""Findings and appeals in the master workbook (D27–D31), and the sheet of penalties."""

from rules.commands import ConfirmPenalty
from sheets.registry import PENALTIES
from tests.daemon.office import CARE, Office
from tests.daemon.test_workbook import path_of, rows
from tests.daemon.test_workbook_two_way import CLOSED, REASON, cases, master, settled

TABLE = PENALTIES.table


def key_of(number: str, penalty: int = 1) -> str:
    return f"{number}/{penalty}"


def penalties(office: Office) -> dict[str, dict[str, object]]:
    found = master(office).numbers(TABLE).values()
    return {str(row["處罰編號"]): row for row in found if row["處罰編號"]}


def find(office: Office, number: str, whom: str, what: str) -> None:
    with master(office) as book:
        book.put(number, "責任人", whom)
        book.put(number, "責任認定", what)
    settled(office)


def confirm(office: Office, number: str) -> None:
    care = office.site.party(CARE)
    with office.ledger.writing() as entry:
        office.docket.perform(
            entry, office.case(number), ConfirmPenalty(care, 1, "confirm"), office.clock.now()
        )
    settled(office)


def test_D27_a_finding_in_the_workbook_proposes_the_penalty(office: Office) -> None:
    (number,) = cases(office, 1)
    find(office, number, "王經理", "主觀過失或失職")
    (penalty,) = office.case(number).penalties
    assert (penalty.state.value, str(penalty.amount), penalty.clause) == ("proposed", "200.00", "D28")
    assert penalty.party.email == "service.manager@example.com"
    row = penalties(office)[key_of(number)]
    assert (row["受罰人"], row["金額"], row["處罰狀態"], row["條款"]) == (
        "服務經理 王經理",
        200,
        "待確認",
        "D28",
    )
    assert rows(office)[number][REASON] is None


def test_a_finding_needs_both_cells_and_counts_once(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "責任人", "服務經理")
    settled(office)
    assert not office.case(number).penalties
    with master(office) as book:
        book.put(number, "責任認定", "neglect")
    settled(office)
    with master(office) as book:
        book.put(number, "備註", "再存一次")
    settled(office)
    assert len(office.case(number).penalties) == 1
    find(office, number, "王經理", "失職")
    assert len(office.case(number).penalties) == 1
    assert "失職" in str(rows(office)[number][REASON]), "what may be written is listed"


def test_a_finding_about_nobody_known_is_sent_back(office: Office) -> None:
    (number,) = cases(office, 1)
    find(office, number, "路人甲", "主觀過失或失職")
    assert "路人甲" in str(rows(office)[number][REASON])
    assert not office.case(number).penalties


def test_a_closed_case_can_be_judged_too(office: Office) -> None:
    (number,) = cases(office, 1)
    with master(office) as book:
        book.put(number, "處理方案", "換新")
        book.put(number, "狀態", "已解決")
    settled(office)
    with master(office) as book:
        book.put(number, "責任人", "王經理", CLOSED)
        book.put(number, "責任認定", "查無過失", CLOSED)
    settled(office)
    assert "finding" in office.kinds(number)
    assert not office.case(number).penalties


def test_D31_an_appeal_in_the_workbook_suspends_an_issued_penalty(office: Office) -> None:
    (number,) = cases(office, 1)
    find(office, number, "王經理", "主觀過失或失職")
    write(office, number, "當時不在班")
    assert office.case(number).penalties[0].state.value == "proposed"
    assert "還沒有開立" in str(penalties(office)[key_of(number)][REASON])
    confirm(office, number)
    write(office, number, "當時不在班，有打卡紀錄")
    assert office.case(number).penalties[0].state.value == "appealed"
    row = penalties(office)[key_of(number)]
    assert (row["處罰狀態"], row["申訴理由"], row[REASON]) == ("申訴中", "當時不在班，有打卡紀錄", None)
    write(office, number, "補充")
    assert "申訴過" in str(penalties(office)[key_of(number)][REASON])


def write(office: Office, number: str, text: str) -> None:
    with master(office) as book:
        row = next(at for at, cells in book.numbers(TABLE).items() if cells["處罰編號"] == key_of(number))
        book.type(row, "申訴理由", text, TABLE)
    settled(office)


def test_penalties_are_drawn_anew_with_the_workbook(office: Office) -> None:
    (number,) = cases(office, 1)
    find(office, number, "王經理", "處理不當")
    before = penalties(office)
    path_of(office).unlink()
    office.workbook.round()
    office.clock.forward(seconds=10)
    office.workbook.round()
    assert penalties(office) == before


def test_fines_are_told_on_their_own_sheet_and_nowhere_that_everybody_reads(office: Office) -> None:
    (number,) = cases(office, 1)
    find(office, number, "王經理", "主觀過失或失職")
    confirm(office, number)
    office.clock.forward(seconds=70)
    office.workbook.round()
    board = path_of(office).with_suffix(".html").read_text(encoding="utf-8")
    doings = "\n".join(str(row["動作"]) for row in master(office).numbers("KesuActions").values())
    for told in (str(rows(office)[number]["最近動態"]), board, doings):
        assert "失職" not in told
        assert "罰" not in told
    office.clock.forward(hours=2)
    office.lapses.run_due()
    (mail,) = [one for one in office.post() if one.template == "escalation"]
    assert "失職" not in mail.text
