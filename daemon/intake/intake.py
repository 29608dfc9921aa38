"""From a message to commands: what stands in it is read outside the ledger, then taken in by one commit.

Every message ends in one of four ways, each with its reason in the ledger: taken, a duplicate, ignored (nothing in it
for us), or quarantined. None stops the ones behind it.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from daemon import answers, asking, releasing
from daemon.admission import Refusal, refusal
from daemon.ahead import Ahead
from daemon.arriving import NOBODY, Arriving
from daemon.attachments.keeping import beside_forms, keep
from daemon.bell import Stopped, never
from daemon.clock import Clock
from daemon.docket import Docket
from daemon.intake import pasted
from daemon.intake.bounces import Bounces
from daemon.intake.forms import Forms
from daemon.intake.numbers import thread_of
from daemon.intake.replies import STRANGERS_PER_HOUR, Replies, digest
from daemon.intake.tally import Tally
from daemon.intake.words import Words
from daemon.ledger import (
    Entry,
    HeldFor,
    HeldMail,
    LedgerUnavailable,
    MailState,
    RequestState,
    StoredMail,
    WaitingRequest,
)
from daemon.reading import Attempt, MailReader, Reading
from mailer.message import Message
from parsers.reader import FormReader, ReaderUnavailable

log = logging.getLogger("kesu.intake")

PAGE = 500  # messages looked up at a time
TOGETHER = 100  # messages taken in under one commit at most


class Intake:
    """Takes stored messages in, one after the other."""

    def __init__(self, docket: Docket, reader: FormReader, clock: Clock) -> None:
        self._docket = docket
        self._reader = MailReader(docket, reader, clock)
        self._clock = clock
        self._replies = Replies(docket)
        self._bounces = Bounces(docket, self._replies)
        self._forms = Forms(docket)
        self._words = Words(docket, self._replies)

    def warm_up(self) -> None:
        """Make ready meanwhile what the first message would have to wait for."""
        self._reader.warm_up()

    def take_waiting(self, stopped: Stopped = never, arriving: Arriving = NOBODY) -> int:
        """Take in every message that is stored but not settled, and those that arrive meanwhile, until `stopped`.

        Return how many. While some are taken in, those behind them are read, and others fetched.
        """
        count = 0
        self._expire_requests()
        reading = Ahead(self._reader)
        while not stopped() and self._supplied(reading, arriving):
            readings = reading.take(TOGETHER)
            self._take(readings)
            count += len(readings)
        return count

    def _supplied(self, reading: Ahead, arriving: Arriving) -> bool:
        """Give whoever reads what came meanwhile; with nothing to read wait for it. False if nothing is left at all."""
        if not reading:
            self._add_stored(reading)
        while reading.wants_more and arriving.store(wait=not reading):
            self._add_stored(reading)
        return bool(reading)

    def _add_stored(self, reading: Ahead) -> None:
        last = max((mail.id for mail, _ in reading.not_taken), default=0)
        stored = self._docket.ledger.received_mail(PAGE, after=last)
        returned = self._docket.ledger.returned_mail() if stored else {}
        reading.add([(mail, returned.get(mail.id)) for mail in stored])

    def _expire_requests(self) -> None:
        """Record that requests waited for a confirmation in vain."""
        now = self._clock.now()
        if self._docket.ledger.requests_over(now):
            with self._docket.ledger.writing() as entry:
                log.info("requests expired=%d", entry.expire_requests(now))

    def _take(self, readings: Sequence[Attempt]) -> None:
        """Take messages in under one commit; should that fail, each under its own, so that none harms another."""
        try:
            with self._docket.ledger.writing() as entry:
                for mail, reading in readings:
                    self._settle(entry, mail, _good(reading))
        except Exception as error:
            if not _is_poison(error):
                raise
            if len(readings) > 1:
                for alone in readings:
                    self._take([alone])
                return
            mail = readings[0][0]
            log.exception("message %d cannot be taken in; it goes to quarantine", mail.id)
            self._quarantine_poison(mail, error)

    def _settle(self, entry: Entry, mail: StoredMail, reading: Reading) -> None:
        now, head = self._clock.now(), entry.last_seq()
        if reading.message.is_placeholder:
            self._replies.refuse_placeholder(entry, mail, reading.message, now)
            return
        if reading.heard:
            entry.heard_from(reading.sender.email, now)
        if self._bounces.take(entry, mail, reading, now):
            return
        if reading.refused is not None:
            self._replies.refuse(entry, mail, reading, reading.refused, now)
            log.info("message=%d put aside: %s", mail.id, reading.refused.why.value)
            return
        tally = self._take_message(entry, mail, reading, now)
        self._keep_attachments(entry, mail, reading, tally, head)
        if any(outcome.what == "unknown" and outcome.form is not None for outcome in tally.outcomes):
            self._replies.tell_care(
                entry,
                mail,
                answers.unknown_orders(self._docket, reading.sender, tally.outcomes, now),
                now,
                key=f"{reading.occasion}care",
            )
        if any(outcome.passed_over for outcome in tally.outcomes):
            self._replies.tell_care(
                entry,
                mail,
                answers.passed_over(self._docket, reading.sender, tally.outcomes, now),
                now,
                key=f"{reading.occasion}care",
            )
        self._replies.answer(entry, mail, reading, tally, now)
        held = entry.quarantined(mail.id) if reading.released else None
        state = self._replies.settle(entry, mail, reading, tally, now)
        if held is not None and state is not MailState.TAKEN:
            self._tell_releaser(entry, held, reading, now)
        log.info("message=%d state=%s cases=%s", mail.id, state.value, ",".join(tally.cases))

    def _take_message(self, entry: Entry, mail: StoredMail, reading: Reading, now: datetime) -> Tally:
        """Take in what a message asks; where it answers whether an earlier one was its sender's, that one."""
        if reading.held_reply is not None:
            by, message = reading.sender, reading.message
            note, orders = releasing.carry_out(self._docket, entry, reading.held_reply, message, by, now)
            return Tally(note=note, orders=orders)
        request = reading.request
        if request is not None and reading.confirmation is not None:
            return self._take_confirmation(entry, reading, request, now)
        if request is not None and reading.speaks:  # he says it anew, in his own words
            entry.settle_request(request.id, RequestState.REPLACED, now)
        tally = self._forms.take(entry, mail, reading, now)
        if reading.comes_back and not reading.forms:
            tally.ignored = "it only passes on a mail of ours, or a machine's"
        elif pasted.is_all(reading):
            self._offer(entry, mail, reading, tally)
        elif not reading.forms:
            self._words.take(entry, mail, reading, now, tally)
        if tally.unproven and not self._replies.may_answer(entry, reading, now):
            tally.refused = "nobody can tell that it is from its sender, who cannot be asked now"
        elif tally.unproven:
            tally.note = "waits for its sender to confirm it"
            asking.ask(self._docket, entry, mail, reading, tally.unproven, now)
        return tally

    def _offer(self, entry: Entry, mail: StoredMail, reading: Reading, tally: Tally) -> None:
        """Give a form that stands in the text back as a file, once."""
        tally.ignored = "a table in its text is no form; it goes back to its sender as one"
        if entry.claim_part(mail.message_id, digest(reading.message.text), mail.id):
            tally.orders.append(pasted.offer(self._docket, entry, reading, thread_of(entry, reading.message)))

    def _tell_releaser(self, entry: Entry, held: HeldMail, reading: Reading, now: datetime) -> None:
        """Tell whoever released a message that nothing came of it; he would wait for a case."""
        for order in releasing.nothing_came(self._docket, entry, held, reading.message):
            self._docket.answer(entry, held.mail.id, order, now, key=f"{reading.occasion}released")

    def _take_confirmation(
        self, entry: Entry, reading: Reading, request: WaitingRequest, now: datetime
    ) -> Tally:
        """Carry out, once, what somebody confirms to have asked; what he disowns or confirms too late is void."""
        entry.expire_requests(now)
        head = entry.last_seq()
        state = RequestState.CONFIRMED if reading.confirmation else RequestState.DENIED
        if not entry.settle_request(request.id, state, now):
            late = request.expires_at <= now and request.state in (RequestState.WAITING, RequestState.EXPIRED)
            orders = [asking.void(self._docket, reading.message, reading.sender)] if late else []
            return Tally(orders=orders, note="the request it answers does not wait any more")
        if reading.original is None:
            log.warning("message=%d is not from the person in whose name it came", request.mail_id)
            return Tally(note="the sender says that the request is not his")
        mail = entry.mail(request.mail_id)
        tally = self._forms.take(entry, mail, reading.original, now)
        if not reading.original.forms:
            self._words.take(entry, mail, reading.original, now, tally)
        self._keep_attachments(entry, mail, reading.original, tally, head)
        tally.note = "it confirms an earlier message"
        return tally

    def _keep_attachments(
        self, entry: Entry, mail: StoredMail, reading: Reading, tally: Tally, head: int
    ) -> None:
        """Link a message to its cases, as the cause of what happened to them after event `head`, and keep its files."""
        files = beside_forms(reading.others, reading.sheets, reading.files)
        for number in tally.cases or self._open_thread(entry, reading):
            entry.link_mail(mail.id, number, since=head)
            if files and not (reading.message.automatic and number not in tally.cases):
                keep(entry, number, mail.id, files, self._docket.site.config.attachments)

    def _open_thread(self, entry: Entry, reading: Reading) -> list[str]:
        """Return the case whose thread a message continues without saying anything to act on, a machine's too."""
        number = thread_of(entry, reading.message)
        return [number] if number and entry.case(number) is not None else []

    def refuse_large(self, entry: Entry, mail_id: int, message: Message) -> None:
        """Quarantine a message of which only the header was fetched; its sender and customer care are told."""
        mail, now = entry.mail(mail_id), self._clock.now()
        reading = Reading(message, self._docket.site.party(message.sender.email, message.sender.name))
        refused = refusal(self._docket.site, message, forms=True)
        why = "larger than can be taken in" + (f"; {refused.reason}" if refused else "")
        self._replies.put_aside(entry, mail, Refusal(HeldFor.TOO_LARGE, why), now)
        if refused is not None:
            orders = answers.too_large(self._docket, message, reading.sender, [], now)
            self._replies.tell_care(entry, mail, orders, now, most=STRANGERS_PER_HOUR)
            return
        sender = [reading.sender] if self._replies.may_answer(entry, reading, now) else []
        for order in answers.too_large(self._docket, message, reading.sender, sender, now):
            self._docket.answer(entry, mail.id, order, now, key="large")

    def _quarantine_poison(self, mail: StoredMail, error: Exception) -> None:
        now = self._clock.now()
        with self._docket.ledger.writing() as entry:
            reason = f"cannot be taken in: {type(error).__name__}: {error}"
            self._replies.put_aside(entry, mail, Refusal(HeldFor.DEFECT, reason), now)
            if not entry.claim_part(mail.message_id, mail.sha256, mail.id):
                return
            for order in answers.poison(self._docket, mail.sender, now):
                self._docket.answer(entry, mail.id, order, now, key="poison")


def _good(reading: Reading | Exception) -> Reading:
    """Return a reading that succeeded; raise what kept one from succeeding."""
    if isinstance(reading, Exception):
        raise reading
    return reading


def _is_poison(error: Exception) -> bool:
    """Tell a message that cannot be taken in from a ledger, or a reader, that can do nothing at all just now."""
    return not isinstance(error, LedgerUnavailable | ReaderUnavailable)
