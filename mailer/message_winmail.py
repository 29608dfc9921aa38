"""winmail.dat: what Outlook packs a mail's files and words into for other Outlooks ([MS-OXTNEF]).

Read here rather than by a library: the one there is follows the counts that a file claims, and forty bytes can claim
four thousand million properties. Every step here consumes bytes of the file, there is a bound to the steps, and what
they yield are views of the file.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailer.message_charsets import decode_bytes
from mailer.message_rtf import rtf_text
from mailer.message_words import one_line

SIGNATURE = b"\x78\x9f\x3e\x22"
MEDIA_TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")

_MOST_ATTRIBUTES = 10_000  # with those of the mails within
_MOST_PROPERTIES = 50_000  # and values of lists, with those of the mails within
_MOST_FILES = 500
_DEEPEST = 4  # mails within mails
_LONGEST_NAME = 2_000  # bytes
_LONGEST_BODY = 2_000_000  # bytes

_BODY, _PROPERTIES, _CODEPAGE = 0x800C, 0x9003, 0x9007
_FILE_BEGINS, _FILE_PROPERTIES, _FILE_CONTENT = 0x9002, 0x9005, 0x800F
_FILE_TITLE, _FILE_TRANSPORT_NAME = 0x8010, 0x9001
_LONG_NAME, _SHORT_NAME, _SHOWN_NAME, _CONTENT = 0x3707, 0x3704, 0x3001, 0x3701
_MEDIA_TYPE, _CONTENT_ID = 0x370E, 0x3712
_TEXT, _HTML, _RTF, _TEXT_CODEPAGE = 0x1000, 0x1013, 0x1009, 0x3FDE

_SINGLE, _MANY = 0x0FFF, 0x1000
_FIXED = {2: 2, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8, 0x48: 16}
_LONG, _OBJECT, _NARROW, _WIDE, _BINARY = 3, 0x0D, 0x1E, 0x1F, 0x102
_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")  # the interface of an embedded mail
_LABELS = {
    65001: "utf-8",
    54936: "gb18030",
    20936: "gb2312",
    52936: "hz",
    50220: "iso-2022-jp",
    20127: "us-ascii",
}


@dataclass
class PackedFile:
    """One file of a winmail.dat. `shown` ones stand in the text, as logos do."""

    name: str = ""
    media_type: str = ""
    content: memoryview = field(default=memoryview(b""), repr=False)
    shown: bool = False


@dataclass
class Packed:
    """What a winmail.dat holds: files, also those of mails in it, and the words of the mail itself."""

    files: list[PackedFile] = field(default_factory=list)
    text: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    damaged: bool = False


Property = tuple[int, int, memoryview]  # id, type, value


def is_winmail(media_type: str, content: bytes) -> bool:
    """Tell a winmail.dat by its type or its bytes."""
    return media_type in MEDIA_TYPES or content.startswith(SIGNATURE)


@dataclass
class _Allowance:
    """What may still be read: one allowance for a winmail.dat and all the mails in it."""

    attributes: int = _MOST_ATTRIBUTES
    properties: int = _MOST_PROPERTIES
    exceeded: bool = False

    def spend_property(self) -> None:
        if not self.properties:
            self.exceeded = True
            raise struct.error("more than any mail has")
        self.properties -= 1


def read_winmail(content: bytes | memoryview) -> Packed:
    """Read a winmail.dat as far as it goes; never raises, and takes no longer than its bounds allow."""
    allowance = _Allowance()
    packed = _read(memoryview(content), 0, allowance)
    packed.damaged = packed.damaged or allowance.exceeded
    return packed


def _read(content: memoryview, depth: int, allowance: _Allowance) -> Packed:
    packed = Packed()
    reader = _Reader(packed, depth, allowance)
    if bytes(content[:4]) != SIGNATURE:
        packed.damaged = True
        return packed
    for attribute, data in _attributes(content, packed, allowance):
        reader.take(attribute, data)
    if depth == 0:  # of the mails within only the files count
        reader.finish()
    return packed


def _attributes(
    content: memoryview, packed: Packed, allowance: _Allowance
) -> Iterator[tuple[int, memoryview]]:
    """Every attribute: level, id, type, length, data and a checksum, which many writers get wrong."""
    at = 6
    while at + 9 <= len(content) and content[at] in (1, 2):  # else the end, or what a gateway put behind it
        if not allowance.attributes:
            allowance.exceeded = True
            return
        allowance.attributes -= 1
        attribute, _, length = struct.unpack_from("<HHI", content, at + 1)
        data = content[at + 9 : at + 9 + length]
        yield attribute, data
        if len(data) < length:
            packed.damaged = True
            return
        at += 9 + length + 2


class _Reader:
    """Takes the attributes of one mail, and puts its files and words together."""

    def __init__(self, packed: Packed, depth: int, allowance: _Allowance) -> None:
        self._packed = packed
        self._depth = depth
        self._allowance = allowance
        self._label = ""
        self._file: PackedFile | None = None
        self._named = 0  # how good the name is that the file has so far
        self._rtf = memoryview(b"")

    def take(self, attribute: int, data: memoryview) -> None:
        if attribute == _CODEPAGE:
            self._label = _label(data)
        elif attribute == _BODY:
            self._packed.text = self._packed.text or self._narrow(data)
        elif attribute == _PROPERTIES:
            self._take_words(list(_properties(data, self._allowance)))
        elif attribute == _FILE_BEGINS:
            self._begin()
        elif self._file is not None:
            self._take_of_file(self._file, attribute, data)

    def finish(self) -> None:
        """Take the text of the rich form where there is no other."""
        if not self._packed.text and not self._packed.html:
            self._packed.text = rtf_text(bytes(self._rtf[:_LONGEST_BODY]), self._label)

    def _begin(self) -> None:
        self._file, self._named = PackedFile(), 0
        if len(self._packed.files) < _MOST_FILES:
            self._packed.files.append(self._file)
        else:
            self._packed.damaged = True

    def _take_of_file(self, file: PackedFile, attribute: int, data: memoryview) -> None:
        if attribute == _FILE_CONTENT:
            file.content = data
        elif attribute in (_FILE_TITLE, _FILE_TRANSPORT_NAME):
            self._name(file, self._narrow(data[:_LONGEST_NAME]), 2 if attribute == _FILE_TITLE else 1)
        elif attribute == _FILE_PROPERTIES:
            for identifier, kind, value in _properties(data, self._allowance):
                self._take_property(file, identifier, kind, value)

    def _take_property(self, file: PackedFile, identifier: int, kind: int, value: memoryview) -> None:
        ranks = {_LONG_NAME: 5, _SHORT_NAME: 4, _SHOWN_NAME: 3}
        if identifier in ranks:
            self._name(file, self._string(kind, value[:_LONGEST_NAME]), ranks[identifier])
        elif identifier == _MEDIA_TYPE:
            file.media_type = one_line(self._string(kind, value[:200])).lower()
        elif identifier == _CONTENT_ID:
            file.shown = bool(self._string(kind, value[:200]))
        elif identifier == _CONTENT and kind == _OBJECT:
            self._take_object(file, value)
        elif identifier == _CONTENT and not file.content:
            file.content = value

    def _take_object(self, file: PackedFile, value: memoryview) -> None:
        """Take an embedded mail apart; anything else that is embedded is a file behind the name of its interface."""
        if bytes(value[:16]) != _MESSAGE or self._depth >= _DEEPEST:
            file.content = value[16:]
            return
        inner = _read(value[16:], self._depth + 1, self._allowance)
        files = [known for known in self._packed.files if known is not file] + inner.files
        self._packed.files = files[:_MOST_FILES]
        self._packed.damaged = self._packed.damaged or inner.damaged or len(files) > _MOST_FILES

    def _take_words(self, properties: list[Property]) -> None:
        pages = [value for identifier, _, value in properties if identifier == _TEXT_CODEPAGE]
        label = _label(pages[0]) if pages else self._label
        for identifier, kind, whole in properties:
            value = whole[:_LONGEST_BODY]
            if identifier == _TEXT:
                self._packed.text = self._string(kind, value, label)
            elif identifier == _HTML:
                self._packed.html = self._string(kind, value, label)
            elif identifier == _RTF:
                self._rtf = value

    def _name(self, file: PackedFile, name: str, rank: int) -> None:
        name = one_line(name)
        if name and rank > self._named:
            file.name, self._named = name, rank

    def _string(self, kind: int, value: memoryview, label: str = "") -> str:
        if kind == _WIDE:
            return bytes(value).decode("utf-16-le", "replace").rstrip("\0")
        return self._narrow(value, label)

    def _narrow(self, value: memoryview, label: str = "") -> str:
        return decode_bytes(bytes(value).rstrip(b"\0"), label or self._label)


def _properties(data: memoryview, allowance: _Allowance) -> Iterator[Property]:
    """The properties of a block, one value each; ends where the block makes no sense any more."""
    try:
        (count,) = struct.unpack_from("<I", data, 0)
        at = 4
        for _ in range(count):
            allowance.spend_property()
            kind, identifier = struct.unpack_from("<HH", data, at)
            at = _behind_name(data, at + 4, identifier)
            value, at = _value(data, at, kind, allowance)
            if value is not None:
                yield identifier, kind & _SINGLE, value
    except struct.error:
        return


def _behind_name(data: memoryview, at: int, identifier: int) -> int:
    """Where a property's value begins: those with a high id carry a name, a number or a text behind a set's id."""
    if identifier < 0x8000:
        return at
    (named,) = struct.unpack_from("<I", data, at + 16)
    (length,) = struct.unpack_from("<I", data, at + 20)
    return at + 24 + (_padded(length) if named else 0)


def _value(data: memoryview, at: int, kind: int, allowance: _Allowance) -> tuple[memoryview | None, int]:
    """The first value of a property (None of an empty list), and where the next property begins."""
    many, kind = bool(kind & _MANY), kind & _SINGLE
    if kind in _FIXED:
        count = 1
        if many:
            (count,) = struct.unpack_from("<I", data, at)
            at += 4
        value = data[at : at + _FIXED[kind]]
        return value if count else None, at + _padded(count * _FIXED[kind])
    if kind not in (_OBJECT, _NARROW, _WIDE, _BINARY, 0):
        raise struct.error("a type that there is not")
    (count,) = struct.unpack_from("<I", data, at)
    at += 4
    first = None
    for _ in range(count):
        allowance.spend_property()
        (length,) = struct.unpack_from("<I", data, at)
        first = data[at + 4 : at + 4 + length] if first is None else first
        at += 4 + _padded(length)
    return first, at


def _padded(length: int) -> int:
    return length + -length % 4


def _label(data: memoryview) -> str:
    """The charset of a Windows code page."""
    if len(data) < 4:
        return ""
    (page,) = struct.unpack_from("<I", data, 0)
    return _LABELS.get(page, f"cp{page}")
