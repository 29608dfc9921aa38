"""Tokens in workbooks: in the small grey cell below a form of ours, or in the document property beside it."""

from collections.abc import Iterable
from dataclasses import replace

from parsers.packages import package
from parsers.reply_tokens import LENGTH, MOST, tokens_in
from parsers.workbook import Grid, Place, Workbook

_CUSTOM = "docProps/custom.xml"
_MOST_BYTES = 64 * 1024  # of the part that holds document properties
_LONGEST_CELL = 200  # characters; a token and the words that stand beside it


def split_tokens(workbook: Workbook) -> tuple[Workbook, tuple[str, ...]]:
    """Return a workbook without its cells of tokens, which must not be taken for answers, and the tokens."""
    found: list[str] = []
    grids = []
    for grid in workbook.grids:
        cells = dict(_cells_with(grid))
        found += (token for tokens in cells.values() for token in tokens)
        grids.append(_without(grid, cells) if cells else grid)
    found += _in_properties(workbook.content)
    return replace(workbook, grids=tuple(grids)), tuple(dict.fromkeys(found))[:MOST]


def _cells_with(grid: Grid) -> Iterable[tuple[Place, tuple[str, ...]]]:
    for place, value in grid.cells.items():
        if isinstance(value, str) and LENGTH < len(value) <= _LONGEST_CELL and (tokens := tokens_in(value)):
            yield place, tokens


def _without(grid: Grid, places: Iterable[Place]) -> Grid:
    gone = set(places)
    cells = {place: value for place, value in grid.cells.items() if place not in gone}
    merged = tuple(area for area in grid.merged if (area.top, area.left) not in gone)
    return replace(grid, cells=cells, merged=merged)


def _in_properties(content: bytes) -> tuple[str, ...]:
    """Read the document properties; a file that has none, or is no such package, holds no token there."""
    try:
        with package(content).open(_CUSTOM) as part:
            return tokens_in(part.read(_MOST_BYTES).decode("utf-8", "replace"))
    except Exception:
        return ()
