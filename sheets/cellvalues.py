"""What a cell's value means in its column: typed values read back, whatever number format somebody chose."""

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from sheets.cells import Cell, PlainCell, as_cell
from sheets.cellxml import EPOCH, EPOCH_1904, Strings, stored_value
from sheets.columns import CellValue, Column, ColumnKind
from sheets.links import text_of_link
from sheets.texts import plain_text


@dataclass(frozen=True)
class CellError:
    """An error a formula came to, e.g. `#N/A`."""

    code: str


ReadValue = CellValue | CellError

_TYPED_DATE = re.compile(
    r"(\d{4})[-/.年／．－](\d{1,2})[-/.月／．－](\d{1,2})日?(?:[T\s]*(\d{1,2})[:：](\d{2})(?:[:：](\d{2}))?)?"
)
_LAST_SERIAL = 2_958_465  # 31 December 9999
_YEARS = range(1900, 9999)  # of moments; at the ends of the calendar no other zone could show them
_DIGITS = 15  # what a spreadsheet program shows of a number
_COUNTS = frozenset({ColumnKind.NUMBER})
_AMOUNTS = frozenset({ColumnKind.NUMBER, ColumnKind.MONEY, ColumnKind.HOURS})
_TIMES = frozenset({ColumnKind.DATETIME, ColumnKind.DATE})


class CellReader:
    """Reads the cells of one workbook: its strings, its styles that show dates, its time zone, its calendar."""

    def __init__(
        self, strings: Strings, date_styles: Collection[bytes], zone: ZoneInfo, *, date1904: bool
    ) -> None:
        self._strings = strings
        self._date_styles = date_styles
        self._zone = zone
        self._epoch = EPOCH_1904 if date1904 else EPOCH
        self._seen: dict[tuple[ColumnKind, PlainCell], ReadValue] = {}

    def value(self, cell: PlainCell | None, column: Column) -> ReadValue:
        """Return the value of a cell in that column; None where it is empty, a text where it does not fit."""
        if cell is None or not cell[3]:
            return None
        sign = (column.kind, cell)
        if sign not in self._seen:
            self._seen[sign] = self._read(as_cell(cell), column.kind)
        return self._seen[sign]

    def _read(self, cell: Cell, kind: ColumnKind) -> ReadValue:
        if kind is ColumnKind.LINK and (link := text_of_link(cell.content)):
            return link
        stored = stored_value(cell)
        match cell.kind:
            case b"e":
                return CellError(stored.decode("utf-8", errors="replace"))
            case b"b":
                return stored.strip() == b"1"
            case b"n":
                return self._of_number(stored.decode("ascii", errors="replace").strip(), cell, kind)
        return self._of_text(self._strings.text(cell), kind)

    def _of_number(self, stored: str, cell: Cell, kind: ColumnKind) -> ReadValue:
        if not stored:
            return None
        number = _number(stored)
        if number is None:
            return stored
        is_date = cell.style in self._date_styles
        if kind in _TIMES or (is_date and kind not in _AMOUNTS):
            moment = self._moment(number)
            if moment is not None:
                return _in_column(moment, kind) if kind in _TIMES else _shown(moment)
        if kind in _AMOUNTS:
            return int(number) if kind in _COUNTS and number == number.to_integral_value() else number
        return True if kind is ColumnKind.MARK else f"{number:f}"

    def _of_text(self, text: str, kind: ColumnKind) -> ReadValue:
        if not text.strip():
            return None
        if kind in _TIMES:
            return self._typed_moment(text, kind)
        if kind in _AMOUNTS:
            return _typed_number(text)
        return True if kind is ColumnKind.MARK else text

    def _moment(self, serial: Decimal) -> datetime | None:
        if not 0 <= serial <= _LAST_SERIAL:
            return None
        with suppress(OverflowError):
            wall = self._epoch + timedelta(seconds=round(serial * 86_400))
            return wall.replace(tzinfo=self._zone) if wall.year in _YEARS else None
        return None

    def _typed_moment(self, text: str, kind: ColumnKind) -> ReadValue:
        found = _TYPED_DATE.fullmatch(text.strip())
        with suppress(ValueError):
            if found and int(found[1]) in _YEARS:
                year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
                typed = datetime(year, month, day, hour, minute, second, tzinfo=self._zone)
                return _in_column(typed, kind)
        return text


def _in_column(moment: datetime, kind: ColumnKind) -> datetime:
    """Return a moment as its column holds it: a day begins at midnight."""
    return moment.replace(hour=0, minute=0, second=0) if kind is ColumnKind.DATE else moment


def _number(stored: str) -> Decimal | None:
    """Return a number as a spreadsheet program shows it: 15 digits, whatever its float holds beyond them."""
    try:
        number = Decimal(stored)
        if not number.is_finite() or abs(number.adjusted()) > 300:
            return None
        return Decimal(f"{float(number):.{_DIGITS}g}") if len(number.as_tuple().digits) > _DIGITS else number
    except InvalidOperation:
        return None


def _typed_number(text: str) -> ReadValue:
    number = _number(text.strip().replace(",", "").replace("，", ""))
    return text if number is None else number


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}" if moment.time() == moment.time().min else f"{moment:%Y-%m-%d %H:%M}"


def same(one: ReadValue, other: ReadValue) -> bool:
    """Tell whether two values are one in a cell: blanks are empty, 1.0 is 1, seconds count and zones do not."""
    return one == other or settled(one) == settled(other)


def settled(value: ReadValue) -> object:
    """Return a value as it is compared."""
    match value:
        case None | False | CellError():
            return value or None
        case True:
            return True
        case int() | Decimal():
            return Decimal(f"{Decimal(value):.15g}").normalize()
        case datetime():
            return value.astimezone(UTC).replace(microsecond=0)
    return plain_text(value).strip() or None
