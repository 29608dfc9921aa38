"""Packing only what changed: any splices give the same content as packing all of it."""

import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sheets.deflating import Damaged, Segment, Splice, Spliced, inflated

RANDOM = random.Random(1)
CONTENT = b"".join(b'<row r="%d">%d</row>' % (n, RANDOM.getrandbits(64)) for n in range(30_000))


def packed(spliced: Spliced) -> bytes:
    pieces, crc = spliced.packed()
    stream = b"".join(pieces)
    opener = zlib.decompressobj(-15)
    assert opener.decompress(stream) == spliced.joined()
    assert (opener.eof, opener.unused_data) == (True, b"")
    assert crc == zlib.crc32(spliced.joined())
    return stream


def opened(stream: bytes, content: bytes) -> tuple[bytearray, list[Segment]]:
    return inflated(memoryview(stream), len(content), zlib.crc32(content))


STREAM = packed(Spliced(CONTENT, [], []))


def test_what_was_packed_here_comes_apart_in_segments() -> None:
    content, segments = opened(STREAM, CONTENT)
    assert content == CONTENT
    assert len(segments) >= 4
    assert [segment.start for segment in segments[1:]] == [segment.end for segment in segments[:-1]]


def test_another_programs_stream_is_one_segment() -> None:
    squeezer = zlib.compressobj(6, zlib.DEFLATED, -15)
    stream = squeezer.compress(CONTENT) + squeezer.flush()
    content, segments = opened(stream, CONTENT)
    assert (content, len(segments)) == (CONTENT, 1)
    packed(Spliced(content, segments, []))


def test_a_stream_flushed_without_forgetting_is_not_cut() -> None:
    """A sync flush ends in the same four bytes, but what follows needs what stood before."""
    squeezer = zlib.compressobj(6, zlib.DEFLATED, -15)
    stream = squeezer.compress(CONTENT[:9000]) + squeezer.flush(zlib.Z_SYNC_FLUSH)
    stream += squeezer.compress(CONTENT[:9000]) + squeezer.flush()
    content, segments = opened(stream, CONTENT[:9000] * 2)
    assert (content, len(segments)) == (CONTENT[:9000] * 2, 1)


def test_untouched_segments_keep_their_bytes() -> None:
    content, segments = opened(STREAM, CONTENT)
    again = packed(Spliced(content, segments, [Splice(10, 12, b"xyz")]))
    assert bytes(segments[0].packed) not in again
    assert all(bytes(segment.packed) in again for segment in segments[1:])


CUTS = st.lists(
    st.tuples(st.integers(0, len(CONTENT)), st.integers(0, 400_000), st.binary(max_size=30)), max_size=5
)
EDGES = st.sampled_from([0, len(CONTENT), *(segment.start for segment in opened(STREAM, CONTENT)[1])])


@settings(max_examples=60, deadline=None)
@given(cuts=CUTS, edges=st.lists(EDGES, max_size=3, unique=True))
def test_any_splices_give_what_they_say(cuts: list[tuple[int, int, bytes]], edges: list[int]) -> None:
    splices, at, expected = [], 0, b""
    for start, length, new in sorted([*cuts, *((edge, 0, b"!") for edge in edges)]):
        if start >= at:
            end = min(start + length, len(CONTENT))
            splices.append(Splice(start, end, new))
            expected += CONTENT[at:start] + new
            at = end
    content, segments = opened(STREAM, CONTENT)
    spliced = Spliced(content, segments, splices)
    assert spliced.joined() == expected + CONTENT[at:]
    assert spliced.size == len(spliced.joined())
    again = packed(spliced)
    assert opened(again, spliced.joined())[0] == spliced.joined()


def test_overlapping_splices_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="overlap"):
        Spliced(CONTENT, [], [Splice(5, 9, b""), Splice(8, 10, b"")])


@pytest.mark.parametrize("size", [0, 10, len(CONTENT) - 1, len(CONTENT) + 1, 10**9, 2**40])
def test_a_false_promise_is_noticed_without_unpacking_it_all(size: int) -> None:
    with pytest.raises(Damaged):
        inflated(memoryview(STREAM), size, zlib.crc32(CONTENT))
