"""`kesu play`: a scenario run through the same rules on a virtual clock (contract.md, Scenario files)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from daemon import packs, words
from daemon.errors import UsageError
from daemon.scenario import Entry, Scenario
from daemon.scenario import load_scenario as load_scenario
from rules.after_events import Called
from rules.case import Case, Penalty, Task, apply
from rules.commands import (
    AttachForm,
    Command,
    DeadlineReached,
    Merge,
    OpenCase,
    ReceiveList,
    RecordCall,
    Recur,
    Review,
)
from rules.deadlines import Deadline, deadlines
from rules.decide import decide
from rules.duties import told_in_time
from rules.events import Event, Party, event_to_json
from rules.facts import Facts, fact_to_json
from rules.fields import FormKind
from rules.follow_up import complaint_of
from rules.notices import notices
from rules.policy import Policy
from rules.reviews import facts_asked_for
from rules.sameness import recurs


@dataclass
class Stage:
    """Where a scenario plays: the cases as they stand and what has happened so far."""

    scenario: Scenario
    cases: dict[str, Case] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    timeline: list[dict[str, object]] = field(default_factory=list)


def play(scenario: Scenario) -> dict[str, object]:
    """Run a scenario to its last entry's time, inclusive.

    What is reported at the very instant a window ends comes before the lapse.
    """
    stage = Stage(scenario)
    for entry in scenario.entries:
        _let_time_pass(stage, entry.time, inclusive=False)
        for command in entry.commands:
            _perform(stage, entry, command)
    _let_time_pass(stage, scenario.entries[-1].time, inclusive=True)
    return {
        "timeline": stage.timeline,
        "cases": [_summary(case, scenario.zone) for case in stage.cases.values()],
    }


def _perform(stage: Stage, entry: Entry, command: Command) -> None:
    match command:
        case OpenCase():
            _open(stage, entry, command)
        case ReceiveList():
            _execute(stage, _day(stage, entry, command), command, entry.time)
        case RecordCall():
            for name in _called(stage, entry, command):
                _execute(stage, name, command, entry.time)
        case _:
            if entry.case not in stage.cases:
                raise UsageError(f"entry {entry.number}: no form has opened case {entry.case!r}")
            _execute(stage, entry.case, _known(stage, command), entry.time)
            _join(stage, entry.case, command, entry.time)


def _known(stage: Stage, command: Command) -> Command:
    """Say of a merger whether the other case is there and open."""
    if not isinstance(command, Merge):
        return command
    target = stage.cases.get(command.into)
    return replace(command, known=target is not None and target.is_open)


def _join(stage: Stage, name: str, command: Command, now: datetime) -> None:
    """Put a case that was merged to the one that goes on."""
    if isinstance(command, Merge) and stage.cases[name].merged_into == command.into:
        _execute(stage, command.into, AttachForm(stage.cases[name].sender, name), now)


def _open(stage: Stage, entry: Entry, command: OpenCase) -> None:
    """Open a case, or the settled one again whose matter has come back (D36)."""
    policy = stage.scenario.policy
    settled = (
        name
        for name, case in stage.cases.items()
        if name in stage.facts and recurs(entry.facts, case, stage.facts[name], policy, entry.time)
    )
    if (name := next(settled, None)) is not None:
        _execute(stage, name, Recur(entry.facts, command.issued_by, command.sender), entry.time)
        stage.facts[name] = {**stage.facts[name], **entry.facts}
        return
    if entry.case in stage.cases:
        raise UsageError(f"entry {entry.number}: case {entry.case!r} is open already")
    stage.facts[entry.case] = entry.facts
    _execute(stage, entry.case, command, entry.time)


def _day(stage: Stage, entry: Entry, command: ReceiveList) -> str:
    """Return the name of the case that keeps a day's calls; the entry's own for the first day it lists."""
    known = (name for name, case in stage.cases.items() if case.day == command.day)
    own = entry.case if entry.case and entry.case not in stage.cases else f"calls-{command.day}"
    return next(known, own)


def _called(stage: Stage, entry: Entry, command: RecordCall) -> list[str]:
    """Return the cases that a call is recorded in: the one named, else the days that list this customer."""
    if entry.case in stage.cases:
        return [entry.case]
    days = [name for name, case in stage.cases.items() if case.kind == "follow-up"]
    listing = [name for name in days if _takes(stage, name, command, entry.time)]
    if not days:
        raise UsageError(f"entry {entry.number}: no list of deliveries has come in, and no case is named")
    return listing[:1] or days[-1:]


def _takes(stage: Stage, name: str, command: RecordCall, now: datetime) -> bool:
    events = decide(stage.cases[name], command, stage.scenario.policy, now, stage.scenario.zone)
    return any(isinstance(event, Called) for event in events)


def _let_time_pass(stage: Stage, until: datetime, *, inclusive: bool) -> None:
    while (upcoming := _next_deadline(stage)) is not None:
        name, deadline = upcoming
        if deadline.due > until or (deadline.due == until and not inclusive):
            return
        _execute(stage, name, _reached(stage, name, deadline), deadline.due)


def _reached(stage: Stage, name: str, deadline: Deadline) -> DeadlineReached:
    """In a scenario every notice is accepted at the moment it is due."""
    what, _, key = deadline.name.partition(":")
    if what not in ("overdue", "penalty"):
        return DeadlineReached(deadline.name)
    return DeadlineReached(deadline.name, told_in_time(stage.cases[name], key))


def _next_deadline(stage: Stage) -> tuple[str, Deadline] | None:
    upcoming = (
        (deadline.due, name, deadline)
        for name, case in stage.cases.items()
        for deadline in deadlines(case, stage.scenario.policy)
    )
    first = min(upcoming, default=None)
    return None if first is None else (first[1], first[2])


def _execute(stage: Stage, name: str, command: Command, now: datetime) -> None:
    case = stage.cases.get(name)
    policy, zone = stage.scenario.policy, stage.scenario.zone
    events = decide(case, command, policy, now, zone, _facts(stage, name, command))
    for event in events:
        case = apply(case, event, name)
        stage.timeline.append(_entry_of(event, name, policy, zone))
        stage.timeline.extend(_notified(case, event, policy, zone))
    if case is not None:
        stage.cases[name] = case
        _open_complaints(stage, name, case, events, now)


def _facts(stage: Stage, name: str, command: Command) -> Facts | None:
    """Return the case's typed facts; for a decision on a correction, as the correction would leave them."""
    case = stage.cases.get(name)
    if case is None or case.kind != "complaint":
        return stage.facts.get(name)
    facts = facts_asked_for(case) if isinstance(command, Review) else case.facts
    return words.typed(facts, packs.catalogue(), FormKind.COMPLAINT)


