"""A table of ours as it stands in a file: its columns wherever managers moved them, its rows by their keys."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from rules.locales import Locale
from sheets.archive import Archive
from sheets.cellxml import Strings, formula_kind
from sheets.columns import Column, ColumnKind, Sheet
from sheets.deflating import Spliced
from sheets.grid import Grid, opened_grid
from sheets.parts import (
    TableParts,
    elements,
    find_table,
    related,
    relationships_part,
    resolved,
    shared_strings,
)
from sheets.refusal import column_twice, header_differs, no_key_column
from sheets.registry import OPEN


def open_master(content: bytes | Archive, locale: Locale, sheet: Sheet = OPEN) -> "Standing":
    """Find the table of `sheet` in a workbook; PatchRefused if that is not certain."""
    archive = content if isinstance(content, Archive) else Archive(content)
    table = find_table(archive, sheet)
    part, grid = opened_grid(archive, table.sheet_part)
    return Standing(archive, table, locale, part, grid, Strings(partial(shared_strings, archive)), sheet)


@dataclass(frozen=True)
class Standing:
    """The table, its sheet and its strings; opened once, it serves the reading and the patch of a round.

    Where a header stands twice, the one in `locale` counts.
    """

    archive: Archive
    table: TableParts
    locale: Locale
    sheet: Spliced
    grid: Grid
    strings: Strings
    definition: Sheet = OPEN

    @cached_property
    def columns(self) -> dict[str, int]:
        """Our columns by key, where they stand now; PatchRefused if one stands there twice or the key is missing."""
        header_cells = self.grid.cells(self.table.header_row)
        found: dict[str, list[tuple[int, str]]] = {}
        for number, header in enumerate(self.table.headers, start=self.table.first_column):
            known = self.definition.column_of_header(header)
            if known is None:
                continue
            if self.definition.column_of_header(self.strings.text(header_cells.get(number))) is not known:
                raise header_differs(header)
            found.setdefault(known.key, []).append((number, header))
        if self.definition.key_column and self.definition.key_column not in found:
            raise no_key_column()
        return {key: self._only(self.definition.column(key), places) for key, places in found.items()}

    def _only(self, known: Column, places: list[tuple[int, str]]) -> int:
        if len(places) > 1:
            places = [place for place in places if place[1] == known.header.get(self.locale)] or places
        if len(places) > 1:
            raise column_twice(places[0][1])
        return places[0][0]

    @cached_property
    def titles(self) -> frozenset[str]:
        """The name of the table's sheet, as formulas in other sheets call it."""
        workbook = related(self.archive, "", "officeDocument")[0]
        ids = {
            attributes.get("Id")
            for name, attributes in elements(self.archive, relationships_part(workbook))
            if name == "Relationship"
            and resolved(workbook, attributes.get("Target", "")) == self.table.sheet_part
        }
        found = elements(self.archive, workbook)
        return frozenset(
            made.get("name", "") for name, made in found if name == "sheet" and made.get("id") in ids
        )

    @property
    def data_rows(self) -> range:
        """The numbers of the table's rows between its header and its totals."""
        return range(self.table.header_row + 1, self.table.last_row + 1)

    def rows_of(
        self, keys: Collection[str], told: Sequence[tuple[int, str]] | None = None
    ) -> dict[str, list[int]]:
        """Return the rows of each of those keys; nothing for one that stands nowhere.

        `told` are the rows of those keys as somebody read them: all are searched only where one is not as told.
        """
        if told is not None and all(
            number in self.data_rows and self.key_of(number) == key for number, key in told
        ):
            return _by_key(told)
        place, rows = self.columns[self.definition.key_column], self.data_rows
        numbers = self.grid.rows_with(place, self.strings.seeker(keys))
        return _by_key(
            (number, key) for number in numbers if number in rows and (key := self.key_of(number)) in keys
        )

    def key_of(self, number: int) -> str:
        """Return the key in a row, '' where there is none."""
        return self.strings.text(
            self.grid.cells(number).get(self.columns[self.definition.key_column])
        ).strip()

    @cached_property
    def formulas(self) -> frozenset[int]:
        """Where our own formulas stand."""
        calculated = {one.key for one in self.definition.columns if one.kind is ColumnKind.REMAINING}
        return frozenset(place for key, place in self.columns.items() if key in calculated)

    def is_blank(self, number: int) -> bool:
        """Tell whether a row of the table holds nothing but, perhaps, our own formula."""
        span = range(self.table.first_column, self.table.last_column + 1)
        return not any(
            cell.column in span
            and cell.column not in self.formulas
            and (self.strings.text(cell) or formula_kind(cell))
            for cell in self.grid.cells(number).values()
        )


def _by_key(places: Iterable[tuple[int, str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, key in places:
        found.setdefault(key, []).append(number)
    return found
