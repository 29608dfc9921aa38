"""Findings, penalties, appeals and rulings (D26–D31): who may, what follows, and what is refused and why.

A penalty moves proposed or pending → issued → appealed → upheld or revoked, or is dropped before it was issued;
nothing leads back, so that no order and no repetition of commands issues one twice.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from rules.amounts import Amount, amount_due, is_money
from rules.case import Case, Penalty
from rules.commands import NOBODY, Appeal, ConfirmPenalty, RecordFinding, Rule
from rules.events import Asked, Event, Finding, Party, Penalised, PenaltyState, RefusalReason, Refused
from rules.facts import Facts, Json, with_issuer
from rules.penalty_rules import PenaltyRule
from rules.policy import Policy

PenaltyCommand = ConfirmPenalty | Appeal | Rule

WAITING = (PenaltyState.PROPOSED, PenaltyState.PENDING)
RULED = (PenaltyState.UPHELD, PenaltyState.REVOKED)
_ASKED: dict[type, Asked] = {
    RecordFinding: "finding",
    ConfirmPenalty: "confirmation",
    Appeal: "appeal",
    Rule: "ruling",
}


@dataclass(frozen=True)
class Fault:
    """What somebody did that costs something: `occurrence` tells it from others that the same rule is about."""

    rule: PenaltyRule
    who: Party
    cause: str
    occurrence: str


def imposed(
    case: Case,
    fault: Fault,
    amount: Amount,
    now: datetime,
    *,
    confirmed: bool = False,
    by: Party = NOBODY,
    note: str = "",
) -> Penalised | None:
    """Return the penalty for `fault`: pending without an amount, proposed if its rule asks for a confirmation.

    None where the case knows one for this very fault, whatever became of it.
    """
    rule, who = fault.rule, fault.who
    if _known(case, fault):
        return None
    state = PenaltyState.PROPOSED if rule.confirm and not confirmed else PenaltyState.ISSUED
    return Penalised(
        at=now,
        penalty=len(case.penalties) + 1,
        key=rule.key,
        cause=fault.cause,
        occurrence=fault.occurrence,
        party=who,
        role=who.roles[0] if who.roles else "",
        person=who.name or who.email,
        amount=amount if isinstance(amount, Decimal) else None,
        state=state if isinstance(amount, Decimal) else PenaltyState.PENDING,
        reason=None if isinstance(amount, Decimal) else amount,
        by=by,
        note=note,
        clause=rule.clause,
    )


def same_party(one: Party, other: Party) -> bool:
    """Tell whether two parties are one: the same address, else the same name, else an office in common.

    Somebody known by office only is whoever holds it.
    """
    if one.email and other.email:
        return one.email.lower() == other.email.lower()
    if one.name and other.name:
        return one.name == other.name
    return bool(set(one.roles) & set(other.roles))


# ---------------------------------------------------------------- findings


def record_finding(
    case: Case, command: RecordFinding, policy: Policy, now: datetime, facts: Facts
) -> list[Event]:
    """Record what somebody entitled found, and the penalty that follows from it; a settled case can be judged too."""
    if (reason := _against_finding(command, policy)) is not None:
        return [_refused(command, reason, _finding_clause(policy), now, {"cause": command.cause})]
    clause, rule = _finding_clause(policy), _rule_of(command, policy)
    finding = Finding(
        at=now,
        by=command.by,
        party=command.party,
        cause=command.cause,
        occurrence=command.occurrence,
        labour_fee=command.labour_fee,
        note=command.note,
        clause=clause,
    )
    if rule is None:
        return [finding]
    known = with_issuer(facts, case.issued_by)
    amount = amount_due(rule, command.party.roles, case, known, command.labour_fee, policy)
    fault = Fault(rule, command.party, command.cause, f"finding:{command.occurrence}")
    penalty = imposed(case, fault, amount, now, confirmed=command.confirmed, by=command.by, note=command.note)
    if penalty is None:
        return [_refused(command, "already-recorded", clause, now, {"cause": command.cause})]
    return [finding, penalty]


def _against_finding(command: RecordFinding, policy: Policy) -> RefusalReason | None:
    findings = policy.findings
    if findings is None or not set(findings.by) & set(command.by.roles):
        return "not-entitled"
    if not _is_somebody(command, policy):
        return "unknown-person"
    if command.cause not in findings.causes:
        return "unknown-cause"
    if command.labour_fee is not None and not is_money(command.labour_fee):
        return "amount-invalid"
    return None


def _is_somebody(command: RecordFinding, policy: Policy) -> bool:
    party = command.party
    known_roles = {role.key for role in policy.roles}
    named = bool(party.roles or party.email or party.name)
    return command.known and named and set(party.roles) <= known_roles


def _rule_of(command: RecordFinding, policy: Policy) -> PenaltyRule | None:
    cause = None if policy.findings is None else policy.findings.causes[command.cause]
    return None if cause is None or cause.penalty is None else policy.penalty(cause.penalty)


def _finding_clause(policy: Policy) -> str:
    return policy.concession_clause if policy.findings is None else policy.findings.clause


def _known(case: Case, fault: Fault) -> bool:
    return any(
        (penalty.key, penalty.occurrence) == (fault.rule.key, fault.occurrence)
        and same_party(penalty.party, fault.who)
        for penalty in case.penalties
    )


# ---------------------------------------------------------------- confirmations, appeals, rulings


def confirm_penalty(case: Case, command: ConfirmPenalty, policy: Policy, now: datetime) -> list[Event]:
    """Issue or drop a penalty that waits for it."""
    penalty = case.penalty(command.penalty)
    reason = "unknown-penalty" if penalty is None else _against_confirming(penalty, command, policy)
    if penalty is None or reason is not None:
        return [_refused(command, reason or "unknown-penalty", _finding_clause(policy), now)]
    if command.decision == "drop":
        return [_moved(penalty, PenaltyState.DROPPED, command.by, command.note, now)]
    amount = penalty.amount if command.amount is None else command.amount
    return [_moved(penalty, PenaltyState.ISSUED, command.by, command.note, now, amount)]


def _against_confirming(penalty: Penalty, command: ConfirmPenalty, policy: Policy) -> RefusalReason | None:
    entitled = policy.findings is not None and set(policy.findings.confirmed_by) & set(command.by.roles)
    if not entitled or same_party(penalty.party, command.by):
        return "not-entitled"
    if penalty.state not in WAITING:
        return "already-issued"
    return None if command.decision == "drop" else _against_amount(penalty, command.amount)


def _against_amount(penalty: Penalty, amount: Decimal | None) -> RefusalReason | None:
    """An amount is asked for where the policy could not tell it, and only there."""
    if penalty.amount is not None:
        return None if amount in (None, penalty.amount) else "amount-fixed"
    if amount is None:
        return "amount-missing"
    return None if is_money(amount) and amount > 0 else "amount-invalid"


def appeal(case: Case, command: Appeal, policy: Policy, now: datetime) -> list[Event]:
    """Suspend a penalty that whoever it concerns appeals against (D31)."""
    penalty = case.penalty(command.penalty)
    reason = "unknown-penalty" if penalty is None else _against_appeal(penalty, command, policy)
    if penalty is None or reason is not None:
        return [_refused(command, reason or "unknown-penalty", _appeal_clause(policy), now)]
    return [_moved(penalty, PenaltyState.APPEALED, command.by, command.text, now)]


def _against_appeal(penalty: Penalty, command: Appeal, policy: Policy) -> RefusalReason | None:
    if policy.appeals is None or not same_party(penalty.party, command.by):
        return "not-entitled"
    if penalty.state is PenaltyState.APPEALED:
        return "already-appealed"
    if penalty.state in RULED:
        return "already-ruled"
    return None if penalty.state is PenaltyState.ISSUED else "not-issued"


def rule(case: Case, command: Rule, policy: Policy, now: datetime) -> list[Event]:
    """Uphold or revoke a penalty that was appealed against (D31)."""
    penalty = case.penalty(command.penalty)
    reason = "unknown-penalty" if penalty is None else _against_ruling(penalty, command, policy)
    if penalty is None or reason is not None:
        return [_refused(command, reason or "unknown-penalty", _appeal_clause(policy), now)]
    state = PenaltyState.UPHELD if command.decision == "uphold" else PenaltyState.REVOKED
    return [_moved(penalty, state, command.by, command.note, now)]


def _against_ruling(penalty: Penalty, command: Rule, policy: Policy) -> RefusalReason | None:
    ruler = ruler_of(penalty.party, policy)
    if ruler not in command.by.roles or same_party(penalty.party, command.by):
        return "not-entitled"
    if penalty.state in RULED:
        return "already-ruled"
    return None if penalty.state is PenaltyState.APPEALED else "not-appealed"


def ruler_of(party: Party, policy: Policy) -> str:
    """Return the role that rules on an appeal of `party`; empty where these rules know no appeals."""
    return "" if policy.appeals is None else policy.appeals.ruler(party.roles)


def _appeal_clause(policy: Policy) -> str:
    return _finding_clause(policy) if policy.appeals is None else policy.appeals.clause


def _moved(
    penalty: Penalty, state: PenaltyState, by: Party, note: str, now: datetime, amount: Decimal | None = None
) -> Penalised:
    return Penalised(
        at=now,
        penalty=penalty.number,
        key=penalty.key,
        cause=penalty.cause,
        occurrence=penalty.occurrence,
        party=penalty.party,
        role=penalty.role,
        person=penalty.person,
        amount=penalty.amount if amount is None else amount,
        state=state,
        reason=None if amount is not None else penalty.reason,
        by=by,
        note=note,
        clause=penalty.clause,
    )


def _refused(
    command: RecordFinding | PenaltyCommand,
    reason: RefusalReason,
    clause: str,
    now: datetime,
    about: dict[str, Json] | None = None,
) -> Refused:
    facts = about if isinstance(command, RecordFinding) else {"penalty": command.penalty}
    return Refused(
        at=now, by=command.by, asked=_ASKED[type(command)], reason=reason, clause=clause, facts=facts or {}
    )
