"""Penalties by e-mail: findings, confirmations, appeals and rulings as replies, whoever repeats them (D27–D31)."""

from datetime import timedelta
from decimal import Decimal
from email.message import EmailMessage
from email.utils import make_msgid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.ledger import MailState, OutboxEntry
from rules.case import Penalty
from rules.commands import RecordFinding
from rules.events import Finding, Penalised, Refused
from rules.facts import Json
from tests.daemon.office import (
    AFTER_SALES,
    BOARD,
    CARE,
    MANAGER,
    SERVICE_MANAGER,
    STAFF,
    WORKSHOP,
    Office,
    complaint,
    mail,
)

NEGLECT = "責任 林總監 失職 未回電給客戶"


@pytest.fixture
def office(office: Office) -> Office:
    """Everybody here proves who he is; what comes without a proof is told in test_unproven.py."""
    office.vouching = True
    return office


def opened(office: Office, **facts: object) -> None:
    office.receive(mail(files={"f.xlsx": complaint(**facts)}))


def reply(
    text: str, sender: str, answered: OutboxEntry | str = "", subject: str = "Re: 客訴"
) -> EmailMessage:
    """A reply to one of our mails, known by its Message-ID."""
    message_id = answered if isinstance(answered, str) else answered.message_id
    headers = {"In-Reply-To": message_id, "References": message_id} if message_id else {}
    return mail(sender, subject, text, headers=headers)


def again(message: EmailMessage) -> EmailMessage:
    """The same words sent anew: another Message-ID."""
    copy = mail(str(message["From"]), str(message["Subject"]), str(message.get_content()))
    copy["In-Reply-To"] = str(message["In-Reply-To"])
    copy.replace_header("Message-ID", make_msgid(domain="example.com"))
    return copy


def assignment(office: Office) -> OutboxEntry:
    return next(one for one in mails(office) if one.template == "assignment")


def mails(office: Office) -> list[OutboxEntry]:
    return office.ledger.outbox_of(office.case().number)


def about(office: Office, number: int = 1) -> OutboxEntry:
    """The last mail about a penalty, whoever got it."""
    seqs = {
        row.seq
        for row in office.ledger.events(office.case().number)
        if isinstance(row.event, Penalised) and row.event.penalty == number
    }
    return [one for one in mails(office) if one.event_seq in seqs][-1]


def asked_back(office: Office, address: str) -> OutboxEntry:
    refused = [
        row.seq for row in office.ledger.events(office.case().number) if isinstance(row.event, Refused)
    ]
    return [one for one in mails(office) if one.event_seq == refused[-1] and one.recipient == address][-1]


def refusals(office: Office) -> list[tuple[str, str]]:
    rows = office.ledger.events(office.case().number)
    return [(row.event.asked, row.event.reason) for row in rows if isinstance(row.event, Refused)]


def question(office: Office) -> Json:
    rows = office.ledger.events(office.case().number)
    return [row.event for row in rows if isinstance(row.event, Refused)][-1].facts["unclear"]


def penalties(office: Office) -> tuple[Penalty, ...]:
    return office.case().penalties


def states(office: Office) -> list[str]:
    return [penalty.state.value for penalty in penalties(office)]


def found(
    office: Office, email: str = AFTER_SALES, cause: str = "neglect", *, confirmed: bool = True
) -> None:
    """Record a finding without a mail, as the workbook does."""
    site = office.docket.site
    command = RecordFinding(site.party(CARE), site.party(email), cause, confirmed=confirmed)
    with office.ledger.writing() as entry:
        office.docket.perform(entry, office.case(), command, office.clock.now())


# ---------------------------------------------------------------- the whole life of a penalty


@pytest.mark.parametrize(
    ("finding", "confirm", "appeal", "ruling", "end"),
    [
        (NEGLECT, "確認", "申訴 當日休假，未收到通知", "撤銷 查證屬實", "revoked"),
        ("责任 售后总监 失职", "确认", "申诉：当日休假", "维持原处罚，申诉理由不成立", "upheld"),
        ("Finding: after-sales@example.com neglect", "Confirm", "Appeal: on leave", "Uphold.", "upheld"),
    ],
)
def test_a_penalty_is_found_confirmed_appealed_and_ruled_on_by_replies_alone(
    office: Office, finding: str, confirm: str, appeal: str, ruling: str, end: str
) -> None:
    opened(office)
    office.receive(reply(finding, CARE, assignment(office)))
    assert states(office) == ["proposed"]
    office.receive(reply(confirm, CARE, about(office)))
    assert (states(office), penalties(office)[0].amount) == (["issued"], Decimal("200.00"))
    office.receive(reply(appeal, AFTER_SALES, about(office)))
    assert states(office) == ["appealed"]
    office.receive(reply(ruling, MANAGER, about(office)))
    assert states(office) == [end]
    assert refusals(office) == []
    assert (penalties(office)[0].person, penalties(office)[0].clause) == ("林總監", "D28")


