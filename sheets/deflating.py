"""Packing a part anew where it changed, and only there.

A deflate stream that is flushed in full every so often can be cut there: each segment unpacks without the ones
before it. What the patch packs is cut so; of such a part the next patch packs only the segments it changes and copies
the others as they are. A part that another program saved is one segment, packed whole once and cut from then on.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType


def _fastest() -> ModuleType:
    """Return igzip's binding where it is installed (a third of the time, the same format), else zlib."""
    try:
        return import_module("isal.isal_zlib")
    except ImportError:
        return zlib


_engine = _fastest()
Buffer = bytes | bytearray | memoryview

_FLUSHED = b"\x00\x00\xff\xff"  # the empty stored block that ends a flushed segment (RFC 1951, 3.2.4)
_LAST_BLOCK = b"\x03\x00"  # empty, and marked as the last
_SEGMENT = 256 * 1024  # inflated
_INPUT = 64 * 1024  # fed at a time, so that a bomb is noticed early
_MOST = 1032  # bytes that one deflated byte can unpack to


class Damaged(ValueError):
    """A deflate stream does not unpack to what was promised."""


_ERRORS: tuple[type[Exception], ...] = (Damaged, zlib.error, _engine.error)


@dataclass(frozen=True)
class Segment:
    """A stretch of a part that unpacks by itself: its packed bytes, and where it begins and ends unpacked."""

    packed: Buffer
    start: int
    end: int


@dataclass(frozen=True)
class Splice:
    """What stands from `start` to `end` becomes `new`."""

    start: int
    end: int
    new: bytes


@dataclass(frozen=True)
class Spliced:
    """A part with its changes: the old content, how it was packed, and splices that rise and do not overlap."""

    content: bytes | bytearray
    segments: Sequence[Segment]
    splices: Sequence[Splice]

    def __post_init__(self) -> None:
        at = 0
        for splice in self.splices:
            if splice.start < at or splice.end < splice.start or splice.end > len(self.content):
                raise ValueError("splices overlap")
            at = splice.end

    @property
    def size(self) -> int:
        """The length of the new content."""
        return len(self.content) + sum(len(one.new) - (one.end - one.start) for one in self.splices)

    def pieces(self) -> Iterator[Buffer]:
        """Yield the new content piece by piece, without copying what stays."""
        yield from self._between(0, len(self.content), self.splices)

    def joined(self) -> bytes:
        """Return the new content."""
        return b"".join(self.pieces())

    def _between(self, start: int, end: int, splices: Iterable[Splice]) -> Iterator[Buffer]:
        view = memoryview(self.content)
        for splice in splices:
            yield view[start : splice.start]
            yield splice.new
            start = splice.end
        yield view[start:end]

    def packed(self) -> tuple[list[Buffer], int]:
        """Return the new deflate stream in pieces, and the new content's CRC."""
        crc = 0
        for piece in self.pieces():
            crc = _engine.crc32(piece, crc)
        out: list[Buffer] = []
        for untouched, start, end, splices in self._runs():
            if untouched is not None:
                out.append(untouched)
            else:
                out += deflated(self._between(start, end, splices))
        out.append(_LAST_BLOCK)
        return out, crc

    def _runs(self) -> Iterator[tuple[Buffer | None, int, int, list[Splice]]]:
        """Yield segments that stay as they are, and between them the stretches that are packed anew."""
        waiting = list(reversed(self.splices))
        start, mine = 0, list[Splice]()
        for segment in self.segments:
            while waiting and waiting[-1].start <= segment.end:
                mine.append(waiting.pop())
            if (mine and mine[-1].end > segment.start) or not _ends_flushed(segment.packed):
                continue
            if start < segment.start or mine:
                yield None, start, segment.start, mine
                mine = []
            yield segment.packed, segment.start, segment.end, []
            start = segment.end
        if start < len(self.content) or mine or waiting:
            yield None, start, len(self.content), mine + waiting[::-1]


def _ends_flushed(packed: Buffer) -> bool:
    return bytes(packed[-4:]) == _FLUSHED


def deflated(pieces: Iterable[Buffer]) -> Iterator[bytes]:
    """Yield a deflate stream at level 1 that has no end yet, flushed in full after each segment."""
    squeezer = _engine.compressobj(1, _engine.DEFLATED, -15)
    held = 0
    for piece in pieces:
        for at in range(0, len(piece), _SEGMENT):
            part = piece[at : at + _SEGMENT]
            yield squeezer.compress(part)
            held += len(part)
            if held >= _SEGMENT:
                yield squeezer.flush(_engine.Z_FULL_FLUSH)
                held = 0
    if held:
        yield squeezer.flush(_engine.Z_FULL_FLUSH)


def crc32(content: Buffer) -> int:
    """Return the CRC of `content`."""
    return int(_engine.crc32(content))


def inflated(packed: memoryview, size: int, crc: int) -> tuple[bytearray, list[Segment]]:
    """Unpack a part of `size` bytes, and say into which segments it can be cut; Damaged if it is not as promised."""
    if size > _MOST * len(packed) + _MOST:
        raise Damaged
    try:
        content, segments = _unpacked(_cut(packed), size)
        if crc32(content) == crc:
            return content, segments
    except _ERRORS:
        pass
    try:
        content, segments = _unpacked([packed], size)  # the cuts were chance, or need what stands before them
    except _ERRORS:
        raise Damaged from None
    if crc32(content) != crc:
        raise Damaged
    return content, segments


def _cut(packed: memoryview) -> list[memoryview]:
    raw, cuts, at = bytes(packed), [0], 0
    while (at := raw.find(_FLUSHED, at)) >= 0:
        at += len(_FLUSHED)
        cuts.append(at)
    return [packed[start:end] for start, end in zip(cuts, [*cuts[1:], len(packed)], strict=True)]


def _unpacked(pieces: Sequence[memoryview], size: int) -> tuple[bytearray, list[Segment]]:
    content, segments, at = bytearray(size), list[Segment](), 0
    for number, piece in enumerate(pieces):
        opener = _engine.decompressobj(-15)
        start = at
        for offset in range(0, len(piece), _INPUT):
            got = opener.decompress(piece[offset : offset + _INPUT], size - at + 1)
            if at + len(got) > size:
                raise Damaged
            content[at : at + len(got)] = got
            at += len(got)
        if opener.eof != (number == len(pieces) - 1):
            raise Damaged
        segments.append(Segment(piece, start, at))
    if at != size:
        raise Damaged
    return content, segments
