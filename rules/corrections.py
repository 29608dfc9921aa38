"""Corrections: wrong facts, the wrong people, doubles, complaints that are none, and clocks that must stand still."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from rules.after_events import Approval, Corrected, Held, Merged, Reopened, Resumed, Withdrawn
from rules.after_rules import Review as ReviewRule
from rules.case import Case, Status
from rules.case_parts import Asking
from rules.closing import FILED, refused
from rules.commands import (
    Correct,
    Correction,
    Hold,
    Merge,
    Reassign,
    Recur,
    Release,
    Reopen,
    Review,
    Withdraw,
)
from rules.conditions import FactValue
from rules.events import Amended, Asked, Assigned, Event, Graded, JsonFacts, Party, RefusalReason
from rules.facts import Facts, facts_to_json, with_issuer
from rules.grading import FactsMissing, Grading, grade, holds
from rules.policy import Policy, Stage


def correct(
    case: Case, command: Correction, policy: Policy, now: datetime, zone: tzinfo, facts: Facts
) -> list[Event]:
    """Carry out a correction of somebody entitled; every one needs a reason. A day of calls cannot be corrected."""
    if (reason := _against(case, command, policy)) is not None:
        asked: Asked = "hold" if isinstance(command, Hold | Release) else "correction"
        return [refused(command.by, asked, reason, _clause(command, policy), now)]
    match command:
        case Correct():
            return _correct(case, command, policy, now, zone, facts)
        case Reassign():
            return _reassign(case, command, policy, now)
        case Withdraw():
            end = {"by": command.by, "dropped": _owed(case), "note": command.note}
            return [Withdrawn(at=now, clause=_clause(command, policy), **end)]
        case Merge():
            end = {"by": command.by, "dropped": _owed(case), "note": command.note}
            return [Merged(at=now, into=command.into, clause=_clause(command, policy), **end)]
        case Reopen():
            return _reopen(case, command, policy, now, zone, facts)
        case Hold():
            return _ask_hold(case, command, policy, now)
        case Release():
            return [_resumed(case, command.by, policy, now)]


def _clause(command: Correction, policy: Policy) -> str:
    if isinstance(command, Hold | Release) and policy.holds is not None:
        return policy.holds.clause
    return policy.concession_clause if policy.corrections is None else policy.corrections.clause


def _against(case: Case, command: Correction, policy: Policy) -> RefusalReason | None:
    if case.kind != "complaint":
        return "not-open"
    if isinstance(command, Hold | Release):
        return _against_hold(case, command, policy)
    if policy.corrections is None or not set(policy.corrections.by) & set(command.by.roles):
        return "not-entitled"
    if not command.note.strip():
        return "no-reason"
    return _against_state(case, command, policy)


def _against_state(case: Case, command: Correction, policy: Policy) -> RefusalReason | None:
    match command:
        case Reopen():
            return "already-recorded" if case.is_open else None
        case Correct():
            return "case-closed" if case.status in FILED else None
        case Reassign():
            known = {role.key for role in policy.roles}
            unknown = not command.roles or not set(command.roles) <= known
            return "case-closed" if not case.is_open else "unknown-person" if unknown else None
        case Merge():
            return _filed(case) if command.known and command.into != case.number else "unknown-case"
        case _:
            return _filed(case)


def _filed(case: Case) -> RefusalReason | None:
    return "case-closed" if case.status in FILED else None


def _owed(case: Case) -> tuple[str, ...]:
    return tuple(task.task for task in case.open_tasks)


# ---------------------------------------------------------------- wrong facts


def _correct(
    case: Case, command: Correct, policy: Policy, now: datetime, zone: tzinfo, facts: Facts
) -> list[Event]:
    """A graver grade follows at once, a lower one by the director's consent; what escalation raised stays raised."""
    new = {**facts, **command.entries}
    entries = {key: value for key, value in command.entries.items() if facts.get(key) != value}
    if not entries:
        return [refused(command.by, "correction", "nothing-asked", _clause(command, policy), now)]
    corrected = _corrected(case, entries, command.by, command.note, policy, now)
    if not case.is_open:
        return [corrected, *_graver_after_all(case, _known(new), policy, now, zone)]
    if case.status is Status.INCOMPLETE:
        return [corrected, *_completed(case, command, policy, now, zone, _known(new))]
    before, after = (_graded(case, known, policy, now, zone) for known in (facts, _known(new)))
    if after is None:
        return [refused(command.by, "correction", "incomplete", _clause(command, policy), now)]
    if (
        before is None
        or before.stage.key == after.stage.key
        or _rank(case.grade, policy) > _rank(after.grade, policy)
    ):
        lower = before is not None and case.grade == before.grade and before.stage.key != after.stage.key
        return _lowered(case, command, entries, policy, now, after, facts) if lower else [corrected]
    return [corrected, *_regraded(after, now)]


def _graver_after_all(case: Case, facts: Facts, policy: Policy, now: datetime, zone: tzinfo) -> list[Event]:
    """Raise the grade of a resolved case: what must be there before it is closed follows from it, no window does."""
    after = _graded(case, facts, policy, now, zone)
    if after is None or _rank(after.grade, policy) <= _rank(case.grade, policy):
        return []
    return [Graded(at=now, grade=after.grade, clause=after.clause, reason=str(after.row))]


