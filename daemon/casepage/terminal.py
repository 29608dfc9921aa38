"""The page in a terminal: as wide as it is, with colours where they are wanted (NO_COLOR is honoured)."""

import os
import re
import sys
from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from daemon.casepage.parts import Entry, Mood, Pair, Section, Step, Story

WIDEST = 110  # longer lines are hard to read
_STYLES: dict[Mood, str] = {"good": "green", "bad": "bold red", "waiting": "yellow", "plain": ""}
_LABELS = 18  # columns at most
_BLANKS = re.compile(r" +$", re.MULTILINE)
_SHORT = 48  # characters of a detail that stands beside what it is about


def say_story(story: Story, stream: TextIO | None = None) -> None:
    """Print the page on standard output, or on another stream."""
    output = stream or sys.stdout
    console = console_for(output)
    with console.capture() as captured:
        _say_page(console, story)
    output.write(_BLANKS.sub("", captured.get()))  # rich fills every line up to its width


def _say_page(console: Console, story: Story) -> None:
    _say_head(console, story)
    for section in story.sections:
        console.print()
        console.print(Text(section.heading, style="bold"))
        console.print(Text("─" * min(console.width, WIDEST), style="dim"))
        _say_section(console, section)
    console.print()
    for line in story.footer:
        console.print(Text(line, style="dim"))


def console_for(stream: TextIO) -> Console:
    """Return a console of the terminal's width; what is no terminal (a file, a pipe) gets the widest lines."""
    width = None if stream.isatty() or os.environ.get("COLUMNS") else WIDEST
    found = Console(file=stream, highlight=False, markup=False, emoji=False, width=width, soft_wrap=False)
    if found.width > WIDEST:
        found.width = WIDEST
    return found


def _say_head(console: Console, story: Story) -> None:
    head = Text(story.number, style="bold cyan")
    head.append(f"  {story.grade}", style="bold")
    head.append(f"  {story.status}", style=_STYLES[story.mood])
    console.print(head)
    console.print(Text(" · ".join(filter(None, (story.customer, story.summary)))))


def _say_section(console: Console, section: Section) -> None:
    if section.pairs:
        console.print(_pairs(section.pairs))
    if section.steps:
        console.print(_steps(section.steps))
    for entry in section.entries:
        _say_entry(console, entry)
    if section.more:
        console.print(Padding(Text(section.more, style="dim"), (0, 0, 0, 2), expand=False))


def _pairs(pairs: tuple[Pair, ...]) -> Padding:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", max_width=_LABELS, overflow="fold")
    table.add_column(overflow="fold")
    for pair in pairs:
        table.add_row(pair.label, Text(pair.value, style=_STYLES[pair.mood]))
    return Padding(table, (0, 0, 0, 2), expand=False)


def _steps(steps: tuple[Step, ...]) -> Padding:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for step in steps:
        text = Text(step.text)
        for detail in step.details:
            text.append(f"\n{detail}")
        if step.wording:
            text.append(f"\n{step.wording}", style="dim italic")
        table.add_row(step.at, step.clause, text)
    return Padding(table, (0, 0, 0, 2), expand=False)


def _say_entry(console: Console, entry: Entry) -> None:
    """Print an entry; what is short stands on one line."""
    details = [detail for detail in entry.details if detail]
    short = len(details) == 1 and len(details[0]) <= _SHORT
    head = Text(entry.title)
    if entry.clause:
        head.append(f"  {entry.clause}", style="cyan")
    if short:
        head.append(f"  {details.pop()}", style="dim")
    if entry.state:
        head.append(f"  {entry.state}", style=_STYLES[entry.mood])
    console.print(Padding(head, (0, 0, 0, 2), expand=False))
    for detail in details:
        console.print(Padding(Text(detail, style="dim"), (0, 0, 0, 4), expand=False))
