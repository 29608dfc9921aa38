"""Replies that approve or turn down what is submitted to their writer: `同意`, `駁回 理由…`, `approved`, `reject …`.

Half a yes, a condition or a question is a problem to be asked back, never a guess; whoever turns something down says
why.
"""

import re
from dataclasses import dataclass
from typing import Literal

from parsers.reply_quotes import own_text
from parsers.reply_verbs import openings, plain_text, verb_at
from parsers.values import read_text
from parsers.wordings import quoted, say
from rules.locales import Text

Judged = Literal["approve", "reject"]


@dataclass(frozen=True)
class Review:
    """What somebody decided on what was submitted to him, and his note or reason; with problems it decides nothing."""

    decision: Judged
    text: str = ""
    problems: tuple[Text, ...] = ()


# Patterns meet plain text: lower case, Simplified, half width. What denies stands before what it denies.
_THING = (
    r"(?:了?(?:这|该|此|本)?(?:份|项|个|次|笔|件)?的?"
    r"(?:申请|方案|请求|报告|费用|金额|优惠|整改|处理(?:方案|意见)?|意见)|了)?"
)
_ALL = r"(?:(?:我|本人|予以|均|都|全部|完全|一律|原则上)\s*)?"
_IT = (
    r"(?:\s+(?:it|this|that|them"
    r"|(?:the|this|your)\s+(?:request|proposal|application|plan|order|report|costs?|expense)))?"
)
_I = r"(?:(?:i|we)\s+(?:hereby\s+|do\s+|cannot\s+|can\s*not\s+|can't\s+)?|(?:is|it\s+is|it's)\s+)?"
_VERBS: tuple[tuple[Judged, re.Pattern[str]], ...] = (
    (
        "reject",
        re.compile(
            rf"{_ALL}(?:不(?:予|能|可)?(?:同意|批准|核准|准许?|认可|核可|通过|批|接受)|未(?:通过|获?批准)|没有?(?:通过|批准)"
            rf"|驳回|退回|打回|拒绝|否决|回绝){_THING}"
        ),
    ),
    (
        "reject",
        re.compile(
            rf"{_I}(?:do(?:es)?\s+not\s+|don't\s+|not\s+)(?:approved?|agreed?|accept(?:ed)?){_IT}(?!\w)"
            rf"|(?:i\s+|we\s+)(?:cannot|can't|can\s+not)\s+(?:approve|agree|accept){_IT}(?!\w)"
            rf"|{_I}(?:reject|decline|refuse|den(?:y|ied)|disapprove|veto)(?:e?d)?{_IT}(?!\w)"
            r"|disagree(?:d)?(?!\w)|returned(?!\w)|sent\s+back(?!\w)"
        ),
    ),
    (
        "approve",
        re.compile(
            rf"{_ALL}(?:同意|批准|核准|准予|照准|准许|核可|认可|审[批核]通过|通过|批了?)(?:执行|办理)?{_THING}"
        ),
    ),
    ("approve", re.compile(rf"{_I}(?:approved?|agreed?|accept(?:ed)?){_IT}(?!\w)")),
)
_MARKS = re.compile(r"[「『\"'“‘【*]*")
_BOUNDARY = re.compile(r"$|[\W_]|了|的(?=[\W_]|$)")
_LEADING = " \t\r\n\u3000\xa0,，。.:：;；!！、*」』】”’\"'-–—"
_FIRST_SENTENCE = re.compile(r"(?:(?!\.(?:\s|$))[^。!\n;])*")
_ASKS = re.compile(r"\?|吗|(?:是否|与否|没有?|了么|呢)[\s~…,]*$")
_HEDGES = re.compile(
    r"如果|若|假如|除非|但是?|不过|然而|只要|或者?|一半|减半|部[分份]|改为|降为|再议|再说|再定|考虑|可能|也许|或许|暂|不确定"
    r"|前提|条件|待|之后|明天|下周|原则上"
    r"|\b(?:if|unless|but|however|half|partly|partially|in part|except|instead|maybe|perhaps|probably|pending|later"
    r"|tomorrow|until|once|unsure|not sure|provided|in principle|subject to|on condition)\b"
)
_TURNED_DOWN = re.compile(
    r"驳回|退回|拒绝|不同意|不批准|不予|否决|\breject|\bdeclin|\brefus|\bnot\s+approv|\bdisapprov"
)
_TAKEN_BACK = re.compile(
    r"[\W_]*(?:no|not|not yet|none|never|false|否|不|不是|没有?|还没有?|取消|作废)[\W_]*"
)