def _completed(
    case: Case, command: Correct, policy: Policy, now: datetime, zone: tzinfo, facts: Facts
) -> list[Event]:
    """Grade an incomplete case once nothing is missing any more, as a form that completes it would (K02)."""
    missing = tuple(key for key in case.missing if key not in facts)
    after = None if missing else _graded(case, facts, policy, now, zone)
    if missing == case.missing or (after is None and not missing):
        return []
    amended = Amended(
        at=now,
        facts=facts_to_json(facts),
        sender=command.by,
        missing=missing,
        warnings=case.warnings,
    )
    return [amended, *([] if after is None else _regraded(after, now))]


def _known(facts: Mapping[str, FactValue | None]) -> dict[str, FactValue]:
    return {key: value for key, value in facts.items() if value is not None}


def _as_json(entries: Mapping[str, FactValue | None]) -> JsonFacts:
    gone = dict.fromkeys(key for key, value in entries.items() if value is None)
    return {**facts_to_json(_known(entries)), **gone}


def _graded(case: Case, facts: Facts, policy: Policy, now: datetime, zone: tzinfo) -> Grading | None:
    try:
        return grade(with_issuer(facts, case.issued_by), policy, now.astimezone(zone).date(), zone)
    except FactsMissing:
        return None


def _rank(key: str, policy: Policy) -> int:
    """Return how grave a grade is; one outside the ranking is above all others: nobody leaves it unasked."""
    rank = policy.grade(key).rank
    return 1_000_000 if rank is None else rank


def _lowered(
    case: Case,
    command: Correct,
    entries: Mapping[str, FactValue | None],
    policy: Policy,
    now: datetime,
    after: Grading,
    facts: Facts,
) -> list[Event]:
    consent = _consent(case, policy, facts)
    if consent is None or (command.in_person and consent.role in command.by.roles):
        corrected = _corrected(case, entries, command.by, command.note, policy, now)
        return [corrected, *_regraded(after, now)]
    return [
        Approval(
            at=now,
            what="correction",
            role=consent.role,
            state="requested",
            by=command.by,
            note=command.note,
            request=_as_json(entries),
            clause=consent.clause,
        )
    ]


def _consent(case: Case, policy: Policy, facts: Facts) -> ReviewRule | None:
    rules = () if policy.corrections is None else policy.corrections.downgrade
    return next((rule for rule in rules if holds(rule.when, with_issuer(facts, case.issued_by))), None)


def _corrected(
    case: Case, entries: Mapping[str, FactValue | None], by: Party, note: str, policy: Policy, now: datetime
) -> Corrected:
    return Corrected(
        at=now,
        by=by,
        entries=_as_json(entries),
        was={key: case.facts.get(key) for key in entries},
        note=note,
        clause=policy.concession_clause if policy.corrections is None else policy.corrections.clause,
    )


def _regraded(after: Grading, now: datetime) -> list[Event]:
    return [
        Graded(at=now, grade=after.grade, clause=after.clause, reason=str(after.row)),
        begun_anew(after.stage, now),
    ]


def begun_anew(stage: Stage, now: datetime) -> Assigned:
    """Begin a stage with its whole window, whatever ran before."""
    return Assigned(
        at=now,
        because="correction",
        stage=stage.key,
        roles=stage.owners,
        window=stage.window,
        due=None if stage.window is None else now + stage.window,
        clause=stage.clause,
    )


def reviewed(
    case: Case,
    asking: Asking,
    command: Review,
    policy: Policy,
    now: datetime,
    zone: tzinfo,
    facts: Facts,
) -> list[Event]:
    """Decide on a lower grade or a hold that somebody asked for. `facts` are as they would be after a correction."""
    approve = command.decision == "approve"
    decided = Approval.model_validate(
        {
            "at": now,
            "what": asking.what,
            "role": asking.role,
            "state": "approved" if approve else "rejected",
            "by": command.by,
            "note": command.note,
            "request": asking.request,
            "clause": _approval_clause(asking, policy),
        }
    )
    if not approve:
        return [decided]
    if asking.what == "hold":
        return [decided, *_held(case, asking, policy, now)]
    corrected = Corrected(
        at=now,
        by=asking.by,
        entries=asking.request,
        was={key: case.facts.get(key) for key in asking.request},
        note=asking.note,
        clause=decided.clause,
    )
    after = _graded(case, facts, policy, now, zone)
    return [decided, corrected, *([] if after is None or not case.is_open else _regraded(after, now))]


def _approval_clause(asking: Asking, policy: Policy) -> str:
    if asking.what == "hold" and policy.holds is not None:
        return policy.holds.clause
    return policy.concession_clause if policy.corrections is None else policy.corrections.clause


# ---------------------------------------------------------------- the wrong people, settled or not


def _reassign(case: Case, command: Reassign, policy: Policy, now: datetime) -> list[Event]:
    stage = policy.stage(case.stage)
    return [
        Assigned(
            at=now,
            because="correction",
            stage=case.stage,
            roles=command.roles,
            window=stage.window,
            due=case.due,
            by=command.by,
            note=command.note,
            clause=_clause(command, policy),
        )
    ]


