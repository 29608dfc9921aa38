"""kill -9 at any moment: what was reported as committed is there, and nothing is there by half."""

import subprocess
import sys
from pathlib import Path

from tests.ledger.clerk import ROOT, open_ledger


def written_before_killed(path: Path, at_least: int) -> list[str]:
    """Let a child write, kill it after some commits, and return what it reported."""
    command = [sys.executable, "-m", "tests.ledger.writing_child", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as child:
        assert child.stdout is not None
        reported = [child.stdout.readline().strip() for _ in range(at_least)]
        child.kill()
        return [*reported, *child.stdout.read().split()]


def test_a_ledger_whose_writer_was_killed_has_everything_it_promised(path: Path) -> None:
    reported: list[str] = []
    for at_least in (1, 20, 7):  # killed, opened again, killed again
        reported += written_before_killed(path, at_least)
        with open_ledger(path) as ledger:
            found = [case.number for case in ledger.cases()]
            assert ledger.verify() == []
            assert ledger.last_seq() == 6 * len(found)
            assert sum(ledger.outbox_counts().values()) == len(found)
        unreported = [number for number in found if number not in reported]
        assert len(unreported) <= 1  # committed, but killed before it could say so
        reported += unreported
        assert found == reported
