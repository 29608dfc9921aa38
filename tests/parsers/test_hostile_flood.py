"""A flood of hostile files leaves nothing behind in the daemon; `make hostile` sends ten thousand."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_flood_of_hostile_files_leaves_no_memory_files_or_children_behind() -> None:
    # In a process of its own: what a child is said to have held includes what it inherited between fork and exec.
    done = subprocess.run(
        [sys.executable, "-m", "tests.parsers.flood", "150"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("150 files")
