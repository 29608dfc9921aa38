"""Machines that answer machines: whatever comes back, it ends; whatever a person sent, counts once (RFC 3834)."""

from email.message import EmailMessage
from email.utils import make_msgid

import pytest

from daemon.casepage.machines import machine_mails
from daemon.docket import REFUSALS_PER_HOUR
from daemon.intake.replies import PROBLEMS_PER_HOUR
from daemon.ledger import MailState, OutboxState
from daemon.outbox import Outbox
from daemon.site import load_site
from mailer.smtp import Postman, SmtpSettings
from rules.case import Status
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MAILBOX,
    SERVICE_MANAGER,
    STAFF,
    WORKSHOP,
    Office,
    Posted,
    complaint,
    flawed,
    handling,
    mail,
    to,
)
from tests.mailer.inbound import bounced
from tests.servers.smtp import RecordingSmtp

# What tells a machine, by product; the first are RFC 3834's and its forerunners'.
MARKS = {
    "vacation": {"Auto-Submitted": "auto-replied (vacation)"},
    "sieve": {"Auto-Submitted": "auto-replied; owner-email=x@example.com"},
    "notice": {"Auto-Submitted": "auto-notified"},
    "exchange": {"X-MS-Exchange-Inbox-Rules-Loop": "x@example.com"},
    "outlook": {"X-Auto-Response-Suppress": "DR, OOF, AutoReply"},
    "cpanel": {"X-Autorespond": "Re: complaint", "Precedence": "auto_reply"},
    "dtc": {"X-AutoReply-From": "x@example.com", "X-Mail-Autoreply": "yes"},
    "otrs": {"X-Loop": "yes"},
    "firstclass": {"X-FC-MachineGenerated": "true"},
    "mailtraq": {"X-POST-MessageClass": "9; Autoresponder"},
    "roundcube": {"X-Autoreply": "yes"},
    "tmda": {"Delivered-To": "autoresponder"},
    "x-precedence": {"X-Precedence": "bulk"},
}
SUBJECTS = [
    "自动回复: {}",
    "自動回覆: {}",
    "自动答复：{}",
    "【自动回复】{}",
    "Automatic reply: {}",
    "Auto-Reply: {}",
]
ABSENT = ["Out of office: back on Monday", "不在办公室", "休假中，12/1 回來", "Out of the Office"]


def configure(office: Office, section: str, line: str) -> None:
    path = office.folder / "config.toml"
    text = path.read_text(encoding="utf-8").replace(f"[{section}]\n", f"[{section}]\n{line}\n", 1)
    path.write_text(text, encoding="utf-8")
    office.site = load_site(path)
    office.docket.adopt(office.site)


def opened(office: Office) -> Posted:
    """Open a case; return what the service manager got."""
    office.receive(mail(files={"f.xlsx": complaint()}))
    (notice,) = to(office.post(), SERVICE_MANAGER, "assignment")
    return notice


def came_back(posted: Posted, **headers: str) -> EmailMessage:
    """A mail of ours as it comes back, with what somebody on its way added."""
    for name, value in headers.items():
        posted.message[name.replace("_", "-")] = value
    return posted.message


# ---------------------------------------------------------------- what we send


