"""One site: its configuration, its rules and its people, checked together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from email.utils import parseaddr
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from daemon import packs
from daemon.config import Config, Person, load_config
from daemon.errors import ConfigurationError
from daemon.ledger import AbsenceSaid
from daemon.presence import Leave, Presence, Reached, away_at
from rules.events import Party
from rules.fields import Catalogue
from rules.locales import Locale
from rules.policy import Policy

EVERYBODY = "*"  # in [privacy]: whatever his role


@dataclass(frozen=True)
class Site:
    """Everything that stays the same while the daemon runs (SIGHUP replaces people and policy).

    `away` is who is on leave, by lower-case address, and `unreached` whom mails do not reach, each with the deputy he
    has named for good: nobody, but for a site `at` a moment.
    """

    config: Config
    policy: Policy
    policy_text: str
    catalogue: Catalogue
    away: Mapping[str, Leave] = field(default_factory=dict)
    unreached: Mapping[str, str] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return self.config.daemon.zone

    @property
    def locale(self) -> Locale:
        """The site's language."""
        return self.config.daemon.locale

    @cached_property
    def own_address(self) -> str:
        """The address the daemon sends from, lower case."""
        return parseaddr(self.config.smtp.sender)[1].lower()

    @property
    def workbook_role(self) -> str:
        """The role in which managers act who write in the master workbook; empty: nobody does."""
        return self.config.workbook.role or self.policy.workbook_role or ""

    def people(self, role: str) -> tuple[Person, ...]:
        """Return who stands behind a role."""
        return self.config.people.get(role, ())

    def roles_of(self, email: str) -> tuple[str, ...]:
        """Return the roles of an address; none for a stranger or plain staff."""
        return self._roles.get(email.lower(), ())

    @cached_property
    def _roles(self) -> Mapping[str, tuple[str, ...]]:
        """The roles of everybody who has one, by lower-case address."""
        found: dict[str, dict[str, None]] = {}
        for role, people in self.config.people.items():
            for person in people:
                found.setdefault(person.email.lower(), {})[role] = None
        return {email: tuple(roles) for email, roles in found.items()}

    def person(self, email: str) -> Person | None:
        """Return the person with this address."""
        return self._persons.get(email.lower())

    @cached_property
    def _persons(self) -> Mapping[str, Person]:
        """Everybody by lower-case address; who is named twice counts as he is named first."""
        everybody = [person for people in self.config.people.values() for person in people]
        return {person.email.lower(): person for person in reversed(everybody)}

    def locale_of(self, email: str) -> Locale:
        """Return the language a person reads: his own, else the site's."""
        person = self.person(email)
        return person.locale if person is not None and person.locale is not None else self.locale

    def party(self, email: str, name: str = "") -> Party:
        """Return somebody as the rules see him: his roles, by his address."""
        person = self.person(email)
        return Party(roles=self.roles_of(email), email=email, name=person.name if person else name)

    # ------------------------------------------------------------ who is there

    def at(self, now: datetime, said: Iterable[AbsenceSaid], unreached: Iterable[str] = ()) -> "Site":
        """Return the site as it is at a moment: whoever is on leave is away, and his deputy acts for him.

        `said` are what people have told of their own absence, in the order they told it; `unreached` the addresses
        that mails do not reach.
        """
        away = away_at(now, self.leaves, said, self.deputies)
        silent = {
            email: self.deputies.get(email, "") for email in map(str.lower, unreached) if self.roles_of(email)
        }
        same = away == self.away and silent == self.unreached
        return self if same else replace(self, away=away, unreached=silent)

    @cached_property
    def leaves(self) -> tuple[tuple[str, Leave], ...]:
        """The leave that the configuration tells of, by address."""
        people = (person for held in self.config.people.values() for person in held)
        return tuple(
            (person.email, Leave(self._midnight(days.first), self._midnight(days.last + timedelta(days=1))))
            for person in people
            for days in person.absent
        )

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

    @cached_property
    def deputies(self) -> Mapping[str, str]:
        """Whom people have named for good, by lower-case address."""
        people = (person for held in self.config.people.values() for person in held)
        return {person.email.lower(): person.deputy for person in people if person.deputy}

    @cached_property
    def presence(self) -> Presence:
        """Who is there, and who stands in for whom."""
        return Presence(self.config.people, self.away, self.policy.resolved_notice, self.unreached)

    def reached(self, role: str, never: str = "") -> tuple[Reached, ...]:
        """Return whom a notice to a role reaches now; `never` is an address that must not get it as a deputy."""
        return self.presence.reached(role, never)

    def acting(self, email: str, name: str = "", never_for: str = "") -> Party:
        """Return somebody as he may act now: in his own roles and in those of whom he deputises."""
        person = self.person(email)
        roles = self.presence.offices_of(email, never_for)
        return Party(roles=roles, email=email, name=person.name if person else name)

    def somebody(self, named: str) -> Party | None:
        """Return whom a name, an address or an office means; None if nobody or more than one person is called so."""
        wanted = "".join(named.split()).casefold()
        people = {person.email.lower(): person for held in self.config.people.values() for person in held}
        called = [
            p for p in people.values() if wanted in (p.email.lower(), "".join(p.name.split()).casefold())
        ]
        if len(called) == 1:
            return self.party(called[0].email)
        offices = [
            role.key
            for role in self.policy.roles
            if wanted in (role.key, *("".join(title.split()).casefold() for title in role.title.all()))
        ]
        if called or len(offices) != 1:
            return None
        holders = self.people(offices[0])
        return self.party(holders[0].email) if len(holders) == 1 else Party(roles=(offices[0],))

    def issuer(self, email: str) -> str | None:
        """Return the role in which an address issues forms (D26: from the sender's role), the issuing ones first."""
        roles = self.roles_of(email)
        issuing = [role for role in self.policy.intake.issuing_roles if role in roles]
        return next(iter([*issuing, *roles]), None)

    def may_send(self, email: str) -> bool:
        """Tell whether forms are taken from an address: everybody in [people], and who matches [access]."""
        address = email.lower()
        return bool(self.roles_of(email)) or any(fnmatchcase(address, one) for one in self._patterns)

    @cached_property
    def _patterns(self) -> tuple[str, ...]:
        return tuple(pattern.lower() for pattern in self.config.access.senders)

    # ------------------------------------------------------------ who may see what

    @cached_property
    def _fine_readers(self) -> frozenset[str]:
        named = self.config.privacy.fines
        return frozenset(self.policy.judging_roles() if named is None else named)

    def may_see_fines(self, roles: Iterable[str]) -> bool:
        """Tell whether somebody in these roles sees other people's fines; everybody sees his own."""
        return not self._fine_readers.isdisjoint((EVERYBODY, *roles))

    def may_see_phones(self, roles: Iterable[str]) -> bool:
        """Tell whether somebody in these roles sees customers' telephone numbers; who has to call one always does."""
        return not {EVERYBODY, *roles}.isdisjoint(self.config.privacy.phones)


