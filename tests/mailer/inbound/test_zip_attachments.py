"""Forms and photos in a .zip are taken; whatever stays shut, of any archive, says why."""

import base64
import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.message import Message, Unopened, is_spreadsheet, read_message
from tests.guards import no_endless_work

DEFLATED, STORED = zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED


def zipped(files: dict[str, bytes], method: int = DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


SHEET = zipped({"[Content_Types].xml": b"<a/>", "xl/workbook.xml": b"<b/>"})
PHOTO = b"\xff\xd8\xff\xe0 photo"


def by_hand(
    name: bytes, content: bytes = SHEET, *, flags: int = 0, method: int = 0, extra: bytes = b""
) -> bytes:
    """A zip of one stored file whose name is exactly these bytes."""
    crc = zlib.crc32(content)
    sizes = struct.pack("<IIIHH", crc, len(content), len(content), len(name), len(extra))
    local = b"PK\x03\x04" + struct.pack("<HHHHH", 20, flags, method, 0, 0) + sizes + name + extra
    entry = b"PK\x01\x02" + struct.pack("<HHHHHH", 20, 20, flags, method, 0, 0) + sizes
    entry += struct.pack("<HHHII", 0, 0, 0, 0, 0) + name + extra
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(entry), len(local) + len(content), 0)
    return local + content + entry + end


def mail(*files: tuple[str, bytes], media_type: str = "application/zip", head: bytes = b"") -> Message:
    parts = b"".join(
        f'--b\r\nContent-Type: {media_type}; name="=?utf-8?B?{base64.b64encode(name.encode()).decode()}?="\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n".encode()
        + base64.encodebytes(content)
        + b"\r\n"
        for name, content in files
    )
    return read_message(
        b"From: a@b.c\r\n"
        + head
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + parts
        + b"--b--\r\n"
    )


def names(message: Message) -> list[str]:
    return [found.name for found in message.attachments]


def shut(message: Message) -> list[tuple[str, Unopened]]:
    return [each for found in message.attachments for each in found.unopened]


@pytest.mark.parametrize("method", [DEFLATED, STORED], ids=["packed", "stored"])
@pytest.mark.parametrize(
    "media_type", ["application/zip", "application/x-zip-compressed", "application/octet-stream"]
)
def test_files_in_a_zip_are_attachments_named_after_both(method: int, media_type: str) -> None:
    archive = zipped({"客诉/": b"", "客诉/表单.xlsx": SHEET, "客诉/照片.jpg": PHOTO}, method)
    message = mail(("投诉.zip", archive), media_type=media_type)
    assert [(found.name, found.content) for found in message.attachments] == [
        ("投诉.zip › 表单.xlsx", SHEET),
        ("投诉.zip › 照片.jpg", PHOTO),
    ]
    assert [found.media_type.partition("/")[0] for found in message.attachments] == ["application", "image"]
    assert [is_spreadsheet(found) for found in message.attachments] == [True, False]
    assert shut(message) == []


def test_a_zip_in_a_zip_is_opened_and_one_deeper_is_not() -> None:
    inner = zipped({"a.xlsx": SHEET})
    assert names(mail(("o.zip", zipped({"i.zip": inner})))) == ["o.zip › i.zip › a.xlsx"]
    deeper = mail(("o.zip", zipped({"i.zip": zipped({"d.zip": inner}), "b.xlsx": SHEET})))
    assert names(deeper) == ["o.zip › b.xlsx", "o.zip"]
    assert shut(deeper) == [("i.zip › d.zip", Unopened.TOO_DEEP)]


@pytest.mark.parametrize(
    "content",
    [
        SHEET,
        zipped({"word/document.xml": b"<a/>", "[Content_Types].xml": b"<a/>"}),
        zipped(
            {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<a/>"}, STORED
        ),
        zipped({"META-INF/MANIFEST.MF": b"", "a.class": b""}),
    ],
    ids=["workbook", "text", "open document", "program"],
)
@pytest.mark.parametrize("name", ["file.zip", "file.xlsx", "file"])
def test_documents_that_are_zip_files_inside_stay_whole(content: bytes, name: str) -> None:
    (found,) = mail((name, content)).attachments
    assert (found.name, found.content, found.unopened) == (name, content, ())


@pytest.mark.parametrize("name", ["form.xlsx", "form.xls", "form", "ATT0001.dat", "form.ZIP"])
def test_a_zip_under_another_name_is_opened(name: str) -> None:
    message = mail((name, zipped({"real.xlsx": SHEET}, STORED)), media_type="application/octet-stream")
    assert names(message) == [f"{name} › real.xlsx"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("投诉登记表.xlsx".encode("gbk"), "投诉登记表.xlsx"),
        ("客戶抱怨處理單.xlsx".encode("big5"), "客戶抱怨處理單.xlsx"),
        ("投诉登记表.xlsx".encode(), "投诉登记表.xlsx"),
        ("Überprüfung.xlsx".encode("cp437"), "Überprüfung.xlsx"),
        (b"..\\..\\windows\\a.xlsx", "a.xlsx"),
        (b"../../etc/a.xlsx", "a.xlsx"),
        (b"C:\\forms\\a.xlsx", "a.xlsx"),
        (b"a\0b.xlsx", "ab.xlsx"),
        (b".xlsx", "attachment-1.xlsx"),
        (b"con.xlsx", "_con.xlsx"),
        ("長".encode() * 90 + b".xlsx", "長" * 55 + ".xlsx"),
    ],
)
def test_names_in_any_charset_are_read_and_lead_nowhere(raw: bytes, expected: str) -> None:
    assert names(mail(("o.zip", by_hand(raw)))) == [f"o.zip › {expected}"]


