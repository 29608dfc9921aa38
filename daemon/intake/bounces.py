"""What machines say of mails of ours: bounces are matched to the mail that bounced, and our own mails come back to us.

What proves a bounce is what proves a reply (`daemon.proof`): the Message-ID or the token of a mail of ours, which only
its reader and the servers on its way have seen, together with that reader's address. It must be fresh, not come from
one of our people, and its reader must not have acted on the case since. A bounce that proves less is noted, and
customer care told that a mail may not have arrived; it changes nothing else. No bounce takes anything from anybody: the
reader stays responsible, customer care and his deputy get what he did not, and he is not fined for not knowing of it.
"""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from daemon import noted
from daemon.docket import Docket
from daemon.intake.numbers import number_in
from daemon.intake.replies import Replies
from daemon.ledger import Bounced, Entry, MailState, OutboxEntry, QueuedMail, StoredMail
from daemon.proof import mail_number
from daemon.reading import Reading
from daemon.unreached import FOR_A_WEEK
from mailer.bounces import Delivery, Fate, Report
from parsers.reply_tokens import tokens_in
from rules.events import Party

log = logging.getLogger("kesu.intake")

FRESH = timedelta(
    days=14
)  # servers give up after five days (RFC 5321, 4.5.4.1); nobody proves anything with old mails


class Bounces:
    """Takes in what machines say of mails of ours."""

    def __init__(self, docket: Docket, replies: Replies) -> None:
        self._docket = docket
        self._replies = replies

    def take(self, entry: Entry, mail: StoredMail, reading: Reading, now: datetime) -> bool:
        """Take in a mail of ours that came back, or a mail system's word on one; False where a message is neither."""
        if reading.own is not None:
            self._file(entry, mail, MailState.IGNORED, "a mail of ours that came back", [reading.own])
            return True
        report = reading.report
        if report is None:
            return False
        concerned = list(self._concerned(entry, report))
        proven = [(ours, one) for ours, one in concerned if self._proves(entry, ours, one, now)]
        if proven:
            self._take_proven(entry, mail, proven, now)
            return True
        return self._take_hint(entry, mail, report, [ours for ours, _ in concerned], now)

    def _concerned(self, entry: Entry, report: Report) -> Iterator[tuple[QueuedMail, Delivery | None]]:
        """Yield the mails of ours that a report names, and what it says of the reader of each, if anything."""
        found = [entry.outbox_mail(message_id) for message_id in report.originals]
        numbered = [(letters, mail_number(letters)) for letters in tokens_in(report.words)]
        sealed = [(letters, self._docket.ledger.outbox_mail_numbered(number)) for letters, number in numbered]
        found += [ours for letters, ours in sealed if ours and self._docket.seal.holds(letters, ours)]
        for ours in {ours.id: ours for ours in found if ours is not None}.values():
            yield ours, next((one for one in report.deliveries if one.to(ours.recipient)), None)

    def _proves(self, entry: Entry, ours: QueuedMail, said: Delivery | None, now: datetime) -> bool:
        return said is not None and now - ours.created_at <= FRESH and not _has_acted(entry, ours)

    def _take_proven(
        self, entry: Entry, mail: StoredMail, proven: list[tuple[QueuedMail, Delivery | None]], now: datetime
    ) -> None:
        said = [(ours, one) for ours, one in proven if one is not None]
        for ours, one in said:
            failed = one.fate is Fate.FAILED
            reason = _reason(one)
            bounced = Bounced(
                outbox_id=ours.id,
                mail_id=mail.id,
                fate=one.fate.value,
                recipient=ours.recipient,
                at=now,
                status=one.status,
                diagnostic=reason,
                until=now + FOR_A_WEEK if failed else None,
            )
            if one.too_large and self._leaves_lighter(entry, ours, bounced):
                log.warning("mail %d was too large for a server on its way: %s", ours.id, one.status)
            elif not failed:
                entry.note_bounce(bounced)
            elif entry.returned(bounced):
                log.warning("mail %d came back: %s", ours.id, one.status or "no status")
                self._docket.lost(entry, ours, reason, now)
        state = MailState.TAKEN if any(one.fate is Fate.FAILED for _, one in said) else MailState.IGNORED
        told = "; ".join(f"{one.fate.value}: {ours.recipient} {_reason(one)}".strip() for ours, one in said)
        self._file(
            entry, mail, state, f"a mail system's word on our mail: {told}", [ours for ours, _ in said]
        )

    def _leaves_lighter(self, entry: Entry, ours: QueuedMail, said: Bounced) -> bool:
        """Send a mail once more without its files; False where it has none, or went so before.

        Its reader is reached: it is the mail that is not taken. His time runs from when the lighter one leaves.
        """
        try:
            files = self._docket.letter(ours).enclosures
        except Exception:
            log.exception("mail %d cannot be written again", ours.id)
            return False
        return bool(files) and entry.came_back_too_large(replace(said, fate="too-large", until=None))

    def _take_hint(
        self, entry: Entry, mail: StoredMail, report: Report, named: list[QueuedMail], now: datetime
    ) -> bool:
        """Note a bounce that proves nothing, and tell customer care, once for each case and reader."""
        numbers = {ours.case_number for ours in named if ours.case_number} or {number_in(report.words)}
        hinted = [
            (number, sent, one)
            for number in numbers
            if number
            for sent in _latest(entry.mails_of(number))
            for one in report.deliveries
            if one.to(sent.recipient) or any(ours.message_id == sent.message_id for ours in named)
        ]
        if not hinted:
            return False
        for number, sent, one in hinted:
            entry.link_mail(mail.id, number)
            if one.fate is Fate.FAILED:
                noted.perhaps_lost(self._docket, entry, number, sent.recipient, _reason(one), now)
        self._replies.file(entry, mail, MailState.IGNORED, "a bounce that nothing proves")
        return True

    def _file(
        self, entry: Entry, mail: StoredMail, state: MailState, reason: str, about: list[QueuedMail]
    ) -> None:
        for number in dict.fromkeys(ours.case_number for ours in about if ours.case_number):
            entry.link_mail(mail.id, number)
        self._replies.file(entry, mail, state, reason[:2000])
        log.info("message=%d state=%s %s", mail.id, state.value, reason.partition(":")[0])


def _has_acted(entry: Entry, ours: QueuedMail) -> bool:
    """Tell whether the reader of a mail has acted on its case since: then he knows of it, whatever a machine says."""
    if ours.case_number is None:
        return False
    since = (row.event for row in entry.events(ours.case_number) if row.event.at >= ours.created_at)
    actors = (getattr(event, "by", None) for event in since)
    reader = ours.recipient.lower()
    return any(isinstance(by, Party) and by.email.lower() == reader for by in actors)


def _latest(sent: list[OutboxEntry]) -> Iterator[OutboxEntry]:
    """Yield the last mail of a case to each reader that left and did not come back."""
    yield from {one.recipient.lower(): one for one in sent if one.accepted_at is not None}.values()


def _reason(said: Delivery) -> str:
    words = said.diagnostic if said.status in said.diagnostic else f"{said.status} {said.diagnostic}"
    return words.strip() or "no reason given"
