"""What somebody gets back whose request nobody can tell to be his: it is quoted, and acts once he confirms it.

Nothing is changed before. The request waits in the ledger, is asked about once, and lapses after `VALID`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from daemon import judging
from daemon import words as wording
from daemon.docket import Docket
from daemon.ledger import Entry, StoredMail
from daemon.letters import LetterOrder, Writer, root_id
from daemon.reading import Reading
from daemon.standing import ASKED_BACK
from mailer.letter import Address, Content, Line, Template
from mailer.message import Message
from parsers.reply_quotes import own_text
from parsers.results import ParsedFile, ParsedForm
from rules.case import Case
from rules.events import Asked, Party
from rules.facts import facts_to_json
from rules.locales import Locale

VALID = timedelta(days=7)  # a request that nobody confirmed by then is void
_SHOWN = 300  # characters quoted of a request
_SHOWN_LINES = 8


@dataclass(frozen=True)
class Unproven:
    """What a message asks of a case without a proof of who sent it."""

    number: str
    words: str


def _digest(unproven: Sequence[Unproven]) -> str:
    """Return what tells the same requests from others, however they are spaced."""
    said = ("\0".join((one.number, "".join(one.words.split()))) for one in unproven)
    return sha256("\1".join(said).encode("utf-8", "surrogateescape")).hexdigest()


def form(docket: Docket, reading: Reading, file: ParsedFile, parsed: ParsedForm, number: str) -> Unproven:
    """Return what a form asks that may not act by its From alone."""
    site, locale = docket.site, docket.site.locale_of(reading.sender.email)
    facts = {key: value for key, value in facts_to_json(parsed.facts).items() if key != "case_number"}
    lines = wording.lines(facts, site.catalogue, parsed.kind, locale, site.zone)
    return Unproven(number, "\n".join([file.file, *(f"{label}: {value}" for label, value in lines)]))


def words(docket: Docket, entry: Entry, part: Reading, case: Case) -> Unproven | LetterOrder | None:
    """Return what words ask that may not act; the mail that asks back where that is not clear; None: nothing."""
    judged = None
    if part.reply is None:
        judged = judging.judgement(entry, part, case, docket.site_of(case))
    if judged == "nothing" or (judged is None and not part.speaks and not part.sender.roles):
        return None
    why = _not_clear(part, judged, docket.site.locale_of(part.sender.email))
    if not why:
        return Unproven(case.number, own_text(part.message.text))
    asked = judged.asked if isinstance(judged, judging.Unclear) else "report"
    return _unclear(docket, part.message, part.sender, case, why, asked)


def ask(
    docket: Docket,
    entry: Entry,
    mail: StoredMail,
    reading: Reading,
    unproven: Sequence[Unproven],
    now: datetime,
) -> None:
    """Ask the person in whose name a message came whether it is his; the same is asked once while it waits."""
    numbers = dict.fromkeys(one.number for one in unproven)
    cases = [case for number in numbers if (case := entry.case(number)) is not None]
    message_id, sender, until = docket.message_id(now), reading.sender, now + VALID
    if entry.ask_once(mail.id, sender.email, _digest(unproven), message_id, now, until):
        order = _question(docket, reading.message, sender, unproven, cases, until)
        docket.answer(entry, mail.id, order, now, key="whose", message_id=message_id)


def _not_clear(
    part: Reading, judged: judging.Judgement | judging.Unclear | str | None, locale: Locale
) -> str:
    """Return what is not clear in somebody's words, in his language; empty if they are."""
    if isinstance(judged, judging.Unclear):
        return judged.question.get(locale)
    if part.reply is not None:
        return "\n".join(text.get(locale) for text in part.reply.problems)
    return "" if part.speaks else part.message.text.strip()[:200] or "…"


def _question(
    docket: Docket,
    message: Message,
    sender: Party,
    unproven: Sequence[Unproven],
    cases: Sequence[Case],
    until: datetime,
) -> LetterOrder:
    """Return the mail that quotes a request and asks whether it is the reader's."""
    locale = docket.site.locale_of(sender.email)
    content = Content(
        reader="sender",
        zone=docket.site.config.daemon.timezone,
        unproven=tuple(Line(label=one.number, value=quoted(one.words)) for one in unproven),
        valid_until=until,
    )
    return _order(docket, Template.CONFIRM_REQUEST, message, sender, locale, _about(content, sender, cases))


def void(docket: Docket, message: Message, sender: Party) -> LetterOrder:
    """Return the mail that says that a request was confirmed too late."""
    locale = docket.site.locale_of(sender.email)
    content = Content(reader="sender", zone=docket.site.config.daemon.timezone)
    return _order(docket, Template.CONFIRM_REQUEST, message, sender, locale, content)


def _unclear(
    docket: Docket, message: Message, sender: Party, case: Case, why: str, asked: Asked = "report"
) -> LetterOrder:
    """Return the mail that asks what is meant; nothing is recorded of words that anybody may have written."""
    locale = docket.site.locale_of(sender.email)
    content = Content(
        reader="reporter",
        zone=docket.site.config.daemon.timezone,
        refusal="unclear",
        refusal_detail=why,
        refusal_hint=why if asked in ASKED_BACK else "",
        asked=asked,
    )
    content = _about(content, sender, [case])
    return _order(docket, Template.AUTHORITY_EXCEEDED, message, sender, locale, content)


def _about(content: Content, sender: Party, cases: Sequence[Case]) -> Content:
    """Name the case where it is one; whoever holds an office may see whose it is and until when its clock runs."""
    if len(cases) != 1:
        return content
    known: dict[str, object] = {"case_number": cases[0].number}
    if sender.roles:
        known |= {"customer": str(cases[0].facts.get("customer_name", "")), "due": cases[0].due}
    return content.model_copy(update=known)


def _order(
    docket: Docket, template: Template, message: Message, sender: Party, locale: Locale, content: Content
) -> LetterOrder:
    number = content.case_number
    case = docket.ledger.case(number) if number and sender.roles else None
    return LetterOrder(
        template=template,
        locale=locale,
        to=Address(email=sender.email, name=sender.name),
        root=root_id(number, docket.site) if number else "",
        in_reply_to=message.message_id,
        automatic_reply=True,
        subject_hint="" if case is None else Writer(case, (), docket.site_of(case)).subject_hint(),
        content=content,
    )


def quoted(words: str) -> str:
    """Shorten what somebody wrote; a stranger's links must not be clickable in a mail of ours."""
    lines = [line.strip() for line in words.replace("://", ": //").split("\n") if line.strip()]
    text = "\n".join(lines[:_SHOWN_LINES])
    return text if len(text) <= _SHOWN and len(lines) <= _SHOWN_LINES else text[: _SHOWN - 1] + "…"