def test_a_long_name_of_the_archive_does_not_push_out_that_of_the_file() -> None:
    (name,) = names(mail(("長" * 90 + ".zip", zipped({"a.xlsx": SHEET}))))
    assert name.endswith("長.zip › a.xlsx")
    assert len(name.encode()) <= 80


def test_a_name_in_utf_8_counts_by_its_flag_or_its_extra_field() -> None:
    name = "诉.xlsx"
    assert names(mail(("o.zip", by_hand(name.encode(), flags=0x800)))) == [f"o.zip › {name}"]
    beside = struct.pack("<HHBI", 0x7075, 5 + len(name.encode()), 1, zlib.crc32(b"?.xlsx")) + name.encode()
    assert names(mail(("o.zip", by_hand(b"?.xlsx", extra=beside)))) == [f"o.zip › {name}"]


def test_what_another_part_says_of_its_charset_helps_with_names_that_could_be_both() -> None:
    archive = by_hand("高雄.xlsx".encode("big5"))
    assert names(mail(("o.zip", archive), head=b"Subject: =?big5?B?q8i2RA==?=\r\n")) == ["o.zip › 高雄.xlsx"]


@pytest.mark.parametrize("flags", [1, 0x41, 0x801])
def test_encrypted_files_say_that_they_need_a_password(flags: int) -> None:
    message = mail(("o.zip", by_hand(b"a.xlsx", flags=flags)))
    assert names(message) == ["o.zip"]
    assert shut(message) == [("a.xlsx", Unopened.PASSWORD)]


def test_an_archive_that_holds_a_workbook_unpacked_is_no_workbook() -> None:
    archive = bytearray(zipped({"a.xlsx": SHEET, "b.xlsx": SHEET}, STORED))
    archive[archive.rindex(b"PK\x01\x02") + 8] |= 1
    taken, kept = mail(("o.zip", bytes(archive))).attachments
    assert is_spreadsheet(taken)
    assert not is_spreadsheet(kept)


def test_what_is_not_encrypted_beside_it_is_taken() -> None:
    archive = bytearray(zipped({"a.xlsx": SHEET, "b.xlsx": SHEET}))
    at = archive.rindex(b"PK\x01\x02")
    archive[at + 8] |= 1
    message = mail(("o.zip", bytes(archive)))
    assert names(message) == ["o.zip › a.xlsx", "o.zip"]
    assert shut(message) == [("b.xlsx", Unopened.PASSWORD)]


@pytest.mark.parametrize(
    ("method", "reason"), [(99, Unopened.PASSWORD), (9, Unopened.METHOD), (14, Unopened.METHOD)]
)
def test_files_packed_in_uncommon_ways_are_named(method: int, reason: Unopened) -> None:
    assert shut(mail(("o.zip", by_hand(b"a.xlsx", method=method)))) == [("a.xlsx", reason)]


@pytest.mark.parametrize(
    "content",
    [
        zipped({"a.xlsx": SHEET})[:-30],
        b"PK\x03\x04 and no more",
        b"not a zip at all",
        b"",
        zipped({"a.xlsx": b"x" * 1000}).replace(
            b"PK\x05\x06\0\0\0\0\1\0\1\0", b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff"
        ),
    ],
    ids=["cut off", "a beginning", "other bytes", "nothing", "a directory that lies"],
)
def test_damaged_archives_say_so_or_yield_what_they_hold(content: bytes) -> None:
    message = mail(("o.zip", content))
    assert shut(message) == [("", Unopened.DAMAGED)] or names(message) == ["o.zip › a.xlsx"]


def test_a_file_whose_bytes_are_damaged_is_named() -> None:
    archive = bytearray(zipped({"a.xlsx": SHEET, "b.xlsx": b"sound"}, STORED))
    archive[60] ^= 0xFF
    message = mail(("o.zip", bytes(archive)))
    assert shut(message) == [("a.xlsx", Unopened.DAMAGED)]
    assert names(message) == ["o.zip › b.xlsx", "o.zip"]


