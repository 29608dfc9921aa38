"""Carrying out commands: decide, record, and put the mails they call for into the outbox, in one commit."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from secrets import token_hex

from pydantic import BaseModel, ConfigDict

from daemon import noted, words
from daemon.addressing import Addressee, addressees
from daemon.config import Person
from daemon.context import Occasion, with_context
from daemon.followup.customers import key_customers
from daemon.followup.letters import DayWriter
from daemon.ledger import Entry, Held, Ledger, OutgoingMail, QueuedMail
from daemon.letters import LetterOrder, Writer, letter_of
from daemon.proof import Seal
from daemon.records import site_under as site_under
from daemon.report.orders import ReportOrder, Reports
from daemon.rulings import EnteredRuling, rulers_of
from daemon.site import Site
from daemon.storms import BundleOrder, bundle_order, may_gather, storm_of, write_bundle
from daemon.unreached import fined_since, pass_on, refused_by_smtp
from mailer.letter import Letter, Template
from rules.case import Case, apply, replay
from rules.commands import Command, OpenCase, ReceiveList, Review
from rules.deadlines import deadlines
from rules.decide import decide
from rules.events import Event, Party, Refused
from rules.facts import Facts
from rules.fields import FormKind
from rules.follow_up import number_of
from rules.locales import Locale
from rules.notices import Notice, Reader
from rules.reviews import facts_asked_for
from rules.sameness import identity

SENDER_KEY = "sender"
OUR_MESSAGE_ID = re.compile(r"<[0-9a-f]{32}\.[a-z0-9-]{1,32}@")  # as `Docket.message_id` makes them
REFUSALS_PER_HOUR = 10  # to whoever asks for them, about one case
SETTLED_KNOWN = "keys:settled"  # the ledger's mark


class NoticeOrder(BaseModel):
    """A mail about an event, as the outbox keeps it: who gets it in which part.

    Its words follow from the ledger as it stood after event `as_of`, the last of the same command.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    template: str
    reader: Reader
    clause: str
    person: Person
    as_of: int
    undelivered: str = ""  # whom this mail could not reach, and why
    fined: str = ""  # his name, where he was fined before that was known
    stands_in_for: tuple[str, ...] = ()  # addresses of those on leave whose deputy the reader is
    entered: EnteredRuling | None = None  # a ruling in the workbook, which its reader is asked to confirm
    unattended: tuple[
        str, ...
    ] = ()  # of those on leave in whose place customer care reads it: nobody stands in
    unreached: tuple[str, ...] = ()  # of those he stands in for because mails do not reach them


