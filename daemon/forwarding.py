"""What is told of forms that one of us passed on: whose they are, in the ledger and to those of us whose they are."""

from collections.abc import Sequence

from daemon import words
from daemon.answers import Outcome, acknowledgement
from daemon.docket import Docket
from daemon.letters import LetterOrder, Writer
from daemon.origins import is_ours
from daemon.privacy import may_see_phone
from mailer.letter import Address
from mailer.message import Message
from rules.events import Origin, Party


def reason(outcomes: Sequence[Outcome], sender: Party) -> str:
    """Say in English, for the ledger, who passed on whose forms; empty where nobody did."""
    named = dict.fromkeys(words.origin(one.origin) for one in outcomes if one.origin is not None)
    return f"forwarded by {sender.email} for {', '.join(named)}" if named else ""


def copies(docket: Docket, message: Message, sender: Party, outcomes: Sequence[Outcome]) -> list[LetterOrder]:
    """Return what those of us hear whose forms were passed on and taken: strangers, and machines, hear nothing."""
    origins = dict.fromkeys(one.origin for one in outcomes if one.origin is not None)
    told = (origin for origin in origins if is_ours(origin, docket.site) and not _by_machine(message, origin))
    return [_copy(docket, message, sender, origin, outcomes) for origin in told]


def _by_machine(message: Message, origin: Origin) -> bool:
    mails = (message.forwarded, *(file.forwarded for file in message.attachments))
    return any(mail is not None and mail.automatic and mail.sender.email == origin.email for mail in mails)


def _copy(
    docket: Docket, message: Message, sender: Party, origin: Origin, outcomes: Sequence[Outcome]
) -> LetterOrder:
    site = docket.site
    own = [one for one in outcomes if one.origin == origin]
    locale = site.locale_of(origin.email)
    order = acknowledgement(docket, _his(message, origin), site.party(origin.email, origin.name), locale, own)
    content = order.content.model_copy(
        update={"forwarded_for": "", "forwarded_by": words.party(sender, site.policy, locale)}
    )
    order = order.model_copy(update={"content": content, "to": Address(email=origin.email, name=origin.name)})
    roles = site.roles_of(origin.email)
    hidden = (
        number
        for one in own
        if not may_see_phone(origin.email, roles, one.case, docket.site_of(one.case))
        for number in Writer(one.case, (), docket.site_of(one.case)).phones()
    )
    return order.without_phones(hidden)


def _his(message: Message, origin: Origin) -> Message:
    """Return the mail that a copy answers: his own, where its Message-ID is known."""
    mails = (message.forwarded, *(file.forwarded for file in message.attachments))
    known = (mail.message_id for mail in mails if mail is not None and mail.sender.email == origin.email)
    return Message(message_id=next(filter(None, known), ""))
