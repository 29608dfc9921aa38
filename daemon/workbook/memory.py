"""What stood in the workbook when the daemon last wrote it: the base that managers' changes are told from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from daemon.ledger import Entry, Ledger
from daemon.workbook.codec import decoded, encoded
from daemon.workbook.editions import mark_of
from sheets.cellvalues import ReadValue
from sheets.editions import MASTER, Edition
from sheets.reading import MasterReading

Values = Mapping[str, ReadValue]
Rows = dict[str, dict[str, Values]]  # by sheet, then by row key
SEEN = "seen"  # the ledger's mark: the file's generation, and the one its entries count as
KEPT = timedelta(days=60)  # how old a restored backup may be and still be told apart from managers' changes


@dataclass(frozen=True)
class Base:
    """What a file is compared with. `stale`: it is not the version written last, so later entries outrank its own."""

    generation: int
    rows: Rows
    stale: bool


class Memory:
    """The generations of the workbook: one number for each version written, and what stood in it."""

    def __init__(self, ledger: Ledger, zone: ZoneInfo, edition: Edition = MASTER) -> None:
        self._ledger = ledger
        self._edition = edition
        self._book = edition.key
        self._zone = zone
        self._base: Base | None = None

    @property
    def has_written(self) -> bool:
        """Tell whether a workbook was ever written."""
        return self._ledger.generation(self._book)[0] > 0

    @property
    def head(self) -> Rows:
        """What stood in the version written last, nothing before the first; attempts since then are forgotten."""
        confirmed, last = self._ledger.generation(self._book)
        return self._current(confirmed, last).rows

    @property
    def confirmed(self) -> int:
        """The number of the version written last, 0 before the first."""
        return self._ledger.generation(self._book)[0]

    def base_of(self, found: int | None, readings: Mapping[str, MasterReading]) -> Base:
        """Return what a file of generation `found` is compared with; None: its number was lost.

        A number that was given out but not confirmed is a version that was written just before a crash: it is
        confirmed now.
        """
        confirmed, last = self._ledger.generation(self._book)
        if (
            found is not None
            and confirmed < found <= last
            and self._ledger.knows_generation(found, self._book)
        ):
            with self._ledger.writing() as entry:
                entry.confirm_generation(found, book=self._book)
            confirmed, self._base = found, None
        if confirmed and (found in (None, confirmed) or self._is_seen(found, confirmed)):
            return self._current(confirmed, last)
        return self._old(found, readings)

    def glimpse(self, found: int | None, readings: Mapping[str, MasterReading]) -> Base:
        """Return the same without recording anything."""
        confirmed, last = self._ledger.generation(self._book)
        if (
            found is not None
            and confirmed < found <= last
            and self._ledger.knows_generation(found, self._book)
        ):
            confirmed = found
        if confirmed and (found in (None, confirmed) or self._is_seen(found, confirmed)):
            return Base(confirmed, self._load(confirmed), stale=False)
        return self._old(found, readings)

    def _old(self, found: int | None, readings: Mapping[str, MasterReading]) -> Base:
        if found is not None and self._ledger.knows_generation(found, self._book):
            return Base(found, self._load(found), stale=True)
        return Base(0, self._adopted(readings), stale=True)

    def _is_seen(self, found: int | None, confirmed: int) -> bool:
        """Tell whether a file is the version written last with what managers entered since, taken in already."""
        return self._ledger.mark_value(mark_of(self._edition, SEEN)) == f"{found}:{confirmed}"

    def see(self, entry: Entry, base: Base, head: Rows, found: int | None, rows: Rows, now: datetime) -> Base:
        """Remember, in the commit of what it came to, what managers left in the file of generation `found`.

        It counts as a version of its own, which no file carries: a backup of the file as it was before is still told
        from it, and what was taken from an old file is not taken from it again. `head` is the version before.
        """
        changed = self.changed(head, rows)
        if not base.stale and not changed:
            return Base(base.generation, rows, stale=False)
        number = entry.next_generation(now, book=self._book)
        for sheet, bodies in changed.items():
            entry.put_base(number, sheet, bodies, book=self._book)
        entry.confirm_generation(number, book=self._book)
        entry.mark(mark_of(self._edition, SEEN), f"{found}:{number}")
        return Base(number, rows, stale=False)

    def _current(self, confirmed: int, last: int) -> Base:
        if last > confirmed:
            with self._ledger.writing() as entry:
                entry.forget_attempts(confirmed, book=self._book)
        if self._base is None or self._base.generation != confirmed:
            self._base = Base(confirmed, self._load(confirmed), stale=False)
        return self._base

    def _load(self, generation: int) -> Rows:
        if not generation:
            return {sheet.key: {} for sheet in self._edition.sheets}
        bodies = self._ledger.base(generation, self._book)
        return {
            sheet.key: {
                key: decoded(body, self._zone, sheet.merged)
                for key, body in bodies.get(sheet.key, {}).items()
            }
            for sheet in self._edition.sheets
        }

    def _adopted(self, readings: Mapping[str, MasterReading]) -> Rows:
        """Take a file nobody remembers for its own base, but for managers' entries: what the ledger lacks is taken."""
        known = {sheet.key: sheet for sheet in self._edition.sheets}
        return {
            name: {
                row.key: {
                    column: None if column in known[name].managers and column != "status" else value
                    for column, value in row.values.items()
                }
                for row in reading.rows
                if self._ledger.case(row.key.partition("/")[0]) is not None
            }
            for name, reading in readings.items()
        }

    def keep(self, base: Base) -> None:
        """Go on from here: the version written last holds this."""
        self._base = base

    @staticmethod
    def changed(before: Rows, after: Rows) -> dict[str, dict[str, str | None]]:
        """Return the rows that differ, by sheet, as the ledger keeps them; None where a row is gone."""
        found: dict[str, dict[str, str | None]] = {}
        for name, rows in after.items():
            was = before.get(name, {})
            told: dict[str, str | None] = {
                key: encoded(values)
                for key, values in rows.items()
                if was.get(key) is not values and was.get(key) != values
            }
            told |= dict.fromkeys(was.keys() - rows.keys())
            if told:
                found[name] = told
        return found

    def prune(self, now: datetime) -> None:
        """Forget versions that are too old to come back."""
        with self._ledger.writing() as entry:
            entry.prune_generations(now - KEPT, book=self._book)