def load_site(path: Path) -> Site:
    """Read and check configuration, policy and people; ConfigurationError names what is wrong."""
    config = load_config(path)
    text = packs.policy_text(config.daemon.policy, config.base)
    policy = packs.read_policy(text, config.daemon.policy)
    _check_people(config, policy)
    return Site(config, policy, text, packs.catalogue())


def _no_such_role(named: Iterable[str], known: Iterable[str]) -> str:
    return f"the policy knows no role {', '.join(sorted(named))}; known are {', '.join(sorted(known))}"


def _check_people(config: Config, policy: Policy) -> None:
    known = {role.key for role in policy.roles}
    unknown = [role for role in config.people if role not in known]
    empty = [role for role in policy.acting_roles() if not config.people.get(role)]
    if config.workbook.role and config.workbook.role not in known:
        raise ConfigurationError(
            "workbook.role", f"the policy knows no such role; known are {', '.join(sorted(known))}"
        )
    for key, roles in (("fines", config.privacy.fines), ("phones", config.privacy.phones)):
        if strange := set(roles or ()) - known - {EVERYBODY}:
            raise ConfigurationError(f"privacy.{key}", _no_such_role(strange, known))
    faults = [
        (unknown, f"the policy knows no such role; known are {', '.join(sorted(known))}"),
        (empty, "the policy needs at least one person in each of these roles"),
    ]
    named = [(", ".join(f"people.{role}" for role in roles), why) for roles, why in faults if roles]
    if named:
        (key, why), *others = named
        raise ConfigurationError(key, "; ".join([why, *(f"{keys}: {more}" for keys, more in others)]))
