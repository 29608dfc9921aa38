"""The ledger's file is for its owner alone: it holds every customer's name and number."""

import os
from pathlib import Path

_MODE = 0o600  # on Windows a file has the rights of its folder instead


def make_private(path: Path) -> None:
    """Make an empty file unless there is one; SQLite gives its log the same mode. OSError where it cannot."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE))
    except FileExistsError:
        return
