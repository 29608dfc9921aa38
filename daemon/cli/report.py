"""`kesu report`: the statistics of a month as a workbook, a page and a mail."""

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.bootstrap import open_ledger
from daemon.cli.output import print_json, say
from daemon.clock import SystemClock
from daemon.docket import Docket
from daemon.errors import UsageError
from daemon.ledger import Ledger
from daemon.letters import letter_of
from daemon.report.book import file_name
from daemon.report.counting import count
from daemon.report.labels import Labels
from daemon.report.letter import report_letter
from daemon.report.monthly import queue
from daemon.report.plain import as_json
from daemon.site import Site, load_site
from mailer.compose import compose, page_of
from mailer.letter import Address
from rules.months import Month
from rules.statistics import Figures
from sheets.files import replace_file

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def register(commands: "Commands") -> None:
    """Add the command."""
    command = commands.add_parser("report", help="the statistics of a month: workbook, page and mail")
    command.add_argument("--month", required=True, metavar="YYYY-MM")
    command.add_argument("--config", type=Path, default=Path("config.toml"), metavar="F")
    command.add_argument("--out", type=Path, metavar="DIR", help="instead of [reports] path")
    command.add_argument("--json", action="store_true", help="print the figures; write no files")
    command.add_argument("--send", action="store_true", help="put the mail into the outbox")
    command.set_defaults(run=run_report)


def run_report(arguments: argparse.Namespace) -> int:
    """Carry out `kesu report`."""
    site, now = load_site(arguments.config), SystemClock().now()
    month = _month(arguments.month, now, site)
    with open_ledger(site.config, create=False) as ledger:
        figures = count(ledger, month, now, site.zone)
        sent = _send(ledger, site, month, now) if arguments.send else []
    if arguments.json:
        print_json(as_json(figures, site.zone, fines=_all_see_fines(site)))
        return 0
    folder = arguments.out or site.config.path(site.config.reports.path)
    for line in (*_write(figures, folder, now, site), *sent):
        say(line)
    return 0


def _month(text: str, now: datetime, site: Site) -> Month:
    try:
        month = Month.parse(text)
    except ValueError as error:
        raise UsageError(f"--month: {error}") from None
    if month.begins(site.zone) > now:
        raise UsageError(f"--month: {month} has not begun yet")
    return month


def _write(figures: Figures, folder: Path, now: datetime, site: Site) -> list[str]:
    """Write the report's files in the site's language; the mail is addressed to the site itself."""
    labels = Labels(site, site.locale)
    order = report_letter(figures, Address(email=site.own_address), labels, fines=_all_see_fines(site))
    letter = letter_of(order, f"<report.{figures.month}.{site.own_address}>", site)
    contents = {
        "xlsx": letter.enclosures[0].content,
        "html": page_of(letter, now).encode(),
        "eml": compose(letter, now).as_bytes(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / file_name(figures.month, ending) for ending in contents]
        for path, content in zip(paths, contents.values(), strict=True):
            replace_file(path, content)
    except OSError as error:
        raise UsageError(f"{folder}: {error.strerror or error}") from error
    return [f"wrote {path}" for path in paths]


def _all_see_fines(site: Site) -> bool:
    """Tell whether each reader of the report may see fines: what the command makes is for all of them."""
    rule = site.policy.monthly_report
    return all(site.may_see_fines([role]) for role in (rule.roles if rule else ()))


def _send(ledger: Ledger, site: Site, month: Month, now: datetime) -> list[str]:
    """Queue the mail; a running daemon sends it within seconds."""
    queued = queue(Docket(ledger, site), month, now)
    if not queued:
        return [f"the report of {month} was queued before for everybody who is to have it"]
    return [f"queued for {person.name} <{person.email}>" for person in queued]
