"""Did the workbook change? Told from the zip directory alone, whatever the file's size."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sheets.archive import read_directory

_TAIL = 128 * 1024  # holds the directory of every ordinary workbook


@dataclass(frozen=True)
class Glance:
    """What tells one state of a workbook from another: CRC and size of every part."""

    parts: Mapping[str, tuple[int, int]]

    def differing(self, other: "Glance") -> frozenset[str]:
        """Return the parts that are not the same in both, added and missing ones among them."""
        names = {*self.parts, *other.parts}
        return frozenset(name for name in names if self.parts.get(name) != other.parts.get(name))


def peek(path: Path) -> Glance:
    """Glance at a workbook on disk; OSError if it cannot be opened, PatchRefused if it is none or half-written."""
    with path.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        base = max(0, end - _TAIL)
        stream.seek(base)
        tail = stream.read()
        entries, start = read_directory(tail, base)
        if start < base:
            stream.seek(start)
            entries, _ = read_directory(stream.read(), start)
    return Glance({entry.name: (entry.crc, entry.size) for entry in entries})


def glance(content: bytes) -> Glance:
    """Glance at a workbook in memory; PatchRefused if it is none."""
    entries, _ = read_directory(content)
    return Glance({entry.name: (entry.crc, entry.size) for entry in entries})