def test_what_was_said_stands_in_the_ledger_word_for_word(office: Office) -> None:
    opened(office)
    found(office)
    office.receive(reply("申訴 當日休假，\n未收到通知\n\n> 罰款 200 元", AFTER_SALES, about(office)))
    events = [row.event for row in office.ledger.events(office.case().number)]
    assert isinstance(events[-1], Penalised)
    assert (events[-1].note, events[-1].by.email) == ("當日休假，\n未收到通知", AFTER_SALES)


def test_a_finding_keeps_who_found_what_and_why(office: Office) -> None:
    opened(office)
    office.receive(reply(NEGLECT + "\n客戶來電三次", CARE, assignment(office)))
    (finding,) = [
        row.event for row in office.ledger.events(office.case().number) if isinstance(row.event, Finding)
    ]
    assert (finding.by.email, finding.party.email, finding.cause) == (CARE, AFTER_SALES, "neglect")
    assert finding.note == "未回電給客戶\n客戶來電三次"


def test_plain_staff_without_a_role_appeals_from_his_own_address(office: Office) -> None:
    opened(office)
    office.receive(reply(f"責任 {STAFF} 失職", CARE, assignment(office)))
    office.receive(reply("確認", CARE, about(office)))
    office.receive(reply("申訴 不是我接待的", "other.staff@example.com", about(office)))
    assert refusals(office) == [("appeal", "not-entitled")]
    office.receive(reply("申訴 不是我接待的", STAFF, about(office)))
    assert states(office) == ["appealed"]


def test_a_pending_amount_is_set_by_the_confirmation(office: Office) -> None:
    opened(office)
    found(office, SERVICE_MANAGER, "improper")
    office.receive(reply("確認", CARE, about(office)))
    assert (states(office), refusals(office)) == (["pending"], [("confirmation", "amount-missing")])
    office.receive(reply("確認 88.80 元", CARE, about(office)))
    assert (states(office), penalties(office)[0].amount) == (["issued"], Decimal("88.80"))


def test_a_proposal_is_dropped(office: Office) -> None:
    opened(office)
    found(office, confirmed=False)
    office.receive(reply("不罰 證據不足", CARE, about(office)))
    assert states(office) == ["dropped"]


def test_a_settled_case_can_be_judged_too(office: Office) -> None:
    opened(office)
    office.receive(reply("已解決 換新零件", SERVICE_MANAGER, assignment(office)))
    office.receive(reply(NEGLECT, CARE, assignment(office)))
    office.receive(reply("確認", CARE, about(office)))
    office.receive(reply("申訴 當日休假", AFTER_SALES, about(office)))
    office.receive(reply("撤銷", MANAGER, about(office)))
    assert states(office) == ["revoked"]


# ---------------------------------------------------------------- which penalty


def two(office: Office) -> None:
    """Penalty 1 of the after-sales director, penalty 2 of the service manager, both issued."""
    opened(office)
    found(office, AFTER_SALES)
    found(office, SERVICE_MANAGER)


def test_the_mail_answered_tells_which_penalty(office: Office) -> None:
    two(office)
    office.receive(reply("申訴 當日休假", SERVICE_MANAGER, about(office, 2)))
    assert states(office) == ["issued", "appealed"]


def test_a_number_that_contradicts_the_mail_answered_is_asked_back(office: Office) -> None:
    two(office)
    office.receive(reply("申訴 第1筆 當日休假", SERVICE_MANAGER, about(office, 2)))
    assert (states(office), refusals(office)) == (["issued", "issued"], [("appeal", "unclear")])


def subject(office: Office) -> str:
    return f"Re: [{office.case().number}] 客訴"


