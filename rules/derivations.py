"""Facts that follow from other facts, as named functions every policy may use."""

import calendar
from collections.abc import Callable
from datetime import date, datetime, tzinfo

from rules.conditions import FactValue
from rules.facts import Facts

Derivation = Callable[[Facts, "Setting"], bool | None]


class Setting:
    """What a derivation may know beside the facts: its parameters, the day of the report and the site's zone."""

    def __init__(self, parameters: dict[str, str | int], today: date, zone: tzinfo) -> None:
        self.parameters = parameters
        self.today = today
        self.zone = zone

    def day(self, facts: Facts, parameter: str) -> date | None:
        """Return the calendar day of the fact that `parameter` names, in the site's zone; None if not given."""
        value: FactValue | None = facts.get(str(self.parameters.get(parameter, "")))
        if isinstance(value, datetime):
            return value.astimezone(self.zone).date()
        return value if isinstance(value, date) else None


def months_later(start: date, months: int) -> date:
    """Return the same day `months` on, or that month's last day where it has no such day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))


def waited_longer_than_months(facts: Facts, setting: Setting) -> bool | None:
    """D14: more than n months from `start` to the report, or to `end` if that came first.

    "More than 3 months" begins the day after the same day three months on (facts.md, How the edges fall).
    """
    start = setting.day(facts, "start")
    if start is None:
        return None
    reported = setting.day(facts, "reported") or setting.today
    until = min(reported, setting.day(facts, "end") or reported)
    return until > months_later(start, int(setting.parameters["months"]))


def missed_date(facts: Facts, setting: Setting) -> bool | None:
    """D14: the day of the report is later than `due` and what was due was not `done` by it."""
    due = setting.day(facts, "due")
    if due is None:
        return None
    reported = setting.day(facts, "reported") or setting.today
    done = setting.day(facts, "done")
    return reported > due and (done is None or done > due)


DERIVATIONS: dict[str, Derivation] = {
    "waited-longer-than-months": waited_longer_than_months,
    "missed-date": missed_date,
}
