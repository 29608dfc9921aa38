"""Automatic replies and bounces that came to a case: kept with it, and never acted on as a person's words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from daemon.ledger import Ledger, MailState
from daemon.words import shortened
from mailer.message import read_message
from mailer.message_automatic import is_machines_own
from parsers.reply_quotes import own_text

_MOST = 20
_LONGEST = 160  # characters


@dataclass(frozen=True)
class MachineMail:
    """One of them: when it came, from whom, what it says in short, and whether it came to anything (a bounce does)."""

    at: datetime
    sender: str
    said: str
    counted: bool


def machine_mails(ledger: Ledger, number: str) -> list[MachineMail]:
    """Return the automatic mails that concern a case, the latest first and no more than can be looked through."""
    return list(islice(_found(ledger, number), _MOST))


def _found(ledger: Ledger, number: str) -> Iterator[MachineMail]:
    for mail in reversed(ledger.mails_about(number)):
        if mail.state not in (MailState.IGNORED, MailState.TAKEN):
            continue
        message = read_message(ledger.raw(mail.sha256))
        if not is_machines_own(message.automatic_reason):
            continue
        said = " ".join(f"{message.subject} — {own_text(message.text)}".split())
        yield MachineMail(
            mail.received_at, message.sender.email, shortened(said, _LONGEST), mail.state is MailState.TAKEN
        )
