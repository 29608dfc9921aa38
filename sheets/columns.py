"""Columns of our sheets: what stands in them, whose they are, how they are told apart in a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from rules.locales import Locale, Text

CellValue = str | Decimal | datetime | bool | int | None

MARK = "●"  # what a MARK column shows where it is True


class Owner(StrEnum):
    """Who writes a column."""

    DAEMON = "daemon"
    MANAGER = "manager"  # the daemon writes there too: what the ledger made of an entry


class ColumnKind(StrEnum):
    """What stands in a column."""

    TEXT = "text"  # short text, kept as text whatever is typed
    PROSE = "prose"  # long text over several lines
    MONEY = "money"
    NUMBER = "number"
    HOURS = "hours"  # a length of time in hours, one decimal
    DATE = "date"  # a day of the site's calendar, without a time
    DATETIME = "datetime"  # wall time of the site
    MARK = "mark"  # a dot where True
    LINK = "link"  # a folder that a click opens, and how many files it holds: a formula made from that text
    REMAINING = "remaining"  # a formula: the time left until `due_at`


@dataclass(frozen=True)
class Column:
    """One column; `key` never changes, `header` is how it is found in a file, in any of the three languages.

    `width` is in characters, `help` is shown on the header and on the help sheet. `choices` are offered in a list.
    """

    key: str
    header: Text
    width: float
    kind: ColumnKind
    owner: Owner
    help: Text
    choices: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row as the workbook shows it; `values` holds display values by column key, `key` tells it from all others.

    Grade and status are display texts of the workbook's language; datetimes are aware.
    """

    key: str
    values: Mapping[str, CellValue]


@dataclass(frozen=True)
class Sheet:
    """One sheet with one Excel table of ours, found by the table's name, else by its headers.

    Rows are told apart by `key_column`. A feed has none: the daemon alone writes it, row by row from the top. A
    workbook without its `essential` sheet is not taken for ours. `telling` are columns of the daemon in which hardly
    two rows hold the same: by them a row is known whose key somebody wrote over, or that was sorted in part.
    """

    key: str
    title: Text
    table: str
    columns: tuple[Column, ...]
    key_column: str = ""
    essential: bool = False
    telling: tuple[str, ...] = ()

    @cached_property
    def _by_key(self) -> dict[str, Column]:
        return {column.key: column for column in self.columns}

    @cached_property
    def _by_header(self) -> dict[str, Column]:
        return {_folded(wording): column for column in self.columns for wording in column.header.all()}

    def column(self, key: str) -> Column:
        """Return the column called `key`; KeyError if there is none."""
        return self._by_key[key]

    def column_of_header(self, text: str) -> Column | None:
        """Return the column whose header reads `text` in any language, blanks aside; None if none does."""
        return self._by_header.get(_folded(text))

    def header(self, key: str, locale: Locale) -> str:
        """Return the header of the column called `key`."""
        return self._by_key[key].header.get(locale)

    @cached_property
    def merged(self) -> tuple[str, ...]:
        """The columns that are compared cell by cell: all but the key and our own formula."""
        return tuple(
            column.key
            for column in self.columns
            if column.key != self.key_column and column.kind is not ColumnKind.REMAINING
        )

    @cached_property
    def managers(self) -> frozenset[str]:
        """The columns that managers fill in."""
        return frozenset(column.key for column in self.columns if column.owner is Owner.MANAGER)


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def remaining_formula(due: str) -> str:
    """Return the formula of the time left until the cell `due`: hours and minutes as text, `-` where it is past."""
    return f'IF(ISNUMBER({due}),IF({due}<NOW(),"-","")&TEXT(ABS({due}-NOW()),"[h]:mm"),"")'


def wall_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the wall time in `zone`, to the second; ValueError if `moment` has no zone of its own."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no zone")
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0)
