"""Forms that one of us passes on: whose they are, who hears of them, and whose rights they do not bring."""

from email.message import EmailMessage

import pytest

from daemon.ledger import MailState
from mailer.message import Address
from rules.events import Opened, Origin, Party
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MAILBOX,
    SALES,
    SERVICE_MANAGER,
    STAFF,
    STRANGER,
    XLSX,
    Office,
    complaint,
    flawed,
    handling,
    mail,
    to,
)

COLLEAGUE = "zhang.san@example.com"


def quoting(sender: str, said: str = "請見附件") -> str:
    """A text that forwards a mail of `sender`, as Outlook writes it."""
    return f"麻煩處理\n\n寄件者: {sender}\n寄件日期: 2026年11月23日 8:30\n收件者: somebody\n主旨: 客訴\n\n{said}\n"


def forwarded(by: str, original: str, **files: bytes) -> EmailMessage:
    """A mail forwarded in the text, its files with it."""
    return mail(
        by,
        "轉寄: 客訴",
        quoting(original),
        files={f"{name}.xlsx": content for name, content in files.items()},
    )


def enclosing(by: str, inner: EmailMessage, text: str = "請見附件") -> EmailMessage:
    """A mail forwarded as an attachment."""
    outer = mail(by, "FW: 客訴", text)
    outer.add_attachment(inner)
    return outer


def opened(office: Office) -> Opened:
    event = next(iter(office.ledger.events(office.case().number))).event
    assert isinstance(event, Opened)
    return event


def test_zammad_1351_a_forwarded_form_is_its_original_senders_and_the_answer_goes_to_the_forwarder(
    office: Office,
) -> None:
    stored = office.receive(forwarded(SERVICE_MANAGER, f"許小姐 <{STRANGER}>", form=complaint()))
    assert stored.state is MailState.TAKEN
    assert stored.reason == f"forwarded by {SERVICE_MANAGER} for 許小姐 <{STRANGER}>"
    sender = opened(office).sender
    assert sender.email == SERVICE_MANAGER
    assert sender.origin == Origin(email=STRANGER, name="許小姐")
    posted = office.post()
    (answer,) = to(posted, SERVICE_MANAGER, "acknowledgement")
    assert f"原寄件人是 許小姐 <{STRANGER}>" in answer.text
    assert to(posted, STRANGER) == []


def test_zammad_5607_the_form_in_an_attached_mail_is_its_senders_who_hears_of_it_as_one_of_us(
    office: Office,
) -> None:
    inner = mail(f"張三 <{COLLEAGUE}>", files={"form.xlsx": complaint()})
    office.receive(enclosing(STAFF, inner))
    assert opened(office).sender.origin == Origin(email=COLLEAGUE, name="張三")
    posted = office.post()
    (answer,) = to(posted, STAFF, "acknowledgement")
    (copy,) = to(posted, COLLEAGUE, "acknowledgement")
    assert answer.subject == copy.subject
    assert copy.message["In-Reply-To"] == inner["Message-ID"]
    assert "轉寄" in copy.text
    assert COLLEAGUE not in copy.text


def test_the_original_sender_sees_the_customers_number_only_where_his_office_may(office: Office) -> None:
    path = office.folder / "config.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("[people]", '[privacy]\nphones = ["customer-care"]\n\n[people]'), encoding="utf-8"
    )
    office.configure()
    for original in (COLLEAGUE, CARE):
        facts = {"customer_name": original, "customer_phone": "0912-345-678"}
        office.receive(forwarded(STAFF, original, form=complaint(**facts)))
    posted = office.post()
    (hidden,), (shown,) = to(posted, COLLEAGUE), to(posted, CARE, "acknowledgement")
    assert "0912345678" not in hidden.text
    assert "091***5678" in hidden.text
    assert "0912345678" in shown.text
    assert all("0912345678" in one.text for one in to(posted, STAFF))


def test_a_form_beside_a_forwarded_mail_is_the_forwarders_own(office: Office) -> None:
    outer = enclosing(STAFF, mail(STRANGER, text="很生氣"))
    outer.add_attachment(complaint(), maintype=XLSX[0], subtype=XLSX[1], filename="form.xlsx")
    office.receive(outer)
    assert opened(office).sender.origin is None


