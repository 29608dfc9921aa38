"""What the workbook is to show: every case that belongs on it, kept up with the ledger."""

import json
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from daemon.clock import Clock
from daemon.docket import Docket
from daemon.ledger import LedgerError
from daemon.workbook.calls import rows_of_calls
from daemon.workbook.figures import Brief
from daemon.workbook.rows import Values, penalty_rows, row_of, settled_calls, sheet_of
from rules.case import Case
from sheets.columns import Sheet
from sheets.registry import CALLS, CLOSED, OPEN, PENALTIES, REFUSAL_COLUMN, TWO_WAY

log = logging.getLogger("kesu.workbook")

ARCHIVED_TO = (
    "workbook:archived-to"  # the ledger's mark: cases resolved before then stand in the archive workbooks
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
        self._changing: dict[str, datetime] = {}  # cases whose calls come or go by themselves, and when
        self.version = 0

    def rows(self, sheet: Sheet) -> dict[str, Values]:
        """Return the rows of a sheet by key."""
        return self._rows[sheet.key]

    def resolved_before(self, moment: datetime) -> list[str]:
        """Return the closed cases shown that were resolved before a time."""
        return [
            number
            for number, case in self._briefs.items()
            if case.resolved_at is not None and case.resolved_at < moment
        ]

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
        self._place_changing()
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
            self._changing.pop(key, None)
            for sheet in (PENALTIES, CALLS):
                self._drop_rows(sheet, key)
            self.version += 1

    def _drop_rows(self, sheet: Sheet, number: str) -> None:
        """Show nothing more of a case on a sheet that may hold several rows of it."""
        for key in [key for key in self._rows[sheet.key] if key.startswith(f"{number}/")]:
            del self._rows[sheet.key][key]

    def _load(self) -> None:
        ledger = self._docket.ledger
        up_to = ledger.last_seq()  # before the cases: what changes meanwhile is read again
        self._rows = {sheet.key: {} for sheet in TWO_WAY}
        self._briefs, self._changing = {}, {}
        self._answers = ledger.answers()
        self._place(ledger.cases(open_only=True))
        self._place(ledger.resolved_cases(since=self._oldest()))
        self._place(ledger.follow_ups(since=self._oldest()))
        self._up_to = up_to
        self.version += 1

    def _oldest(self) -> datetime:
        """Return from when on resolved cases are shown: a case stays until the archive has it."""
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

    def _place_calls(self, case: Case) -> None:
        """Show the calls of a day, or a complaint's revisits and re-checks, that wait or were done lately."""
        now = self._clock.now()
        try:
            rows, changes = rows_of_calls(self._docket, case, now)
        except LedgerError:
            raise
        except Exception:  # as with its own row: that keeps no other from its own
            log.exception("the calls of %s cannot be shown in the workbook", case.number)
            return
        told = self._answers.get(CALLS.key, {})
        known, shown = self._rows[CALLS.key], settled_calls(rows)
        self._drop_rows(CALLS, case.number)
        known |= {key: {**values, REFUSAL_COLUMN: _said(told.get(key))} for key, values in shown.items()}
        self._changing.pop(case.number, None)
        if changes is not None:
            self._changing[case.number] = changes

    def _place_changing(self) -> None:
        """Take up rows whose time has come, and leave out those whose time is over."""
        now = self._clock.now()
        for number in [number for number, at in self._changing.items() if at <= now]:
            case = self._docket.ledger.case(number)
            if case is not None:
                self._place_calls(case)
                self.version += 1

    def _place(self, cases: Iterable[Case]) -> None:
        for case in cases:
            self._place_calls(case)
            if case.kind == "follow-up":
                self._place_penalties(case)
                self.version += 1
                continue
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
                due=case.due,
                owner=str(values.get("owner") or ""),
            )
            self.version += 1
