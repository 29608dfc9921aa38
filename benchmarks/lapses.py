"""How late a lapse is committed, with 10,000 open cases: 100 a second for 10 seconds, then 1,000 at the same moment.

The real channel runs on its thread by the system's clock and wakes itself. Lateness is the time at which the commit
that holds the lapse and its mails returned, less the time at which the window ended.
"""

import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, percentile
from benchmarks.household import furnish
from daemon import __version__
from daemon.bell import Bells
from daemon.channel import Channel
from daemon.clock import SystemClock
from daemon.docket import Docket
from daemon.lapses import Lapses
from daemon.ledger import Entry, Ledger
from rules.commands import DeadlineReached, OpenCase
from rules.events import Lapsed
from rules.facts import Facts

LAPSES = 1000
_STAGE = "after-sales-level-3"
_SPREAD = timedelta(milliseconds=10)
_TOLD = ("escalation", "overdue")
_AT_ONCE = 500  # cases opened under one commit
_CLOCK = SystemClock()


class TimedLedger(Ledger):
    """The real ledger, which also notes when each commit returned and up to which event it went."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._seqs: list[int] = []
        self._times: list[datetime] = []

    @contextmanager
    def writing(self) -> Iterator[Entry]:
        """Begin a transaction and note its end."""
        with super().writing() as entry:
            yield entry
            seq = entry.last_seq()
        self._seqs.append(seq)
        self._times.append(_CLOCK.now())

    def committed_at(self, seq: int) -> datetime:
        """Return when the commit that holds event `seq` returned."""
        return self._times[bisect_left(self._seqs, seq)]


def measure(open_cases: int) -> list[Figure]:
    """Measure both patterns on one ledger."""
    with tempfile.TemporaryDirectory(prefix="kesu-bench-") as folder:
        site = furnish(Path(folder))
        url = site.config.ledger_url
        with TimedLedger.open(url, site=site.config.daemon.site, version=__version__) as ledger:
            return _measure(ledger, Docket(ledger, site), open_cases)


def _measure(ledger: TimedLedger, docket: Docket, open_cases: int) -> list[Figure]:
    start = time.perf_counter()
    now = _CLOCK.now()
    _open(docket, [now] * (open_cases - LAPSES))
    each = (time.perf_counter() - start) / (open_cases - LAPSES)
    lead = timedelta(seconds=2 + 3 * each * LAPSES)  # time to prepare those that are to lapse

    spread = _lateness(ledger, docket, [_CLOCK.now() + lead + number * _SPREAD for number in range(LAPSES)])
    burst = _lateness(ledger, docket, [_CLOCK.now() + lead] * LAPSES)
    return [
        *_figures("100 a second", spread),
        *_figures(f"{LAPSES:,} at once", burst),
        Figure("cost of a lapse in the burst", max(burst) * 1000 / LAPSES, "ms"),
        Figure("notices of lapses to whoever is told most", _most(_notices(docket)), ""),
        Figure("and mails that carry them", _most(_mails(docket)), ""),
    ]


def _notices(docket: Docket) -> list[str]:
    """Return to whom each notice of a lapse goes."""
    mails = (mail for case in docket.ledger.cases() for mail in docket.ledger.outbox_of(case.number))
    return [mail.recipient for mail in mails if mail.template in _TOLD]


def _mails(docket: Docket) -> list[str]:
    """Return to whom each mail goes that carries notices of lapses, alone or together."""
    after = _CLOCK.now() + docket.site.config.digest.within
    docket.gather(after)
    mails = docket.ledger.outbox_lease(after, timedelta(minutes=5), 100 * LAPSES)
    carried = ((mail, docket.ledger.outbox_members(mail.id) or [mail]) for mail in mails)
    return [mail.recipient for mail, notices in carried if notices[0].template in _TOLD]


def _most(recipients: Sequence[str]) -> float:
    return Counter(recipients).most_common(1)[0][1]


def _figures(name: str, late: Sequence[float]) -> list[Figure]:
    return [
        Figure(f"{name}: lateness p50", percentile(late, 0.5) * 1000, "ms"),
        Figure(f"{name}: lateness p99", percentile(late, 0.99) * 1000, "ms"),
        Figure(f"{name}: lateness max", max(late) * 1000, "ms"),
    ]


def _lateness(ledger: TimedLedger, docket: Docket, dues: Sequence[datetime]) -> list[float]:
    """Open cases whose windows end at `dues`, let the channel run, and return how late each was, in seconds."""
    stage = docket.site.policy.stage(_STAGE)
    if stage.window is None or stage.remind_before is None:
        raise RuntimeError(f"{_STAGE} has no window, or no reminder")
    numbers = _open(docket, [due - stage.window for due in dues])
    _remind(docket, numbers, [due - stage.remind_before for due in dues])
    if _CLOCK.now() >= dues[0]:
        raise RuntimeError("the first window ended while the cases were still being prepared")
    _run_channel(docket, until=dues[-1])
    return [_late(ledger, number) for number in numbers]


def _run_channel(docket: Docket, until: datetime) -> None:
    """Let the channel keep the clocks until all that is due has been acted on."""
    bells = Bells()
    lapses = Lapses(docket, _CLOCK, bells)

    def work() -> None:
        lapses.run_due()
        bells.lapses.wait(lapses.seconds_to_next())

    channel = Channel("lapses", work, bells.stop)
    channel.start()
    while (now := _CLOCK.now()) <= until or docket.ledger.due(now, 1):
        time.sleep(0.2)
    bells.ring_out()
    channel.join()


def _late(ledger: TimedLedger, number: str) -> float:
    ((seq, due),) = [
        (row.seq, row.event.due) for row in ledger.events(number) if isinstance(row.event, Lapsed)
    ]
    return (ledger.committed_at(seq) - due).total_seconds()


def _open(docket: Docket, times: Sequence[datetime]) -> list[str]:
    """Open a case at each of `times` and return their numbers."""
    numbers = []
    for first in range(0, len(times), _AT_ONCE):
        with docket.ledger.writing() as entry:
            for number, opened_at in enumerate(times[first : first + _AT_ONCE], first):
                case = docket.open(entry, OpenCase(_facts(number, opened_at)), opened_at)
                numbers.append(case.number)
    return numbers


def _facts(number: int, opened_at: datetime) -> Facts:
    return {
        "department": "after-sales",
        "source": "phone",
        "reported_at": opened_at,
        "customer_name": f"客戶{number:05}",
        "customer_phone": f"138{number:08}",
        "plate_no": f"滬A{number:05}",
        "category": "repair-quality",
        "description": "上週更換煞車片後仍有異音，來店兩次都說正常，希望重新檢查並說明原因。",
        "repair_amount": Decimal("800.00"),
    }


def _remind(docket: Docket, numbers: Sequence[str], times: Sequence[datetime]) -> None:
    """Send the reminders that were due before the windows end, at their time."""
    for first in range(0, len(numbers), _AT_ONCE):
        with docket.ledger.writing() as entry:
            for number, at in list(zip(numbers, times, strict=True))[first : first + _AT_ONCE]:
                case = entry.case(number)
                if case is None:
                    raise RuntimeError(f"{number} was not opened")
                docket.perform(entry, case, DeadlineReached(f"reminder:{_STAGE}"), at)