def test_an_empty_archive_and_one_of_rubbish_say_so() -> None:
    assert shut(mail(("o.zip", zipped({})))) == [("", Unopened.EMPTY)]
    rubbish = zipped({"__MACOSX/._a.xlsx": b"x", ".DS_Store": b"x", "a/Thumbs.db": b"x"})
    assert shut(mail(("o.zip", rubbish))) == [("", Unopened.EMPTY)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("photos.rar", b"Rar!\x1a\x07\x01\x00"),
        ("photos.7z", b"7z\xbc\xaf\x27\x1c"),
        ("photos.tar.gz", b"\x1f\x8b\x08\x00"),
        ("photos.bin", b"Rar!\x1a\x07\x00"),
        ("photos.tar", b"\0" * 257 + b"ustar"),
        ("photos.lzh", b"\x20\x00-lh5-"),
        ("photos.part1.rar", b"?"),
        ("photos.z01", b"?"),
    ],
)
def test_archives_of_other_kinds_are_kept_and_say_that_they_are_not_opened(name: str, content: bytes) -> None:
    message = mail((name, content), media_type="application/octet-stream")
    assert [(found.name, found.content) for found in message.attachments] == [(name, content)]
    assert shut(message) == [("", Unopened.OTHER_KIND)]
    within = mail(("o.zip", zipped({name: content, "a.xlsx": SHEET})))
    assert names(within) == ["o.zip › a.xlsx", "o.zip"]
    assert shut(within) == [(name, Unopened.OTHER_KIND)]


@pytest.mark.parametrize("name", ["a.jpg", "a.pdf", "a.docx", "REF.001", "a.dat"])
def test_other_files_are_no_archives(name: str) -> None:
    assert shut(mail((name, b"%PDF or whatever"), media_type="application/octet-stream")) == []


def bombs() -> Iterator[tuple[str, bytes, Unopened]]:
    zeros = b"\0" * 2**20
    yield "flat", zipped({"a.xlsx": zeros * 65}), Unopened.TOO_LARGE
    yield "many", zipped({f"{number}.jpg": zeros for number in range(301)}), Unopened.TOO_MANY
    yield (
        "nested",
        zipped({"i.zip": zipped({f"{number}": zeros * 60 for number in range(3)})}),
        Unopened.TOO_LARGE,
    )
    lying = bytearray(zipped({"a.xlsx": zeros * 40}))
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", lying, lying.index(signature) + at, 1000)
    yield "lying", bytes(lying), Unopened.DAMAGED
    yield "directory", b"PK\x03\x04" + b"PK\x01\x02" * 400_000, Unopened.TOO_MANY


@pytest.mark.parametrize(
    ("content", "reason"), [bomb[1:] for bomb in bombs()], ids=[bomb[0] for bomb in bombs()]
)
def test_a_bomb_is_not_unpacked(content: bytes, reason: Unopened) -> None:
    with no_endless_work():
        message = mail(("bomb.zip", content))
    assert {why for _, why in shut(message)} == {reason}


def test_all_archives_of_a_mail_share_one_bound() -> None:
    noise = bytes(range(256)) * 2**12  # 1 MB, packed well enough for a mail
    archive = zipped({f"{number}.bin": noise for number in range(3)})
    message = mail(*[(f"{number}.zip", archive) for number in range(4)])
    assert sum(len(found.content) for found in message.attachments if " › " in found.name) == 8 * 2**20
    assert {why for _, why in shut(message)} == {Unopened.TOO_LARGE}


def test_photos_that_do_not_swell_are_taken_however_large_they_are() -> None:
    photos = {f"{number}.jpg": random.Random(number).randbytes(6 * 2**20) for number in range(3)}
    message = mail(("photos.zip", zipped(photos)))
    assert [found.content for found in message.attachments] == list(photos.values())


def test_overlapping_entries_cost_no_more_than_the_bound() -> None:
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = kernel.compress(bytes(range(256)) * 2**12) + kernel.flush()
    size, crc = 2**20, zlib.crc32(bytes(range(256)) * 2**12)
    local = (
        b"PK\x03\x04"
        + struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, crc, len(packed), size, 1, 0)
        + b"a"
        + packed
    )
    entry = (
        b"PK\x01\x02"
        + struct.pack("<HHHHHHIIIHHHHHII", 20, 20, 0, 8, 0, 0, crc, len(packed), size, 1, 0, 0, 0, 0, 0, 0)
        + b"a"
    )
    directory = entry * 290
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 290, 290, len(directory), len(local), 0)
    message = mail(("o.zip", local + directory + end))
    assert sum(len(found.content) for found in message.attachments) <= 9 * 2**20
    assert shut(message)


@given(
    st.lists(st.sampled_from([b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", by_hand(b"a.xlsx"), zipped({"a": b"b"})])
             | st.binary(max_size=30), max_size=6).map(b"".join),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=4),
)  # fmt: skip
def test_any_bytes_are_opened_without_raising(content: bytes, changes: list[tuple[int, int]]) -> None:
    changed = bytearray(content)
    for place, byte in changes:
        if changed:
            changed[place % len(changed)] = byte
    message = mail(("o.zip", bytes(changed)))
    assert not any(defect.startswith("unreadable") for defect in message.defects), message.defects
    assert message.attachments
