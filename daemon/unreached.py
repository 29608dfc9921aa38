"""Whom mails do not reach: his deputy gets what he has to do, and acts beside him. Nobody is unseated by a bounce."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from daemon.addressing import addressees
from daemon.ledger import Bounced, Entry, QueuedMail
from daemon.unsettled import standing
from mailer.bounces import Fate
from rules.events import PenaltyState

if TYPE_CHECKING:
    from daemon.docket import Docket

FOR_A_WEEK = timedelta(days=7)  # unless he writes to us before; then the next bounce shows whether it lasts
_IN_FORCE = (PenaltyState.ISSUED, PenaltyState.UPHELD, PenaltyState.APPEALED)


def refused_by_smtp(mail: QueuedMail, reason: str, now: datetime) -> Bounced:
    """Return what is kept of a mail that the server would not take."""
    return Bounced(
        outbox_id=mail.id,
        mail_id=None,
        fate=Fate.FAILED.value,
        recipient=mail.recipient,
        at=now,
        diagnostic=reason,
        until=now + FOR_A_WEEK,
    )


def pass_on(docket: "Docket", entry: Entry, mail: QueuedMail, now: datetime) -> None:
    """Tell the deputy of somebody whom a notice did not reach all that he has to do in that case, each thing once."""
    case = entry.case(mail.case_number) if mail.case_number else None
    if case is None:
        return
    history = entry.events(case.number)
    site = docket.present(now, docket.site_of(case), entry)
    for row in standing(case, history):
        for addressee in addressees(case, row.event, site):
            silent = {person.email.lower() for person in addressee.unreached}
            if addressee.notice.reader == "owner" and mail.recipient.lower() in silent:
                happened = (row.seq, row.event)
                docket.notify(entry, case.number, happened, addressee, history[-1].seq, now)


def fined_since(entry: Entry, mail: QueuedMail) -> bool:
    """Tell whether the reader of a notice was fined in its case after it was written, so perhaps for not knowing."""
    case = entry.case(mail.case_number) if mail.case_number else None
    reader = mail.recipient.lower()
    return case is not None and any(
        penalty.state in _IN_FORCE
        and penalty.party.email.lower() == reader
        and penalty.imposed_at >= mail.created_at
        for penalty in case.penalties
    )
