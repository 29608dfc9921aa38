"""Commands about the master workbook: `kesu workbook rebuild`, `kesu workbook diff`."""

import argparse
import dataclasses
from datetime import datetime
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
from daemon.workbook.preview import Preview, Step, preview
from sheets.files import lock_holder
from sheets.patch import PatchRefused

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_SAID = {
    "take": "take     {key} {column}: {value}",
    "write": "write    {key} {column}: {value}",
    "restore": "restore  {key} {column}: {value} (found: {found})",
    "conflict": "conflict {key} {column}: {value} is kept (found: {found})",
    "add": "add      {key}",
    "return": "return   {key} (its row was deleted)",
    "remove": "remove   {key}",
    "rekey": "rekey    {key} (overtyped with {found})",
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
    """Carry out `kesu workbook rebuild`; while a daemon runs, the file is only moved away and the daemon draws it."""
    site = load_site(arguments.config)
    path = site.config.path(site.config.workbook.path)
    if (holder := lock_holder(path)) is not None:
        raise AnswerIsNo(f"{path} is open by {holder}; have it closed first")
    with open_ledger(site.config, create=False) as ledger:
        alone = Alone(ledger.path)
        try:
            alone.hold()
        except ConfigurationError:
            _put_aside(path)
            say("a daemon is running: it draws the workbook anew within a minute")
            return 0
        try:
            _rebuild(ledger, site, path)
        finally:
            alone.release()
    return 0


def _rebuild(ledger: Ledger, site: Site, path: Path) -> None:
    docket = Docket(ledger, site)
    if path.exists():
        Workbook(docket, SystemClock()).round()  # what managers wrote since the last round is taken first
    _put_aside(path)
    try:
        Workbook(docket, SystemClock()).create()
    except OSError as error:
        raise AnswerIsNo(f"{path}: {error.strerror or error}") from error
    say(f"wrote {path}")


def _put_aside(path: Path) -> None:
    """Keep the old file beside the new one."""
    if not path.exists():
        return
    stamp = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    aside = path.with_name(f"{path.stem}-until-{stamp:%Y%m%d-%H%M%S}{path.suffix}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.stem}-until-{stamp:%Y%m%d-%H%M%S}-{number}{path.suffix}")
    path.rename(aside)
    say(f"kept  {aside}")


def run_diff(arguments: argparse.Namespace) -> int:
    """Carry out `kesu workbook diff`: exit 1 if the workbook would not be touched."""
    site = load_site(arguments.config)
    path = site.config.path(site.config.workbook.path)
    with open_ledger(site.config, create=False) as ledger:
        try:
            found = preview(Docket(ledger, site), SystemClock())
        except FileNotFoundError:
            raise AnswerIsNo(f"there is no workbook at {path}; the next round draws it") from None
        except PatchRefused as refused:
            raise AnswerIsNo(f"{path}: {refused.reason.get(site.locale)}") from refused
        except OSError as error:
            raise AnswerIsNo(f"{path}: {error.strerror or error}") from error
    if arguments.json:
        print_json(dataclasses.asdict(found))
    else:
        _say(found)
    return 1 if found.refused else 0


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
