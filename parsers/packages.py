"""One directory and one unpacking for all who look into a zip file, one after the other: both are dear beside a form.

Only what is small and sound is unpacked here: a part that comes out with the very length and checksum its directory
names reads the same however it is read. Whatever is odd in the least is left to `zipfile`, and so are its errors.
"""

import struct
import zlib
from functools import lru_cache
from io import BytesIO
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

LARGEST_KEPT = 64 * 1024  # bytes of one part unpacked
MOST_KEPT = 1024 * 1024  # bytes of all parts together
_LARGEST_ALIKE = (
    32 * 1024
)  # bytes of a part, packed and unpacked, that is remembered from one file to the next
_MOST_ALIKE = 64
_ODD_FLAGS = 0x61  # encrypted, patched or strongly encrypted (APPNOTE.TXT 4.4.4)
_LOCAL = struct.Struct("<4s22xHH")  # signature, length of the name and of what follows it (APPNOTE.TXT 4.3.7)


class Package(ZipFile):
    """A zip file that unpacks each of its small parts once."""

    def __init__(self, content: bytes) -> None:
        super().__init__(BytesIO(content))
        self._content = content
        self.kept: dict[ZipInfo, bytes] = {}
        self._room = MOST_KEPT

    def open(
        self, name: str | ZipInfo, mode: Any = "r", pwd: bytes | None = None, *, force_zip64: bool = False
    ) -> IO[bytes]:
        """Open a part for reading as `ZipFile` does, from memory if it was unpacked before."""
        part = name if isinstance(name, ZipInfo) else self.getinfo(name)
        data = self.kept.get(part)
        if data is None:
            data = self._unpacked(part)
        return super().open(part, mode, pwd, force_zip64=force_zip64) if data is None else BytesIO(data)

    def _unpacked(self, part: ZipInfo) -> bytes | None:
        """Return what a part holds and keep it, None unless it is small and sound."""
        if part.file_size > min(LARGEST_KEPT, self._room):
            return None
        data = _sound(self._content, part)
        if data is not None:
            self._room -= len(data)
            self.kept[part] = data
        return data


def _sound(content: bytes, part: ZipInfo) -> bytes | None:
    """Return what a part holds, None unless everything about it is as it should be."""
    packed = _packed(content, part)
    if packed is None:
        return None
    if part.compress_type == ZIP_STORED:
        return packed if len(packed) == part.file_size and zlib.crc32(packed) == part.CRC else None
    inflate = _inflated_before if len(packed) + part.file_size <= _LARGEST_ALIKE else _inflated
    return inflate(packed, part.file_size, part.CRC)


def _inflated(packed: bytes, size: int, checksum: int) -> bytes | None:
    """Return what was deflated, if it is of this size and checksum."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = stream.decompress(packed, size + 1)
    except zlib.error:
        return None
    return data if stream.eof and len(data) == size and zlib.crc32(data) == checksum else None


# Forms of one template share all their parts but the sheets: themes, styles, types.
_inflated_before = lru_cache(maxsize=_MOST_ALIKE)(_inflated)


def _packed(content: bytes, part: ZipInfo) -> bytes | None:
    """Return the bytes of a part as they are packed, if its own header agrees with the directory."""
    begin = part.header_offset
    if part.flag_bits & _ODD_FLAGS or part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return None
    if not 0 <= begin <= len(content) - _LOCAL.size:
        return None
    signature, length, extra = _LOCAL.unpack_from(content, begin)
    name = content[begin + _LOCAL.size : begin + _LOCAL.size + length]
    if signature != b"PK\x03\x04" or not name.isascii() or name.decode("ascii") != part.orig_filename:
        return None
    start = begin + _LOCAL.size + length + extra
    packed = content[start : start + part.compress_size]
    return packed if len(packed) == part.compress_size else None


@lru_cache(maxsize=1)
def package(content: bytes) -> Package:
    """Open a zip file, or return the one opened last; the errors of `ZipFile`. It is not to be closed."""
    return Package(content)
