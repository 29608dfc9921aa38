"""Whose mail somebody passes on, in the styles of the mail programs people here use."""

import tomllib
from email import policy
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path

import pytest

from mailer.message import Address, Message, read_message
from tests.guards import no_endless_work

CLERK = "Clerk Lin <clerk.lin@example.com>"
ORIGINAL = "zhang.san@example.com"

STYLES = tomllib.loads((Path(__file__).parent / "forwarded_styles.toml").read_text(encoding="utf-8"))


def written(subject: str, text: str, *, kind: str = "plain") -> Message:
    """A person's mail with this text, as read."""
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = CLERK, "complaints@example.com", subject
    message.set_content(text, subtype=kind)
    return read_message(message.as_bytes())


def passed_on(inner: EmailMessage, text: str = "請見附件") -> EmailMessage:
    """A mail that carries another as an attachment."""
    outer = EmailMessage(policy=policy.SMTP)
    outer["From"], outer["Subject"] = CLERK, "FW: complaint"
    outer.set_content(text)
    outer.add_attachment(inner)
    return outer


def original(**headers: str) -> EmailMessage:
    """The mail that is passed on, with a file."""
    inner = EmailMessage(policy=policy.SMTP)
    inner["From"], inner["Subject"] = "張三 <zhang.san@example.com>", "客訴"
    inner["Message-ID"] = "<original@example.com>"
    for name, value in headers.items():
        inner[name.replace("_", "-")] = value
    inner.set_content("見附件")
    inner.add_attachment(b"PK\x03\x04", maintype="application", subtype="octet-stream", filename="form.xlsx")
    return inner


@pytest.mark.parametrize("style", STYLES)
def test_zammad_1351_the_original_sender_of_a_mail_forwarded_in_the_text_is_known(style: str) -> None:
    found = written(**STYLES[style]).forwarded
    assert found is not None
    assert found.sender.email == ORIGINAL
    assert found.sender.name in ("張三", "张三", "")
    assert not found.attached


def test_the_header_block_of_an_html_mail_is_read_too() -> None:
    page = (
        "<html><body><p>請處理</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>寄件者:</b> 張三 "
        "&lt;zhang.san@example.com&gt;<br><b>寄件日期:</b> 2026年11月23日"
        "<br><b>收件者:</b> Clerk<br><b>主旨:</b> 客訴</p></div>"
    )
    found = written("轉寄: 客訴", page, kind="html").forwarded
    assert found is not None
    assert found.sender == Address(email=ORIGINAL, name="張三")


def test_a_name_without_an_address_is_kept_as_a_name() -> None:
    found = written(
        "转发: 客诉", "\n发件人： 张三\n发送时间： 2026-11-23 09:00\n收件人： clerk\n主题： 客诉\n"
    ).forwarded
    assert found is not None
    assert found.sender == Address(email="", name="张三")


def test_zammad_5607_a_mail_attached_as_a_message_names_its_own_sender_and_its_files() -> None:
    message = read_message(passed_on(original()).as_bytes())
    assert message.sender.email == "clerk.lin@example.com"
    assert message.forwarded is not None
    assert message.forwarded.sender == Address(email=ORIGINAL, name="張三")
    assert (message.forwarded.attached, message.forwarded.message_id) == (True, "<original@example.com>")
    (form,) = [file for file in message.attachments if file.name == "form.xlsx"]
    assert form.forwarded == message.forwarded
    assert not message.forwarded.automatic


def test_a_file_beside_the_forwarded_mail_is_the_forwarders_own() -> None:
    outer = passed_on(original())
    outer.add_attachment(b"PK\x03\x04", maintype="application", subtype="octet-stream", filename="own.xlsx")
    whose = {file.name: file.forwarded for file in read_message(outer.as_bytes()).attachments}
    assert whose["own.xlsx"] is None
    assert whose["form.xlsx"] is not None


def test_of_a_mail_within_a_mail_the_innermost_sender_counts() -> None:
    middle = passed_on(original())
    middle.replace_header("From", "Middle <middle@example.com>")
    outer = passed_on(middle)
    (form,) = [file for file in read_message(outer.as_bytes()).attachments if file.name == "form.xlsx"]
    assert form.forwarded is not None
    assert form.forwarded.sender.email == ORIGINAL


def test_a_machines_mail_passed_on_is_known_as_one() -> None:
    message = read_message(passed_on(original(Auto_Submitted="auto-generated")).as_bytes())
    assert message.forwarded is not None
    assert message.forwarded.automatic


QUOTED = "From: 張三 <zhang.san@example.com>\nSent: Monday\nTo: Clerk\nSubject: complaint\n"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("RE: complaint", f"已解決\n\n{QUOTED}"),
        ("回复: 转发: 客诉", f"已解决\n\n{QUOTED}"),
        ("Re: Fwd: complaint", f"ok\n\n---------- Forwarded message ---------\n{QUOTED}"),
        ("complaint", f"ok\n\n{QUOTED}"),
        (
            "complaint",
            f"ok\n\nOn Mon, Nov 23, 2026 Lin wrote:\n> ---------- Forwarded message ---------\n> {QUOTED}",
        ),
        ("FW: complaint", "From: the customer, who is angry\n\nPlease call him."),
        ("FW: complaint", "只有一句話"),
        ("轉寄: 客訴", ""),
    ],
)
def test_a_reply_that_quotes_and_a_sentence_forward_nothing(subject: str, text: str) -> None:
    assert written(subject, text).forwarded is None


def test_zammad_1351_a_mail_to_a_shared_address_is_its_writers_whatever_address_passed_it_on() -> None:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = CLERK
    message["Sender"] = "helpdesk@example.com"
    message["Resent-From"] = "alias@example.com"
    message["X-Forwarded-For"] = "alias@example.com complaints@example.com"
    message["Delivered-To"] = "complaints@example.com"
    message["Message-ID"] = make_msgid()
    message.set_content("請處理")
    read = read_message(message.as_bytes())
    assert read.sender.email == "clerk.lin@example.com"
    assert read.forwarded is None


@pytest.mark.parametrize(
    "line", ["From:", "> " * 200, "轉寄郵件 " * 60, "from\t" * 90, "*" * 400, "de " + "\t" * 400]
)
def test_no_text_makes_the_search_slow(line: str) -> None:
    text = f"{line}\n" * 20_000
    with no_endless_work():
        written("Fwd: x", text[:900_000])
