"""A ruling written in the workbook asks whoever rules; it rules on nothing by itself (D31)."""

from pathlib import Path

import pytest

from rules.commands import Appeal, ConfirmPenalty, RecordFinding
from rules.events import Noted, Penalised, Refused
from sheets.registry import PENALTIES
from tests.daemon.office import AFTER_SALES, CARE, MANAGER, SERVICE_MANAGER, Office, Posted, mail, to
from tests.daemon.spreadsheet import Master
from tests.daemon.test_presence import with_leave
from tests.daemon.test_workbook import path_of
from tests.daemon.test_workbook_two_way import REASON, cases, settled


def fined(office: Office, *, appealed: bool = True) -> str:
    """A case with an issued penalty of the service manager's, appealed against or not."""
    (number,) = cases(office, 1)
    site = office.docket.site
    care, manager = site.party(CARE), site.party(SERVICE_MANAGER)
    commands = [RecordFinding(care, manager, "neglect"), ConfirmPenalty(care, 1, "confirm")]
    if appealed:
        commands.append(Appeal(manager, 1, "當時不在班"))
    with office.ledger.writing() as entry:
        case = office.case(number)
        for command in commands:
            case = office.docket.perform(entry, case, command, office.clock.now())
    settled(office)
    office.post()
    return number


def write(office: Office, path: Path | None = None, **cells: str) -> None:
    """Write in the only row of the sheet of penalties."""
    with Master(path or path_of(office)) as book:
        row = next(at for at, found in book.numbers(PENALTIES.table).items() if found["處罰編號"])
        for column, text in cells.items():
            book.type(row, column, text, PENALTIES.table)
    settled(office)


def row(office: Office, path: Path | None = None) -> dict[str, object]:
    found = Master(path or path_of(office)).numbers(PENALTIES.table).values()
    return next(cells for cells in found if cells["處罰編號"])


def state(office: Office) -> str:
    return office.case().penalties[0].state.value


def asked(office: Office) -> list[Posted]:
    """The mails by which whoever rules is asked now, and nobody else is told anything."""
    post = office.post()
    assert {(one.to, one.template) for one in post} <= {(MANAGER, "appeal")}
    return post


def reply(office: Office, question: Posted, text: str) -> None:
    office.receive(
        mail(
            MANAGER,
            f"Re: {question.subject}",
            text,
            headers={"In-Reply-To": str(question.message["Message-ID"])},
        )
    )


def test_an_entry_asks_whoever_rules_and_rules_on_nothing(office: Office) -> None:
    number = fined(office)
    write(office, 裁定="撤銷", 裁定理由="打卡紀錄屬實")
    (question,) = asked(office)
    assert (question.to, question.template) == (MANAGER, "appeal")
    words = "".join(question.text.split())
    assert "填了裁定“撤销”，理由：打卡紀錄屬實" in words
    assert "还不算裁定" in words
    assert state(office) == "appealed"
    shown = row(office)
    assert (shown["裁定"], shown["裁定理由"], shown[REASON]) == ("撤銷", "打卡紀錄屬實", None)
    assert isinstance(office.ledger.events(number)[-1].event, Noted)


def test_it_counts_once_whoever_rules_replies_and_the_cells_are_cleared(office: Office) -> None:
    number = fined(office)
    write(office, 裁定="撤銷", 裁定理由="打卡紀錄屬實")
    (question,) = asked(office)
    reply(office, question, "撤销 打卡记录属实")
    assert state(office) == "revoked"
    last = [one.event for one in office.ledger.events(number) if isinstance(one.event, Penalised)][-1]
    assert (last.by.email, last.note) == (MANAGER, "打卡记录属实")
    settled(office)
    shown = row(office)
    assert (shown["處罰狀態"], shown["裁定"], shown["裁定理由"]) == ("撤銷", None, None)


def test_he_may_rule_otherwise_than_was_entered(office: Office) -> None:
    fined(office)
    write(office, 裁定="撤銷", 裁定理由="打卡紀錄屬實")
    (question,) = asked(office)
    reply(office, question, "维持 查证后仍属失职")
    assert state(office) == "upheld"


def test_an_entry_asks_once_and_a_changed_one_anew(office: Office) -> None:
    fined(office)
    write(office, 裁定="撤銷", 裁定理由="打卡紀錄屬實")
    assert len(asked(office)) == 1
    office.clock.forward(minutes=1)
    write(office, 裁定="撤銷", 裁定理由="打卡紀錄屬實")
    office.restart_workbook()
    settled(office)
    assert asked(office) == []
    write(office, 裁定="維持")
    (again,) = asked(office)
    assert "填了裁定“维持”" in "".join(again.text.split())


