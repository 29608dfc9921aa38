"""Where one form ends and the next begins on a sheet: forms pasted beside or below each other are cut apart.

A sheet is cut in two, by columns or rows, where both sides carry the same labels or a title each; then each side again.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from parsers.labels import FormBook, Label, TitleMatch
from parsers.workbook import Area, Grid, Place
from rules.fields import FormKind

MAX_FORMS_ON_SHEET = 256
MAX_FORMS_IN_COLUMN = 60
_SAME_LABELS = 3  # so many labels on both sides at least, and this share of the richer side, make two forms
_SAME_SHARE = 0.6
_TITLE_BONUS = 3


class Hit(NamedTuple):
    """A cell that reads as a label."""

    at: Place
    area: Area
    label: Label
    text: str


@dataclass(frozen=True)
class TitleHit:
    """A cell that reads as a form's title."""

    at: Place
    match: TitleMatch


@dataclass(frozen=True)
class Region:
    """A part of a sheet that holds at most one form (or one table of forms)."""

    bounds: Area
    hits: Mapping[FormKind, tuple[Hit, ...]]
    titles: tuple[TitleHit, ...]

    @cached_property
    def _keys(self) -> dict[FormKind, frozenset[str]]:
        return {}

    def keys(self, kind: FormKind) -> frozenset[str]:
        """The fields of `kind` whose labels stand here."""
        known = self._keys.get(kind)
        if known is None:
            known = frozenset(key for hit in self.hits[kind] for key in hit.label.known)
            self._keys[kind] = known
        return known


def regions(grid: Grid, book: FormBook) -> Iterator[Region]:
    """Find the labels of a sheet and cut it into regions, in reading order."""
    titles: list[TitleHit] = []
    hits: dict[FormKind, list[Hit]] = {kind: [] for kind in book.labels}
    for at, text in _distinctive(grid):
        said = book.said(text)
        if said.title is not None:
            titles.append(TitleHit(at, said.title))
        elif said.labels:
            area = grid.area(at)
            for kind, label in said.labels.items():
                hits[kind].append(Hit(at, area, label, text))
    found = {kind: tuple(of_kind) for kind, of_kind in hits.items()}
    last_row = max(grid.rows, default=0)
    last_column = max((columns[-1] for columns in grid.rows.values()), default=0)
    return _cut(Region(Area(0, 0, last_row, last_column), found, tuple(titles)), MAX_FORMS_ON_SHEET)


def _distinctive(grid: Grid) -> Iterator[tuple[Place, str]]:
    """Yield the texts of a sheet; one that fills a column of a table over and over is a value after its first time."""
    often = _often(grid)
    yielded: set[tuple[int, str]] = set()
    for row, columns in grid.rows.items():
        for column in columns:
            value = grid.cells[row, column]
            if not isinstance(value, str) or (column, value) in yielded:
                continue
            if (column, value) in often:
                yielded.add((column, value))
            yield (row, column), value


def _often(grid: Grid) -> frozenset[tuple[int, str]]:
    """Return the texts that stand in one column more often than forms may."""
    if len(grid.rows) <= MAX_FORMS_IN_COLUMN:
        return frozenset()
    counted = Counter((column, value) for (_, column), value in grid.cells.items() if isinstance(value, str))
    return frozenset(text for text, times in counted.items() if times > MAX_FORMS_IN_COLUMN)


def _cut(region: Region, budget: int) -> Iterator[Region]:
    """Cut as long as two forms can be told apart; `budget` bounds what a hostile sheet can ask for."""
    # Of cuts that separate as much, the last: an earlier one runs through the first form's values.
    best = max(_cuts(region), key=lambda cut: (cut[0], cut[2].bounds), default=None) if budget > 1 else None
    if best is None:
        yield region
        return
    first = list(_cut(best[1], budget - 1))
    yield from first
    yield from _cut(best[2], budget - len(first))


def _cuts(region: Region) -> Iterator[tuple[float, Region, Region]]:
    """Try every row and column where a label or title begins."""
    if not _may_be_several(region):
        return
    places = [hit.at for hits in region.hits.values() for hit in hits] + [title.at for title in region.titles]
    bounds = region.bounds
    for column in sorted({column for _, column in places if column > bounds.left})[:300]:
        yield from _scored(region, bounds._replace(right=column - 1), bounds._replace(left=column))
    for row in sorted({row for row, _ in places if row > bounds.top})[:300]:
        yield from _scored(region, bounds._replace(bottom=row - 1), bounds._replace(top=row))


def _may_be_several(region: Region) -> bool:
    """Tell whether any cut could part two forms: two titles, or enough labels that stand here twice."""
    if len(region.titles) > 1:
        return True
    return any(_repeated(hits) >= _SAME_LABELS for hits in region.hits.values())


def _repeated(hits: Iterable[Hit]) -> int:
    """Count the fields that more than one cell is a label of."""
    seen: set[str] = set()
    again: set[str] = set()
    for hit in hits:
        again.update(seen.intersection(hit.label.known))
        seen.update(hit.label.known)
    return len(again)


def _scored(region: Region, first: Area, second: Area) -> Iterator[tuple[float, Region, Region]]:
    one, other = _part(region, first), _part(region, second)
    same = max((_shared(one.keys(kind), other.keys(kind)) for kind in region.hits), default=0)
    titled = bool(one.titles and other.titles) and all(_has_labels(side) for side in (one, other))
    if same or titled:
        yield same * 2 + (_TITLE_BONUS + _purity(one) + _purity(other) if titled else 0), one, other


def _shared(one: frozenset[str], other: frozenset[str]) -> int:
    """Count the labels both sides carry; 0 where they are too few to make two forms."""
    same = len(one & other)
    return same if same >= max(_SAME_LABELS, _SAME_SHARE * max(len(one), len(other))) else 0


def _has_labels(side: Region) -> bool:
    return any(len(side.keys(title.match.kind)) >= 2 for title in side.titles)


def _purity(side: Region) -> int:
    """Count the labels that belong to the form this side's title names."""
    return max(len(side.keys(title.match.kind)) for title in side.titles)


def _part(region: Region, bounds: Area) -> Region:
    return Region(
        bounds,
        {kind: _inside(hits, bounds) for kind, hits in region.hits.items()},
        tuple(title for title in region.titles if bounds.covers(title.at)),
    )


def _inside(hits: Iterable[Hit], bounds: Area) -> tuple[Hit, ...]:
    return tuple(hit for hit in hits if bounds.covers(hit.at))
