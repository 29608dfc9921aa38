"""Approvals: who may decide what waits for him, and what follows (D40, corrections, holds)."""

from datetime import datetime, tzinfo

from rules import closing, corrections
from rules.case import Case
from rules.case_parts import Asking
from rules.commands import Review
from rules.events import Event, JsonFacts, RefusalReason
from rules.facts import Facts
from rules.policy import Policy


def facts_asked_for(case: Case) -> JsonFacts:
    """Return the facts as they would be if the correction that waits for approval were approved."""
    asking = case.asking("correction")
    asked = {} if asking is None or asking.state != "requested" else asking.request
    return {key: value for key, value in {**case.facts, **asked}.items() if value is not None}


def review(
    case: Case, command: Review, policy: Policy, now: datetime, zone: tzinfo, facts: Facts
) -> list[Event]:
    """Approve or reject what waits for it; `facts` are as a correction that is approved would leave them."""
    waiting = [asking for asking in case.approvals if asking.state == "requested"]
    meant = [asking for asking in waiting if command.what in ("", asking.what)]
    his = [asking for asking in meant if asking.role in command.by.roles and _may(command, asking)]
    if len(his) != 1:
        return [_refused(case, command, waiting, his, policy, now)]
    approve = command.decision == "approve"
    if his[0].what == "rectification":
        return closing.reviewed(case, approve, command.by, command.note, policy, now, zone)
    return corrections.reviewed(case, his[0], command, policy, now, zone, facts)


def _may(command: Review, asking: Asking) -> bool:
    """A lower grade and a standing clock are consented to in person, an order can be reviewed in a shared file."""
    return command.in_person or asking.what == "rectification"


def _refused(
    case: Case, command: Review, waiting: list[Asking], his: list[Asking], policy: Policy, now: datetime
) -> Event:
    """Say why not: several wait for him, or what waits is another's, or nothing does (any more)."""
    usual = policy.concession_clause if policy.rectification is None else policy.rectification.clause
    clause = waiting[0].clause if waiting else usual
    if len(his) > 1:
        return closing.refused(command.by, "review", "unclear", clause, now)
    decided = any(asking.what == command.what or not command.what for asking in case.approvals)
    settled: RefusalReason = "already-recorded" if decided and not waiting else "nothing-asked"
    reason: RefusalReason = "not-entitled" if waiting else settled
    return closing.refused(command.by, "review", reason, clause, now)
