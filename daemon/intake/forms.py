"""Forms of a message: complaints open cases or find theirs, reports, orders and lists are put to theirs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from daemon import answers, asking, origins, proof, returned
from daemon.answers import Outcome
from daemon.docket import SENDER_KEY, Docket
from daemon.followup import lists
from daemon.followup.lists import LISTS, ListIntake
from daemon.intake.numbers import CASE_NUMBER, case_number, thread_of, written_number
from daemon.intake.reports import answerable, take_report
from daemon.intake.rulings import take_ruling
from daemon.intake.tally import Tally
from daemon.ledger import Entry, StoredMail
from daemon.reading import Reading
from mailer.message_automatic import is_machines_own
from parsers.results import ParsedFile, ParsedForm, Problem, Severity
from rules.case import Case, Status
from rules.commands import AmendCase, AttachForm, OpenCase
from rules.facts import Facts
from rules.fields import FormKind
from rules.sameness import corrects, identity, same_complaint


class Forms:
    """Takes in the forms of messages."""

    def __init__(self, docket: Docket) -> None:
        self._docket = docket

    def take(self, entry: Entry, mail: StoredMail, reading: Reading, now: datetime) -> Tally:
        """Take in every form of a message that was not taken before; the files that could not be read are noted."""
        fresh = [
            reading.retaken
            or sheet.sha256 in reading.again
            or entry.claim_part(mail.message_id, sheet.sha256, mail.id)
            for sheet in reading.sheets
        ]
        files = [file for file, new in zip(reading.files, fresh, strict=True) if new]
        tally = Tally(unreadable=[file for file in files if file.error is not None and not reading.retaken])
        tally.duplicates = fresh.count(False)
        if is_machines_own(reading.message.automatic_reason):
            files = list(_not_ours(files, tally))
        self._take_lists(entry, reading, files, now, tally)
        for file in files:
            for form in file.forms:
                if form.kind in LISTS or (reading.retaken and form.kind is FormKind.COMPLAINT):
                    continue  # taken as a whole; or it counted when it came
                if self._lacks_proof(reading, form):
                    number = written_number(form) or thread_of(entry, reading.message)
                    tally.unproven.append(asking.form(self._docket, reading, file, form, number))
                elif form.kind is FormKind.HANDLING:
                    self._take_handling(entry, reading, file, form, now, tally)
                elif form.kind is FormKind.RULING:
                    take_ruling(self._docket, entry, reading, file, form, now, tally)
                elif form.kind is FormKind.RECTIFICATION:
                    self._take_order(entry, reading, file, form, now, tally)
                else:
                    tally.outcomes.append(self._take_complaint(entry, reading, file, form, now, tally.cases))
        return tally

    def _lacks_proof(self, reading: Reading, form: ParsedForm) -> bool:
        return proof.lacking(reading.proven, form.kind, self._docket.site, released=reading.released)

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
        unproven = [one for one in listed if self._lacks_proof(reading, one[1])]
        if unproven:
            number = thread_of(entry, reading.message)
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
        sender = reading.submitter(file)
        # A problem without a key is about what stands beside the form: it never keeps the form itself from its grade.
        errors = [problem for problem in form.problems if problem.severity is Severity.ERROR]
        missing = tuple(problem.key for problem in errors if problem.key)
        warnings = tuple(
            self._warning(problem) for problem in form.problems if problem.severity is Severity.WARNING
        )
        returns = entry.knows_any(identity(facts, self._docket.site.policy))
        known = self._same_case(entry, facts, beside) if returns else None
        draft = self._waiting_draft(entry, reading, form, facts, beside)
        if draft is None and known is not None and known.status is Status.INCOMPLETE and not missing:
            draft = known  # a colleague's form completes it
        if draft is not None:
            command = AmendCase(facts, sender, missing, warnings)
            case = self._docket.perform(entry, draft, command, now)
            return Outcome(case, "amended", file, form, origin=sender.origin)
        if known is not None:
            case = self._docket.perform(entry, known, AttachForm(sender), now)
            return Outcome(case, "again", file, form, origin=sender.origin)
        settled = (
            returned.settled_before(self._docket, entry, facts, sender, beside, now) if returns else None
        )
        if settled is not None:
            return replace(settled, file=file, form=form, origin=sender.origin)
        issuer = origins.issuer(sender, self._docket.site)
        opening = OpenCase(facts, issuer, sender, missing, warnings)
        case = self._docket.open(entry, opening, now)
        return Outcome(case, "opened", file, form, origin=sender.origin)

    def _warning(self, problem: Problem) -> str:
        locale = self._docket.site.locale
        return f"{problem.label.get(locale)} ({problem.sheet}!{problem.cell}): {problem.message.get(locale)}"

    def _waiting_draft(
        self, entry: Entry, reading: Reading, form: ParsedForm, facts: Facts, beside: Sequence[str]
    ) -> Case | None:
        """Find the incomplete case that this form corrects: by its number, its thread, or its sender and customer."""
        written = case_number(str(form.facts.get(CASE_NUMBER, "")))
        thread = thread_of(entry, reading.message) if _alone(reading) else ""
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

    def _take_handling(
        self, entry: Entry, reading: Reading, file: ParsedFile, form: ParsedForm, now: datetime, tally: Tally
    ) -> None:
        number = written_number(form) or thread_of(entry, reading.message)
        unreadable = [
            problem for problem in form.problems if problem.key != CASE_NUMBER and _hinders(problem)
        ]
        locale = self._docket.site.locale_of(reading.sender.email)
        unclear = "\n".join(answers.problem_line(file.file, problem, locale) for problem in unreadable)
        facts = {key: value for key, value in form.facts.items() if key != CASE_NUMBER}
        take_report(self._docket, entry, reading, number, facts, unclear, now, tally)

    def _take_order(
        self, entry: Entry, reading: Reading, file: ParsedFile, form: ParsedForm, now: datetime, tally: Tally
    ) -> None:
        """Take in an order to rectify that came back (D33)."""
        number = written_number(form) or thread_of(entry, reading.message)
        by, proven = answerable(reading), reading.proven
        tally.outcomes.append(
            returned.take_order(self._docket, entry, by, file, form, number, now, proven=proven)
        )


def _not_ours(files: Sequence[ParsedFile], tally: Tally) -> Iterator[ParsedFile]:
    """Yield the files of a machine's mail without the forms of ours that it sends back as they came.

    A mailbox that forwards our mails to us would else report, approve and rule by itself what they are filled in with.
    """
    for file in files:
        if file.tokens and any(form.kind is not FormKind.COMPLAINT for form in file.forms):
            tally.refused = f"{file.file}: a form of ours that a machine sent back"
        else:
            yield file


def _alone(reading: Reading) -> bool:
    """Tell whether a message carries one form only, so that its thread tells which case it is about."""
    return len(reading.forms) == 1


def _hinders(problem: Problem) -> bool:
    """Tell whether a problem of a handling form keeps the report from being taken: a bad concession is no detail."""
    return problem.severity is Severity.ERROR or problem.key in (
        "discount_percent",
        "gift_amount",
        "cash_amount",
    )
