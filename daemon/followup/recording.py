"""Results of calls on their way into the ledger: against the right days, a complaint opening its case (D05, D25)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from daemon.docket import Docket
from daemon.ledger import Entry
from rules.after_events import Called
from rules.case import Case
from rules.commands import RecordCall
from rules.events import Event, RefusalReason, Refused
from rules.follow_up import complaint_of, number_of
from rules.sameness import persons

_GRAVEST: tuple[RefusalReason, ...] = ("already-recorded", "not-entitled", "not-on-list")
_UNLISTED: tuple[Case | None, RefusalReason] = (None, "not-on-list")


@dataclass(frozen=True)
class Recorded:
    """What a result came to: the days or cases that took it, the case its complaint opened, or why none did."""

    cases: tuple[Case, ...] = ()
    opened: Case | None = None
    refused: RefusalReason | None = None


class Recorder:
    """Records the results of one message, or one row of the workbook, in one transaction."""

    def __init__(self, docket: Docket, entry: Entry, now: datetime) -> None:
        self._docket, self._entry, self._now = docket, entry, now
        self._days: dict[str, Case] | None = None

    def record(self, command: RecordCall, day: date | None = None) -> Recorded:
        """Record a result on the day it is about; of every open day that waits for it where none is named."""
        cases = self._candidates(day)
        foreseen = [(case, self._docket.foresee(case, command, self._now)) for case in cases]
        taking = [case for case, events in foreseen if _calls(events)]
        taking = taking or [case for case in self._complaints(command) if self._takes(case, command)][:1]
        if taking:
            return self._carry_out(taking, command)
        return self._refuse([(case, events[0]) for case, events in foreseen if events], command)

    def _complaints(self, command: RecordCall) -> Iterator[Case]:
        """Yield the complaints of a customer: he may be one who is called again (D35)."""
        facts = {"customer_phone": command.phone, "plate_no": command.plate_no, "vin": command.vin}
        said = {key: value for key, value in facts.items() if value}
        for key, value in persons(said, self._docket.site.policy.intake.same_person).items():
            yield from self._entry.settled_cases_with(key, value)
            yield from self._entry.open_cases_with(key, value)

    def _takes(self, case: Case, command: RecordCall) -> bool:
        return bool(_calls(self._docket.foresee(case, command, self._now)))

    def record_on(self, case: Case, command: RecordCall) -> Recorded:
        """Record a result on one case or day."""
        events = self._docket.foresee(case, command, self._now)
        if _calls(events):
            return self._carry_out([case], command)
        return self._refuse([(case, event) for event in events[:1]], command)

    def _candidates(self, day: date | None) -> list[Case]:
        if self._days is None:
            self._days = {case.number: case for case in self._entry.follow_ups(open_only=True)}
        follow_up = self._docket.site.policy.follow_up
        if day is not None and follow_up is not None:
            number = number_of(day, follow_up)
            case = self._days.get(number) or self._entry.case(number)
            if case is not None:
                return [case]
        return list(self._days.values())

    def _carry_out(self, cases: list[Case], command: RecordCall) -> Recorded:
        found: tuple[Case, Called] | None = None
        after = []
        for case in cases:
            for called in _calls(self._docket.foresee(case, command, self._now)):
                if command.complaint and (found is None or self._issues(case, called)):
                    found = (case, called)
            after.append(self._kept(self._docket.perform(self._entry, case, command, self._now)))
        return Recorded(tuple(after), None if found is None else self._open(*found))

    def _issues(self, case: Case, called: Called) -> bool:
        return self._role(case, called) in self._docket.site_of(case).policy.intake.issuing_roles

    def _role(self, case: Case, called: Called) -> str | None:
        task = case.task(called.task)
        return None if task is None else task.role

    def _open(self, case: Case, called: Called) -> Case | None:
        """Open a case for what a customer complained of: special where customer care called, else graded (D05)."""
        form = complaint_of(case, called, self._role(case, called))
        return None if form is None else self._docket.open(self._entry, form, self._now)

    def _refuse(self, foreseen: list[tuple[Case, Event]], command: RecordCall) -> Recorded:
        """Record the refusal where it says most; what was recorded before is no event of its own."""
        refused = [(case, event) for case, event in foreseen if isinstance(event, Refused)]
        known = {event.reason: (case, event.reason) for case, event in refused}
        said = next((known[reason] for reason in _GRAVEST if reason in known), None)
        case, reason = said or next(iter(known.values()), _UNLISTED)
        if case is not None and reason != "already-recorded":
            case = self._kept(self._docket.perform(self._entry, case, command, self._now))
        return Recorded(() if case is None else (case,), refused=reason)

    def _kept(self, case: Case) -> Case:
        if self._days is not None and case.number in self._days:
            self._days[case.number] = case
        return case


def _calls(events: list[Event]) -> list[Called]:
    return [event for event in events if isinstance(event, Called)]
