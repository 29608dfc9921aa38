"""A case as its events made it: the projection the rules decide on."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import reduce
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from rules.after_events import Delivery, Listed
from rules.case_afterwards import afterwards, union
from rules.case_parts import OPEN_STATUSES as OPEN_STATUSES
from rules.case_parts import SETTLED_STATUSES as SETTLED_STATUSES
from rules.case_parts import Asking, Call
from rules.case_parts import Penalty as Penalty
from rules.case_parts import Status as Status
from rules.case_parts import Task as Task
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
    PenaltyWithheld,
    Refused,
    Reminded,
    Reported,
    Resolved,
    TaskDone,
    TaskOpened,
    TaskOverdue,
)
from rules.policy import ConcessionKind


class Case(BaseModel):
    """Everything the rules need to know of one complaint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str
    kind: Literal["complaint", "follow-up"] = "complaint"
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
    notes: JsonFacts = Field(default_factory=dict)  # what managers wrote beside it in the workbook, by column
    refusals: int = 0
    resolution: JsonFacts = Field(default_factory=dict)
    resolved_by: Party = Party()
    resolved_at: AwareDatetime | None = None
    openings: int = 1  # how often it was opened
    round: int = 1  # how often its stages were begun anew, by opening it again or by a correction
    afterwards: JsonFacts = Field(default_factory=dict)  # what the order said, and that the customer was told
    approvals: tuple[Asking, ...] = ()  # the latest of each kind
    closed_at: AwareDatetime | None = None
    merged_into: str = ""
    held_until: AwareDatetime | None = None
    held_seconds: float | None = None  # what was left of its window when it was held
    held_note: str = ""
    day: date | None = None  # of a follow-up: the day the cars were handed over
    deliveries: tuple[Delivery, ...] = ()
    calls: tuple[Call, ...] = ()
    last_event: str = ""
    last_at: AwareDatetime

    @property
    def is_open(self) -> bool:
        """Tell whether its clock still runs."""
        return self.status in OPEN_STATUSES

    @property
    def open_tasks(self) -> tuple[Task, ...]:
        """The duties still owed, first due first."""
        return tuple(sorted((task for task in self.tasks if not task.done), key=lambda task: task.due))

    def asking(self, what: str) -> Asking | None:
        """Return how the approval of `what` stands, None where nobody was asked."""
        return next((asking for asking in self.approvals if asking.what == what), None)

    def delivery(self, key: str) -> Delivery | None:
        """Return the delivery called `key`, None if the day has none."""
        return next((delivery for delivery in self.deliveries if delivery.key == key), None)

    def task(self, key: str) -> Task | None:
        """Return the duty called `key`, None if the case has none."""
        return next((task for task in self.tasks if task.task == key), None)

    def penalty(self, number: int) -> Penalty | None:
        """Return penalty `number` of the case, from 1; None if there is none."""
        return next((penalty for penalty in self.penalties if penalty.number == number), None)


def apply(case: Case | None, event: Event, number: str = "") -> Case:
    """Return the case after `event`; the first is `Opened`, of a follow-up `Listed`, and needs its `number`."""
    if case is None:
        if isinstance(event, Listed):
            return _listed(event, number)
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


def _listed(event: Listed, number: str) -> Case:
    return Case(
        number=number,
        kind="follow-up",
        policy=event.policy,
        opened_at=event.at,
        facts={},
        sender=event.by,
        day=event.day,
        deliveries=event.rows,
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
            return _reminded(case, event)
        case Lapsed():
            return case.model_copy(update={"lapses": (*case.lapses, event.stage)})
        case Escalated():
            told = union(case.told, (*event.report_to, *event.notify))
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
            told = union(case.told, event.sent_to)
            return case.model_copy(update={"refusals": case.refusals + 1, "told": told})
        case Resolved():
            return case.model_copy(
                update={
                    "status": Status.RESOLVED,
                    "due": None,
                    "held_until": None,
                    "held_seconds": None,
                    "held_note": "",
                    "resolution": event.facts,
                    "resolved_by": event.by,
                    "resolved_at": event.at,
                }
            )
        case _:
            return afterwards(case, event)


def _reminded(case: Case, event: Reminded) -> Case:
    what, _, key = event.about.partition(":")
    match what:
        case "task":
            return _task_changed(case, key, reminded_at=event.at)
        case "approval":
            asked = (
                a.model_copy(update={"reminded_at": event.at}) if a.what == key else a for a in case.approvals
            )
            return case.model_copy(update={"approvals": tuple(asked)})
        case _:
            return case.model_copy(update={"reminded_at": event.at})


def _owed(case: Case, event: TaskOpened | TaskDone | TaskOverdue | PenaltyWithheld) -> Case:
    match event:
        case TaskOpened():
            return _begun(case, event)
        case TaskDone():
            return _task_changed(case, event.task, done=True, done_at=event.at, fine_at=None)
        case TaskOverdue():
            return _task_changed(case, event.task, overdue_at=event.at, fine_at=event.fine_at)
        case PenaltyWithheld():
            return _task_changed(case, event.task, fine_at=event.until)


def _begun(case: Case, event: TaskOpened) -> Case:
    known = case.task(event.task)
    task = Task(
        task=event.task,
        role=event.role,
        due=event.due,
        clause=event.clause,
        opened_at=event.at,
        starts=event.starts,
        opening=case.openings,
        times=1 if known is None else known.times + 1,
    )
    others = (other for other in case.tasks if other.task != event.task)
    told = case.told if event.starts is not None else union(case.told, (event.role,))
    return case.model_copy(update={"tasks": (*others, task), "told": told})


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
    in_vain = ("hold", "correction") if event.because == "lapse" else ()  # what nobody granted in time
    anew = event.due is not None or event.stage != case.stage
    return case.model_copy(
        update={
            "stage": event.stage,
            "stages": (*case.stages, event.stage),
            "round": case.round + (event.because == "correction"),
            "owners": event.roles,
            "assigned_at": event.at,
            "due": event.due,
            **({"held_until": None, "held_seconds": None, "held_note": ""} if anew else {}),
            "reminded_at": None,
            "told": union(case.told, event.roles),
            "approvals": tuple(asking for asking in case.approvals if asking.what not in in_vain),
        }
    )
