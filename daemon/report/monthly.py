"""The report that goes out by itself: once a month to each reader, at the hour the policy says or as soon after it."""

from collections.abc import Sequence
from datetime import datetime

from daemon.config import Person
from daemon.docket import Docket
from daemon.jobs import Saying
from daemon.ledger import Entry
from daemon.report.orders import ReportOrder
from daemon.site import Site
from rules.months import Month


class MonthlyReports:
    """Puts the month's reports into the outbox when they are due (`daemon.jobs`)."""

    def __init__(self, docket: Docket) -> None:
        self._docket = docket

    def occasion(self, now: datetime) -> str:
        """Return the month whose report was due last; empty where the rules know none."""
        site = self._docket.site
        rule = site.policy.monthly_report
        return "" if rule is None else str(rule.last_due(now, site.zone))

    def prepare(self, month: str, now: datetime) -> Saying:
        """Order the report of a month for each reader; none for a month before the first case.

        Who comes into office later does not get it either.
        """
        due = Month.parse(month)
        orders = report_orders(self._docket, due, now) if self._has_cases(due) else []

        def say(entry: Entry) -> None:
            owe(self._docket, entry, orders, now)

        return say

    def _has_cases(self, month: Month) -> bool:
        first = self._docket.ledger.first_opening()
        return first is not None and first < month.ends(self._docket.site.zone)


def queue(docket: Docket, month: Month, now: datetime) -> list[Person]:
    """Queue a month's report for everybody who is to have it and has not; return them."""
    orders = report_orders(docket, month, now)
    with docket.ledger.writing() as entry:
        return owe(docket, entry, orders, now)


def report_orders(docket: Docket, month: Month, now: datetime) -> list[ReportOrder]:
    """Order a month's report for each of its readers; fines are told to whoever may see other people's."""
    as_of, site = docket.ledger.last_seq(), docket.present(now)
    return [
        ReportOrder(
            month=str(month),
            as_of=as_of,
            at=now,
            person=person,
            fines=site.may_see_fines(site.acting(person.email).roles),
        )
        for person in readers(site)
    ]


def owe(docket: Docket, entry: Entry, orders: Sequence[ReportOrder], now: datetime) -> list[Person]:
    """Queue the reports that were not queued before; return whose they are.

    Of a month that is over, each person gets one; of one that still runs, one for every state of the ledger.
    """
    return [
        order.person for order in orders if docket.owe_report(entry, order, now, _key(order, docket, now))
    ]


def _key(order: ReportOrder, docket: Docket, now: datetime) -> str:
    is_over = Month.parse(order.month).ends(docket.site.zone) <= now
    return f"report:{order.month}" if is_over else f"report:{order.month}:{order.as_of}"


def readers(site: Site) -> list[Person]:
    """Return who gets the month's report as the site is now: each person once, deputies of those on leave."""
    rule = site.policy.monthly_report
    people = [one.person for role in (rule.roles if rule else ()) for one in site.reached(role)]
    return list({person.email.lower(): person for person in reversed(people)}.values())[::-1]
