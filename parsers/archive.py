"""Is this file safe to open? Told from its first bytes and its zip directory, before any reader sees it."""

import re
import zlib
from enum import StrEnum
from io import BytesIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from parsers.refusals import (
    DAMAGED,
    EMPTY_FILE,
    NOT_A_WORKBOOK,
    OTHER_DOCUMENT,
    PASSWORD,
    TOO_LARGE,
    TOO_MANY_PARTS,
    UNSAFE_XML,
    WEB_PAGE,
    Refused,
)

MAX_PARTS = 2_000  # real workbooks have tens, with many pictures hundreds
MAX_PART = 64 * 1024 * 1024  # bytes of one XML part unpacked
MAX_TOTAL = 128 * 1024 * 1024  # bytes of all XML parts together
SUSPECT_PART = 16 * 1024 * 1024  # from this size on the ratio counts
MAX_RATIO = 250
_PROLOGUE = 64 * 1024  # a document type definition stands before the first element

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_BARE_BIFF = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08")
_XML_PARTS = (".xml", ".rels", ".vml")
_MARKUP = re.compile(rb"^\s*(?:\xef\xbb\xbf)?\s*<", re.DOTALL)


class Container(StrEnum):
    """What a workbook is packed in."""

    ZIP = "zip"  # .xlsx, .xlsm, .xlsb, .ods
    OLE = "ole"  # .xls


def container_of(content: bytes) -> Container:
    """Tell the container by the first bytes, whatever the file is called; Refused with the reason if it is none."""
    if not content:
        raise Refused(EMPTY_FILE)
    if content.startswith(b"PK"):
        return Container.ZIP
    if content.startswith(_OLE):
        if _ENCRYPTED_PACKAGE in content:
            raise Refused(PASSWORD)
        return Container.OLE
    if content.startswith(_BARE_BIFF):
        return Container.OLE
    raise Refused(WEB_PAGE if _reads_as_text(content) else NOT_A_WORKBOOK)


def _reads_as_text(content: bytes) -> bool:
    """Tell whether it is markup or comma-separated text that was given an Excel name."""
    head = content[:2048]
    if _MARKUP.match(head):
        return True
    return not any(byte < 32 and byte not in b"\t\r\n\f" for byte in head) and not head.startswith(b"%PDF")


def check_zip(content: bytes) -> None:
    """Refuse what is no workbook, or would unpack into something monstrous; reads the directory and prologues."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            parts = archive.infolist()
            _check_directory(parts)
            _check_kind(archive.namelist())
            for part in parts:
                if part.filename.lower().endswith(_XML_PARTS):
                    _check_prologue(archive, part)
    except Refused:
        raise
    except (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, zlib.error):
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
    read = [part for part in parts if part.filename.lower().endswith((*_XML_PARTS, ".bin"))]
    if sum(part.file_size for part in read) > MAX_TOTAL or any(_is_monstrous(part) for part in read):
        raise Refused(TOO_LARGE)


def _is_monstrous(part: ZipInfo) -> bool:
    if part.file_size > MAX_PART:
        return True
    return part.file_size > SUSPECT_PART and part.file_size > MAX_RATIO * max(part.compress_size, 1)


def _check_kind(names: list[str]) -> None:
    """A workbook has a part called workbook (.xml, .bin) or is an OpenDocument with a content.xml."""
    folded = [name.replace("\\", "/").lower() for name in names]
    if any(name.startswith(("word/", "ppt/")) for name in folded):
        raise Refused(OTHER_DOCUMENT)
    if not any(name.endswith(("workbook.xml", "workbook.bin", "content.xml", ".rels")) for name in folded):
        raise Refused(OTHER_DOCUMENT)


def _check_prologue(archive: ZipFile, part: ZipInfo) -> None:
    """Refuse a part with a document type definition (entity bombs, external entities), in any encoding."""
    with archive.open(part) as stream:
        head = stream.read(2048)
        if b"<!" in head.replace(b"\0", b""):
            head += stream.read(_PROLOGUE)
    if b"<!DOCTYPE" in head.replace(b"\0", b""):
        raise Refused(UNSAFE_XML)
