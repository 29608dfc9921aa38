"""Commands about the master workbook: `kesu workbook rebuild`, `kesu workbook diff`."""

import argparse
import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.alone import Alone
from daemon.bootstrap import open_ledger
from daemon.cli.output import print_json, say
from daemon.clock import SystemClock
from daemon.docket import Docket
from daemon.errors import AnswerIsNo, ConfigurationError
from daemon.ledger import Ledger
from daemon.site import Site, load_site
from daemon.workbook import Workbook
from daemon.workbook.books import REBUILD
from daemon.workbook.editions import editions_of, path_of
from daemon.workbook.preview import Preview, Step, preview
from sheets.files import WorkbookBusy, WorkbookChanged, lock_holder
from sheets.patch import PatchRefused

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

PATIENCE = 30.0  # seconds that a running daemon may take to draw the workbook anew
_SAID = {
    "take": "take     {key} {column}: {value}",
    "write": "write    {key} {column}: {value}",
    "restore": "restore  {key} {column}: {value} (found: {found})",
    "conflict": "conflict {key} {column}: {value} is kept (found: {found})",
    "add": "add      {key}",
    "return": "return   {key} (its row was deleted)",
    "remove": "remove   {key}",
    "rekey": "rekey    {key} (overtyped with {found})",
    "mixed": "mixed    row {value} of {key} holds cells of other cases; nothing of it is taken",
    "copy": "copy     row {value} repeats {key} and is not read",
    "strange": "strange  row {key} belongs to no case ({found})",
}


def register(commands: "Commands") -> None:
    """Add the family's commands."""
    family = commands.add_parser("workbook", help="the master workbook").add_subparsers(
        required=True, metavar="ACTION"
    )
    command = family.add_parser(
        "rebuild", help="draw it anew from the ledger; the old file is kept beside it"
    )
    command.add_argument("--config", type=Path, default=Path("config.toml"), metavar="F")
    command.set_defaults(run=run_rebuild)
    command = family.add_parser("diff", help="what the next round would take and write")
    command.add_argument("--config", type=Path, default=Path("config.toml"), metavar="F")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=run_diff)


def run_rebuild(arguments: argparse.Namespace) -> int:
    """Carry out `kesu workbook rebuild`; a running daemon is asked to do it."""
    site = load_site(arguments.config)
    path = site.config.path(site.config.workbook.path)
    if (holder := lock_holder(path)) is not None:
        raise AnswerIsNo(f"{path} is open by {holder}; have it closed first")
    with open_ledger(site.config, create=False) as ledger:
        alone = Alone(ledger.path)
        try:
            alone.hold()
        except ConfigurationError:
            _ask_the_daemon(ledger, path)
            return 0
        try:
            _rebuild(ledger, site, path)
        finally:
            alone.release()
    return 0


def _rebuild(ledger: Ledger, site: Site, path: Path) -> None:
    try:
        asides = Workbook(Docket(ledger, site), SystemClock()).rebuild()
    except (OSError, WorkbookBusy, WorkbookChanged) as error:
        raise AnswerIsNo(f"{path}: {error}") from error
    for aside in asides:
        say(f"kept  {aside}")
    for edition in editions_of(site):
        say(f"wrote {path_of(edition, site)}")


def _ask_the_daemon(ledger: Ledger, path: Path) -> None:
    """Leave word for the running daemon and wait until it has done it."""
    with ledger.writing() as entry:
        entry.mark(REBUILD, "asked")
    deadline = time.monotonic() + PATIENCE
    while ledger.mark_value(REBUILD):
        if time.monotonic() > deadline:
            raise AnswerIsNo("the running daemon was asked but has not done it yet; see its log")
        time.sleep(0.2)
    say(f"the running daemon drew {path} anew; the old file is beside it")


def run_diff(arguments: argparse.Namespace) -> int:
    """Carry out `kesu workbook diff`: exit 1 if the workbook would not be touched."""
    site = load_site(arguments.config)
    path = site.config.path(site.config.workbook.path)
    with open_ledger(site.config, create=False) as ledger:
        try:
            master, *others = preview(Docket(ledger, site), SystemClock())
        except FileNotFoundError as gone:
            raise AnswerIsNo(
                f"there is no workbook at {gone.filename or path}; the next round draws it"
            ) from None
        except PatchRefused as refused:
            raise AnswerIsNo(f"{path}: {refused.reason.get(site.locale)}") from refused
        except OSError as error:
            raise AnswerIsNo(f"{path}: {error.strerror or error}") from error
    if arguments.json:
        told = dataclasses.asdict(master)
        print_json({**told, "others": [dataclasses.asdict(one) for one in others]} if others else told)
    else:
        for one in (master, *others):
            if others:
                say(f"{one.workbook}:")
            _say(one)
    return 1 if any(one.refused for one in (master, *others)) else 0


def _say(found: Preview) -> None:
    if found.version != found.expected:
        say(f"version  {found.version} (the daemon wrote {found.expected} last)")
    if found.holder is not None:
        say(f"open     by {found.holder}: what is to be written waits")
    for line in found.missing:
        say(f"missing  {line}")
    if found.refused:
        say(f"refused  {found.refused}")
        return
    for step in found.steps:
        say(_line(step))
    if not found.steps:
        say("nothing to do")


def _line(step: Step) -> str:
    return _SAID[step.action].format(**dataclasses.asdict(step))
