"""What stays current beside the master while somebody keeps it open: a read-only copy, and a page for the browser."""

import logging
import stat
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from daemon.docket import Docket
from daemon.workbook.rows import as_row, master_labels_of
from daemon.workbook.shown import Shown
from sheets.board import render_board
from sheets.files import Fingerprint, WorkbookBusy, fingerprint, lock_holder, replace_file
from sheets.livecopy import read_only
from sheets.refusal import PatchRefused
from sheets.registry import OPEN

log = logging.getLogger("kesu.workbook")
_READ_ONLY = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH


class LiveCopy:
    """The copy of the master that nobody need close."""

    def __init__(self, master: Path) -> None:
        self.path = master.with_name(f"{master.stem}-live{master.suffix}")
        self._written: Fingerprint | None = None

    def write(self, content: bytes) -> Path | None:
        """Make the copy what the master is, or is to be; return where somebody's changed copy was put aside."""
        aside = self._put_aside()
        if lock_holder(self.path) is not None:
            return aside  # a program that shows it would be disturbed; it is written when it is free
        try:
            self._make_writable()
            replace_file(self.path, read_only(content))
            self.path.chmod(_READ_ONLY)
        except (OSError, WorkbookBusy, PatchRefused) as error:
            log.warning("the live copy waits: %s", error)
        self._written = fingerprint(self.path)
        return aside

    def _put_aside(self) -> Path | None:
        """Keep a copy that somebody saved over: what he wrote is not read, and not thrown away either."""
        found = fingerprint(self.path)
        if self._written is None or found is None or found == self._written:
            return None
        aside = self.path.with_name(f"{self.path.stem}-{found.mtime_ns // 10**9}{self.path.suffix}")
        with suppress(OSError):
            self.path.rename(aside)
            return aside
        return None

    def _make_writable(self) -> None:
        """Windows does not replace a read-only file."""
        with suppress(FileNotFoundError):
            self.path.chmod(_READ_ONLY | stat.S_IWUSR)


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
