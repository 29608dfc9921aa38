"""The channel that keeps a site's workbooks: the master, that of penalties where there is one, what stands beside."""

import logging
from datetime import datetime, timedelta
from pathlib import Path

from daemon.bell import Bells
from daemon.clock import Clock
from daemon.docket import Docket
from daemon.workbook.archiving import Archiving
from daemon.workbook.beside import Board, LiveCopy
from daemon.workbook.channel import BookKeeper
from daemon.workbook.drawing import MasterDrawing, PenaltyDrawing, Told
from daemon.workbook.editions import editions_of, path_of
from daemon.workbook.shown import Shown
from sheets.editions import MASTER
from sheets.files import WorkbookBusy, WorkbookChanged

log = logging.getLogger("kesu.workbook")

REBUILD = "workbook:rebuild"  # the ledger's mark by which the command asks a running daemon
FAULT_IN = "workbook:fault-in"  # the ledger's mark of where fault and fines stand: the file that is left is drawn anew
BOARD_EVERY = timedelta(seconds=60)
PRUNE_EVERY = timedelta(hours=24)


class Workbook:
    """The workbooks of one site."""

    def __init__(self, docket: Docket, clock: Clock, bells: Bells | None = None) -> None:
        self._docket, self._clock = docket, clock
        site = docket.site
        master, *others = editions_of(site)
        self._shown = Shown(docket, clock, (master, *others))
        self._archiving = Archiving(docket)
        path = path_of(master, site)
        live = LiveCopy(docket.ledger, path) if site.config.workbook.live_copy else None
        self._board = Board(docket, path) if site.config.workbook.board else None
        board = self._board.path.name if self._board else ""
        drawing = MasterDrawing(docket, self._shown, master)
        self._master = BookKeeper(docket, clock, bells, self._shown, drawing, live, board)
        self._keepers = [
            self._master,
            *(BookKeeper(docket, clock, bells, self._shown, PenaltyDrawing(docket)) for _ in others),
        ]
        self._fault_in = (others or [master])[-1].key if master is MASTER or others else "nowhere"
        self._is_outdated = False  # the configuration changed
        self._boarded: tuple[tuple[int, Told], list[str], datetime] | None = None
        self._pruned_at: datetime | None = None

    def round(self) -> bool:
        """Take what managers wrote and write what changed; tell whether the workbooks are up to date."""
        now = self._clock.now()
        if self._is_outdated:
            self._is_outdated = False
            self._shown.forget()
            for keeper in self._keepers:
                keeper.forget()
        self._shown.follow()
        self._rebuild_if_asked()
        self._archiving.move(self._shown, now)
        current = [keeper.attempt(now) for keeper in self._keepers]  # each, whatever the other came to
        self._write_board(now)
        self._prune(now)
        return all(current)

    def forget(self) -> None:
        """Take up a changed configuration with the next round, from whatever thread this is said."""
        self._is_outdated = True

    def rebuild(self) -> list[Path]:
        """Draw the workbooks anew; return where the old files were put, after what managers wrote in them was taken.

        WorkbookBusy if somebody has one open; OSError if its folder cannot be written to.
        """
        self._shown.follow()
        asides = [keeper.rebuild() for keeper in self._keepers]
        with self._docket.ledger.writing() as entry:
            entry.mark(FAULT_IN, self._fault_in)
        self._write_board(self._clock.now())
        return [aside for aside in asides if aside is not None]

    def create(self) -> None:
        """Draw the workbooks anew from the ledger; WorkbookChanged if there is one."""
        for keeper in self._keepers:
            keeper.create()

    def _rebuild_if_asked(self) -> None:
        """Draw the workbooks anew if the command asked the running daemon to, or what stands where has changed."""
        ledger = self._docket.ledger
        is_moved = self._is_moved()
        if not ledger.mark_value(REBUILD) and not is_moved:
            return
        with ledger.writing() as entry:
            entry.mark(REBUILD, "")
        try:
            self.rebuild()
        except (OSError, WorkbookBusy, WorkbookChanged) as error:
            log.warning("the workbooks are not drawn anew: %s", error)

    def _is_moved(self) -> bool:
        """Tell whether fault stands in another workbook than the configuration wants; a new file is as it wants."""
        known = self._docket.ledger.mark_value(FAULT_IN) or MASTER.key
        if known == self._fault_in:
            return False
        if self._master.path.exists():
            return True
        with self._docket.ledger.writing() as entry:
            entry.mark(FAULT_IN, self._fault_in)
        return False

    def _write_board(self, now: datetime) -> None:
        if self._board is None or not self._master.path.parent.is_dir():
            return
        wanted, notes = self._master.wanted(now), self._master.held()
        if self._boarded is not None:
            known, told, at = self._boarded
            if (known, told) == (wanted, notes) and now - at < BOARD_EVERY:
                return
        self._board.write(self._shown, notes, now)
        self._boarded = (wanted, notes, now)

    def _prune(self, now: datetime) -> None:
        if self._pruned_at is None or now - self._pruned_at >= PRUNE_EVERY:
            for keeper in self._keepers:
                keeper.prune(now)
            self._pruned_at = now
