"""Archives in a mail: a .zip is opened within bounds, of every other kind it is said why it was not.

A workbook or another document that is a zip file inside is no archive, and stays whole.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from mailer.message_charsets import chinese_codec, codec_for
from mailer.message_words import one_line

_MOST_ENTRIES = 300
_MOST_BYTES = 64 * 2**20  # unpacked, of all archives in a mail, and
_MOST_SWELLING = 10  # times the mail: photos and forms hardly grow; or
_LITTLE = 8 * 2**20  # bytes, which are no harm
_SUSPECT = 4 * 2**20  # from this size on the ratio counts
_MOST_RATIO = 250
_DEEPEST = 1  # archives in an archive
_MOST_DIRECTORY = 5_000  # entries that are looked at at all

_PACKED_NAME = re.compile(
    r"\.(zip|zipx|rar|r\d\d|7z|z\d\d|gz|tgz|tar|bz2|xz|cab|arj|ace|lzh)\Z", re.IGNORECASE
)
_OTHER_KINDS = (
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b\x08",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"MSCF",
    b"\x60\xea",
)
_ZIP_TYPES = {"application/zip", "application/x-zip-compressed", "application/x-zip", "multipart/x-zip"}
_ZIP_NAMES = re.compile(r"(\A|\.(zip|xls[xmb]?|ods|et|dat|bin))\Z", re.IGNORECASE)
_DOCUMENT = re.compile(
    r"\[content_types\]\.xml|mimetype|meta-inf/|androidmanifest\.xml|doc\.kml", re.IGNORECASE
)
_WORKBOOK_FIRST = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"mimetype")
_RUBBISH = re.compile(r"(\A|/)(__MACOSX/|\.DS_Store\Z|Thumbs\.db\Z|desktop\.ini\Z|\._)", re.IGNORECASE)
_ENCRYPTED, _UTF8 = 0x1, 0x800
_AES = 99
_CYRILLIC = {"koi8-r", "koi8-u", "cp1251", "iso8859-5"}
_UNICODE_NAME = 0x7075


class Unopened(StrEnum):
    """Why an archive, or a file in it, was not opened."""

    PASSWORD = "password"  # noqa: S105 - a reason
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    DAMAGED = "damaged"
    TOO_DEEP = "too-deep"
    EMPTY = "empty"
    METHOD = "method"  # a zip file, but packed in a way that few programs know
    OTHER_KIND = "other-kind"  # .rar, .7z and the like


@dataclass
class Bounds:
    """What may still be unpacked of one mail."""

    size: int
    entries: int = _MOST_ENTRIES

    @classmethod
    def of_mail(cls, size: int) -> "Bounds":
        """The bounds for a mail of so many bytes."""
        return cls(size=min(_MOST_BYTES, max(_LITTLE, _MOST_SWELLING * size)))


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an archive: its name there without folders, and its bytes, or why there are none."""

    name: str
    content: bytes = field(repr=False)
    reason: Unopened | None = None


def is_zip(content: bytes, name: str, media_type: str) -> bool:
    """Tell a zip archive from the documents that are zip files inside."""
    if not content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK00PK\x03\x04")):
        return False
    if content[30:50].startswith(_WORKBOOK_FIRST):
        return False
    if media_type not in _ZIP_TYPES and not _ZIP_NAMES.search(_ending(name)):
        return False
    names = _names(content)
    return _PACKED_NAME.search(name) is not None if names is None else not any(map(_DOCUMENT.match, names))


def is_other_archive(content: bytes, name: str) -> bool:
    """Tell an archive of a kind that is not opened, or one that is nothing of what it is called."""
    if content.startswith(_OTHER_KINDS) or content[257:262] == b"ustar" or content[2:5] == b"-lh":
        return True
    return _PACKED_NAME.search(name) is not None and not content.startswith(b"PK\x03\x04")


def open_zip(content: bytes, hint: str, bounds: Bounds, depth: int = 0) -> Iterator[Entry]:
    """Every file in a zip archive, those of an archive in it too; one Entry without a name where none can be read."""
    try:
        if content.count(b"PK\x01\x02") > _MOST_DIRECTORY:
            yield Entry("", b"", Unopened.TOO_MANY)
            return
        with ZipFile(BytesIO(content)) as archive:
            yield from _opened(archive, hint, bounds, depth)
    except (Exception, zlib.error):  # zipfile raises whatever the bytes lead it to
        yield Entry("", b"", Unopened.DAMAGED)


