"""The same customer's other cases: found by telephone or plate, told as they stood at one event."""

from dataclasses import dataclass
from datetime import datetime

from daemon import words
from daemon.records import Records
from daemon.site import Site
from rules.case import Case, replay
from rules.locales import Locale, Text
from rules.sameness import identity
from sheets.registry import STATUSES

MOST = 5
_AFTERWARDS = {
    "closed": Text(zh_hant="已結案", zh_hans="已结案", en="Closed"),
    "withdrawn": Text(zh_hant="已撤回", zh_hans="已撤回", en="Withdrawn"),
    "merged": Text(zh_hant="已併入他案", zh_hans="已并入他案", en="Merged into another"),
}


@dataclass(frozen=True)
class OtherCase:
    """One of them, with the site under its own rules."""

    case: Case
    site: Site


@dataclass(frozen=True)
class OtherCases:
    """The newest of them, and how many more there are."""

    cases: tuple[OtherCase, ...] = ()
    more: int = 0


def other_cases(records: Records, case: Case, as_of: int, most: int = MOST) -> OtherCases:
    """Return the newest other cases of the customer of `case`, as they stood at event `as_of`."""
    keys = identity(records.facts_of(case), records.site_of(case).policy)
    numbers, count = records.ledger.same_person(case.number, keys, as_of, most)
    cases = (_as_of(records, number, as_of) for number in numbers)
    known = tuple(OtherCase(found, records.site_of(found)) for found in cases if found is not None)
    return OtherCases(known, count - len(known))


def _as_of(records: Records, number: str, as_of: int) -> Case | None:
    return replay(number, [row.event for row in records.ledger.events(number) if row.seq <= as_of])


def outcome(one: OtherCase, locale: Locale) -> str:
    """Say how another case ended, or how it stands: 處理中：服務經理."""
    case, site = one.case, one.site
    stands = status_title(case, locale)
    settled = _settled_at(case)
    if settled is None:
        told = words.role_titles(case.owners, site.policy, locale)
    else:
        stands = f"{stands} {settled.astimezone(site.zone):%Y-%m-%d}"
        told = words.shortened(str(case.resolution.get("resolution", "")), 60)
    return words.COLON.get(locale).join(filter(None, (stands, told)))


def status_title(case: Case, locale: Locale) -> str:
    """Name how a case stands."""
    known = STATUSES.get(case.status.value) or _AFTERWARDS.get(case.status.value, STATUSES["resolved"])
    return known.get(locale)


def _settled_at(case: Case) -> datetime | None:
    """Return when a case was settled; None while it is open."""
    return None if case.is_open else case.resolved_at or case.last_at
