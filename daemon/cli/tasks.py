"""`kesu tasks`: what is owed beside the stages, whose it is, and until when."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

from rich.table import Table
from rich.text import Text

from daemon import after_words, words
from daemon.bootstrap import open_ledger
from daemon.casepage import wordings
from daemon.casepage.terminal import console_for
from daemon.cli.output import print_json
from daemon.clock import SystemClock
from daemon.ledger import Ledger
from daemon.records import Reader
from daemon.site import Site, load_site
from daemon.visible import visible
from rules.case import Case, Task

Owed = tuple[Case, Task, Site]


def run_tasks(arguments: argparse.Namespace) -> int:
    """Carry out `kesu tasks`."""
    site, now = load_site(arguments.config), SystemClock().now()
    with open_ledger(site.config, create=False) as ledger:
        owed = sorted(
            _owed(ledger, site, everything=arguments.all), key=lambda one: (one[1].due, one[0].number)
        )
    if arguments.json:
        print_json([_as_json(case, task, under, now) for case, task, under in owed])
    else:
        _say(owed, site, now)
    return 0


def _owed(ledger: Ledger, site: Site, *, everything: bool) -> Iterator[Owed]:
    """Yield the duties of every case and day of calls, settled ones among them: a duty may outlive its case."""
    records = Reader(ledger, site)
    under: dict[str, Site] = {}
    for case in chain(ledger.cases(), ledger.follow_ups(open_only=not everything)):
        for task in case.tasks:
            if everything or not task.done:
                if case.policy not in under:
                    under[case.policy] = records.site_of(case)
                yield case, task, under[case.policy]


def _is_late(task: Task, now: datetime) -> bool:
    return not task.done and (task.overdue_at is not None or task.due <= now)


def _as_json(case: Case, task: Task, site: Site, now: datetime) -> dict[str, object]:
    return {
        "kind": task.task,
        "case": case.number,
        "role": task.role,
        "persons": [{"name": person.name, "email": person.email} for person in site.people(task.role)],
        "starts": None if task.starts is None else task.starts.astimezone(site.zone).isoformat(),
        "due": task.due.astimezone(site.zone).isoformat(),
        "overdue": _is_late(task, now),
        "done": task.done,
        "clause": task.clause,
    }


def _what(case: Case, task: Task, site: Site) -> str:
    title = after_words.titled(task, site.policy).get(site.locale)
    return visible(f"{title}  {task.clause}  {case.facts.get('customer_name', '')}".rstrip())


def _say(owed: Iterable[Owed], site: Site, now: datetime) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(no_wrap=True)
    for _ in range(2):
        table.add_column(overflow="fold")
    for case, task, under in owed:
        late = _is_late(task, now)
        state = wordings.DONE if task.done else wordings.OVERDUE if late else wordings.OPEN_DUTY
        style = "green" if task.done else "bold red" if late else "yellow"
        table.add_row(
            words.moment(task.due, site.zone),
            Text(state.get(site.locale), style=style),
            Text(case.number, style="cyan"),
            words.office_holders(task.role, under.people(task.role), under.policy, site.locale),
            _what(case, task, under),
        )
    console_for(sys.stdout).print(table)