def _opened(archive: ZipFile, hint: str, bounds: Bounds, depth: int) -> Iterator[Entry]:
    files = [(info, name) for info, name in _files(archive, hint) if not _RUBBISH.search(name)]
    if not files:
        yield Entry("", b"", Unopened.EMPTY)
    elif len(files) > bounds.entries:
        yield Entry("", b"", Unopened.TOO_MANY)
    else:
        bounds.entries -= len(files)
        for info, path in files:
            yield from _within(_entry(archive, info, path, bounds), hint, bounds, depth)


def _within(entry: Entry, hint: str, bounds: Bounds, depth: int) -> Iterator[Entry]:
    """A file as it is, or what is in it where it is an archive itself."""
    if entry.reason is not None:
        yield entry
    elif is_zip(entry.content, entry.name, ""):
        if depth >= _DEEPEST:
            yield Entry(entry.name, entry.content, Unopened.TOO_DEEP)
            return
        for inner in open_zip(entry.content, hint, bounds, depth + 1):
            yield Entry(" › ".join(filter(None, [entry.name, inner.name])), inner.content, inner.reason)
    elif is_other_archive(entry.content, entry.name):
        yield Entry(entry.name, entry.content, Unopened.OTHER_KIND)
    else:
        yield entry


def _entry(archive: ZipFile, info: ZipInfo, path: str, bounds: Bounds) -> Entry:
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1]
    reason = _refused(info, bounds)
    if reason is not None:
        return Entry(name, b"", reason)
    try:
        with archive.open(info) as stream:
            content = stream.read(info.file_size + 1)
    except Exception:  # see open_zip
        return Entry(name, b"", Unopened.DAMAGED)
    bounds.size -= len(content)
    return Entry(name, content) if len(content) <= info.file_size else Entry(name, b"", Unopened.DAMAGED)


def _refused(info: ZipInfo, bounds: Bounds) -> Unopened | None:
    """Why a file is not unpacked, told from what the directory says of it; no more than that is unpacked then."""
    if info.flag_bits & _ENCRYPTED or info.compress_type == _AES:
        return Unopened.PASSWORD
    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return Unopened.METHOD
    monstrous = info.file_size > _SUSPECT and info.file_size > _MOST_RATIO * max(info.compress_size, 1)
    return Unopened.TOO_LARGE if monstrous or info.file_size > bounds.size else None


def _files(archive: ZipFile, hint: str) -> list[tuple[ZipInfo, str]]:
    """The files with their names; all names that say nothing of their charset are in one, which is guessed of all."""
    infos = [
        info for info in archive.infolist() if not info.is_dir() and not info.orig_filename.endswith("\\")
    ]
    raw = [_raw_name(info) for info in infos]
    codec = _codec_of([name for name in raw if name is not None and not name.isascii()], hint)
    return [
        (
            info,
            one_line(
                _unicode_name(info) or (info.orig_filename if name is None else name.decode(codec, "replace"))
            ),
        )
        for info, name in zip(infos, raw, strict=True)
    ]


def _raw_name(info: ZipInfo) -> bytes | None:
    """The bytes of a name whose charset is not known, None of one in UTF-8; zipfile has read them as CP437."""
    if info.flag_bits & _UTF8:
        return None
    return info.orig_filename.encode("cp437", "replace")


def _codec_of(names: list[bytes], hint: str) -> str:
    """UTF-8 (macOS sends it unmarked), the set of Windows where the mail is from, or what the format says: CP437."""
    together = b"\n".join(names)
    try:
        together.decode("utf-8")
    except UnicodeDecodeError:
        cyrillic = codec_for(hint) in _CYRILLIC
        return "cp866" if cyrillic else chinese_codec(together, hint) or "cp437"
    return "utf-8"


def _unicode_name(info: ZipInfo) -> str:
    """The name in UTF-8 that Info-ZIP and WinRAR add beside the other one."""
    at = 0
    extra = info.extra
    while at + 4 <= len(extra):
        kind, length = (
            int.from_bytes(extra[at : at + 2], "little"),
            int.from_bytes(extra[at + 2 : at + 4], "little"),
        )
        if kind == _UNICODE_NAME and length > 5:
            return extra[at + 9 : at + 4 + length].decode("utf-8", "ignore")
        at += 4 + length
    return ""


def _names(content: bytes) -> list[str] | None:
    """The names in a zip file's directory, None where it has none that can be followed."""
    if content.count(b"PK\x01\x02") > _MOST_DIRECTORY:
        return []
    try:
        with ZipFile(BytesIO(content)) as archive:
            return archive.namelist()
    except Exception:  # see open_zip
        return None


def _ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return dot + ending if stem and ending.isalnum() else ""
