"""What went wrong with single mails in other products: each report of it, as the mail that caused it."""

import base64

import pytest

from mailer.message import Message, is_spreadsheet, read_message

SHEET = b"PK\x03\x04" + b"\0" * 22 + b"\x13\0\0\0[Content_Types].xml xl/workbook.xml"
TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def mixed(*parts: bytes, boundary: bytes = b"b") -> Message:
    return read_message(
        b"From: lin@example.com\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=" + boundary + b"\r\n\r\n"
        + b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
        + b"--" + boundary + b"--\r\n"
    )  # fmt: skip


def coded(*lines: bytes) -> bytes:
    head = b"".join(line + b"\r\n" for line in lines)
    return head + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(SHEET)


def only_name(*lines: bytes) -> str:
    (found,) = mixed(coded(*lines)).attachments
    assert found.content == SHEET
    return found.name


def test_paperless_ngx_6827_a_file_without_a_disposition_is_no_less_a_file() -> None:
    boundary = (
        b"--boundary_160_efebf789-ff64-4a9e-80e4-e81d09b55916"  # it begins with the dashes that set it apart
    )
    part = coded(b"Content-Type: application/octet-stream; name=form.xlsx")
    (found,) = mixed(part, boundary=boundary).attachments
    assert (found.name, found.content) == ("form.xlsx", SHEET)
    assert is_spreadsheet(found)


@pytest.mark.parametrize("kind", [TYPE, b"application/octet-stream"])
def test_paperless_ngx_865_a_file_shown_inline_is_taken(kind: bytes) -> None:
    part = coded(
        b"Content-Disposition: inline;\r\n\tfilename=form.xlsx",
        b"Content-Type: " + kind + b";\r\n\tx-unix-mode=0644",
    )
    (found,) = mixed(
        b"Content-Type: text/plain\r\n\r\nsee below", part, b"Content-Type: text/plain\r\n\r\nLin"
    ).attachments
    assert (found.name, found.inline) == ("form.xlsx", True)
    assert is_spreadsheet(found)


@pytest.mark.parametrize(
    "kind", [b"application/octet-stream", b"application/x-msdownload", b"application/zip", b"image/png"]
)
def test_paperless_ngx_11242_the_type_that_a_mailer_gives_a_form_does_not_matter(kind: bytes) -> None:
    part = coded(
        b"Content-Type: " + kind + b"; name=form.xlsx", b"Content-Disposition: attachment; filename=form.xlsx"
    )
    (found,) = mixed(part).attachments
    assert is_spreadsheet(found)
    assert found.content == SHEET


_DEFECTIVE = {
    "empty": b"",
    "no from": b"Subject: x\r\n\r\ntext",
    "from without address": b"From: Lin\r\n\r\ntext",
    "broken from": b"From: <<>>@@,;:\"\r\n\r\ntext",
    "two froms": b"From: a@b.c\r\nFrom: d@e.f\r\n\r\ntext",
    "broken date": b"From: a@b.c\r\nDate: 32 Foo 99999 25:61 +99999\r\n\r\ntext",
    "huge date": b"From: a@b.c\r\nDate: Mon, 01 Jan 9999 00:00:00 -9999\r\n\r\ntext",
    "no such charset": b"From: a@b.c\r\nContent-Type: text/plain; charset=x-nowhere\r\n\r\n\xff\xfe",
    "charset that is code": b"From: a@b.c\r\nContent-Type: text/plain; charset=unicode_escape\r\n\r\n\\x",
    "charset of ten": b"From: a@b.c\r\nContent-Type: text/plain; charset=\"utf-8;utf-8\"\r\n\r\n\xe6",
    "broken base64": b"From: a@b.c\r\nContent-Transfer-Encoding: base64\r\n\r\n=====A",
    "broken quoted": b"From: a@b.c\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ=",
    "broken uuencoding": b"From: a@b.c\r\nContent-Transfer-Encoding: uuencode\r\n\r\nbegin 644 a\nM\xff\xff\n",
    "no boundary": b"From: a@b.c\r\nContent-Type: multipart/mixed\r\n\r\n--b\r\n\r\ntext",
    "endless boundary": b"From: a@b.c\r\nContent-Type: multipart/mixed; boundary=" + b"b" * 5000 + b"\r\n\r\ntext",
    "boundary of nothing": b'From: a@b.c\r\nContent-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n\r\ntext\r\n----',
    "header in a header": b"From: a@b.c\r\nSubject: =?utf-8?B?DQpCY2M6IHhAeS56?=\r\n\r\ntext",
    "nul bytes": b"From: a@b.c\0\r\nSubject: a\0b\r\n\r\nte\0xt",
    "surrogates": b"From: a@b.c\r\nSubject: =?utf-8?Q?=ED=A0=80?=\r\nContent-Type: text/html\r\n\r\n&#xD800;",
    "no blank line": b"From: a@b.c\r\nSubject: x",
    "8-bit names": b"From: \xff\xfe <a@b.c>\r\n\xff\xfe: x\r\n\r\ntext",
    "message of nothing": b"From: a@b.c\r\nContent-Type: message/rfc822\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("raw", _DEFECTIVE.values(), ids=_DEFECTIVE)
def test_paperless_ng_404_freescout_4740_freescout_4624_glpi_24200_a_defective_mail_is_read_all_the_same(
    raw: bytes,
) -> None:
    message = read_message(raw)
    assert not any(defect.startswith("unreadable") for defect in message.defects), message.defects
    assert message.text or message.attachments or message.defects
    for text in (message.subject, message.text, message.sender.name, message.message_id):
        text.encode()
        assert "\0" not in text
    assert "\n" not in message.subject


@pytest.mark.parametrize(
    "line",
    [
        b'filename="' + "客户投诉登记表.xlsx".encode("gbk") + b'"',
        b"filename=" + "客户投诉登记表.xlsx".encode("gbk"),
        b'filename="=?gbk?B?' + base64.b64encode("客户投诉登记表.xlsx".encode("gbk")) + b'?="',
        b'filename="=?gb2312?B?' + base64.b64encode("客户投诉登记表.xlsx".encode("gbk"))[:24] + b"?=\r\n\t=?gb2312?B?"
        + base64.b64encode("客户投诉登记表.xlsx".encode("gbk"))[24:] + b'?="',
        b"filename*=GBK''%BF%CD%BB%A7%CD%B6%CB%DF%B5%C7%BC%C7%B1%ED.xlsx",
    ],
)  # fmt: skip
def test_osticket_pr_2000_names_in_gbk_are_read(line: bytes) -> None:
    assert only_name(
        b"Content-Type: application/octet-stream", b"Content-Disposition: attachment; " + line
    ) == ("客户投诉登记表.xlsx")


def test_glpi_8986_a_name_in_two_encoded_words_without_a_space_between_is_one_name() -> None:
    words = b"=?UTF-8?Q?=E5=8A=9E=E5=85?==?UTF-8?Q?=AC=E7=94=A8=E5?==?UTF-8?Q?=93=81.xlsx?="
    assert only_name(b"Content-Type: " + TYPE + b'; name="' + words + b'"') == "办公用品.xlsx"


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "big5"])
def test_imap_tools_220_a_name_in_raw_bytes_is_read(codec: str) -> None:
    name = "客訴登記表.xls"
    raw = b'"' + name.encode(codec) + b'"'
    assert name == only_name(
        b"Content-Disposition: attachment; filename=" + raw,
        b"Content-Type: application/vnd.ms-excel; name=" + raw,
    )


