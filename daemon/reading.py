"""Reading stored messages: outside the ledger, and ahead of whoever takes them in."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ParamSpec, TypeVar

from daemon.admission import Refusal, refusal
from daemon.clock import Clock
from daemon.docket import OUR_MESSAGE_ID, Docket
from daemon.held_replies import HeldReply, held_reply_of
from daemon.ledger import HeldFor, HeldMail, HeldState, QueuedMail, StoredMail, WaitingRequest
from daemon.origins import comes_back, issuer, lies_in_ours, submitter
from daemon.proof import Evidence, evidence, is_to
from daemon.site import Site
from daemon.unopened import as_refused
from mailer.bounces import Report, read_report
from mailer.compose import compose
from mailer.message import Attachment, Message, is_spreadsheet, read_message
from parsers.pasted import may_hold_form
from parsers.reader import Asked, FileToRead, FormReader
from parsers.readings import Surroundings
from parsers.replies import Reply, parse_reply
from parsers.reply_absence import Absence, parse_absence
from parsers.reply_call_lines import SaidCall, parse_calls
from parsers.reply_confirm import parse_confirmation
from parsers.reply_corrections import ChangeAsked, parse_change
from parsers.reply_informing import Done, parse_done
from parsers.reply_lines import Addressed, addressed
from parsers.reply_reviews import Review, parse_review
from parsers.reply_tokens import tokens_in
from parsers.reply_verdicts import Blame, Verdict, parse_blame, parse_verdict, says_nothing
from parsers.results import ParsedFile, ParsedForm
from rules.events import Party

log = logging.getLogger("kesu.reading")
_P = ParamSpec("_P")
_R = TypeVar("_R")
WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".et", ".numbers")


@dataclass(frozen=True)
class Reading:
    """A message as read: its files with what stood in them, and the reply its text may be."""

    message: Message
    sender: Party
    files: tuple[ParsedFile, ...] = ()
    others: tuple[Attachment, ...] = ()  # photos, invoices
    sheets: tuple[Attachment, ...] = ()
    submitters: tuple[Party, ...] = ()  # of each file: its sender, and whose it is where he passed it on
    pasted: tuple[ParsedForm, ...] = ()  # complaint forms in its own text
    comes_back: bool = False  # it only passes on a mail of ours, or a machine's
    reply: Reply | None = None
    verdict: Verdict | None = None
    blame: Blame | None = None
    review: Review | None = None
    done: Done | None = None
    absence: Absence | None = None
    change: ChangeAsked | None = None
    calls: tuple[SaidCall, ...] = ()
    silent: bool = False  # it only greets, thanks or says that a mail arrived
    proven: bool = False  # it is from the person in whose name it came
    ready: bool = False  # it was opened by a link in a mail of ours: only a token ties it to that mail
    parts: tuple[tuple[str, "Reading"], ...] = ()  # case number and words, where it names its cases itself
    request: WaitingRequest | None = None  # the one whose question it answers, if its writer was asked one
    confirmation: bool | None = None  # whether it says that the request is his
    original: "Reading | None" = None  # the message it confirms
    retaken: bool = False  # taken in a second time, now that it is confirmed
    refused: Refusal | None = None  # why it is not taken in because of who sent it
    released: bool = False  # it was put aside for its sender, and customer care lets it in
    again: frozenset[str] = frozenset()  # SHA-256 of attachments nothing came of before: they are as new
    occasion: str = ""  # keeps what is said of it now apart from what was said when it was put aside
    held_reply: HeldReply | None = None  # what it says of a message that was put aside
    echo: bool = (
        False  # a machine's answer to a mail of ours to customer care: telling them would start a loop
    )
    own: QueuedMail | None = None  # the mail of ours that it is: it came back
    report: Report | None = None  # what it says of the delivery of another, where no person of ours wrote it
    heard: bool = False  # its sender, whom mails did not seem to reach, answers one sent since

    @property
    def speaks(self) -> bool:
        """Tell whether its words are an answer of their own, whatever lies beside them."""
        said = (self.reply, self.verdict, self.blame, self.review, self.done, self.change)
        return bool(self.calls) or any(words is not None for words in said)

    def requests(self, thread: str) -> list[tuple[str, "Reading"]]:
        """Return what is asked of which case: of those it names, else of the one whose thread it continues."""
        named = [
            (
                number,
                replace(part, proven=self.proven, retaken=self.retaken, released=self.released),
            )
            for number, part in self.parts
        ]
        return named or [(thread, self)]

    def submitter(self, file: ParsedFile) -> Party:
        """Return who sends the forms in a file of this message."""
        return next(party for known, party in zip(self.files, self.submitters, strict=True) if known is file)

    @property
    def forms(self) -> list[ParsedForm]:
        """Every form in every file."""
        return [form for file in self.files for form in file.forms]


Waiting = tuple[StoredMail, HeldMail | None]  # a message to be read, and that it was put aside before
Attempt = tuple[StoredMail, Reading | Exception]


@dataclass(frozen=True)
class _Opened:
    """A message whose files are still to be read."""

    message: Message
    sender: Party
    present: Site
    sheets: tuple[Attachment, ...] = ()
    submitters: tuple[Party, ...] = ()
    asked: Sequence[FileToRead] = ()
    refused: Refusal | None = None
    echo: bool = False
    returned: HeldMail | None = None  # it was put aside before
    own: QueuedMail | None = None
    report: Report | None = None


@dataclass(frozen=True)
class Begun:
    """A message that is opened, or why it was not, and its files that were given to the child."""

    found: _Opened | Exception
    asked: Sequence[Asked] = ()

    @property
    def weight(self) -> int:
        """How many bytes of files it holds, which an archive of a few kilobytes may unpack to many megabytes of."""
        files = () if isinstance(self.found, Exception) else self.found.message.attachments
        return sum(len(file.content) for file in files)


class MailReader:
    """Reads what the ledger has stored; touches nothing in it."""

    def __init__(self, docket: Docket, forms: FormReader, clock: Clock) -> None:
        self._docket = docket
        self._forms = forms
        self._clock = clock

    def warm_up(self) -> None:
        """Start what the first message would have to wait for."""
        self._forms.warm_up()

    def begin(self, mail: StoredMail, returned: HeldMail | None = None) -> Begun:
        """Open a message and give its files to the child, which reads them while we do something else."""
        found = _attempt(self._open, mail, returned)
        asked = [] if isinstance(found, Exception) else _attempt(self._submit, found)
        return Begun(asked) if isinstance(asked, Exception) else Begun(found, asked)

    def is_read(self, begun: Begun) -> bool:
        """Tell whether nobody would have to wait for the child to finish a message."""
        return all(self._forms.is_settled(file) for file in begun.asked)

    def finish(self, begun: Begun) -> Reading | Exception:
        """Return a message as read, or what kept it from being read."""
        if isinstance(begun.found, Exception):
            return begun.found
        return _attempt(self._finish, begun.found, begun.asked)

    def _submit(self, found: _Opened) -> list[Asked]:
        return [self._forms.submit(file) for file in found.asked]

    def _finish(self, found: _Opened, asked: Sequence[Asked]) -> Reading:
        return self._understand(found, tuple(self._forms.result(file) for file in asked))

    def _read_anew(self, mail: StoredMail) -> Reading:
        """Read a message that was taken in before, whoever sent it."""
        found = self._open(mail, admitted=True)
        return self._finish(found, self._submit(found))

    def _open(self, mail: StoredMail, returned: HeldMail | None = None, *, admitted: bool = False) -> _Opened:
        """Open a message: who wrote it, and which files in it are to be read; `admitted`: nobody asks who wrote it."""
        raw = self._docket.ledger.raw(mail.sha256)
        message = read_message(raw)
        site = self._docket.site
        present = self._docket.present(self._clock.now())
        sender = present.acting(message.sender.email, message.sender.name)
        if (own := self._own(message)) is not None:
            return _Opened(message, sender, present, own=own)
        report = None if _is_one_of_us(message, site) else read_report(raw, message)
        sheets = tuple(file for file in _worth_reading(message, site) if _is_wanted(file))
        admitted = admitted or (returned is not None and returned.state is HeldState.RELEASED)
        refused = None if admitted else refusal(site, message, forms=bool(sheets))
        if refused is not None:
            echo = message.automatic and not sheets and self._names_care(raw)
            return _Opened(message, sender, present, refused=refused, echo=echo, report=report)
        submitters = tuple(submitter(sender, message, sheet, site) for sheet in sheets)
        asked = [
            FileToRead(
                sheet.content,
                sheet.name,
                zone=site.zone,
                now=self._clock.now(),
                locale=site.locale_of(sender.email),
                issued_by=issuer(by, site),
            )
            for sheet, by in zip(sheets, submitters, strict=True)
            if not sheet.unopened
        ]
        return _Opened(message, sender, present, sheets, submitters, asked, returned=returned, report=report)

    def _heard(self, message: Message, sender: Party, held: Evidence, present: Site) -> bool:
        """Tell whether somebody out of reach answers a mail that was sent since: he is reached after all."""
        if message.automatic or sender.email.lower() not in present.unreached:
            return False
        silent = self._docket.ledger.unreached(self._clock.now())
        since = [one.since for one in silent if one.email == sender.email.lower()]
        return any(is_to(mail, sender) and mail.created_at > max(since) for mail in held.mails if since)

    def _own(self, message: Message) -> QueuedMail | None:
        """Return the mail of ours that a message is: no list, forwarder or mailbox of ours makes it anybody else's.

        Where a server on the way gave it a Message-ID of its own, its first one stands beside that.
        """
        named = (message.message_id, *message.header("x-kesu-message-id")[:1])
        ours = (one.strip() for one in named if OUR_MESSAGE_ID.match(one.strip()))
        found = (self._docket.ledger.outbox_mail(message_id) for message_id in ours)
        return next((mail for mail in found if mail is not None), None)

    def _understand(self, found: _Opened, files: tuple[ParsedFile, ...]) -> Reading:
        """Read what a message says, its files having been read."""
        message, sender = found.message, found.sender
        if found.own is not None:
            return Reading(message, sender, own=found.own)
        if found.refused is not None:
            return self._turned_away(found, found.refused)
        read = iter(files)
        files = tuple(as_refused(sheet) if sheet.unopened else next(read) for sheet in found.sheets)
        others = tuple(file for file in _worth_reading(message, self._docket.site) if not _is_wanted(file))
        tokens = (*tokens_in(message.text), *(token for file in files for token in file.tokens))
        held = evidence(message, tokens, self._docket.ledger, self._docket.seal)
        proven = held.proves(sender, found.present)
        message = held.answering(message)
        reading = Reading(
            message,
            sender,
            files,
            others,
            found.sheets,
            proven=proven,
            ready=held.by_token,
            report=found.report,
            submitters=found.submitters,
            comes_back=comes_back(message, self._docket.site),
            heard=self._heard(message, sender, held, found.present),
        )
        answered = self._answered(message)
        said = None if files else held_reply_of(message, held, sender, found.present, answered)
        if said is not None:
            return replace(reading, held_reply=said)
        if pasted := self._pasted(reading, answered):
            reading = replace(reading, pasted=pasted)
        reading = reading if found.returned is None else _returned(reading, found.returned)
        return self._with_request(self._with_parts(reading, answered), held, answered)

    def _pasted(self, reading: Reading, answered: str) -> tuple[ParsedForm, ...]:
        """Read the forms that a person put into the text of a mail without workbooks."""
        message, site, email = reading.message, self._docket.site, reading.sender.email
        if reading.files or message.automatic or not may_hold_form(message.html, message.text):
            return ()
        parsed = self._forms.read_pasted(
            message.html,
            message.text,
            answered,
            zone=site.zone,
            now=self._clock.now(),
            locale=site.locale_of(email),
            issued_by=site.issuer(email),
        )
        return parsed.forms

    def _turned_away(self, found: _Opened, refused: Refusal) -> Reading:
        """Return a message that is not taken in; what customer care says of one put aside is proven without a server.

        The mail that told of it was to nobody else, and whoever answers it holds what stood in that.
        """
        message, sender, said = found.message, found.sender, None
        if refused.why is HeldFor.UNVERIFIED and not message.automatic:
            held = evidence(message, tokens_in(message.text), self._docket.ledger, self._docket.seal)
            said = held_reply_of(message, held, sender, found.present, self._answered(message))
        if said is not None:
            return Reading(message, sender, proven=True, held_reply=said)
        return Reading(message, sender, refused=refused, echo=found.echo, report=found.report)

    def _with_request(self, reading: Reading, held: Evidence, answered: str) -> Reading:
        """Add what the message says to the question whether an earlier one was its sender's; a machine says nothing."""
        asks = held.mails[0] if held.mails and not reading.message.automatic else None
        request = None if asks is None else self._docket.ledger.request_asked_by(asks.message_id)
        if asks is None or request is None or not is_to(asks, reading.sender):
            return reading
        confirmation = parse_confirmation(reading.message.text, answered=answered)
        original = self._original(request) if confirmation else None
        return replace(reading, request=request, confirmation=confirmation, original=original)

    def _original(self, request: WaitingRequest) -> Reading:
        read = self._read_anew(self._docket.ledger.mail(request.mail_id))
        return replace(read, proven=True, retaken=True, request=None, confirmation=None, original=None)

    def _with_parts(self, reading: Reading, answered: str) -> Reading:
        """Add what the words ask, of each case by itself where they name several."""
        named = addressed(reading.message.text, answered=answered)
        parts = tuple((one.number, self._part(reading, one)) for one in named)
        said = self._with_words(reading, answered)
        return replace(said, parts=parts) if parts else said

    def _part(self, reading: Reading, one: Addressed) -> Reading:
        part = self._with_words(replace(reading, message=replace(reading.message, text=one.words)), "")
        if part.verdict is None or part.verdict.penalty is not None:
            return part
        return replace(part, verdict=replace(part.verdict, penalty=one.penalty))

    def _with_words(self, reading: Reading, answered: str) -> Reading:
        text = reading.message.text
        if (change := self._change(reading.message, answered)) is not None:
            return replace(reading, change=change)
        verdict = parse_verdict(text, answered=answered)
        blame = None if verdict is not None else parse_blame(text, answered=answered)
        judges = verdict is not None or blame is not None
        catalogue = self._docket.site.catalogue
        reply = None if judges else parse_reply(text, catalogue, answered=answered, detailed=reading.ready)
        answers = judges or reply is not None
        review = None if answers else parse_review(text, answered=answered)
        done = None if answers or review is not None else parse_done(text, answered=answered)
        said = replace(
            reading,
            reply=reply,
            verdict=verdict,
            blame=blame,
            review=review,
            done=done,
            calls=() if judges else parse_calls(text, answered=answered),
            silent=says_nothing(text, answered=answered),
        )
        absence = None if said.speaks else self._absence(reading, answered)
        return said if absence is None else replace(said, absence=absence)

    def _absence(self, reading: Reading, answered: str) -> Absence | None:
        """Read what somebody in [people] says of his own absence; a machine's out-of-office note is no such word."""
        message, site = reading.message, self._docket.site
        if message.automatic or not site.roles_of(reading.sender.email):
            return None
        today = self._clock.now().astimezone(site.zone).date()
        found = parse_absence(message.text, today, answered=answered)
        if found is not None or message.in_reply_to or message.forwarded is not None:
            return found
        return parse_absence(f"{message.subject}\n{message.text}", today)

    def _change(self, message: Message, answered: str) -> ChangeAsked | None:
        """Read what a message asks to change of its case; times in it count from when it was read."""
        site = self._docket.site
        around = Surroundings(site.zone, self._clock.now())
        return parse_change(message.text, site.catalogue, around, answered=answered)

    def _answered(self, message: Message) -> str:
        """Return the words of our mail that a message answers; they are no words of its writer, however quoted."""
        mail = self._docket.ledger.outbox_mail(message.in_reply_to) if message.in_reply_to else None
        if mail is None:
            return ""
        try:
            body = compose(self._docket.letter(mail, bare=True), self._clock.now()).get_body(("plain",))
        except Exception:  # the reply counts all the same
            log.exception("mail %d cannot be written again to compare an answer with it", mail.id)
            return ""
        return "" if body is None else str(body.get_content())

    def _names_care(self, raw: bytes) -> bool:
        """Tell whether a message names an address of customer care, as a bounce of a mail to them does."""
        site = self._docket.site
        holders = [person for role in site.policy.resolved_notice for person in site.people(role)]
        persons = (*holders, *self._docket.care(self._clock.now()))
        return any(person.email.lower().encode() in raw.lower() for person in persons)


