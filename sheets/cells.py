"""Cells as a sheet's XML has them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from sheets.places import cell_place


class Cell(NamedTuple):
    """One cell as it stands; `content` is what lies between its tags."""

    column: int
    attributes: Mapping[bytes, bytes]
    content: bytes
    raw: bytes

    @property
    def kind(self) -> bytes:
        """The value's type as the file names it, `n` where it names none."""
        return self.attributes.get(b"t", b"n")

    @property
    def style(self) -> bytes | None:
        """The style id, None where the cell has none."""
        return self.attributes.get(b"s")


_WHOLE_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})(\d+)"(?: s="(\d+)")?(?: t="(\w+)")?(?:/>|>(.*?)</c>)', re.DOTALL
)
# Column letters, style, type, content; b"" for what is not written.
PlainCell = tuple[bytes, bytes, bytes, bytes]
USUAL_CELL = re.compile(rb'<c r="([A-Z]{1,3})\d+"(?: s="(\d+)")?(?: t="(\w+)")?(?:/>|>(.*?)</c>)', re.DOTALL)


def usual_cells(content: bytes, number: bytes) -> dict[int, Cell] | None:
    """Return the cells of a row where all are written as Excel writes them; None where one is not."""
    cells: dict[int, Cell] = {}
    position = last = 0
    for found in _WHOLE_CELL.finditer(content):
        letters, row, style, kind, inner = found.groups(b"")
        column = column_number(letters)
        if found.start() != position or row != number or column <= last:
            return None
        attributes = {b"r": letters + row}
        if style:
            attributes[b"s"] = style
        if kind:
            attributes[b"t"] = kind
        cells[column] = Cell(column, attributes, inner, found[0])
        position, last = found.end(), column
    return cells if position == len(content) else None


def as_cell(plain: PlainCell) -> Cell:
    """Return a plain cell as a `Cell`, its column left out."""
    names = {b"s": plain[1], b"t": plain[2]}
    return Cell(0, {name: value for name, value in names.items() if value}, plain[3], b"")


def plain(cell: Cell) -> PlainCell:
    return b"", cell.style or b"", cell.attributes.get(b"t", b""), cell.content


@lru_cache(maxsize=1024)
def column_number(letters: bytes) -> int:
    return cell_place(letters.decode() + "1")[0]


@dataclass(frozen=True)
class NewCell:
    """What a cell is to become; one that stands there already `keeps_style`, or takes that of the new one."""

    kind: bytes  # b"" for a number or an empty cell
    content: bytes
    style: bytes | None  # its id
    is_formula: bool = False
    keeps_style: bool = True
