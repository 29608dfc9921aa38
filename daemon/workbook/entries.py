"""What a manager's entry means: notes beside a case, or a report on it, judged by the same rules as a mail."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from daemon import correcting, verdicts, words
from daemon.docket import Docket
from daemon.ledger import Entry
from daemon.workbook import afterwards, disposals, rulings, wordings
from daemon.workbook.calls import notes_of, take_call, wanted_of
from daemon.workbook.rows import status_key, status_text
from parsers.reply_concessions import read_concessions
from rules.case import Case
from rules.commands import Annotate, Appeal, Correct, Inform, RecordFinding, Report, Review
from rules.conditions import FactValue
from rules.events import Party, Refused
from rules.facts import Json
from rules.fields import FormKind
from rules.locales import Text
from sheets.cellvalues import CellError, ReadValue
from sheets.columns import ColumnKind, Sheet
from sheets.registry import CALLS, PENALTIES, STATUSES
from sheets.texts import plain_text

Values = Mapping[str, ReadValue]
NO_CONCESSION = frozenset({"無", "无", "沒有", "没有", "-", "—", "/", "0", "none", "no", "n/a"})
_REPORTS = {"resolved": "resolved", "partly": "partly", "open": "unresolved"}


@dataclass(frozen=True)
class Written:
    """What a manager wrote in one row: the cells that are new, and the whole row as it stands now."""

    key: str
    sheet: Sheet
    new: Values
    row: Values


def manager_of(docket: Docket) -> Party:
    """Return who acts when somebody writes in the workbook: a role, for whoever saved a file can be forged."""
    role = docket.site.workbook_role
    return Party(roles=(role,) if role else (), name=wordings.ENTERED_IN.get(docket.site.locale))


def take(docket: Docket, entry: Entry, written: Written, now: datetime) -> list[str]:
    """Carry out what was written in a row; return why parts of it were not accepted, in the site's language."""
    number, _, penalty = written.key.partition("/")
    case = entry.case(number)
    if case is None:
        return []
    taking = _Taking(docket, entry, case, written, now)
    if written.sheet is PENALTIES:
        taking.appeal(int(penalty))
        taking.ruling(int(penalty))
    elif written.sheet is CALLS:
        taking.call()
    else:
        taking.notes()
        taking.status()
        taking.finding()
        taking.afterwards()
        taking.disposal()
    return [reason.get(docket.site.locale) for reason in taking.refused]


