"""Reading stored messages: outside the ledger, and ahead of whoever takes them in."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from daemon.ahead import Reach, ahead
from daemon.clock import Clock
from daemon.docket import Docket
from daemon.ledger import StoredMail
from daemon.letters import letter_of
from mailer.compose import compose
from mailer.message import Attachment, Message, is_spreadsheet, read_message
from parsers.reader import FormReader
from parsers.replies import Reply, parse_reply
from parsers.reply_calls import SaidCall, parse_calls
from parsers.reply_verdicts import Blame, Verdict, parse_blame, parse_verdict, says_nothing
from parsers.results import ParsedFile, ParsedForm
from rules.events import Party

log = logging.getLogger("kesu.reading")

REACH = Reach(things=8, weight=16 * 2**20)  # messages, and bytes of them, read before they are taken in
WORKBOOK_ENDINGS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".et")


@dataclass(frozen=True)
class Reading:
    """A message as read: its files with what stood in them, and the reply its text may be."""

    message: Message
    sender: Party
    files: tuple[ParsedFile, ...] = ()
    others: tuple[Attachment, ...] = ()  # photos, invoices
    sheets: tuple[Attachment, ...] = ()
    reply: Reply | None = None
    verdict: Verdict | None = None
    blame: Blame | None = None
    calls: tuple[SaidCall, ...] = ()
    silent: bool = False  # it only greets, thanks or says that a mail arrived
    echo: bool = (
        False  # a machine's answer to a mail of ours to customer care: telling them would start a loop
    )

    @property
    def speaks(self) -> bool:
        """Tell whether its words are an answer of their own, whatever lies beside them."""
        return self.reply is not None or self.verdict is not None or self.blame is not None

    @property
    def forms(self) -> list[ParsedForm]:
        """Every form in every file."""
        return [form for file in self.files for form in file.forms]


Attempt = tuple[StoredMail, Reading | Exception]


class MailReader:
    """Reads what the ledger has stored; touches nothing in it."""

    def __init__(self, docket: Docket, forms: FormReader, clock: Clock) -> None:
        self._docket = docket
        self._forms = forms
        self._clock = clock

    def read(self, mails: Iterable[StoredMail]) -> Iterator[list[Attempt]]:
        """Yield the messages in order, as many at a time as were read meanwhile, or what kept each from being read."""
        return ahead(self._attempt, mails, lambda mail: mail.size, REACH)

    def _attempt(self, mail: StoredMail) -> Attempt:
        try:
            return mail, self._read(mail)
        except Exception as error:
            return mail, error

    def _read(self, mail: StoredMail) -> Reading:
        raw = self._docket.ledger.raw(mail.sha256)
        message = read_message(raw)
        site = self._docket.site
        sender = site.party(message.sender.email, message.sender.name)
        if not site.may_send(sender.email):
            return Reading(message, sender, echo=message.automatic and self._names_care(raw))
        sheets = tuple(attachment for attachment in message.attachments if _is_workbook(attachment))
        others = tuple(attachment for attachment in message.attachments if not _is_workbook(attachment))
        files = tuple(
            self._forms.read(
                sheet.content,
                sheet.name,
                zone=site.zone,
                now=self._clock.now(),
                locale=site.locale_of(sender.email),
                issued_by=site.issuer(sender.email),
            )
            for sheet in sheets
        )
        return self._with_words(Reading(message, sender, files, others, sheets))

    def _with_words(self, reading: Reading) -> Reading:
        text, answered = reading.message.text, self._answered(reading.message)
        verdict = parse_verdict(text, answered=answered)
        blame = None if verdict is not None else parse_blame(text, answered=answered)
        judges = verdict is not None or blame is not None
        reply = None if judges else parse_reply(text, self._docket.site.catalogue, answered=answered)
        silent = says_nothing(text, answered=answered)
        calls = () if judges else parse_calls(text, answered=answered)
        return replace(reading, reply=reply, verdict=verdict, blame=blame, calls=calls, silent=silent)

    def _answered(self, message: Message) -> str:
        """Return the words of our mail that a message answers; they are no words of its writer, however quoted."""
        mail = self._docket.ledger.outbox_mail(message.in_reply_to) if message.in_reply_to else None
        if mail is None:
            return ""
        try:
            order = self._docket.order_of(mail).model_copy(update={"enclosures": ()})
            body = compose(letter_of(order, mail.message_id, self._docket.site), self._clock.now()).get_body(
                ("plain",)
            )
        except Exception:  # the reply counts all the same
            log.exception("mail %d cannot be written again to compare an answer with it", mail.id)
            return ""
        return "" if body is None else str(body.get_content())

    def _names_care(self, raw: bytes) -> bool:
        """Tell whether a message names an address of customer care, as a bounce of a mail to them does."""
        site = self._docket.site
        persons = (person for role in site.policy.resolved_notice for person in site.people(role))
        return any(person.email.lower().encode() in raw.lower() for person in persons)


def _is_workbook(attachment: Attachment) -> bool:
    """Tell whether a file is, or calls itself, a workbook: one that is none is named to its sender, not passed over."""
    return is_spreadsheet(attachment) or attachment.name.lower().endswith(WORKBOOK_ENDINGS)
