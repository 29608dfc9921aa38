"""Forms in archives and in winmail.dat are taken like any others; what stays shut is told to whoever sent it."""

import base64
import io
import zipfile
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from daemon.ledger import MailState
from daemon.unopened import REASONS, as_refused
from mailer.message import Attachment, Unopened
from rules.locales import Locale
from tests.daemon.office import CARE, STAFF, STRANGER, Office, complaint, mail, to
from tests.mailer.inbound import tnef

RAR = b"Rar!\x1a\x07\x01\x00 photos"
PHOTO = b"\xff\xd8\xff\xe0" + b"photo" * 9000


def zipped(files: dict[str, bytes], *, encrypted: tuple[str, ...] = ()) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    content = bytearray(target.getvalue())
    for name in encrypted:
        content[content.rindex(name.encode()) - 46 + 8] |= 1
    return bytes(content)


def in_winmail(files: dict[str, bytes], sender: str = STAFF) -> EmailMessage:
    packed = tnef.winmail(
        *[tnef.file(content, b"x", tnef.wide(0x3707, name)) for name, content in files.items()]
    )
    raw = (
        f"From: {sender}\r\nTo: complaints@example.com\r\nSubject: x\r\nMessage-ID: <w@example.com>\r\n"
        "Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    ).encode() + base64.encodebytes(packed)
    message = message_from_bytes(raw, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def test_a_form_in_a_zip_opens_a_case_and_its_photos_are_kept(office: Office) -> None:
    settled = office.receive(mail(files={"客訴.zip": zipped({"表單.xlsx": complaint(), "照片.jpg": PHOTO})}))
    assert settled.state is MailState.TAKEN
    kept = office.ledger.attachments(office.case().number)
    assert [(file.name, file.media_type) for file in kept] == [("客訴.zip › 照片.jpg", "image/jpeg")]
    assert [one.template for one in to(office.post(), STAFF)] == ["acknowledgement"]


def test_zammad_2403_a_form_in_winmail_dat_opens_a_case(office: Office) -> None:
    settled = office.receive(in_winmail({"投诉.xlsx": complaint(), "照片.jpg": PHOTO}))
    assert settled.state is MailState.TAKEN
    assert [file.name for file in office.ledger.attachments(office.case().number)] == ["照片.jpg"]


def test_blanks_that_come_with_the_answer_are_spoken_of(office: Office) -> None:
    for name, content in (("客訴.rar", RAR), ("broken.xlsx", b"PK\x03\x04 damaged")):
        office.receive(mail(files={name: content}))
        (answer,) = to(office.post(), STAFF)
        assert answer.enclosures
        assert "空白抱怨單" in answer.text


def test_the_same_zip_sent_again_opens_no_second_case(office: Office) -> None:
    archive = zipped({"a.xlsx": complaint()})
    first = mail(files={"a.zip": archive})
    office.receive(first)
    assert office.receive(first).state is MailState.DUPLICATE
    office.receive(mail(files={"b.zip": archive}))
    assert len(office.cases()) == 1


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        (Locale.ZH_HANT, "只能開啟 .zip 壓縮檔"),
        (Locale.ZH_HANS, "只能打开 .zip 压缩包"),
        (Locale.EN, "only .zip archives are opened"),
    ],
)
def test_the_sender_of_an_archive_that_is_not_opened_is_told_why(
    office: Office, locale: Locale, words: str
) -> None:
    office.configure(locale=locale)
    settled = office.receive(mail(files={"表單.rar": RAR}))
    assert settled.state is MailState.QUARANTINED
    assert ".rar" in settled.reason
    (answer,) = to(office.post(), STAFF)
    assert answer.template == "form-problems"
    assert "表單.rar" in answer.text
    assert words in answer.text
    assert (
        "解壓縮" if locale is Locale.ZH_HANT else "解压缩" if locale is Locale.ZH_HANS else "Unpack"
    ) in answer.text
    assert "LibreOffice" not in answer.text  # an archive is not saved again as .xlsx
    assert office.cases() == []


def test_what_to_do_is_told_for_archives_and_for_workbooks_where_both_came(office: Office) -> None:
    office.receive(mail(files={"表單.rar": RAR, "broken.xlsx": b"PK broken"}))
    (answer,) = to(office.post(), STAFF)
    assert answer.text.index("解壓縮") < answer.text.index("LibreOffice")


def test_what_stays_shut_beside_a_form_is_named_and_the_archive_kept_with_the_case(office: Office) -> None:
    archive = zipped(
        {"form.xlsx": complaint(), "secret.xlsx": b"x", "photos.7z": b"7z\xbc\xaf\x27\x1c"},
        encrypted=("secret.xlsx",),
    )
    office.receive(mail(files={"all.zip": archive}))
    kept = office.ledger.attachments(office.case().number)
    assert [file.name for file in kept] == ["all.zip"]
    (answer,) = to(office.post(), STAFF)
    assert office.case().number in answer.text
    assert "secret.xlsx：設有密碼" in answer.text
    assert "photos.7z：只能開啟 .zip" in answer.text


def test_an_archive_beside_an_answer_in_words_is_kept_with_the_case_and_no_fault(office: Office) -> None:
    office.vouching = True
    office.receive(mail(files={"form.xlsx": complaint()}))
    (assignment,) = to(office.post(), "service.manager@example.com")
    reply = mail(assignment.to, text="已解決，已重新調整", answers=assignment, files={"照片.rar": RAR})
    assert office.receive(reply).state is MailState.TAKEN
    assert [file.name for file in office.ledger.attachments(office.case().number)] == ["照片.rar"]
    assert [one for one in to(office.post(), assignment.to) if "照片.rar" in one.text] == []


def test_a_strangers_archive_is_answered_to_nobody(office: Office) -> None:
    office.receive(mail(STRANGER, files={"a.rar": RAR}))
    assert to(office.post(), STRANGER) == []


def test_a_machines_archive_is_customer_cares(office: Office) -> None:
    office.receive(mail(files={"a.rar": RAR}, headers={"Auto-Submitted": "auto-generated"}))
    (told,) = office.post()
    assert told.to == CARE
    assert "a.rar" in told.text


def test_every_reason_is_told_in_three_languages() -> None:
    assert set(REASONS) == set(Unopened)
    for reason in Unopened:
        some = Attachment("a.zip", "a/b", b"", "", inline=False, unopened=(("x.xlsx", reason),) * 7)
        whole = Attachment("a.zip", "a/b", b"", "", inline=False, unopened=(("", reason),))
        for locale in Locale:
            told, all_told = as_refused(some).error, as_refused(whole).error
            assert told is not None
            assert all_told is not None
            assert told.get(locale).count("x.xlsx") == 5
            assert "7" in told.get(locale)
            assert all_told.get(locale) == REASONS[reason].get(locale)
