"""A penalty from the finding to the ruling: who gets which mail, in which language, with which amount and clause."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from daemon.addressing import addressees
from rules.case import Case
from rules.commands import Appeal, Command, ConfirmPenalty, DeadlineReached, RecordFinding, Rule
from rules.events import Party, PenaltyState
from tests.daemon.office import (
    AFTER_SALES,
    BOARD,
    CARE,
    MANAGER,
    SERVICE_MANAGER,
    STAFF,
    WORKSHOP,
    Office,
    Posted,
    complaint,
    mail,
    to,
)

DIRECTOR = "care.director@example.com"
NAMELESS = Party(roles=("workshop-director",))


def party(office: Office, email: str) -> Party:
    return office.site.party(email)


def do(office: Office, command: Command) -> list[Posted]:
    """Carry out a command on the only case, and return what is posted because of it."""
    with office.ledger.writing() as entry:
        office.docket.perform(entry, office.case(), command, office.clock.now())
    return office.post()


def found(office: Office, whom: Party | str, cause: str = "neglect", **more: object) -> list[Posted]:
    """Customer care finds somebody at fault."""
    who = party(office, whom) if isinstance(whom, str) else whom
    said = {"by": party(office, CARE), "party": who, "cause": cause, "note": "未試車就交車", **more}
    return do(office, RecordFinding(**said))  # type: ignore[arg-type]


def issued(office: Office, whom: Party | str = SERVICE_MANAGER, cause: str = "neglect") -> list[Posted]:
    return found(office, whom, cause, confirmed=True)


def appealed(office: Office, by: str = SERVICE_MANAGER) -> list[Posted]:
    return do(office, Appeal(party(office, by), 1, "當天零件批次有問題"))


def ruled(office: Office, decision: str, by: str = MANAGER) -> list[Posted]:
    return do(office, Rule(party(office, by), 1, decision, "零件確有問題"))  # type: ignore[arg-type]


def told(posted: list[Posted]) -> dict[str, str]:
    """Who got which mail."""
    assert len({one.to for one in posted}) == len(posted)
    return {one.to: one.template for one in posted}


def one(posted: list[Posted], address: str) -> Posted:
    (only,) = to(posted, address)
    return only


# ---------------------------------------------------------------- a finding


def test_D27_a_finding_waits_for_customer_care_and_nobody_else_hears_of_it(office: Office) -> None:
    office.opened()
    posted = found(office, SERVICE_MANAGER)
    assert told(posted) == {CARE: "penalty", DIRECTOR: "penalty"}
    said = one(posted, CARE).text
    assert "200 元，等候確認，尚未開罰" in said
    assert "服務經理 王經理因「主觀過失或失職」" in said
    assert "未試車就交車" in said
    assert "確認 已向當事人查證" in said
    assert "「不罰」" in said


def test_D28_confirmed_it_goes_to_the_person_and_to_customer_care(office: Office) -> None:
    case = office.opened()
    found(office, SERVICE_MANAGER)
    posted = do(office, ConfirmPenalty(party(office, DIRECTOR), 1, "confirm", note="已查證"))
    assert told(posted) == {SERVICE_MANAGER: "penalty", CARE: "penalty"}
    his, theirs = one(posted, SERVICE_MANAGER), one(posted, CARE)
    assert his.subject.startswith(f"[{case.number}] ")
    assert "依規定罰款 200 元：主觀過失或失職" in his.text
    assert "您（服務經理）因「主觀過失或失職」" in his.text
    assert "  D28  " in his.text
    assert "由總經理 周总经理裁定" in his.text
    assert "第一行以「申訴」開頭" in his.text
    assert "確認人：客戶關愛總監 吳總監" in his.text
    assert "怎麼申訴" not in theirs.text
    assert "您不需要處理" in theirs.text
    assert "沒有當事人的電子郵件" not in theirs.text


def test_D29_an_amount_the_rules_cannot_tell_is_asked_of_customer_care(office: Office) -> None:
    office.opened()
    posted = found(office, SERVICE_MANAGER, "improper", confirmed=True)
    assert told(posted) == {CARE: "penalty", DIRECTOR: "penalty"}
    said = one(posted, CARE).text
    assert "金額待填" in said
    assert "工時費不詳" in said
    assert "確認 200" in said
    posted = do(office, ConfirmPenalty(party(office, CARE), 1, "confirm", amount=Decimal("1234.50")))
    assert "依規定罰款 1,234.50 元：處理不當" in one(posted, SERVICE_MANAGER).text
    assert "算不出" not in one(posted, CARE).text


def test_a_penalty_that_is_dropped_makes_no_mail(office: Office) -> None:
    office.opened()
    found(office, SERVICE_MANAGER)
    assert do(office, ConfirmPenalty(party(office, CARE), 1, "drop")) == []


@pytest.mark.parametrize(
    ("whom", "said"),
    [
        (SERVICE_MANAGER, "【罰款】依規定罰款 200 元：主觀過失或失職"),
        (MANAGER, "【罚款】按规定罚款 200 元：主观过失或失职"),
        ("retail@example.com", "[Notice] Penalty of CNY 200: Fault or neglect of duty"),
    ],
)
def test_the_person_reads_it_in_his_own_language(office: Office, whom: str, said: str) -> None:
    office.opened()
    assert said in one(issued(office, whom), whom).text


# ---------------------------------------------------------------- who is meant


def test_an_office_without_a_name_is_whoever_holds_it(office: Office) -> None:
    office.opened()
    posted = issued(office, NAMELESS)
    assert told(posted) == {WORKSHOP: "penalty", CARE: "penalty"}
    assert "您（車間主任）因" in one(posted, WORKSHOP).text
    assert "怎麼申訴" in one(posted, WORKSHOP).text


def test_somebody_known_by_name_only_gets_it_at_his_address(office: Office) -> None:
    office.opened()
    posted = issued(office, Party(roles=("workshop-director",), name="陳主任"))
    assert told(posted) == {WORKSHOP: "penalty", CARE: "penalty"}


def test_plain_staff_named_by_address_gets_it_although_he_holds_no_office(office: Office) -> None:
    office.opened()
    posted = issued(office, Party(email=STAFF, name="林小姐"))
    assert told(posted) == {STAFF: "penalty", CARE: "penalty"}
    assert "依規定罰款 200 元：主觀過失或失職" in one(posted, STAFF).text


def test_customer_care_is_told_that_somebody_without_an_address_was_not_reached(office: Office) -> None:
    office.opened()
    posted = issued(office, Party(roles=("department-staff",), name="小林"))
    assert told(posted) == {CARE: "penalty"}
    assert "系統沒有當事人的電子郵件地址" in posted[0].text


# ---------------------------------------------------------------- appeal and ruling


def test_D31_an_appeal_goes_to_the_general_manager_and_suspends_the_penalty(office: Office) -> None:
    case = office.opened()
    issued(office)
    posted = appealed(office)
    assert told(posted) == {MANAGER: "appeal", SERVICE_MANAGER: "appeal", CARE: "appeal"}
    ruler, his, theirs = (one(posted, address) for address in (MANAGER, SERVICE_MANAGER, CARE))
    assert ruler.subject.startswith(f"[{case.number}] ")
    for said in (
        "當天零件批次有問題",
        "由您（总经理）裁定",
        "“维持”或“撤销”",
        "处理经过",
        "D31",
        "D28",
    ):
        assert said in ruler.text
    assert "收到抱怨单" in ruler.text.partition("处理经过")[2]
    assert "您的申訴已轉交，罰款暫緩執行" in his.text
    assert "怎麼裁定" not in his.text
    assert "服務經理 王經理提出申訴" in theirs.text
    assert "200 元，申訴中，暫緩執行" in theirs.text


@pytest.mark.parametrize(
    ("decision", "headline", "state"),
    [
        ("uphold", "申訴結果：維持罰款 200 元", "200 元，裁定維持"),
        ("revoke", "申訴結果：罰款已撤銷", "200 元，裁定撤銷，不必繳納"),
    ],
)
def test_D31_everybody_is_told_of_the_ruling(
    office: Office, decision: str, headline: str, state: str
) -> None:
    office.opened()
    issued(office)
    appealed(office)
    posted = ruled(office, decision)
    assert told(posted) == {SERVICE_MANAGER: "ruling", MANAGER: "ruling", CARE: "ruling"}
    his = one(posted, SERVICE_MANAGER).text
    for said in (headline, state, "總經理 周总经理", "零件確有問題", "D31"):
        assert said in his
    assert state in one(posted, CARE).text
    assert "您不需要處理" in one(posted, CARE).text


def test_D31_the_board_rules_where_the_general_manager_is_fined(office: Office) -> None:
    office.opened()
    issued(office, MANAGER)
    posted = appealed(office, MANAGER)
    assert told(posted) == {BOARD: "appeal", MANAGER: "appeal", CARE: "appeal"}
    assert "转请董事会 董事會秘書裁定" in one(posted, MANAGER).text
    assert told(ruled(office, "revoke", BOARD)) == {MANAGER: "ruling", BOARD: "ruling", CARE: "ruling"}


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("command", "asked", "why", "seen"),
    [
        (lambda who: Appeal(who(SERVICE_MANAGER), 9), SERVICE_MANAGER, "本案沒有這一號罰款", "申訴未採納"),
        (lambda who: Appeal(who(SERVICE_MANAGER), 1), SERVICE_MANAGER, "先前已經裁定", "申訴未採納"),
        (lambda who: Rule(who(WORKSHOP), 1, "revoke"), WORKSHOP, "不在您的權限之內", "裁定未採納"),
        (
            lambda who: RecordFinding(who(WORKSHOP), NAMELESS, "neglect"),
            WORKSHOP,
            "不在您的權限之內",
            "認定未採納",
        ),
        (lambda who: ConfirmPenalty(who(DIRECTOR), 1, "confirm"), DIRECTOR, "先前已經決定過", "決定未採納"),
        (
            lambda who: RecordFinding(who(DIRECTOR), Party(name="無名", roles=("x",)), "neglect"),
            DIRECTOR,
            "查無此人或此職務",
            "認定未採納",
        ),
    ],
)
def test_what_is_refused_says_why_to_whoever_asked_and_shows_customer_care(
    office: Office, command: object, asked: str, why: str, seen: str
) -> None:
    office.opened()
    issued(office)
    appealed(office)
    ruled(office, "uphold")
    posted = do(office, command(lambda email: party(office, email)))  # type: ignore[operator]
    assert told(posted) == {asked: "authority-exceeded", CARE: "authority-exceeded"}
    his, theirs = one(posted, asked).text, one(posted, CARE).text
    assert why in his
    assert "怎麼回報" not in his
    assert seen in theirs
    assert "您不需要處理" in theirs


def test_who_may_not_rule_is_not_shown_what_he_asked_about(office: Office) -> None:
    office.opened()
    issued(office)
    posted = do(office, Rule(party(office, WORKSHOP), 1, "revoke"))
    assert "200" not in one(posted, WORKSHOP).text
    assert "王經理" not in one(posted, WORKSHOP).text.partition("處理經過")[2]
    assert "200 元" in one(posted, CARE).text


def test_findings_and_fines_stand_in_no_mail_that_is_not_about_them(office: Office) -> None:
    case = office.opened()
    issued(office)
    issued(office, WORKSHOP)
    office.clock.forward(minutes=90)
    office.lapses.run_due()
    posted = office.post()
    assert posted
    assert not [one for one in posted if "處罰" in one.text or "認定" in one.text]
    (his,) = to(do(office, Appeal(party(office, WORKSHOP), 2, "不服")), WORKSHOP)
    assert "處罰車間主任 陳主任 200 元" in his.text
    assert "處罰服務經理" not in his.text
    assert case.number in his.subject


# ---------------------------------------------------------------- a duty that is late (D26)


def owed(office: Office) -> Case:
    """A form that customer care issued: the after-sales director owes a report in 2 days."""
    office.receive(mail(CARE, files={"form.xlsx": complaint()}))
    office.post()
    return office.case()


def overdue(office: Office, told_at: datetime | None) -> list[Posted]:
    """Two days pass; nobody reports."""
    office.clock.forward(days=2)
    task = office.case().tasks[0].task
    whom = party(office, AFTER_SALES)
    return do(office, DeadlineReached(f"overdue:{task}", told_at, whom))


def test_D26_an_overdue_report_costs_50_and_both_are_told_so(office: Office) -> None:
    owed(office)
    posted = overdue(office, office.clock.now())
    assert sorted((one.to, one.template) for one in posted) == [
        (AFTER_SALES, "overdue"),
        (AFTER_SALES, "penalty"),
        (CARE, "overdue"),
        (CARE, "penalty"),
    ]
    (late,), (fine,) = to(posted, AFTER_SALES, "overdue"), to(posted, AFTER_SALES, "penalty")
    assert "您的書面回報已逾期" in late.text
    assert "2026-11-25（三）09:00 已到期" in late.text
    assert list(late.enclosures) == ["客戶抱怨回覆單.xlsx"]
    assert "D26" in late.text
    assert "D06" not in late.text
    assert "依規定罰款 50 元：逾期未回報" in fine.text
    assert "因「逾期未回報」" in fine.text
    assert "D26" in fine.text
    (care,) = to(posted, CARE, "overdue")
    assert "售後總監 林總監的書面回報已逾期" in care.text
    assert "您不需要處理" in care.text


@pytest.mark.parametrize("late", [timedelta(hours=5), None])
def test_D26_who_heard_of_it_late_is_told_until_when_it_costs_nothing(
    office: Office, late: timedelta | None
) -> None:
    owed(office)
    posted = overdue(office, None if late is None else office.clock.now() + late)
    assert told(posted) == {AFTER_SALES: "overdue", CARE: "overdue"}
    until = "2026-11-27（五）09:00" if late is None else "2026-11-25（三）14:00"
    why = "還沒有交辦通知送達的紀錄" if late is None else "交辦通知較晚送達"
    for each in posted:
        assert f"{until} 之前補交就不罰" in each.text
        assert why in each.text


def test_a_notice_that_cannot_be_delivered_reaches_customer_care_in_its_own_words(office: Office) -> None:
    office.opened()
    with office.ledger.writing() as entry:
        command = RecordFinding(
            party(office, CARE), party(office, SERVICE_MANAGER), "neglect", confirmed=True
        )
        office.docket.perform(entry, office.case(), command, office.clock.now())
    queued = office.ledger.outbox_lease(office.clock.now(), timedelta(seconds=1), 100)
    (his,) = [each for each in queued if each.recipient == SERVICE_MANAGER]
    office.docket.undeliverable(his, "550 no such user", office.clock.now())
    office.clock.forward(minutes=1)
    said = [each.text for each in to(office.post(), CARE, "penalty")]
    assert len(said) == 2
    assert [
        text
        for text in said
        if "550 no such user" in text and "王經理因「主觀過失或失職」，依規定罰款 200 元" in text
    ]


def test_each_person_gets_a_penalty_once_whatever_offices_he_holds(office: Office) -> None:
    office.opened()
    issued(office, CARE)
    case = office.case()
    assert case.penalties[0].state is PenaltyState.ISSUED
    event = office.ledger.events(case.number)[-1].event
    ((person, notice, *_),) = addressees(case, event, office.site)
    assert (person.email, notice.reader) == (CARE, "owner")
