"""Replies that say a customer was told the outcome (`已告知 客戶滿意`) or a rectification was checked (`已複查 …`).

A question is a problem to be asked back, never a guess; what stands behind the verb is kept as written (D34, D36).
"""

import re
from dataclasses import dataclass
from typing import Literal

from parsers.reply_quotes import own_text
from parsers.reply_verbs import openings, plain_text, verb_at
from parsers.values import read_text
from parsers.wordings import quoted, say
from rules.locales import Text


@dataclass(frozen=True)
class Done:
    """What somebody says he did, and the customer's opinion or what he found; with problems it says nothing."""

    what: Literal["informed", "checked"]
    said: str = ""
    satisfied: bool | None = None
    problems: tuple[Text, ...] = ()


# Patterns meet plain text: lower case, Simplified, half width.
_CUSTOMER = r"(?:了|过|给)?(?:该|此|这位)?(?:客户|车主|顾客|对方)?(?:本人)?(?:处理)?(?:结果)?(?:了|过)?"
_VERBS: tuple[tuple[Literal["informed", "checked"], re.Pattern[str]], ...] = (
    (
        "informed",
        re.compile(
            r"[「『\"'“‘【*]*(?:(?:客户|车主)?(?:今日|今天)?(?:已经?|均已)(?:电话|当面|口头)?"
            rf"(?:告知|告诉|通知|转告|回复(?=客户|车主)|向客户说明|向车主说明){_CUSTOMER}"
            r"|(?:the\s+)?(?:customer|owner)\s+(?:(?:has|was|has\s+been)\s+)?(?:informed|told|notified)(?!\w)"
            r"|(?:i\s+|we\s+)?(?:have\s+)?(?:informed|told|notified)(?:\s+(?:the\s+)?(?:customer|owner))?(?!\w))"
        ),
    ),
    (
        "checked",
        re.compile(
            r"[「『\"'“‘【*]*(?:(?:今日|今天)?(?:已经?)(?:现场|到场)?(?:复查|复核|复检|覆查|覆核)"
            r"(?:了|过|完成|完毕)?(?:整改)?(?:成效|情况)?"
            r"|(?:i\s+|we\s+)?(?:have\s+)?(?:re-?)?checked(?:\s+(?:it|the\s+rectification))?(?!\w))"
        ),
    ),
)
_DISSATISFIED = re.compile(
    r"(?:不|未|不太|不够|不是很|很不|非常不|十分不)满意|没有?满意|不满(?!\d)"
    r"|(?:dis|un)satisfied|not\s+(?:\w+\s+)?(?:satisfied|happy|pleased)|unhappy"
)
_NEITHER = re.compile(r"(?:没有?|并?无)不满|not\s+(?:dis|un)")
_SATISFIED = re.compile(r"满意|\bsatisfied\b|\bhappy\b|\bpleased\b")
_ASKS = re.compile(r"[?？]|[吗嘛么](?:\W|$)|是否|有没有")
_FIRST_SENTENCE = re.compile(r"[^\n。！!;；]*[?？]?")
_LEADING = " \t,，。.;；:：、—-」』\"'”’】*"


def parse_done(text: str, *, answered: str = "") -> Done | None:
    """Read a reply that says what was done; None if its first line does not begin with such a word.

    `answered`: plain text of our own mail that is answered, so that it is recognised in whatever way it is quoted.
    """
    body = own_text(text, answered)
    plain = plain_text(body)  # as long as `body`, so that positions hold in both
    for begin in openings(plain):
        if verb_at(plain, begin) is not None:
            return None  # a report: whatever follows belongs to it
        for what, pattern in _VERBS:
            found = pattern.match(plain, begin)
            if found is not None:
                return _done(what, body[begin:], plain[found.end() :], body[found.end() :])
    return None


def _done(what: Literal["informed", "checked"], whole: str, rest: str, behind: str) -> Done:
    note = read_text(behind.strip(_LEADING)).value
    said = note if isinstance(note, str) else ""
    first = _FIRST_SENTENCE.match(rest)
    if first is not None and _ASKS.search(first[0]):
        return Done(what, said, problems=(_unclear(whole),))
    return Done(what, said, _satisfied(rest) if what == "informed" else None)


def _satisfied(plain: str) -> bool | None:
    if _NEITHER.search(plain):
        return None
    if _DISSATISFIED.search(plain):
        return False
    return True if _SATISFIED.search(plain) else None


def _unclear(said: str) -> Text:
    shown = quoted(said.split("\n\n")[0])
    return say(
        f"「{shown}」看起來是個問題。已經辦好時，第一行請寫「已告知」或「已複查」，接著寫結果",
        f"“{shown}”看起来是个问题。已经办好时，第一行请写“已告知”或“已复查”，接着写结果",
        f"'{shown}' reads as a question; once it is done, begin the first line with 'informed' or 'checked' and say "
        "what came of it",
    )
