"""Forms per second from a backlog on a real Dovecot, beside peers that do a fraction of the work.

Ours is measured by the daemon's own round up to the last commit: log in, fetch, store raw, read in the limited child,
decide, commit the case with its mails in the outbox. How long it takes after that to file the messages in their folder
is said beside it. Each run has a mailbox and a process of its own.
"""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

from benchmarks import backlog, other_readers, plain_loop
from benchmarks.figures import Figure, Skipped, peak_memory
from benchmarks.household import PASSWORD, furnish
from daemon.bootstrap import House, build
from daemon.garbage import collect_less_often
from daemon.ledger import OutboxState
from tests.servers import dovecot
from tests.servers.dovecot import Dovecot


@dataclass(frozen=True)
class Job:
    """One mailbox to empty, and a folder to work in."""

    port: int
    mailbox: str
    folder: Path
    forms: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Run:
    """What emptying it took: seconds, and the peak memory of the process and of its child in MiB."""

    seconds: float
    memory: float
    child_memory: float
    filing: float = 0.0  # seconds more, to move the messages out of the way


def kesu(job: Job) -> Run:
    """Let the product take the mailbox in."""
    house = build(furnish(job.folder, imap_port=job.port, mailbox=job.mailbox))
    collect_less_often()  # as `kesu run` does
    try:
        start = time.perf_counter()
        house.fetching.take_in()
        seconds = time.perf_counter() - start
        memory, child_memory = peak_memory()
        house.fetching.file()
        filing = time.perf_counter() - start - seconds
        _check(house, job.forms)
        return Run(seconds, memory, child_memory, filing)
    finally:
        house.close()


def _check(house: House, forms: int) -> None:
    """A fast run that lost something is no figure: every form a case, a mail to its owner, an answer to its sender."""
    counts = house.ledger.statistics().counts
    if sum(counts.values()) != forms or len(counts) != len(backlog.GRADES):
        raise RuntimeError(f"{forms} forms came to these cases: {counts}")
    for case in house.ledger.cases():  # an order to rectify may go out beside these two (D32)
        found = {mail.template for mail in house.ledger.outbox_of(case.number)}
        if not {"assignment", "acknowledgement"} <= found:
            raise RuntimeError(f"{case.number} has not its mails, only {sorted(found)}")
    waiting = house.ledger.outbox_counts()
    if waiting[OutboxState.QUEUED] + waiting[OutboxState.HELD] < 2 * forms or house.ledger.unmoved_mail(1):
        raise RuntimeError("not every mail is queued, or a message was not filed")


def plain(job: Job) -> Run:
    """Let the plain script read the mailbox."""
    return _counted(
        job, lambda: plain_loop.take_in(job.port, job.mailbox, PASSWORD, job.folder / "plain.db", job.cells)
    )


def getmail(job: Job) -> Run:
    """Let getmail6 empty the mailbox, and openpyxl read what it delivered."""
    return _counted(
        job,
        lambda: other_readers.getmail_and_openpyxl(job.port, job.mailbox, PASSWORD, job.folder, job.cells),
    )


def bare(job: Job) -> Run:
    """Do the reading that nobody gets around, and nothing else."""
    return _counted(job, lambda: other_readers.bare_sum(job.port, job.mailbox, PASSWORD))


def _counted(job: Job, read: Callable[[], int]) -> Run:
    start = time.perf_counter()
    count = read()
    seconds = time.perf_counter() - start
    if count != job.forms:
        raise RuntimeError(f"{count} of {job.forms} forms were read")
    return Run(seconds, *peak_memory())


Contender = Callable[[Job], Run]


def measure(forms: int, rounds: int) -> list[Figure]:
    """Run all `rounds` times, the order changing; Skipped without Dovecot."""
    if dovecot.PROGRAM is None:
        raise Skipped("dovecot is not installed")
    contenders: dict[str, Contender] = {"kesu": kesu, "plain": plain, "bare": bare}
    if other_readers.GETMAIL.exists():
        contenders["getmail"] = getmail
    else:
        print("  getmail6 is left out: `make peers` installs it", flush=True)
    runs: dict[str, list[Run]] = {name: [] for name in contenders}
    for number, name, run in _alternating(forms, rounds, contenders):
        runs[name].append(run)
        print(f"  round {number}: {name} {forms / run.seconds:.0f} forms/s", flush=True)
    figures = [figure for name in contenders for figure in _figures(name, runs[name], forms)]
    return [*figures, *_ratios(runs)]


def _ratios(runs: dict[str, list[Run]]) -> Iterator[Figure]:
    ours = _total(runs["kesu"])
    yield Figure("kesu against the plain loop", _total(runs["plain"]) / ours, "times as fast")
    if "getmail" in runs:
        yield Figure("kesu against getmail6 and openpyxl", _total(runs["getmail"]) / ours, "times as fast")
    yield Figure("kesu against the bare sum", ours / _total(runs["bare"]), "times its time")


def _alternating(forms: int, rounds: int, contenders: dict[str, Contender]) -> Iterator[tuple[int, str, Run]]:
    mailboxes = [f"{name}{number}@example.com" for number in range(rounds) for name in contenders]
    with Dovecot(dict.fromkeys(mailboxes, PASSWORD)) as server:
        mails, cells = list(backlog.messages(forms)), backlog.cells()
        for number in range(rounds):
            start = number % len(contenders)
            for name, contender in islice(cycle(contenders.items()), start, start + len(contenders)):
                mailbox = f"{name}{number}@example.com"
                for mail in mails:
                    server.deliver(mailbox, mail)
                os.sync()  # a backlog has lain on the disk for hours; nobody is to pay for its delivery
                yield number + 1, name, _alone(contender, Job(server.port, mailbox, Path(), forms, cells))


def _alone(contender: Contender, job: Job) -> Run:
    """Run in a fresh process, so that neither finds anything warm and its memory is its own."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(1, mp_context=spawn) as process:
        return process.submit(contender, replace(job, folder=Path(folder))).result()


def _total(runs: list[Run]) -> float:
    return sum(run.seconds for run in runs)


def _figures(name: str, runs: list[Run], forms: int) -> list[Figure]:
    each = ", ".join(f"{forms / run.seconds:.0f}" for run in runs)
    memory, child = max(run.memory for run in runs), max(run.child_memory for run in runs)
    figures = [
        Figure(f"{name}: intake", forms * len(runs) / _total(runs), "forms/s", f"rounds: {each}"),
        Figure(f"{name}: peak memory", memory, "MiB", f"reading child {child:.0f} MiB" if child else ""),
    ]
    if filing := sum(run.filing for run in runs):
        each_form = filing * 1000 / forms / len(runs)
        figures.append(Figure(f"{name}: filing in folders", each_form, "ms more for a form"))
    return figures