def _reopen(
    case: Case, command: Reopen, policy: Policy, now: datetime, zone: tzinfo, facts: Facts
) -> list[Event]:
    reopened = Reopened(
        at=now,
        because="correction",
        by=command.by,
        dropped=_owed_since(case, policy),
        note=command.note,
        clause=_clause(command, policy),
    )
    return [reopened, begun_anew(_stage_of(case, policy, now, zone, facts), now)]


def _stage_of(case: Case, policy: Policy, now: datetime, zone: tzinfo, facts: Facts) -> Stage:
    """Return the stage a case goes on in: its last, or that of the grade it was given after it was resolved."""
    last, after = policy.stage(case.stage), _graded(case, facts, policy, now, zone)
    risen = after is not None and after.grade == case.grade != last.grade
    return after.stage if after is not None and risen else last


def _owed_since(case: Case, policy: Policy) -> tuple[str, ...]:
    """Return the open duties that its settlement brought."""
    later = {duty.key for duty in policy.duties if duty.begins in ("resolved", "rectified", "closed")}
    return tuple(task.task for task in case.open_tasks if task.task in later)


def recur(
    case: Case, command: Recur, policy: Policy, now: datetime, zone: tzinfo, facts: Facts
) -> list[Event]:
    """Open a settled case again because its matter came back (D36); `facts` are the case's with the new form's."""
    if case.is_open or policy.recurrence is None:
        return []
    reopened = Reopened(
        at=now,
        because="recurrence",
        by=command.sender,
        facts=facts_to_json(facts),
        issued_by=command.issued_by,
        dropped=_owed_since(case, policy),
        clause=policy.recurrence.clause,
    )
    after = _graded(case.model_copy(update={"issued_by": command.issued_by}), facts, policy, now, zone)
    if after is None:
        return [reopened, begun_anew(policy.stage(case.stage), now)]
    return [reopened, *_regraded(after, now)]


# ---------------------------------------------------------------- clocks that stand still


def _against_hold(case: Case, command: Hold | Release, policy: Policy) -> RefusalReason | None:
    if policy.holds is None:
        return "not-entitled"
    if not case.is_open:
        return "case-closed"
    may = {*case.owners, next_higher(case, policy)}
    if policy.corrections is not None:
        may |= set(policy.corrections.by)
    if not may & set(command.by.roles):
        return "not-entitled"
    if isinstance(command, Release):
        return "nothing-asked" if case.held_until is None else None
    return "already-recorded" if case.held_until is not None else _against_terms(command)


def _against_terms(command: Hold) -> RefusalReason | None:
    return None if command.note.strip() else "no-reason"


def next_higher(case: Case, policy: Policy) -> str:
    """Return the role above whoever is responsible: the owner of the stage that a lapse would lead to."""
    stage = policy.stage(case.stage)
    following = () if stage.on_lapse is None else policy.stage(stage.on_lapse.stage).owners
    higher = [role for role in following if role not in case.owners]
    return higher[0] if higher else "" if policy.holds is None else policy.holds.top


def _ask_hold(case: Case, command: Hold, policy: Policy, now: datetime) -> list[Event]:
    higher = next_higher(case, policy)
    longest = None if policy.holds is None else policy.holds.longest
    if command.until <= now or longest is None or command.until > now + longest:
        return [refused(command.by, "hold", "too-long", _clause(command, policy), now)]
    granted = higher in command.by.roles
    asking = Approval(
        at=now,
        what="hold",
        role=higher,
        state="approved" if granted else "requested",
        by=command.by,
        note=command.note,
        request={"until": command.until.isoformat()},
        clause=_clause(command, policy),
    )
    if not granted:
        return [asking]
    return [asking, _standstill(case, command.by, command.until, command.note, policy, now)]


def _held(case: Case, asking: Asking, policy: Policy, now: datetime) -> list[Event]:
    until = datetime.fromisoformat(str(asking.request.get("until")))
    if not case.is_open or case.held_until is not None or until <= now:
        return []
    return [_standstill(case, asking.by, until, asking.note, policy, now)]


def _standstill(case: Case, by: Party, until: datetime, note: str, policy: Policy, now: datetime) -> Held:
    return Held(
        at=now,
        by=by,
        until=until,
        remaining_seconds=None if case.due is None else max(0.0, (case.due - now).total_seconds()),
        note=note,
        clause=policy.concession_clause if policy.holds is None else policy.holds.clause,
    )


def hold_over(case: Case, policy: Policy, now: datetime) -> list[Event]:
    """Let the clock run again when a hold's time is over."""
    if case.held_until is None or not case.is_open or now < case.held_until:
        return []
    return [_resumed(case, Party(), policy, now)]


def _resumed(case: Case, by: Party, policy: Policy, now: datetime) -> Resumed:
    left = case.held_seconds
    return Resumed(
        at=now,
        by=by,
        due=None if left is None else now + timedelta(seconds=left),
        clause=policy.concession_clause if policy.holds is None else policy.holds.clause,
    )
