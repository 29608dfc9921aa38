"""Leave told by mail: kept in the ledger, acknowledged, and told to whoever stands in and to customer care."""

import dataclasses
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Literal

from daemon.config import Person
from daemon.docket import Docket
from daemon.judging import Judgement
from daemon.ledger import AbsenceSaid, Entry, StoredMail
from daemon.letters import LetterOrder
from daemon.presence import Leave
from daemon.reading import Reading
from daemon.site import Site
from mailer.letter import AbsenceNews, Address, Content, Template
from parsers.reply_absence import Absence, no_such_deputy
from rules.case import Case
from rules.commands import ConfirmPenalty, Rule
from rules.events import Party
from rules.locales import Locale, Text

_A_MOMENT = timedelta(seconds=1)
Kind = Literal["away", "alone", "back", "present", "unclear"]


def take(
    docket: Docket, entry: Entry, mail: StoredMail, reading: Reading, now: datetime, *, answers: bool
) -> None:
    """Keep what the sender says of his own absence and tell whom it concerns; the same message counts once.

    It is his word by his address: whatever else proves who wrote it is asked before this. `answers`: he may be
    written to.
    """
    absence = reading.absence
    digest = sha256(f"leave:{reading.message.text}".encode("utf-8", "surrogateescape")).hexdigest()
    if absence is None or not entry.claim_part(mail.message_id, digest, mail.id):
        return
    site = docket.present(now, entry=entry)
    person = site.person(reading.sender.email)
    if person is None:
        return
    telling = _Telling(docket, entry, mail, site, person, now, answers)
    deputy = site.somebody(absence.deputy) if absence.deputy else Party()
    if absence.problems:
        telling.himself("unclear", question=absence.problems[0])
    elif deputy is None or (absence.deputy and deputy.email.lower() in ("", person.email.lower())):
        telling.himself("unclear", question=no_such_deputy(absence.deputy))
    elif absence.back:
        telling.back()
    else:
        telling.away(_leave(absence, deputy.email, site, now))


def begun(docket: Docket, entry: Entry, site: Site, email: str, now: datetime) -> None:
    """Tell, as a leave begins, whoever stands in now; where that is nobody, customer care; each once."""
    person = site.person(email)
    if person is None:
        return
    leave, deputy = site.away[email], site.presence.deputy_of(email)
    if deputy is not None:
        _tell(docket, entry, _order(site, deputy, "owner", "away", person, leave, deputy), now, person, leave)
        return
    for reader in _care(site, person):
        _tell(docket, entry, _order(site, reader, "informed", "alone", person, leave), now, person, leave)


def disinterested(command: Judgement, case: Case, site: Site) -> Judgement:
    """Return a decision on a penalty without the roles its author has only as deputy of whom it concerns."""
    if not isinstance(command, ConfirmPenalty | Rule) or not command.by.email:
        return command
    penalty = case.penalty(command.penalty)
    if penalty is None or not penalty.party.email:
        return command
    by = site.acting(command.by.email, command.by.name, never_for=penalty.party.email)
    return dataclasses.replace(command, by=by)


