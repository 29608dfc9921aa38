"""The zip container: whatever way entries were written, what is not changed keeps its bytes."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheets.archive import Archive
from sheets.refusal import PatchRefused

CONTENT = {"a.xml": b"<a/>" * 500, "b/c.bin": bytes(range(256)) * 9, "空.xml": b"", "d.xml": b"<d/>"}


class Pipe(io.RawIOBase):
    """A stream that cannot seek, so that zipfile writes data descriptors behind the entries."""

    def __init__(self) -> None:
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        self.written += content
        return len(content)


def seekable(method: int = zipfile.ZIP_DEFLATED, *, zip64: bool = False, comment: bytes = b"") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as package:
        for name, content in CONTENT.items():
            with package.open(zipfile.ZipInfo(name), "w", force_zip64=zip64) as entry:
                entry.write(content)
        package.comment = comment
    return stream.getvalue()


def with_descriptors() -> bytes:
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in CONTENT.items():
            package.writestr(name, content)
    return bytes(pipe.written)


def with_zip64_directory() -> bytes:
    """Write sizes, offsets and the directory itself in their zip64 form, as writers of huge files always do."""
    body, directory = b"", b""
    for name, content in CONTENT.items():
        raw, size = name.encode(), len(content)
        shared = (45, 0x800, 0, 0, 0x21, zlib.crc32(content), 0xFFFFFFFF, 0xFFFFFFFF)
        extra = struct.pack("<2H3Q", 1, 24, size, size, len(body))
        lengths = (len(raw), len(extra), 0, 0, 0, 0, 0xFFFFFFFF)
        directory += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 45, *shared, *lengths) + raw + extra
        extra = struct.pack("<2H2Q", 1, 16, size, size)
        body += struct.pack("<4s5H3L2H", b"PK\x03\x04", *shared, len(raw), len(extra)) + raw + extra + content
    count, at = len(CONTENT), len(body) + len(directory)
    end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(directory), len(body))
    end += struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    end += struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return body + directory + end


WAYS: dict[str, Callable[[], bytes]] = {
    "deflated": seekable,
    "stored": lambda: seekable(zipfile.ZIP_STORED),
    "zip64 extras in local headers": lambda: seekable(zip64=True),
    "data descriptors": with_descriptors,
    "a zip64 directory": with_zip64_directory,
    "a comment": lambda: seekable(comment=b"hello"),
}


def read_all(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


@pytest.mark.parametrize("way", WAYS)
def test_parts_are_read_and_rewritten_whatever_way_they_were_stored(way: str) -> None:
    raw = WAYS[way]()
    assert read_all(raw) == CONTENT  # the sample itself is sound
    archive = Archive(raw)
    assert {name: archive.read(name) for name in archive.names} == CONTENT
    for name in CONTENT:
        assert read_all(archive.rewritten({name: b"new" * 99})) == {**CONTENT, name: b"new" * 99}


@pytest.mark.parametrize("way", WAYS)
def test_a_dropped_part_is_gone_and_the_others_stay(way: str) -> None:
    rewritten = Archive(WAYS[way]()).rewritten({}, frozenset({"a.xml"}))
    assert read_all(rewritten) == {name: content for name, content in CONTENT.items() if name != "a.xml"}


@pytest.mark.parametrize("way", WAYS)
def test_a_part_that_is_added_stands_beside_the_others(way: str) -> None:
    more = {"new.xml": b"<new/>" * 99, "新.xml": b""}
    assert read_all(Archive(WAYS[way]()).rewritten({"d.xml": b"x"}, added=more)) == {
        **CONTENT,
        "d.xml": b"x",
        **more,
    }


def test_a_part_that_promises_less_than_it_holds_is_refused() -> None:
    raw = bytearray(seekable())
    at = raw.index(b"PK\x01\x02")
    raw[at + 24 : at + 28] = struct.pack("<L", 10)  # its size in the directory
    with pytest.raises(PatchRefused):
        Archive(bytes(raw)).read("a.xml")


def test_a_part_over_the_limit_is_not_inflated() -> None:
    with pytest.raises(PatchRefused):
        Archive(seekable()).read("a.xml", limit=100)


def test_a_part_that_inflates_out_of_all_proportion_is_not_inflated() -> None:
    """66 MiB out of 66 KiB: no sheet is like that, though a small part may well be."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("bomb.xml", bytes(66 * 2**20))
        package.writestr("blank.xml", bytes(2**20))
    archive = Archive(stream.getvalue())
    with pytest.raises(PatchRefused):
        archive.read("bomb.xml")
    assert archive.read("blank.xml") == bytes(2**20)


def test_the_same_part_twice_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as package:
        package.writestr("a", b"1")
        package.writestr("A", b"2")  # part names differ by more than case
    with pytest.raises(PatchRefused):
        Archive(stream.getvalue())


def test_entries_that_share_their_bytes_are_refused() -> None:
    raw = bytearray(seekable())
    second = raw.index(b"PK\x01\x02", raw.index(b"PK\x01\x02") + 1)
    raw[second + 42 : second + 46] = struct.pack("<L", 0)
    with pytest.raises(PatchRefused):
        Archive(bytes(raw))


@settings(max_examples=300, deadline=None)
@given(cut=st.integers(0, 3000), at=st.integers(0, 3000), byte=st.integers(0, 255))
def test_damage_is_refused_or_harmless_but_never_an_accident(cut: int, at: int, byte: int) -> None:
    raw = bytearray(seekable())
    raw[at % len(raw)] = byte
    broken = bytes(raw[: len(raw) - cut % 50])
    try:
        archive = Archive(broken)
        for name in archive.names:
            archive.read(name)
        archive.rewritten({archive.names[0]: b"x"})
    except PatchRefused:
        pass


def test_what_was_made_of_a_part_is_made_anew_only_where_the_part_changed() -> None:
    """A round changes a few parts of a workbook and reads the others once."""
    archive, made = Archive(seekable()), list[str]()

    def make(of: Archive, part: str) -> bytes:
        made.append(part)
        return of.read(part)

    def read(of: Archive) -> list[bytes]:
        return [of.once(part, "bytes", lambda part=part: make(of, part)) for part in ("a.xml", "d.xml")]

    assert read(archive) == read(archive) == [CONTENT["a.xml"], CONTENT["d.xml"]]
    changed = {"d.xml": b"<new/>"}
    after = archive.followed_by(archive.rewritten(changed), changed)
    assert read(after) == [CONTENT["a.xml"], b"<new/>"]
    assert made == ["a.xml", "d.xml", "d.xml"]
    assert read(archive) == [CONTENT["a.xml"], CONTENT["d.xml"]]


def test_nothing_is_remembered_of_a_part_that_was_dropped() -> None:
    archive = Archive(seekable())
    archive.once("a.xml", "bytes", lambda: b"")
    after = archive.followed_by(archive.rewritten({}, {"a.xml"}), ())
    with pytest.raises(PatchRefused):
        after.once("a.xml", "bytes", lambda: after.read("a.xml"))