def parse_review(text: str, *, answered: str = "") -> Review | None:
    """Read a reply that approves or rejects; None if its first line does not begin with one of the verbs.

    `answered`: plain text of our own mail that is answered, so that it is recognised in whatever way it is quoted.
    """
    body = own_text(text, answered)
    plain = plain_text(body)  # as long as `body`, so that positions hold in both
    for begin in openings(plain):
        if verb_at(plain, begin) is not None:
            return None  # a report: whatever follows belongs to it
        for decision, pattern in _VERBS:
            found = pattern.match(plain, _behind_marks(plain, begin))
            if found is not None and found.end() > found.start():
                return _review(decision, found[0], body[begin:], plain[found.end() :], body[found.end() :])
    return None


def _behind_marks(plain: str, position: int) -> int:
    """Whoever copies our example may copy its quotation marks."""
    marks = _MARKS.match(plain, position)
    return position if marks is None else marks.end()


def _review(decision: Judged, verb: str, said: str, rest: str, behind: str) -> Review:
    note = read_text(behind.strip(_LEADING)).value
    text = note if isinstance(note, str) else ""
    if not _plainly(decision, verb, rest):
        return Review(decision, text, (_unclear(said),))
    if decision == "reject" and not re.search(r"\w", text):
        return Review(decision, "", (_why(said),))
    return Review(decision, text)


def _plainly(decision: Judged, verb: str, rest: str) -> bool:
    """Tell whether a verb means what it says, by what stands in its sentence: no question, condition or half a yes."""
    if not _BOUNDARY.match(rest):
        return False
    said = rest.lstrip(_LEADING)
    found = _FIRST_SENTENCE.match(said)
    sentence = "" if found is None else found[0]
    if _ASKS.search(sentence) or rest.lstrip().startswith("?") or _TAKEN_BACK.fullmatch(sentence):
        return False
    if decision == "reject":
        return True  # whatever he says is his reason
    return not (_HEDGES.search(verb) or _HEDGES.search(sentence) or _TURNED_DOWN.search(sentence))


def _unclear(said: str) -> Text:
    shown = quoted(said.split("\n\n")[0])
    return say(
        f"「{shown}」看不出您同意還是不同意。請直接回覆那封信，第一行只寫「同意」，或寫「不同意」和理由",
        f"“{shown}”看不出您同意还是不同意。请直接回复那封邮件，第一行只写“同意”，或写“不同意”和理由",
        f"'{shown}' does not say clearly whether you approve; reply to that mail and write nothing but 'approve' in "
        "the first line, or 'reject' and the reason",
    )


def _why(said: str) -> Text:
    shown = quoted(said.split("\n\n")[0])
    return say(
        f"「{shown}」沒有寫理由。請在後面寫明理由，例如「不同意 金額超出保固範圍」",
        f"“{shown}”没有写理由。请在后面写明理由，例如“不同意 金额超出保修范围”",
        f"'{shown}' gives no reason; write it behind, for example 'reject not covered by the warranty'",
    )


def outdated() -> Text:
    """Say that a mail was answered which was followed by a newer request of its kind."""
    return say(
        "您回覆的那封信之後又有新的內容送審。請看最新的一封送審通知，直接回覆那一封",
        "您回复的那封邮件之后又有新的内容送审。请看最新的一封送审通知，直接回复那一封",
        "something newer was sent for your approval after the mail you answered; please read the latest one and "
        "reply to that",
    )
