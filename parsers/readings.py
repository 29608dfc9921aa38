"""What reading one cell yields: a typed value, or why there is none."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rules.conditions import FactValue
from rules.locales import Text


class Reading(NamedTuple):
    """A value, or the problem in its place; neither if the cell means empty. A warning stands beside a value."""

    value: FactValue | None = None
    problem: Text | None = None
    warning: Text | None = None


NOTHING = Reading()


@dataclass(frozen=True)
class Surroundings:
    """What a value's meaning depends on besides its text: the site's zone, the time now, the workbook's day count."""

    zone: ZoneInfo
    now: datetime
    epoch_1904: bool = False
