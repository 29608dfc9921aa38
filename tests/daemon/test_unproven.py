"""Who a reply is from: a token or a thread of his own proves it, a From alone changes nothing and is asked about."""

import re
from email.message import EmailMessage
from io import BytesIO

import pytest
from openpyxl import load_workbook

from daemon.ledger import MailState
from rules.case import Status
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MANAGER,
    SERVICE_MANAGER,
    STAFF,
    STRANGER,
    WORKSHOP,
    Office,
    Posted,
    complaint,
    filled_in,
    handling,
    mail,
    to,
)

DONE = "已解決 重新調整煞車片並試車"


def assigned(office: Office, address: str = SERVICE_MANAGER, **facts: object) -> Posted:
    """Open a case and return somebody's assignment."""
    office.receive(mail(files={"f.xlsx": complaint(**facts)}))
    (assignment,) = to(office.post(), address)
    return assignment


def forged(
    text: str = DONE, sender: str = SERVICE_MANAGER, subject: str = "Re: [KS-20261123-001] 客訴"
) -> EmailMessage:
    """A mail that anybody can write: a From, a case number, and words."""
    return mail(sender, subject, text)


def token(posted: Posted) -> str:
    found = re.search(r"KT-[0-9A-Z-]+", posted.text)
    assert found is not None
    return found[0]


def asked(office: Office, sender: str = SERVICE_MANAGER) -> Posted:
    """Let something come in without a proof, and return the mail that asks whether it is the sender's."""
    office.receive(forged(sender=sender))
    (question,) = office.post()
    assert (question.template, question.to) == ("confirm-request", sender)
    return question


def configure(office: Office, tokens: str) -> None:
    path = office.folder / "config.toml"
    text = path.read_text(encoding="utf-8").replace("[access]\n", f'[access]\ntokens = "{tokens}"\n')
    path.write_text(text, encoding="utf-8")
    office.configure()


# ---------------------------------------------------------------- what proves who wrote


def test_a_token_in_the_words_leads_to_the_case_without_thread_or_subject(office: Office) -> None:
    assignment = assigned(office)
    office.receive(mail(SERVICE_MANAGER, "好了", f"{DONE}\n\n（請保留這一行：{token(assignment)}）"))
    assert office.case().status is Status.RESOLVED
    assert office.case().resolution["resolution"] == "重新調整煞車片並試車"


@pytest.mark.parametrize(
    "spoil",
    [
        str.lower,
        lambda said: said.replace("-", "-\n> ", 3),
        lambda said: said.translate({ord(c): ord(c) + 0xFEE0 for c in "KT-0123456789ABCDEFGHJKMNPQRSTVWXYZ"}),
        lambda said: said[:3] + said[3:].replace("0", "O").replace("1", "l"),
        lambda said: f"**{said}**",
    ],
)
def test_a_token_is_known_in_whatever_way_it_was_quoted(office: Office, spoil) -> None:  # type: ignore[no-untyped-def]
    assignment = assigned(office)
    quoted = f"{DONE}\n\n> 回信識別碼 {spoil(token(assignment))}（請保留）\n> -- \n> 客戶關愛部"
    office.receive(mail(SERVICE_MANAGER, "好了", quoted))
    assert office.case().status is Status.RESOLVED


def test_a_thread_of_his_own_is_proof_enough(office: Office) -> None:
    office.receive(mail(SERVICE_MANAGER, text=DONE, answers=assigned(office)))
    assert office.case().status is Status.RESOLVED


def test_the_token_of_somebody_elses_mail_proves_nothing(office: Office) -> None:
    his = assigned(office, WORKSHOP)
    office.receive(forged(f"{DONE}\n\n{token(his)}"))
    assert office.case().status is Status.OPEN


def test_the_message_id_of_somebody_elses_mail_proves_nothing(office: Office) -> None:
    his = assigned(office, WORKSHOP)
    office.receive(mail(SERVICE_MANAGER, text=DONE, answers=his))
    assert office.case().status is Status.OPEN
    assert [one.template for one in office.post()] == ["confirm-request"]


@pytest.mark.parametrize("at", [5, 12, 20, 30])
def test_a_token_with_one_letter_changed_proves_nothing(office: Office, at: int) -> None:
    said = token(assigned(office))
    at += said[at] == "-"
    other = "A" if said[at] != "A" else "B"
    office.receive(forged(f"{DONE}\n\n{said[:at]}{other}{said[at + 1 :]}"))
    assert office.case().status is Status.OPEN