@dataclasses.dataclass(frozen=True)
class _Telling:
    """One statement on its way into the ledger, and the mails it calls for."""

    docket: Docket
    entry: Entry
    mail: StoredMail
    site: Site
    person: Person
    now: datetime
    answers: bool

    def away(self, leave: Leave) -> None:
        """Keep a leave; its deputy and customer care are told, and that nobody stands in where that is so."""
        self._say(AbsenceSaid(self.person.email, False, leave.begins, leave.ends, leave.deputy, self.now))
        named = leave.deputy or self.site.deputies.get(self.person.email.lower(), "")
        deputy = None if named.lower() == self.person.email.lower() else self.site.person(named)
        kind: Kind = "alone" if deputy is None else "away"
        self.himself(kind, leave, deputy)
        if deputy is not None:
            self._tell(_order(self.site, deputy, "owner", "away", self.person, leave, deputy), leave)
        for reader in _care(self.site, self.person, deputy):
            self._tell(_order(self.site, reader, "informed", kind, self.person, leave, deputy), leave)

    def back(self) -> None:
        """Keep that he is back, before his leave is over or even begun; who stood in and customer care are told."""
        email = self.person.email.lower()
        ends = [
            leave.ends for one, leave in self.site.leaves if one.lower() == email and leave.covers(self.now)
        ]
        said = [one for one in self.entry.absences(self.now) if one.email.lower() == email]
        ends += [one.ends for one in said if not one.back]
        if not ends or (said and said[-1].back and said[-1].ends >= max(ends)):
            self.himself("present")
            return
        leave = Leave(self.now, max(ends))
        deputy = self.site.presence.deputy_of(email)
        self._say(AbsenceSaid(self.person.email, True, leave.begins, leave.ends, "", self.now))
        self.himself("back", leave)
        if deputy is not None:
            self._tell(_order(self.site, deputy, "owner", "back", self.person, leave), leave)
        for reader in _care(self.site, self.person, deputy):
            self._tell(_order(self.site, reader, "informed", "back", self.person, leave), leave)

    def himself(
        self,
        kind: Kind,
        leave: Leave | None = None,
        deputy: Person | None = None,
        question: Text | None = None,
    ) -> None:
        """Answer whoever wrote."""
        if self.answers:
            order = _order(self.site, self.person, "sender", kind, self.person, leave, deputy, question)
            thread = {"in_reply_to": self.mail.message_id, "automatic_reply": True}
            self.docket.answer(
                self.entry, self.mail.id, order.model_copy(update=thread), self.now, key="leave"
            )

    def _say(self, statement: AbsenceSaid) -> None:
        self.entry.say_absence(self.mail.id, statement)

    def _tell(self, order: LetterOrder, leave: Leave) -> None:
        _tell(self.docket, self.entry, order, self.now, self.person, leave)


def _tell(
    docket: Docket, entry: Entry, order: LetterOrder, now: datetime, person: Person, leave: Leave
) -> None:
    """Queue one person's mail about a leave: once for each leave, whether it is announced or begins."""
    kind = order.content.absence.kind if order.content.absence else ""
    docket.tell(entry, order, now, f"leave:{person.email.lower()}:{leave.begins.isoformat()}:{kind}")


def _leave(absence: Absence, deputy: str, site: Site, now: datetime) -> Leave:
    if absence.first is None or absence.last is None:
        raise ValueError("a leave has a first and a last day")
    begins = datetime.combine(absence.first, time(), site.zone)
    ends = datetime.combine(absence.last + timedelta(days=1), time(), site.zone)
    return Leave(max(begins, now), ends, deputy)


def _care(site: Site, *others: Person | None) -> Iterator[Person]:
    """Yield whom customer care's mail reaches now, but for those who are told anyway."""
    told = {other.email.lower() for other in others if other is not None}
    reached = (one.person for role in site.policy.resolved_notice for one in site.reached(role))
    yield from {one.email.lower(): one for one in reached if one.email.lower() not in told}.values()


def _order(
    site: Site,
    reader: Person,
    part: Literal["sender", "owner", "informed"],
    kind: Kind,
    person: Person,
    leave: Leave | None = None,
    deputy: Person | None = None,
    question: Text | None = None,
) -> LetterOrder:
    locale: Locale = reader.locale or site.locale
    news = AbsenceNews(
        kind=kind,
        person=person.name,
        first=None if leave is None else leave.begins.astimezone(site.zone).date(),
        last=None if leave is None else (leave.ends - _A_MOMENT).astimezone(site.zone).date(),
        deputy="" if deputy is None else deputy.name,
        question="" if question is None else question.get(locale),
    )
    content = Content(reader=part, zone=site.config.daemon.timezone, absence=news)
    to = Address(email=reader.email, name=reader.name)
    return LetterOrder(template=Template.ABSENCE, locale=locale, to=to, content=content)
