"""A case as its events made it: the projection the rules decide on."""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from functools import reduce

from pydantic import AwareDatetime, BaseModel, ConfigDict

from rules.events import (
    Amended,
    Assigned,
    Escalated,
    Event,
    Graded,
    JsonFacts,
    Lapsed,
    Noted,
    Opened,
    Party,
    Penalised,
    PenaltyState,
    PenaltyWithheld,
    PendingReason,
    Refused,
    Reminded,
    Reported,
    Resolved,
    TaskDone,
    TaskOpened,
    TaskOverdue,
)
from rules.policy import ConcessionKind


class Status(StrEnum):
    """How a case stands."""

    INCOMPLETE = "incomplete"  # required facts are missing; its clock runs all the same
    OPEN = "open"
    RESOLVED = "resolved"


class Task(BaseModel):
    """A duty beside the stages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    role: str
    due: AwareDatetime
    clause: str
    done: bool = False
    overdue_at: AwareDatetime | None = None  # when it was found not done in time
    fine_at: AwareDatetime | None = None  # when its penalty is looked at again

    @property
    def occurrence(self) -> str:
        """The fault of not doing it in time, told from any other of the case."""
        return f"task:{self.task}"


class Penalty(BaseModel):
    """A penalty of the case, as its last event left it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    key: str
    cause: str
    occurrence: str
    party: Party
    role: str
    person: str
    amount: Decimal | None
    clause: str
    state: PenaltyState
    reason: PendingReason | None
    imposed_at: AwareDatetime
    changed_at: AwareDatetime


