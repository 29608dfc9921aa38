"""Bytes to grids: every sheet's filled cells with typed raw values, whichever reader can open the file.

calamine reads first (a hundred times quicker, and it reads what openpyxl silently drops). If it refuses, or finds
nothing, or finds much less than the file's own XML holds, openpyxl or xlrd has a try, and the fuller reading counts.
Runs in the limited child: a hostile file may still exhaust its memory or time.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from parsers.archive import Container, check_zip, container_of
from parsers.census import Census, census
from parsers.grid_readers import (
    ole_is_1904,
    read_with_calamine,
    read_with_openpyxl,
    read_with_xlrd,
    xls_formats,
    xlsx_formats,
)
from parsers.grids import Area, Grid, Place, Raw, cell_name
from parsers.otherwise import read_otherwise
from parsers.packages import package
from parsers.refusals import CELLS_UNREAD, DAMAGED, FORMULAS_ONLY, PASSWORD, Refused
from parsers.unlock import is_locked, unlocked

__all__ = ["Area", "Grid", "Place", "Raw", "Workbook", "cell_name", "read_workbook"]

Reader = Callable[[bytes], tuple[Grid, ...]]


@dataclass(frozen=True)
class Workbook:
    """All sheets of a file, hidden ones too."""

    grids: tuple[Grid, ...]
    epoch_1904: bool = False
    content: bytes = field(default=b"", repr=False)  # unlocked, if it was locked
    container: Container = Container.ZIP
    uncomputed: tuple[str, ...] = ()  # cells whose formula has no value beside it, or an error
    partial: bool = False  # the file holds much more than any reader found

    @cached_property
    def _formats(self) -> Callable[[str, Place], str]:
        reader = xlsx_formats if self.container is Container.ZIP else xls_formats
        return reader(self.content)

    def is_percentage(self, sheet: str, place: Place) -> bool:
        """Tell whether the cell is shown with a percent sign. Reads the file anew: ask only where it matters."""
        try:
            return "%" in self._formats(sheet, place)
        except Exception:
            return False

    @cached_property
    def _scales_in_formats(self) -> bool:
        """Whether any number format could say 萬 or 千; looked up cheaply before the file is read anew."""
        try:
            return _mentions_scales(self.content, self.container)
        except Exception:
            return False

    def money_format(self, sheet: str, place: Place) -> str:
        """Return the number format of a cell where the file's formats name a scale (0.0"萬"), else "General"."""
        try:
            return self._formats(sheet, place) if self._scales_in_formats else "General"
        except Exception:
            return "General"


def _mentions_scales(content: bytes, container: Container) -> bool:
    if container is not Container.ZIP:
        return any(word.encode("utf-16-le") in content for word in "萬万千億亿")
    archive = package(content)
    name = next(name for name in archive.namelist() if name.lower().endswith("styles.xml"))
    styles = archive.read(name).decode("utf-8", "replace")
    return re.search(r"formatCode=[^>]*(?:[萬万千億亿]|&#)", styles) is not None


def read_workbook(content: bytes, *, second_reader_only: bool = False) -> Workbook:
    """Read all sheets; Refused with a reason if nobody can. `second_reader_only` after the first has crashed."""
    container = container_of(content)
    if container is Container.OLE and is_locked(content):
        content = unlocked(content)
        container = container_of(content)
    if container is Container.TEXT:
        return Workbook(read_otherwise(content), container=container)
    if container is Container.ZIP:
        check_zip(content)
    second = read_with_openpyxl if container is Container.ZIP else read_with_xlrd
    readers = (second,) if second_reader_only else (read_with_calamine, second)
    counted = census(content, container)
    readings = _readings(content, readers, counted)
    best = max(readings, key=_filled)
    if not _filled(best) and (counted.cells or counted.uncomputed):
        raise Refused(CELLS_UNREAD if counted.cells else FORMULAS_ONLY)
    epoch = _epoch_is_1904(content, container)
    partial = not (counted.is_met_by(best) or _agree(readings))
    nothing = tuple(dict.fromkeys(counted.uncomputed + counted.faulty))
    return Workbook(best, epoch, content, container, nothing, partial)


def _readings(content: bytes, readers: tuple[Reader, ...], counted: Census) -> list[tuple[Grid, ...]]:
    """Return what the first reader finds; if that is nothing or much too little, what the second finds as well."""
    readings: list[tuple[Grid, ...]] = []
    failures: list[Refused] = []
    for reader in readers:
        try:
            readings.append(_attempt(reader, content))
        except Refused as refused:
            failures.append(refused)
            continue
        if counted.is_met_by(readings[-1]):
            break
    if not readings:
        raise next((refused for refused in failures if refused.reason == PASSWORD), failures[0])
    return readings


def _agree(readings: list[tuple[Grid, ...]]) -> bool:
    """Tell whether two readers found as much: the count was too high, then, by texts that are blank."""
    return len(readings) > 1 and len({_filled(grids) for grids in readings}) == 1


def _filled(grids: tuple[Grid, ...]) -> int:
    return sum(len(grid.cells) for grid in grids)


def _attempt(reader: Reader, content: bytes) -> tuple[Grid, ...]:
    """Run one reader and turn whatever it throws into a reason."""
    try:
        return reader(content)
    except (Refused, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        locked = any(word in f"{type(error).__name__} {error}".lower() for word in ("password", "encrypted"))
        raise Refused(PASSWORD if locked else DAMAGED) from error


def _epoch_is_1904(content: bytes, container: Container) -> bool:
    """Tell whether the file counts days from 1904, for dates that stand in it as bare numbers."""
    try:
        return _zip_is_1904(content) if container is Container.ZIP else ole_is_1904(content)
    except Exception:
        return False


def _zip_is_1904(content: bytes) -> bool:
    archive = package(content)
    name = next(name for name in archive.namelist() if name.lower().endswith("workbook.xml"))
    text = archive.read(name)
    return re.search(rb"""date1904\s*=\s*["'](?:1|true)["']""", text) is not None
