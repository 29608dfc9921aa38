"""The words that begin a reply about a penalty or a finding (D27–D31), wherever a greeting may stand before them."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    """What a reply about a penalty asks for."""

    APPEAL = "appeal"
    UPHOLD = "uphold"
    REVOKE = "revoke"
    CONFIRM = "confirm"
    DROP = "drop"


@dataclass(frozen=True)
class VerdictVerb:
    """A word that begins a reply about a penalty. Patterns meet plain text: lower case, Simplified, half width."""

    decision: Decision
    begins: re.Pattern[str]
    spaced_note: bool  # a note may follow after a space only; English goes on with its own sentence


_THING = r"(?:处罚|罚款|处分|惩罚|罚单|决定|裁定|原判|原议)"
_OBJECT = rf"(?:(?:对|将|把)?(?:原|该|此|这|本|上述)?(?:笔|项|次|号|张)?(?:的)?{_THING}(?:决定)?)?"
_UNNUMBERED = r"(?!\s*(?:no\b|number|#|\d))"  # a number behind it tells which, and is read as such
_THE_PENALTY = (
    r"(?:\s+(?:it|(?:against\s+|on\s+)?(?:(?:the|this|that|my)\s+)?"
    rf"(?:(?:penalty|fine){_UNNUMBERED}|decision)))?(?!\w)"
)
VERDICT_VERBS = (
    VerdictVerb(
        Decision.APPEAL,
        re.compile(rf"(?:我|本人)?(?:要|想要?|有)?(?:提出|提起)?(?:申[诉覆复]|异议){_OBJECT}"),
        True,
    ),
    VerdictVerb(
        Decision.APPEAL,
        re.compile(rf"(?:i\s+(?:hereby\s+|(?:want|wish)\s+to\s+)?)?appeal{_THE_PENALTY}"),
        True,
    ),
    VerdictVerb(Decision.UPHOLD, re.compile(rf"维持{_OBJECT}"), True),
    VerdictVerb(Decision.UPHOLD, re.compile(rf"(?:uphold|upheld){_THE_PENALTY}"), False),
    VerdictVerb(Decision.REVOKE, re.compile(rf"撤销{_OBJECT}"), True),
    VerdictVerb(Decision.REVOKE, re.compile(rf"revoked?{_THE_PENALTY}"), False),
    VerdictVerb(Decision.CONFIRM, re.compile(rf"确认{_OBJECT}"), False),
    VerdictVerb(Decision.CONFIRM, re.compile(rf"confirm(?:ed)?{_THE_PENALTY}"), False),
    VerdictVerb(Decision.DROP, re.compile(r"(?:决定)?不(?:予|作)?(?:处罚|罚款|罚)了?"), True),
    VerdictVerb(Decision.DROP, re.compile(rf"drop(?:ped)?{_THE_PENALTY}"), False),
)
BLAMES = re.compile(r"(?:责任(?:认定|人)?|认定责任|findings?)(?=[\s:,])")
_QUOTES = re.compile(r"[「『\"'“‘【*]*")  # whoever copies our example may copy its marks


def verdict_verb_at(plain: str, position: int) -> tuple[VerdictVerb, int] | None:
    """Return the verb about a penalty that stands at a position and where it ends."""
    begin = _behind_quotes(plain, position)
    for verb in VERDICT_VERBS:
        found = verb.begins.match(plain, begin)
        if found is not None:
            return verb, found.end()
    return None


def blame_at(plain: str, position: int) -> int | None:
    """Return where the word that finds somebody at fault ends; None if none stands at a position."""
    found = BLAMES.match(plain, _behind_quotes(plain, position))
    return None if found is None else found.end()


def _behind_quotes(plain: str, position: int) -> int:
    marks = _QUOTES.match(plain, position)
    return position if marks is None else marks.end()
