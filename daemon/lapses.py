"""The channel that keeps the clocks: what is due is decided, committed and handed to the outbox."""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

from daemon.bell import Bells, Stopped, never
from daemon.clock import Clock
from daemon.docket import Docket
from daemon.followup import told as follow_up
from daemon.handover import Handover
from daemon.ledger import Entry, LedgerUnavailable
from daemon.site import Site
from rules.case import Case
from rules.commands import NOBODY, DeadlineReached
from rules.deadlines import deadlines, due_now
from rules.events import TaskOpened

log = logging.getLogger("kesu.lapses")

BATCH = 50  # whole commands under one commit
LONGEST_SLEEP = 60.0  # seconds; the clock may be set while nobody looks
SET_ASIDE = timedelta(minutes=1)  # how long a case that cannot be decided is left alone


_OF_DUTIES = ("overdue", "penalty")


class Told(NamedTuple):
    """Somebody whose notice of a duty was accepted by SMTP."""

    email: str
    at: datetime


class Lapses:
    """Acts on deadlines: reminders and lapses, earliest first, one step of a case at a time."""

    def __init__(self, docket: Docket, clock: Clock, bells: Bells) -> None:
        self._docket = docket
        self._handover = Handover(docket)
        self._clock = clock
        self._bells = bells
        self._aside: dict[str, datetime] = {}

    def run_due(self, stopped: Stopped = never) -> int:
        """Act on all that is due now, until `stopped`; return how many deadlines came to something.

        Whoever began or ended a leave is seen to first, so that a deadline finds the right person told.
        """
        done = 0
        if self._handover.run(self._clock.now()):
            self._bells.outbox.ring()
        while not stopped() and (step := self._step()):
            done += step
            self._bells.outbox.ring()
            self._bells.workbook.ring()
        return done

    def seconds_to_next(self) -> float:
        """Return how long there is nothing to do, in seconds."""
        upcoming = self._docket.ledger.next_due(aside=self._set_aside())
        if upcoming is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(0.0, (upcoming - self._clock.now()).total_seconds()))

    def _step(self) -> int:
        now = self._clock.now()
        numbers = [row.case_number for row in self._docket.ledger.due(now, BATCH, aside=self._set_aside())]
        if not numbers:
            return 0
        try:
            return self._act_on(list(dict.fromkeys(numbers)), now)
        except LedgerUnavailable:
            raise  # nothing can be committed now; the channel waits and tries again
        except Exception:
            log.exception("a batch of deadlines failed; trying its cases one by one")
        return sum(self._act_alone(number, now) for number in dict.fromkeys(numbers)) or 1

    def _act_on(self, numbers: list[str], now: datetime) -> int:
        with self._docket.ledger.writing() as entry:
            for number in numbers:
                self._act(entry, number, now)
        return len(numbers)

    def _act_alone(self, number: str, now: datetime) -> int:
        try:
            return self._act_on([number], now)
        except LedgerUnavailable:
            raise
        except Exception:
            log.exception("case %s cannot be decided on; it is set aside for a while", number)
            self._aside[number] = now + SET_ASIDE
            return 0

    def _act(self, entry: Entry, number: str, now: datetime) -> None:
        case = entry.case(number)
        deadline = None if case is None else due_now(case, self._docket.site_of(case).policy, now)
        if case is None:
            raise LookupError(f"the ledger holds a deadline of {number}, which it does not know")
        if (
            deadline is None
        ):  # somebody was quicker, a report for one: what is still to come is written down anew
            policy = self._docket.site_of(case).policy
            entry.record(case, [], deadlines(case, policy), policy_hash=case.policy)
            return
        if self._docket.perform(entry, case, self._reached(entry, case, deadline.name, now), now) is case:
            raise LookupError(f"{deadline.name} of {number} came to nothing")
        log.info("deadline case=%s name=%s late_ms=%d", number, deadline.name, _late(deadline.due, now))

    def _reached(self, entry: Entry, case: Case, name: str, now: datetime) -> DeadlineReached:
        """Say that a deadline has come and, of a duty's, when and whom SMTP accepted its notice for."""
        kind, _, task = name.partition(":")
        if kind not in _OF_DUTIES:
            return DeadlineReached(name)
        owed = case.task(task)
        if case.kind == "follow-up" and owed is not None:
            return follow_up.reached(entry, case, owed, name, self._docket.present(owed.due, entry=entry))
        told = _told(entry, case, task, self._docket.present(now, entry=entry))
        if not told:
            return DeadlineReached(name)
        whom = self._docket.site.party(told[0].email) if len(told) == 1 else NOBODY
        return DeadlineReached(name, min(one.at for one in told), whom)

    def _set_aside(self) -> list[str]:
        now = self._clock.now()
        self._aside = {number: until for number, until in self._aside.items() if until > now}
        return list(self._aside)


def _told(entry: Entry, case: Case, task: str, site: Site) -> list[Told]:
    """Return who attends to the office that owes a duty and had its notice: nobody else's mail tells him of it.

    `site` is as it is now. A deputy owes what was told to him; whoever is on leave owes nothing, told or not.
    """
    owed = case.task(task)
    opened = [
        row.seq
        for row in entry.events(case.number)
        if isinstance(row.event, TaskOpened) and row.event.task == task
    ]
    if owed is None or not opened:
        return []
    holders = {one.person.email.lower() for one in site.reached(owed.role) if not one.unattended}
    return [
        Told(mail.recipient, mail.accepted_at)
        for mail in entry.mails_about(case.number, opened[-1])
        if mail.accepted_at is not None  # one that came back told nobody
        and mail.recipient.lower() in holders
        and mail.notice_key
        == f"event:{opened[-1]}:{mail.recipient.lower()}"  # not the copy of one that failed
    ]


def _late(due: datetime, now: datetime) -> int:
    return round((now - due).total_seconds() * 1000)
