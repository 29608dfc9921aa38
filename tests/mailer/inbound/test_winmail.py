"""What Outlook packs into winmail.dat is found as if it had been attached."""

import base64
import logging
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tnefparse import TNEF

from mailer import message_winmail
from mailer.message import Message, Unopened, read_message
from mailer.message_rtf import rtf_text
from mailer.message_winmail import read_winmail
from tests.guards import no_endless_work
from tests.mailer.inbound import tnef

SHEET = b"PK\x03\x04 a workbook \0\0"
NAME = "客户投诉登记表.xlsx"


def mail(
    packed: bytes, media_type: str = "application/ms-tnef", name: str = "winmail.dat", text: str = ""
) -> bytes:
    coded = base64.encodebytes(packed)
    part = (
        f'Content-Type: {media_type}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'.encode()
        + coded
    )
    if not text:
        return b"From: a@b.c\r\n" + part
    return (
        b"From: a@b.c\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
        + text.encode()
        + b"\r\n--b\r\n"
        + part
        + b"\r\n--b--\r\n"
    )


def found(message: Message) -> list[tuple[str, bytes]]:
    return [(each.name, each.content) for each in message.attachments]


def test_zammad_2403_files_in_winmail_dat_are_taken_as_attachments() -> None:
    packed = tnef.winmail(
        tnef.file(SHEET, b"KEHUTO~1.XLS", tnef.wide(0x3707, NAME)), tnef.file(b"\xff\xd8photo", b"photo.jpg")
    )
    message = read_message(mail(packed, text="请查收附件"))
    assert found(message) == [(NAME, SHEET), ("photo.jpg", b"\xff\xd8photo")]
    assert message.text == "请查收附件"
    assert message.defects == ()


@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        ("application/ms-tnef", "winmail.dat"),
        ("application/vnd.ms-tnef", "noname"),
        ("application/octet-stream", "ATT00001.dat"),
        ("text/plain", "form.xlsx"),
    ],
)
def test_winmail_dat_is_known_by_its_type_or_its_bytes(media_type: str, name: str) -> None:
    message = read_message(mail(tnef.winmail(tnef.file(SHEET, b"a.xlsx")), media_type, name))
    assert found(message) == [("a.xlsx", SHEET)]


@pytest.mark.parametrize(
    ("codepage", "title"),
    [(936, NAME.encode("gbk")), (950, "客戶抱怨.xlsx".encode("big5")), (65001, NAME.encode())],
)
def test_names_are_read_in_the_code_page_that_the_file_names(codepage: int, title: bytes) -> None:
    packed = tnef.winmail(tnef.file(SHEET, title), codepage=codepage)
    expected = "客戶抱怨.xlsx" if codepage == 950 else NAME
    assert found(read_message(mail(packed))) == [(expected, SHEET)]


def test_the_best_name_counts_whichever_comes_first() -> None:
    properties = (tnef.wide(0x3001, "shown"), tnef.wide(0x3707, NAME), tnef.narrow(0x3704, b"SHORT~1.XLS"))
    packed = tnef.winmail(tnef.file(SHEET, b"OLD.XLS", *properties))
    assert found(read_message(mail(packed))) == [(NAME, SHEET)]


def test_a_file_may_be_a_property_and_keeps_the_zeros_at_its_end() -> None:
    packed = tnef.winmail(tnef.file(b"", b"a.xlsx", tnef.binary(0x3701, SHEET)))
    assert found(read_message(mail(packed))) == [("a.xlsx", SHEET)]


def test_files_of_mails_within_are_taken_and_mails_without_end_are_not_followed() -> None:
    inner = tnef.winmail(tnef.file(SHEET, b"inner.xlsx"))
    packed = tnef.winmail(tnef.file(b"", b"Forwarded", tnef.embedded(inner)), tnef.file(b"x", b"outer.txt"))
    assert found(read_message(mail(packed))) == [("inner.xlsx", SHEET), ("outer.txt", b"x")]
    for _ in range(20):
        inner = tnef.winmail(tnef.file(b"", b"deeper", tnef.embedded(inner)))
    assert [each.name for each in read_message(mail(inner)).attachments] == ["deeper"]