class _Taking:
    """One row's entries on their way into the ledger."""

    def __init__(self, docket: Docket, entry: Entry, case: Case, written: Written, now: datetime) -> None:
        self._docket, self._entry, self._case, self._now = docket, entry, case, now
        self._written = written
        self._by = manager_of(docket)
        self.refused: list[Text] = []

    def notes(self) -> None:
        """Keep what was written in columns that only say something."""
        kept: dict[str, Json] = {}
        for name, value in self._written.new.items():
            read_elsewhere = name in ("status", *disposals.COLUMNS) or (
                name in afterwards.OWN and not isinstance(value, CellError)
            )
            if not read_elsewhere and self._is_clear(name, value):
                kept[name] = _json(value)
        self._case = self._docket.perform(self._entry, self._case, Annotate(self._by, kept), self._now)

    def _is_clear(self, name: str, value: ReadValue) -> bool:
        column = self._written.sheet.column(name)
        if isinstance(value, CellError):
            self._refuse(wordings.NOT_A_VALUE, column=column.header, found=value.code)
            return False
        if column.kind is ColumnKind.DATETIME and value is not None and not isinstance(value, datetime):
            self._refuse(wordings.NOT_A_TIME, column=column.header, found=str(value))
            return False
        return True

    def status(self) -> None:
        """Take a new status as a report."""
        if "status" not in self._written.new:
            return
        found = self._written.new["status"]
        wanted = self._status_of(found)
        if wanted is None:
            self._refuse(wordings.UNKNOWN_STATUS, found=_shown(found))
        elif wanted != status_key(self._case):
            self._report(wanted)

    def _status_of(self, found: ReadValue) -> str | None:
        """Return which status the text names, in any language; an emptied cell changes nothing."""
        text = _shown(found).strip().casefold()
        site = self._docket.site_of(self._case)
        if not text or text == status_text(self._case, site, self._docket.site.locale).casefold():
            return status_key(self._case)
        for key, wording in STATUSES.items():
            if text in (word.casefold() for word in wording.all()):
                return key
        results = self._docket.site.catalogue.form(FormKind.HANDLING).field("result").choices
        named = [
            choice.key
            for choice in results
            if text in (word.casefold() for word in (*choice.label.all(), *choice.synonyms))
        ]
        return (
            {"resolved": "resolved", "partly": "partly", "unresolved": "open"}.get(named[0])
            if named
            else None
        )

    def _report(self, status: str) -> None:
        if not self._case.is_open:
            self.refused.append(wordings.ALREADY_CLOSED)
        elif status == "closed":
            self.refused.append(wordings.CLOSES_BY_ITSELF)
        elif status not in _REPORTS or (status == "open" and not self._case.partly):
            self._refuse(wordings.CANNOT_GO_BACK, found=STATUSES[status])
        elif status == "resolved" and not _shown(self._written.row.get("resolution")).strip():
            self.refused.append(wordings.RESOLUTION_FIRST)
        elif (facts := self._facts(_REPORTS[status])) is not None:
            self._perform(Report(self._by, facts))

    def _facts(self, result: str) -> dict[str, FactValue] | None:
        """Return the facts of the report; None, refused, where the concession cannot be read for certain."""
        facts: dict[str, FactValue] = {"result": result}
        if resolution := _shown(self._written.row.get("resolution")).strip():
            facts["resolution"] = resolution
        promised = _shown(self._written.row.get("concession")).strip()
        if promised.casefold() in NO_CONCESSION | {""}:
            return facts
        granted, problems = read_concessions(promised)
        if problems or not granted:
            self._refuse(wordings.UNKNOWN_CONCESSION, found=promised)
            return None
        return facts | granted

    def _perform(self, report: Report) -> None:
        for event in self._docket.foresee(self._case, report, self._now):
            if isinstance(event, Refused):
                self._explain(event)
        self._case = self._docket.perform(self._entry, self._case, report, self._now)

    def _explain(self, refused: Refused) -> None:
        site, locale = self._docket.site_of(self._case), self._docket.site.locale
        role = words.role_titles(self._by.roles, site.policy, locale)
        if refused.reason == "over-authority":
            self._refuse(
                wordings.OVER_AUTHORITY if refused.sent_to else wordings.OVER_ALL_AUTHORITY,
                promised=words.concession(refused.facts, locale),
                clause=refused.clause,
                who=words.role_titles(refused.sent_to, site.policy, locale),
            )
        elif refused.reason == "not-entitled":
            self._refuse(wordings.NOT_ENTITLED, role=role or wordings.WORKBOOK, clause=refused.clause)
        else:
            self.refused.append(wordings.ALREADY_CLOSED)

    def finding(self) -> None:
        """Record a finding once both of its cells are filled in and one of them is new (D27)."""
        row, new = self._written.row, self._written.new
        whom, what = (_shown(row.get(name)).strip() for name in ("fault_of", "fault"))
        if not {"fault_of", "fault"} & new.keys() or not whom or not what:
            return
        party, cause = self._docket.site.somebody(whom), self._cause_of(what)
        if party is None:
            self._refuse(wordings.UNKNOWN_PERSON, found=whom)
        elif cause is None:
            self._refuse(wordings.UNKNOWN_CAUSE, found=what, known=self._causes())
        else:
            self._judge(RecordFinding(self._by, party, cause))

    def _cause_of(self, found: str) -> str | None:
        findings = self._docket.site_of(self._case).policy.findings
        causes = {} if findings is None else findings.causes
        wanted = found.casefold()
        named = [
            k for k, c in causes.items() if wanted in (k, *(title.casefold() for title in c.title.all()))
        ]
        return named[0] if named else None

    def _causes(self) -> Text:
        findings = self._docket.site_of(self._case).policy.findings
        titles = [] if findings is None else [cause.title for cause in findings.causes.values()]
        return Text(
            zh_hant="、".join(title.zh_hant for title in titles) or "—",
            zh_hans="、".join(title.zh_hans for title in titles) or "—",
            en=", ".join(title.en for title in titles) or "—",
        )

    def disposal(self) -> None:
        """Change the case as somebody chose and explained (K06, K07); both cells are empty again once it is done."""
        if not set(disposals.COLUMNS) & self._written.new.keys():
            return
        chosen, note = (_shown(self._written.row.get(name)).strip() for name in disposals.COLUMNS)
        done = bool(chosen) and self._change(chosen, note)
        entries: dict[str, Json] = {
            name: None if done or not said else said
            for name, said in zip(disposals.COLUMNS, (chosen, note), strict=True)
        }
        self._case = self._docket.perform(self._entry, self._case, Annotate(self._by, entries), self._now)

    def _change(self, chosen: str, note: str) -> bool:
        """Tell whether what was chosen is done; while its explanation is still to come it is not."""
        site, kind = self._docket.site_of(self._case), disposals.kind_of(chosen)
        if kind is None:
            self._refuse(wordings.UNKNOWN_CHANGE, found=chosen)
            return False
        asked = disposals.asked(kind, note, site, self._now)
        command = None if asked is None else correcting.command_of(asked, self._by, site)
        if isinstance(command, Text):
            self.refused.append(command)
        if command is None or isinstance(command, Text):
            return False
        if isinstance(command, Correct):
            command = replace(
                command, in_person=False
            )  # whoever can write the file is not the director himself
        refusals = self._case.refusals
        self._case = correcting.perform(self._docket, self._entry, self._case, command, self._now)
        if self._case.refusals == refusals:
            return True
        self._explain_change()
        return False

    def _explain_change(self) -> None:
        """Say why a change was refused, as the case's history does."""
        last = next(
            row.event
            for row in reversed(self._entry.events(self._case.number))
            if isinstance(row.event, Refused)
        )
        reason = verdicts.REFUSALS[last.reason]
        self._refuse(wordings.CHANGE_REFUSED, why=reason, clause=last.clause)

    def afterwards(self) -> None:
        """Take a review, and that the customer was told (D34, D40)."""
        new = {name: value for name, value in self._written.new.items() if not isinstance(value, CellError)}
        for entry in afterwards.entered(new, self._written.row, self._case, self._by, self._now):
            if isinstance(entry.asked, Text):
                self._refuse(entry.asked, found=entry.said)
            else:
                self._settle(entry.asked, entry.said)

    def _settle(self, command: Review | Inform, said: str) -> None:
        """Carry an entry out; what is refused of it is told word for word, for it is cleared."""
        before = len(self.refused)
        self._judge(command)
        self.refused[before:] = [
            filled(wordings.SAID, why=why, found=said) if said else why for why in self.refused[before:]
        ]

    def appeal(self, number: int) -> None:
        """Take the reasons somebody wrote beside his penalty as his appeal (D31)."""
        if "appeal" not in self._written.new:
            return
        text = _shown(self._written.new.get("appeal")).strip()
        penalty = self._case.penalty(number)
        kept = Annotate(self._by, {f"appeal {number}": text or None})
        self._case = self._docket.perform(self._entry, self._case, kept, self._now)
        if text and penalty is not None:
            self._judge(Appeal(penalty.party, number, text))

    def ruling(self, number: int) -> None:
        """Ask whoever rules to confirm the ruling written beside a penalty: whoever can write the file is not he."""
        penalty = self._case.penalty(number)
        if penalty is None or not set(rulings.COLUMNS) & self._written.new.keys():
            return
        chosen, why = (_shown(self._written.row.get(name)).strip() for name in rulings.COLUMNS)
        asking = rulings.Asking(self._docket, self._entry, self._by, self._now)
        self._case, reason = asking.take(self._case, penalty, chosen, why)
        if reason is not None:
            clause, said = rulings.clause_of(self._case, self._docket), " ".join(filter(None, (chosen, why)))
            told = filled(reason, clause=clause, found=chosen)
            self.refused.append(filled(wordings.SAID, why=told, found=said))

    def call(self) -> None:
        """Keep what was written in a row of the calls, and record the call once it says whether anybody was reached."""
        clear = [name for name, value in self._written.new.items() if self._is_clear(name, value)]
        if len(clear) < len(self._written.new):
            return
        key, wanted = self._written.key, wanted_of(self._written.row)
        if wanted.reached is None and _shown(self._written.row.get("reached")).strip():
            self._refuse(wordings.YES_OR_NO, found=_shown(self._written.row.get("reached")))
        kept = Annotate(self._by, notes_of(key, wanted))
        self._case = self._docket.perform(self._entry, self._case, kept, self._now)
        name = wordings.ENTERED_IN.get(self._docket.site.locale)
        if set(clear) <= {"call_note"}:
            return
        self.refused += take_call(self._docket, self._entry, self._case, key, wanted, name, self._now)

    def _judge(self, command: RecordFinding | Appeal | Review | Inform) -> None:
        for event in self._docket.foresee(self._case, command, self._now):
            if isinstance(event, Refused):
                why = wordings.NOT_SETTLED.get(event.asked, {}).get(event.reason)
                self._refuse(why or wordings.NOT_JUDGED[event.reason], clause=event.clause)
        self._case = self._docket.perform(self._entry, self._case, command, self._now)

    def _refuse(self, reason: Text, **parts: str | Text) -> None:
        self.refused.append(filled(reason, **parts))


def filled(wording: Text, **parts: str | Text | int) -> Text:
    """Fill a wording's gaps, each in its own language."""

    def said(language: str) -> str:
        told = {
            name: getattr(part, language) if isinstance(part, Text) else str(part)
            for name, part in parts.items()
        }
        return str(getattr(wording, language)).format(**told)

    return Text(zh_hant=said("zh_hant"), zh_hans=said("zh_hans"), en=said("en"))


def _shown(value: ReadValue) -> str:
    if isinstance(value, CellError):
        return value.code
    return "" if value is None else plain_text(str(value))


def _json(value: ReadValue) -> Json:
    match value:
        case None | "":
            return None
        case datetime():
            return value.isoformat()
    return _shown(value)
