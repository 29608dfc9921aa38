"""When the month's report is owed, and to whom (the dealership's K04, assumed; the manufacturer's E07)."""

from datetime import datetime, timedelta, tzinfo
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from rules.months import Month


class MonthlyReport(BaseModel):
    """The report of a month goes to `roles` on `day` of the month after it, at `hour` on the site's clock."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: Annotated[tuple[str, ...], Field(min_length=1)]
    day: Annotated[int, Field(ge=1, le=28)]
    hour: Annotated[int, Field(ge=0, le=23)] = 8
    clause: str

    def due_at(self, month: Month, zone: tzinfo) -> datetime:
        """Return when the report of `month` is owed."""
        return month.ends(zone) + timedelta(days=self.day - 1, hours=self.hour)

    def last_due(self, now: datetime, zone: tzinfo) -> Month:
        """Return the latest month whose report is owed by `now`."""
        month = Month.of(now, zone).before
        return month if self.due_at(month, zone) <= now else month.before
