"""What the workbook is to show: every case that belongs on it, kept up with the ledger."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from daemon.clock import Clock
from daemon.docket import Docket
from daemon.workbook.afterwards import filed_at
from daemon.workbook.figures import Brief
from daemon.workbook.rows import Values, penalty_rows, row_of, sheet_of
from rules.case import Case
from sheets.columns import Sheet
from sheets.registry import CLOSED, OPEN, PENALTIES, REFUSAL_COLUMN, TWO_WAY

ARCHIVED_TO = (
    "workbook:archived-to"  # the ledger's mark: cases filed before then stand in the archive workbooks
)
_BATCH = 500


def _said(body: str | None) -> str | None:
    return None if body is None else str(json.loads(body)["said"])


class Shown:
    """The rows of the two-way sheets by key, as the ledger wants them now; `version` rises with every change."""

    def __init__(self, docket: Docket, clock: Clock) -> None:
        self._docket = docket
        self._clock = clock
        self._rows: dict[str, dict[str, Values]] = {sheet.key: {} for sheet in TWO_WAY}
        self._answers: dict[str, dict[str, str]] = {}
        self._briefs: dict[str, Brief] = {}
        self._up_to: int | None = None
        self.version = 0

    def rows(self, sheet: Sheet) -> dict[str, Values]:
        """Return the rows of a sheet by key."""
        return self._rows[sheet.key]

    def filed_before(self, moment: datetime) -> dict[str, datetime]:
        """Return when each of the cases shown was filed that was before a time; none that still lacks something."""
        return {
            number: case.filed_at
            for number, case in self._briefs.items()
            if case.filed_at is not None and case.filed_at < moment
        }

    def briefs(self) -> Iterable[Brief]:
        """Return every case shown, as the dashboard counts it."""
        return self._briefs.values()

    def forget(self) -> None:
        """Read everything anew at the next opportunity: the configuration changed."""
        self._up_to = None

    def follow(self) -> None:
        """Catch up with the ledger."""
        if self._up_to is None:
            self._load()
            return
        while True:
            changes = self._docket.ledger.changed_since(self._up_to, _BATCH)
            self._place(changes.cases)
            self._up_to = max(self._up_to, changes.up_to)
            if not changes.cases:
                return

    def answers_changed(self) -> None:
        """Catch up with what rows are told in the column of refusals."""
        before, self._answers = self._answers, self._docket.ledger.answers()
        for sheet in TWO_WAY:
            was, now = before.get(sheet.key, {}), self._answers.get(sheet.key, {})
            for key in {*was, *now}:
                if was.get(key) != now.get(key) and key in self._rows[sheet.key]:
                    self._rows[sheet.key][key] = {
                        **self._rows[sheet.key][key],
                        REFUSAL_COLUMN: _said(now.get(key)),
                    }
                    self.version += 1

    def drop(self, keys: Iterable[str]) -> None:
        """Show closed cases no longer: they stand in the archive."""
        for key in keys:
            self._briefs.pop(key, None)
            self._rows[CLOSED.key].pop(key, None)
            for number in [n for n in self._rows[PENALTIES.key] if n.startswith(f"{key}/")]:
                del self._rows[PENALTIES.key][number]
            self.version += 1

    def _load(self) -> None:
        ledger = self._docket.ledger
        up_to = ledger.last_seq()  # before the cases: what changes meanwhile is read again
        self._rows = {sheet.key: {} for sheet in TWO_WAY}
        self._briefs = {}
        self._answers = ledger.answers()
        self._place(ledger.cases(open_only=True))
        self._place(self._settled(self._oldest()))
        self._up_to = up_to
        self.version += 1

    def _settled(self, oldest: datetime) -> Iterable[Case]:
        """Yield the settled cases that the archive does not have; those that lack something, whatever their age."""
        for case in self._docket.ledger.settled_cases(closed_since=oldest):
            filed = filed_at(case, self._docket.site_of(case))
            if filed is None or filed >= oldest:
                yield case

    def _oldest(self) -> datetime:
        """Return from when on filed cases are shown: a case stays until the archive has it."""
        keep = timedelta(days=self._docket.site.config.workbook.keep_closed_days)
        aged = self._clock.now() - keep
        archived = self._docket.ledger.mark_value(ARCHIVED_TO)
        return (
            min(aged, datetime.fromisoformat(archived))
            if archived
            else datetime.min.replace(tzinfo=aged.tzinfo)
        )

    def _place_penalties(self, case: Case) -> None:
        told = self._answers.get(PENALTIES.key, {})
        for number, values in penalty_rows(self._docket, case).items():
            self._rows[PENALTIES.key][number] = {**values, REFUSAL_COLUMN: _said(told.get(number))}

    def _place(self, cases: Iterable[Case]) -> None:
        for case in cases:
            if (values := row_of(self._docket, case)) is None:
                continue
            sheet = sheet_of(case)
            for other in (OPEN, CLOSED):
                if other is not sheet:
                    self._rows[other.key].pop(case.number, None)
            self._place_penalties(case)
            told = _said(self._answers.get(sheet.key, {}).get(case.number))
            self._rows[sheet.key][case.number] = {**values, REFUSAL_COLUMN: told}
            self._briefs[case.number] = Brief(
                grade=case.grade,
                opened_at=case.opened_at,
                resolved_at=None if case.is_open else case.resolved_at,
                filed_at=filed_at(case, self._docket.site_of(case)),
                due=case.due,
                owner=str(values.get("owner") or ""),
            )
            self.version += 1
