"""From a message to commands: what stands in it is read outside the ledger, then taken in by one commit.

Every message ends in one of four ways, each with its reason in the ledger: taken, a duplicate, ignored (nothing in it
for us), or quarantined. None stops the ones behind it.
"""

import logging
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

from daemon import answers, asking, correcting, judging, leave, proof, returned
from daemon.answers import Outcome
from daemon.asking import Unproven
from daemon.attachments.keeping import beside_forms, keep
from daemon.bell import Stopped, never
from daemon.clock import Clock
from daemon.docket import SENDER_KEY, Docket
from daemon.followup import lists
from daemon.followup.lists import LISTS, ListIntake, Taken
from daemon.ledger import (
    Entry,
    LedgerUnavailable,
    MailState,
    RequestState,
    StoredMail,
    WaitingRequest,
)
from daemon.letters import LetterOrder
from daemon.reading import Attempt, MailReader, Reading
from mailer.message import Message
from parsers.change_verbs import ChangeKind
from parsers.reader import FormReader, ReaderUnavailable
from parsers.reply_quotes import own_text
from parsers.results import ParsedFile, ParsedForm, Problem, Severity
from rules.case import Case, Status
from rules.commands import AmendCase, AttachForm, OpenCase, Report
from rules.conditions import FactValue
from rules.events import Event, Party
from rules.facts import Facts
from rules.fields import FormKind
from rules.sameness import corrects, identity, same_complaint

log = logging.getLogger("kesu.intake")

PAGE = 500  # messages looked up at a time
ANSWERS_PER_HOUR = 60  # to one address; more is a loop or a flood
PROBLEMS_PER_HOUR = 200  # a form that cannot be taken is answered for longer: whoever sent it must know
STRANGERS_PER_HOUR = 10  # of which customer care is told; a flood of spam stays in quarantine and in the log
CASE_NUMBER = "case_number"
_NUMBER = r"[A-Z][A-Z0-9]{0,7}-\d{8}-\d{2,9}"
_IN_SUBJECT = re.compile(rf"\[({_NUMBER})\]")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))


@dataclass
class Tally:
    """What a message came to, gathered while it is taken in."""

    outcomes: list[Outcome] = field(default_factory=list)
    unreadable: list[ParsedFile] = field(default_factory=list)
    duplicates: int = 0
    reports: int = 0
    leave: bool = False  # it was about its sender's own absence, and is answered as such
    unproven: list[Unproven] = field(default_factory=list)
    orders: list[LetterOrder] = field(
        default_factory=list
    )  # answers of its own, beside those to the outcomes
    note: str = ""  # what became of a message that came to no outcome of its own
    refused: str = ""  # why a message is set aside

    def put_aside(self, what: Unproven | LetterOrder | None) -> None:
        """Note words that may not act: they wait to be confirmed, or are asked back, or say nothing."""
        if what is None:
            return
        self.unreadable.clear()  # what lies beside words is no form, but kept with the case
        if isinstance(what, Unproven):
            self.unproven.append(what)
        else:
            self.note = "asked back"
            self.orders.append(what)

    lists: list[Taken] = field(default_factory=list)

    def add_lists(self, taken: Sequence[Taken]) -> None:
        """Note what became of lists, and the cases they concern."""
        self.lists += taken
        self.outcomes += [Outcome(case, "listed") for each in taken for case in each.touched]

    @property
    def cases(self) -> list[str]:
        """The numbers of the cases concerned, once each."""
        return list(dict.fromkeys(o.case.number for o in self.outcomes if o.case_or_none is not None))


