"""What a mail says: who wrote it, what it answers, its words, and whether a person wrote it at all."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailer.message import Message, read_message

RARE = "朱镕基喆"  # characters that gb2312 has not, sent under its name every day


def headers(*lines: str) -> Message:
    return read_message(("\r\n".join(lines) + "\r\n\r\nText\r\n").encode())


def sender(value: str) -> tuple[str, str]:
    address = headers(f"From: {value}").sender
    return address.email, address.name


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("staff@example.com", ("staff@example.com", "")),
        ("<staff@example.com>", ("staff@example.com", "")),
        ('"Lee, Ann" <staff@example.com>', ("staff@example.com", "Lee, Ann")),
        ("staff@example.com (Ann Lee)", ("staff@example.com", "Ann Lee")),
        ("Ann (who else?) Lee <staff@example.com>", ("staff@example.com", "Ann Lee")),
        ("=?utf-8?B?5p2O5ZOBLOeOiw==?= <staff@example.com>", ("staff@example.com", "李品,王")),
        ("Ann Lee staff@example.com", ("staff@example.com", "Ann Lee")),
        ("Staff: a@example.com, b@example.com;", ("a@example.com", "")),
        ("<@relay.example.com:staff@example.com>", ("staff@example.com", "")),
        ("李品 <mailto:staff@example.com>", ("staff@example.com", "李品")),
        ('"odd name"@example.com', ('"odd name"@example.com', "")),
        ("undisclosed-recipients:;", ("", "")),
        ("nobody at all", ("", "nobody at all")),
        ("", ("", "")),
    ],
)
def test_the_sender_in_every_form(value: str, expected: tuple[str, str]) -> None:
    assert sender(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        '"boss@example.com" <thief@example.net>',
        "boss@example.com <thief@example.net>",
        '"<boss@example.com>" <thief@example.net>',
        "(<boss@example.com>) <thief@example.net>",
        "=?utf-8?Q?=3Cboss=40example.com=3E?= <thief@example.net>",
    ],
)
def test_an_address_in_the_name_is_not_the_sender(value: str) -> None:
    assert sender(value)[0] == "thief@example.net"


@pytest.mark.parametrize(
    "value", ["a@b@example.com", "boss@example.com thief@example.net", "<staff@>", "<a b@c.d>"]
)
def test_an_address_that_could_be_two_is_none(value: str) -> None:
    assert sender(value)[0] == ""


def test_several_senders_are_a_defect() -> None:
    assert "several senders" in headers("From: a@example.com", "From: b@example.com").defects
    assert "several senders" in headers("From: a@example.com, b@example.com").defects
    assert headers("From: a@example.com", "From: b@example.com").sender.email == "a@example.com"


def test_recipients_and_reply_to_are_lists() -> None:
    message = headers("From: a@b.c", "To: x@b.c, Group: y@b.c, z@b.c;", "To: w@b.c", 'Reply-To: "R" <r@b.c>')
    assert [address.email for address in message.to] == ["x@b.c", "y@b.c", "z@b.c", "w@b.c"]
    assert [(address.email, address.name) for address in message.reply_to] == [("r@b.c", "R")]


@pytest.mark.parametrize("label", ["gb2312", "GBK", "x-gbk", "gb18030", "cp936"])
def test_chinese_labels_are_read_as_gb18030(label: str) -> None:
    word = base64.b64encode(RARE.encode("gb18030")).decode()
    assert headers(f"Subject: =?{label}?B?{word}?=").subject == RARE
    raw = f"From: a@b.c\r\nContent-Type: text/plain; charset={label}\r\n\r\n".encode() + RARE.encode(
        "gb18030"
    )
    assert read_message(raw).text == RARE


@pytest.mark.parametrize("codec", ["gb18030", "utf-8"])
def test_raw_bytes_in_a_header_are_read(codec: str) -> None:
    raw = (
        b"From: " + "客訴中心".encode(codec) + b" <a@b.c>\r\nSubject: " + "投訴單".encode(codec) + b"\r\n\r\n"
    )
    message = read_message(raw)
    assert (message.subject, message.sender.name, message.sender.email) == ("投訴單", "客訴中心", "a@b.c")


def test_raw_big5_is_read_when_another_part_says_big5() -> None:
    raw = b"Subject: " + "客訴單".encode("big5") + b"\r\nContent-Type: text/plain; charset=big5\r\n\r\n"
    message = read_message(raw + "碁裡的抱怨".encode("cp950"))
    assert (message.subject, message.text) == ("客訴單", "碁裡的抱怨")


def test_a_broken_byte_costs_one_character_and_no_more() -> None:
    raw = (
        b"Content-Type: text/plain; charset=big5\r\n\r\n"
        + "客訴".encode("big5")
        + b"\xff"
        + "處理".encode("big5")
    )
    text = read_message(raw).text
    assert text.startswith("客訴")
    assert text.endswith("處理")


def test_a_broken_byte_does_not_make_gb2312_narrow_again() -> None:
    raw = b"Content-Type: text/plain; charset=gb2312\r\n\r\n" + RARE.encode("gb18030") + b"\xff end"
    assert read_message(raw).text.startswith(RARE)


def test_half_a_character_of_utf_16_in_utf_7_can_still_be_written() -> None:
    message = read_message(b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA- text")
    assert message.text.encode().endswith(b"text")


def test_a_character_cut_between_two_encoded_words_is_joined() -> None:
    whole = "投訴單".encode()
    first, second = (base64.b64encode(half).decode() for half in (whole[:4], whole[4:]))
    assert headers(f"Subject: =?utf-8?B?{first}?=", f" =?UTF-8?B?{second}?= end").subject == "投訴單 end"


def test_a_subject_is_one_line_without_hidden_characters() -> None:
    assert headers("Subject: a", " b", "\tc\x07\u202ed\u200b").subject == "a b cd"


@pytest.mark.parametrize("label", ["rot13", "unicode_escape", "punycode", "idna", "nonsense", "undefined"])
def test_what_is_no_charset_is_not_used_as_one(label: str) -> None:
    message = read_message(f"Content-Type: text/plain; charset={label}\r\n\r\nText 客訴".encode())
    assert message.text == "Text 客訴"


def test_ids_keep_their_brackets_and_lose_their_folds() -> None:
    message = headers(
        "Message-ID: <one@x>", "In-Reply-To: <root@x> (Ann's mail)", "References: <a@x>", " <b@\tx><c@x>"
    )
    assert message.message_id == "<one@x>"
    assert message.in_reply_to == "<root@x>"
    assert message.references == ("<a@x>", "<b@x>", "<c@x>")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Message-ID: one@x", "<one@x>"),
        ("Message-ID: strange", "<strange>"),
        ("Message-ID:", ""),
        ("X: y", ""),
    ],
)
def test_an_odd_or_missing_message_id(line: str, expected: str) -> None:
    assert headers(line).message_id == expected


def test_references_without_brackets_and_with_rubbish_are_read() -> None:
    assert headers("References: a@x, b@x").references == ("<a@x>", "<b@x>")
    assert headers("References: <a@x> rubbish <b@x").references == ("<a@x>",)
    assert headers("References: nothing").references == ()


def test_dates_are_aware() -> None:
    expected = datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=8)))
    assert headers("Date: Sun, 22 Nov 2026 09:00:00 +0800").date == expected
    assert headers("Date: 22 Nov 2026 09:00:00 -0000").date == datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", ["", "yesterday", "Sun, 99 Nov 2026 09:00:00 +0800", "1 Jan 99999999999 00:00:00"]
)
def test_a_date_that_is_none_is_none(value: str) -> None:
    assert headers(f"Date: {value}").date is None


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner=x",
        "Precedence: bulk",
        "Precedence: LIST",
        "Precedence: junk",
        "List-Id: <news.example.com>",
        "Return-Path: <>",
        "Return-Path: < >",
        "Content-Type: multipart/report; boundary=x",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "X-Auto-Response-Suppress: All",
        "X-Autoreply: yes",
        "From: MAILER-DAEMON@example.com",
    ],
)
def test_what_no_person_wrote_is_automatic(line: str) -> None:
    message = headers(line)
    assert message.automatic
    assert message.automatic_reason


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: no",
        "Precedence: first-class",
        "Return-Path: <ann@example.com>",
        "From: ann@example.com",
    ],
)
def test_what_a_person_wrote_is_not(line: str) -> None:
    assert not headers(line).automatic


def test_plain_text_is_taken_before_html() -> None:
    raw = (
        b"Content-Type: multipart/alternative; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/html\r\n\r\n<p>as page</p>\r\n"
        b"--x\r\nContent-Type: text/plain\r\n\r\nas text\r\n--x--\r\n"
    )
    assert read_message(raw).text == "as text"


def test_html_alone_is_read_as_text() -> None:
    page = (
        "<html><head><title>no</title><style>p { color: red }</style></head><body>"
        "<!-- hidden <b>too</b> --><!--[if mso]><xml>mso</xml><![endif]-->"
        "<p>第一行&nbsp;&amp; more</p><script>alert('<p>no</p>')</script>"
        "<table><tr><td>a</td><td>b</td></tr></table>1 < 2<br/>end</body></html>"
    )
    message = read_message(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + page.encode())
    assert message.text == "第一行 & more\n\na\tb\n\n1 < 2\nend"


def test_an_empty_plain_part_does_not_hide_the_html() -> None:
    raw = (
        b"Content-Type: multipart/alternative; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/plain\r\n\r\n \r\n"
        b"--x\r\nContent-Type: text/html\r\n\r\n<b>page</b>\r\n--x--\r\n"
    )
    assert read_message(raw).text == "page"


def test_a_forwarded_mails_words_and_sender_are_not_the_forwarders() -> None:
    raw = (
        b"From: forwarder@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        b"--x\r\nContent-Type: text/plain\r\n\r\nplease see\r\n"
        b"--x\r\nContent-Type: message/rfc822\r\n\r\nFrom: customer@example.net\r\n\r\nI complain\r\n--x--\r\n"
    )
    message = read_message(raw)
    assert message.sender.email == "forwarder@example.com"
    assert message.text.strip() == "please see"


def test_exchanges_notice_in_place_of_a_mail_is_named() -> None:
    raw = b"From: a@b.c\r\n\r\nRetrieval using the IMAP4 protocol failed for the following message: 12\r\n"
    assert "the server put a notice in place of the mail" in read_message(raw).defects


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"\0", b"no header at all", b":\r\n\r\n", b"Subject: cut", b"\xff" * 99]
)
def test_hardly_a_mail_at_all(raw: bytes) -> None:
    message = read_message(raw)
    assert message.message_id == ""
    assert "no sender" in message.defects


def test_a_mark_of_order_old_line_ends_and_a_mailbox_line_are_passed_over() -> None:
    assert read_message(b"\xef\xbb\xbfSubject: a\r\n\r\nx").subject == "a"
    assert read_message(b"\r\n\r\nSubject: a\r\n\r\nx").subject == "a"
    old = read_message(b"Subject: a\rFrom: x@y.z\r\rtext\rmore")
    assert (old.subject, old.sender.email, old.text) == ("a", "x@y.z", "text\nmore")
    assert read_message(b"From x@y.z Sun Nov 22 09:00:00 2026\nSubject: a\n\nx").subject == "a"


def test_words_and_addresses_are_not_shown_in_logs() -> None:
    message = read_message(b"From: a@b.c\r\nSubject: private\r\n\r\nmy telephone")
    assert "private" not in repr(message)
    assert "telephone" not in repr(message)


def test_headers_can_be_asked_for_by_name() -> None:
    message = headers(
        "Authentication-Results: mx; spf=pass", "X: y", "authentication-results: other; spf=fail"
    )
    assert message.header("Authentication-Results") == ("mx; spf=pass", "other; spf=fail")
