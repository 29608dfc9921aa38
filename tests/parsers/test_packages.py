"""A package reads each part as `zipfile` does, damaged ones too, and keeps no more than it may."""

from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from hypothesis import given
from hypothesis import strategies as st

from parsers import packages
from parsers.packages import LARGEST_KEPT, MOST_KEPT, Package

_NAMES = st.sampled_from(["a.xml", "b.rels", "圖.xml", "é.bin", "a.xml"])
_DATA = st.one_of(
    st.binary(max_size=300), st.integers(0, LARGEST_KEPT + 1).map(lambda size: b"<a/>" + b" " * size)
)
_METHODS = st.sampled_from([ZIP_DEFLATED, ZIP_DEFLATED, ZIP_STORED, ZIP_BZIP2])


@st.composite
def _zips(draw: st.DrawFn) -> bytes:
    """A zip file, whole or with a few bytes of it changed, cut off or put before it."""
    stream = BytesIO()
    with ZipFile(stream, "w") as archive:
        for name, data, method in draw(
            st.lists(
                st.tuples(_NAMES, _DATA, _METHODS), min_size=1, max_size=4, unique_by=lambda part: part[0]
            )
        ):
            archive.writestr(name, data, method)
    content = bytearray(stream.getvalue())
    for place, byte in draw(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=3)
    ):
        content[place] = byte
    return draw(st.sampled_from([b"", b"", b"PK", b"\0" * 40])) + bytes(content)


def _told(read: Callable[[], object]) -> object:
    try:
        return read()
    except Exception as error:
        return type(error), str(error)


def _readings(archive: ZipFile) -> Iterator[object]:
    """Everything that can be read of an archive, in one go and piece by piece, twice."""
    for part in [*archive.infolist(), *archive.infolist()]:
        yield _told(partial(archive.read, part))
        yield _told(partial(archive.read, part.filename))
        yield _told(partial(_pieces, archive, part))


def _pieces(archive: ZipFile, part: ZipInfo) -> list[bytes]:
    with archive.open(part) as stream:
        return [stream.read(10), stream.read(2048), stream.read(8192), stream.read()]


@given(_zips())
def test_every_part_reads_as_zipfile_reads_it(content: bytes) -> None:
    plain = _told(lambda: list(_readings(ZipFile(BytesIO(content)))))
    assert _told(lambda: list(_readings(Package(content)))) == plain


def test_small_parts_are_kept_up_to_a_bound_and_large_ones_not_at_all() -> None:
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        archive.writestr("large.xml", b" " * (LARGEST_KEPT + 1))
        for number in range(40):
            archive.writestr(f"{number}.xml", b" " * (LARGEST_KEPT - number))
    package = Package(stream.getvalue())
    sizes = [len(package.read(part)) for part in package.infolist()]
    kept = [len(data) for data in package.kept.values()]
    assert sizes == [part.file_size for part in package.infolist()]
    assert MOST_KEPT - LARGEST_KEPT <= sum(kept) <= MOST_KEPT
    assert max(kept) <= LARGEST_KEPT


def test_of_the_parts_of_files_gone_by_only_so_many_and_only_small_ones_are_remembered() -> None:
    packages._inflated_before.cache_clear()
    for number in range(packages._MOST_ALIKE * 2):
        stream = BytesIO()
        with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
            archive.writestr("small.xml", b"<a>%d</a>" % number)
            archive.writestr("larger.xml", b" " * (packages._LARGEST_ALIKE + number))
        assert list(_readings(Package(stream.getvalue()))) == list(_readings(ZipFile(stream)))
    told = packages._inflated_before.cache_info()
    assert (told.currsize, told.misses) == (packages._MOST_ALIKE, packages._MOST_ALIKE * 2)
