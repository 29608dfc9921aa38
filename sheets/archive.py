"""The .xlsx package as bytes: parts are read one by one, and what is not changed is copied as it was.

Only the central directory is believed. Local headers may lack sizes (data descriptors) or hold them in zip64
extras, so an entry reaches from its local header to the next thing in the file, whatever lies between.
"""

import struct
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType
from typing import TypeVar, cast

from sheets.deflating import Buffer, Damaged, Segment, Splice, Spliced, crc32, inflated
from sheets.refusal import damaged, not_a_workbook, too_large

FILE_LIMIT = 256 * 2**20
PART_LIMIT = 512 * 2**20  # inflated
ENTRY_LIMIT = 10_000
_LARGE, _SWELLING = (
    64 * 2**20,
    200,
)  # a part over so many bytes that inflates more than so many times is a bomb

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_RECORD = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _UTF8 = 0x1, 0x800
_IN_ZIP64 = 0xFFFFFFFF
_EARLIEST = 0x21  # 1 January 1980, the first day that a zip file knows
_OFFSET_AT = 42  # of the local header's offset within a central record


Made = TypeVar("Made")


@dataclass(frozen=True)
class Entry:
    """One part: its central record as it stands, and where it lies in the file."""

    name: str
    record: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    start: int
    end: int = 0


class Archive:
    """A zip file in memory; PatchRefused if it is not one that can be copied for certain."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) > FILE_LIMIT:
            raise too_large("zip")
        self.raw = raw
        self.entries = _entries(raw)
        self._by_name = {entry.name.casefold(): entry for entry in self.entries}
        if len(self._by_name) != len(self.entries):
            raise not_a_workbook()
        self._made: dict[tuple[str, str], object] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every part's name, as the directory lists them."""
        return tuple(entry.name for entry in self.entries)

    def find(self, name: str) -> str | None:
        """Return the stored spelling of a part's name (case does not matter), None if there is none."""
        entry = self._by_name.get(name.casefold())
        return entry.name if entry else None

    def checksum(self, name: str) -> int | None:
        """Return a part's CRC as the directory has it; None if there is no such part."""
        entry = self._by_name.get(name.casefold())
        return entry.crc if entry else None

    def once(self, part: str, what: str, make: Callable[[], Made]) -> Made:
        """Return what `make` makes of that one part, made once as long as the part stays as it is."""
        if (part, what) not in self._made:
            self._made[part, what] = make()
        return cast("Made", self._made[part, what])

    def read(self, name: str, limit: int = PART_LIMIT) -> bytes:
        """Inflate one part; PatchRefused if it is missing, over `limit` bytes, encrypted or damaged."""
        return bytes(self._opened(name, limit)[0])

    def spliced(self, name: str, splices: tuple[Splice, ...] = ()) -> Spliced:
        """Inflate one part to be changed by `splices`; PatchRefused as for `read`."""
        content, segments = self._opened(name, PART_LIMIT)
        return Spliced(content, segments, splices)

    def _opened(self, name: str, limit: int) -> tuple[bytes | bytearray, list[Segment]]:
        entry = self._by_name.get(name.casefold())
        if entry is None or entry.flags & _ENCRYPTED or entry.method not in (_STORED, _DEFLATED):
            raise damaged(name)
        if entry.size > limit or (entry.size > _LARGE and entry.size > _SWELLING * entry.packed):
            raise too_large(name)
        packed = self._packed(entry)
        if entry.method == _STORED:
            if len(packed) != entry.size or crc32(packed) != entry.crc:
                raise damaged(name)
            return bytes(packed), []
        try:
            return inflated(packed, entry.size, entry.crc)
        except Damaged:
            raise damaged(name) from None

    def _packed(self, entry: Entry) -> memoryview:
        local = self.raw[entry.start : entry.start + _LOCAL.size]
        fields = _LOCAL.unpack(local)
        start = entry.start + _LOCAL.size + fields[9] + fields[10]
        if fields[0] != b"PK\x03\x04" or start + entry.packed > entry.end:
            raise damaged(entry.name)
        return memoryview(self.raw)[start : start + entry.packed]

    def rewritten(
        self,
        changed: Mapping[str, bytes | Spliced],
        dropped: Set[str] = frozenset(),
        added: Mapping[str, bytes] = MappingProxyType({}),
    ) -> bytes:
        """Return the archive with some parts' content changed, dropped or added; other entries keep their bytes."""
        view = memoryview(self.raw)
        pieces: list[Buffer] = []
        records: dict[str, bytes] = {}
        offset = 0
        for entry in sorted(self.entries, key=lambda entry: entry.start):
            if entry.name in dropped:
                continue
            if entry.name in changed:
                fresh, records[entry.name] = _packed_anew(entry, changed[entry.name], offset)
            else:
                fresh = [view[entry.start : entry.end]]
                records[entry.name] = _moved(entry.record, offset)
            pieces += fresh
            offset += sum(map(len, fresh))
        for name, content in added.items():
            fresh, records[name] = _packed_anew(_new_entry(name), content, offset)
            pieces += fresh
            offset += sum(map(len, fresh))
        names = [*(entry.name for entry in self.entries if entry.name in records), *added]
        directory = b"".join(records[name] for name in names)
        end = _END.pack(b"PK\x05\x06", 0, 0, len(records), len(records), len(directory), offset, 0)
        return b"".join([*pieces, directory, end])

    def followed_by(self, raw: bytes, changed: Collection[str]) -> "Archive":
        """Return the archive that this one was rewritten to: of parts not `changed` nothing need be made again."""
        after = Archive(raw)
        kept = {part for part in after.names if part not in changed}
        after._made = {key: made for key, made in self._made.items() if key[0] in kept}
        return after


