"""Every file in a mail is found, whatever it is called and however it is packed."""

import base64
import hashlib
import io
import zipfile
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.message import Attachment, Message, is_spreadsheet, read_message
from mailer.message_names import file_name


def zipped(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 50)
    return target.getvalue()


SHEET = zipped("[Content_Types].xml", "xl/workbook.xml")
OLD_SHEET = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "Workbook".encode("utf-16-le")
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def part(*lines: str | bytes, content: bytes = SHEET, base64_coded: bool = True) -> bytes:
    head = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\r\n" for line in lines)
    if base64_coded:
        return head + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content)
    return head + b"\r\n" + content


def mixed(*parts: bytes, kind: str = "mixed") -> bytes:
    head = f'From: a@b.c\r\nContent-Type: multipart/{kind}; boundary="--=_b"\r\n\r\n'.encode()
    return head + b"".join(b"----=_b\r\n" + each + b"\r\n" for each in parts) + b"----=_b--\r\n"


def forwarded(raw: bytes, *, coded: bool) -> bytes:
    return part("Content-Type: message/rfc822", content=raw, base64_coded=coded)


def names(message: Message) -> list[str]:
    return [attachment.name for attachment in message.attachments]


@pytest.mark.parametrize(
    "lines",
    [
        (f"Content-Type: {TYPE}; name=a.xlsx", "Content-Disposition: attachment; filename=a.xlsx"),
        (f"Content-Type: {TYPE}; name=a.xlsx",),
        (f"Content-Type: {TYPE}", "Content-Disposition: inline; filename=a.xlsx"),
        ("Content-Type: application/octet-stream; name=a.xlsx",),
        ("Content-Type: text/plain; name=a.xlsx",),
        ("Content-Type: nonsense; name=a.xlsx",),
        ("Content-Disposition: attachment; filename=a.xlsx",),
        ('CONTENT-TYPE: Application/X-Whatever;\r\n\tNAME = "a.xlsx" ; x=y',),
    ],
    ids=[
        "as it should be",
        "no disposition",
        "inline",
        "octet-stream",
        "said to be text",
        "no type",
        "only",
        "folded",
    ],
)
def test_an_attached_form_is_found(lines: tuple[str, ...]) -> None:
    (found,) = read_message(mixed(b"\r\nhello", part(*lines))).attachments
    assert found.name == "a.xlsx"
    assert found.content == SHEET
    assert found.sha256 == hashlib.sha256(SHEET).hexdigest()
    assert is_spreadsheet(found)


def test_inline_is_what_the_text_shows() -> None:
    message = read_message(
        mixed(
            part("Content-Type: image/png", "Content-ID: <logo>", content=b"png"),
            part(
                "Content-Type: image/png",
                "Content-ID: <x>",
                "Content-Disposition: attachment",
                content=b"png",
            ),
            part(f"Content-Type: {TYPE}", "Content-Disposition: inline; filename=a.xlsx"),
        )
    )
    assert [found.inline for found in message.attachments] == [True, False, True]


def test_a_nameless_form_that_is_the_whole_mail_is_found() -> None:
    (found,) = read_message(b"From: a@b.c\r\n" + part(f"Content-Type: {TYPE}")).attachments
    assert (found.name, found.content) == ("attachment-1.xlsx", SHEET)


def test_a_form_that_says_it_is_text_is_found_by_its_bytes() -> None:
    message = read_message(
        mixed(part("Content-Type: text/plain"), part("Content-Type: text/html", content=OLD_SHEET))
    )
    assert names(message) == ["attachment-1.txt", "attachment-2.html"]
    assert all(is_spreadsheet(found) for found in message.attachments)
    assert message.text == ""


@pytest.mark.parametrize("coded", [False, True], ids=["plain", "base64"])
def test_forms_in_forwarded_mails_are_found(coded: bool) -> None:
    inner = mixed(b"\r\ninner words", part(f"Content-Type: {TYPE}; name=inner.xlsx"))
    outer = mixed(b"\r\nouter", forwarded(inner, coded=coded), part(f"Content-Type: {TYPE}; name=outer.xlsx"))
    outer = outer.replace(b"--=_b", b"--=_outer", 1) if coded else nested_boundaries(inner)
    message = read_message(outer)
    assert "inner.xlsx" in names(message)
    assert "inner words" not in message.text


def nested_boundaries(inner: bytes) -> bytes:
    head = b"From: a@b.c\r\nContent-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\n"
    return head + forwarded(inner, coded=False) + b"\r\n--outer--\r\n"


