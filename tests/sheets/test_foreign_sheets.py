"""The bytes reader on sheets that nobody here made: one cell more in each, and nothing else is different."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sheets.archive import Archive
from sheets.cells import Cell, NewCell
from sheets.grid import Grid
from sheets.parts import related
from sheets.refusal import PatchRefused

CORPUS = Path(os.environ.get("KESU_CORPUS", Path(__file__).resolve().parents[3] / "shared" / "corpus"))
MOST_ROWS = 5_000  # of a sheet that is compared cell by cell
READ_AT_LEAST = 280  # sheets of the corpus; what is refused is odd, encrypted or hostile


def workbooks() -> list[Path]:
    found = [path for folder in ("sheets", "forms") for path in (CORPUS / folder).glob("*.xls[xm]")]
    if not found:
        pytest.skip("KESU_CORPUS does not point to the corpus")
    return sorted(found)


def sheets_of(archive: Archive) -> Iterator[str]:
    workbook = related(archive, "", "officeDocument")
    yield from related(archive, workbook[0], "worksheet") if workbook else ()


def cells_of(grid: Grid) -> dict[tuple[int, int], tuple[Cell, bytes]]:
    """Return every cell by place; what counts is what it says, for a place may be named that was counted."""
    return {
        (number, column): (cell._replace(attributes={}, raw=b""), cell.kind + b"/" + (cell.style or b""))
        for number in grid.numbers
        for column, cell in grid.cells(number).items()
    }


def check_one_cell_more(archive: Archive, part: str) -> bool:
    """Put a cell right of everything in the sheet's last row, and compare all others; False where there is no room."""
    spliced = archive.spliced(part)
    grid = Grid(spliced.content, part)
    if not grid.numbers or len(grid.numbers) > MOST_ROWS:
        return False
    place = (grid.last_row, max(grid.cells(grid.last_row), default=0) + 1)
    if place[1] > 16_384:  # the sheet is full to its edge
        return False
    before = cells_of(grid)
    number = b"<%sv>4711</%sv>" % (grid.prefix, grid.prefix)
    splices = grid.splices({place[0]: {place[1]: NewCell(b"", number, None)}})
    patched = Archive(archive.rewritten({part: replace(spliced, splices=splices)}))
    assert patched.names == archive.names
    assert all(patched.checksum(name) == archive.checksum(name) for name in archive.names if name != part)
    after = cells_of(Grid(patched.spliced(part).content, part))
    assert after.pop(place)[0].content == number
    assert after == before
    return True


def test_one_cell_more_in_any_strangers_sheet_changes_no_other() -> None:
    done = 0
    for path in workbooks():
        try:
            archive = Archive(path.read_bytes())
            parts = list(sheets_of(archive))
        except PatchRefused:
            continue
        for part in parts:
            try:
                done += check_one_cell_more(archive, part)
            except PatchRefused:
                continue
    assert done >= READ_AT_LEAST
