"""When two forms are the same complaint: same person, same matter, same time (design.md, The core)."""

import re
import unicodedata

from rules.case import Case
from rules.conditions import FactValue
from rules.facts import Facts
from rules.policy import Policy

_COUNTRY_CODES = ("0086", "+86", "86")


def identity(facts: Facts, policy: Policy) -> dict[str, str]:
    """Return the facts that tell a person, in the spelling they are compared in."""
    return {key: folded(key, facts[key]) for key in policy.intake.same_person if facts.get(key)}


def same_complaint(facts: Facts, case: Case, known: Facts, policy: Policy) -> bool:
    """Tell whether a form repeats `case`, whose typed facts are `known`.

    Any fact of `same_person` and every one of `same_matter` must agree; where a form does not say when, the
    description must be the same word for word.
    """
    if not case.is_open:
        return False
    mine, theirs = identity(facts, policy), identity(known, policy)
    if not any(mine[key] == theirs.get(key) for key in mine):
        return False
    return all(_agrees(key, facts, known) for key in policy.intake.same_matter)


def _agrees(key: str, facts: Facts, known: Facts) -> bool:
    mine, theirs = facts.get(key), known.get(key)
    if mine is None and theirs is None:
        key, mine, theirs = "description", facts.get("description"), known.get("description")
    return mine is not None and theirs is not None and folded(key, mine) == folded(key, theirs)


def folded(key: str, value: FactValue) -> str:
    """Fold a fact for comparison: telephone numbers to their digits, all else to its letters and digits."""
    text = unicodedata.normalize("NFKC", str(value)).casefold()
    if "phone" in key:
        for code in _COUNTRY_CODES:
            if text.startswith(code) and len(re.sub(r"\D", "", text)) > 11:
                text = text.removeprefix(code)
                break
        return re.sub(r"\D", "", text)
    return re.sub(r"[\W_]+", "", text)