class Case(BaseModel):
    """Everything the rules need to know of one complaint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str
    policy: str = ""
    status: Status = Status.OPEN
    opened_at: AwareDatetime
    facts: JsonFacts
    issued_by: str | None = None
    sender: Party = Party()
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    grade: str = ""
    grade_clause: str = ""
    grade_reason: str = ""
    stage: str = ""
    stages: tuple[str, ...] = ()  # every stage reached, in order
    owners: tuple[str, ...] = ()
    assigned_at: AwareDatetime | None = None
    due: AwareDatetime | None = None
    reminded_at: AwareDatetime | None = None  # last reminder of this stage
    lapses: tuple[str, ...] = ()  # stages that lapsed, in order
    told: tuple[str, ...] = ()  # roles that have had a mail about this case
    tasks: tuple[Task, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    promised: tuple[ConcessionKind, ...] = ()  # kinds of concession reported, the latest last
    reports: int = 0
    partly: bool = False  # the last report said that a part is settled; the clock runs on
    notes: JsonFacts = {}  # what managers wrote beside it in the workbook, by column
    refusals: int = 0
    resolution: JsonFacts = {}
    resolved_by: Party = Party()
    resolved_at: AwareDatetime | None = None
    last_event: str = ""
    last_at: AwareDatetime

    @property
    def is_open(self) -> bool:
        """Tell whether its clock still runs."""
        return self.status is not Status.RESOLVED

    def task(self, key: str) -> Task | None:
        """Return the duty called `key`, None if the case has none."""
        return next((task for task in self.tasks if task.task == key), None)

    def penalty(self, number: int) -> Penalty | None:
        """Return penalty `number` of the case, from 1; None if there is none."""
        return next((penalty for penalty in self.penalties if penalty.number == number), None)


def apply(case: Case | None, event: Event, number: str = "") -> Case:
    """Return the case after `event`; the first event of a case is `Opened` and needs its `number`."""
    if case is None:
        if not isinstance(event, Opened):
            raise ValueError(f"a case begins with 'opened', not {event.kind!r}")
        return _opened(event, number)
    return _changed(case, event).model_copy(update={"last_event": event.kind, "last_at": event.at})


def replay(number: str, events: Iterable[Event]) -> Case | None:
    """Rebuild a case from all its events; None if there are none."""
    return reduce(lambda case, event: apply(case, event, number), events, None)


def _opened(event: Opened, number: str) -> Case:
    return Case(
        number=number,
        policy=event.policy,
        status=Status.INCOMPLETE if event.missing else Status.OPEN,
        opened_at=event.at,
        facts=event.facts,
        issued_by=event.issued_by,
        sender=event.sender,
        missing=event.missing,
        warnings=event.warnings,
        last_event=event.kind,
        last_at=event.at,
    )


def _changed(case: Case, event: Event) -> Case:
    match event:
        case Amended():
            return _amended(case, event)
        case Graded():
            return case.model_copy(
                update={"grade": event.grade, "grade_clause": event.clause, "grade_reason": event.reason}
            )
        case Assigned():
            return _assigned(case, event)
        case Reminded():
            return case.model_copy(update={"reminded_at": event.at})
        case Lapsed():
            return case.model_copy(update={"lapses": (*case.lapses, event.stage)})
        case Escalated():
            told = _union(case.told, (*event.report_to, *event.notify))
            return case.model_copy(update={"grade": event.to, "grade_clause": event.clause, "told": told})
        case _:
            return _answered(case, event)


def _answered(case: Case, event: Event) -> Case:
    match event:
        case TaskOpened() | TaskDone() | TaskOverdue() | PenaltyWithheld():
            return _owed(case, event)
        case Penalised():
            return _penalised(case, event)
        case Reported():
            partly = event.facts.get("result") == "partly"
            promised = _promised(case.promised, event.facts)
            return case.model_copy(
                update={"reports": case.reports + 1, "partly": partly, "promised": promised}
            )
        case Noted():
            notes = {**case.notes, **event.entries}
            kept = {key: value for key, value in notes.items() if value is not None}
            return case.model_copy(update={"notes": kept})
        case Refused():
            told = _union(case.told, event.sent_to)
            return case.model_copy(update={"refusals": case.refusals + 1, "told": told})
        case Resolved():
            return case.model_copy(
                update={
                    "status": Status.RESOLVED,
                    "due": None,
                    "resolution": event.facts,
                    "resolved_by": event.by,
                    "resolved_at": event.at,
                }
            )
        case _:
            return case


def _owed(case: Case, event: TaskOpened | TaskDone | TaskOverdue | PenaltyWithheld) -> Case:
    match event:
        case TaskOpened():
            task = Task(task=event.task, role=event.role, due=event.due, clause=event.clause)
            told = _union(case.told, (event.role,))
            return case.model_copy(update={"tasks": (*case.tasks, task), "told": told})
        case TaskDone():
            return _task_changed(case, event.task, done=True, fine_at=None)
        case TaskOverdue():
            return _task_changed(case, event.task, overdue_at=event.at, fine_at=event.fine_at)
        case PenaltyWithheld():
            return _task_changed(case, event.task, fine_at=event.until)


def _task_changed(case: Case, key: str, **changes: object) -> Case:
    tasks = (task.model_copy(update=changes) if task.task == key else task for task in case.tasks)
    return case.model_copy(update={"tasks": tuple(tasks)})


def _penalised(case: Case, event: Penalised) -> Case:
    known = case.penalty(event.penalty)
    penalty = Penalty(
        number=event.penalty,
        key=event.key,
        cause=event.cause,
        occurrence=event.occurrence,
        party=event.party,
        role=event.role,
        person=event.person,
        amount=event.amount,
        clause=event.clause,
        state=event.state,
        reason=event.reason,
        imposed_at=event.at if known is None else known.imposed_at,
        changed_at=event.at,
    )
    others = (other for other in case.penalties if other.number != event.penalty)
    penalties = sorted((*others, penalty), key=lambda each: each.number)
    tasks = (
        task.model_copy(update={"fine_at": None}) if task.occurrence == event.occurrence else task
        for task in case.tasks
    )
    return case.model_copy(update={"penalties": tuple(penalties), "tasks": tuple(tasks)})


def _promised(known: tuple[ConcessionKind, ...], facts: JsonFacts) -> tuple[ConcessionKind, ...]:
    """Return the kinds of concession promised so far, those of this report last."""
    now = tuple(kind for kind in ConcessionKind if Decimal(str(facts.get(kind.value) or 0)) > 0)
    return (*(kind for kind in known if kind not in now), *now)


def _amended(case: Case, event: Amended) -> Case:
    return case.model_copy(
        update={
            "facts": event.facts,
            "missing": event.missing,
            "warnings": event.warnings,
            "status": Status.INCOMPLETE if event.missing else Status.OPEN,
        }
    )


def _assigned(case: Case, event: Assigned) -> Case:
    return case.model_copy(
        update={
            "stage": event.stage,
            "stages": (*case.stages, event.stage),
            "owners": event.roles,
            "assigned_at": event.at,
            "due": event.due,
            "reminded_at": None,
            "told": _union(case.told, event.roles),
        }
    )


def _union(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))