def test_its_words_count_where_the_mail_has_no_others() -> None:
    plain = tnef.winmail(tnef.words(tnef.wide(0x1000, "已解决，客户满意")))
    assert read_message(mail(plain)).text == "已解决，客户满意"
    assert read_message(mail(plain, text="own words")).text == "own words"
    html = tnef.winmail(
        tnef.words(tnef.binary(0x1013, "<p>已解决</p>".encode("gbk")), tnef.number(0x3FDE, 936))
    )
    assert read_message(mail(html)).text == "已解决"
    old = tnef.winmail(tnef.attribute(0x800C, "已解决\0".encode("gbk"), level=1, kind=2))
    assert read_message(mail(old)).text == "已解决"


RTF = (
    rb"{\rtf1\ansi\ansicpg936\uc1{\fonttbl{\f0\fcharset134 SimSun;}}{\*\generator Outlook}"
    rb"\pard \'d2\'d1\'bd\'e2\'be\'f6\par {\b C\u233\'e9dric} \{1\}\par}"
)


def compressed(rtf: bytes) -> bytes:
    """Rich text in runs of eight letters each, without references ([MS-OXRTFCP])."""
    runs = b"".join(b"\0" + rtf[at : at + 8] for at in range(0, len(rtf), 8))
    return struct.pack("<II4sI", len(runs) + 12, len(rtf), b"LZFu", 0) + runs


def test_words_that_exist_only_as_rich_text_are_read() -> None:
    assert rtf_text(compressed(RTF)) == "已解决\nCédric {1}"
    stored = struct.pack("<II4sI", len(RTF) + 12, len(RTF), b"MELA", 0) + RTF
    packed = tnef.winmail(tnef.words(tnef.binary(0x1009, stored)))
    assert read_message(mail(packed)).text == "已解决\nCédric {1}"


def test_references_in_rich_text_are_followed() -> None:
    # The example of [MS-OXRTFCP] 3.1.1.1, and of 3.1.1.2, whose reference copies what it is just writing.
    example = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert rtf_text(example) == "hello world"
    overlapping = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert rtf_text(overlapping) == "WXYZWXYZWXYZWXYZWXYZ"


def test_a_cut_off_winmail_dat_yields_what_is_whole_and_says_that_something_is_missing() -> None:
    packed = tnef.winmail(tnef.file(SHEET, b"a.xlsx"), tnef.file(b"x" * 5000, b"b.xlsx"))[:-3000]
    message = read_message(mail(packed))
    assert found(message)[0] == ("a.xlsx", SHEET)
    assert message.attachments[-1].unopened == (("", Unopened.DAMAGED),)
    assert message.attachments[-1].content == packed
    assert "winmail.dat is damaged" in message.defects


def test_what_calls_itself_winmail_dat_and_is_none_is_said_to_be_damaged() -> None:
    message = read_message(mail(b"nothing of the kind"))
    assert message.attachments[0].unopened == (("", Unopened.DAMAGED),)
    assert read_message(mail(tnef.winmail() + b"\0\0\0 a gateway's line")).attachments == ()


@pytest.mark.parametrize(
    "block",
    [
        struct.pack("<I", 0xFFFFFFFF),
        struct.pack("<IHHI", 1, 0x1002, 1, 0xFFFFFFFF),
        struct.pack("<IHHI", 1, 0x1F, 1, 0xFFFFFFFF) + b"\0" * 4_000,
        struct.pack("<IHHI", 1, 0x1F, 1, 1) + b"\xff\xff\xff\xff",
        struct.pack("<IHH", 0xFFFF, 3, 0x9001) + b"\xff" * 60,
        struct.pack("<IHH", 1, 0x77, 1),
        struct.pack("<I", 0xFFFFFFFF) + tnef.number(1, 0) * 2_000,
    ],
)
def test_counts_that_lie_are_not_believed(block: bytes) -> None:
    raw = mail(tnef.winmail(tnef.attribute(0x9003, block, level=1), tnef.file(SHEET, b"a.xlsx")))
    with no_endless_work():
        assert found(read_message(raw)) == [("a.xlsx", SHEET)]


