"""From the ledger to the figures of a month."""

from datetime import datetime
from zoneinfo import ZoneInfo

from daemon.ledger import Ledger
from rules.months import Month
from rules.statistics import Figures, figures_of


def count(ledger: Ledger, month: Month, now: datetime, zone: ZoneInfo, as_of: int | None = None) -> Figures:
    """Count a month from the events up to `as_of`, by default all there are."""
    last = ledger.last_seq() if as_of is None else as_of
    return figures_of(ledger.histories(month.begins(zone), last), month, now, zone)
