"""What customer care says of a message put aside, in a reply to the mail that told of it."""

from dataclasses import dataclass

from daemon.docket import OutboxBody
from daemon.ledger import QueuedMail
from daemon.proof import Evidence, acts_as
from daemon.site import Site
from mailer.letter import Template
from mailer.message import Message
from parsers.reply_release import parse_release
from parsers.reply_verdicts import says_nothing
from rules.events import Party


@dataclass(frozen=True)
class HeldReply:
    """What somebody of customer care says of a message put aside; `release` is None where that is not clear.

    `silent`: it only thanks or says that a mail arrived.
    """

    mail_id: int
    release: bool | None
    silent: bool = False


def held_reply_of(
    message: Message, held: Evidence, sender: Party, site: Site, answered: str
) -> HeldReply | None:
    """Return what a message says of one put aside; None if it answers no such mail, or is not customer care's.

    `held` is what proves it: the mail that told of the message, to the sender himself or to whom he stands in for.
    """
    if message.automatic or set(sender.roles).isdisjoint(site.policy.resolved_notice):
        return None
    numbers = (_number_in(mail) for mail in held.mails if acts_as(mail, sender, site))
    mail_id = next((number for number in numbers if number), None)
    if mail_id is None:
        return None
    said = parse_release(message.text, answered=answered)
    return HeldReply(mail_id, said, said is None and says_nothing(message.text, answered=answered))


def _number_in(mail: QueuedMail) -> int:
    """Return which message put aside a mail of ours tells of, 0 if none."""
    if mail.template != Template.QUARANTINE:
        return 0
    letter = OutboxBody.model_validate_json(mail.body).letter
    return letter.content.held.number if letter is not None and letter.content.held is not None else 0