def test_a_digest_holds_mails_without_saying_so() -> None:
    inner = b"\r\nFrom: c@d.e\r\n" + part(f"Content-Type: {TYPE}; name=a.xlsx")
    assert names(read_message(mixed(inner, kind="digest"))) == ["a.xlsx"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("filename*=UTF-8''%E6%8A%95%E8%A8%B4.xlsx", "投訴.xlsx"),
        ("filename*=gb2312'zh-cn'%CD%B6%CB%DF.xlsx", "投诉.xlsx"),
        ("filename*0*=UTF-8''%E6%8A%95; filename*1*=%E8%A8%B4; filename*2=.xlsx", "投訴.xlsx"),
        ("filename*1=b.xlsx; filename*0=a", "ab.xlsx"),
        ("filename=old.xlsx; filename*=UTF-8''%E6%96%B0.xlsx", "新.xlsx"),
        ('filename="=?UTF-8?B?5oqV6Ki0Lnhsc3g=?="', "投訴.xlsx"),
        ("filename==?UTF-8?B?5oqV6Ki0Lnhsc3g=?=", "投訴.xlsx"),
        ('filename="=?gbk?Q?=CD=B6=CB=DF?= =?gbk?Q?.xlsx?="', "投诉.xlsx"),
        ('filename="%E6%8A%95%E8%A8%B4.xlsx"', "投訴.xlsx"),
        ('filename="%CD%B6%CB%DF.xlsx"', "投诉.xlsx"),
        ('filename="100%25.xlsx"', "100%25.xlsx"),
        ("filename=two words.xlsx", "two words.xlsx"),
        ('filename="a \\"quoted\\" name.xlsx"', "a _quoted_ name.xlsx"),
        ('filename="semi;colon.xlsx"', "semi;colon.xlsx"),
        ('filename="not closed.xlsx', "not closed.xlsx"),
        (b'filename="' + "投诉.xlsx".encode("gbk") + b'"', "投诉.xlsx"),
        # the second byte of 誠 is a backslash
        (b'filename="' + "誠成功.xlsx".encode("gbk") + b'"', "誠成功.xlsx"),
        (b'filename="' + "投訴.xlsx".encode() + b'"', "投訴.xlsx"),
        ('filename="=?big5?B?q8i2RC54bHN4?="', "客訴.xlsx"),
    ],
)
def test_names_in_every_writing(line: str | bytes, expected: str) -> None:
    line = line if isinstance(line, bytes) else line.encode()
    for field in (
        b"Content-Disposition: attachment; " + line,
        b"Content-Type: a/b; " + line.replace(b"filename", b"name"),
    ):
        assert names(read_message(mixed(part(field)))) == [expected]


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\forms\\投訴.xlsx", "投訴.xlsx"),
        ("/", "attachment-1.xlsx"),
        ("..", "attachment-1.xlsx"),
        ("a\0b\x1f.xlsx", "ab.xlsx"),
        ("form\u202exslx.exe", "formxslx.exe"),
        ('a<b>:"|?*.xlsx', "a_b______.xlsx"),
        ("con.xlsx", "_con.xlsx"),
        ("字" * 200 + ".xlsx", "字" * 58 + ".xlsx"),
    ],
)
def test_names_are_safe_to_write(given: str, safe: str) -> None:
    coded = base64.b64encode(given.encode()).decode()
    message = read_message(mixed(part(f'Content-Type: {TYPE}; name="=?utf-8?B?{coded}?="')))
    assert names(message) == [safe]


@given(st.text(max_size=300), st.sampled_from([TYPE, "a/b", "text/plain"]))
def test_no_name_leaves_its_folder(given_name: str, media_type: str) -> None:
    name = file_name(given_name, media_type, b"", 1)
    assert name == PurePosixPath(name).name == PureWindowsPath(name).name
    assert name.strip(" .") != ""
    assert len(name.encode("utf-8", "replace")) <= 200
    assert not any(ord(character) < 32 for character in name)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (SHEET, True),
        (zipped("xl/workbook.bin"), True),
        (zipped("[Content_Types].xml"), True),
        (
            zipped("mimetype", "content.xml").replace(
                b"x" * 46, b"application/vnd.oasis.opendocument.spreadsheet", 1
            ),
            True,
        ),
        (SHEET[: len(SHEET) // 2], True),
        (OLD_SHEET, True),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), True),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", True),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), False),
        (zipped("[Content_Types].xml", "word/document.xml"), False),
        (zipped("photo.jpg"), False),
        (zipped("notes about xl/ files.txt"), False),
        (b"PK", False),
        (b"", False),
        (b"name,phone\r\n", False),
    ],
)
def test_a_workbook_is_told_by_its_bytes(content: bytes, expected: bool) -> None:
    for name in ("a.xlsx", "a.pdf"):
        assert is_spreadsheet(Attachment(name, "a/b", content, "", inline=False)) is expected


@pytest.mark.parametrize(
    "content",
    [
        base64.b64encode(SHEET).rstrip(b"="),
        base64.encodebytes(SHEET).replace(b"\n", b" \r\n\t"),
        b"!" + base64.encodebytes(SHEET).replace(b"\n", b"\n-"),
        base64.b64encode(SHEET[:100]) + b"\r\n" + base64.b64encode(SHEET[100:]),
    ],
    ids=["no padding", "white space", "strange characters", "two texts in a row"],
)
def test_careless_base64_is_read(content: bytes) -> None:
    head = f"Content-Type: {TYPE}\r\nContent-Transfer-Encoding: BASE64\r\n\r\n".encode()
    (found,) = read_message(mixed(head + content)).attachments
    assert found.content == SHEET


def test_a_multipart_without_its_boundary_or_end_still_yields_its_form() -> None:
    raw = mixed(part(f"Content-Type: {TYPE}; name=a.xlsx"))
    unnamed = read_message(raw.replace(b'; boundary="--=_b"', b""))
    assert names(unnamed) == ["a.xlsx"]
    assert "multipart without its boundary" in unnamed.defects
    unended = read_message(raw.removesuffix(b"----=_b--\r\n"))
    assert names(unended) == ["a.xlsx"]
    assert "multipart without its end" in unended.defects


def test_an_unknown_transfer_encoding_is_a_defect_and_the_bytes_are_kept() -> None:
    message = read_message(b"Content-Type: a/b\r\nContent-Transfer-Encoding: wrong\r\n\r\nbytes")
    assert message.attachments[0].content == b"bytes"
    assert message.defects[0] == "unknown transfer encoding wrong"


def test_depth_is_bounded() -> None:
    levels = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(5000)
    )
    message = read_message(levels)
    assert "nested too deeply" in message.defects
    assert len(message.attachments) == 1


def test_the_number_of_parts_is_bounded() -> None:
    message = read_message(mixed(*[part("Content-Type: a/b", content=b"x")] * 2000))
    assert "too many parts" in message.defects
    assert 400 < len(message.attachments) <= 500
