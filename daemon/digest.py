"""The daily digest of customer care: how all cases stand, what changed, and the head of the ledger's chain."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain

from daemon import daywords, words
from daemon.config import Person
from daemon.docket import Docket
from daemon.jobs import Saying
from daemon.ledger import CaseEvent, Entry, GivenUp, HeldMail
from daemon.letters import LetterOrder
from daemon.privacy import PHONE
from daemon.site import Site
from daemon.waiting import Waiting, by_urgency, case_row, row_of, waiting
from mailer.letter import Address, Content, Digest, DigestRow, DigestSection, Line, Template
from mailer.message import head_of, read_message
from mailer.wording import wording
from rules.case import Case
from rules.events import Lapsed
from rules.locales import Locale

ROWS = 100  # of a table; what goes beyond stands in the master workbook
_SUBJECT = 80  # characters shown of a stranger's subject
_FIRST = timedelta(days=1)  # how far the first digest looks back
_UNTIL = "digest:until"


class DailyDigest:
    """Tells customer care once a day how everything stands."""

    def __init__(self, docket: Docket) -> None:
        self._docket = docket

    def prepare(self, day: str, now: datetime) -> Saying:
        """Write the digest of `day` for everybody who gets it; nothing in a ledger that is still empty."""
        if not (self._docket.ledger.last_seq() or self._docket.ledger.quarantine_to_decide()):
            return lambda _entry: None
        site = self._docket.present(now)
        news = News(self._docket, self._since(now), site)
        orders = [news.order(person, day) for person in readers(site)]

        def say(entry: Entry) -> None:
            for order in orders:
                self._docket.tell(entry, order, now, f"digest:{day}")
            entry.mark(_UNTIL, now.isoformat())

        return say

    def _since(self, now: datetime) -> datetime:
        told = self._docket.ledger.mark_value(_UNTIL)
        return datetime.fromisoformat(told) if told else now - _FIRST


def readers(site: Site) -> list[Person]:
    """Return who gets the digest, each once."""
    found = (one.person for role in site.policy.resolved_notice for one in site.reached(role))
    return list({person.email.lower(): person for person in found}.values())


class News:
    """Everything a digest tells, read once for all its readers."""

    def __init__(self, docket: Docket, since: datetime, site: Site) -> None:
        ledger = docket.ledger
        self._docket = docket
        self._site = site  # as it is now: with who stands in for whom
        self._since = since
        things = waiting(
            chain(ledger.cases(open_only=True), ledger.owing_cases(), ledger.follow_ups(open_only=True)),
            docket.site_of,
        )
        self._waiting = sorted(things, key=by_urgency)
        self._lapsed = ledger.lapsed_since(since)
        self._resolved = list(ledger.resolved_cases(since=since))
        self._given_up = ledger.given_up_since(since)
        self._quarantined = [held for held in ledger.quarantine_waiting() if held.mail.stored_at > since]
        self._to_decide = ledger.quarantine_to_decide()
        self._head = ledger.head()

    def order(self, person: Person, day: str) -> LetterOrder:
        """Write the digest of `day` to `person`."""
        site = self._docket.site
        locale = person.locale or site.locale
        seq, head = self._head
        digest = Digest(
            day=day,
            since=self._since,
            grades=self._grades(locale),
            sections=tuple(section for section in self._sections(locale, person) if section.total),
            held=self._to_decide,
            head_seq=seq,
            head_hash=head,
        )
        order = LetterOrder(
            template=Template.DIGEST,
            locale=locale,
            to=Address(email=person.email, name=person.name),
            content=Content(reader="informed", zone=site.config.daemon.timezone, digest=digest),
        )
        sees = self._site.may_see_phones(self._site.acting(person.email).roles)
        return order if sees else order.without_phones(self._phones())

    def _phones(self) -> frozenset[str]:
        """Return the numbers of the customers whose complaints the digest may quote."""
        lapsed = (self._docket.ledger.case(lapse.case_number) for lapse in self._lapsed[:ROWS])
        waiting = (thing.case for thing in self._waiting)
        cases = (case for case in (*waiting, *self._resolved, *lapsed) if case is not None)
        return frozenset(str(case.facts.get(PHONE) or "") for case in cases)

    def _sees_fines(self, person: Person) -> bool:
        return self._site.may_see_fines(self._site.acting(person.email).roles)

    def _grades(self, locale: Locale) -> tuple[Line, ...]:
        """Count the open cases by grade, the gravest first."""
        policy = self._docket.site.policy
        counts = Counter(thing.case.grade for thing in self._waiting if thing.matter == "open")
        known = sorted(policy.grades, key=lambda grade: -(grade.rank or 0))
        return tuple(
            Line(label=grade.title.get(locale), value=str(counts[grade.key]))
            for grade in known
            if counts[grade.key]
        )

    def _sections(self, locale: Locale, person: Person) -> list[DigestSection]:
        return [
            self._things("open", self._by_grade(), locale),
            self._things("late", self._overdue_duties(), locale),
            *(self._money(locale) if self._sees_fines(person) else []),
            self._lapses(locale),
            _section(
                "resolved",
                [self._resolved_row(case, locale) for case in self._resolved[:ROWS]],
                self._resolved,
            ),
            _section(
                "undelivered", [self._lost(mail, locale) for mail in self._given_up[:ROWS]], self._given_up
            ),
            _section(
                "quarantined",
                [self._put_aside(held, locale) for held in self._quarantined[:ROWS]],
                self._quarantined,
            ),
        ]

    def _by_grade(self) -> list[Waiting]:
        """Return the open cases, the gravest grade first, in it what is due first."""
        ranks = {grade.key: grade.rank or 0 for grade in self._docket.site.policy.grades}
        found = (thing for thing in self._waiting if thing.matter == "open")
        return sorted(found, key=lambda thing: -ranks.get(thing.case.grade, 0))

    def _overdue_duties(self) -> list[Waiting]:
        return [
            thing for thing in self._waiting if thing.task is not None and thing.task.overdue_at is not None
        ]

    def _money(self, locale: Locale) -> list[DigestSection]:
        return [
            self._things(key, [thing for thing in self._waiting if thing.matter == key], locale)
            for key in ("penalties", "appeals")
        ]

    def _things(self, key: str, things: Sequence[Waiting], locale: Locale) -> DigestSection:
        rows = [row_of(thing, self._docket.site_of(thing.case), locale) for thing in things[:ROWS]]
        return _section(key, rows, things)

    def _lapses(self, locale: Locale) -> DigestSection:
        rows = [row for lapse in self._lapsed[:ROWS] if (row := self._lapse(lapse, locale)) is not None]
        return _section("lapsed", rows, self._lapsed)

    def _lapse(self, lapse: CaseEvent, locale: Locale) -> DigestRow | None:
        case, event = self._docket.ledger.case(lapse.case_number), lapse.event
        if case is None or not isinstance(event, Lapsed):
            return None
        site = self._docket.site_of(case)
        told = {"what": words.step(event, site.policy, locale), "at": event.due}
        return case_row(case, site, locale).model_copy(update=told)

    def _resolved_row(self, case: Case, locale: Locale) -> DigestRow:
        site = self._docket.site_of(case)
        told = {"what": str(case.resolution.get("resolution", ""))[:120], "at": case.resolved_at}
        told["who"] = words.party(case.resolved_by, site.policy, locale)
        return case_row(case, site, locale).model_copy(update=told)

    def _put_aside(self, held: HeldMail, locale: Locale) -> DigestRow:
        mail = held.mail
        message = read_message(head_of(self._docket.ledger.raw(mail.sha256)))
        return DigestRow(
            number=f"#{mail.id}",
            customer=mail.sender,
            summary=message.subject[:_SUBJECT],
            what=daywords.WHY_HELD[held.why].get(locale),
            at=mail.received_at,
        )

    def _lost(self, mail: GivenUp, locale: Locale) -> DigestRow:
        case = self._docket.ledger.case(mail.case_number) if mail.case_number else None
        known = DigestRow() if case is None else case_row(case, self._docket.site_of(case), locale)
        kind = wording(locale).kind(mail.template)
        what = daywords.UNREACHED.get(locale).format(what=kind, whom=mail.recipient, why=mail.reason)
        return known.model_copy(update={"what": what, "at": mail.failed_at})


def _section(key: str, rows: Iterable[DigestRow], all_of_it: Sequence[object]) -> DigestSection:
    return DigestSection.model_validate({"key": key, "rows": tuple(rows), "total": len(all_of_it)})