class Intake:
    """Takes stored messages in, one after the other."""

    def __init__(self, docket: Docket, reader: FormReader, clock: Clock) -> None:
        self._docket = docket
        self._reader = MailReader(docket, reader, clock)
        self._clock = clock

    def take_waiting(self, stopped: Stopped = never) -> int:
        """Take in every message that is stored but not settled, until `stopped`; return how many."""
        count = 0
        self._expire_requests()
        while not stopped() and (waiting := self._docket.ledger.received_mail(PAGE)):
            for readings in self._reader.read(waiting):
                self._take(readings)
                count += len(readings)
                if stopped():
                    break
        return count

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
        if not self._docket.site.may_send(reading.sender.email):
            self._refuse_stranger(entry, mail, reading, now)
            return
        tally = self._take_message(entry, mail, reading, now)
        self._keep_attachments(entry, mail, reading, tally, head)
        if any(outcome.what == "unknown" and outcome.form is not None for outcome in tally.outcomes):
            self._tell_care(
                entry, mail, answers.unknown_orders(self._docket, reading.sender, tally.outcomes, now), now
            )
        if any(outcome.passed_over for outcome in tally.outcomes):
            self._tell_care(
                entry, mail, answers.passed_over(self._docket, reading.sender, tally.outcomes, now), now
            )
        self._answer(entry, mail, reading, tally, now)
        state, reason = self._fate(reading, tally)
        self._file(entry, mail, state, reason)
        log.info("message=%d state=%s cases=%s", mail.id, state.value, ",".join(tally.cases))

    def _take_message(self, entry: Entry, mail: StoredMail, reading: Reading, now: datetime) -> Tally:
        """Take in what a message asks; where it answers whether an earlier one was its sender's, that one."""
        request = reading.request
        if request is not None and reading.confirmation is not None:
            return self._take_confirmation(entry, reading, request, now)
        if request is not None and reading.speaks:  # he says it anew, in his own words
            entry.settle_request(request.id, RequestState.REPLACED, now)
        tally = self._take_forms(entry, mail, reading, now)
        if not reading.forms:
            self._take_words(entry, mail, reading, now, tally)
        if tally.unproven and not self._may_answer(entry, reading, now):
            tally.refused = "nobody can tell that it is from its sender, who cannot be asked now"
        elif tally.unproven:
            tally.note = "waits for its sender to confirm it"
            asking.ask(self._docket, entry, mail, reading, tally.unproven, now)
        return tally

    # ------------------------------------------------------------ who it is from (daemon/proof.py)

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
        tally = self._take_forms(entry, mail, reading.original, now)
        if not reading.original.forms:
            self._take_words(entry, mail, reading.original, now, tally)
        self._keep_attachments(entry, mail, reading.original, tally, head)
        tally.note = "it confirms an earlier message"
        return tally

    # ------------------------------------------------------------ forms

    def _take_forms(self, entry: Entry, mail: StoredMail, reading: Reading, now: datetime) -> Tally:
        fresh = [
            reading.retaken or entry.claim_part(mail.message_id, sheet.sha256, mail.id)
            for sheet in reading.sheets
        ]
        files = [file for file, new in zip(reading.files, fresh, strict=True) if new]
        tally = Tally(unreadable=[file for file in files if file.error is not None and not reading.retaken])
        tally.duplicates = fresh.count(False)
        self._take_lists(entry, reading, files, now, tally)
        for file in files:
            for form in file.forms:
                if form.kind in LISTS or (reading.retaken and form.kind is FormKind.COMPLAINT):
                    continue  # taken as a whole; or it counted when it came
                if proof.lacking(reading.proven, form.kind, self._docket.site):
                    number = _written_number(form) or self._thread(entry, reading.message)
                    tally.unproven.append(asking.form(self._docket, reading, file, form, number))
                elif form.kind is FormKind.HANDLING:
                    self._take_handling(entry, reading, file, form, now, tally)
                elif form.kind is FormKind.RECTIFICATION:
                    self._take_order(entry, reading, file, form, now, tally)
                else:
                    tally.outcomes.append(self._take_complaint(entry, reading, file, form, now, tally.cases))
        return tally

    def _take_lists(
        self, entry: Entry, reading: Reading, files: Sequence[ParsedFile], now: datetime, tally: Tally
    ) -> None:
        """Take delivery lists, and call results of whoever sent them for certain; others wait to be confirmed."""
        listed = [
            (file, form)
            for file in files
            for form in file.forms
            if form.kind in LISTS and not (reading.retaken and form.kind is FormKind.DELIVERIES)
        ]
        unproven = [one for one in listed if proof.lacking(reading.proven, one[1].kind, self._docket.site)]
        if unproven:
            number = self._thread(entry, reading.message)
            tally.unproven.append(lists.unproven(self._docket, reading.sender, unproven, number))
        if certain := [one for one in listed if one not in unproven]:
            tally.add_lists(ListIntake(self._docket, entry, reading.sender, now).take(certain))

    def _take_complaint(
        self,
        entry: Entry,
        reading: Reading,
        file: ParsedFile,
        form: ParsedForm,
        now: datetime,
        beside: Sequence[str],
    ) -> Outcome:
        """Open a case, or find the one it belongs to; `beside` are the cases of the same message, never merged."""
        facts = {key: value for key, value in form.facts.items() if key != CASE_NUMBER}
        # A problem without a key is about what stands beside the form: it never keeps the form itself from its grade.
        errors = [problem for problem in form.problems if problem.severity is Severity.ERROR]
        missing = tuple(problem.key for problem in errors if problem.key)
        warnings = tuple(
            self._warning(problem) for problem in form.problems if problem.severity is Severity.WARNING
        )
        known = self._same_case(entry, facts, beside)
        draft = self._waiting_draft(entry, reading, form, facts, beside)
        if draft is None and known is not None and known.status is Status.INCOMPLETE and not missing:
            draft = known  # a colleague's form completes it
        if draft is not None:
            command = AmendCase(facts, reading.sender, missing, warnings)
            return Outcome(self._docket.perform(entry, draft, command, now), "amended", file, form)
        if known is not None:
            case = self._docket.perform(entry, known, AttachForm(reading.sender), now)
            return Outcome(case, "again", file, form)
        settled = returned.settled_before(self._docket, entry, facts, reading.sender, beside, now)
        if settled is not None:
            return replace(settled, file=file, form=form)
        issuer = self._docket.site.issuer(reading.sender.email)
        opening = OpenCase(facts, issuer, reading.sender, missing, warnings)
        return Outcome(self._docket.open(entry, opening, now), "opened", file, form)

    def _warning(self, problem: Problem) -> str:
        locale = self._docket.site.locale
        return f"{problem.label.get(locale)} ({problem.sheet}!{problem.cell}): {problem.message.get(locale)}"

    def _waiting_draft(
        self, entry: Entry, reading: Reading, form: ParsedForm, facts: Facts, beside: Sequence[str]
    ) -> Case | None:
        """Find the incomplete case that this form corrects: by its number, its thread, or its sender and customer."""
        written = _case_number(str(form.facts.get(CASE_NUMBER, "")))
        thread = self._thread(entry, reading.message) if _alone(reading) else ""
        for number in filter(None, [written, thread]):
            case = entry.case(number)
            if case is not None and case.status is Status.INCOMPLETE:
                return case
        sender = reading.sender.email.lower()
        drafts = entry.open_cases_with(SENDER_KEY, sender, status=Status.INCOMPLETE)
        policy = self._docket.site.policy
        fitting = (case for case in drafts if corrects(facts, case, self._docket.facts_of(case), policy))
        return next((case for case in fitting if case.number not in beside), None)

    def _same_case(self, entry: Entry, facts: Facts, beside: Sequence[str]) -> Case | None:
        """Find the open case that a form repeats; rows of one message are the same only if they are equal."""
        policy = self._docket.site.policy
        for key, value in identity(facts, policy).items():
            for case in entry.open_cases_with(key, value):
                known = self._docket.facts_of(case)
                same = (
                    dict(known) == facts
                    if case.number in beside
                    else same_complaint(facts, case, known, policy)
                )
                if same:
                    return case
        return None

    # ------------------------------------------------------------ reports

    def _take_handling(
        self, entry: Entry, reading: Reading, file: ParsedFile, form: ParsedForm, now: datetime, tally: Tally
    ) -> None:
        number = _written_number(form) or self._thread(entry, reading.message)
        tally.reports += 1
        unreadable = [
            problem for problem in form.problems if problem.key != CASE_NUMBER and _hinders(problem)
        ]
        locale = self._docket.site.locale_of(reading.sender.email)
        unclear = "\n".join(answers.problem_line(file.file, problem, locale) for problem in unreadable)
        facts = {key: value for key, value in form.facts.items() if key != CASE_NUMBER}
        self._report(entry, reading, number, facts, unclear, now, tally)

    def _take_order(
        self, entry: Entry, reading: Reading, file: ParsedFile, form: ParsedForm, now: datetime, tally: Tally
    ) -> None:
        """Take in an order to rectify that came back (D33)."""
        number = _written_number(form) or self._thread(entry, reading.message)
        tally.reports += 1
        by = _answerable(reading)
        proven = reading.proven
        tally.outcomes.append(
            returned.take_order(self._docket, entry, by, file, form, number, now, proven=proven)
        )

    def _take_words(
        self, entry: Entry, mail: StoredMail, reading: Reading, now: datetime, tally: Tally
    ) -> None:
        """Take a message without forms: a short reply in words, for each case it names, or a question of its own."""
        if reading.absence is not None:
            self._take_leave(entry, mail, reading, now, tally)
            return
        for number, part in reading.requests(self._thread(entry, reading.message)):
            if number and not part.message.automatic and (part.speaks or not part.files):
                self._take_part(entry, mail, part, number, now, tally)

    def _take_leave(
        self, entry: Entry, mail: StoredMail, reading: Reading, now: datetime, tally: Tally
    ) -> None:
        tally.unreadable.clear()  # a doctor's note beside it is no form
        if proof.lacking(reading.proven, None, self._docket.site):
            tally.unproven.append(Unproven("", own_text(reading.message.text)))
            return
        answers_him = self._may_answer(entry, reading, now)
        leave.take(self._docket, entry, mail, reading, now, answers=answers_him)
        tally.leave = True

    def _take_part(
        self, entry: Entry, mail: StoredMail, reading: Reading, number: str, now: datetime, tally: Tally
    ) -> None:
        claim = _digest(number + reading.message.text)
        case = entry.case(number)
        if not reading.retaken and not entry.claim_part(mail.message_id, claim, mail.id):
            tally.duplicates += 1
        elif case is not None and proof.lacking(reading.proven, None, self._docket.site):
            tally.put_aside(asking.words(self._docket, entry, reading, case))
        elif self._judge(entry, reading, number, now, tally) or self._take_calls(
            entry, reading, number, now, tally
        ):
            tally.unreadable.clear()
        elif reading.reply is not None:
            tally.reports += 1
            tally.unreadable.clear()  # what lies beside an answer in words is no form, but kept with the case
            locale = self._docket.site.locale_of(reading.sender.email)
            unclear = "\n".join(text.get(locale) for text in reading.reply.problems)
            self._report(entry, reading, number, reading.reply.facts, unclear, now, tally)
        elif reading.sender.roles:
            tally.reports += 1
            self._report(entry, reading, number, {}, reading.message.text.strip()[:200] or "…", now, tally)

    def _judge(self, entry: Entry, reading: Reading, number: str, now: datetime, tally: Tally) -> bool:
        """Take words about a penalty or a finding of the case; False where they are about neither."""
        case = entry.case(number)
        if case is None or reading.reply is not None:
            return False
        if reading.change is not None and reading.change.kind is not ChangeKind.REOPEN:
            case = correcting.going_on(entry, case)
        site = self._docket.site_of(case)
        match judging.judgement(entry, reading, case, site):
            case None:
                return False
            case "nothing":
                return True
            case judging.Unclear() as unclear:
                refused = unclear.refused(case, reading.sender, site, now)
                case = self._docket.refuse(entry, case, refused, now)
            case command:
                command = leave.disinterested(command, case, self._docket.present(now, site, entry))
                case = correcting.perform(self._docket, entry, case, command, now)
        tally.reports += 1
        tally.outcomes.append(Outcome(case, "reported"))
        return True

    def _take_calls(self, entry: Entry, reading: Reading, number: str, now: datetime, tally: Tally) -> bool:
        """Take words about calls: on a day's thread a line for each customer, else of the case's own customer."""
        case = entry.case(number)
        taking = ListIntake(self._docket, entry, reading.sender, now)
        if case is not None and case.kind == "follow-up":
            if reading.calls or not reading.silent:
                tally.add_lists([taking.words(case, reading.calls, reading.message.text)])
            return True
        alone = len(reading.calls) == 1 and reading.reply is None and not reading.calls[0].phone
        taken = taking.word(case, reading.calls[0]) if case is not None and alone else None
        if taken is not None:
            tally.add_lists([taken])
        return taken is not None

    def _report(
        self,
        entry: Entry,
        reading: Reading,
        number: str,
        facts: dict[str, FactValue],
        unclear: str,
        now: datetime,
        tally: Tally,
    ) -> None:
        case = entry.case(number) if number else None
        if case is None or case.kind != "complaint":  # a day of calls is no complaint to report on
            tally.outcomes.append(Outcome.unknown(number))
            return
        case = correcting.going_on(entry, case)
        report = Report(_answerable(reading), facts, unclear)
        what = _reported(self._docket.foresee(case, report, now))
        tally.outcomes.append(Outcome(self._docket.perform(entry, case, report, now), what))

    def _thread(self, entry: Entry, message: Message) -> str:
        """Return the number of the case a message belongs to, by its thread, else by its subject; empty if none."""
        references = [message.in_reply_to, *reversed(message.references)]
        known = entry.case_of_message([reference for reference in references if reference])
        if known is not None:
            return known
        found = _IN_SUBJECT.search(message.subject)
        return found[1] if found else ""

    # ------------------------------------------------------------ afterwards

    def _keep_attachments(
        self, entry: Entry, mail: StoredMail, reading: Reading, tally: Tally, head: int
    ) -> None:
        """Link a message to its cases, as the cause of what happened to them after event `head`, and keep its files."""
        files = beside_forms(reading.others, reading.sheets, reading.files)
        for number in tally.cases or self._open_thread(entry, reading):
            entry.link_mail(mail.id, number, since=head)
            if files:
                keep(entry, number, mail.id, files, self._docket.site.config.attachments)

    def _open_thread(self, entry: Entry, reading: Reading) -> list[str]:
        """Return the case whose thread a person's message continues without saying anything to act on."""
        number = "" if reading.message.automatic else self._thread(entry, reading.message)
        return [number] if number and entry.case(number) is not None else []

    def _answer(self, entry: Entry, mail: StoredMail, reading: Reading, tally: Tally, now: datetime) -> None:
        """Answer the sender once, unless that could start a loop (RFC 3834)."""
        faulty = bool(tally.unreadable) or any(outcome.flaws for outcome in tally.outcomes)
        faulty = faulty or any(taken.flawed for taken in tally.lists)
        for taken in tally.lists:
            self._tell_care(
                entry, mail, lists.told_to_care(self._docket, reading.sender, taken), now, key="care-calls"
            )
        if not self._may_answer(entry, reading, now, PROBLEMS_PER_HOUR if faulty else ANSWERS_PER_HOUR):
            if tally.unreadable:  # nobody else would hear of it; of a flawed form customer care has the case
                self._tell_care(
                    entry, mail, answers.unanswered(self._docket, reading.sender, tally.unreadable, now), now
                )
            return
        orders = answers.answer(
            self._docket, reading.message, reading.sender, tally.unreadable, tally.outcomes
        )
        orders += tally.orders
        orders += [
            lists.answer(self._docket, reading.message, reading.sender, taken) for taken in tally.lists
        ]
        asks = not orders and self._is_a_question(entry, reading, tally)
        if asks and entry.claim_part(mail.message_id, _digest(reading.message.text), mail.id):
            orders = [answers.no_form(self._docket, reading.message, reading.sender)]
        for number, order in enumerate(orders):
            self._docket.answer(entry, mail.id, order, now, key=f"answer-{number}")

    def _may_answer(
        self, entry: Entry, reading: Reading, now: datetime, most: int = ANSWERS_PER_HOUR
    ) -> bool:
        address = reading.sender.email
        if reading.message.automatic or not address or address.lower() == self._docket.site.own_address:
            return False
        sent = entry.replies_sent_to(address, now - timedelta(hours=1))
        if sent >= most:
            log.warning("no more answers this hour to one sender: %d sent", sent)
            return False
        return True

    def _is_a_question(self, entry: Entry, reading: Reading, tally: Tally) -> bool:
        """Tell whether a message carries nothing for us and starts no thread of ours: it gets a blank form."""
        return (
            not reading.files
            and not tally.outcomes
            and not tally.lists
            and not tally.duplicates
            and not (tally.leave or tally.note)
            and not self._thread(entry, reading.message)
        )

    def _fate(self, reading: Reading, tally: Tally) -> tuple[MailState, str]:
        faults = [file.error.en for file in tally.unreadable if file.error is not None]
        flawed = [outcome for outcome in tally.outcomes if outcome.flaws]
        mended = [taken.reasons for taken in tally.lists if taken.flawed]
        if faults or flawed or mended:
            problems = mended + [problem.message.en for outcome in flawed for problem in outcome.flaws]
            return MailState.QUARANTINED, "; ".join([*faults, *problems])[:2000]
        if tally.refused:
            return MailState.QUARANTINED, tally.refused
        if tally.outcomes or tally.lists or tally.leave or tally.note:
            return MailState.TAKEN, tally.note
        if tally.duplicates:
            return MailState.DUPLICATE, "the same message was taken in before"
        return MailState.IGNORED, reading.message.automatic_reason or "no form in it"

    def _file(self, entry: Entry, mail: StoredMail, state: MailState, reason: str) -> None:
        mailbox = self._docket.site.config.mailbox
        folder = mailbox.quarantine_folder if state is MailState.QUARANTINED else mailbox.done_folder
        entry.settle_mail(mail.id, state, reason, folder)

    def _refuse_stranger(self, entry: Entry, mail: StoredMail, reading: Reading, now: datetime) -> None:
        """Quarantine a message of somebody who may not send; customer care is told, the stranger is not."""
        self._file(entry, mail, MailState.QUARANTINED, "the sender may not send forms ([access] senders)")
        if reading.echo or not entry.claim_part(mail.message_id, mail.sha256, mail.id):
            return
        self._tell_care(
            entry, mail, answers.stranger(self._docket, reading.message, reading.sender, now), now
        )

    def _tell_care(
        self, entry: Entry, mail: StoredMail, orders: Sequence[LetterOrder], now: datetime, key: str = "care"
    ) -> None:
        """Tell customer care of a message set aside, unless it has heard of many this hour."""
        for order in orders:
            if entry.replies_sent_to(order.to.email, now - timedelta(hours=1)) < STRANGERS_PER_HOUR:
                self._docket.answer(entry, mail.id, order, now, key=key)

    def refuse_large(self, entry: Entry, mail_id: int, message: Message) -> None:
        """Quarantine a message of which only the header was fetched; its sender and customer care are told."""
        mail, now = entry.mail(mail_id), self._clock.now()
        reading = Reading(message, self._docket.site.party(message.sender.email, message.sender.name))
        if not self._docket.site.may_send(reading.sender.email):
            self._refuse_stranger(entry, mail, reading, now)
            return
        self._file(entry, mail, MailState.QUARANTINED, "larger than can be taken in")
        sender = [reading.sender] if self._may_answer(entry, reading, now) else []
        for order in answers.too_large(self._docket, message, reading.sender, sender, now):
            self._docket.answer(entry, mail.id, order, now, key="large")

    def _quarantine_poison(self, mail: StoredMail, error: Exception) -> None:
        now = self._clock.now()
        with self._docket.ledger.writing() as entry:
            self._file(
                entry, mail, MailState.QUARANTINED, f"cannot be taken in: {type(error).__name__}: {error}"
            )
            if not entry.claim_part(mail.message_id, mail.sha256, mail.id):
                return
            for order in answers.poison(self._docket, mail.sender, now):
                self._docket.answer(entry, mail.id, order, now, key="poison")


