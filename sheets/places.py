"""A1 references: where cells and areas lie, as numbers from 1."""

import re

from openpyxl.utils import column_index_from_string, get_column_letter

Area = tuple[int, int, int, int]  # left, top, right, bottom

_CELL = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_LAST_COLUMN, _LAST_ROW = 16_384, 1_048_576


def cell_place(reference: str) -> tuple[int, int]:
    """Return column and row of a cell; ValueError if the reference names none."""
    found = _CELL.fullmatch(reference)
    if found is None:
        raise ValueError(f"{reference} names no cell")
    column, row = column_index_from_string(found[1]), int(found[2])
    if column > _LAST_COLUMN or row > _LAST_ROW:
        raise ValueError(f"{reference} lies outside every sheet")
    return column, row


def area_place(reference: str) -> Area:
    """Return the corners of an area or of a single cell; ValueError if the reference is neither."""
    first, _, last = reference.partition(":")
    left, top = cell_place(first)
    right, bottom = cell_place(last or first)
    if right < left or bottom < top:
        raise ValueError(f"{reference} is upside down")
    return left, top, right, bottom


def column_name(column: int) -> str:
    """Return a column's letters."""
    return get_column_letter(column)


def cell_name(column: int, row: int) -> str:
    """Return a cell's A1 reference."""
    return f"{get_column_letter(column)}{row}"


def area_name(area: Area) -> str:
    """Return an area's A1 reference, corner to corner."""
    left, top, right, bottom = area
    return f"{cell_name(left, top)}:{cell_name(right, bottom)}"


def overlap(one: Area, other: Area) -> bool:
    """Tell whether two areas share a cell."""
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