def _entries(raw: bytes) -> tuple[Entry, ...]:
    found, start = read_directory(raw)
    ends = [*sorted(entry.start for entry in found), start]
    following = dict(pairwise(ends))
    if not found or ends[0] != 0 or len(following) != len(found):
        raise not_a_workbook()
    return tuple(Entry(**{**vars(entry), "end": following[entry.start]}) for entry in found)


def read_directory(raw: bytes, base: int = 0) -> tuple[list[Entry], int]:
    """Return the directory's entries and where it begins; `raw` is the file from the byte `base` on.

    Where the directory begins before `base` the list is empty. PatchRefused if there is no directory.
    """
    try:
        count, start = _directory(raw, base)
        return (list(_records(raw, count, start - base)) if start >= base else []), start
    except struct.error:
        raise not_a_workbook() from None


def _directory(raw: bytes, base: int) -> tuple[int, int]:
    """Return how many records the central directory has and where it begins."""
    at = raw.rfind(b"PK\x05\x06", max(0, len(raw) - _END.size - 0xFFFF))
    if at < 0:
        raise not_a_workbook()
    _, disk, _, _, count, size, start, _ = _END.unpack_from(raw, at)
    if raw[max(0, at - _END64_LOCATOR.size) : at][:4] == b"PK\x06\x07":
        _, disk, at64, _ = _END64_LOCATOR.unpack_from(raw, at - _END64_LOCATOR.size)
        at = at64 - base
        if at < 0 or raw[at : at + 4] != b"PK\x06\x06":
            raise not_a_workbook()
        *_, count, size, start = _END64.unpack_from(raw, at)
    if disk or count > ENTRY_LIMIT or start + size > at + base:
        raise not_a_workbook()
    return count, start


def _records(raw: bytes, count: int, at: int) -> Iterator[Entry]:
    for _ in range(count):
        fields = _RECORD.unpack_from(raw, at)
        length = _RECORD.size + sum(fields[10:13])
        record = raw[at : at + length]
        if fields[0] != b"PK\x01\x02" or len(record) != length:
            raise not_a_workbook()
        size, packed, start = _wide(record, fields[9], fields[8], fields[16])
        name = record[_RECORD.size : _RECORD.size + fields[10]].decode("utf-8", errors="surrogateescape")
        yield Entry(name, record, fields[3], fields[4], fields[7], packed, size, start)
        at += length


def _wide(record: bytes, *narrow: int) -> list[int]:
    """Return size, packed size and offset, from the zip64 extra where the record itself has no room."""
    at = _zip64_at(record)
    values = []
    for value in narrow:
        if value == _IN_ZIP64:
            values.append(struct.unpack_from("<Q", record, at)[0])
            at += 8
        else:
            values.append(value)
    return values


def _zip64_at(record: bytes) -> int:
    """Return where the zip64 values begin; the record's end (nothing can be read there) if it has none."""
    name, extra = (int(length) for length in struct.unpack_from("<2H", record, 28))
    at, end = _RECORD.size + name, _RECORD.size + name + extra
    while at + 4 <= end:
        kind, length = (int(number) for number in struct.unpack_from("<2H", record, at))
        if kind == 1:
            return at + 4
        at += 4 + length
    return len(record)


def _moved(record: bytes, offset: int) -> bytes:
    """Return a central record that points to `offset`."""
    moved = bytearray(record)
    packed, size = struct.unpack_from("<2L", record, 20)
    if struct.unpack_from("<L", record, _OFFSET_AT)[0] == _IN_ZIP64:
        before = 8 * [size, packed].count(_IN_ZIP64)
        struct.pack_into("<Q", moved, _zip64_at(record) + before, offset)
    else:
        struct.pack_into("<L", moved, _OFFSET_AT, offset)
    return bytes(moved)


def _new_entry(name: str) -> Entry:
    """Return a new entry as zip writers without a clock make it."""
    raw = name.encode()
    fields = (
        20,
        20,
        0 if raw.isascii() else _UTF8,
        _DEFLATED,
        0,
        _EARLIEST,
        0,
        0,
        0,
        len(raw),
        0,
        0,
        0,
        0,
        0,
        0,
    )
    return Entry(name, _RECORD.pack(b"PK\x01\x02", *fields) + raw, fields[2], _DEFLATED, 0, 0, 0, 0)


def _packed_anew(entry: Entry, content: bytes | Spliced, offset: int) -> tuple[list[Buffer], bytes]:
    """Deflate `content` at level 1; return the local entry in pieces and its central record."""
    whole = content if isinstance(content, Spliced) else Spliced(content, [], [])
    packed, crc = whole.packed()
    old = _RECORD.unpack_from(entry.record)
    name = entry.record[_RECORD.size : _RECORD.size + old[10]]
    shared = (
        20,
        entry.flags & _UTF8,
        _DEFLATED,
        old[5],
        old[6],
        crc,
        sum(map(len, packed)),
        whole.size,
    )
    local = _LOCAL.pack(b"PK\x03\x04", *shared, len(name), 0) + name
    record = _RECORD.pack(b"PK\x01\x02", old[1], *shared, len(name), 0, 0, 0, old[14], old[15], offset) + name
    return [local, *packed], record