MANY = {
    "properties of the mail": [
        tnef.attribute(0x9003, tnef.properties(*[tnef.number(1, 0)] * 200_000), level=1)
    ],
    "values of a property": [
        tnef.words(struct.pack("<HHI", 0x101F, 0x1000, 200_000) + struct.pack("<I", 0) * 200_000)
    ],
    "properties of files": [tnef.file(b"", b"a", *[tnef.number(1, 0)] * 1_000)] * 200,
    "mails within": [tnef.file(b"", b"a", tnef.embedded(tnef.winmail()))] * 4_000,
    "attributes": [tnef.attribute(1, b"", level=1)] * 500_000,
    "files": [tnef.file(b"", b"a")] * 5_000,
}


@pytest.mark.parametrize("parts", MANY.values(), ids=MANY)
def test_more_than_any_mail_has_is_not_read_and_the_file_is_said_to_be_damaged(parts: list[bytes]) -> None:
    with no_endless_work():
        packed = read_winmail(tnef.winmail(tnef.file(SHEET, b"a.xlsx"), *parts))
    assert packed.damaged
    assert (packed.files[0].name, bytes(packed.files[0].content)) == ("a.xlsx", SHEET)
    assert len(packed.files) <= 500


def test_after_too_many_properties_files_are_taken_all_the_same() -> None:
    packed = read_winmail(tnef.winmail(*MANY["properties of the mail"], tnef.file(SHEET, b"a.xlsx")))
    assert [(each.name, bytes(each.content)) for each in packed.files] == [("a.xlsx", SHEET)]


def test_properties_beyond_the_bound_are_never_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    monkeypatch.setattr(
        message_winmail, "_behind_name", lambda _data, at, _identifier: looked.append(at) or at
    )
    read_winmail(tnef.winmail(*MANY["properties of the mail"], *MANY["properties of files"]))
    assert len(looked) == 50_000


def test_the_words_of_mails_within_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    unpacked: list[bytes] = []
    monkeypatch.setattr(message_winmail, "rtf_text", lambda rtf, _label: unpacked.append(rtf) or "words")
    inner = tnef.winmail(tnef.words(tnef.binary(0x1009, compressed(RTF))), tnef.file(SHEET, b"inner.xlsx"))
    forwarded = [tnef.file(b"", b"Forwarded", tnef.embedded(inner))] * 20
    packed = read_winmail(tnef.winmail(tnef.words(tnef.binary(0x1009, compressed(RTF))), *forwarded))
    assert (packed.text, unpacked) == ("words", [compressed(RTF)])
    assert [each.name for each in packed.files] == ["inner.xlsx"] * 20


def test_rich_text_that_claims_to_be_endless_is_read_to_its_bound() -> None:
    claimed = struct.pack("<II4sI", 0, 2**31, b"LZFu", 0) + b"\xff" + b"\x00\x00" * 8
    with no_endless_work():
        rtf_text(claimed + (b"\xff" + b"\xcf\xff" * 8) * 99_999)


def test_another_reader_of_winmail_dat_sees_the_same() -> None:
    logging.getLogger("tnefparse").setLevel(logging.CRITICAL)
    packed = tnef.winmail(
        tnef.words(tnef.wide(0x1000, "words")),
        tnef.file(SHEET, b"a.xlsx", tnef.wide(0x3707, "a.xlsx"), tnef.wide(0x370E, "a/b")),
        tnef.file(b"other", b"b.txt", tnef.wide(0x3707, NAME)),
        codepage=1252,
    )
    theirs, ours = TNEF(packed), read_winmail(packed)
    assert [(each.long_filename(), each.data) for each in theirs.attachments] == [
        (each.name, bytes(each.content)) for each in ours.files
    ]
    assert theirs.body == ours.text == "words"


_PIECES = st.sampled_from(
    [
        tnef.attribute(0x9002, b""),
        tnef.file(SHEET, b"a.xlsx"),
        tnef.words(tnef.wide(0x1000, "words"), tnef.binary(0x1009, compressed(RTF))),
        tnef.file(b"", b"in", tnef.embedded(tnef.winmail(tnef.file(b"x", b"y")))),
    ]
)


@given(
    st.lists(_PIECES | st.binary(max_size=40), max_size=8).map(b"".join),
    st.integers(0, 400),
    st.integers(0, 255),
)
def test_any_bytes_are_read_without_raising(parts: bytes, place: int, byte: int) -> None:
    packed = bytearray(tnef.winmail(parts))
    packed[min(4 + place, len(packed) - 1)] = byte
    message = read_message(mail(bytes(packed)))
    assert not any(defect.startswith("unreadable") for defect in message.defects), message.defects
