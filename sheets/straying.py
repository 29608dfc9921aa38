"""Rows whose case number and cells contradict each other: numbers swapped or sorted alone, a table sorted in part.

A row is told by the cells that hardly two cases share, as the last round left them. What a manager writes over a few
of them, and what the daemon has changed since, does not make a row another case's.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from sheets.cellvalues import ReadValue, same, settled
from sheets.columns import Sheet

Values = Mapping[str, ReadValue]
Rows = Mapping[str, Values]

_SHARED = 20  # cases that have a value in common: it tells nothing
_RIVALS = 5  # cases that are looked at closely for one row
_BY_FAR = 3  # times as many cells must speak for a case as against it
_MANY = 3  # cells that show what a row is, or is not


@dataclass(frozen=True)
class Strays:
    """Rows by the number they bear: the cases they are for certain, and those that mix what belongs to several."""

    owners: Mapping[str, str]
    mixed: frozenset[str]

    def case_of(self, key: str) -> str:
        """Return the case that a row of that number counts as; every case has one row at most.

        Where a mixed row's own number is another row's, it gets the number that is left over by those that follow.
        """
        if key in self.owners:
            return self.owners[key]
        bearers = {owner: bearer for bearer, owner in self.owners.items()} if key in self.mixed else {}
        while key in bearers:
            key = bearers[key]
        return key


def strays(
    base: Rows, ours: Rows, rows: Rows, edited: Iterable[str], doubled: Set[str], sheet: Sheet
) -> Strays:
    """Find among the `edited` of a sheet's rows, by the numbers they bear, those that contradict their number.

    Numbers that are `doubled` stand in further rows, one of which may well be that case's: they stay where they are.
    """
    told = _Telling(base, ours, {key: rows[key] for key in edited}, sheet)
    certain: dict[str, str] = {}
    mixed: set[str] = set()
    for key in told.contradicting:
        rivals = told.rivals(key)
        if (owner := told.owner(key, rivals)) is not None:
            certain[key] = owner
        elif told.is_mixed(key, rivals):
            mixed.add(key)
    claims, displaced = Counter(certain.values()), certain.keys() | mixed
    owners = {
        key: owner
        for key, owner in certain.items()
        if claims[owner] == 1 and (owner not in rows or owner in displaced) and not {key, owner} & doubled
    }
    return Strays(owners, frozenset(displaced - owners.keys()))


class _Telling:
    """The cells that tell cases from one another, in the rows where some are not as their number has them."""

    def __init__(self, base: Rows, ours: Rows, edited: Rows, sheet: Sheet) -> None:
        self._base, self._ours, self._rows, self._sheet = base, ours, edited, sheet
        self.contradicting = {
            key: found for key in edited if key in base and (found := self._against(key, edited[key]))
        }
        self._holders = self._holders_of_what_is_found() if self.contradicting else {}

    def _against(self, key: str, row: Values) -> list[str]:
        """Return the cells that hold what this case neither had nor is to have."""
        return [
            name
            for name in self._sheet.telling
            if settled(row.get(name)) is not None and not self._is_its_own(key, name, row[name])
        ]

    def _is_its_own(self, key: str, name: str, value: ReadValue) -> bool:
        return same(value, self._base[key].get(name)) or (
            key in self._ours and same(value, self._ours[key].get(name))
        )

    def _holders_of_what_is_found(self) -> dict[tuple[str, object], list[str]]:
        """Return which cases had the values that stand where they do not belong."""
        holders: dict[tuple[str, object], list[str]] = {
            (name, settled(self._rows[key][name])): []
            for key, names in self.contradicting.items()
            for name in names
        }
        columns = {name for name, _ in holders}
        for key, values in self._base.items():
            for name in columns:
                found = holders.get((name, settled(values.get(name))))
                if found is not None and len(found) <= _SHARED:
                    found.append(key)
        return {sign: keys for sign, keys in holders.items() if len(keys) <= _SHARED}

    def rivals(self, key: str) -> list[str]:
        """Return the cases that a row may be instead, the likest first."""
        row, votes = self._rows[key], Counter[str]()
        for name in self.contradicting[key]:
            votes.update(self._holders.get((name, settled(row[name])), ()))
        del votes[key]
        likest = [rival for rival, _ in votes.most_common(_RIVALS)]
        return sorted(likest, key=lambda rival: self._agreeing(row, rival), reverse=True)

    def _agreeing(self, row: Values, key: str) -> int:
        return sum(self._agrees(row, key, name) for name in self._sheet.telling)

    def _agrees(self, row: Values, key: str, name: str) -> bool:
        return settled(row.get(name)) is not None and same(row.get(name), self._base[key].get(name))

    def owner(self, key: str, rivals: list[str]) -> str | None:
        """Return the case that a row is for certain; None if it is its own number's, or nobody's for certain."""
        if not rivals or not self._is_rather(key, rivals[0], key):
            return None
        return rivals[0] if all(self._is_rather(key, rivals[0], other) for other in rivals[1:]) else None

    def _is_rather(self, key: str, one: str, other: str) -> bool:
        """Tell whether a row is one case by far rather than another, by the cells in which those two differ."""
        row = self._rows[key]
        speaking, against = self._votes(row, one, other)
        return _BY_FAR * against <= speaking and speaking > (0 if self._is_whole(row, one) else 1)

    def _is_whole(self, row: Values, key: str) -> bool:
        """Tell whether a row is that case's in every cell, of which several hold something."""
        was = self._base[key]
        return self._agreeing(row, key) >= _MANY and all(
            same(row[name], was.get(name)) for name in self._sheet.telling if name in row
        )

    def _votes(self, row: Values, one: str, other: str) -> tuple[int, int]:
        apart = [
            name
            for name in self._sheet.telling
            if not same(self._base[one].get(name), self._base[other].get(name))
        ]
        return (
            sum(self._agrees(row, one, name) for name in apart),
            sum(self._agrees(row, other, name) for name in apart),
        )

    def is_mixed(self, key: str, rivals: list[str]) -> bool:
        """Tell whether a row holds so much that is not its own that its entries may be another case's too."""
        strange, own = len(self.contradicting[key]), self._agreeing(self._rows[key], key)
        if strange >= _MANY and 2 * own < strange:
            return True
        return bool(rivals) and self._holds_what_is(rivals[0], key)

    def _holds_what_is(self, rival: str, key: str) -> bool:
        row, was, theirs = self._rows[key], self._base[key], self._base[rival]
        speaking, against = self._votes(row, rival, key)
        came = [
            name
            for name in self._sheet.managers & row.keys()
            if not same(row[name], was.get(name)) and same(row[name], theirs.get(name))
        ]
        if speaking > 1:
            return speaking > against or bool(came)
        words = (name for name in came if not self._sheet.column(name).choices)
        return any(settled(row[name]) is not None for name in words)
