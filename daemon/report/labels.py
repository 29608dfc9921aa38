"""The words of a report: what keys of policy, forms and people are called in one language."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from daemon import words
from daemon.report import wordings
from daemon.site import Site
from rules.events import PenaltyState
from rules.fields import FormKind
from rules.locales import Locale, Text
from rules.months import Month
from rules.statistics import StageLapses
from sheets.registry import PENALTY_STATES


@dataclass(frozen=True)
class Labels:
    """Names things for one reader; what the present rules do not know any more is called by its key."""

    site: Site
    locale: Locale

    def say(self, text: Text, **values: object) -> str:
        """Return a wording with its values."""
        return text.get(self.locale).format(**values)

    def month(self, month: Month) -> str:
        """Write a month: 2026 年 11 月, November 2026."""
        name = wordings.MONTHS_EN[month.number - 1]
        return self.say(wordings.MONTH, year=month.year, number=month.number, name=name)

    def grades(self) -> tuple[str, ...]:
        """Return the grades' keys in the policy's order."""
        return tuple(grade.key for grade in self.site.policy.grades)

    def grade(self, key: str) -> str:
        """Name a grade."""
        known = {grade.key: grade.title.get(self.locale) for grade in self.site.policy.grades}
        return known.get(key, key) or self.say(wordings.UNSAID)

    def fact(self, name: str, key: str) -> str:
        """Name what somebody chose on the complaint form."""
        if not key:
            return self.say(wordings.UNSAID)
        return words.choice(self.site.catalogue.form(FormKind.COMPLAINT).field(name), key, self.locale)

    def choices(self, name: str) -> tuple[str, ...]:
        """Return what can be chosen on the complaint form."""
        field = self.site.catalogue.form(FormKind.COMPLAINT).field(name)
        return tuple(choice.key for choice in field.choices)

    def stage(self, lapses: StageLapses) -> str:
        """Name a stage by department, grade and who is responsible in it."""
        offices = words.role_titles(lapses.roles, self.site.policy, self.locale)
        return " · ".join((self.fact("department", lapses.department), self.grade(lapses.grade), offices))

    def duty(self, key: str) -> str:
        """Name a duty: by its title, else by its clause."""
        duty = self.site.policy.duty(key)
        if duty is None:
            return key
        title = duty.title or self.site.policy.clause(duty.clause).text
        return title.get(self.locale)

    def role(self, key: str) -> str:
        """Name an office and who holds it now."""
        return words.office_holders(key, self.site.people(key), self.site.policy, self.locale)

    def person(self, role: str, name: str, email: str) -> str:
        """Name whom a penalty concerns: office and name, as far as known."""
        title = words.role_titles([role], self.site.policy, self.locale) if role else ""
        named = " ".join(word for word in dict.fromkeys((title, name or ("" if title else email))) if word)
        return named or self.say(wordings.NOBODY)

    def cause(self, key: str, rule: str) -> str:
        """Name what a penalty is for: the cause that was found, else the kind of penalty."""
        policy = self.site.policy
        if policy.findings is not None and key in policy.findings.causes:
            return policy.findings.causes[key].title.get(self.locale)
        known = {each.key: each.title.get(self.locale) for each in policy.penalties}
        return known.get(rule, key or rule)

    def state(self, state: PenaltyState) -> str:
        """Name how a penalty stands."""
        return PENALTY_STATES[state.value].get(self.locale)

    def money(self, amount: Decimal) -> str:
        """Write an amount with its currency."""
        return words.money(amount, self.locale)

    def moment(self, at: datetime) -> str:
        """Write a time on the site's wall clock."""
        return words.moment(at, self.site.zone)

    def span(self, length: timedelta | None) -> str:
        """Write how long something took, by its two largest units."""
        if length is None:
            return self.say(wordings.NONE)
        minutes = round(length.total_seconds() / 60)
        if minutes >= 24 * 60:
            minutes = round(minutes / 60) * 60
        counts = (minutes // (24 * 60), minutes // 60 % 24, minutes % 60)
        told = [
            self.say(unit, count=count) for unit, count in zip(wordings.UNITS, counts, strict=True) if count
        ]
        return " ".join(told) or self.say(wordings.UNITS[-1], count=0)


def hours(length: timedelta | None) -> Decimal | None:
    """Return a length of time in hours with one decimal."""
    if length is None:
        return None
    return (Decimal(length // timedelta(microseconds=1)) / 3_600_000_000).quantize(Decimal("0.1"))
