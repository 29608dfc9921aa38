"""The channel that keeps the master workbook: a row per case, patched in place after each change."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from daemon import words
from daemon.clock import Clock
from daemon.docket import Docket
from daemon.ledger import LedgerError
from daemon.site import Site
from rules.case import Case, Status
from rules.fields import FormKind
from rules.locales import Text
from sheets.columns import CellValue, Row
from sheets.files import (
    Fingerprint,
    WorkbookBusy,
    WorkbookChanged,
    fingerprint,
    replace_file,
    write_if_unchanged,
)
from sheets.master import MasterLabels, create_master
from sheets.patch import PatchRefused, patch_master

log = logging.getLogger("kesu.workbook")

WRITTEN = "workbook:written"  # the ledger's mark of the event up to which the workbook is written
BATCH = 500
STATUSES = {
    Status.OPEN: Text(zh_hant="處理中", zh_hans="处理中", en="Open"),
    Status.INCOMPLETE: Text(zh_hant="待補資料", zh_hans="待补资料", en="Incomplete"),
    Status.RESOLVED: Text(zh_hant="已解決", zh_hans="已解决", en="Resolved"),
}


class Workbook:
    """The master workbook of one site."""

    def __init__(self, docket: Docket, clock: Clock) -> None:
        self._docket = docket
        self._clock = clock
        self._path = docket.site.config.path(docket.site.config.workbook.path)

    def write_changes(self) -> bool:
        """Bring the workbook up to date; tell whether it is, or waits for whoever holds it."""
        try:
            while self._write_batch():
                pass
        except (WorkbookBusy, WorkbookChanged) as busy:
            log.warning("the workbook waits: %s", busy)
            return False
        except PatchRefused as refused:
            log.error("the workbook cannot be written, its rows wait: %s", refused.reason.en)
            return False
        except OSError as error:
            log.warning("the workbook waits: %s", error)
            return False
        return True

    def create(self) -> None:
        """Draw the workbook anew from the ledger, replacing none that exists."""
        rows = self._rows(self._shown_cases())
        self._path.parent.mkdir(parents=True, exist_ok=True)
        site = self._docket.site
        replace_file(
            self._path, create_master(rows, site.locale, labels=master_labels_of(site), zone=site.zone)
        )

    def _write_batch(self) -> bool:
        """Write one batch of changed cases; tell whether more may be waiting."""
        ledger = self._docket.ledger
        before = fingerprint(self._path)
        if before is None:
            up_to = ledger.last_seq()
            self.create()
            self._mark(up_to)
            return True
        changes = ledger.changed_since(self._written(), BATCH)
        if changes.cases:
            self._patch(self._rows(changes.cases), before)
        if changes.up_to > self._written():
            self._mark(changes.up_to)
        return bool(changes.cases)

    def _patch(self, rows: list[Row], before: Fingerprint) -> None:
        site = self._docket.site
        original = self._path.read_bytes()
        write_if_unchanged(self._path, patch_master(original, rows, site.locale, site.zone), before)
        log.info("workbook rows=%d", len(rows))

    def _written(self) -> int:
        return int(self._docket.ledger.mark_value(WRITTEN) or 0)

    def _mark(self, seq: int) -> None:
        with self._docket.ledger.writing() as entry:
            entry.mark(WRITTEN, str(seq))

    def _shown_cases(self) -> Iterable[Case]:
        keep = timedelta(days=self._docket.site.config.workbook.keep_closed_days)
        oldest = self._clock.now() - keep
        for case in self._docket.ledger.cases():
            if case.resolved_at is None or case.resolved_at >= oldest:
                yield case

    def _rows(self, cases: Iterable[Case]) -> list[Row]:
        return [row for case in cases if (row := self._row(case)) is not None]

    def _row(self, case: Case) -> Row | None:
        """Return the case's row; None, logged, where it cannot be shown: that keeps no other case from its row."""
        try:
            return case_row(self._docket, case)
        except LedgerError:
            raise
        except Exception:
            log.exception("case %s cannot be shown in the workbook", case.number)
            return None


def master_labels_of(site: Site) -> MasterLabels:
    """Return the policy's wording for the workbook, gravest grade first."""
    locale = site.locale
    ranked = sorted(site.policy.grades, key=lambda grade: -(grade.rank or 0))
    return MasterLabels(
        site=site.config.daemon.site,
        grades={grade.key: grade.title.get(locale) for grade in ranked},
        settled=(STATUSES[Status.RESOLVED].get(locale),),
    )


def case_row(docket: Docket, case: Case) -> Row:
    """Return what the workbook shows of a case, in the site's language."""
    site, locale = docket.site_of(case), docket.site.locale
    facts = docket.facts_of(case)
    form = site.catalogue.form(FormKind.COMPLAINT)
    history = docket.ledger.events(case.number)
    values: dict[str, CellValue] = {
        "case_number": case.number,
        "grade": site.policy.grade(case.grade).title.get(locale),
        "status": STATUSES[case.status].get(locale),
        "due_at": case.due,
        "owner": "" if not case.is_open else words.role_titles(case.owners, site.policy, locale),
        "opened_at": case.opened_at,
        "lapses": len(case.lapses),
        "feedback_due": next((task.due for task in case.tasks if not task.done), None),
        "resolution": str(case.resolution.get("resolution", "")),
        "concession": words.concession(case.resolution, locale),
        "resolved_at": case.resolved_at,
        "resolved_by": words.party(case.resolved_by, site.policy, locale) if case.resolved_at else "",
        "last_action": words.step(history[-1].event, site.policy, locale) if history else "",
        "incomplete": case.status is Status.INCOMPLETE,
        "warnings": "\n".join(case.warnings),
    }
    for key in ("department", "category", "source"):
        values[key] = words.choice(form.field(key), str(facts[key]), locale) if key in facts else ""
    for key in ("customer_name", "customer_phone", "plate_no", "description"):
        values[key] = str(facts.get(key, ""))
    amount = facts.get("repair_amount")
    values["repair_amount"] = amount if not isinstance(amount, bool | str) else None  # type: ignore[assignment]
    return Row(case.number, values)
