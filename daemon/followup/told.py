"""When a caller was told whom to call: nobody is fined for a customer he did not hear of in time (design.md, D30)."""

from collections.abc import Iterable
from datetime import datetime

from daemon.ledger import Entry
from daemon.site import Site
from rules.after_events import Drawn
from rules.case import Case, Task
from rules.commands import NOBODY, DeadlineReached


def reached(entry: Entry, case: Case, task: Task, name: str, site: Site) -> DeadlineReached:
    """Say that a deadline of a day of calls has come, when its caller's lists were accepted, and for whom.

    `site` is as it was when the calls were due: a deputy owes what was told to him, whoever was on leave owes nothing.
    `untold` are the customers whose list was accepted after the calls were due, or never.
    """
    callers = {one.person.email.lower() for one in site.reached(task.role) if not one.unattended}
    told: list[tuple[str, datetime]] = []
    untold: set[str] = set()
    for seq, drawn in reversed(list(_drawn(entry, case, task.task))):
        told += _accepted(entry, case, seq, callers)  # a later list names those of the earlier ones as well
        if not any(at <= task.due for _, at in told):
            untold |= set(drawn.customers)
    emails = {email.lower() for email, _ in told}
    whom = site.party(emails.pop()) if len(emails) == 1 else NOBODY
    first = min((at for _, at in told), default=None)
    return DeadlineReached(name, first, whom, frozenset(untold))


def _drawn(entry: Entry, case: Case, key: str) -> Iterable[tuple[int, Drawn]]:
    for row in entry.events(case.number):
        if isinstance(row.event, Drawn) and row.event.task == key:
            yield row.seq, row.event


def _accepted(entry: Entry, case: Case, seq: int, holders: set[str]) -> Iterable[tuple[str, datetime]]:
    for mail in entry.mails_about(case.number, seq):
        address = mail.recipient.lower()
        at = mail.accepted_at
        if at is not None and address in holders and mail.notice_key == f"event:{seq}:{address}":
            yield mail.recipient, at