@pytest.mark.parametrize("words", ["維持 第2筆", "第二筆：維持", "uphold penalty 2"])
def test_without_the_mail_the_words_tell_which_penalty(office: Office, words: str) -> None:
    two(office)
    office.receive(reply("申訴 休假", AFTER_SALES, about(office, 1)))
    office.receive(reply("申訴 休假", SERVICE_MANAGER, about(office, 2)))
    office.receive(reply(words, MANAGER, subject=subject(office)))
    told = ["appealed", "appealed"] if words.startswith("第") else ["appealed", "upheld"]
    assert states(office) == told


def test_without_either_the_only_one_that_is_open_to_it_is_meant(office: Office) -> None:
    two(office)
    office.receive(reply("申訴 休假", SERVICE_MANAGER, subject=subject(office)))
    assert states(office) == ["issued", "appealed"], "the one that is his"
    office.receive(reply("撤銷", MANAGER, subject=subject(office)))
    assert states(office) == ["issued", "revoked"], "the one that was appealed against"


def test_where_several_are_open_to_it_the_question_goes_back_and_its_answer_counts(office: Office) -> None:
    two(office)
    office.receive(reply("申訴 休假", AFTER_SALES, about(office, 1)))
    office.receive(reply("申訴 休假", SERVICE_MANAGER, about(office, 2)))
    office.receive(reply("撤銷", MANAGER, subject=subject(office)))
    assert (states(office), refusals(office)) == (["appealed"] * 2, [("ruling", "unclear")])
    back = asked_back(office, MANAGER)
    office.receive(reply("第2筆", MANAGER, back))
    assert refusals(office)[-1] == ("ruling", "unclear")
    office.receive(reply("撤銷 第2筆", MANAGER, back))
    assert states(office) == ["appealed", "revoked"]


@pytest.mark.parametrize("words", ["維持", "撤銷", "uphold", "申訴 休假", "確認", "不罰"])
def test_a_verdict_on_another_mail_of_the_case_is_refused_as_unclear(office: Office, words: str) -> None:
    opened(office)
    found(office)
    office.receive(reply(words, MANAGER, assignment(office)))
    assert states(office) == ["issued"]
    assert [reason for _, reason in refusals(office)] == ["unclear"]
    assert asked_back(office, MANAGER).template == "authority-exceeded"
    assert asked_back(office, CARE).template == "authority-exceeded", "customer care sees it"


def test_a_mail_of_another_case_tells_nothing_about_this_one(office: Office) -> None:
    opened(office)
    found(office)
    first, its_mail = office.case().number, about(office)
    opened(office, customer_name="別人", customer_phone="0900-111-222", plate_no="ZZ-1")
    second = next(case.number for case in office.cases() if case.number != first)
    office.receive(reply("申訴 休假", AFTER_SALES, its_mail, f"Re: [{second}]"))
    assert [penalty.state for penalty in office.case(first).penalties] == ["appealed"]
    assert office.case(second).penalties == ()


def test_confirm_is_an_everyday_word_where_there_is_no_penalty(office: Office) -> None:
    opened(office)
    settled = office.receive(reply("確認，收到", STAFF, assignment(office)))
    assert (settled.state, refusals(office)) == (MailState.IGNORED, [])


# ---------------------------------------------------------------- what is asked back


@pytest.mark.parametrize(
    ("words", "sender"),
    [
        ("申訴？", AFTER_SALES),
        ("申訴期限到何時", AFTER_SALES),
        ("我不服", AFTER_SALES),
        ("appeal: no", AFTER_SALES),
    ],
)
def test_an_unclear_appeal_is_asked_back_in_words_that_help(office: Office, words: str, sender: str) -> None:
    opened(office)
    found(office)
    office.receive(reply(words, sender, about(office)))
    assert (states(office), refusals(office)) == (["issued"], [("appeal", "unclear")])
    assert "申訴" in str(question(office))
    office.receive(reply("申訴 休假", sender, asked_back(office, sender)))
    assert states(office) == ["appealed"]


@pytest.mark.parametrize("words", ["維持原判但減半", "撤銷申訴", "uphold the appeal", "維持嗎？", "看著辦"])
def test_half_a_ruling_is_asked_back(office: Office, words: str) -> None:
    opened(office)
    found(office)
    office.receive(reply("申訴 休假", AFTER_SALES, about(office)))
    office.receive(reply(words, MANAGER, about(office)))
    assert (states(office), refusals(office)) == (["appealed"], [("ruling", "unclear")])
    assert "维持" in str(question(office)), "the general manager reads Simplified characters"


