"""What customer care decides about messages put aside, by a reply to the mail that told of one.

Whoever releases a message vouches for its forms, not for its words: complaint forms and delivery lists are taken as if
their sender had been allowed; everything that acts in somebody's name still wants a proof that it is his. A decision
counts once, the first one of several, and is carried out in the order the messages came.
"""

from datetime import datetime

from daemon import daywords
from daemon.admission import BY_SENDER
from daemon.asking import quoted
from daemon.config import Person
from daemon.docket import Docket
from daemon.held_replies import HeldReply
from daemon.ledger import Decision, Entry, HeldFor, HeldMail, HeldState, MailState, StoredMail
from daemon.letters import LetterOrder
from daemon.site import Site
from mailer.letter import Address, Content, HeldNews, Template
from mailer.message import Message
from parsers.reply_quotes import own_text
from rules.events import Party
from rules.locales import Locale, Text

_FILES = 20  # named in a mail
_READ = 2_000  # characters looked at of what it says
_NAME = 120  # characters shown of a file's name, a subject


def carry_out(
    docket: Docket, entry: Entry, said: HeldReply, message: Message, by: Party, now: datetime
) -> tuple[str, list[LetterOrder]]:
    """Do what somebody decided; return what to note of his message, and the answer where he needs one."""
    held = entry.quarantined(said.mail_id)
    if held is None or said.silent:
        return "it decides on no message put aside", []
    if said.release is None:
        news = _news(held, "unclear")
        return "asked back", [_answer(docket, message, by, news)]
    decision = Decision.RELEASE if said.release else Decision.DISCARD
    may = decision is Decision.DISCARD or held.why in BY_SENDER
    if may and entry.decide_quarantined(said.mail_id, decision, by.email, now):
        return f"it says {decision.value} of message {said.mail_id}", []
    news = _news(held, "decided").model_copy(
        update={
            "by": _named(held.decided_by, docket.site),
            "released": held.state is not HeldState.DISCARDED,
        }
    )
    return "the message it is about was decided on before", [_answer(docket, message, by, news)]


# ---------------------------------------------------------------- what customer care is told


def told(
    docket: Docket, mail: StoredMail, message: Message, why: HeldFor, now: datetime
) -> list[LetterOrder]:
    """Return the mails that tell customer care of a message put aside for its sender, and ask what becomes of it."""
    news = HeldNews(
        kind=_KINDS[why],
        number=mail.id,
        sender=message.sender.email or "?",
        name=_shown_name(docket.site, message, why)[:_NAME],
        subject=message.subject[:_NAME],
        at=mail.received_at,
        files=tuple(file.name[:_NAME] for file in message.attachments[:_FILES]),
        words=quoted(own_text(message.text[:_READ])),
    )
    return [_order(docket, person, news) for person in docket.care(now)]


def nothing_came(docket: Docket, entry: Entry, released: HeldMail, message: Message) -> list[LetterOrder]:
    """Return the mail that tells whoever released a message that nothing came of it; none for the command line."""
    person = docket.site.person(released.decided_by)
    if person is None:
        return []
    why = _came_to(entry, released.mail.id).get(person.locale or docket.site.locale)
    told = {"detail": why, "subject": message.subject[:_NAME]}
    return [_order(docket, person, _news(released, "nothing").model_copy(update=told))]


def _came_to(entry: Entry, mail_id: int) -> Text:
    mail, held = entry.mail(mail_id), entry.quarantined(mail_id)
    if mail.state is MailState.DUPLICATE:
        return daywords.TAKEN_BEFORE
    if mail.state is MailState.QUARANTINED and held is not None:
        return daywords.WHY_HELD[held.why]
    return daywords.NO_FORM


def _shown_name(site: Site, message: Message, why: HeldFor) -> str:
    """Return the name of whoever a mail says it is from; a name beside one of our addresses is not believed."""
    person = site.person(message.sender.email)
    if person is not None:
        return person.name
    return message.sender.name if why is HeldFor.STRANGER else ""


_KINDS = {
    HeldFor.STRANGER: "stranger",
    HeldFor.UNVERIFIED: "unverified",
    HeldFor.FORGED: "forged",
}


def _news(held: HeldMail, kind: str) -> HeldNews:
    known = {"number": held.mail.id, "sender": held.mail.sender or "?", "at": held.mail.received_at}
    return HeldNews.model_validate({"kind": kind, **known})


def _named(email: str, site: Site) -> str:
    person = site.person(email)
    return email if person is None else person.name


def _order(docket: Docket, person: Person, news: HeldNews) -> LetterOrder:
    locale = person.locale or docket.site.locale
    return _letter(docket, Address(email=person.email, name=person.name), locale, news)


def _answer(docket: Docket, message: Message, by: Party, news: HeldNews) -> LetterOrder:
    locale = docket.site.locale_of(by.email)
    order = _letter(docket, Address(email=by.email, name=by.name), locale, news)
    return order.model_copy(update={"in_reply_to": message.message_id, "automatic_reply": True})


def _letter(docket: Docket, to: Address, locale: Locale, news: HeldNews) -> LetterOrder:
    zone = docket.site.config.daemon.timezone
    content = Content(reader="informed", zone=zone, held=news)
    return LetterOrder(template=Template.QUARANTINE, locale=locale, to=to, content=content)
