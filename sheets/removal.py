"""Taking rows of our own out of the table: closed up, else emptied, else kept with the reason."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from rules.locales import Locale, Text
from sheets.archive import Archive
from sheets.cells import NewCell
from sheets.columns import Sheet
from sheets.moving import fastened_rows
from sheets.places import cell_name
from sheets.reading import MasterReading
from sheets.refusal import PatchRefused, case_twice, row_kept
from sheets.registry import OPEN
from sheets.standing import Standing, open_master
from sheets.writing import Moves, written


@dataclass(frozen=True)
class Outcome:
    """The workbook as it is to be; `cleared` are removed cases whose row stays, empty; `kept` stay, with the reason."""

    archive: Archive
    cleared: tuple[str, ...] = ()
    kept: Mapping[str, Text] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The workbook's bytes."""
        return self.archive.raw


def remove_rows(
    original: bytes | Archive,
    keys: Collection[str],
    locale: Locale,
    sheet: Sheet = OPEN,
    copies: Collection[int] = (),
    told: MasterReading | None = None,
) -> Outcome:
    """Take the rows of those cases out; PatchRefused if the sheet's table cannot be found for certain.

    Where formulas, names, charts, comments or formats depend on the place of the rows below, nothing moves and the
    row's cells are emptied instead: new cases fill empty rows at the table's end, and sorting brings them there.
    Rows that are `copies` of a case stay. `told`, a reading of the sheet, saves the time of looking for them.
    """
    standing = open_master(original, locale, sheet)
    wanted = {key.strip() for key in keys}
    found = [
        (number, key)
        for key, numbers in standing.rows_of(wanted, None if told is None else told.places(wanted)).items()
        for number in numbers
        if number not in copies
    ]
    if not found:
        return Outcome(standing.archive)
    for key, times in Counter(key for _, key in found).items():
        if times > 1:
            raise case_twice(key)
    rows = dict(found)
    if len(rows) < len(standing.data_rows):  # Excel keeps one empty row in a table
        try:
            moves = Moves.closing_up(standing, sorted(rows))
            return Outcome(written(standing, {}, standing.table.last_row - len(rows), moves))
        except PatchRefused:
            pass
    return _emptied(standing, rows)


def _emptied(standing: Standing, rows: Mapping[int, str]) -> Outcome:
    archive, cleared, kept = standing.archive, list[str](), dict[str, Text]()
    fastened = fastened_rows(standing)
    edits = {}
    for number, key in rows.items():
        cells = _blanks(standing, number)
        try:
            if number in fastened:
                raise row_kept(cell_name(standing.table.first_column, number))
            written(standing, {number: cells}, standing.table.last_row, Moves())
        except PatchRefused as refused:
            kept[key] = refused.reason
        else:
            edits[number] = cells
            cleared.append(key)
    if edits:
        archive = written(standing, edits, standing.table.last_row, Moves())
    return Outcome(archive, tuple(cleared), kept)


def _blanks(standing: Standing, number: int) -> dict[int, NewCell]:
    table = standing.table
    return {
        place: NewCell(b"", b"", cell.style)
        for place, cell in standing.grid.cells(number).items()
        if table.first_column <= place <= table.last_column and cell.content
    }
