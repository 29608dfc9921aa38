"""The .xlsx package as bytes: parts are read one by one, and what is not changed is copied as it was.

Only the central directory is believed. Local headers may lack sizes (data descriptors) or hold them in zip64
extras, so an entry reaches from its local header to the next thing in the file, whatever lies between.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from sheets.refusal import damaged, not_a_workbook, too_large

FILE_LIMIT = 256 * 2**20
PART_LIMIT = 512 * 2**20  # inflated
ENTRY_LIMIT = 10_000

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_RECORD = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _UTF8 = 0x1, 0x800
_IN_ZIP64 = 0xFFFFFFFF
_OFFSET_AT = 42  # of the local header's offset within a central record


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
        self._raw = raw
        self.entries = _entries(raw)
        self._by_name = {entry.name.casefold(): entry for entry in self.entries}
        if len(self._by_name) != len(self.entries):
            raise not_a_workbook()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every part's name, as the directory lists them."""
        return tuple(entry.name for entry in self.entries)

    def find(self, name: str) -> str | None:
        """Return the stored spelling of a part's name (case does not matter), None if there is none."""
        entry = self._by_name.get(name.casefold())
        return entry.name if entry else None

    def read(self, name: str, limit: int = PART_LIMIT) -> bytes:
        """Inflate one part; PatchRefused if it is missing, over `limit` bytes, encrypted or damaged."""
        entry = self._by_name.get(name.casefold())
        if entry is None or entry.flags & _ENCRYPTED or entry.method not in (_STORED, _DEFLATED):
            raise damaged(name)
        if entry.size > limit:
            raise too_large(name)
        content = _inflated(entry, self._packed(entry))
        if len(content) != entry.size or zlib.crc32(content) != entry.crc:
            raise damaged(name)
        return content

    def _packed(self, entry: Entry) -> bytes:
        local = self._raw[entry.start : entry.start + _LOCAL.size]
        fields = _LOCAL.unpack(local)
        start = entry.start + _LOCAL.size + fields[9] + fields[10]
        if fields[0] != b"PK\x03\x04" or start + entry.packed > entry.end:
            raise damaged(entry.name)
        return self._raw[start : start + entry.packed]

    def rewritten(self, changed: Mapping[str, bytes], dropped: Set[str] = frozenset()) -> bytes:
        """Return the archive with some parts' content changed or dropped; all other entries keep their bytes."""
        pieces: list[bytes] = []
        records: dict[str, bytes] = {}
        offset = 0
        for entry in sorted(self.entries, key=lambda entry: entry.start):
            if entry.name in dropped:
                continue
            if entry.name in changed:
                piece, records[entry.name] = _packed_anew(entry, changed[entry.name], offset)
            else:
                piece = self._raw[entry.start : entry.end]
                records[entry.name] = _moved(entry.record, offset)
            pieces.append(piece)
            offset += len(piece)
        directory = b"".join(records[entry.name] for entry in self.entries if entry.name in records)
        end = _END.pack(b"PK\x05\x06", 0, 0, len(records), len(records), len(directory), offset, 0)
        return b"".join([*pieces, directory, end])


def _inflated(entry: Entry, packed: bytes) -> bytes:
    if entry.method == _STORED:
        return packed
    try:
        # One byte more than promised is enough to see that the promise was false.
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, entry.size + 1)
    except zlib.error:
        raise damaged(entry.name) from None


def _entries(raw: bytes) -> tuple[Entry, ...]:
    try:
        count, start = _directory(raw)
        found = list(_records(raw, count, start))
    except struct.error:
        raise not_a_workbook() from None
    ends = [*sorted(entry.start for entry in found), start]
    following = dict(pairwise(ends))
    if not found or ends[0] != 0 or len(following) != len(found):
        raise not_a_workbook()
    return tuple(Entry(**{**vars(entry), "end": following[entry.start]}) for entry in found)


def _directory(raw: bytes) -> tuple[int, int]:
    """Return how many records the central directory has and where it begins."""
    at = raw.rfind(b"PK\x05\x06", max(0, len(raw) - _END.size - 0xFFFF))
    if at < 0:
        raise not_a_workbook()
    _, disk, _, _, count, size, start, _ = _END.unpack_from(raw, at)
    if raw[max(0, at - _END64_LOCATOR.size) : at][:4] == b"PK\x06\x07":
        _, disk, at, _ = _END64_LOCATOR.unpack_from(raw, at - _END64_LOCATOR.size)
        if raw[at : at + 4] != b"PK\x06\x06":
            raise not_a_workbook()
        *_, count, size, start = _END64.unpack_from(raw, at)
    if disk or count > ENTRY_LIMIT or start + size > at:
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


def _packed_anew(entry: Entry, content: bytes, offset: int) -> tuple[bytes, bytes]:
    """Deflate `content` at level 1; return the local entry and its central record."""
    squeezer = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = squeezer.compress(content) + squeezer.flush()
    old = _RECORD.unpack_from(entry.record)
    name = entry.record[_RECORD.size : _RECORD.size + old[10]]
    shared = (
        20,
        entry.flags & _UTF8,
        _DEFLATED,
        old[5],
        old[6],
        zlib.crc32(content),
        len(packed),
        len(content),
    )
    local = _LOCAL.pack(b"PK\x03\x04", *shared, len(name), 0) + name + packed
    record = _RECORD.pack(b"PK\x01\x02", old[1], *shared, len(name), 0, 0, 0, old[14], old[15], offset) + name
    return local, record
