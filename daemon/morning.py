"""Each person's list of the day: his open cases and duties, the penalties and appeals that wait for him."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import chain

from daemon.config import Person
from daemon.docket import Docket
from daemon.jobs import Saying
from daemon.ledger import Entry
from daemon.letters import EnclosureOrder, LetterOrder
from daemon.site import Site
from daemon.waiting import Waiting, by_urgency, row_of, waiting
from mailer.letter import Address, Content, Digest, DigestSection, Template

ROWS = 200  # of a table
_SECTIONS = ("overdue", "open", "duties", "penalties", "appeals")

# what goes with a person's list, by the roles he acts in and the day
Enclosing = Callable[[Person, Sequence[str], str], Sequence[EnclosureOrder]]


class MorningLists:
    """Writes everybody's list once a day; who has nothing to do and nothing enclosed gets none."""

    def __init__(self, docket: Docket, enclosing: Sequence[Enclosing] = ()) -> None:
        self._docket = docket
        self._enclosing = tuple(enclosing)

    def prepare(self, day: str, now: datetime) -> Saying:
        """Write the lists of `day`, one for each person."""
        ledger, site = self._docket.ledger, self._docket.present(now)
        cases = chain(ledger.cases(open_only=True), ledger.owing_cases(), ledger.follow_ups(open_only=True))
        things = sorted(waiting(cases, self._docket.site_of), key=by_urgency)
        orders = [
            order for person in attending(site) if (order := self._order(person, things, site, day, now))
        ]

        def say(entry: Entry) -> None:
            for order in orders:
                self._docket.tell(entry, order, now, f"morning:{day}")

        return say

    def _order(
        self, person: Person, things: Sequence[Waiting], site: Site, day: str, now: datetime
    ) -> LetterOrder | None:
        roles = site.acting(person.email).roles
        mine = [thing for thing in things if thing.waits_for(person, site)]
        enclosures = tuple(order for enclosing in self._enclosing for order in enclosing(person, roles, day))
        if not mine and not enclosures:
            return None
        locale = person.locale or site.locale
        sections = (self._section(key, mine, person, now) for key in _SECTIONS)
        digest = Digest(day=day, acts=True, sections=tuple(section for section in sections if section.total))
        return LetterOrder(
            template=Template.TASK_LIST,
            locale=locale,
            to=Address(email=person.email, name=person.name),
            content=Content(reader="owner", zone=site.config.daemon.timezone, digest=digest),
            enclosures=enclosures,
        )

    def _section(self, key: str, mine: Sequence[Waiting], person: Person, now: datetime) -> DigestSection:
        locale = person.locale or self._docket.site.locale
        found = [thing for thing in mine if _place(thing, now) == key]
        rows = tuple(row_of(thing, self._docket.site_of(thing.case), locale) for thing in found[:ROWS])
        return DigestSection.model_validate({"key": key, "rows": rows, "total": len(found)})


def attending(site: Site) -> list[Person]:
    """Return the people of a site, each once, but for those in whose place a deputy has what waits for them."""
    found = {
        person.email.lower(): person for people in site.config.people.values() for person in people
    }.values()
    return [person for person in found if not _has_a_deputy(person, site)]


def _has_a_deputy(person: Person, site: Site) -> bool:
    presence = site.presence
    return presence.is_away(person.email) and presence.deputy_of(person.email) is not None


def _place(thing: Waiting, now: datetime) -> str:
    return "overdue" if thing.is_overdue(now) else thing.matter
