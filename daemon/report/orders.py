"""What the outbox keeps of a monthly report until it is sent: which month, as of which event, for whom."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict

from daemon.config import Person
from daemon.ledger import Ledger
from daemon.letters import LetterOrder
from daemon.report.counting import count
from daemon.report.labels import Labels
from daemon.report.letter import report_letter
from daemon.site import Site
from mailer.letter import Address
from rules.months import Month
from rules.statistics import Figures


class ReportOrder(BaseModel):
    """A monthly report that is owed to somebody. Its figures are those of the ledger at `at`, after event `as_of`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    month: str
    as_of: int
    at: AwareDatetime
    person: Person
    fines: bool = False  # he may see other people's


class Reports:
    """Writes the reports that are owed; the figures are counted once for all readers of a month."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._figures = lru_cache(maxsize=2)(self._count)

    def letter(self, order: ReportOrder, site: Site) -> LetterOrder:
        """Write one report in its reader's language."""
        person = order.person
        figures = self._figures(order.month, order.as_of, order.at, site.config.daemon.timezone)
        labels = Labels(site, person.locale or site.locale)
        return report_letter(
            figures, Address(email=person.email, name=person.name), labels, fines=order.fines
        )

    def _count(self, month: str, as_of: int, at: datetime, timezone: str) -> Figures:
        return count(self._ledger, Month.parse(month), at, ZoneInfo(timezone), as_of)
