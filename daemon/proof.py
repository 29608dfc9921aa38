"""Who a reply is really from: tokens signed for one mail and one recipient, so that a forged From changes nothing.

A person proves himself by anything that only the reader of a mail of ours can have: its token, wherever it stands in
his message, or its Message-ID in In-Reply-To or References. What was sent to somebody else proves nothing, unless it
was sent to somebody on leave for whom he stands in: mail of those on leave is passed on to their deputies.
"""

import hmac
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from daemon.ledger import Ledger, QueuedMail
from daemon.site import Site
from mailer.letter import Template
from mailer.message import Message
from parsers.reply_tokens import LENGTH, LETTERS, written
from rules.events import Party
from rules.fields import FormKind

SECRET = "reply-secret"  # noqa: S105 - the name it is kept under
_SECRET_BYTES = 32
_MAC_BITS = 85  # with the number of the mail, 40 bits, they fill the 25 letters of a token
_PURPOSE = b"kesu reply token 1\0"
_MOST_IDS = 50  # a thread's References may be as long as its writer likes


@dataclass(frozen=True)
class Seal:
    """What tokens are signed with: a secret of this ledger alone."""

    _secret: bytes = field(repr=False)

    @classmethod
    def of(cls, ledger: Ledger) -> "Seal":
        """Return the seal of a ledger; its secret is made once."""
        with ledger.writing() as entry:
            return cls(bytes.fromhex(entry.marked_once(SECRET, secrets.token_hex(_SECRET_BYTES))))

    def token(self, mail: QueuedMail) -> str:
        """Return the token that stands in a mail."""
        return written(self._letters(mail))

    def holds(self, letters: str, mail: QueuedMail) -> bool:
        """Tell whether a token was signed for this mail and its recipient."""
        return hmac.compare_digest(letters.encode(), self._letters(mail).encode())

    def _letters(self, mail: QueuedMail) -> str:
        said = "\0".join((mail.message_id, mail.recipient.lower())).encode()
        digest = hmac.digest(self._secret, _PURPOSE + said, sha256)
        signature = int.from_bytes(digest, "big") >> (len(digest) * 8 - _MAC_BITS)
        number = mail.id << _MAC_BITS | signature
        return "".join(LETTERS[number >> 5 * place & 31] for place in reversed(range(LENGTH)))


def mail_number(letters: str) -> int:
    """Return the number of the mail that a token says it is of."""
    number = 0
    for letter in letters:
        number = number << 5 | max(LETTERS.find(letter), 0)
    return number >> _MAC_BITS


@dataclass(frozen=True)
class Evidence:
    """The mails of ours that a message holds on to, the one it answers first.

    `by_token`: only a token ties it to a mail about a case, which its mail program does not say that it answers.
    """

    mails: tuple[QueuedMail, ...] = ()
    by_token: bool = False

    def proves(self, sender: Party, site: Site) -> bool:
        """Tell whether a message is from the person in whose name it came; `site` is as it is now."""
        return any(acts_as(mail, sender, site) for mail in self.mails)

    def answering(self, message: Message) -> Message:
        """Return a message as an answer to the mail whose token it holds, where its mail program did not say so."""
        return replace(message, in_reply_to=self.mails[0].message_id) if self.by_token else message


def is_to(mail: QueuedMail, sender: Party) -> bool:
    """Tell whether a mail of ours went to `sender` himself."""
    return bool(sender.email) and mail.recipient.lower() == sender.email.lower()


def acts_as(mail: QueuedMail, sender: Party, site: Site) -> bool:
    """Tell whether `sender` may act on a mail of ours: its recipient may, and who stands in for him while he is away.

    Whether a message was somebody's own is for nobody else to say.
    """
    return is_to(mail, sender) or (
        mail.template != Template.CONFIRM_REQUEST and _stands_in(mail, sender, site)
    )


def _stands_in(mail: QueuedMail, sender: Party, site: Site) -> bool:
    deputy = site.presence.deputy_of(mail.recipient) if site.presence.is_away(mail.recipient) else None
    return deputy is not None and deputy.email.lower() == sender.email.lower()


def evidence(message: Message, tokens: Sequence[str], ledger: Ledger, seal: Seal) -> Evidence:
    """Return which mails of ours a message holds on to, by its headers and by the tokens found in it."""
    named = (message.in_reply_to, *reversed(message.references))
    answered = _found(dict.fromkeys(filter(None, named)), ledger.outbox_mail)
    sealed = [
        mail
        for letters in tokens
        if (mail := ledger.outbox_mail_numbered(mail_number(letters))) and seal.holds(letters, mail)
    ]
    sealed.sort(key=lambda mail: mail.case_number is None)  # a list of cases tells of none of them
    tied = bool(sealed) and sealed[0].case_number is not None
    return Evidence((*answered, *sealed), by_token=tied and not answered)


_AS_WORDS = (None, FormKind.RULING)
_ANYBODY_S = (FormKind.COMPLAINT, FormKind.DELIVERIES)


def lacking(evidence_is_there: bool, kind: FormKind | None, site: Site, *, released: bool = False) -> bool:
    """Tell whether a form, or words where `kind` is None, may not act because nobody knows who sent them.

    Complaint forms and delivery lists are anybody's to send ([access] senders). A ruling wants a proof as words do: it
    costs somebody money, or spares him. Of a message that was `released`
    everything else wants a proof, whatever the configuration asks for otherwise.
    """
    asked = "all" if released else site.config.access.tokens
    if evidence_is_there or asked == "off" or kind in _ANYBODY_S:
        return False
    return kind in _AS_WORDS or asked == "all"


def _found(message_ids: Iterable[str], find: Callable[[str], QueuedMail | None]) -> list[QueuedMail]:
    known = (find(message_id) for message_id in list(message_ids)[:_MOST_IDS])
    return [mail for mail in known if mail is not None]
