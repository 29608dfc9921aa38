"""Calendar months of a site, as statistics count them."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

_WRITTEN = re.compile(
    r"([2-9]\d{3})-(\d{2})"
)  # nobody asks for the months of the year 1, and no zone knows them


@dataclass(frozen=True, order=True)
class Month:
    """One month of the calendar, written `2026-11`."""

    year: int
    number: int

    def __post_init__(self) -> None:
        """ValueError where the calendar has no such month."""
        date(self.year, self.number, 1)

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Read `2026-11`; ValueError if it is no month."""
        written = _WRITTEN.fullmatch(text)
        if written is None:
            raise ValueError(f"{text!r} is no month; write one such as 2026-11")
        try:
            return cls(int(written[1]), int(written[2]))
        except ValueError:
            raise ValueError(f"{text!r} is no month of the calendar") from None

    @classmethod
    def of(cls, moment: datetime, zone: tzinfo) -> "Month":
        """Return the month of a moment on the site's calendar."""
        day = moment.astimezone(zone)
        return cls(day.year, day.month)

    def __str__(self) -> str:
        """Write it as `parse` reads it."""
        return f"{self.year:04}-{self.number:02}"

    @property
    def before(self) -> "Month":
        """The month before this one."""
        return Month(self.year - 1, 12) if self.number == 1 else Month(self.year, self.number - 1)

    @property
    def after(self) -> "Month":
        """The month after this one."""
        return Month(self.year + 1, 1) if self.number == 12 else Month(self.year, self.number + 1)

    @property
    def days(self) -> int:
        """How many days it has."""
        return calendar.monthrange(self.year, self.number)[1]

    def begins(self, zone: tzinfo) -> datetime:
        """Return its first moment in a zone."""
        return datetime(self.year, self.number, 1, tzinfo=zone)

    def ends(self, zone: tzinfo) -> datetime:
        """Return the first moment of the month after it."""
        return self.after.begins(zone)
