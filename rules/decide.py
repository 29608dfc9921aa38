"""What follows from a command: the events, each with its clause. Pure; the clock is an argument."""

from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Literal

from rules import closing, corrections, duties, follow_up, penalties, reviews
from rules.case import Case, Status
from rules.closing import with_aftermath
from rules.commands import (
    AmendCase,
    Annotate,
    Appeal,
    AttachForm,
    Command,
    CompleteTask,
    ConfirmPenalty,
    Correct,
    Correction,
    DeadlineReached,
    Inform,
    OpenCase,
    ReceiveList,
    RecordCall,
    RecordFinding,
    Rectify,
    Recur,
    Report,
    Review,
    Rule,
)
from rules.events import (
    Amended,
    Assigned,
    Attached,
    Escalated,
    Event,
    Graded,
    Lapsed,
    Noted,
    Opened,
    Party,
    RefusalReason,
    Refused,
    Reminded,
    Reported,
    Resolved,
)
from rules.facts import Facts, facts_to_json, with_issuer
from rules.grading import FactsMissing, authority, grade, holds
from rules.policy import Authority, ConcessionKind, Policy, Stage


def decide(
    case: Case | None,
    command: Command,
    policy: Policy,
    now: datetime,
    zone: tzinfo,
    facts: Facts | None = None,
) -> list[Event]:
    """Return what `command` does to `case` at `now`; nothing if it comes too late to matter.

    `case` is None for OpenCase and for the first ReceiveList of a day. `facts` are the case's typed facts, which a
    report is judged by; `zone` is the site's, in which calendar days are counted.
    """
    if isinstance(command, ReceiveList):
        return follow_up.receive(case, command, policy, now, zone)
    events = _decided(case, command, policy, now, zone, facts or {})
    known = with_issuer(_facts_after(command, facts or {}), _issuer(case, command))
    return with_aftermath(case, events, known, policy, now, zone) if events else []


def _issuer(case: Case | None, command: Command) -> str | None:
    if isinstance(command, OpenCase | Recur):
        return command.issued_by
    return None if case is None else case.issued_by


def _facts_after(command: Command, facts: Facts) -> Facts:
    """Return the case's facts as they are once the command is carried out."""
    match command:
        case OpenCase() | AmendCase():
            return command.facts
        case Recur():
            return {**facts, **command.facts}
        case Correct():
            changed = {**facts, **command.entries}
            return {key: value for key, value in changed.items() if value is not None}
        case _:
            return facts


def _decided(
    case: Case | None, command: Command, policy: Policy, now: datetime, zone: tzinfo, facts: Facts
) -> list[Event]:
    if isinstance(command, OpenCase):
        return _open(command, policy, now, zone)
    if case is None:
        raise ValueError(f"{type(command).__name__} needs a case")
    match command:
        case AmendCase():
            return _amend(case, command, policy, now, zone)
        case AttachForm():
            return [_attached(command, policy, now)]
        case Report():
            return _report(case, command, policy, now, facts)
        case Annotate():
            return _annotate(case, command, now)
        case DeadlineReached():
            return _deadline(case, command, policy, now, facts)
        case RecordFinding() | ConfirmPenalty() | Appeal() | Rule():
            return _on_penalties(case, command, policy, now, facts)
        case _:
            return _afterwards(case, command, policy, now, zone, facts)


def _afterwards(
    case: Case,
    command: Rectify | Inform | Review | ReceiveList | RecordCall | CompleteTask | Recur | Correction,
    policy: Policy,
    now: datetime,
    zone: tzinfo,
    facts: Facts,
) -> list[Event]:
    match command:
        case Rectify():
            return closing.rectify(case, command, policy, now, facts)
        case Inform():
            return closing.inform(case, command, policy, now)
        case Review():
            return reviews.review(case, command, policy, now, zone, facts)
        case ReceiveList():
            return follow_up.receive(case, command, policy, now, zone)
        case RecordCall():
            return follow_up.record_call(case, command, policy, now)
        case CompleteTask():
            return duties.complete(case, command, policy, now)
        case Recur():
            return corrections.recur(case, command, policy, now, zone, _facts_after(command, facts))
        case _:
            return corrections.correct(case, command, policy, now, zone, facts)


def _on_penalties(
    case: Case,
    command: RecordFinding | ConfirmPenalty | Appeal | Rule,
    policy: Policy,
    now: datetime,
    facts: Facts,
) -> list[Event]:
    match command:
        case RecordFinding():
            return penalties.record_finding(case, command, policy, now, facts)
        case ConfirmPenalty():
            return penalties.confirm_penalty(case, command, policy, now)
        case Appeal():
            return penalties.appeal(case, command, policy, now)
        case Rule():
            return penalties.rule(case, command, policy, now)