@pytest.mark.parametrize("words", ["確認收到", "確認 約 50", "確認 50 或 100", "確認後再罰", "再查"])
def test_an_unclear_confirmation_issues_nothing(office: Office, words: str) -> None:
    opened(office)
    found(office, SERVICE_MANAGER, "improper")
    office.receive(reply(words, CARE, about(office)))
    assert (states(office), refusals(office)) == (["pending"], [("confirmation", "unclear")])


@pytest.mark.parametrize("words", ["收到", "好的，謝謝。", "Noted, thanks.", "\n> 罰款 200 元\n"])
def test_a_mere_thank_you_is_neither_an_appeal_nor_asked_back(office: Office, words: str) -> None:
    opened(office)
    found(office)
    office.receive(reply(words, AFTER_SALES, about(office)))
    assert (states(office), refusals(office)) == (["issued"], [])


def test_our_own_words_below_the_reply_are_not_the_readers(office: Office) -> None:
    opened(office)
    found(office)
    text = "收到\n\n-----原始郵件-----\n寄件者: complaints@example.com\n\n申訴 理由\n"
    office.receive(reply(text, AFTER_SALES, about(office)))
    assert (states(office), refusals(office)) == (["issued"], [])


def test_an_out_of_office_note_appeals_nothing(office: Office) -> None:
    opened(office)
    found(office)
    message = reply("申訴 休假", AFTER_SALES, about(office))
    message["Auto-Submitted"] = "auto-replied"
    office.receive(message)
    assert (states(office), refusals(office)) == (["issued"], [])


# ---------------------------------------------------------------- who may, and when


def test_refusals_name_who_may_not_and_what_came_too_late(office: Office) -> None:
    opened(office)
    found(office)
    for words, sender in (
        ("維持", MANAGER),
        ("申訴 休假", WORKSHOP),
        ("申訴 休假", AFTER_SALES),
        ("撤銷", CARE),
        ("撤銷", AFTER_SALES),
        ("撤銷", MANAGER),
        ("申訴 休假", AFTER_SALES),
        ("維持", MANAGER),
    ):
        office.receive(reply(words, sender, about(office)))
    assert states(office) == ["revoked"]
    assert refusals(office) == [
        ("ruling", "not-appealed"),
        ("appeal", "not-entitled"),
        ("ruling", "not-entitled"),
        ("ruling", "not-entitled"),
        ("appeal", "already-ruled"),
        ("ruling", "already-ruled"),
    ]


def test_the_board_rules_on_the_general_manager(office: Office) -> None:
    opened(office)
    found(office, MANAGER)
    office.receive(reply("申诉 出差", MANAGER, about(office)))
    office.receive(reply("撤销", MANAGER, about(office)))
    assert refusals(office) == [("ruling", "not-entitled")]
    office.receive(reply("撤銷", BOARD, about(office)))
    assert states(office) == ["revoked"]


# ---------------------------------------------------------------- findings


@pytest.mark.parametrize(
    ("words", "person", "role", "cause"),
    [
        ("責任 林總監 失職", "林總監", "after-sales-director", "neglect"),
        ("責任：售後總監，處理不當", "林總監", "after-sales-director", "improper"),
        ("責任 售後總監 林總監 失職", "林總監", "after-sales-director", "neglect"),
        ("责任 服务经理 能处理而不处理", "王經理", "service-manager", "inaction"),
        ("finding Grace handled improperly: shouted", "Grace", "retail-manager", "improper"),
        ("finding sales-director did nothing though able to", "李總監", "sales-director", "inaction"),
        ("責任 AFTER-SALES@example.com neglect", "林總監", "after-sales-director", "neglect"),
        ("認定責任：王經理 主觀過失", "王經理", "service-manager", "neglect"),
    ],
)
def test_a_finding_names_its_person_by_name_office_or_address_and_its_cause_by_its_words(
    office: Office, words: str, person: str, role: str, cause: str
) -> None:
    opened(office)
    office.receive(reply(words, CARE, assignment(office)))
    (penalty,) = penalties(office)
    assert (penalty.person, penalty.role, penalty.cause) == (person, role, cause)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("責任 賈先生 失職", "unknown-person"),
        ("責任 nobody@elsewhere.example 失職", "unknown-person"),
        ("責任 林總監 天氣不好", "unknown-cause"),
        ("責任 林總監", "unclear"),
        ("責任 售後總監 王經理 失職", "unclear"),
        ("責任：", "unclear"),
        ("責任 林總監 失職嗎？", "unclear"),
    ],
)
def test_a_finding_that_names_nobody_or_nothing_is_refused(office: Office, words: str, reason: str) -> None:
    opened(office)
    office.receive(reply(words, CARE, assignment(office)))
    assert (penalties(office), refusals(office)) == ((), [("finding", reason)])


