"""How many cells a workbook plainly holds, counted in its raw XML or records and not by a reader.

A reader that follows the file's indexes may find nothing where an index is odd; the count does not follow any, so that
no reading is empty in silence. It is rough (a hint to look twice) and bounded.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from zipfile import BadZipFile, ZipFile, ZipInfo

from parsers.archive import Container
from parsers.grids import Grid
from parsers.ole import biff_stream
from parsers.packages import package

_MOST_BYTES = 16 * 1024 * 1024  # of one part
_MOST_RECORDS = 200_000
_MOST_NAMED = 20  # formulas without a value
_SHARE = 0.75  # a reading of less than this is looked at twice
_NO_SHEETS = (
    "docprops/",
    "xl/theme/",
    "xl/styles.xml",
    "xl/workbook.xml",
    "xl/sharedstrings.xml",
    "[content_types].xml",
)
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".rels", ".vml", ".tiff", ".bmp", ".svg")
_PREFIX = rb"(?:[A-Za-z_][\w.-]{0,40}+:)?"  # possessive: without a colon there is nothing to try again
_SHEET = re.compile(rb"<" + _PREFIX + rb"worksheet[\s>]")
_VALUE = re.compile(
    rb"<%b(?:v(?:\s[^<>]*+)?>[^<\s]|is>\s*+<%b(?:t(?:\s[^<>]*+)?>[^<]|r>))" % (_PREFIX, _PREFIX)
)
# What is looked for stands first, and the space before it behind: such a search runs past everything else.
_ERROR = re.compile(rb"t=[\"']e[\"'](?<=\s.{5})", re.DOTALL)
_CELL = re.compile(rb"<%bc\s[^<>]*+>" % _PREFIX)
_FORMULA_BEGINS = re.compile(rb"f(?<=[<:]f)[\s/>]")
_FORMULA_ALONE = re.compile(
    rb"<%bc\s([^<>]*)>\s*(?:<%bf(?:\s[^<>]*)?>[^<]*</%bf>|<%bf(?:\s[^<>]*)?/>)\s*(<%bv\s*/>|<%bv></%bv>)?\s*</%bc>"
    % ((_PREFIX,) * 8)
)
_TEXT_RESULT = re.compile(rb"\bt=[\"']str[\"']")  # an empty value of it is a result: ""
_STRING = re.compile(rb"<%bsi[\s/>]" % _PREFIX)
_BLANK_STRING = re.compile(
    rb"<%bsi>\s*(?:<%bt(?:\s[^<>]*)?(?:/>|>\s*</%bt>)\s*)?</%bsi>|<%bsi\s*/>" % ((_PREFIX,) * 5)
)
_STRING_CELL = re.compile(rb"<%bc\s[^<>]*?t=[\"']s[\"'][^<>]*>\s*<%bv>\s*(\d{1,7})\s*</" % (_PREFIX, _PREFIX))
_PLACE = re.compile(rb"\br=[\"']([A-Z]{1,3}\d{1,7})[\"']")
_PARAGRAPH = re.compile(rb"<text:p(?:\s[^<>]*)?>[^<]")
_BINARY_CELLS = frozenset(
    {2, 4, 5, 6, 7, 8, 9, 10}
)  # [MS-XLSB] 2.3.1: BrtCellRk … BrtFmlaBool, without errors
_BIFF_CELLS = frozenset({0x0203, 0x027E, 0x00BD, 0x00FD, 0x0204, 0x00D6})  # [MS-XLS] 2.3.1
_FORMULA, _BEGIN = 0x0006, 0x0809


@dataclass(frozen=True)
class Census:
    """What a file holds before any reader looks: cells with a value, sheets that have any, cells that say nothing."""

    cells: int = 0
    sheets: int = 0
    uncomputed: tuple[str, ...] = ()  # A1, B7: formulas without a value beside them
    faulty: tuple[str, ...] = ()  # those that hold an error value

    def is_met_by(self, grids: tuple[Grid, ...]) -> bool:
        """Tell whether a reading is plausible: neither empty nor much less than what was counted."""
        filled = [grid for grid in grids if grid.cells]
        if any(grid.cut for grid in grids):
            return bool(filled)
        read = sum(len(grid.cells) for grid in filled)
        return read > 0 and read >= _SHARE * self.cells and len(filled) >= _SHARE * self.sheets


def census(content: bytes, container: Container) -> Census:
    """Count the cells of a file; nothing where it cannot be counted."""
    try:
        if container is Container.ZIP:
            return _of_zip(content)
        return _of_biff(biff_stream(content))
    except (BadZipFile, EOFError, LookupError, NotImplementedError, OSError, RuntimeError, ValueError):
        return Census()
    except zlib.error:
        return Census()


def _of_zip(content: bytes) -> Census:
    counts: list[int] = []
    uncomputed: list[str] = []
    faulty: list[str] = []
    archive = package(content)
    blank = _blank_strings(archive)
    for part in archive.infolist():
        name = part.filename.replace("\\", "/").lower()
        if name.endswith(_PICTURES) or name.startswith(_NO_SHEETS):
            continue
        if name.endswith(".bin"):
            if "sheet" in name:
                counts.append(_cells_in_binary(_unpacked(archive, part)))
        elif name == "content.xml":
            counts.append(_count(_PARAGRAPH, _unpacked(archive, part)))
        elif (sheet := _sheet(archive, part)) is not None:
            nothing = _count(_ERROR, sheet) + _blanks(sheet, blank)
            counts.append(max(_count(_VALUE, sheet) - nothing, 0))
            uncomputed += islice(_uncomputed(sheet), _MOST_NAMED)
            faulty += _faulty(sheet)
    named = (tuple(cells[:_MOST_NAMED]) for cells in (uncomputed, faulty))
    return Census(sum(counts), sum(1 for count in counts if count), *named)


def _sheet(archive: ZipFile, part: ZipInfo) -> bytes | None:
    """Return the XML of a part that is a worksheet by its first element, whatever it is called."""
    with archive.open(part) as stream:
        head = stream.read(2048)
        if _SHEET.search(head.replace(b"\0", b"")) is None:
            return None
        text = head + stream.read(_MOST_BYTES)
    return text.replace(b"\0", b"") if b"\0" in head else text  # UTF-16


def _blank_strings(archive: ZipFile) -> frozenset[int]:
    """Return the numbers of shared strings that say nothing."""
    name = next((name for name in archive.namelist() if name.lower().endswith("sharedstrings.xml")), None)
    text = b"" if name is None else _unpacked(archive, archive.getinfo(name))
    blank = {found.start() for found in islice(_BLANK_STRING.finditer(text), _MOST_RECORDS)}
    if not blank:
        return frozenset()
    starts = (found.start() for found in islice(_STRING.finditer(text), _MOST_RECORDS))
    return frozenset(number for number, start in enumerate(starts) if start in blank)


def _blanks(sheet: bytes, blank: frozenset[int]) -> int:
    if not blank:
        return 0
    cells = islice(_STRING_CELL.finditer(sheet), _MOST_RECORDS)
    return sum(1 for found in cells if int(found[1]) in blank)


def _unpacked(archive: ZipFile, part: ZipInfo) -> bytes:
    with archive.open(part) as stream:
        return stream.read(_MOST_BYTES)


def _count(pattern: re.Pattern[bytes], text: bytes) -> int:
    return sum(1 for _ in islice(pattern.finditer(text), _MOST_RECORDS))


def _uncomputed(sheet: bytes) -> Iterator[str]:
    if not _FORMULA_BEGINS.search(sheet):
        return
    for found in _FORMULA_ALONE.finditer(sheet):
        if found[2] and _TEXT_RESULT.search(found[1]):
            continue
        place = _PLACE.search(found[1])
        yield place[1].decode("ascii") if place else "?"


def _faulty(sheet: bytes) -> Iterator[str]:
    """Yield the cells that hold an error value, #N/A and its like: no reading says anything of them."""
    for found in islice(_ERROR.finditer(sheet), _MOST_NAMED):
        cell = _CELL.match(sheet, sheet.rfind(b"<", 0, found.start()))
        place = _PLACE.search(cell[0]) if cell else None
        if place:
            yield place[1].decode("ascii")


