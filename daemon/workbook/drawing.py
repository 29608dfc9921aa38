"""What the workbooks look like when they are new, and what the daemon alone writes in them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from daemon.docket import Docket
from daemon.workbook.figures import actions_of, figures_of
from daemon.workbook.memory import Rows
from daemon.workbook.rows import as_row, master_labels_of
from daemon.workbook.shown import Shown
from sheets.columns import CellValue, Row, Sheet
from sheets.dashboard import feeds_of
from sheets.editions import PENALTY_BOOK, Edition
from sheets.master import MasterContents, create_master
from sheets.penalty_book import create_penalty_book
from sheets.registry import ACTIONS, CALLS, CLOSED, FINDINGS, OPEN, PENALTIES

Feeds = Sequence[tuple[Sheet, Sequence[Mapping[str, CellValue]]]]
Told = tuple[object, ...]


class Drawing(Protocol):
    """How one workbook is drawn."""

    edition: Edition

    def new(self, ours: Rows, generation: int, now: datetime) -> bytes:
        """Draw it from the ledger's rows, by sheet and key."""

    def feeds(self, now: datetime) -> Feeds:
        """Return the tables that the daemon alone writes."""

    def told(self, now: datetime) -> Told:
        """Return what those tables tell of: where it is the same, they need not be written."""


class MasterDrawing:
    """The master: dashboard, cases, what kesu did."""

    def __init__(self, docket: Docket, shown: Shown, edition: Edition) -> None:
        self._docket, self._shown, self.edition = docket, shown, edition

    def new(self, ours: Rows, generation: int, now: datetime) -> bytes:
        """Draw it from the ledger's rows, by sheet and key."""
        site = self._docket.site
        contents = MasterContents(
            open=_rows(ours, OPEN),
            closed=_rows(ours, CLOSED),
            penalties=_rows(ours, PENALTIES),
            calls=_rows(ours, CALLS),
            actions=actions_of(self._docket, self.edition),
            figures=figures_of(self._docket, self._shown.briefs(), now),
        )
        return create_master(
            contents,
            site.locale,
            labels=master_labels_of(site),
            zone=site.zone,
            generation=generation,
            edition=self.edition,
        )

    def feeds(self, now: datetime) -> Feeds:
        """Return the dashboard's figures and the list of what kesu did."""
        site = self._docket.site
        figures = figures_of(self._docket, self._shown.briefs(), now)
        return [
            (ACTIONS, actions_of(self._docket, self.edition)),
            *feeds_of(figures, master_labels_of(site), site.locale),
        ]

    def told(self, now: datetime) -> Told:
        """Return everything the ledger tells of, and the day of the figures."""
        ledger = self._docket.ledger
        latest = (*ledger.recent_mails(1), *ledger.recent_activity(1))
        return ledger.last_seq(), *latest, now.astimezone(self._docket.site.zone).date()


class PenaltyDrawing:
    """The workbook of penalties: what was found of whom, and what it costs."""

    edition = PENALTY_BOOK

    def __init__(self, docket: Docket) -> None:
        self._docket = docket

    def new(self, ours: Rows, generation: int, now: datetime) -> bytes:  # noqa: ARG002 - the same for both books
        """Draw it from the ledger's rows, by sheet and key."""
        site = self._docket.site
        return create_penalty_book(
            _rows(ours, FINDINGS),
            _rows(ours, PENALTIES),
            site.locale,
            labels=master_labels_of(site),
            zone=site.zone,
            generation=generation,
        )

    def feeds(self, now: datetime) -> Feeds:  # noqa: ARG002 - the same for both books
        """Return nothing: all of it is two-way."""
        return ()

    def told(self, now: datetime) -> Told:  # noqa: ARG002 - the same for both books
        """Return nothing."""
        return ()


def _rows(ours: Rows, sheet: Sheet) -> list[Row]:
    return [as_row(key, values) for key, values in ours.get(sheet.key, {}).items()]