@pytest.mark.parametrize(
    "value",
    [
        b'"=?utf-8?B?5oqV6K+J?= =?gbk?B?tce8x7Ht?= =?utf-8?Q?.xlsx?="',
        b'"=?utf-8?B?5oqV6K+J?=\r\n\t=?gb2312?Q?=B5=C7=BC=C7=B1=ED?=.xlsx"',
        b'"=?utf-8?B?' + base64.b64encode(b"=?utf-8?B?5oqV6K+J55m76K6w6KGoLnhsc3g=?=") + b'?="',
    ],
)
def test_imap_tools_33_a_name_in_several_encodings_is_one_name(value: bytes) -> None:
    assert (
        only_name(b"Content-Type: " + TYPE, b"Content-Disposition: attachment; filename=" + value)
        == "投诉登记表.xlsx"
    )


def test_a_line_that_a_gateway_broke_does_not_end_the_header() -> None:
    message = read_message(
        b"Received: by a\r\nquite Delivered-To: x\r\n(another stray line)\r\nFrom: lin@example.com\r\nSubject: x\r\n"
        b"\r\nFrom the shop:\r\nSubject: none"
    )
    assert (message.sender.email, message.subject) == ("lin@example.com", "x")
    assert message.text == "From the shop:\nSubject: none"


@pytest.mark.parametrize(
    "encoding",
    [b"Quoted Printable", b"quoted_printable", b"QUOTED-PRINTABLE (by a gateway)", b'"quoted-printable"'],
)
def test_transfer_encodings_are_known_however_they_are_spelt(encoding: bytes) -> None:
    raw = b"From: a@b.c\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n=E6=8A=95=E8=AF=89"
    assert read_message(raw).text == "投诉"
    assert read_message(raw).defects == ()


@pytest.mark.parametrize("encoding", [b"8bits", b"7-bit", b"plain", b"8BIT"])
def test_no_transfer_encoding_is_none_by_any_name(encoding: bytes) -> None:
    raw = b"From: a@b.c\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + "投诉=20".encode()
    assert (read_message(raw).text, read_message(raw).defects) == ("投诉=20", ())


def test_what_a_macintosh_keeps_beside_a_file_is_not_taken_for_it() -> None:
    beside = b"Content-Type: application/applefile; name=form.xlsx\r\nContent-Transfer-Encoding: base64\r\n\r\nAAUWBwAC"
    file = coded(b"Content-Type: " + TYPE + b"; name=form.xlsx")
    double = (
        b"Content-Type: multipart/appledouble; boundary=d\r\n\r\n--d\r\n" + beside + b"\r\n--d\r\n" + file
    )
    (found,) = mixed(double + b"\r\n--d--\r\n").attachments
    assert (found.name, found.content) == ("form.xlsx", SHEET)