def test_a_choice_waits_for_its_reason(office: Office) -> None:
    fined(office)
    write(office, 裁定="維持")
    assert asked(office) == []
    assert "裁定理由" in str(row(office)[REASON])
    assert row(office)["裁定"] == "維持"
    write(office, 裁定理由="證據充分")
    assert len(asked(office)) == 1
    assert row(office)[REASON] is None


@pytest.mark.parametrize("choice", ["維持", "维持", "Uphold", "uphold", "撤銷", "撤销", "Revoke"])
def test_a_choice_is_known_in_every_language(office: Office, choice: str) -> None:
    fined(office)
    write(office, 裁定=choice, 裁定理由="證據")
    (question,) = asked(office)
    wanted = "撤销" if choice in ("撤銷", "撤销", "Revoke") else "维持"
    assert f"填了裁定“{wanted}”" in "".join(question.text.split())


def test_what_is_no_choice_asks_nobody_and_is_told_word_for_word(office: Office) -> None:
    fined(office)
    write(office, 裁定="減半", 裁定理由="初犯")
    assert asked(office) == []
    assert "減半 初犯" in str(row(office)[REASON])
    assert row(office)["裁定"] is None


def test_without_an_appeal_there_is_nothing_to_rule_on(office: Office) -> None:
    number = fined(office, appealed=False)
    write(office, 裁定="撤銷", 裁定理由="初犯")
    assert not to(office.post(), MANAGER, "appeal")
    assert state(office) == "issued"
    assert "沒有人申訴" in str(row(office)[REASON])
    assert row(office)["裁定"] is None
    refused = [one.event for one in office.ledger.events(number) if isinstance(one.event, Refused)]
    assert [(one.asked, one.reason, one.clause) for one in refused] == [("ruling", "not-appealed", "D31")]


def test_what_was_ruled_on_is_not_asked_again(office: Office) -> None:
    fined(office)
    write(office, 裁定="維持", 裁定理由="證據充分")
    (question,) = asked(office)
    reply(office, question, "维持 证据充分")
    settled(office)
    office.post()
    write(office, 裁定="撤銷", 裁定理由="再想想")
    assert not to(office.post(), MANAGER, "appeal")
    assert state(office) == "upheld"
    assert "已經裁定過" in str(row(office)[REASON])


def test_the_role_that_rules_does_not_rule_by_the_file_either(office: Office) -> None:
    office.configure('role = "general-manager"')
    fined(office)
    write(office, 裁定="撤銷", 裁定理由="打卡紀錄屬實")
    assert state(office) == "appealed"
    assert len(asked(office)) == 1


def test_a_ruling_beside_an_appeal_leaves_the_appeal_as_it_stands(office: Office) -> None:
    number = fined(office, appealed=False)
    write(office, 申訴理由="當時不在班")
    office.post()
    write(office, 裁定="維持", 裁定理由="證據充分")
    assert len(asked(office)) == 1
    assert office.case(number).notes["appeal 1"] == "當時不在班"
    assert row(office)["申訴理由"] == "當時不在班"


def test_it_is_asked_from_the_workbook_of_penalties_too_and_stands_nowhere_else(office: Office) -> None:
    office.configure('penalties = "secret/penalties.xlsx"')
    path = office.folder / "secret" / "penalties.xlsx"
    fined(office)
    write(office, path, 裁定="撤銷", 裁定理由="打卡紀錄屬實")
    (question,) = asked(office)
    assert state(office) == "appealed"
    assert row(office, path)["裁定"] == "撤銷"
    office.clock.forward(minutes=2)
    office.workbook.round()
    board = path_of(office).with_suffix(".html").read_text(encoding="utf-8")
    assert "打卡紀錄屬實" not in board
    doings = Master(path_of(office)).numbers("KesuActions").values()
    assert not any("打卡紀錄屬實" in str(one["動作"]) for one in doings)
    reply(office, question, "撤销 属实")
    assert state(office) == "revoked"
    settled(office)
    assert row(office, path)["裁定"] is None


def test_where_whoever_rules_is_on_leave_his_deputy_is_asked(office: Office) -> None:
    with_leave(office, MANAGER, "2026-11-20..2026-11-30", AFTER_SALES)
    fined(office)
    write(office, 裁定="撤銷", 裁定理由="打卡紀錄屬實")
    (question,) = office.post()
    assert (question.to, question.template) == (AFTER_SALES, "appeal")
    assert "填了裁定「撤銷」" in "".join(question.text.split())
