"""The `kesu` command: one module per family of commands, one place that turns errors into advice."""

import argparse
import os
import sys
from collections.abc import Sequence

from daemon import __version__
from daemon.cli import calls, files, ledger, mailbox, people, quarantine, report, rules, service, workbook
from daemon.cli.output import complain
from daemon.errors import KesuError
from daemon.permissions import discreet_files


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Exit status: 0 done, 1 the answer is no, 2 wrong usage or configuration."""
    arguments = build_parser().parse_args(argv)
    try:
        with discreet_files():
            return int(arguments.run(arguments))
    except KesuError as error:
        complain(f"kesu: {error}")
        return error.status
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="kesu", description="Complaint handling by e-mail and spreadsheet (客訴)."
    )
    parser.add_argument("--version", action="version", version=f"kesu {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for family in (service, files, rules, ledger, calls, mailbox, people, quarantine, workbook, report):
        family.register(commands)
    return parser
