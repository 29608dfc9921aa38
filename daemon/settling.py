"""What a reply asks of a case that is being settled: approvals, the customer told, a rectification checked."""

from typing import Literal

from daemon.ledger import Entry
from daemon.reading import Reading
from daemon.site import Site
from mailer.message import Message
from parsers.reply_informing import Done
from parsers.reply_reviews import outdated
from rules.after_events import Approval, ApprovalOf
from rules.case import Case
from rules.commands import CompleteTask, Inform, Review
from rules.events import Event, Party, Refused, Reminded
from rules.locales import Text

Settling = Review | Inform | CompleteTask
Asked = Literal["review", "call"]


def settling(
    entry: Entry, reading: Reading, case: Case, site: Site, *, penalty: bool
) -> Settling | tuple[Asked, Text] | None:
    """Return what a reply asks of its case, or the question it gets back; None where it is about nothing of this.

    `penalty`: it answers a mail about a penalty, where these words mean something else.
    """
    if reading.review is not None and not penalty:
        about = _approval_answered(entry, reading.message, case)
        if about is None and not any(asking.state == "requested" for asking in case.approvals):
            return None  # 同意 is an everyday word where nothing waits for it
        if about == "outdated":
            return "review", outdated()
        if reading.review.problems:
            return "review", reading.review.problems[0]
        return Review(reading.sender, reading.review.decision, about or "", reading.review.text)
    return None if reading.done is None else _done(reading.done, reading.sender, case, site)


def _approval_answered(
    entry: Entry, message: Message, case: Case
) -> ApprovalOf | Literal["", "outdated"] | None:
    """Return which approval the mail was about that a message answers; empty: it asked back; None: about none.

    `outdated`: something else was asked for since, and whoever answers may not have read it.
    """
    for reference in (message.in_reply_to, *reversed(message.references)):
        mail = entry.outbox_mail(reference) if reference else None
        if mail is not None:
            known = mail.event_seq is not None and mail.case_number == case.number
            event = entry.event(mail.event_seq) if known and mail.event_seq is not None else None
            return "outdated" if _is_outdated(event, case) else _approval(event)
    return None


def _is_outdated(event: Event | None, case: Case) -> bool:
    about = _approval(event)
    asking = case.asking(about) if about else None
    if event is None or asking is None or asking.state != "requested":
        return False
    other = isinstance(event, Approval) and event.request != asking.request
    return other or event.at < asking.asked_at


def _approval(event: Event | None) -> ApprovalOf | Literal[""] | None:
    match event:
        case Approval():
            return event.what
        case Reminded() if event.about.startswith("approval:"):
            return _NAMED.get(event.about.partition(":")[2])
        case Refused() if event.asked == "review":
            return ""
        case _:
            return None


_NAMED: dict[str, ApprovalOf] = {
    "rectification": "rectification",
    "correction": "correction",
    "hold": "hold",
}


def _done(done: Done, by: Party, case: Case, site: Site) -> Settling | tuple[Asked, Text] | None:
    """Return the command of something done; None while the case is open: then it is a report in other words."""
    if case.is_open:
        return None
    if done.problems:
        return "call", done.problems[0]
    if done.what == "informed":
        return Inform(by, opinion=done.said, satisfied=done.satisfied)
    checks = [task for task in case.tasks if _is_check(task.task, site)]
    owed = sorted(checks, key=lambda task: (task.done, task.due))
    return CompleteTask(by, owed[0].task, done.said) if owed else None


def _is_check(task: str, site: Site) -> bool:
    duty = site.policy.duty(task)
    return duty is not None and duty.done_by == "check"