def _open(command: OpenCase, policy: Policy, now: datetime, zone: tzinfo) -> list[Event]:
    facts = with_issuer(command.facts, command.issued_by)
    graded, missing = _grade_or_missing(facts, command.missing, policy, now, zone)
    opened = Opened(
        at=now,
        policy=command.policy,
        facts=facts_to_json(command.facts),
        issued_by=command.issued_by,
        sender=command.sender,
        missing=missing,
        warnings=command.warnings,
    )
    return [opened, *(graded or _held_as_incomplete(policy, now))]


def _attached(command: AttachForm, policy: Policy, now: datetime) -> Attached:
    merging = policy.intake if policy.corrections is None or not command.merged else policy.corrections
    return Attached(at=now, sender=command.sender, merged=command.merged, clause=merging.clause)


def _amend(case: Case, command: AmendCase, policy: Policy, now: datetime, zone: tzinfo) -> list[Event]:
    if case.status is not Status.INCOMPLETE:
        return [Attached(at=now, sender=command.sender, clause=policy.intake.clause)]
    facts = with_issuer(command.facts, case.issued_by)
    graded, missing = _grade_or_missing(facts, command.missing, policy, now, zone)
    amended = Amended(
        at=now,
        facts=facts_to_json(command.facts),
        sender=command.sender,
        missing=missing,
        warnings=command.warnings,
    )
    return [amended, *graded]


def _annotate(case: Case, command: Annotate, now: datetime) -> list[Event]:
    """Keep what is new of what a manager wrote; a closed case can be written beside too."""
    new = {key: value for key, value in command.entries.items() if case.notes.get(key) != value}
    return [Noted(at=now, by=command.by, entries=new)] if new else []


def _grade_or_missing(
    facts: Facts, missing: tuple[str, ...], policy: Policy, now: datetime, zone: tzinfo
) -> tuple[list[Event], tuple[str, ...]]:
    """Return the events of grading, or none and what keeps the case from being graded."""
    if missing:
        return [], missing
    try:
        graded = grade(facts, policy, now.astimezone(zone).date(), zone)
    except FactsMissing as error:
        return [], error.keys
    return [
        Graded(at=now, grade=graded.grade, clause=graded.clause, reason=str(graded.row)),
        _assigned(graded.stage, now, because="grading"),
    ], ()


def _held_as_incomplete(policy: Policy, now: datetime) -> list[Event]:
    stage = policy.stage(policy.intake.incomplete_stage)
    return [
        Graded(at=now, grade=stage.grade, clause=stage.clause, reason=""),
        _assigned(stage, now, because="grading"),
    ]


def _assigned(stage: Stage, now: datetime, because: Literal["grading", "lapse"]) -> Assigned:
    return Assigned(
        at=now,
        because=because,
        stage=stage.key,
        roles=stage.owners,
        window=stage.window,
        due=None if stage.window is None else now + stage.window,
        clause=stage.clause,
    )


# ---------------------------------------------------------------- time


def _deadline(
    case: Case, reached: DeadlineReached, policy: Policy, now: datetime, facts: Facts
) -> list[Event]:
    what, _, key = reached.name.partition(":")
    match what:
        case "lapse" | "reminder" if not case.is_open or case.stage != key:
            return []
        case "lapse":
            return _lapse(case, policy.stage(key), policy, now)
        case "reminder":
            return _remind(case, policy.stage(key), now)
        case "remind-task":
            return duties.remind(case, key, policy, now)
        case "remind-approval":
            return closing.remind_of_approval(case, key, policy, now)
        case "hold":
            return corrections.hold_over(case, policy, now)
        case _:
            return _duty_deadline(case, reached, policy, now, facts)


def _duty_deadline(
    case: Case, reached: DeadlineReached, policy: Policy, now: datetime, facts: Facts
) -> list[Event]:
    what, _, key = reached.name.partition(":")
    match what:
        case "overdue" if case.kind == "follow-up":
            return follow_up.overdue(case, key, reached, policy, now)
        case "overdue":
            return duties.overdue(case, key, reached, policy, now, facts)
        case "penalty":
            return duties.penalty_due(case, key, reached, policy, now, facts)
        case "end":
            return follow_up.ended(case, policy, now)
        case _:
            raise ValueError(f"no deadline is called {reached.name!r}")