def test_the_page_of_the_case_says_who_forwarded_for_whom(office: Office) -> None:
    from daemon.casepage import story_of
    from daemon.records import Reader

    office.receive(forwarded(SERVICE_MANAGER, f"張三 <{COLLEAGUE}>", form=complaint()))
    story = story_of(
        Reader(office.ledger, office.site), office.case().number, office.site.locale, office.clock.now()
    )
    assert story is not None
    said = " ".join(pair.value for section in story.sections for pair in section.pairs)
    assert f"張三 <{COLLEAGUE}>，由服務經理 王經理轉寄" in said


def test_a_forwarded_mail_gives_the_forwarder_no_role_of_its_sender(office: Office) -> None:
    """Forms of customer care begin other duties (D26): nobody gets these by quoting customer care."""
    office.receive(forwarded(STAFF, f"客戶關愛部 <{CARE}>", form=complaint()))
    assert office.case().issued_by is None
    assert opened(office).sender == Party(email=STAFF, origin=Origin(email=CARE, name="客戶關愛部"))


def test_customer_care_does_not_make_a_colleagues_form_its_own_but_issues_a_strangers(office: Office) -> None:
    office.receive(forwarded(CARE, COLLEAGUE, form=complaint()))
    assert office.case().issued_by is None
    office.receive(
        forwarded(CARE, STRANGER, form=complaint(customer_name="王大明", customer_phone="0955-000-111"))
    )
    assert sorted(str(case.issued_by) for case in office.cases()) == ["None", "customer-care"]


def test_a_report_forwarded_by_somebody_else_acts_for_the_forwarder_alone(office: Office) -> None:
    """K03: the owner's report, passed on by a colleague without an office, settles nothing."""
    case = office.opened()
    inner = mail(
        SERVICE_MANAGER, f"Re: [{case.number}]", "已解決 重新調整", files={"r.xlsx": handling(case.number)}
    )
    office.vouching = True
    office.receive(enclosing(STAFF, inner))
    office.receive(mail(STAFF, f"FW: [{case.number}]", quoting(SERVICE_MANAGER, "已解決 重新調整")))
    assert office.case().is_open
    assert "resolved" not in office.kinds()
    assert all(
        event.event.by.email != SERVICE_MANAGER
        for event in office.ledger.events(case.number)
        if hasattr(event.event, "by")
    )


def test_a_forwarded_token_proves_nothing_of_who_forwards_it(office: Office) -> None:
    """A mail of ours to the service manager, forwarded by a colleague, is no proof of who that colleague is."""
    case = office.opened()
    token = office.token_of(SERVICE_MANAGER)
    office.receive(
        mail(AFTER_SALES, f"FW: [{case.number}]", f"已解決 重新調整\n\n{quoting(SERVICE_MANAGER, token)}")
    )
    assert office.case().is_open
    assert to(office.post(), AFTER_SALES, "confirm-request")


def test_our_own_mail_forwarded_back_to_us_is_not_answered(office: Office) -> None:
    office.receive(mail(SERVICE_MANAGER, files={"form.xlsx": complaint()}))
    ours = office.post()[0].message
    for echo in (
        enclosing(SERVICE_MANAGER, ours, ""),
        mail(
            SERVICE_MANAGER,
            f"轉寄: {ours['Subject']}",
            quoting(f"客戶關愛部 <{MAILBOX}>").replace("麻煩處理", ""),
        ),
        enclosing(STAFF, ours, ""),
    ):
        stored = office.receive(echo)
        assert (stored.state, stored.reason) == (
            MailState.IGNORED,
            "it only passes on a mail of ours, or a machine's",
        )
        assert office.post() == []
    assert office.kinds().count("refused") == 0


def test_the_form_to_mend_in_our_mail_that_comes_back_whole_is_not_taken_as_mended(office: Office) -> None:
    """A rule that forwards everything as an attachment would else be sent the form again and again."""
    office.receive(mail(STAFF, files={"form.xlsx": flawed()}))
    (ours,) = to(office.post(), STAFF, "form-problems")
    stored = office.receive(enclosing(STAFF, ours.message, ""))
    assert stored.state is MailState.IGNORED
    assert office.post() == []
    assert "amended" not in office.kinds()


def test_a_machines_mail_passed_on_is_not_answered_and_its_form_counts(office: Office) -> None:
    note = mail(COLLEAGUE, "不在辦公室", "我不在", headers={"Auto-Submitted": "auto-replied"})
    assert office.receive(enclosing(STAFF, note, "")).state is MailState.IGNORED
    assert office.post() == []
    robot = mail(COLLEAGUE, files={"form.xlsx": complaint()}, headers={"Auto-Submitted": "auto-generated"})
    office.receive(enclosing(STAFF, robot, ""))
    posted = office.post()
    assert to(posted, STAFF, "acknowledgement")
    assert to(posted, COLLEAGUE) == []


