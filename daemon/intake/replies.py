"""What follows from a message: the answer to its sender, what customer care hears of it, and how it is filed."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from daemon import answers, forwarding, noted, releasing
from daemon.admission import Refusal
from daemon.docket import Docket
from daemon.followup import lists
from daemon.intake.numbers import thread_of
from daemon.intake.tally import Tally
from daemon.ledger import Entry, HeldFor, MailState, StoredMail
from daemon.letters import LetterOrder
from daemon.reading import Reading
from mailer.message import PLACEHOLDER, Message

log = logging.getLogger("kesu.intake")

PROBLEMS_PER_HOUR = 200  # a form that cannot be taken is answered for longer: whoever sent it must know
STRANGERS_PER_HOUR = 10  # of which customer care is told; a flood of spam stays in quarantine and in the log
OURS_PER_HOUR = (
    40  # of which it is told where the mail may be a colleague's: no flood of spam keeps that back
)
CARE = "care"  # what the keys of notices to customer care end in


class Replies:
    """Answers and files messages."""

    def __init__(self, docket: Docket) -> None:
        self._docket = docket

    def answer(self, entry: Entry, mail: StoredMail, reading: Reading, tally: Tally, now: datetime) -> None:
        """Answer the sender once, unless that could start a loop (RFC 3834)."""
        faulty = bool(tally.unreadable) or any(outcome.flaws for outcome in tally.outcomes)
        faulty = faulty or any(taken.flawed for taken in tally.lists)
        for taken in tally.lists:
            self.tell_care(
                entry,
                mail,
                lists.told_to_care(self._docket, reading.sender, taken),
                now,
                key=f"{reading.occasion}calls-{CARE}",
            )
        if not self.may_answer(entry, reading, now, PROBLEMS_PER_HOUR if faulty else 0):
            if tally.unreadable:  # nobody else would hear of it; of a flawed form customer care has the case
                orders = answers.unanswered(self._docket, reading.sender, tally.unreadable, now)
                self.tell_care(entry, mail, orders, now, key=f"{reading.occasion}{CARE}")
            return
        orders = answers.answer(
            self._docket, reading.message, reading.sender, tally.unreadable, tally.outcomes
        )
        orders += tally.orders
        orders += [
            lists.answer(self._docket, reading.message, reading.sender, taken) for taken in tally.lists
        ]
        orders += self._copies(entry, reading, tally, now)
        asks = not orders and self._is_a_question(entry, reading, tally)
        if asks and entry.claim_part(mail.message_id, digest(reading.message.text), mail.id):
            orders = [answers.no_form(self._docket, reading.message, reading.sender)]
        for number, order in enumerate(orders):
            self._docket.answer(entry, mail.id, order, now, key=f"{reading.occasion}answer-{number}")

    def _copies(self, entry: Entry, reading: Reading, tally: Tally, now: datetime) -> list[LetterOrder]:
        """Return what those hear whose forms somebody passed on, unless they have had many answers this hour."""
        known = forwarding.copies(self._docket, reading.message, reading.sender, tally.outcomes)
        since, most = now - timedelta(hours=1), self._docket.site.config.access.answers_per_hour
        return [order for order in known if entry.replies_sent_to(order.to.email, since) < most]

    def may_answer(self, entry: Entry, reading: Reading, now: datetime, at_least: int = 0) -> bool:
        """Tell whether the sender of a message may be answered: no machine, not ourselves, not too often.

        He is answered `at_least` so often an hour. Customer care is told of a limit that is reached.
        """
        address = reading.sender.email
        if reading.message.automatic or not address or address.lower() == self._docket.site.own_address:
            return False
        if not self._docket.site.may_send(address):  # released; whoever it names need not have written it
            return False
        access, since = self._docket.site.config.access, now - timedelta(hours=1)
        sent, to_all = entry.replies_sent(address, since)
        if sent >= max(access.answers_per_hour, at_least):
            log.warning("no more answers this hour to one sender: %d sent", sent)
            noted.sender_capped(self._docket, entry, address, sent, now)
            return False
        if to_all >= access.all_answers_per_hour:
            log.warning("no more answers this hour to anybody: %d sent", to_all)
            noted.all_capped(self._docket, entry, to_all, now)
            return False
        return True

    def _is_a_question(self, entry: Entry, reading: Reading, tally: Tally) -> bool:
        """Tell whether a message carries nothing for us and starts no thread of ours: it gets a blank form."""
        return (
            not reading.files
            and not tally.outcomes
            and not tally.lists
            and not tally.duplicates
            and not (tally.leave or tally.note or tally.ignored)
            and not thread_of(entry, reading.message)
        )

    def settle(
        self, entry: Entry, mail: StoredMail, reading: Reading, tally: Tally, now: datetime
    ) -> MailState:
        """Write down how a message ended, and why; return how."""
        state, reason = self.fate(reading, tally)
        if state is MailState.QUARANTINED:
            self.put_aside(entry, mail, Refusal(_held_for(tally), reason), now, _unread(reading))
        else:
            self.file(entry, mail, state, reason)
        return state

    def fate(self, reading: Reading, tally: Tally) -> tuple[MailState, str]:
        """Return how a message ends, and why."""
        faults = [file.error.en for file in tally.unreadable if file.error is not None]
        flawed = [outcome for outcome in tally.outcomes if outcome.flaws]
        passed_on = forwarding.reason(tally.outcomes, reading.sender)
        mended = [taken.reasons for taken in tally.lists if taken.flawed]
        if faults or flawed or mended:
            problems = mended + [problem.message.en for outcome in flawed for problem in outcome.flaws]
            return MailState.QUARANTINED, "; ".join(filter(None, [passed_on, *faults, *problems]))[:2000]
        if tally.refused:
            return MailState.QUARANTINED, tally.refused
        if tally.outcomes or tally.lists or tally.leave or tally.note:
            return MailState.TAKEN, "; ".join(filter(None, (tally.note, passed_on)))
        if tally.duplicates:
            return MailState.DUPLICATE, "the same message was taken in before"
        return MailState.IGNORED, reading.message.automatic_reason or tally.ignored or "no form in it"

    def file(self, entry: Entry, mail: StoredMail, state: MailState, reason: str) -> None:
        """Write down how a message ended, and into which folder it is moved."""
        mailbox = self._docket.site.config.mailbox
        folder = mailbox.quarantine_folder if state is MailState.QUARANTINED else mailbox.done_folder
        entry.settle_mail(mail.id, state, reason, folder)

    def put_aside(
        self,
        entry: Entry,
        mail: StoredMail,
        refusal: Refusal,
        now: datetime,
        parts: Sequence[str] = (),
    ) -> None:
        """Put a message into quarantine; `parts` are the SHA-256 of the attachments nothing came of."""
        self.file(entry, mail, MailState.QUARANTINED, refusal.reason)
        entry.put_aside(mail.id, refusal.why, parts, now)

    def refuse(
        self, entry: Entry, mail: StoredMail, reading: Reading, refusal: Refusal, now: datetime
    ) -> None:
        """Quarantine a message for who sent it; customer care may release it, the sender hears nothing.

        Whoever is in its From need not have written it: an answer would reach people who know nothing of it.
        """
        first = entry.claim_part(mail.message_id, mail.sha256, mail.id)
        if not first and entry.quarantined(mail.id) is None:
            self.file(entry, mail, MailState.DUPLICATE, "the same message was put aside before")
            return
        self.put_aside(entry, mail, refusal, now)
        if first and not reading.echo:
            orders = releasing.told(self._docket, mail, reading.message, refusal.why, now)
            spam = refusal.why in (HeldFor.STRANGER, HeldFor.FORGED)
            self.tell_care(entry, mail, orders, now, most=STRANGERS_PER_HOUR if spam else OURS_PER_HOUR)

    def refuse_placeholder(self, entry: Entry, mail: StoredMail, message: Message, now: datetime) -> None:
        """Quarantine what a server gave in place of a mail; it is no word of anybody, so only customer care is told."""
        self.put_aside(entry, mail, Refusal(HeldFor.PLACEHOLDER, PLACEHOLDER), now)
        if entry.claim_part(mail.message_id, mail.sha256, mail.id):
            self.tell_care(entry, mail, answers.placeholder(self._docket, message, now), now)

    def tell_care(
        self,
        entry: Entry,
        mail: StoredMail,
        orders: Sequence[LetterOrder],
        now: datetime,
        key: str = CARE,
        most: int = OURS_PER_HOUR,
    ) -> None:
        """Tell customer care of a message set aside, unless it has heard of `most` this hour.

        What it is told of its own messages, acknowledgements above all, crowds out none of that.
        """
        for order in orders:
            told = entry.notices_sent_to(order.to.email, CARE, now - timedelta(hours=1))
            if told < most:
                self._docket.answer(entry, mail.id, order, now, key=key)
            else:
                noted.care_capped(self._docket, entry, told, now)


def _held_for(tally: Tally) -> HeldFor:
    if tally.unreadable:
        return HeldFor.UNREADABLE
    return HeldFor.UNCONFIRMED if tally.refused else HeldFor.FLAWED


def _unread(reading: Reading) -> list[str]:
    """Return the SHA-256 of the files that cannot be read."""
    both = zip(reading.sheets, reading.files, strict=False)
    return [sheet.sha256 for sheet, file in both if file.error is not None]


def digest(text: str) -> str:
    """Return what words are known again by."""
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