def test_tokens_are_signed_with_a_secret_of_the_ledger_that_stays_the_same(office: Office) -> None:
    from daemon.proof import SECRET, Seal

    kept = office.ledger.mark_value(SECRET)
    assert kept is not None
    assert len(bytes.fromhex(kept)) == 32
    assert Seal.of(office.ledger) == office.docket.seal
    assert kept not in repr(office.docket.seal)


def test_every_mail_that_can_be_answered_shows_its_own_token_in_both_parts(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    posted = office.post()
    tokens = [token(one) for one in posted]
    assert len(set(tokens)) == len(posted) > 2
    for one, said in zip(posted, tokens, strict=True):
        page = one.message.get_body(("html",))
        assert page is not None
        assert said in str(page.get_content())


# ---------------------------------------------------------------- what a From alone brings about


def test_a_forged_from_changes_nothing_and_its_owner_is_asked(office: Office) -> None:
    assigned(office)
    before = office.kinds()
    stored = office.receive(forged("已解決 騙你的"))
    (question,) = office.post()
    assert (question.to, question.template) == (SERVICE_MANAGER, "confirm-request")
    assert "騙你的" in question.text
    assert "計時" in question.text
    assert (office.kinds(), office.case().status) == (before, Status.OPEN)
    assert (stored.state, "confirm" in stored.reason) == (MailState.TAKEN, True)


@pytest.mark.parametrize("word", ["確認", "确认", "confirm", "Confirmed.", "是的，確認"])
def test_one_word_carries_the_request_out_as_of_then(office: Office, word: str) -> None:
    assigned(office)
    question = asked(office)
    office.clock.forward(minutes=50)
    office.receive(mail(SERVICE_MANAGER, text=word, answers=question))
    case = office.case()
    assert (case.status, case.resolved_by.email) == (Status.RESOLVED, SERVICE_MANAGER)
    assert case.resolution["resolution"] == "重新調整煞車片並試車"
    told = {row.event.kind: row.event.at for row in office.ledger.events(case.number)}
    assert told["resolved"] == office.clock.now()


def test_the_ready_confirmation_needs_no_thread(office: Office) -> None:
    assigned(office)
    question = asked(office)
    office.receive(mail(SERVICE_MANAGER, "Re: 確認", f"確認\n\n（請保留這一行：{token(question)}）"))
    assert office.case().status is Status.RESOLVED


def test_a_confirmation_counts_once_however_often_it_comes(office: Office) -> None:
    assigned(office)
    question = asked(office)
    for _ in range(3):
        office.receive(mail(SERVICE_MANAGER, text="確認", answers=question))
    assert office.kinds().count("resolved") == 1
    assert "refused" not in office.kinds()


def test_whoever_forged_it_cannot_confirm_it(office: Office) -> None:
    assigned(office)
    asked(office)
    office.receive(forged("確認"))
    office.receive(mail(WORKSHOP, "Re: [KS-20261123-001]", "確認"))
    assert office.case().status is Status.OPEN


def test_the_same_unproven_request_is_asked_about_once(office: Office) -> None:
    assigned(office)
    for _ in range(5):
        office.receive(forged())
    assert [one.template for one in office.post()] == ["confirm-request"]


def test_a_request_that_is_disowned_is_void(office: Office) -> None:
    assigned(office)
    question = asked(office)
    office.receive(mail(SERVICE_MANAGER, text="不是我寄的", answers=question))
    office.receive(mail(SERVICE_MANAGER, text="確認", answers=question))
    assert office.case().status is Status.OPEN
    assert office.post() == []


def test_a_confirmation_after_seven_days_comes_too_late_and_says_so(office: Office) -> None:
    assigned(office)
    question = asked(office)
    office.clock.forward(days=7, seconds=1)
    office.receive(mail(SERVICE_MANAGER, text="確認", answers=question))
    assert office.case().status is Status.OPEN
    (late,) = to(office.post(), SERVICE_MANAGER, "confirm-request")
    assert "沒有辦理" in late.text
    office.receive(forged())  # the same again is asked about anew
    assert len(to(office.post(), SERVICE_MANAGER, "confirm-request")) == 1


def test_that_nobody_confirmed_is_recorded_without_another_mail(office: Office) -> None:
    assigned(office)
    question = asked(office)
    office.clock.forward(days=8)
    office.intake.take_waiting()
    request = office.ledger.request_asked_by(str(question.message["Message-ID"]))
    assert request is not None
    assert request.state.value == "expired"


def test_whoever_says_it_anew_in_the_thread_of_the_question_has_said_it(office: Office) -> None:
    assigned(office)
    question = asked(office)
    office.receive(mail(SERVICE_MANAGER, text="未解決 等待零件", answers=question))
    assert (office.case().status, office.case().reports) == (Status.OPEN, 1)
    office.receive(mail(SERVICE_MANAGER, text="確認", answers=question))
    assert office.case().status is Status.OPEN


def test_an_unproven_reply_that_is_not_clear_is_asked_back_and_not_recorded(office: Office) -> None:
    assigned(office)
    before = office.kinds()
    office.receive(forged("已解決了嗎？"))
    (back,) = office.post()
    assert (back.template, back.to) == ("authority-exceeded", SERVICE_MANAGER)
    assert office.kinds() == before
    office.receive(mail(SERVICE_MANAGER, text=DONE, answers=back))
    assert office.case().status is Status.RESOLVED


def test_an_unproven_appeal_is_confirmed_like_a_report(office: Office) -> None:
    from tests.daemon.test_penalty_replies import found

    assigned(office)
    found(office)
    office.post()
    office.receive(forged("申訴 當日休假", AFTER_SALES))
    assert office.case().penalties[0].state.value == "issued"
    (question,) = office.post()
    office.receive(mail(AFTER_SALES, text="確認", answers=question))
    assert office.case().penalties[0].state.value == "appealed"


def test_questions_to_one_address_are_capped_and_the_rest_is_quarantined(office: Office) -> None:
    assigned(office)
    states = [office.receive(forged(f"已解決 第{n}次")).state for n in range(62)]
    posted = office.post()
    assert (len(to(posted, SERVICE_MANAGER)), len(to(posted, CARE))) == (60, 1)
    assert states[-1] is MailState.QUARANTINED
    assert office.case().status is Status.OPEN


def test_a_stranger_is_treated_as_ever(office: Office) -> None:
    assigned(office)
    assert office.receive(forged(sender=STRANGER)).state is MailState.QUARANTINED
    assert {one.to for one in office.post()} == {CARE}


def test_an_automatic_reply_is_neither_taken_nor_asked_about(office: Office) -> None:
    assigned(office)
    message = forged()
    message["Auto-Submitted"] = "auto-replied"
    office.receive(message)
    assert office.post() == []


def test_somebody_without_an_office_learns_nothing_about_the_case_from_the_question(office: Office) -> None:
    assigned(office)
    office.receive(forged(sender="other@example.com"))
    (question,) = office.post()
    page = question.message.get_body(("html",))
    assert page is not None
    assert "許雅婷" not in question.text + str(page.get_content()) + question.subject


# ---------------------------------------------------------------- forms


def test_a_handling_form_counts_from_the_address_it_came_from_by_default(office: Office) -> None:
    assigned(office)
    office.receive(mail(SERVICE_MANAGER, "回覆單", "", files={"f.xlsx": handling("KS-20261123-001")}))
    assert office.case().status is Status.RESOLVED


def test_with_tokens_for_all_a_handling_form_without_one_waits_for_its_sender(office: Office) -> None:
    configure(office, "all")
    assigned(office)
    form = handling("KS-20261123-001", resolution="換新煞車片")
    office.receive(mail(SERVICE_MANAGER, "回覆單", "", files={"f.xlsx": form}))
    assert office.case().status is Status.OPEN
    (question,) = office.post()
    assert "換新煞車片" in question.text
    office.receive(mail(SERVICE_MANAGER, text="確認", answers=question))
    assert office.case().resolution["resolution"] == "換新煞車片"


@pytest.mark.parametrize("keep", ["cell", "property"])
def test_the_enclosed_form_carries_the_token_in_a_cell_and_in_a_property(office: Office, keep: str) -> None:
    configure(office, "all")
    (form,) = assigned(office).enclosures.values()
    form = filled_in(filled_in(form, "處理結果", "已解決"), "處理方案", "換新煞車片")
    office.receive(mail(SERVICE_MANAGER, "回覆單", "", files={"f.xlsx": _without(form, keep)}))
    assert office.case().status is Status.RESOLVED
    assert office.case().resolution["resolution"] == "換新煞車片"


def test_a_form_enclosed_in_another_persons_mail_proves_nothing(office: Office) -> None:
    configure(office, "all")
    (form,) = assigned(office, WORKSHOP).enclosures.values()
    form = filled_in(filled_in(form, "處理結果", "已解決"), "處理方案", "換新煞車片")
    office.receive(mail(SERVICE_MANAGER, "回覆單", "", files={"f.xlsx": form}))
    assert office.case().status is Status.OPEN


def test_complaint_forms_need_no_proof_even_then(office: Office) -> None:
    configure(office, "all")
    office.receive(mail(STAFF, files={"f.xlsx": complaint()}))
    assert len(office.cases()) == 1


def test_with_tokens_off_a_from_is_enough(office: Office) -> None:
    configure(office, "off")
    assigned(office)
    office.receive(forged())
    assert office.case().status is Status.RESOLVED


def _without(form: bytes, kept: str) -> bytes:
    """The form as a program leaves it that drops what it does not know, or a person who clears cells."""
    workbook = load_workbook(BytesIO(form))
    if kept == "cell":
        for name in list(workbook.custom_doc_props.names):
            del workbook.custom_doc_props[name]
    else:
        for row in workbook.worksheets[0].iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and "KT-" in cell.value:
                    cell.value = None
    stream = BytesIO()
    workbook.save(stream)
    return stream.getvalue()


# ---------------------------------------------------------------- several cases in one reply


def test_a_reply_that_names_its_cases_reports_each(office: Office) -> None:
    first = assigned(office)
    assigned(office, customer_phone="0900-000-002", customer_name="李先生")
    said = "KS-20261123-001 已解決 換水泵\nks-20261123-002：部分解決 等待零件"
    office.receive(mail(SERVICE_MANAGER, "Re: 今日待辦", f"{said}\n\n{token(first)}"))
    one, two = office.cases()
    assert (one.status, one.resolution["resolution"]) == (Status.RESOLVED, "換水泵")
    assert (two.status, two.reports) == (Status.OPEN, 1)


def test_unproven_words_about_several_cases_are_one_question(office: Office) -> None:
    assigned(office)
    assigned(office, customer_phone="0900-000-002", customer_name="李先生")
    office.receive(
        mail(SERVICE_MANAGER, "結案", "KS-20261123-001 已解決 換水泵\nKS-20261123-002 已解決 換電瓶")
    )
    (question,) = office.post()
    office.receive(mail(SERVICE_MANAGER, text="確認", answers=question))
    assert [case.status for case in office.cases()] == [Status.RESOLVED, Status.RESOLVED]


def test_a_number_there_is_not_is_answered(office: Office) -> None:
    said = token(assigned(office))
    office.receive(mail(SERVICE_MANAGER, "結案", f"KS-20261123-009 已解決 換水泵\n\n{said}"))
    (answer,) = office.post()
    assert "KS-20261123-009" in answer.text


# ---------------------------------------------------------------- ready replies, and reports that settle nothing


def test_a_ready_reply_sent_unchanged_is_asked_back(office: Office) -> None:
    assignment = assigned(office)
    office.receive(
        mail(SERVICE_MANAGER, assignment.subject, f"已解決 \n\n\n（請保留這一行：{token(assignment)}）")
    )
    assert office.case().status is Status.OPEN
    (back,) = office.post()
    assert "怎麼處理" in back.text


def test_words_below_an_empty_line_of_a_ready_reply_count(office: Office) -> None:
    assignment = assigned(office)
    body = f"已解決 \n\n更換煞車片，優惠工時費20%\n\n（請保留這一行：{token(assignment)}）"
    office.receive(mail(SERVICE_MANAGER, "Re: 客訴", body))
    assert office.case().resolution["resolution"] == "更換煞車片，優惠工時費20%"
    assert office.case().resolution["discount_percent"] == 20


@pytest.mark.parametrize("words", ["部分解決 等待零件", "未解決 客戶不接電話"])
def test_a_report_that_settles_nothing_is_answered_and_the_clock_runs_on(office: Office, words: str) -> None:
    assignment = assigned(office)
    due = office.case().due
    office.receive(mail(SERVICE_MANAGER, text=words, answers=assignment))
    (answer,) = office.post()
    assert (answer.template, answer.to) == ("acknowledgement", SERVICE_MANAGER)
    assert "時限照常計算" in answer.text
    assert office.case().due == due


def test_those_answers_are_capped(office: Office) -> None:
    assignment = assigned(office)
    for number in range(65):
        office.receive(mail(SERVICE_MANAGER, text=f"部分解決 第{number}步", answers=assignment))
    posted = office.post()
    assert (len(to(posted, SERVICE_MANAGER)), len(to(posted, CARE))) == (60, 1)
    assert office.case().reports == 65


def test_the_general_manager_cannot_be_impersonated_for_a_ruling(office: Office) -> None:
    from tests.daemon.test_penalty_replies import found

    assigned(office)
    found(office)
    (fined,) = to(office.post(), AFTER_SALES, "penalty")
    office.receive(mail(AFTER_SALES, text="申訴 當日休假", answers=fined))
    office.post()
    office.receive(forged("撤銷 查證屬實", MANAGER))
    assert office.case().penalties[0].state.value == "appealed"
