"""Commands that read the ledger: `kesu cases`, `case`, `penalties`, `tasks`, `ledger verify`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from daemon import correction_words, words
from daemon.bootstrap import open_ledger
from daemon.cli.case import run_case
from daemon.cli.output import print_json, say
from daemon.cli.penalties import run_penalties
from daemon.cli.shapes import case_as_json
from daemon.cli.tasks import run_tasks
from daemon.docket import site_under
from daemon.site import Site, load_site
from rules.case import Case
from rules.locales import Locale

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def register(commands: "Commands") -> None:
    """Add the family's commands."""
    command = commands.add_parser("cases", help="the cases in the ledger")
    _with_config(command)
    command.add_argument("--open", action="store_true", help="only those whose clock runs")
    command.set_defaults(run=run_cases)
    command = commands.add_parser("case", help="one case with its whole history")
    command.add_argument("number")
    command.add_argument(
        "--html", type=Path, metavar="F", help="write a page to print instead; - for standard output"
    )
    command.add_argument("--locale", choices=[locale.value for locale in Locale], help="default: the site's")
    _with_config(command)
    command.set_defaults(run=run_case)
    command = commands.add_parser("penalties", help="every penalty: whose, how much, why, and how it stands")
    _with_config(command)
    command.set_defaults(run=run_penalties)
    command = commands.add_parser("tasks", help="the duties that are owed: whose, until when, for which case")
    command.add_argument("--all", action="store_true", help="those that are done too")
    _with_config(command)
    command.set_defaults(run=run_tasks)
    ledger = commands.add_parser("ledger", help="the ledger itself").add_subparsers(
        required=True, metavar="ACTION"
    )
    command = ledger.add_parser("verify", help="is the hash chain intact, do the projections follow from it?")
    _with_config(command)
    command.set_defaults(run=run_verify)


def _with_config(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", type=Path, default=Path("config.toml"), metavar="F")
    command.add_argument("--json", action="store_true")


def run_cases(arguments: argparse.Namespace) -> int:
    """Carry out `kesu cases`."""
    site = load_site(arguments.config)
    with open_ledger(site.config, create=False) as ledger:
        cases = list(ledger.cases(open_only=arguments.open))
        keys = set() if arguments.json else {case.policy for case in cases}
        sites = {key: site_under(site, ledger, key) for key in keys}
    if arguments.json:
        print_json([case_as_json(case, site.zone) for case in cases])
        return 0
    for case in cases:
        say(_line(case, sites[case.policy]))
    return 0


def _line(case: Case, site: Site) -> str:
    due = (
        words.moment(case.due, site.zone) if case.due else correction_words.held(case, site.zone, site.locale)
    )
    owners = words.role_titles(case.owners, site.policy, site.locale)
    grade = site.policy.grade(case.grade).title.get(site.locale)
    customer = case.facts.get("customer_name", "")
    return f"{case.number}  {case.status.value:<10}  {grade}  {due or '-'}  {customer}  {owners}"


def run_verify(arguments: argparse.Namespace) -> int:
    """Carry out `kesu ledger verify`: exit 1 if anything in the ledger is not as it was written."""
    site = load_site(arguments.config)
    with open_ledger(site.config, create=False) as ledger:
        faults = ledger.verify()
        seq, head = ledger.head()
    if arguments.json:
        print_json(
            {"ok": not faults, "events": seq, "head": head, "faults": [str(fault) for fault in faults]}
        )
    else:
        for fault in faults:
            say(f"✗ {fault}")
        if not faults:
            say(f"✓ {seq} events, chain intact, head {head[:16]}…")
    return 1 if faults else 0
