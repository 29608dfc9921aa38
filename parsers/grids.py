"""Sheets as everything after the readers sees them: filled cells with typed raw values, and merged areas."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, NamedTuple

Raw = str | int | float | bool | date | datetime | time | timedelta
Place = tuple[int, int]  # row and column, from 0

MAX_SHEETS = 100
MAX_ROWS = 5_000
MAX_COLUMNS = 256
MAX_CELLS = 200_000  # filled cells of one sheet
MAX_TEXT = 32_767  # characters of one cell, as in Excel


class Area(NamedTuple):
    """A rectangle of cells, bounds included."""

    top: int
    left: int
    bottom: int
    right: int

    def covers(self, place: Place) -> bool:
        """Tell whether a cell lies in it."""
        return self.top <= place[0] <= self.bottom and self.left <= place[1] <= self.right


@dataclass(frozen=True)
class Grid:
    """One sheet: its filled cells, and the merged areas that begin at a filled cell."""

    name: str
    cells: Mapping[Place, Raw]
    merged: tuple[Area, ...] = ()
    hidden: bool = False  # its author does not see the sheet
    cut: bool = False  # there is more on the sheet than was read

    @cached_property
    def _areas(self) -> dict[Place, Area]:
        return {(area.top, area.left): area for area in self.merged}

    @cached_property
    def rows(self) -> dict[int, list[int]]:
        """The filled columns of each row that has any, both rising."""
        rows: dict[int, list[int]] = {}
        for row, column in sorted(self.cells):
            rows.setdefault(row, []).append(column)
        return rows

    def columns(self, row: int, first: int, last: int) -> list[int]:
        """Return the filled columns of a row from `first` to `last`, rising."""
        columns = self.rows.get(row, [])
        return columns[bisect_left(columns, first) : bisect_right(columns, last)]

    def area(self, place: Place) -> Area:
        """Return the merged area that begins at `place`, or the cell itself."""
        return self._areas.get(place) or Area(*place, *place)

    def anchor(self, place: Place) -> Place:
        """Return the filled cell whose merged area covers `place`, or `place` itself."""
        if place in self.cells:
            return place
        return next(((area.top, area.left) for area in self.merged if area.covers(place)), place)


def cell_name(place: Place) -> str:
    """Name a cell as spreadsheets do: (6, 2) is C7."""
    row, column = place
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"


def bounded(name: str, filled: Iterable[tuple[Place, Any]], areas: Iterable[Area], *, cut: bool) -> Grid:
    """Keep what lies within bounds, and remember whether anything was left out."""
    cells: dict[Place, Raw] = {}
    shortened: dict[str, str] = {}  # one text may stand in thousands of cells
    for (row, column), value in filled:
        if not (value.strip() if isinstance(value, str) else isinstance(value, Raw)):
            continue
        if column >= MAX_COLUMNS or row >= MAX_ROWS + 1_000 or len(cells) >= MAX_CELLS:
            cut = True
            continue
        if isinstance(value, str) and len(value) > MAX_TEXT:
            cells[row, column] = shortened.setdefault(value, value[:MAX_TEXT])
            cut = True
        else:
            cells[row, column] = value
    kept = tuple(sorted({area for area in areas if (area.top, area.left) in cells}))
    return Grid(name, cells, kept, cut=cut)
