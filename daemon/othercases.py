"""The same customer's other cases: found by telephone or plate, told as they stood at one event."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from daemon.site import Site
from rules.case import Case, replay
from rules.sameness import identity

if TYPE_CHECKING:
    from daemon.docket import Docket

MOST = 5


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


def other_cases(docket: "Docket", case: Case, as_of: int, most: int = MOST) -> OtherCases:
    """Return the newest other cases of the customer of `case`, as they stood at event `as_of`."""
    keys = identity(docket.facts_of(case), docket.site_of(case).policy)
    numbers, count = docket.ledger.same_person(case.number, keys, as_of, most)
    cases = (_as_of(docket, number, as_of) for number in numbers)
    known = tuple(OtherCase(found, docket.site_of(found)) for found in cases if found is not None)
    return OtherCases(known, count - len(known))


def _as_of(docket: "Docket", number: str, as_of: int) -> Case | None:
    return replay(number, [row.event for row in docket.ledger.events(number) if row.seq <= as_of])


def settled_at(case: Case) -> datetime | None:
    """Return when a case was settled; None while it is open."""
    return None if case.is_open else case.resolved_at or case.last_at
