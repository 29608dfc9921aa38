"""Which sheets of ours stand in which workbook: fault and fines in the master, in a book of their own, or nowhere."""

from dataclasses import dataclass, replace
from functools import cached_property

from sheets.columns import Sheet
from sheets.registry import CALLS, CLOSED, FAULT_COLUMNS, FINDINGS, OPEN, PENALTIES, TWO_WAY


@dataclass(frozen=True)
class Edition:
    """One workbook: `key` tells it from the other one, `sheets` are the two-way ones in the order of a round."""

    key: str
    sheets: tuple[Sheet, ...]

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of its sheets."""
        return frozenset(sheet.key for sheet in self.sheets)

    def sheet(self, key: str) -> Sheet:
        """Return its sheet of that key."""
        return next(sheet for sheet in self.sheets if sheet.key == key)


def _without_fault(sheet: Sheet) -> Sheet:
    return replace(sheet, columns=tuple(one for one in sheet.columns if one.key not in FAULT_COLUMNS))


MASTER = Edition("master", TWO_WAY)
MASTER_WITHOUT_FAULT = Edition("master", (_without_fault(OPEN), _without_fault(CLOSED), CALLS))
PENALTY_BOOK = Edition("penalties", (FINDINGS, PENALTIES))
