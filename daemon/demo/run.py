"""The demo from curtain to curtain: the script runs, the board shows it, the end checks what it came to."""

import time
from contextlib import AbstractContextManager, nullcontext
from email.message import EmailMessage
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table

from daemon.clock import SystemClock
from daemon.demo import afterlife, story
from daemon.demo.board import Happenings, Moment, board, say_plainly
from daemon.demo.judge import shortcomings, unfinished
from daemon.demo.picture import as_page
from daemon.demo.script import WINDOW_SECONDS, Reply, Sending, Typing
from daemon.demo.stage import Stage, reader_of
from rules.case import Case

SECONDS = 32.0  # how long the script takes
PATIENCE = 25.0  # how much longer a slow machine may take
PICTURE_AT = 19.8  # seconds from the curtain: every kind of row and mail has been seen
PICTURE_SIZE = (132, 40)  # columns and lines


def run(directory: Path, *, plain: bool = False, picture: Path | None = None, pace: int = 1) -> int:
    """Play the demo in `directory`; return the exit status: 0 if all came out as the rules say.

    `plain` prints lines instead of drawing the board; `picture` keeps the board in mid-play as HTML; with a `pace` of
    3 everything takes three times as long, and a slow machine keeps up.
    """
    console = Console()
    console.print("kesu demo: an IMAP and an SMTP server on loopback, the real daemon, windows of seconds …")
    stage = Stage(directory, pace)
    try:
        stage.start()
        Performance(stage, console, plain=plain or not console.is_terminal, picture=picture).play()
        status = stage.stop()
        faults = shortcomings(stage, status)
        _say_summary(console, stage, faults)
    finally:
        stage.close()
    return 1 if faults else 0


class Performance:
    """Plays the script and keeps the board up to date."""

    def __init__(self, stage: Stage, console: Console, *, plain: bool, picture: Path | None = None) -> None:
        self._stage = stage
        self._console = console
        self._plain = plain
        self._picture = picture
        self._happened = Happenings()
        today = SystemClock().now().astimezone(stage.site.zone).date()
        lists = afterlife.sendings(today)
        self._sendings: list[Sending] = sorted([*story.sendings(), *lists], key=lambda one: one.after)
        self._waiting: list[Reply] = [*story.replies(), *afterlife.replies()]
        self._typings: list[Typing] = story.typings()
        self._due: list[tuple[float, Reply, EmailMessage]] = []
        self._start = time.monotonic()
        self._printed = (0, 0)

    def play(self) -> None:
        """Run until the script's time is over."""
        self._start = time.monotonic()
        screen: AbstractContextManager[Live | None] = (
            nullcontext(None)
            if self._plain
            else Live(console=self._console, screen=True, refresh_per_second=8)
        )
        with screen as live:
            while not self._over(elapsed := self._elapsed()):
                self._send_due(elapsed)
                self._type_due(elapsed)
                self._read_mails(elapsed)
                self._answer_due(elapsed)
                self._show(live, elapsed)
                time.sleep(0.1)

    def _elapsed(self) -> float:
        """Return the seconds of the script that have passed."""
        return (time.monotonic() - self._start) / self._stage.pace

    def _over(self, elapsed: float) -> bool:
        """Tell whether the curtain may fall: the script is through, or the machine is too slow for it."""
        if elapsed < SECONDS:
            return False
        return elapsed > SECONDS + PATIENCE or not unfinished(self._stage)

    def _send_due(self, elapsed: float) -> None:
        while self._sendings and self._sendings[0].after <= elapsed:
            sending = self._sendings.pop(0)
            self._stage.send(sending)
            self._happened.people.append((elapsed, sending.sender, sending.what))

    def _type_due(self, elapsed: float) -> None:
        """Let a manager save his workbook; he tries again where the daemon was quicker."""
        if self._typings and self._typings[0].after <= elapsed and self._stage.type(self._typings[0]):
            typing = self._typings.pop(0)
            self._happened.people.append((elapsed, "master.xlsx", f"{typing.what} ({typing.customer})"))

    def _read_mails(self, elapsed: float) -> None:
        for mail in self._stage.mails()[len(self._happened.mails) :]:
            template, reader, subject = str(mail["X-Kesu-Template"]), reader_of(mail), str(mail["Subject"])
            self._happened.mails.append((elapsed, template, reader, subject))
            for reply in self._waiting:
                if (reply.reader, reply.template) == (reader, template) and reply.customer in subject:
                    self._waiting.remove(reply)
                    self._due.append((elapsed + reply.delay, reply, mail))
                    break

    def _answer_due(self, elapsed: float) -> None:
        for due, reply, mail in [entry for entry in self._due if entry[0] <= elapsed]:
            self._due.remove((due, reply, mail))
            self._stage.answer(reply, mail)
            self._happened.people.append((elapsed, reply.reader, f"{reply.what} ({reply.customer})"))

    def _show(self, live: Live | None, elapsed: float) -> None:
        if self._picture is not None and elapsed >= PICTURE_AT:
            self._draw(self._picture, elapsed)
            self._picture = None
        if live is None:
            self._printed = say_plainly(self._console, self._happened, self._printed)
            return
        live.update(self._board(elapsed))

    def _board(self, elapsed: float) -> RenderableType:
        cases = list(self._stage.ledger.cases())
        moment = Moment(SystemClock().now(), elapsed, SECONDS, WINDOW_SECONDS * self._stage.pace)
        return board(self._stage.site, cases, self._happened, moment)

    def _draw(self, path: Path, elapsed: float) -> None:
        path.write_text(as_page(self._board(elapsed), *PICTURE_SIZE), encoding="utf-8")


def _say_summary(console: Console, stage: Stage, faults: list[str]) -> None:
    site, cases = stage.site, list(stage.ledger.cases())
    table = Table(title="What it came to", title_style="bold", header_style="bold")
    for heading in ("case", "customer", "grade", "lapses", "status", "by which way"):
        table.add_column(heading)
    for case in cases:
        grade = site.policy.grade(case.grade).title.get(site.locale)
        customer = str(case.facts.get("customer_name", ""))
        table.add_row(
            case.number, customer, grade, str(len(case.lapses)), case.status.value, _way(case, stage)
        )
    console.print(table)
    folder = stage.directory
    console.print(
        f"{len(stage.mails())} mails to people   {folder / 'mails'} (.eml, and .html to open in a browser)"
    )
    console.print(f"the master workbook   {folder / 'master.xlsx'}", highlight=False)
    console.print(f"its board             {folder / 'master.html'}", highlight=False)
    console.print(f"the daemon's log      {folder / 'kesu.log'}", highlight=False)
    console.print(
        f"a case's history      kesu case {cases[0].number if cases else 'N'} --config {folder / 'config.toml'}"
    )
    for fault in faults:
        console.print(f"[bold red]✗[/] {fault}", highlight=False)
    if not faults:
        console.print("[bold green]✓[/] every case went the way the rules say; the ledger's chain is intact")


def _way(case: Case, stage: Stage) -> str:
    grades = [stage.site.policy.stage(key).grade for key in case.stages]
    steps = [stage.site.policy.grade(grade).title.get(stage.site.locale) for grade in dict.fromkeys(grades)]
    return " → ".join(steps)
