"""The report that goes out by itself: once a month to each reader, at the hour the policy says or as soon after it."""

import logging
from datetime import datetime

from daemon.clock import Clock
from daemon.config import Person
from daemon.docket import Docket
from daemon.report.orders import ReportOrder
from daemon.site import Site
from rules.months import Month

log = logging.getLogger("kesu.report")


class MonthlyReports:
    """Puts the month's reports into the outbox when they are due."""

    def __init__(self, docket: Docket, clock: Clock) -> None:
        self._docket = docket
        self._clock = clock

    def queue_due(self) -> int:
        """Queue the report that is due and was not queued yet; return to how many people.

        A month before the first case has none. Who comes into office later does not get it either.
        """
        now, site = self._clock.now(), self._docket.site
        rule = site.policy.monthly_report
        if rule is None:
            return 0
        month = rule.last_due(now, site.zone)
        mark = f"report:{month}"
        if self._docket.ledger.mark_value(mark) is not None or not self._has_cases(month):
            return 0
        queued = queue(self._docket, month, now, mark=mark)
        log.info("report of %s queued for %d people", month, len(queued))
        return len(queued)

    def queue_quietly(self) -> None:
        """Do it between other periodic work, which a failure must not end."""
        try:
            self.queue_due()
        except Exception:
            log.exception("the monthly report has to wait")

    def _has_cases(self, month: Month) -> bool:
        first = self._docket.ledger.first_opening()
        return first is not None and first < month.ends(self._docket.site.zone)


def queue(docket: Docket, month: Month, now: datetime, *, mark: str = "") -> list[Person]:
    """Queue a month's report for everybody who is to have it and has not; return them.

    Of a month that is over, each person gets one; of one that still runs, one for every state of the ledger.
    """
    as_of = docket.ledger.last_seq()
    key = f"report:{month}" if month.ends(docket.site.zone) <= now else f"report:{month}:{as_of}"
    orders = [
        ReportOrder(month=str(month), as_of=as_of, at=now, person=person) for person in readers(docket.site)
    ]
    with docket.ledger.writing() as entry:
        queued = [order.person for order in orders if docket.owe_report(entry, order, now, key)]
        if mark:
            entry.mark(mark, now.isoformat())
    return queued


def readers(site: Site) -> list[Person]:
    """Return who gets the month's report, each person once."""
    rule = site.policy.monthly_report
    people = [person for role in (rule.roles if rule else ()) for person in site.people(role)]
    return list({person.email.lower(): person for person in reversed(people)}.values())[::-1]
