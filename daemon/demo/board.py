"""The live board: cases with their clocks, what staff send, what kesu sends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from daemon import words
from daemon.site import Site
from rules.case import Case

_COLOURS = {
    "extra": "bold white on dark_red",
    "level-1": "bold white on red3",
    "level-2": "bold black on dark_orange",
    "level-3": "bold black on yellow3",
    "special": "bold white on purple4",
    "incomplete": "bold black on grey70",
}
_TEMPLATES = {
    "assignment": "cyan",
    "escalation": "bold red",
    "overdue": "red",
    "reminder": "yellow",
    "resolved": "green",
    "authority-exceeded": "magenta",
    "form-problems": "dark_orange",
    "quarantine": "dark_orange",
    "acknowledgement": "blue",
}


@dataclass
class Happenings:
    """What has happened so far, newest last."""

    people: list[tuple[float, str, str]] = field(default_factory=list)  # seconds, who, what
    mails: list[tuple[float, str, str, str]] = field(default_factory=list)  # seconds, template, to, subject


@dataclass(frozen=True)
class Moment:
    """When the board is drawn: the time, how far the script is, and how many seconds a window has."""

    now: datetime
    elapsed: float
    total: float
    window: float


def board(site: Site, cases: Sequence[Case], happened: Happenings, moment: Moment) -> RenderableType:
    """Draw the board as it stands."""
    layout = Layout()
    layout.split_column(
        Layout(_head(cases, happened, moment), size=4),
        Layout(
            Panel(_cases(site, cases, moment), title="cases in the ledger", border_style="grey50"),
            size=len(cases) + 2 if cases else 3,
        ),
        Layout(name="mail"),
    )
    layout["mail"].split_row(
        Layout(Panel(_people(happened), title="people → kesu", border_style="grey50")),
        Layout(Panel(_mails(happened), title="kesu → people", border_style="grey50")),
    )
    return layout


def _head(cases: Sequence[Case], happened: Happenings, moment: Moment) -> RenderableType:
    settled = sum(not case.is_open for case in cases)
    lapses = sum(len(case.lapses) for case in cases)
    line = Text.assemble(
        ("kesu 客訴 ", "bold cyan"),
        f" two-hour windows run in {moment.window:g} s here   ",
        (f"{len(cases)} cases  ", "bold"),
        (f"{settled} resolved  ", "green"),
        (f"{lapses} lapses  ", "red"),
        (f"{len(happened.mails)} mails", "cyan"),
    )
    bar = ProgressBar(total=moment.total, completed=min(moment.elapsed, moment.total), width=None)
    return Panel(Group(line, bar), border_style="cyan")


def _cases(site: Site, cases: Sequence[Case], moment: Moment) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column("case", no_wrap=True, min_width=15)
    table.add_column("grade", no_wrap=True, justify="center", min_width=8)
    table.add_column("customer", no_wrap=True, ratio=1)
    table.add_column("owner", no_wrap=True, ratio=2)
    table.add_column("clock", no_wrap=True, min_width=18)
    for case in cases:
        grade = Text(
            f" {site.policy.grade(case.grade).title.get(site.locale)} ", style=_COLOURS.get(case.grade, "")
        )
        owner = _owner(site, case)
        table.add_row(
            case.number, grade, str(case.facts.get("customer_name", "")), owner, _clock(case, moment)
        )
    return table


def _owner(site: Site, case: Case) -> Text:
    if not case.is_open:
        who = words.party(case.resolved_by, site.policy, site.locale)
        return Text(f"✓ {who}", style="green")
    return Text(words.role_titles(case.owners, site.policy, site.locale))


def _clock(case: Case, moment: Moment) -> RenderableType:
    if not case.is_open:
        return Text(case.status.value, style="green")
    if case.due is None:
        return Text("no window: daily reminder", style="bold red")
    left = max(0.0, (case.due - moment.now).total_seconds())
    colour = "red" if left < moment.window / 3 else "cyan"
    return Text.assemble(
        ("█" * round(left / moment.window * 12)).ljust(12, "░"), f" {left:4.1f} s", style=colour
    )


def _people(happened: Happenings) -> Group:
    return Group(*(_person(*entry) for entry in happened.people[-20:]))


def _person(at: float, who: str, what: str) -> Text:
    name = (f"{who.split('@')[0]:<16} ", "bold")
    return Text.assemble((f"{at:5.1f} ", "grey50"), name, what, overflow="ellipsis", no_wrap=True)


def _mails(happened: Happenings) -> Group:
    return Group(*(_mail(*mail) for mail in happened.mails[-20:]))


def _mail(at: float, template: str, to: str, subject: str) -> Text:
    return Text.assemble(
        (f"{at:5.1f} ", "grey50"),
        (f"{template:<24} ", _TEMPLATES.get(template, "")),
        (f"{to.split('@')[0]:<16} ", "bold"),
        (subject, "grey70"),
        overflow="ellipsis",
        no_wrap=True,
    )


def say_plainly(console: Console, happened: Happenings, seen: tuple[int, int]) -> tuple[int, int]:
    """Print what is new as lines, where there is no terminal to draw on; return what has been printed."""
    for at, who, what in happened.people[seen[0] :]:
        console.print(f"{at:5.1f} s  → {who}: {what}", highlight=False, soft_wrap=True)
    for at, template, to, subject in happened.mails[seen[1] :]:
        console.print(f"{at:5.1f} s  ← {template:<24} {to:<30} {subject}", highlight=False, soft_wrap=True)
    return len(happened.people), len(happened.mails)
