"""Which row of a table is which case, whatever managers did to the case numbers."""

from collections.abc import Iterator, Sequence

from sheets.cellvalues import same, settled
from sheets.columns import Sheet
from sheets.reading import MasterReading, ReadRow
from sheets.straying import Rows, Strays, Values, strays

_PATIENCE = 50_000  # rows compared; a sheet of nothing but strange rows must not hold the daemon up
_LIKENESS = 0.5  # the share of a lost row's cells that a row must still hold to be taken for it


class Placing:
    """Finds the case of each row: by its number, by its cells where they contradict the number or there is none.

    `rows` are the rows that count, by case; `edited` those of them that are not as the last round left them, `mixed`
    the cases whose rows are not to be believed. `overtyped` are rows, with their case, that bear another number.
    """

    def __init__(self, base: Rows, theirs: MasterReading, ours: Rows, sheet: Sheet) -> None:
        self._base, self._ours = base, ours
        self._managers = sheet.managers
        self._compared = 0
        self.overtyped: list[tuple[str, ReadRow]] = []
        self.copies: list[ReadRow] = []
        self.strange: list[ReadRow] = []
        self.mixed: set[str] = set()
        self.rows = {row.key: row for row in theirs.rows if row.key in base or row.key in ours}
        self.edited = {key: row for key, row in self.rows.items() if base.get(key) != row.values}
        if sheet.telling and self.edited:
            values = {key: row.values for key, row in self.rows.items()}
            doubled = {row.key for row in theirs.duplicates}
            self._sort_out(strays(base, ours, values, self.edited, doubled, sheet))
        self._lost = {key: values for key, values in base.items() if key not in self.rows}
        for rows in _by_key(theirs.duplicates):
            self._place_copies(rows)
        unknown = [row for row in theirs.rows if not self._is_known(row.key)]
        for row in (*unknown, *theirs.keyless):
            if not self._recognise(row):
                self.strange.append(row)

    def _is_known(self, key: str) -> bool:
        return key in self._base or key in self._ours

    def _sort_out(self, found: Strays) -> None:
        """Give the rows that contradict their numbers to the cases they are."""
        if not found.owners and not found.mixed:
            return
        self.mixed = {found.case_of(key) for key in found.mixed}
        rows = {found.case_of(key): row for key, row in self.rows.items()}
        self.overtyped = [(key, row) for key, row in rows.items() if key != row.key]
        self.rows = rows
        self.edited = {key: row for key, row in rows.items() if self._base.get(key) != row.values}

    def _place_copies(self, copies: Sequence[ReadRow]) -> None:
        """The first row counts, unless it is another case's over whose number somebody typed this one's."""
        key, rest = copies[0].key, list(copies)
        if not self._is_known(key):
            self.strange += [row for row in rest if not self._recognise(row)]
            return
        while self._is_anothers(key, rest):
            self._put(key, rest.pop(0))
            self.mixed.discard(key)
        self.copies += [row for row in rest if not self._recognise(row)]

    def _is_anothers(self, key: str, rest: Sequence[ReadRow]) -> bool:
        """Tell whether the row of a case is a lost one's, and place it; one of the others is more like the case."""
        first, was = self.rows[key], self._base.get(key, {})
        likeness = self._likeness(first.values, was)
        likelier = any(likeness < self._likeness(row.values, was) for row in rest)
        return likelier and self._recognise(first)

    def _recognise(self, row: ReadRow) -> bool:
        """Tell whether the row is a lost case's own, its number typed over."""
        self._compared += len(self._lost)
        key = self._lost_case(row) if self._compared <= _PATIENCE else None
        if key is None:
            return False
        del self._lost[key]
        self._put(key, row)
        self.overtyped.append((key, row))
        return True

    def _put(self, key: str, row: ReadRow) -> None:
        self.rows[key] = row
        self.edited.pop(key, None)
        if self._base.get(key) != row.values:
            self.edited[key] = row

    def _lost_case(self, row: ReadRow) -> str | None:
        """Return the lost case that a row is by its other cells; None unless exactly one is by far the likest."""
        ranked = sorted(
            ((self._likeness(row.values, values), key) for key, values in self._lost.items()), reverse=True
        )
        if not ranked or ranked[0][0] <= _LIKENESS:
            return None
        return ranked[0][1] if len(ranked) == 1 or ranked[1][0] < ranked[0][0] else None

    def _likeness(self, values: Values, lost: Values) -> float:
        """Return the share of a lost row's cells of the daemon that stand here too."""
        told = [
            key for key, value in lost.items() if key not in self._managers and settled(value) is not None
        ]
        return sum(same(values.get(key), lost[key]) for key in told) / len(told) if told else 0.0


def _by_key(rows: Sequence[ReadRow]) -> Iterator[list[ReadRow]]:
    found: dict[str, list[ReadRow]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row)
    return iter(found.values())