def test_every_mail_says_that_a_machine_wrote_it_and_looks_like_no_lists(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    office.receive(mail(text="?"))
    office.receive(mail(files={"f.xlsx": flawed()}))
    posted = office.post()
    assert {one.template for one in posted} >= {"acknowledgement", "form-problems", "assignment"}
    for one in posted:
        answer = one.to == STAFF
        assert one.message["Auto-Submitted"] == ("auto-replied" if answer else "auto-generated")
        assert one.message["X-Auto-Response-Suppress"] == "All"
        assert one.message["List-Id"] is None
        assert one.message["Precedence"] is None


def test_bounces_come_back_to_us_for_the_envelope_names_the_mailbox(office: Office) -> None:
    with RecordingSmtp() as smtp:
        office.receive(mail(files={"f.xlsx": complaint()}))
        postman = Postman(SmtpSettings(smtp.host, smtp.port, "plain", timeout=60))
        Outbox(office.docket, postman, office.clock).send_due()
        postman.close()
        assert {one.sender for one in smtp.mails} == {MAILBOX}


# ---------------------------------------------------------------- what we never answer


@pytest.mark.parametrize("kind", MARKS)
def test_frappe_helpdesk_3628_a_machine_is_never_answered_but_its_form_is_taken(
    office: Office, kind: str
) -> None:
    office.receive(mail(text="I am away", headers=MARKS[kind]))
    assert office.post() == []
    assert office.receive(mail(files={"f.xlsx": complaint()}, headers=MARKS[kind])).state is MailState.TAKEN
    assert to(office.post(), STAFF) == []
    assert office.case().grade == "level-3"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_frappe_helpdesk_3628_replies_that_only_their_subject_gives_away_are_automatic(
    office: Office, subject: str
) -> None:
    notice = opened(office)
    reply = mail(SERVICE_MANAGER, text="已解決，我休假至 12/5", answers=notice)
    reply.replace_header("Subject", subject.format(notice.subject))
    assert office.receive(reply).state is MailState.IGNORED
    assert (office.case().status, office.case().reports, office.post()) == (Status.OPEN, 0, [])


@pytest.mark.parametrize("subject", ABSENT)
def test_words_that_people_write_in_subjects_too_count_only_in_an_answer(
    office: Office, subject: str
) -> None:
    reply = mail(SERVICE_MANAGER, text="已解決 我不在", answers=opened(office))
    reply.replace_header("Subject", subject)
    assert office.receive(reply).state is MailState.IGNORED
    assert office.case().reports == 0


def test_a_person_who_answers_an_automatic_reply_is_heard(office: Office) -> None:
    notice = opened(office)
    reply = mail(SERVICE_MANAGER, text="已解決 重新調整，客戶滿意", answers=notice)
    reply.replace_header("Subject", f"Re: 自动回复: {notice.subject}")
    office.receive(reply)
    assert office.case().status is Status.RESOLVED


def test_a_person_may_write_of_his_leave_in_the_subject(office: Office) -> None:
    office.receive(mail(AFTER_SALES, "請假 2026-12-01 至 2026-12-05", " ", headers={"Auto-Submitted": "no"}))
    assert office.post(), "he is answered, whatever becomes of it"


# ---------------------------------------------------------------- vacation replies


def test_a_vacation_reply_is_kept_on_its_case_and_acted_on_by_nobody(office: Office) -> None:
    notice = opened(office)
    note = mail(
        SERVICE_MANAGER,
        text="已解決請找陳主任，我請假 2026-11-23 至 2026-12-05",
        answers=notice,
        headers={"Auto-Submitted": "auto-replied"},
        files={"logo.png": b"\x89PNG\r\n"},
    )
    office.receive(note)
    case = office.case()
    assert (case.status, case.reports, office.post()) == (Status.OPEN, 0, [])
    assert office.ledger.absences(office.clock.now()) == []
    assert office.ledger.attachments(case.number) == []
    (kept,) = machine_mails(office.ledger, case.number)
    assert (kept.sender, kept.counted) == (SERVICE_MANAGER, False)
    assert "我請假" in kept.said


def test_a_vacation_reply_confirms_nothing(office: Office) -> None:
    notice = opened(office)
    unproven = mail(SERVICE_MANAGER, f"Re: {notice.subject}", "已解決 重新調整")
    office.receive(unproven)
    (question,) = to(office.post(), SERVICE_MANAGER, "confirm-request")
    office.receive(
        mail(SERVICE_MANAGER, text="確認", answers=question, headers={"Auto-Submitted": "auto-replied"})
    )
    assert office.case().status is Status.OPEN


def test_osticket_1041_out_of_office_replies_open_no_cases_and_start_no_loop(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    for _ in range(20):
        answers = to(office.post(), STAFF)
        for one in answers:
            note = mail(STAFF, text="I am out of office", answers=one)
            note.replace_header("Subject", f"Automatic reply: {one.subject}")
            office.put_in(note)
        office.intake.take_waiting()
    assert len(office.cases()) == 1
    assert office.post() == []


# ---------------------------------------------------------------- our own mails


def test_zammad_731_our_own_notices_that_come_back_are_put_by(office: Office) -> None:
    notice = opened(office)
    settled = office.receive(came_back(notice, Resent_From=WORKSHOP, List_Id="<all.example.com>"))
    assert (settled.state, settled.reason) == (MailState.IGNORED, "a mail of ours that came back")
    assert (office.post(), office.case().reports, len(office.cases())) == ([], 0, 1)
    assert office.ledger.mails_about(office.case().number)[-1].id == settled.id


def test_zammad_731_a_notice_that_a_server_gave_another_id_is_known_by_its_first(office: Office) -> None:
    notice = opened(office)
    notice.message["X-Kesu-Message-ID"] = str(notice.message["Message-ID"])
    notice.message.replace_header("Message-ID", make_msgid(domain="relay.example.com"))
    assert office.receive(notice.message).reason == "a mail of ours that came back"
    assert office.post() == []


def test_zammad_2923_we_do_not_inform_ourselves_in_circles(office: Office) -> None:
    path = office.folder / "config.toml"
    text = path.read_text(encoding="utf-8").replace(f'email = "{CARE}"', f'email = "{MAILBOX}"')
    path.write_text(text, encoding="utf-8")
    office.site = load_site(path)
    office.docket.adopt(office.site)
    office.receive(mail("someone@elsewhere.example", "offer", "buy"))
    for _ in range(10):
        for posted in to(office.post(), MAILBOX):
            office.put_in(posted.message)
        office.intake.take_waiting()
    assert office.post() == []
    assert office.ledger.outbox_counts()[OutboxState.SENT] == 1


def test_osticket_3966_a_mail_in_our_own_name_is_not_answered_but_its_form_is_taken(office: Office) -> None:
    assert office.receive(mail(MAILBOX, files={"f.xlsx": complaint()})).state is MailState.TAKEN
    posted = office.post()
    assert to(posted, MAILBOX) == []
    assert to(posted, SERVICE_MANAGER, "assignment")


def test_a_mailbox_that_forwards_our_form_back_reports_nothing_by_it(office: Office) -> None:
    notice = opened(office)
    over = mail(SERVICE_MANAGER, files={"f.xlsx": handling(office.case().number, discount_percent=45)})
    office.receive(over)
    (passed_on,) = to(office.post(), AFTER_SALES, "authority-exceeded")
    assert passed_on.enclosures, "the report, filled in, for whoever may allow as much"
    rule = {"X-MS-Exchange-Inbox-Rules-Loop": AFTER_SALES}
    back = mail(AFTER_SALES, f"FW: {notice.subject}", files=passed_on.enclosures, headers=rule)
    settled = office.receive(back)
    assert settled.state is MailState.QUARANTINED
    assert "a machine sent back" in settled.reason
    assert (office.case().status, office.case().reports) == (Status.OPEN, 1)
    assert office.post() == []


# ---------------------------------------------------------------- bounces in circles


def test_zammad_1131_a_sender_whose_address_bounces_is_written_to_once_for_each_reason(
    office: Office,
) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    sent = 0
    for _ in range(10):
        posted = to(office.post(), STAFF)
        sent += len(posted)
        for one in posted:
            office.put_in(bounced.postfix(str(one.message["Message-ID"]), STAFF))
        office.intake.take_waiting()
    assert sent == 1
    assert len(office.cases()) == 1


def test_glpi_16785_an_address_that_takes_no_mail_is_a_dead_end_and_no_circle(office: Office) -> None:
    robot = "security-noreply@example.com"
    office.receive(mail(robot, files={"f.xlsx": complaint()}, headers={"Auto-Submitted": "auto-generated"}))
    notice = to(office.post(), SERVICE_MANAGER)[0]
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整，客戶滿意", answers=notice))
    mails_to_robot = 0
    for _ in range(10):
        posted = to(office.post(), robot)
        mails_to_robot += len(posted)
        for one in posted:
            office.put_in(bounced.postfix(str(one.message["Message-ID"]), robot))
        office.intake.take_waiting()
    assert mails_to_robot <= 1, "that its complaint is settled"
    assert office.case().status is Status.RESOLVED


# ---------------------------------------------------------------- limits


def test_two_products_that_answer_each_other_come_to_an_end_and_customer_care_is_told_once(
    office: Office,
) -> None:
    office.receive(mail(STAFF, text="we have received your mail, ticket 1"))
    most, rounds = office.site.config.access.answers_per_hour, 0
    told = []
    while (posted := office.post()) and rounds < 3 * most:
        rounds += 1
        told += to(posted, CARE)
        for one in to(posted, STAFF):
            office.receive(mail(STAFF, text=f"we have received your mail, ticket {rounds + 1}", answers=one))
    assert rounds == most + 1
    (alarm,) = told
    for expected in (STAFF, str(most)):
        assert expected in alarm.text
    assert office.post() == []


def test_a_machine_that_answers_for_a_responsible_person_comes_to_an_end_too(office: Office) -> None:
    notice, told, rounds = opened(office), [], 0
    office.receive(mail(SERVICE_MANAGER, text="您的來信編號 1 已由系統轉交", answers=notice))
    while (posted := office.post()) and rounds < 5 * REFUSALS_PER_HOUR:
        rounds += 1
        told += to(posted, CARE)
        for one in to(posted, SERVICE_MANAGER):
            office.receive(mail(SERVICE_MANAGER, text=f"您的來信編號 {rounds + 1} 已由系統轉交", answers=one))
    assert rounds == REFUSALS_PER_HOUR + 1
    assert [SERVICE_MANAGER in one.text for one in told] == [True]
    office.receive(mail(SERVICE_MANAGER, text="已解決 重新調整，客戶滿意", answers=notice))
    assert office.case().status is Status.RESOLVED, "what can be read of him counts all the same"


def test_answers_to_all_together_are_limited_and_notices_are_not(office: Office) -> None:
    configure(office, "access", "all_answers_per_hour = 3")
    for number in range(6):
        form = complaint(customer_phone=f"0900-000-00{number}")
        office.put_in(mail(f"staff{number}@example.com", files={"f.xlsx": form}))
    office.intake.take_waiting()
    posted = office.post()
    assert len([one for one in posted if one.template == "acknowledgement"]) == 3
    assert len(office.cases()) == 6
    assert len(to(posted, SERVICE_MANAGER)) >= 5
    assert len([one for one in to(posted, CARE) if one.template == "form-problems"]) == 1
    office.clock.forward(minutes=61)
    office.receive(mail(files={"f.xlsx": complaint(customer_phone="0900-000-100")}))
    assert to(office.post(), STAFF, "acknowledgement")


def test_limits_can_be_configured(office: Office) -> None:
    configure(office, "access", "answers_per_hour = 2")
    for number in range(4):
        office.put_in(mail(text=f"question {number}"))
    office.intake.take_waiting()
    assert len(to(office.post(), STAFF)) == 2
    assert PROBLEMS_PER_HOUR > 2, "whoever sent a form that has to be mended still hears of it"
    office.receive(mail(files={"f.xlsx": flawed()}))
    assert to(office.post(), STAFF, "form-problems")


# ---------------------------------------------------------------- once each


def test_freescout_5638_a_mail_to_and_from_one_mailbox_that_lies_there_twice_is_one_case(
    office: Office,
) -> None:
    form = mail(MAILBOX, files={"f.xlsx": complaint()})
    assert office.receive(form).state is MailState.TAKEN
    assert office.receive(form).state is MailState.DUPLICATE
    assert len(office.cases()) == 1


def test_freescout_5485_copies_by_a_list_are_one_case_and_one_answer(office: Office) -> None:
    form = mail(files={"f.xlsx": complaint()})
    office.receive(form)
    assert len(to(office.post(), STAFF)) == 1
    for number in range(4):
        copy = form.as_bytes().replace(
            b"Subject: ", b"List-Id: <l%d.example.com>\r\nSubject: [list] " % number, 1
        )
        assert office.receive(copy).state is MailState.DUPLICATE
    assert len(office.cases()) == 1
    assert office.post() == []


def test_osticket_494_a_copy_under_another_message_id_is_put_to_its_case(office: Office) -> None:
    form = mail(files={"f.xlsx": complaint()})
    office.receive(form)
    form.replace_header("Message-ID", make_msgid(domain="gateway.example.com"))
    office.receive(form)
    assert len(office.cases()) == 1
    assert "attached" in office.kinds()


def test_zammad_1662_a_mail_that_is_fetched_again_after_a_failed_move_is_one_case(office: Office) -> None:
    form = mail(files={"f.xlsx": complaint()})
    for _ in range(3):
        office.put_in(form)
    office.intake.take_waiting()
    assert len(office.cases()) == 1
    assert len(to(office.post(), STAFF)) == 1


def test_freescout_5591_two_mails_with_one_message_id_are_both_taken(office: Office) -> None:
    first, second = (
        mail(files={"f.xlsx": complaint()}),
        mail(files={"f.xlsx": complaint(customer_phone="0900-1")}),
    )
    second.replace_header("Message-ID", first["Message-ID"])
    for form in (first, second):
        assert office.receive(form).state is MailState.TAKEN
    assert len(office.cases()) == 2


def test_zammad_2063_mails_without_a_message_id_are_neither_lost_nor_doubled(office: Office) -> None:
    first, second = (
        mail(files={"f.xlsx": complaint()}),
        mail(files={"f.xlsx": complaint(customer_phone="0900-1")}),
    )
    for form in (first, second):
        del form["Message-ID"]
        assert office.receive(form).state is MailState.TAKEN
        assert office.receive(form).state is MailState.DUPLICATE
    assert len(office.cases()) == 2


@pytest.mark.parametrize("broken", ["<>", "", "  ", "no-brackets", "<a@b> <c@d>"])
def test_itop_jb_mail_253_a_broken_message_id_is_no_other_mails(office: Office, broken: str) -> None:
    first, second = (
        mail(files={"f.xlsx": complaint()}),
        mail(files={"f.xlsx": complaint(customer_phone="0900-1")}),
    )
    for form in (first, second):
        raw = form.as_bytes().replace(str(form["Message-ID"]).encode(), broken.encode(), 1)
        assert office.receive(raw).state is MailState.TAKEN
        assert office.receive(raw).state is MailState.DUPLICATE
    assert len(office.cases()) == 2
