"""Taking in what managers did: commands, answers in their rows, and what is told of it, in one commit."""

import json
import logging
from collections.abc import Mapping
from datetime import datetime

from daemon.docket import Docket
from daemon.ledger import Entry, LedgerError
from daemon.workbook import wordings
from daemon.workbook.book import Actions, Book
from daemon.workbook.editions import mark_of
from daemon.workbook.entries import Written, filled, take
from daemon.workbook.rows import sheet_of
from daemon.workbook.telling import PASSED_OVER, Told, joined, missing_of, told_of, written_rows
from rules.locales import Text
from sheets.cellvalues import ReadValue, same
from sheets.columns import Sheet
from sheets.registry import CALLS, FINDINGS, PENALTIES

log = logging.getLogger("kesu.workbook")

LACKING = "lacking"  # the ledger's mark: which of our sheets and columns are not there
STATUS = "status"
_LINES = (
    5  # about rows that are passed over in one round; more are summed up: what they hold stands there still
)


class Taking:
    """One file's changes on their way into the ledger."""

    def __init__(self, docket: Docket, entry: Entry, now: datetime) -> None:
        self._docket, self._entry, self._now = docket, entry, now
        self._locale = docket.site.locale
        self._answers = docket.ledger.answers()  # as they stood before this file
        self.recorded = False  # something changed that the workbook shows

    def take(self, book: Book, actions: Actions, *, stale: bool) -> None:
        """Carry out what managers entered and answer it row by row."""
        for sheet in book.sheets:
            found, reading = actions[sheet.key], book.readings[sheet.key]
            told = told_of(sheet, reading, found, self._locale, stale=stale)
            reasons = {key: [reason.get(self._locale) for reason in why] for key, why in told.reasons.items()}
            statuses: dict[str, str] = {}
            for written in written_rows(sheet, reading, found):
                self._take_row(self._with_refused_status(written), told, reasons, statuses)
            self._answer(sheet, told, reasons, statuses)
            self._note(told)
        self._note_missing(book)

    def _with_refused_status(self, written: Written) -> Written:
        """Judge a refused status again that still stands in the row: what it lacked may have been written now."""
        if STATUS in written.new:
            return written
        body = self._answers.get(written.sheet.key, {}).get(written.key)
        refused = None if body is None else json.loads(body).get(STATUS)
        standing = written.row.get(STATUS)
        if refused is None or not same(standing, refused):
            return written
        return Written(written.key, written.sheet, {**written.new, STATUS: standing}, written.row)

    def _take_row(
        self, written: Written, told: Told, reasons: dict[str, list[str]], statuses: dict[str, str]
    ) -> None:
        self.recorded = True
        try:
            refused = take(self._docket, self._entry, written, self._now)
        except LedgerError:
            raise
        except Exception:
            log.exception("the row of %s in the workbook cannot be taken in", written.key)
            refused = [wordings.NOT_TAKEN_IN.get(self._locale)]
        if not refused:
            told.cleared.add(written.key)
            return
        reasons.setdefault(written.key, []).extend(refused)
        if STATUS in written.new:
            statuses[written.key] = _text_of(written.new[STATUS])

    def _answer(
        self,
        sheet: Sheet,
        told: Told,
        reasons: Mapping[str, list[str]],
        statuses: Mapping[str, str],
    ) -> None:
        for key in told.cleared - reasons.keys():
            self._entry.answer_row(sheet.key, key, None, self._now)
            self.recorded = True
        for key, why in reasons.items():
            said = joined(why, self._locale)
            body = {"said": said, **({STATUS: statuses[key]} if key in statuses else {})}
            place = self._sheet_now(sheet, key)
            self._entry.answer_row(place.key, key, json.dumps(body, ensure_ascii=False), self._now)
            told.activity.append(("entry-refused", key, filled(wordings.ENTRY_REFUSED, key=key, why=said)))

    def _sheet_now(self, sheet: Sheet, key: str) -> Sheet:
        """Return where the row will stand: a case that was settled in this round has moved."""
        if sheet.key in (PENALTIES.key, FINDINGS.key, CALLS.key):
            return sheet
        case = self._entry.case(key)
        return sheet if case is None else sheet_of(case)

    def _note(self, told: Told) -> None:
        by_code: dict[str, list[tuple[str | None, Text]]] = {}
        for code, number, line in told.activity:
            by_code.setdefault(code, []).append((number, line))
        for code, lines in by_code.items():
            few = lines[:_LINES] if code == PASSED_OVER else lines
            for number, line in few:
                self._say(code, line, number)
            if len(lines) > len(few):
                self._say(code, filled(wordings.AND_MORE, count=len(lines) - len(few)), None)

    def _note_missing(self, book: Book) -> None:
        """Say once which sheets and columns of ours are not there any more."""
        lines = missing_of(book)
        told = "\n".join(line.en for line in lines)
        mark = mark_of(book.edition, LACKING)
        if (self._docket.ledger.mark_value(mark) or "") == told:
            return
        self._entry.mark(mark, told)
        for line in lines:
            self._say("missing", line, None)

    def _say(self, code: str, line: Text, number: str | None) -> None:
        self._entry.note_activity(self._now, code, line.model_dump_json(by_alias=True), number)
        self.recorded = True


def _text_of(value: ReadValue) -> str:
    return "" if value is None else str(value)
