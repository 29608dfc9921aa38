"""A ruling on a penalty by the form that goes out with the appeal (D31): as by a reply, with the same proof."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from daemon.ledger import MailState
from parsers.forms import parse_workbook
from rules.commands import Appeal, ConfirmPenalty, RecordFinding
from rules.events import Penalised, Refused
from rules.fields import FormKind
from rules.locales import Locale
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MANAGER,
    SALES,
    SERVICE_MANAGER,
    STAFF,
    Office,
    Posted,
    filled_in,
    mail,
    to,
    typed,
)
from tests.daemon.test_presence import configured, with_leave

REASON = "經查當天確實不在班"


def mails_of_an_appeal(office: Office) -> list[Posted]:
    """Let the service manager be fined and appeal; return what is mailed then."""
    case, site = office.opened(), office.docket.site
    care, manager = site.party(CARE), site.party(SERVICE_MANAGER)
    for command in (
        RecordFinding(care, manager, "neglect"),
        ConfirmPenalty(care, 1, "confirm"),
        Appeal(manager, 1, "當時不在班"),
    ):
        office.post()
        with office.ledger.writing() as entry:
            case = office.docket.perform(entry, case, command, office.clock.now())
    return office.post()


def appealed(office: Office) -> Posted:
    """The mail that asks whoever rules, after an appeal."""
    (asked,) = to(mails_of_an_appeal(office), MANAGER, "appeal")
    return asked


def enclosed(asked: Posted) -> bytes:
    (form,) = [
        bytes(part.get_payload(decode=True))
        for part in asked.message.iter_attachments()
        if (part.get_filename() or "").endswith(".xlsx")
    ]
    return form


def ruling(asked: Posted, decision: str = "撤銷", reason: str = REASON) -> bytes:
    content = enclosed(asked)
    for label, value in (("裁定结果", decision), ("裁定理由", reason)):
        content = filled_in(content, label, value) if value else content
    return content


def typed_out(office: Office) -> bytes:
    """A ruling that somebody typed into a sheet of his own; it carries no token."""
    rows = [["案件編號", office.case().number], ["罰款編號", 1], ["裁定結果", "撤銷"], ["裁定理由", REASON]]
    return typed(rows, title="罰款裁定單")


def sent(office: Office, content: bytes, sender: str = MANAGER, answers: Posted | None = None) -> MailState:
    message = mail(sender, "裁定", "如附件", files={"裁定單.xlsx": content}, answers=answers)
    return office.receive(message).state


def state(office: Office) -> str:
    return office.case().penalties[0].state.value


def refusals(office: Office) -> list[tuple[str, str, str]]:
    events = [row.event for row in office.ledger.events(office.case().number)]
    return [(one.asked, one.reason, one.by.email) for one in events if isinstance(one, Refused)]


def test_the_appeal_brings_a_form_that_rules_once_it_comes_back(office: Office) -> None:
    asked = appealed(office)
    assert "罚款裁定单" in asked.text
    assert sent(office, ruling(asked)) is MailState.TAKEN
    last = [
        row.event for row in office.ledger.events(office.case().number) if isinstance(row.event, Penalised)
    ][-1]
    assert (last.state.value, last.note, last.by.email) == ("revoked", REASON, MANAGER)
    assert {one.template for one in office.post()} == {"ruling"}


@pytest.mark.parametrize(
    ("decision", "end"), [("維持", "upheld"), ("uphold", "upheld"), ("撤销处罚", "revoked")]
)
def test_it_is_read_however_the_choice_is_spelt(office: Office, decision: str, end: str) -> None:
    sent(office, ruling(appealed(office), decision))
    assert state(office) == end


def test_the_form_tells_what_was_said_and_none_of_it_is_read_as_an_answer(office: Office) -> None:
    asked = appealed(office)
    cells = [str(cell.value) for row in load_workbook(BytesIO(enclosed(asked))).worksheets[0] for cell in row]
    assert any("當時不在班" in text for text in cells)
    assert sent(office, enclosed(asked)) is not MailState.TAKEN, "nobody filled it in"
    assert state(office) == "appealed"


def test_only_whoever_is_asked_gets_the_form(office: Office) -> None:
    others = [one for one in mails_of_an_appeal(office) if one.to != MANAGER]
    assert others
    for one in others:
        assert not [part for part in one.message.iter_attachments() if "裁定" in (part.get_filename() or "")]


def test_a_form_without_a_proof_waits_until_its_sender_says_that_it_is_his(office: Office) -> None:
    asked = appealed(office)
    sent(office, typed_out(office))
    (question,) = office.post()
    assert (state(office), question.template, question.to) == ("appealed", "confirm-request", MANAGER)
    assert REASON in question.text
    office.receive(mail(MANAGER, text="確認", answers=question))
    assert state(office) == "revoked"
    assert asked.to == MANAGER


@pytest.mark.parametrize("who", [CARE, SERVICE_MANAGER, AFTER_SALES, STAFF])
def test_the_form_in_somebody_elses_hands_rules_on_nothing(office: Office, who: str) -> None:
    sent(office, ruling(appealed(office)), who)
    assert state(office) == "appealed"


def test_his_deputy_may_rule_while_he_is_on_leave(office: Office) -> None:
    asked = appealed(office)
    with_leave(office, MANAGER, "2026-11-23", SALES)
    sent(office, ruling(asked), SALES)
    assert state(office) == "revoked"


def test_but_not_where_it_is_his_own_penalty(office: Office) -> None:
    asked = appealed(office)
    with_leave(office, MANAGER, "2026-11-23", SERVICE_MANAGER)
    sent(office, ruling(asked), SERVICE_MANAGER)
    assert state(office) == "appealed"


@pytest.mark.parametrize(
    ("decision", "reason", "missing"), [("", REASON, "裁定结果"), ("撤銷", "", "裁定理由")]
)
def test_half_a_ruling_is_asked_back_by_label_and_cell(
    office: Office, decision: str, reason: str, missing: str
) -> None:
    sent(office, ruling(appealed(office), decision, reason))
    assert (state(office), refusals(office)) == ("appealed", [("ruling", "unclear", MANAGER)])
    (back,) = to(office.post(), MANAGER)
    assert missing in back.text


@pytest.mark.parametrize("number", ["2", "第一筆", "1 和 2"])
def test_a_number_that_is_not_that_of_the_appeal_rules_on_nothing(office: Office, number: str) -> None:
    asked = appealed(office)
    sent(office, filled_in(ruling(asked), "罚款编号", number), answers=asked)
    assert state(office) == "appealed"
    assert [why for _, why, _ in refusals(office)] == ["unclear"]


def test_sent_twice_it_rules_once(office: Office) -> None:
    asked = appealed(office)
    sent(office, ruling(asked))
    sent(office, ruling(asked, "維持"))
    assert state(office) == "revoked"
    assert [why for _, why, _ in refusals(office)] == ["already-ruled"]


@pytest.mark.parametrize("ours", [True, False])
def test_a_machine_rules_on_nothing(office: Office, ours: bool) -> None:
    asked = appealed(office)
    message = mail(
        MANAGER,
        "Automatic reply",
        files={"裁定單.xlsx": ruling(asked) if ours else typed_out(office)},
        headers={"Auto-Submitted": "auto-replied"},
        answers=asked,
    )
    assert office.receive(message).state is MailState.QUARANTINED
    assert state(office) == "appealed"


def test_a_case_there_is_not_is_told_to_its_sender(office: Office) -> None:
    asked = appealed(office)
    sent(office, filled_in(ruling(asked), "案件编号", "KS-20261123-999"))
    assert state(office) == "appealed"
    (back,) = to(office.post(), MANAGER)
    assert "KS-20261123-999" in back.text


def test_without_its_title_a_table_of_such_labels_is_no_ruling(office: Office) -> None:
    appealed(office)
    rows = [["案件編號", office.case().number], ["罰款", 1], ["決定", "撤銷"], ["理由", REASON]]
    zone, now = office.site.zone, office.clock.now()
    parsed = parse_workbook(typed(rows), "x.xlsx", office.site.catalogue, zone, now, Locale.ZH_HANT)
    assert FormKind.RULING not in {form.kind for form in parsed.forms}


@pytest.mark.parametrize("locale", list(Locale))
def test_it_is_enclosed_in_the_readers_language(office: Office, locale: Locale) -> None:
    configured(office, (f'"{MANAGER}", locale = "zh-Hans"', f'"{MANAGER}", locale = "{locale.value}"'))
    names = [part.get_filename() for part in appealed(office).message.iter_attachments()]
    title = office.site.catalogue.form(FormKind.RULING).blanks[0].title.get(locale)
    assert f"{title}.xlsx" in names
