"""Who else may write or read the files the daemon believes and keeps: Unix modes.

Windows has none: there a file inherits the rights of its folder, which the operator sets once; nothing is checked.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daemon.errors import ConfigurationError

HAS_MODES = os.name == "posix"
PRIVATE = 0o600
_OF_OTHERS = 0o027  # nobody else may write what we make, and strangers may not read it


@contextmanager
def discreet_files() -> Iterator[None]:
    """Make every file for its owner and his group alone, whatever the shell that started us allows."""
    before = os.umask(_OF_OTHERS)
    os.umask(before | _OF_OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def refuse_if_writable(path: Path, key: str) -> None:
    """Raise ConfigurationError if everybody on the machine may write a file that we are to believe."""
    if HAS_MODES and _mode(path) & stat.S_IWOTH:
        raise ConfigurationError(key, f"everybody may write {path}; run: chmod o-w {path}")


def readers_beyond_owner(path: Path) -> str:
    """Say who besides its owner may read a file: `everybody`, `its group`, or empty for nobody."""
    mode = _mode(path) if HAS_MODES else 0
    if mode & stat.S_IROTH:
        return "everybody"
    return "its group" if mode & stat.S_IRGRP else ""


def writers_beyond_us(path: Path) -> str:
    """Say who besides us and root may write or replace a file: an account, a group, everybody; empty for nobody."""
    if not HAS_MODES or not path.exists():
        return ""
    owner, folder = path.stat().st_uid, _mode(path.resolve().parent)
    if owner not in (0, os.geteuid()):
        return f"the account {owner}"
    if folder & stat.S_IWOTH and not folder & stat.S_ISVTX:
        return "everybody"  # not write, but replace
    return "its group" if _mode(path) & stat.S_IWGRP else ""


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0  # whoever opens it says why it cannot be
