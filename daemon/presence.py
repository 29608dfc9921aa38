"""Who is there at a moment: leave, deputies, and whom a notice to an office reaches."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from daemon.config import Person
from daemon.ledger import AbsenceSaid


@dataclass(frozen=True)
class Leave:
    """Somebody is away from `begins` until just before `ends`; `deputy` is an address, empty where nobody is named."""

    begins: datetime
    ends: datetime
    deputy: str = ""

    def covers(self, moment: datetime) -> bool:
        """Tell whether he is away at a moment."""
        return self.begins <= moment < self.ends


class Reached(NamedTuple):
    """Somebody whom a notice to an office reaches.

    `stands_in_for` are the holders whose deputy he is; `unattended` the holders for whom nobody stands in, so that
    customer care hears of it in their place. `unreached`, among those he stands in for, are there, but mails come back
    from them.
    """

    person: Person
    stands_in_for: tuple[Person, ...] = ()
    unattended: tuple[Person, ...] = ()
    unreached: tuple[Person, ...] = ()


@dataclass(frozen=True)
class Presence:
    """Everybody behind the roles (`roster`), who of them is `away` (by lower-case address), and whose job care is.

    `unreached` is whom mails do not reach, and the deputy he has named for good, if any. Nobody is unseated by that: he
    keeps his office and gets his mails, and his deputy gets them and acts beside him.
    """

    roster: Mapping[str, tuple[Person, ...]]
    away: Mapping[str, Leave] = field(default_factory=dict)
    care: tuple[str, ...] = ()
    unreached: Mapping[str, str] = field(default_factory=dict)

    def is_away(self, email: str) -> bool:
        """Tell whether somebody is on leave."""
        return email.lower() in self.away

    def deputy_of(self, email: str) -> Person | None:
        """Return who stands in for somebody on leave or out of reach.

        A deputy who is on leave or out of reach himself has one of his own, a circle has nobody.
        """
        passed, at = {email.lower()}, self._named_by(email)
        while (at in self.away or at in self.unreached) and at not in passed:
            passed.add(at)
            at = self._named_by(at)
        return None if at in passed else self.person(at)

    def deputised(self, email: str) -> tuple[Person, ...]:
        """Return everybody on leave or out of reach for whom this person stands in."""
        absent = dict.fromkeys((*self.away, *self.unreached))
        mine = (self.person(other) for other in absent if _is(self.deputy_of(other), email))
        return tuple(person for person in mine if person is not None)

    def offices_of(self, email: str, never_for: str = "") -> tuple[str, ...]:
        """Return the roles somebody acts in: his own, then those of whom he deputises, but not of `never_for`."""
        for_whom = (person for person in self.deputised(email) if not _is(person, never_for))
        roles = [
            *self._roles_of(email),
            *(role for person in for_whom for role in self._roles_of(person.email)),
        ]
        return tuple(dict.fromkeys(roles))

    def reached(self, role: str, never: str = "") -> tuple[Reached, ...]:
        """Return whom a notice to an office reaches: holders who are there, and the deputies of those who are not.

        Customer care where that is nobody, never silence. `never` is an address that must not get it as a deputy.
        """
        holders = self.roster.get(role, ())
        found = {
            person.email.lower(): Reached(person) for person in holders if not self.is_away(person.email)
        }
        for absent in holders:
            away, unreached = self.is_away(absent.email), absent.email.lower() in self.unreached
            deputy = self.deputy_of(absent.email) if away or unreached else None
            if deputy is not None and not _is(deputy, never):
                known = found.setdefault(deputy.email.lower(), Reached(deputy))
                if known.stands_in_for or not self._holds(deputy.email, role):
                    found[deputy.email.lower()] = _standing_in(known, absent, unreached=not away)
        return tuple(found.values()) or tuple(self._in_their_place(holders, never))

    def _in_their_place(self, holders: tuple[Person, ...], never: str) -> Iterator[Reached]:
        """Yield customer care for an office that nobody attends to; its holders themselves if that is all there is."""
        if not holders:
            return
        care = {person.email.lower(): person for role in self.care for person in self.roster.get(role, ())}
        present = {key: person for key, person in care.items() if key not in self.away}
        deputies = (self.deputy_of(key) for key in care if key in self.away)
        present |= {deputy.email.lower(): deputy for deputy in deputies if deputy is not None}
        present.pop(never.lower(), None)
        own = {person.email.lower() for person in holders}
        if not present and own & care.keys():
            yield from (Reached(person) for person in holders)
            return
        for person in (
            present or care or {key: person for key, person in self._people() if key in own}
        ).values():
            yield Reached(person, unattended=holders)

    def person(self, email: str) -> Person | None:
        """Return the person with this address."""
        return next((person for key, person in self._people() if key == email.lower()), None)

    def _people(self) -> Iterator[tuple[str, Person]]:
        return ((person.email.lower(), person) for held in self.roster.values() for person in held)

    def _named_by(self, email: str) -> str:
        leave = self.away.get(email.lower())
        return self.unreached.get(email.lower(), "").lower() if leave is None else leave.deputy.lower()

    def _roles_of(self, email: str) -> list[str]:
        return [role for role in self.roster if self._holds(email, role)]

    def _holds(self, email: str, role: str) -> bool:
        return any(_is(person, email) for person in self.roster.get(role, ()))


def _standing_in(deputy: Reached, absent: Person, *, unreached: bool) -> Reached:
    more = (*deputy.unreached, absent) if unreached else deputy.unreached
    return deputy._replace(stands_in_for=(*deputy.stands_in_for, absent), unreached=more)


def _is(person: Person | None, email: str) -> bool:
    return person is not None and person.email.lower() == email.lower()


def away_at(
    now: datetime,
    configured: Iterable[tuple[str, Leave]],
    said: Iterable[AbsenceSaid],
    deputies: Mapping[str, str],
) -> dict[str, Leave]:
    """Return who is away at a moment, by lower-case address: what was said last counts, before the configuration.

    `deputies` are whom persons have named for good; they stand in where a leave names nobody.
    """
    away = {email.lower(): leave for email, leave in configured if leave.covers(now)}
    for one in said:
        leave = Leave(one.begins, one.ends, one.deputy)
        if not leave.covers(now):
            continue
        away.pop(one.email.lower(), None)
        if not one.back:
            away[one.email.lower()] = leave
    return {
        email: leave if leave.deputy else Leave(leave.begins, leave.ends, deputies.get(email, ""))
        for email, leave in away.items()
    }
