"""What a penalty comes to: a fixed amount, or what follows from somebody's own authority in this case (D28, D29)."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from rules.case import Case
from rules.events import PendingReason
from rules.facts import MONEY_LIMIT, Facts
from rules.grading import authority
from rules.penalty_rules import PenaltyRule
from rules.policy import Authority, ConcessionKind, Policy

_CENT = Decimal("0.01")
Amount = Decimal | PendingReason


def cents(amount: Decimal) -> Decimal:
    """Round money to two decimals, half up."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def is_money(amount: Decimal) -> bool:
    """Tell whether an amount can be one: finite, in cents, neither negative nor beyond all bounds."""
    return amount.is_finite() and 0 <= amount <= MONEY_LIMIT and amount == cents(amount)


def amount_due(
    rule: PenaltyRule,
    roles: Iterable[str],
    case: Case,
    facts: Facts,
    labour_fee: Decimal | None,
    policy: Policy,
) -> Amount:
    """Return what `rule` asks of somebody with these roles, or why the policy cannot tell.

    `facts` are the case's, with its issuer; `labour_fee` is used where they hold none.
    """
    if rule.amount is not None:
        return cents(rule.amount)
    fee = facts.get("labour_fee", labour_fee)
    mine = [grant for grant in authority(facts, policy) if grant.role in set(roles)]
    return _own_authority(mine, case.promised, fee if isinstance(fee, Decimal) else None)


def _own_authority(
    grants: list[Authority], promised: tuple[ConcessionKind, ...], fee: Decimal | None
) -> Amount:
    """D29: whoever holds several roles of different authority is fined by neither without a person's word."""
    if not grants:
        return "no-authority"
    roles = dict.fromkeys(grant.role for grant in grants)
    worths = [_worth([grant for grant in grants if grant.role == role], promised, fee) for role in roles]
    known = {worth for worth in worths if worth is not None}
    if len(known) < len(set(worths)):
        return "labour-fee-unknown"
    if len(known) > 1:
        return "role-unclear"
    (amount,) = known
    return amount or "amount-zero"


def _worth(
    grants: list[Authority], promised: tuple[ConcessionKind, ...], fee: Decimal | None
) -> Decimal | None:
    """Return one role's authority in money: of the kind at issue, the highest where none is; None without the fee."""
    kinds = {grant.kind for grant in grants}
    at_issue = next((kind for kind in reversed(promised) if kind in kinds), None)
    amounts = [_money(grant, fee) for grant in grants if at_issue in (None, grant.kind)]
    known = [amount for amount in amounts if amount is not None]
    return max(known) if len(known) == len(amounts) else None


def _money(grant: Authority, fee: Decimal | None) -> Decimal | None:
    if grant.kind is not ConcessionKind.DISCOUNT:
        return cents(grant.limit)
    return None if fee is None else cents(fee * grant.limit / 100)