def _lapse(case: Case, stage: Stage, policy: Policy, now: datetime) -> list[Event]:
    """End a window: one step up, and the next one begins now, however late now is (design.md, The core)."""
    if case.due is None or now < case.due or stage.on_lapse is None:
        return []
    following = policy.stage(stage.on_lapse.stage)
    return [
        Lapsed(
            at=now,
            stage=stage.key,
            grade=case.grade,
            due=case.due,
            roles=case.owners,
            round=case.round,
            clause=stage.on_lapse.clause,
        ),
        Escalated(
            at=now,
            from_=case.grade,
            to=following.grade,
            stage=following.key,
            report_to=stage.on_lapse.report_to,
            notify=stage.on_lapse.notify,
            clause=stage.on_lapse.regrade_clause,
        ),
        _assigned(following, now, because="lapse"),
    ]


def _remind(case: Case, stage: Stage, now: datetime) -> list[Event]:
    if stage.repeat is not None:
        last = case.reminded_at or case.assigned_at
        if last is None or now < last + stage.repeat.every:
            return []
        return [
            Reminded(at=now, stage=stage.key, roles=stage.repeat.roles, due=None, clause=stage.repeat.clause)
        ]
    if case.due is None or case.reminded_at is not None or now >= case.due:
        return []
    return [Reminded(at=now, stage=stage.key, roles=case.owners, due=case.due, clause=stage.clause)]


# ---------------------------------------------------------------- reports


def _report(case: Case, command: Report, policy: Policy, now: datetime, facts: Facts) -> list[Event]:
    known = with_issuer(facts, case.issued_by)
    result = str(command.facts.get("result", ""))
    clause = policy.intake.clause if not policy.reporting else policy.reporting[0].clause
    owing = duties.owed_by(case, command.by, ["report"], policy, now)
    tasks_done = duties.done(owing, command.by, now)
    if not case.is_open:  # settled by somebody else: what is still owed beside it can be done (D26)
        owed: list[Event] = [Reported(at=now, by=command.by, facts=facts_to_json(command.facts)), *tasks_done]
        return owed if tasks_done else [_refused(command, "case-closed", clause, now)]
    if not _may_report(command.by, case, known, policy):
        return [_refused(command, "not-entitled", clause, now)]
    if command.unclear or not result:
        return [_refused(command, "unclear", clause, now)]
    reported = Reported(at=now, by=command.by, facts=facts_to_json(command.facts))
    grants = authority(known, policy)
    concession = _concession(command.facts)
    if not _covered(concession, [grant for grant in grants if grant.role in command.by.roles]):
        sent_to = _lowest_covering(concession, grants)
        refused = _refused(command, "over-authority", policy.concession_clause, now, sent_to)
        return [reported, refused, *tasks_done]
    events: list[Event] = [reported]
    if result == "resolved":
        stage = policy.stage(case.stage)
        events.append(
            Resolved(at=now, by=command.by, facts=facts_to_json(command.facts), clause=stage.clause)
        )
    return [*events, *tasks_done]


def _may_report(by: Party, case: Case, facts: Facts, policy: Policy) -> bool:
    allowed = set(case.owners) | {task.role for task in case.tasks}
    for rule in policy.reporting:
        if holds(rule.when, facts):
            allowed.update(rule.roles)
    return bool(allowed & set(by.roles))


def _refused(
    command: Report, reason: RefusalReason, clause: str, now: datetime, sent_to: tuple[str, ...] = ()
) -> Refused:
    return Refused(
        at=now,
        by=command.by,
        reason=reason,
        clause=clause,
        sent_to=sent_to,
        facts={**facts_to_json(command.facts), **({"unclear": command.unclear} if command.unclear else {})},
    )


def _concession(facts: Facts) -> dict[ConcessionKind, Decimal]:
    """Return what was promised, by kind; a kind of zero is no promise."""
    promised = {kind: facts.get(kind.value) for kind in ConcessionKind}
    return {kind: amount for kind, amount in promised.items() if isinstance(amount, Decimal) and amount > 0}


def _covered(concession: dict[ConcessionKind, Decimal], grants: list[Authority]) -> bool:
    """D38: a role's rows are alternatives, so a promise of two kinds is covered by nobody (D21: not both)."""
    if not concession:
        return True
    if len(concession) > 1:
        return False
    ((kind, amount),) = concession.items()
    return any(grant.kind is kind and amount <= grant.limit for grant in grants)


def _lowest_covering(
    concession: dict[ConcessionKind, Decimal], grants: tuple[Authority, ...]
) -> tuple[str, ...]:
    """Return the roles with the smallest authority that still covers the promise."""
    covering = [grant for grant in grants if _covered(concession, [grant])]
    lowest = min((grant.limit for grant in covering), default=None)
    return tuple(grant.role for grant in covering if grant.limit == lowest)