def test_ones_own_earlier_mail_is_no_other_senders(office: Office) -> None:
    office.receive(forwarded(STAFF, f"Lin <{STAFF.upper()}>", form=complaint()))
    assert opened(office).sender == Party(email=STAFF)
    assert len(to(office.post(), STAFF)) == 1


def test_a_stranger_who_forwards_our_own_peoples_mail_stays_a_stranger(office: Office) -> None:
    stored = office.receive(enclosing(STRANGER, mail(CARE, files={"form.xlsx": complaint()})))
    assert stored.state is MailState.QUARANTINED
    assert office.cases() == []
    assert to(office.post(), STRANGER) == []


def test_a_colleagues_leave_passed_on_is_not_the_forwarders(office: Office) -> None:
    office.vouching = True
    office.receive(mail(SERVICE_MANAGER, "轉寄: 明天請假", quoting(f"李總監 <{SALES}>", "我明天請假")))
    outer = mail(SERVICE_MANAGER, "我明天請假", "請見附件")  # some programs keep the subject as it was
    outer.add_attachment(mail(SALES, "我明天請假", "我明天請假"))
    office.receive(outer)
    assert list(office.ledger.absences(office.clock.now())) == []
    assert not any(one.template == "absence" for one in office.post())


def test_what_is_to_be_mended_goes_to_the_forwarder(office: Office) -> None:
    office.receive(forwarded(STAFF, f"張三 <{COLLEAGUE}>", form=flawed()))
    posted = office.post()
    (problems,) = to(posted, STAFF, "form-problems")
    assert "原寄件人是 張三" in problems.text
    assert to(posted, COLLEAGUE, "form-problems") == []


def test_several_mails_attached_are_each_their_own_senders(office: Office) -> None:
    outer = enclosing(STAFF, mail(COLLEAGUE, files={"a.xlsx": complaint()}))
    outer.add_attachment(
        mail(STRANGER, files={"b.xlsx": complaint(customer_name="王大明", customer_phone="0955-000-111")})
    )
    office.receive(outer)
    origins = {case.sender.origin.email for case in office.cases() if case.sender.origin}
    assert origins == {COLLEAGUE, STRANGER}
    (copy,) = to(office.post(), COLLEAGUE)
    assert "王大明" not in copy.text


def test_who_reported_hears_of_the_end_with_the_forwarder_and_a_stranger_does_not(office: Office) -> None:
    office.vouching = True
    for original in (COLLEAGUE, STRANGER):
        office.receive(
            forwarded(STAFF, original, form=complaint(customer_name=original, customer_phone="0955-000-111"))
        )
    office.post()
    for case in office.cases():
        office.receive(mail(SERVICE_MANAGER, f"Re: [{case.number}]", "已解決 已重新調整"))
    told = [one.to for one in office.post() if one.template == "resolved"]
    assert told.count(STAFF) == 2
    assert told.count(COLLEAGUE) == 1
    assert STRANGER not in told


def test_the_ledger_writes_a_party_that_forwarded_nothing_as_it_always_did() -> None:
    assert Party(email=STAFF).model_dump() == {"roles": (), "email": STAFF, "name": ""}
    told = Party(email=STAFF, origin=Origin(name="張三"))
    assert Party.model_validate(told.model_dump(mode="json")) == told


@pytest.mark.parametrize(
    "name", ["張三\r\nBcc: x@example.com", "=?utf-8?q?x?=", "<script>alert(1)</script>", "{{ 7 * 7 }}"]
)
def test_a_hostile_name_is_only_a_name(office: Office, name: str) -> None:
    inner = mail(COLLEAGUE, files={"form.xlsx": complaint()})
    inner.replace_header("From", Address(email=COLLEAGUE).email)
    raw = (
        enclosing(STAFF, inner)
        .as_bytes()
        .replace(f"From: {COLLEAGUE}".encode(), f"From: {name.splitlines()[0]} <{STRANGER}>".encode())
    )
    office.receive(raw)
    (answer,) = to(office.post(), STAFF, "acknowledgement")
    html = answer.message.get_body(("html",))
    assert html is not None
    assert "<script>" not in str(html.get_content())
    assert answer.message["Bcc"] is None
    assert "49" not in answer.text.split("原寄件人是")[1][:40]