def _open_complaints(stage: Stage, name: str, case: Case, events: Sequence[Event], now: datetime) -> None:
    """Open a case for each complaint that was found in a call (D05)."""
    issuing = stage.scenario.policy.intake.issuing_roles
    for called in (event for event in events if isinstance(event, Called)):
        issuer = next((role for role in issuing if role in called.by.roles), None)
        form = complaint_of(case, called, issuer or next(iter(called.by.roles), None))
        if form is not None:
            found = f"{name}-{len(stage.cases)}"
            stage.facts[found] = form.facts
            _execute(stage, found, form, now)


def _entry_of(event: Event, name: str, policy: Policy, zone: ZoneInfo) -> dict[str, object]:
    raw = event_to_json(event)
    kind = raw.pop("kind")
    if "task" in raw:
        duty = policy.duty(str(raw["task"]))
        raw["kind"] = duty.kind if duty is not None and duty.kind else raw["task"]
    if event.kind in ("assigned", "task", "task-done"):  # nobody in particular, for no special reason
        raw = {key: value for key, value in raw.items() if key not in ("by", "note") or value not in _NOBODY}
    if kind == "penalty":  # whom it concerns by office, by name, or both; never an empty one
        raw = {key: value for key, value in raw.items() if value or key not in ("role", "person")}
    local = {key: _local(value, zone) for key, value in raw.items()}
    return {"at": local.pop("at"), "case": name, "event": kind, **local}


_NOBODY = ("", Party().model_dump(mode="json"))


def _notified(case: Case, event: Event, policy: Policy, zone: ZoneInfo) -> Iterator[dict[str, object]]:
    for notice in notices(case, event, policy):
        to: dict[str, object] = {"roles": list(notice.to)}
        if isinstance(notice.to, str):
            to = {"to": notice.to, "roles": []}
        yield {
            "at": event.at.astimezone(zone).isoformat(),
            "case": case.number,
            "event": "notified",
            "template": notice.template,
            **to,
            "clause": notice.clause,
        }


def _summary(case: Case, zone: ZoneInfo) -> dict[str, object]:
    return {
        "case": case.number,
        "status": case.status.value,
        "grade": case.grade,
        "clause": case.grade_clause,
        "stage": case.stage,
        "owner_roles": list(case.owners),
        "opened_at": case.opened_at.astimezone(zone).isoformat(),
        "due": None if case.due is None else case.due.astimezone(zone).isoformat(),
        "lapses": len(case.lapses),
        "resolved_at": None if case.resolved_at is None else case.resolved_at.astimezone(zone).isoformat(),
        "penalties": [_penalty(penalty) for penalty in case.penalties],
        "tasks": [_task(task, zone) for task in case.tasks],
    }


def _task(task: Task, zone: ZoneInfo) -> dict[str, object]:
    return {
        "task": task.task,
        "role": task.role,
        "due": task.due.astimezone(zone).isoformat(),
        "done": task.done,
        "overdue": task.overdue_at is not None,
    }


def _penalty(penalty: Penalty) -> dict[str, object]:
    whom = {"role": penalty.role, "person": penalty.person}
    return {
        "penalty": penalty.number,
        "amount": None if penalty.amount is None else fact_to_json(penalty.amount),
        **{key: value for key, value in whom.items() if value},
        "clause": penalty.clause,
        "state": penalty.state.value,
    }


_TIME = re.compile(r"\d{4}-\d\d-\d\dT.+")


def _local(value: object, zone: ZoneInfo) -> object:
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value).astimezone(zone).isoformat()
        except ValueError:
            return value
    return value