def _cells_in_binary(text: bytes) -> int:
    """Count the cell records of an .xlsb sheet ([MS-XLSB] 2.1.4: type and size are of variable length)."""
    count = place = 0
    for _ in range(_MOST_RECORDS):
        kind, place = _number(text, place, 2)
        size, place = _number(text, place, 4)
        if place >= len(text):
            break
        place += size
        count += kind in _BINARY_CELLS
    return count


def _number(text: bytes, place: int, longest: int) -> tuple[int, int]:
    value = 0
    for index in range(longest):
        if place >= len(text):
            break
        byte = text[place]
        place += 1
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            break
    return value, place


def _of_biff(text: bytes) -> Census:
    """Count the cell records of an .xls stream; a sheet begins with a BOF record."""
    counts: list[int] = [0]
    place = 0
    for _ in range(_MOST_RECORDS):
        if place + 4 > len(text):
            break
        kind = int.from_bytes(text[place : place + 2], "little")
        start = place + 4
        place = start + int.from_bytes(text[place + 2 : place + 4], "little")
        if kind == _BEGIN:
            counts.append(0)
        counts[-1] += kind in _BIFF_CELLS or (kind == _FORMULA and _has_result(text[start + 6 : start + 14]))
    return Census(sum(counts), sum(1 for count in counts if count))


def _has_result(result: bytes) -> bool:
    """Tell whether a formula's cached value is neither an error nor an empty text ([MS-XLS] 2.5.133)."""
    return not (result.endswith(b"\xff\xff") and result[:1] in (b"\x02", b"\x03"))
