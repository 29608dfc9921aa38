"""When two forms are the same complaint: same person, same matter, same time (design.md, The core)."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from rules.after_rules import Recurrence
from rules.case import Case, Status
from rules.conditions import FactValue
from rules.facts import Facts
from rules.policy import Policy

_COUNTRY_CODES = ("0086", "+86", "86")


def identity(facts: Facts, policy: Policy) -> dict[str, str]:
    """Return the facts that tell a person, in the spelling they are compared in; placeholders tell nobody."""
    return persons(facts, policy.intake.same_person)


def persons(facts: Facts, keys: Iterable[str]) -> dict[str, str]:
    """Return those of the facts `keys` that tell a person, folded; placeholders tell nobody."""
    known = {key: folded(key, facts[key]) for key in keys if facts.get(key)}
    return {key: value for key, value in known.items() if len(set(value)) > 1}


def same_complaint(facts: Facts, case: Case, known: Facts, policy: Policy) -> bool:
    """Tell whether a form repeats `case`, whose typed facts are `known`.

    Any fact of `same_person` and every one of `same_matter` must agree, and none of `never_differing` may differ;
    where a form does not say when, the description must be the same word for word.
    """
    if not case.is_open or not _same_person(facts, known, policy) or contradicts(facts, known, policy):
        return False
    return all(_agrees(key, facts, known) for key in policy.intake.same_matter)


def recurs(facts: Facts, case: Case, known: Facts, policy: Policy, now: datetime) -> bool:
    """Tell whether a form shows that the matter of a settled case has come back (D36).

    A form of the very time of the first is that form once more, and no recurrence.
    """
    rule = policy.recurrence
    if rule is None or case.kind != "complaint" or case.status not in (Status.RESOLVED, Status.CLOSED):
        return False
    if case.resolved_at is None or now > case.resolved_at + rule.within:
        return False
    return not _same_time(facts, known) and _same_matter(facts, known, rule)


def repeats_settled(facts: Facts, case: Case, known: Facts, policy: Policy) -> bool:
    """Tell whether a form is the one of a settled case once more: the same matter, reported at the very same time."""
    rule = policy.recurrence
    if rule is None or case.kind != "complaint" or case.status not in (Status.RESOLVED, Status.CLOSED):
        return False
    return _same_time(facts, known) and _same_matter(facts, known, rule)


def _same_time(facts: Facts, known: Facts) -> bool:
    return facts.get("reported_at") is not None and facts.get("reported_at") == known.get("reported_at")


def _same_matter(facts: Facts, known: Facts, rule: Recurrence) -> bool:
    """Tell whether one of a rule's persons and all of its matters agree, and nothing differs that never may."""
    mine, theirs = persons(facts, rule.same_person), persons(known, rule.same_person)
    if not any(mine[key] == theirs.get(key) for key in mine):
        return False
    return not _differ(rule.never_differing, facts, known) and all(
        key in facts and key in known and folded(key, facts[key]) == folded(key, known[key])
        for key in rule.same_matter
    )


def corrects(facts: Facts, case: Case, known: Facts, policy: Policy) -> bool:
    """Tell whether a form is the mended one of an incomplete case: same customer, nothing else complained of."""
    if case.status is not Status.INCOMPLETE or contradicts(facts, known, policy):
        return False
    name = known.get("customer_name")
    if not _same_person(facts, known, policy) and (name is None or name != facts.get("customer_name")):
        return False
    matters = [key for key in ("category", "description") if key in known and key in facts]
    return not matters or any(folded(key, facts[key]) == folded(key, known[key]) for key in matters)


def contradicts(facts: Facts, known: Facts, policy: Policy) -> bool:
    """Tell whether two forms differ in what one complaint cannot have twice: another car, customer or department."""
    return _differ(policy.intake.never_differing, facts, known)


def _differ(keys: Iterable[str], facts: Facts, known: Facts) -> bool:
    both = [key for key in keys if key in facts and key in known]
    return any(folded(key, facts[key]) != folded(key, known[key]) for key in both)


def _same_person(facts: Facts, known: Facts, policy: Policy) -> bool:
    mine, theirs = identity(facts, policy), identity(known, policy)
    return any(mine[key] == theirs.get(key) for key in mine)


def _agrees(key: str, facts: Facts, known: Facts) -> bool:
    mine, theirs = facts.get(key), known.get(key)
    if mine is None and theirs is None:
        key, mine, theirs = "description", facts.get("description"), known.get("description")
    return mine is not None and theirs is not None and folded(key, mine) == folded(key, theirs)


def folded(key: str, value: FactValue) -> str:
    """Fold a fact for comparison: telephone numbers to their digits, all else to its letters and digits."""
    if isinstance(value, Decimal):
        return str(value.normalize())
    text = unicodedata.normalize("NFKC", str(value)).casefold()
    if "phone" in key:
        for code in _COUNTRY_CODES:
            if text.startswith(code) and len(re.sub(r"\D", "", text)) > 11:
                text = text.removeprefix(code)
                break
        return re.sub(r"\D", "", text)
    return re.sub(r"[\W_]+", "", text)
