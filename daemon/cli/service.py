"""Commands about the daemon itself: `kesu init`, `kesu run`, `kesu doctor`, `kesu demo`."""

import argparse
import logging
import os
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.bootstrap import House, build
from daemon.cli.files import write_forms
from daemon.cli.output import print_json, say
from daemon.clock import SystemClock
from daemon.config import Config
from daemon.doctor import Finding, examine
from daemon.doctor_delivery import try_alarm
from daemon.errors import ConfigurationError, KesuError, UsageError
from daemon.garbage import collect_less_often
from daemon.ledger import LedgerError
from daemon.logs import log_to_stderr
from daemon.loop import Loop, run_once
from daemon.outbox import Folder
from daemon.site import load_site
from daemon.workbook import master_labels_of
from rules.locales import Locale
from sheets.files import replace_file
from sheets.master import MasterContents, create_master

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

log = logging.getLogger("kesu")


def register(commands: "Commands") -> None:
    """Add the family's commands."""
    command = commands.add_parser(
        "init", help="write a commented config.toml, the blank forms, an empty workbook"
    )
    command.add_argument("directory", type=Path, metavar="DIR")
    command.set_defaults(run=run_init)
    command = commands.add_parser("run", help="run the daemon")
    _with_config(command)
    command.add_argument("--once", action="store_true", help="one pass of everything due now, then exit")
    command.add_argument("--copies", type=Path, metavar="DIR", help="keep every sent mail there as .eml")
    command.add_argument("-v", "--verbose", action="store_true", help="log more")
    command.set_defaults(run=run_daemon)
    command = commands.add_parser("doctor", help="try everything a site needs and say what to mend")
    _with_config(command)
    command.add_argument("--json", action="store_true")
    command.add_argument(
        "--alarm", action="store_true", help="send a test over the second channel ([alarms])"
    )
    command.set_defaults(run=run_doctor)
    command = commands.add_parser("demo", help="watch the whole product work on an embedded mail server")
    command.add_argument("--directory", type=Path, default=Path("demo-out"), metavar="DIR")
    command.add_argument("--plain", action="store_true", help="lines instead of a live board")
    command.add_argument("--picture", type=Path, metavar="FILE", help="keep the board in mid-play as HTML")
    command.add_argument(
        "--pace",
        type=int,
        default=1,
        metavar="N",
        choices=range(1, 61),
        help="take N times as long, on a slow machine",
    )
    command.set_defaults(run=run_demo)


def _with_config(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", type=Path, default=Path("config.toml"), metavar="F")


def run_init(arguments: argparse.Namespace) -> int:
    """Carry out `kesu init`; what exists already is left alone and said so."""
    directory: Path = arguments.directory
    text = (files("daemon") / "shipped" / "config.toml").read_text(encoding="utf-8")
    config_path = directory / "config.toml"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _write_new(config_path, text.encode())
        for path in write_forms(directory / "forms", list(Locale)):
            say(f"wrote {path}")
        _write_workbook(config_path)
    except OSError as error:
        raise UsageError(f"{directory}: {error.strerror or error}") from error
    say("next: fill in config.toml, then try it with `kesu doctor`")
    return 0


def _write_new(path: Path, content: bytes) -> None:
    if path.exists():
        say(f"kept  {path}")
        return
    replace_file(path, content)
    say(f"wrote {path}")


def _write_workbook(config_path: Path) -> None:
    """Draw an empty master workbook where the configuration wants it, unless there is one."""
    site = load_site(config_path)
    path = site.config.path(site.config.workbook.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    labels = master_labels_of(site)
    _write_new(path, create_master(MasterContents(), site.locale, labels=labels, zone=site.zone))


def run_daemon(arguments: argparse.Namespace) -> int:
    """Carry out `kesu run`."""
    _log_to_stderr(verbose=arguments.verbose)
    site = load_site(arguments.config)
    house = build(site, copies=Folder(arguments.copies) if arguments.copies else None)
    try:
        if arguments.once:
            return 0 if run_once(house) else 1
        _run_until_stopped(house, arguments.config)
    finally:
        house.close()
    return 0


def _run_until_stopped(house: House, path: Path) -> None:
    collect_less_often()
    loop = Loop(house)
    loop.reload = lambda: _reload(house, path)
    if not loop.run():
        # A server that hangs holds a channel, and its connection with it; the ledger can be left at any moment.
        logging.shutdown()
        os._exit(0)


def _reload(house: House, path: Path) -> None:
    """Take up changed people and rules; with a faulty file the old ones stay."""
    try:
        site = load_site(path)
        _refuse_another_ledger(site.config, house.docket.site.config)
        house.docket.adopt(site)
        house.workbook.forget()
    except (KesuError, LedgerError) as error:
        log.error("the configuration is not taken up: %s", error)
    else:
        log.info("people and policy taken up anew")


def _refuse_another_ledger(new: Config, old: Config) -> None:
    """ConfigurationError for another site's name or ledger: what is begun under one must not go on under the other."""
    if new.daemon.site != old.daemon.site:
        raise ConfigurationError("daemon.site", "stays what it is while kesu runs; stop it first")
    if new.ledger_url != old.ledger_url:
        raise ConfigurationError("daemon.ledger", "stays what it is while kesu runs; stop it first")


def run_doctor(arguments: argparse.Namespace) -> int:
    """Carry out `kesu doctor`: exit 1 if something keeps kesu from working."""
    site = load_site(arguments.config)
    findings = examine(site, SystemClock())
    if arguments.alarm:
        findings.append(Finding(*try_alarm(site)))
    if arguments.json:
        print_json([{**vars(finding), "ok": finding.ok} for finding in findings])
    else:
        for finding in findings:
            _say_finding(finding)
    return 0 if all(finding.ok for finding in findings) else 1


def _say_finding(finding: Finding) -> None:
    sign = "✓" if not finding.mend else ("!" if finding.ok else "✗")
    say(f"{sign} {finding.what:<10} {finding.said}" + (f" → {finding.mend}" if finding.mend else ""))


def run_demo(arguments: argparse.Namespace) -> int:
    """Carry out `kesu demo`."""
    from daemon.demo import run  # its servers are needed here only

    return run(arguments.directory, plain=arguments.plain, picture=arguments.picture, pace=arguments.pace)


def _log_to_stderr(*, verbose: bool) -> None:
    log_to_stderr(verbose=verbose)
    quiet_libraries()


def quiet_libraries() -> None:
    """Keep down what says too much; msal's debugging repeats what a token server says, a refresh token too."""
    for name in ("schedule", "msal", "google", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
