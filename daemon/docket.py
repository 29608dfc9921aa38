"""Carrying out commands: decide, record, and put the mails they call for into the outbox, in one commit."""

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from daemon import packs, words
from daemon.config import Person
from daemon.followup.customers import key_customers
from daemon.followup.letters import DayWriter
from daemon.ledger import Entry, Held, Ledger, OutgoingMail, QueuedMail
from daemon.letters import LetterOrder, Writer, addressees
from daemon.report.orders import ReportOrder, Reports
from daemon.site import Site
from daemon.storms import BundleOrder, bundle_order, may_gather, storm_of, write_bundle
from mailer.letter import Template
from rules.case import Case, apply, replay
from rules.commands import AmendCase, Command, OpenCase, ReceiveList
from rules.deadlines import deadlines
from rules.decide import decide
from rules.events import Event, Party, Refused
from rules.facts import Facts
from rules.fields import FormKind
from rules.follow_up import number_of
from rules.notices import Notice, Reader
from rules.sameness import identity

SENDER_KEY = "sender"


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


class OutboxBody(BaseModel):
    """What is kept of a mail until it is composed: a notice about an event, many of them, a report, or a letter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notice: NoticeOrder | None = None
    letter: LetterOrder | None = None
    report: ReportOrder | None = None
    bundle: BundleOrder | None = None


def site_under(site: Site, ledger: Ledger, policy_hash: str) -> Site:
    """Return the site under rules it once had; under its present ones where the ledger holds none of this hash.

    ConfigurationError where this release cannot read them.
    """
    text = ledger.policy_text(policy_hash)
    if text is None:
        return site
    return dataclasses.replace(site, policy=packs.read_policy(text, policy_hash[:12]), policy_text=text)


class Docket:
    """The cases of one site and what may be done to them."""

    def __init__(self, ledger: Ledger, site: Site) -> None:
        self.ledger = ledger
        self._reports = Reports(ledger)
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
        keys = self._keys(command.facts, case.sender) if isinstance(command, AmendCase) else None
        return self._record(entry, case, case.number, events, now, keys)

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
        site = self.site_of(case)
        return decide(case, command, site.policy, now, site.zone, self.facts_of(case))

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
        policy = self.site_of(case).policy
        seqs = entry.record(case, events, deadlines(case, policy), policy_hash=case.policy, keys=keys)
        for event, seq in zip(events, seqs, strict=True):
            for person, notice in addressees(case, event, self.site_of(case)):
                order = NoticeOrder(
                    template=notice.template,
                    reader=notice.reader,
                    clause=notice.clause,
                    person=person,
                    as_of=seqs[-1],
                )
                gathers = may_gather(notice.reader, event)
                entry.queue(self._outgoing(number, seq, order, now, gathers=gathers))
        return case

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
            message_id=self.message_id(),
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
            message_id=self.message_id(),
            recipient=held.recipient,
            template=Template.DIGEST.value,
            locale=held.locale,
            body=OutboxBody(bundle=bundle_order(held, self.site)).model_dump_json(),
            created_at=now,
            answers=None,
        )

    def message_id(self) -> str:
        """Return a new Message-ID of ours (RFC 5322)."""
        return (
            f"<{uuid.uuid4().hex}.{self.site.config.daemon.site}@{self.site.own_address.partition('@')[2]}>"
        )

    def answer(
        self, entry: Entry, mail_id: int, order: LetterOrder, now: datetime, key: str = "answer"
    ) -> None:
        """Queue the one answer to a message that came in."""
        entry.queue(
            OutgoingMail(
                notice_key=f"mail:{mail_id}:{key}:{order.to.email.lower()}",
                message_id=self.message_id(),
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
                message_id=self.message_id(),
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
                message_id=self.message_id(),
                case_number=None,
                recipient=order.person.email,
                template=Template.MONTHLY_REPORT.value,
                locale=(order.person.locale or self.site.locale).value,
                body=OutboxBody(report=order).model_dump_json(),
                created_at=now,
                answers=None,
            )
        )

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
        order = self.writer_of(case, history).order(body.notice.person, notice, event)
        return order.warned(words.undelivered(body.notice.undelivered, order.locale))

    def writer_of(self, case: Case, history: Sequence[Event]) -> Writer | DayWriter:
        """Return who writes the letters about a case of its kind."""
        site = self.site_of(case)
        if case.kind == "complaint":
            return Writer(case, history, site)
        return DayWriter(case, history, site, key_customers(case, self.ledger, site.policy, case.last_at))

    def undeliverable(self, mail: QueuedMail, reason: str, now: datetime) -> None:
        """Tell customer care of a notice that cannot reach its reader; it sees all that he would have seen.

        Of a bundle that means each notice in it. Repeating it queues nothing more. Customer care is not told by mail
        that it cannot be reached by mail.
        """
        lost = self.ledger.outbox_members(mail.id) or [mail]
        with self.ledger.writing() as entry:
            for notice in lost:
                self._tell_undeliverable(entry, notice, reason, now)

    def _tell_undeliverable(self, entry: Entry, mail: QueuedMail, reason: str, now: datetime) -> None:
        body = OutboxBody.model_validate_json(mail.body)
        care = [person for role in self.site.policy.resolved_notice for person in self.site.people(role)]
        unreached = mail.recipient.lower()
        if (
            body.notice is None
            or body.notice.undelivered
            or unreached in (person.email.lower() for person in care)
        ):
            return
        warning = f"{body.notice.person.name} <{mail.recipient}>: {reason}"
        for person in care:
            told = {"reader": "informed", "person": person, "undelivered": warning}
            order = body.notice.model_copy(update=told)
            number, seq = mail.case_number or "", mail.event_seq or 0
            key = f"undelivered:{unreached}:"
            entry.queue(self._outgoing(number, seq, order, now, key, gathers=mail.kind is not None))