def test_an_office_of_two_people_names_neither(office: Office) -> None:
    path = office.folder / "config.toml"
    one = f'{{ name = "王經理", email = "{SERVICE_MANAGER}" }}'
    text = path.read_text("utf-8").replace(one, f'{one}, {{ name = "趙經理", email = "zhao@example.com" }}')
    path.write_text(text, encoding="utf-8")
    office.configure()
    opened(office)
    office.receive(reply("責任 服務經理 失職", CARE, assignment(office)))
    assert (penalties(office), refusals(office)) == ((), [("finding", "unclear")])
    office.receive(reply("責任 趙經理 失職", CARE, assignment(office)))
    assert penalties(office)[0].party.email == "zhao@example.com"


def test_only_customer_care_finds(office: Office) -> None:
    opened(office)
    office.receive(reply(NEGLECT, SERVICE_MANAGER, assignment(office)))
    assert (penalties(office), refusals(office)) == ((), [("finding", "not-entitled")])


def test_a_sentence_about_responsibility_is_no_finding(office: Office) -> None:
    opened(office)
    office.receive(reply("責任在廠商，等料中", SERVICE_MANAGER, assignment(office)))
    assert (penalties(office), refusals(office)) == ((), [("report", "unclear")])


# ---------------------------------------------------------------- nothing twice


def test_a_mail_delivered_twice_and_sent_twice_makes_one_penalty(office: Office) -> None:
    opened(office)
    finding = reply(NEGLECT, CARE, assignment(office))
    office.receive(finding)
    assert office.receive(finding).state is MailState.DUPLICATE
    assert refusals(office) == []
    office.receive(again(finding))
    assert (states(office), refusals(office)) == (["proposed"], [("finding", "already-recorded")])


STEPS = (
    (NEGLECT, CARE),
    ("確認", CARE),
    ("不罰", CARE),
    ("申訴 休假", AFTER_SALES),
    ("維持", MANAGER),
    ("撤銷", MANAGER),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(STEPS), min_size=2, max_size=9))
def test_no_order_and_no_repetition_of_replies_issues_a_penalty_twice(
    office: Office, steps: list[tuple[str, str]]
) -> None:
    known = {case.number for case in office.cases()}
    opened(
        office,
        customer_phone=f"0912-{len(known):06}",
        customer_name=f"客戶{len(known)}",
        plate_no=f"A-{len(known)}",
    )
    (case,) = [case for case in office.cases() if case.number not in known]
    for words, sender in steps:
        answered = next(
            (
                one
                for one in reversed(office.ledger.outbox_of(case.number))
                if one.template in ("penalty", "appeal", "ruling")
            ),
            office.ledger.outbox_of(case.number)[0],
        )
        message = reply(words, sender, answered)
        office.receive(message)
        office.receive(message)
        office.receive(again(message))
    told = [row.event for row in office.ledger.events(case.number) if isinstance(row.event, Penalised)]
    assert len({event.penalty for event in told}) <= 1
    kinds = [event.state.value for event in told]
    assert len(kinds) == len(set(kinds))
    assert kinds in (
        [],
        *(["proposed", "dropped"][:n] for n in (1, 2)),
        *(["proposed", "issued", "appealed", end][:n] for end in ("upheld", "revoked") for n in (2, 3, 4)),
    )


def test_time_between_the_replies_changes_nothing(office: Office) -> None:
    opened(office)
    found(office)
    office.clock.forward(days=30)
    office.receive(reply("申訴 休假", AFTER_SALES, about(office)))
    assert penalties(office)[0].changed_at - penalties(office)[0].imposed_at == timedelta(days=30)