def _is_one_of_us(message: Message, site: Site) -> bool:
    """Tell whether a mail is a person's of ours: it may tell of what was not delivered, and is no bounce for that."""
    email = message.sender.email
    return site.person(email) is not None or (not message.automatic and site.may_send(email))


def _returned(reading: Reading, held: HeldMail) -> Reading:
    """Return a message that was put aside before as it is to be taken now.

    A request of which its sender could not be asked is asked about now; what else it carried counted then.
    """
    return replace(
        reading,
        released=held.state is HeldState.RELEASED,
        again=frozenset(held.parts),
        occasion="" if held.decided_at is None else f"{held.decided_at:%Y%m%dT%H%M%S.%f}:",
        retaken=held.why is HeldFor.UNCONFIRMED,
    )


def _attempt(work: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R | Exception:
    try:
        return work(*args, **kwargs)
    except Exception as error:
        return error


def _worth_reading(message: Message, site: Site) -> list[Attachment]:
    """Return the files of a message but for those in a mail of ours that comes back whole."""
    return [file for file in message.attachments if not lies_in_ours(file, site)]


def _is_wanted(attachment: Attachment) -> bool:
    """Tell whether a file is, calls itself or may hold a workbook: its sender hears of one that cannot be read."""
    return (
        bool(attachment.unopened)
        or is_spreadsheet(attachment)
        or attachment.name.lower().endswith(WORKBOOK_ENDINGS)
    )
