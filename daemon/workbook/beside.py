"""What stays current beside the master while somebody keeps it open: a read-only copy, and a page for the browser."""

import itertools
import logging
import stat
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from daemon.docket import Docket
from daemon.ledger import Ledger
from daemon.workbook.rows import as_row, master_labels_of
from daemon.workbook.shown import Shown
from sheets.board import render_board
from sheets.files import Fingerprint, WorkbookBusy, fingerprint, lock_holder, replace_file
from sheets.livecopy import read_only
from sheets.refusal import PatchRefused
from sheets.registry import OPEN

log = logging.getLogger("kesu.workbook")
_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


WRITTEN = "workbook:live-copy"  # the ledger's mark: what tells our own copy from one that somebody saved


class LiveCopy:
    """The copy of the master that nobody need close."""

    def __init__(self, ledger: Ledger, master: Path) -> None:
        self.path = master.with_name(f"{master.stem}-live{master.suffix}")
        self._ledger = ledger

    def write(self, content: bytes) -> tuple[bool, Path | None]:
        """Make the copy what the master is, or is to be: did it work, and where somebody's changed copy was put."""
        try:
            aside = self._put_aside()
        except OSError as error:
            log.warning("the live copy waits: %s", error)
            return False, None
        if lock_holder(self.path) is not None:
            return False, aside  # a program that shows it would be disturbed; it is written when it is free
        try:
            copy = read_only(content)
            self._remember(fingerprint(self.path) if aside is None else None, sha256(copy).hexdigest())
            self._make_writable()
            replace_file(self.path, copy)
            self.path.chmod(self.path.stat().st_mode & ~_WRITE)
        except (OSError, WorkbookBusy, PatchRefused) as error:
            log.warning("the live copy waits: %s", error)
            return False, aside
        self._remember(fingerprint(self.path))
        return True, aside

    def _remember(self, standing: Fingerprint | None, coming: str = "") -> None:
        """Remember which copy is ours: the one that stands there, and the one about to take its place, by its hash."""
        with self._ledger.writing() as entry:
            entry.mark(WRITTEN, f"{_sign(standing)} {coming}".strip())

    def _put_aside(self) -> Path | None:
        """Keep a copy that somebody saved over: what he wrote is not read, and not thrown away either.

        OSError where it cannot be looked at or moved.
        """
        found, known = fingerprint(self.path), (self._ledger.mark_value(WRITTEN) or "").split()
        if not known or found is None or _sign(found) in known:
            return None
        if sha256(self.path.read_bytes()).hexdigest() in known:
            return None  # ours: the process died before it could say so
        return put_aside(self.path)

    def _make_writable(self) -> None:
        """Windows does not replace a read-only file."""
        with suppress(OSError):
            self.path.chmod(self.path.stat().st_mode | stat.S_IWUSR)


def _sign(found: Fingerprint | None) -> str:
    return f"{found.size}:{found.mtime_ns}:{found.inode}" if found else ""


def put_aside(path: Path) -> Path:
    """Rename a file so that another can take its place, and return its new name: it says until when it counted."""
    stamp = datetime.fromtimestamp(path.stat().st_mtime, UTC).astimezone()
    names = (f"-{number}" if number else "" for number in itertools.count())
    wanted = (path.with_name(f"{path.stem}-until-{stamp:%Y%m%d-%H%M%S}{name}{path.suffix}") for name in names)
    aside = next(name for name in wanted if not name.exists())
    return path.rename(aside)


class Board:
    """The page that refreshes itself."""

    def __init__(self, docket: Docket, master: Path) -> None:
        self._docket = docket
        self.path = master.with_suffix(".html")

    def write(self, shown: Shown, notes: Sequence[str], now: datetime) -> None:
        """Write the page anew, as of `now`; it tells its readers when it has grown old."""
        site = self._docket.site
        rows = [as_row(key, values) for key, values in shown.rows(OPEN).items()]
        page = render_board(
            rows, labels=master_labels_of(site), locale=site.locale, zone=site.zone, now=now, notes=notes
        )
        try:
            replace_file(self.path, page.encode())
        except (OSError, WorkbookBusy) as error:
            log.warning("the board waits: %s", error)