class OutboxBody(BaseModel):
    """What is kept of a mail until it is composed: a notice about an event, many of them, a report, or a letter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notice: NoticeOrder | None = None
    letter: LetterOrder | None = None
    report: ReportOrder | None = None
    bundle: BundleOrder | None = None


def _notice_order(addressee: Addressee, as_of: int) -> NoticeOrder:
    notice = addressee.notice
    return NoticeOrder(
        template=notice.template,
        reader=notice.reader,
        clause=notice.clause,
        person=addressee.person,
        as_of=as_of,
        stands_in_for=tuple(person.email for person in addressee.stands_in_for),
        unattended=tuple(person.email for person in addressee.unattended),
        unreached=tuple(person.email for person in addressee.unreached),
    )


class Docket:
    """The cases of one site and what may be done to them."""

    def __init__(self, ledger: Ledger, site: Site) -> None:
        self.ledger = ledger
        self._reports = Reports(ledger)
        self.seal = Seal.of(ledger)
        self.adopt(site)

    def adopt(self, site: Site) -> None:
        """Work with these people and rules from now on; open cases keep the rules they were opened under."""
        with self.ledger.writing() as entry:
            policy_hash = entry.keep_policy(site.policy.key, site.policy_text)
        self._sites: dict[str, Site] = {policy_hash: site}
        self._in_force = (site, policy_hash)  # in one step: another thread may be opening a case

    @property
    def site(self) -> Site:
        """The site as it is now."""
        return self._in_force[0]

    @property
    def policy_hash(self) -> str:
        """The hash of the rules in force."""
        return self._in_force[1]

    def site_of(self, case: Case) -> Site:
        """Return the site under the rules that `case` was opened under."""
        return self.site_under(case.policy)

    def site_under(self, policy_hash: str) -> Site:
        """Return the site under the rules of that hash."""
        if policy_hash not in self._sites:
            self._sites[policy_hash] = site_under(self.site, self.ledger, policy_hash)
        return self._sites[policy_hash]

    def present(self, now: datetime, site: Site | None = None, entry: Entry | None = None) -> Site:
        """Return a site (this one if none is given) as it is at `now`: with who is on leave, and who stands in.

        Inside a transaction `entry` tells of what was said in it.
        """
        known = entry or self.ledger
        return (site or self.site).at(now, known.absences(now), [one.email for one in known.unreached(now)])

    def care(self, now: datetime, entry: Entry | None = None) -> list[Person]:
        """Return whom a mail to customer care reaches now: each once, deputies of those on leave among them."""
        site = self.present(now, entry=entry)
        reached = (one.person for role in site.policy.resolved_notice for one in site.reached(role))
        return list({person.email.lower(): person for person in reached}.values())

    def facts_of(self, case: Case) -> Facts:
        """Return the typed facts of a case."""
        return words.typed(case.facts, self.site.catalogue, FormKind.COMPLAINT)

    def open(self, entry: Entry, command: OpenCase, now: datetime) -> Case:
        """Open a case under the rules in force and give it its number."""
        site, policy_hash = self._in_force
        numbering = site.policy.numbering
        day = now.astimezone(site.zone).date()
        number = f"{numbering.prefix}-{day:%Y%m%d}-{entry.next_serial(day):0{numbering.digits}}"
        command = dataclasses.replace(command, policy=policy_hash)
        events = decide(None, command, site.policy, now, site.zone)
        keys = self._keys(command.facts, command.sender)
        return self._record(entry, None, number, events, now, keys)

    def perform(self, entry: Entry, case: Case, command: Command, now: datetime) -> Case:
        """Carry out a command on a case; the case unchanged if it comes to nothing."""
        events = self.foresee(case, command, now)
        if not events:
            return case
        return self._record(entry, case, case.number, events, now, self._new_keys(case, events))

    def receive(self, entry: Entry, command: ReceiveList, now: datetime) -> Case | None:
        """Take a list of the cars handed over on a day; None where the rules in force know no follow-up calls."""
        site, policy_hash = self._in_force
        if site.policy.follow_up is None:
            return None
        number = number_of(command.day, site.policy.follow_up)
        case = entry.case(number)
        if case is not None:
            return self.perform(entry, case, command, now)
        command = dataclasses.replace(command, policy=policy_hash)
        events = decide(None, command, site.policy, now, site.zone)
        return self._record(entry, None, number, events, now, None)

    def refuse(self, entry: Entry, case: Case, refused: Refused, now: datetime) -> Case:
        """Record that something was refused before the rules could be asked: nobody can tell what it says."""
        return self._record(entry, case, case.number, [refused], now, None)

    def foresee(self, case: Case, command: Command, now: datetime) -> list[Event]:
        """Return what a command would come to; nothing is recorded."""
        site, facts = self.site_of(case), self.facts_of(case)
        if isinstance(command, Review):
            facts = words.typed(facts_asked_for(case), self.site.catalogue, FormKind.COMPLAINT)
        return decide(case, command, site.policy, now, site.zone, facts)

    def _new_keys(self, case: Case, events: Sequence[Event]) -> dict[str, str] | None:
        """Return what a case is found by from now on, None where that stays as it is."""
        after = reduce(apply, events, case)
        return None if after.facts == case.facts else self._keys(self.facts_of(after), case.sender)

    def remember_settled(self) -> None:
        """Let settled cases be found by their customers again: a ledger of the first releases forgot that, once."""
        if self.ledger.mark_value(SETTLED_KNOWN):
            return
        for case in self.ledger.resolved_cases():
            under = self.site_of(case).policy
            with self.ledger.writing() as entry:
                known = identity(self.facts_of(case), under)
                entry.record(case, [], deadlines(case, under), policy_hash=case.policy, keys=known)
        with self.ledger.writing() as entry:
            entry.mark(SETTLED_KNOWN, "yes")

    def _keys(self, facts: Facts, sender: Party) -> dict[str, str]:
        """Return what an open case is found by: its customer, and whoever sent its form."""
        return {**identity(facts, self.site.policy), SENDER_KEY: sender.email.lower()}

    def _record(
        self,
        entry: Entry,
        case: Case | None,
        number: str,
        events: Sequence[Event],
        now: datetime,
        keys: Mapping[str, str] | None,
    ) -> Case:
        for event in events:
            case = apply(case, event, number)
        if case is None:
            raise ValueError(f"{number}: nothing happened, there is nothing to record")
        site = self.present(now, self.site_of(case), entry)
        if keys is None and not case.is_open:
            keys = identity(self.facts_of(case), site.policy)  # whoever complains again is known by it
        seqs = entry.record(case, events, deadlines(case, site.policy), policy_hash=case.policy, keys=keys)
        for event, seq in zip(events, seqs, strict=True):
            for addressee in addressees(case, event, site):
                if isinstance(event, Refused) and self._loops(entry, case.number, event, addressee, now):
                    continue
                entry.queue_soon(self._notice(case.number, (seq, event), addressee, seqs[-1], now))
        return case

    def _loops(self, entry: Entry, number: str, event: Refused, addressee: Addressee, now: datetime) -> bool:
        """Tell whether somebody was told so often that what he asked is refused that a machine must be answering us."""
        asker = addressee.person.email
        if asker.lower() != event.by.email.lower():
            return False
        told = entry.refusals_sent_to(asker, number, now - timedelta(hours=1))
        if told < REFUSALS_PER_HOUR:
            return False
        noted.refusals_capped(self, entry, number, asker, told, now)
        return True

    def notify(
        self,
        entry: Entry,
        number: str,
        happened: tuple[int, Event],
        addressee: Addressee,
        as_of: int,
        now: datetime,
    ) -> bool:
        """Queue the notice of an event to one person, worded as of event `as_of`; False if he had it before."""
        return entry.queue(self._notice(number, happened, addressee, as_of, now))

    def _notice(
        self, number: str, happened: tuple[int, Event], addressee: Addressee, as_of: int, now: datetime
    ) -> OutgoingMail:
        seq, event = happened
        order, gathers = _notice_order(addressee, as_of), may_gather(addressee.notice.reader, event)
        return self._outgoing(number, seq, order, now, gathers=gathers)

    def ask_ruling(
        self, entry: Entry, case: Case, seq: int, entered: EnteredRuling, now: datetime
    ) -> list[Addressee]:
        """Ask whoever rules on the appeal recorded as event `seq` to confirm what stands in the workbook (D31).

        Each entry asks once; return who is asked, none where nobody is known.
        """
        recorded = entry.events(case.number)
        event, as_of = next(row.event for row in recorded if row.seq == seq), recorded[-1].seq
        asked = rulers_of(case, event, self.present(now, self.site_of(case), entry))
        for addressee in asked:
            order = _notice_order(addressee, as_of).model_copy(update={"entered": entered})
            key = f"ruling-entered:{as_of}:"
            entry.queue(self._outgoing(case.number, seq, order, now, key, gathers=False))
        return asked

    def _outgoing(
        self,
        number: str,
        seq: int,
        order: NoticeOrder,
        now: datetime,
        key: str = "",
        *,
        gathers: bool,
    ) -> OutgoingMail:
        storm = storm_of(order.template, order.person.email, self.site.config.digest) if gathers else None
        return OutgoingMail(
            notice_key=f"{key}event:{seq}:{order.person.email.lower()}",
            message_id=self.message_id(now),
            case_number=number,
            event_seq=seq,
            recipient=order.person.email,
            template=order.template,
            locale=(order.person.locale or self.site.locale).value,
            body=OutboxBody(notice=order).model_dump_json(),
            created_at=now,
            answers=None,
            storm=storm,
        )

    def gather(self, now: datetime) -> int:
        """Put the notices that were held into their bundles, one that is alone back by itself; return how many left.

        Bundle and members change in one commit, each member once.
        """
        latest = now + self.site.config.digest.within
        if not self.ledger.outbox_gathering_due(now, latest):
            return 0
        with self.ledger.writing() as entry:
            ready = entry.held_mails(now, latest)
            for held in ready:
                if len(held.ids) == 1:
                    entry.release(held, now)
                else:
                    entry.bundle(held, self._bundle(held, now))
        return sum(len(held.ids) for held in ready)

    def _bundle(self, held: Held, now: datetime) -> OutgoingMail:
        return OutgoingMail(
            notice_key=f"bundle:{held.ids[0]}",
            message_id=self.message_id(now),
            recipient=held.recipient,
            template=Template.DIGEST.value,
            locale=held.locale,
            body=OutboxBody(bundle=bundle_order(held, self.site)).model_dump_json(),
            created_at=now,
            answers=None,
        )

    def message_id(self, now: datetime) -> str:
        """Return a new Message-ID of ours (RFC 5322), which nobody can guess.

        It begins with the time in milliseconds, as a UUID of version 7 does (RFC 9562): what is queued together stands
        together in the outbox's index, and most of that need not be written again.
        """
        domain = self.site.own_address.partition("@")[2]
        return f"<{int(now.timestamp() * 1000):012x}{token_hex(10)}.{self.site.config.daemon.site}@{domain}>"

    def answer(
        self,
        entry: Entry,
        mail_id: int,
        order: LetterOrder,
        now: datetime,
        key: str = "answer",
        message_id: str = "",
    ) -> None:
        """Queue the one answer to a message that came in; `message_id` where the answer is known by it already."""
        entry.queue_soon(
            OutgoingMail(
                notice_key=f"mail:{mail_id}:{key}:{order.to.email.lower()}",
                message_id=message_id or self.message_id(now),
                case_number=order.content.case_number or None,
                recipient=order.to.email,
                template=order.template.value,
                locale=order.locale.value,
                body=OutboxBody(letter=order).model_dump_json(),
                created_at=now,
                answers=mail_id,
            )
        )

    def tell(self, entry: Entry, order: LetterOrder, now: datetime, key: str) -> None:
        """Queue a letter about no case; the same `key` to the same person is queued once."""
        entry.queue(
            OutgoingMail(
                notice_key=f"{key}:{order.to.email.lower()}",
                message_id=self.message_id(now),
                case_number=None,
                recipient=order.to.email,
                template=order.template.value,
                locale=order.locale.value,
                body=OutboxBody(letter=order).model_dump_json(),
                created_at=now,
                answers=None,
            )
        )

    def owe_report(self, entry: Entry, order: ReportOrder, now: datetime, key: str) -> bool:
        """Queue a month's report; the same `key` to the same person is queued once. False if it was there already."""
        return entry.queue(
            OutgoingMail(
                notice_key=f"{key}:{order.person.email.lower()}",
                message_id=self.message_id(now),
                case_number=None,
                recipient=order.person.email,
                template=Template.MONTHLY_REPORT.value,
                locale=(order.person.locale or self.site.locale).value,
                body=OutboxBody(report=order).model_dump_json(),
                created_at=now,
                answers=None,
            )
        )

    def letter(self, mail: QueuedMail, *, bare: bool = False) -> Letter:
        """Return a queued mail as a letter ready to be composed, with its token; `bare`: without its enclosures."""
        order = self.order_of(mail)
        if bare:
            order = order.model_copy(update={"enclosures": ()})
        return letter_of(order, mail.message_id, self.site, token=self.seal.token(mail))

    def order_of(self, mail: QueuedMail) -> LetterOrder:
        """Return what a queued mail is to say: as the case stood after the event it is about."""
        body = OutboxBody.model_validate_json(mail.body)
        if body.letter is not None:
            return body.letter
        if body.report is not None:
            return self._reports.letter(body.report, self.site)
        if body.bundle is not None:
            return write_bundle(body.bundle, self.ledger.outbox_members(mail.id), self.order_of, self.site)
        if body.notice is None or mail.case_number is None or mail.event_seq is None:
            raise ValueError(f"mail {mail.id} in the outbox is about nothing")
        recorded = self.ledger.events(mail.case_number)
        history = [row.event for row in recorded if row.seq <= body.notice.as_of]
        event = next(row.event for row in recorded if row.seq == mail.event_seq)
        case = replay(mail.case_number, history)
        if case is None:
            raise ValueError(f"mail {mail.id} in the outbox is about a case without events")
        notice = Notice(body.notice.template, (), body.notice.reader, body.notice.clause)
        site = self.site_of(case)
        deputised = [role for email in body.notice.stands_in_for for role in site.roles_of(email)]
        writer = self.writer_of(case, history, deputised)
        order = writer.order(body.notice.person, notice, event)
        if isinstance(writer, Writer):
            said = body.notice
            hidden = None if writer.sees_phones(said.person, said.reader) else writer.phones()
            occasion = Occasion(case, event, mail.event_seq, said.as_of, said.template, said.reader, hidden)
            order = with_context(order, self, occasion)
        for warning in self._remarks(body.notice, order.locale):
            order = order.warned(warning)
        return order.undelivered() if body.notice.undelivered else order

    def _remarks(self, notice: NoticeOrder, locale: Locale) -> list[str]:
        """Return what a notice says of whom it reaches in place of others."""
        names = words.JOIN.get(locale)
        absent = names.join(
            self._named(email) for email in notice.stands_in_for if email not in notice.unreached
        )
        unreached = names.join(self._named(email) for email in notice.unreached)
        unattended = names.join(self._named(email) for email in notice.unattended)
        said = [
            words.STANDING_IN.get(locale).format(who=absent) if absent else "",
            words.STANDING_IN_UNREACHED.get(locale).format(who=unreached) if unreached else "",
            words.UNATTENDED.get(locale).format(who=unattended) if unattended else "",
            "" if notice.entered is None else notice.entered.told(locale),
            words.undelivered(notice.undelivered, locale),
            words.FINED_UNTOLD.get(locale).format(who=notice.fined) if notice.fined else "",
        ]
        return [remark for remark in said if remark]

    def _named(self, email: str) -> str:
        person = self.site.person(email)
        return email if person is None else person.name

    def writer_of(
        self, case: Case, history: Sequence[Event], deputised: Sequence[str] = ()
    ) -> Writer | DayWriter:
        """Return who writes the letters about a case of its kind; `deputised` are offices its reader stands in for."""
        site = self.site_of(case)
        if case.kind == "complaint":
            return Writer(case, history, site, deputised)
        return DayWriter(case, history, site, key_customers(case, self.ledger, site.policy, case.last_at))

    def undeliverable(self, mail: QueuedMail, reason: str, now: datetime) -> None:
        """Tell of a notice that was refused for good, as `lost` does; repeating it queues nothing more."""
        with self.ledger.writing() as entry:
            entry.note_bounce(refused_by_smtp(mail, reason, now))
            self.lost(entry, mail, reason, now)

    def lost(self, entry: Entry, mail: QueuedMail, reason: str, now: datetime) -> None:
        """Tell customer care of a notice that cannot reach its reader: it sees all that he would have seen.

        So does his deputy, of all that he has to do in the case. Of a bundle that means each notice in it. Customer
        care is not told by mail that it cannot be reached by mail.
        """
        for notice in self.ledger.outbox_members(mail.id) or [mail]:
            self._tell_undeliverable(entry, notice, reason, now)
            pass_on(self, entry, notice, now)

    def _tell_undeliverable(self, entry: Entry, mail: QueuedMail, reason: str, now: datetime) -> None:
        body = OutboxBody.model_validate_json(mail.body)
        care = self.care(now, entry)
        unreached = mail.recipient.lower()
        if (
            body.notice is None
            or body.notice.undelivered
            or unreached in (person.email.lower() for person in care)
        ):
            return
        warning = f"{body.notice.person.name} <{mail.recipient}>: {reason}"
        fined = body.notice.person.name if fined_since(entry, mail) else ""
        for person in care:
            told = {"reader": "informed", "person": person, "undelivered": warning, "fined": fined}
            order = body.notice.model_copy(update=told)
            number, seq = mail.case_number or "", mail.event_seq or 0
            key = f"undelivered:{unreached}:"
            entry.queue(self._outgoing(number, seq, order, now, key, gathers=mail.kind is not None))
