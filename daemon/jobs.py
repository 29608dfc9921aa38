"""What is done by the calendar: each job once for its occasion, caught up with after an outage, never done twice.

An occasion is named by text that sorts as time does (`2026-11-23` for a day, `2026-11` for a month). Whatever a job
queues stands in the same commit as the note that the occasion is over; its own uniqueness keys protect it besides.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, tzinfo

from daemon.bell import Stopped, never
from daemon.clock import Clock
from daemon.ledger import Entry, Ledger, LedgerUnavailable

log = logging.getLogger("kesu.jobs")

Occasion = Callable[[datetime], str]  # names the occasion whose time has come by now; empty: none has
Saying = Callable[[Entry], None]  # what is written down, inside one transaction


@dataclass(frozen=True)
class Job:
    """Something to do by the calendar.

    `prepare` gets the occasion and the time. It may take long and only reads; what it returns is carried out in the
    transaction that ends the occasion, so that either all of it is there or the next round tries again.
    """

    name: str
    occasion: Occasion
    prepare: Callable[[str, datetime], Saying]


def daily(at: time | None, zone: tzinfo) -> Occasion:
    """Return the day itself (`2026-11-23`) from `at` until midnight by the clocks of `zone`; never where it is None."""

    def occasion(now: datetime) -> str:
        local = now.astimezone(zone)
        return f"{local:%Y-%m-%d}" if at is not None and local.time() >= at else ""

    return occasion


class Jobs:
    """Does what the calendar asks for; a job that fails costs no other its turn and is tried again next round."""

    def __init__(self, ledger: Ledger, clock: Clock, jobs: Sequence[Job]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._jobs = tuple(jobs)

    def run_due(self, stopped: Stopped = never) -> bool:
        """Do every job whose occasion has come and is not over; tell whether all of them worked."""
        outcomes = [
            self._try(job) for job in self._jobs if not stopped()
        ]  # each, whatever the others came to
        return all(outcomes)

    def _try(self, job: Job) -> bool:
        try:
            self._run(job)
        except LedgerUnavailable:
            raise  # nothing can be committed now; the channel waits and tries again
        except Exception:
            log.exception("the job %s failed; it is tried again in the next round", job.name)
            return False
        return True

    def _run(self, job: Job) -> None:
        now = self._clock.now()
        occasion, mark = job.occasion(now), f"job:{job.name}"
        if not occasion or (self._ledger.mark_value(mark) or "") >= occasion:
            return  # a clock that was put back does not bring an occasion back
        say = job.prepare(occasion, now)
        with self._ledger.writing() as entry:
            say(entry)
            entry.mark(mark, occasion)
        log.info("done job=%s occasion=%s", job.name, occasion)
