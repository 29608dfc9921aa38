"""Moving cases that were settled long ago from the master to a workbook per month beside it."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from daemon.attachments.folders import seen_from
from daemon.docket import Docket
from daemon.workbook import wordings
from daemon.workbook.entries import filled
from daemon.workbook.rows import Values, as_row, master_labels_of
from daemon.workbook.shown import ARCHIVED_TO, Shown
from sheets.archived import create_archive
from sheets.columns import Row
from sheets.files import WorkbookBusy, WorkbookChanged, fingerprint, replace_file, write_if_unchanged
from sheets.links import count_in, link_text
from sheets.patch import MasterPlan, PatchRefused, carry_out
from sheets.registry import ARCHIVED, CLOSED
from sheets.standing import open_master

_A_SECOND = timedelta(seconds=1)  # rows show whole seconds
log = logging.getLogger("kesu.workbook")


class Archiving:
    """The archive workbooks. A case leaves the master only when the archive has it."""

    def __init__(self, docket: Docket) -> None:
        self._docket = docket

    def move(self, shown: Shown, now: datetime) -> None:
        """Put aged cases into their months' workbooks; what cannot be written stays in the master for another try."""
        workbook = self._docket.site.config.workbook
        aged_before = now - timedelta(days=workbook.keep_closed_days)
        closed = shown.rows(CLOSED)
        aged = {key: at for key, at in shown.filed_before(aged_before).items() if key in closed}
        folder = self._docket.site.config.path(workbook.archive)
        for month, keys in sorted(self._by_month(aged).items()):
            cases = {key: closed[key] for key in keys}
            try:
                self._add(folder / f"{month}.xlsx", month, cases)
            except (OSError, WorkbookBusy, WorkbookChanged, PatchRefused) as error:
                log.warning("the archive of %s waits: %s", month, error)
                return
            self._moved(shown, cases, max(aged[key] for key in keys), now)

    def _by_month(self, aged: Mapping[str, datetime]) -> dict[str, list[str]]:
        """Sort cases by the month they were filed in."""
        months: dict[str, list[str]] = {}
        for key, filed_at in sorted(aged.items()):
            months.setdefault(f"{filed_at.astimezone(self._docket.site.zone):%Y-%m}", []).append(key)
        return months

    def _add(self, path: Path, month: str, cases: Mapping[str, Values]) -> None:
        """Add cases to a month's workbook; those that stand there already are brought up to date."""
        site = self._docket.site
        known = {column.key for column in ARCHIVED.columns}
        rows = [
            as_row(
                key,
                {
                    name: value
                    for name, value in self._linked(key, values, path.parent).items()
                    if name in known
                },
            )
            for key, values in cases.items()
        ]
        before = fingerprint(path)
        if before is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, self._drawn(rows, month))
        else:
            plan = MasterPlan(rows)
            standing = open_master(path.read_bytes(), site.locale, ARCHIVED)
            write_if_unchanged(path, carry_out(standing, plan, site.locale, site.zone).content, before)

    def _linked(self, key: str, values: Values, place: Path) -> Values:
        """Let a row's link to its files lead there from the archive's folder."""
        count = count_in(str(values.get("attachments") or ""))
        link = link_text(seen_from(place, key, self._docket.site), count)
        return {**values, "attachments": link or None}

    def _drawn(self, rows: list[Row], month: str) -> bytes:
        site = self._docket.site
        return create_archive(rows, month, site.locale, labels=master_labels_of(site), zone=site.zone)

    def _moved(self, shown: Shown, cases: Mapping[str, Values], last: datetime, now: datetime) -> None:
        """Remember how far the archive reaches: months are moved one after the other, the earliest first."""
        told = filled(wordings.ARCHIVED, count=len(cases))
        with self._docket.ledger.writing() as entry:
            entry.mark(ARCHIVED_TO, (last + _A_SECOND).isoformat())
            entry.note_activity(now, "archived", told.model_dump_json(by_alias=True))
        log.info("archived cases=%d", len(cases))
        shown.drop(cases)
