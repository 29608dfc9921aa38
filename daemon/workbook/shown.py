"""What the workbook is to show: every case that belongs on it, kept up with the ledger."""

import json
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from daemon.clock import Clock
from daemon.docket import Docket
from daemon.ledger import LedgerError
from daemon.workbook.afterwards import filed_at
from daemon.workbook.calls import rows_of_calls
from daemon.workbook.figures import Brief
from daemon.workbook.rows import Values, link_of, penalty_rows, row_of, settled_calls, sheet_of
from rules.case import Case
from sheets.columns import Sheet
from sheets.editions import MASTER, Edition
from sheets.registry import CALLS, CLOSED, FINDINGS, OPEN, PENALTIES, REFUSAL_COLUMN

log = logging.getLogger("kesu.workbook")

ARCHIVED_TO = (
    "workbook:archived-to"  # the ledger's mark: cases filed before then stand in the archive workbooks
)
_BATCH = 500


def _said(body: str | None) -> str | None:
    return None if body is None else str(json.loads(body)["said"])


class Shown:
    """The rows of the two-way sheets by key, as the ledger wants them now; `version` rises with every change."""

    def __init__(self, docket: Docket, clock: Clock, editions: Sequence[Edition] = (MASTER,)) -> None:
        self._docket = docket
        self._clock = clock
        self._sheets = {sheet.key: sheet for edition in editions for sheet in edition.sheets}
        self._rows: dict[str, dict[str, Values]] = {key: {} for key in self._sheets}
        self._answers: dict[str, dict[str, str]] = {}
        self._briefs: dict[str, Brief] = {}
        self._up_to: int | None = None
        self._changing: dict[str, datetime] = {}  # cases whose calls come or go by themselves, and when
        self._files: dict[str, int] = {}  # how many came with a case, where any did
        self._files_up_to = 0
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
        self._count_files()
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

    def _count_files(self) -> None:
        """Catch up with the files that came with cases; nothing else need have happened to them."""
        fresh, self._files_up_to = self._docket.ledger.attachment_counts(after=self._files_up_to)
        self._files |= fresh
        for number, count in fresh.items():
            for sheet in (OPEN, CLOSED):
                if known := self._rows[sheet.key].get(number):
                    link = link_of(self._docket.site, number, count) or None
                    self._rows[sheet.key][number] = {**known, "attachments": link}
                    self.version += 1

    def answers_changed(self) -> None:
        """Catch up with what rows are told in the column of refusals."""
        before, self._answers = self._answers, self._docket.ledger.answers()
        for sheet, rows in self._rows.items():
            was, now = before.get(sheet, {}), self._answers.get(sheet, {})
            for key in {*was, *now}:
                if was.get(key) != now.get(key) and key in rows:
                    rows[key] = {**rows[key], REFUSAL_COLUMN: _said(now.get(key))}
                    self.version += 1

    def drop(self, keys: Iterable[str]) -> None:
        """Show closed cases no longer: they stand in the archive."""
        for key in keys:
            self._briefs.pop(key, None)
            for rows in self._rows.values():
                rows.pop(key, None)
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
        self._rows = {key: {} for key in self._sheets}
        self._briefs, self._changing = {}, {}
        self._answers = ledger.answers()
        self._place(ledger.cases(open_only=True))
        self._place(self._settled(self._oldest()))
        self._place(ledger.follow_ups(since=self._oldest()))
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
        if PENALTIES.key not in self._sheets:
            return
        told = self._answers.get(PENALTIES.key, {})
        for number, values in penalty_rows(self._docket, case).items():
            self._rows[PENALTIES.key][number] = {**values, REFUSAL_COLUMN: _said(told.get(number))}

    def _place_calls(self, case: Case) -> None:
        """Show the calls of a day, or a complaint's revisits and re-checks, that wait or were done lately."""
        if CALLS.key not in self._sheets:
            return
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

    def _place_finding(self, case: Case) -> None:
        if FINDINGS.key in self._sheets and (values := row_of(self._docket, case, FINDINGS)) is not None:
            self._put(FINDINGS, case.number, values)

    def _put(self, sheet: Sheet, number: str, values: Values) -> None:
        told = _said(self._answers.get(sheet.key, {}).get(number))
        self._rows[sheet.key][number] = {**values, REFUSAL_COLUMN: told}

    def _place(self, cases: Iterable[Case]) -> None:
        for case in cases:
            self._place_calls(case)
            if case.kind == "follow-up":
                self._place_penalties(case)
                self.version += 1
                continue
            sheet = self._sheets[sheet_of(case).key]
            if (values := row_of(self._docket, case, sheet, self._files.get(case.number, 0))) is None:
                continue
            for other in (OPEN, CLOSED):
                if other.key != sheet.key:
                    self._rows[other.key].pop(case.number, None)
            self._place_penalties(case)
            self._put(sheet, case.number, values)
            self._place_finding(case)
            self._briefs[case.number] = Brief(
                grade=case.grade,
                opened_at=case.opened_at,
                resolved_at=None if case.is_open else case.resolved_at,
                filed_at=filed_at(case, self._docket.site_of(case)),
                due=case.due,
                owner=str(values.get("owner") or ""),
            )
            self.version += 1
