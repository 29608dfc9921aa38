"""`kesu decide`: what a policy says of a set of facts, as JSON (contract.md)."""

from datetime import datetime, tzinfo

from rules.facts import ISSUED_BY, FactError, Facts, fact_to_json
from rules.grading import Grading, grade
from rules.locales import Locale
from rules.policy import Policy, Stage
from rules.spans import write_span


def decision(facts: Facts, policy: Policy, now: datetime, zone: tzinfo, locale: Locale) -> dict[str, object]:
    """Return grade, owners, window, what a lapse brings and who may promise what.

    `facts` are typed; FactsMissing if they do not suffice.
    """
    check_issuer(facts.get(ISSUED_BY), policy)
    found = grade(facts, policy, now.astimezone(zone).date(), zone)
    return {
        "grade": found.grade,
        "clause": found.clause,
        "reason": policy.grading[found.row - 1].reason.get(locale),
        "owner_roles": list(found.stage.owners),
        "stage_clause": found.stage.clause,
        "window": None if found.stage.window is None else write_span(found.stage.window),
        "on_lapse": _on_lapse(found.stage, policy),
        "authority": _authority(found),
        "duties": [
            {"kind": duty.key, "role": duty.role, "within": write_span(duty.within), "clause": duty.clause}
            for duty in found.duties
        ],
    }


def check_issuer(issuer: object, policy: Policy) -> None:
    """FactError unless `issuer` is a role of the policy, or nobody: a typing error must not lose D05 and D26."""
    known = [role.key for role in policy.roles]
    if issuer is not None and issuer not in known:
        raise FactError(ISSUED_BY, f"a role of the policy expected ({', '.join(known)}), not {issuer!r}")


def _on_lapse(stage: Stage, policy: Policy) -> dict[str, object] | None:
    if stage.on_lapse is None:
        return None
    return {
        "to": policy.stage(stage.on_lapse.stage).grade,
        "notify": [*stage.on_lapse.report_to, *stage.on_lapse.notify],
        "clause": stage.on_lapse.clause,
    }


def _authority(found: Grading) -> list[dict[str, object]]:
    return [
        {
            "role": grant.role,
            grant.kind.value: fact_to_json(grant.limit, percentage=grant.kind.value == "discount_percent"),
            "clause": grant.clause,
        }
        for grant in found.authority
    ]
