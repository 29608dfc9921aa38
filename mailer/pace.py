"""How much may be sent: what the provider allows in a minute and a day, over one connection, and of one mail."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
_KEPT = 5  # of a day's mails one in so many is kept for those that cannot wait

Count = Callable[[datetime], int]  # how many mails left after a time
NthLast = Callable[[int], datetime | None]  # when the n-th last mail left


@dataclass(frozen=True, slots=True)
class Pace:
    """A provider's limits; 0 everywhere: none is known."""

    per_minute: int = 0
    per_day: int = 0
    session_mails: int = 0
    max_megabytes: float = 0

    @property
    def most_bytes(self) -> int:
        """How large a mail may be, 0 for no limit."""
        return int(self.max_megabytes * 1_000_000)

    def left(self, count: Count, now: datetime, *, urgent: bool) -> int | None:
        """Return how many mails may leave now, None for no limit. A part of the day's is for `urgent` ones alone."""
        room = [most - count(now - span) for most, span in self._limits(urgent=urgent)]
        return max(0, min(room)) if room else None

    def opens(self, nth_last: NthLast, now: datetime, *, urgent: bool) -> datetime:
        """Return when the next mail may leave; `now` if it may at once."""
        times = [
            left + span
            for most, span in self._limits(urgent=urgent)
            if (left := nth_last(most)) is not None
            and left <= now  # of a clock that was put back nothing is told
        ]
        return max([now, *times])

    def _limits(self, *, urgent: bool) -> Iterator[tuple[int, timedelta]]:
        if self.per_minute:
            yield self.per_minute, MINUTE
        if self.per_day:
            kept = 0 if urgent else self.per_day // _KEPT
            yield max(1, self.per_day - kept), DAY
