"""Is this file safe to open? Told from its first bytes and its zip directory, before any reader sees it."""

import re
import zlib
from contextlib import suppress
from enum import StrEnum
from itertools import pairwise
from zipfile import BadZipFile, ZipFile, ZipInfo

from parsers.packages import package
from parsers.refusals import (
    DAMAGED,
    EMPTY_FILE,
    LOCKED_BY_COMPANY,
    NOT_A_WORKBOOK,
    NUMBERS,
    OTHER_DOCUMENT,
    PASSWORD,
    TOO_LARGE,
    TOO_MANY_PARTS,
    UNSAFE_XML,
    Refused,
)

MAX_PARTS = 2_000  # real workbooks have tens, with many pictures hundreds
MAX_PART = 64 * 1024 * 1024  # bytes of one XML part unpacked
MAX_TOTAL = 128 * 1024 * 1024  # bytes of all XML parts together
SUSPECT_PART = 16 * 1024 * 1024  # from this size on the ratio counts
MAX_RATIO = 250
_PROLOGUE = 64 * 1024  # a document type definition stands before the first element

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BARE_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")
_XML_PARTS = (".xml", ".rels", ".vml")
_SYLK = b"ID;P"  # text with escape characters in it
_FIRST_ELEMENT = re.compile(rb"<[A-Za-z_]")
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")  # UTF-16: text, though full of zero bytes
_OTHER_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b")
# Companies' file encryption puts its name in front of what only their own machines open.
_COMPANY_LOCKS = (b"E-SafeNet", b"%TSD-Header-###%")


class Container(StrEnum):
    """What a workbook is packed in."""

    ZIP = "zip"  # .xlsx, .xlsm, .xlsb, .ods
    OLE = "ole"  # .xls, or the shell of an encrypted workbook
    TEXT = "text"  # a web page or separated values that go by the name of a workbook


def container_of(content: bytes) -> Container:
    """Tell the container by the first bytes, whatever the file is called; Refused with the reason if it is none."""
    if not content:
        raise Refused(EMPTY_FILE)
    if content.startswith(b"PK"):
        return Container.ZIP
    if content.startswith(_OLE):
        return Container.OLE
    if content.startswith(_BARE_BIFF):
        return Container.OLE
    if any(lock in content[:512] for lock in _COMPANY_LOCKS):
        raise Refused(LOCKED_BY_COMPANY)
    if content.startswith(_OTHER_ARCHIVES):
        raise Refused(OTHER_DOCUMENT)
    if content.startswith(_SYLK) or _reads_as_text(content):
        return Container.TEXT
    raise Refused(NOT_A_WORKBOOK)


def _reads_as_text(content: bytes) -> bool:
    """Tell whether it is markup or separated text that was given an Excel name."""
    if content.startswith(_WIDE_MARKS):
        return True
    head = content[:2048]
    return not any(byte < 32 and byte not in b"\t\r\n\f" for byte in head) and not head.startswith(b"%PDF")


_UNREADABLE = (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, zlib.error)


def check_zip(content: bytes) -> None:
    """Refuse what is no workbook, or would unpack into something monstrous; reads the directory and prologues."""
    try:
        archive = package(content)
        parts = archive.infolist()
        _check_directory(parts)
        _check_kind(archive.namelist())
        _check_encryption(archive)
        for part in parts:
            if part.filename.lower().endswith(_XML_PARTS):
                with suppress(*_UNREADABLE):  # one part that cannot be read hides nothing in those behind it
                    _check_prologue(archive, part)
    except Refused:
        raise
    except _UNREADABLE:
        # A directory Python cannot follow may still be one a reader repairs; the child's limits hold for it.
        if content.count(b"PK\x01\x02") > MAX_PARTS:
            raise Refused(TOO_MANY_PARTS) from None
        if b"PK\x05\x06" not in content[-70_000:]:
            raise Refused(DAMAGED) from None


def _check_directory(parts: list[ZipInfo]) -> None:
    if len(parts) > MAX_PARTS:
        raise Refused(TOO_MANY_PARTS)
    if any(part.flag_bits & 1 for part in parts):
        raise Refused(PASSWORD)
    if _overlap(parts):
        raise Refused(DAMAGED)
    read = [part for part in parts if part.filename.lower().endswith((*_XML_PARTS, ".bin"))]
    if sum(part.file_size for part in read) > MAX_TOTAL or any(_is_monstrous(part) for part in read):
        raise Refused(TOO_LARGE)


def _overlap(parts: list[ZipInfo]) -> bool:
    """Tell whether entries share bytes, by which a small file unpacks without end."""
    spans = sorted((part.header_offset, part.header_offset + 30 + part.compress_size) for part in parts)
    return any(end > start for (_, end), (start, _) in pairwise(spans))


def _is_monstrous(part: ZipInfo) -> bool:
    if part.file_size > MAX_PART:
        return True
    return part.file_size > SUSPECT_PART and part.file_size > MAX_RATIO * max(part.compress_size, 1)


def _check_kind(names: list[str]) -> None:
    """A workbook has a part called workbook (.xml, .bin) or is an OpenDocument with a content.xml."""
    folded = [name.replace("\\", "/").lower() for name in names]
    if any(name.endswith((".iwa", "index.apxl")) or name == "index.zip" for name in folded):
        raise Refused(NUMBERS)
    if any(name.startswith(("word/", "ppt/")) for name in folded):
        raise Refused(OTHER_DOCUMENT)
    if not any(name.endswith(("workbook.xml", "workbook.bin", "content.xml", ".rels")) for name in folded):
        raise Refused(OTHER_DOCUMENT)


def _check_encryption(archive: ZipFile) -> None:
    """Refuse an OpenDocument with a password: its directory is plain, its parts are not."""
    if "META-INF/manifest.xml" in archive.namelist():
        with archive.open("META-INF/manifest.xml") as stream:
            if b"encryption-data" in stream.read(_PROLOGUE):
                raise Refused(PASSWORD)


def _check_prologue(archive: ZipFile, part: ZipInfo) -> None:
    """Refuse a part with a document type definition (entity bombs, external entities), in any encoding."""
    with archive.open(part) as stream:
        head = stream.read(2048).replace(b"\0", b"")
        while len(head) <= _PROLOGUE and not _FIRST_ELEMENT.search(head) and (more := stream.read(8192)):
            head += more.replace(b"\0", b"")
    first = _FIRST_ELEMENT.search(head)
    if b"<!DOCTYPE" in head or (first is None and len(head) > _PROLOGUE):
        raise Refused(UNSAFE_XML)