def _answerable(reading: Reading) -> Party:
    """Return who sent a message; a refusal is not mailed to a machine, which might answer (RFC 3834)."""
    by = reading.sender
    return (
        by.model_copy(update={"email": "", "name": by.name or by.email}) if reading.message.automatic else by
    )


def _alone(reading: Reading) -> bool:
    """Tell whether a message carries one form only, so that its thread tells which case it is about."""
    return len(reading.forms) == 1


def _case_number(text: str) -> str:
    """Return the case number in a text however it was copied: in brackets, in lower case, in full width."""
    found = re.search(_NUMBER, unicodedata.normalize("NFKC", text).translate(_DASHES).upper())
    return found[0] if found else text.strip()


def _written_number(form: ParsedForm) -> str:
    return _case_number(str(form.facts.get(CASE_NUMBER) or ""))


def _reported(events: Sequence[Event]) -> Literal["reported", "progress"]:
    """Tell a report that was taken, but does not settle the case, from all others: the rules' notices answer those."""
    kinds = {event.kind for event in events}
    return "progress" if "reported" in kinds and not kinds & {"resolved", "refused"} else "reported"


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _hinders(problem: Problem) -> bool:
    """Tell whether a problem of a handling form keeps the report from being taken: a bad concession is no detail."""
    return problem.severity is Severity.ERROR or problem.key in (
        "discount_percent",
        "gift_amount",
        "cash_amount",
    )


def _good(reading: Reading | Exception) -> Reading:
    """Return a reading that succeeded; raise what kept one from succeeding."""
    if isinstance(reading, Exception):
        raise reading
    return reading


def _is_poison(error: Exception) -> bool:
    """Tell a message that cannot be taken in from a ledger, or a reader, that can do nothing at all just now."""
    return not isinstance(error, LedgerUnavailable | ReaderUnavailable)
