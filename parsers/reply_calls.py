"""Replies that report a follow-up call: `已回訪 0912345678 聯絡上，滿意`, `called … no answer` (D22–D25, D30).

Whether the customer was reached must be said, or follow from what he said; two answers to it are a problem to be asked
back, never a guess. What is neither a name, a number nor one of these answers is the customer's remark.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from parsers.reply_quotes import own_text
from parsers.reply_verbs import openings, plain_text, verb_at
from parsers.values import read_text
from parsers.wordings import quoted, say
from rules.locales import Text


@dataclass(frozen=True)
class Call:
    """A call as reported; `satisfied` is None where nothing was said of it. With problems it reports nothing.

    `phone` (digits), `plate` (letters and digits) and `name` say which customer, as far as they were written.
    """

    reached: bool | None = None
    satisfied: bool | None = None
    remark: str = ""  # what the customer said: his complaint, where he is not satisfied
    phone: str = ""
    plate: str = ""
    name: str = ""
    problems: tuple[Text, ...] = ()


# Patterns meet plain text: lower case, Simplified, half width.
_VERB = re.compile(
    r"[「『\"'“‘【*]*(?:"
    r"(?:今日|今天|本日)?(?:已经?|均已|都已)?(?:电话)?(?:回访|电访|电联|致电|去电|拨打(?:电话)?|打(?:过|了)?电话|电话联[系络])"
    r"(?:客户|车主)?(?:完成|完毕|过|了)*(?:给)?"
    r"|(?:i\s+|we\s+)?(?:have\s+)?(?:called|phoned|rang)(?:\s+(?:the\s+)?(?:customer|owner))?(?!\w)"
    r"|(?:follow(?:ed)?[- ]?up\s+)call(?:ed)?(?:\s+(?:made|done))?(?!\w)"
    r")"
)
_NOT_CALLED = re.compile(
    r"(?:未|没有?|尚未|还没有?|无法)(?:电话)?(?:回访|电访|致电|去电)|(?:not|did not|didn't)\s+call"
)
_NOT_REACHED = re.compile(
    r"(?:未能?|没有?能?|无法|不能|一直未|都没)(?:成功)?(?:接通|接听?|联[系络][上到]|打通|拨通|通话)"
    r"|(?:客户|车主|对方)?未接(?!到)(?:通|听)?|(?:联[系络]|打|拨)不[上到通]|无人接听?|没人接|拒接|关机|空号|停机|忙线|占线|不在服务区|转(?:接)?语音信箱"
    r"|no[ -]?(?:answer|reply|response)|not\s+reached|unreach\w*|no\s+one\s+(?:answered|picked\s+up)"
    r"|(?:could|can|did)(?:\s+not|n't|not)\s+(?:be\s+)?(?:reach\w*|answer|pick\s+up|get\s+through)"
    r"|voice ?mail|\bbusy\b|switched\s+off|wrong\s+number|reached\s*[:=]?\s*(?:no|nobody)\b"
    r"|(?:接通|联[系络][上到])\s*[:=]?\s*否"
)
_REACHED = re.compile(
    r"(?:已经?)?(?:接通|联[系络][上到]|打通|拨通|通话)(?:\s*[:=]?\s*是)?|(?:客户|车主|对方)(?:本人)?(?:已)?接听?"
    r"|(?<!not )(?<!un)\breached(?:\s*[:=]?\s*yes)?\b|\banswered\b|spoke\s+(?:to|with)|got\s+through"
)
_DISSATISFIED = re.compile(
    r"(?:不|未|不太|不够|不是很|很不|非常不|十分不)(?:太|够|是很|甚|怎么)?满意|不满(?!\d)|没有?满意"
    r"|(?:dis|un)satisfied|not\s+(?:\w+\s+)?(?:satisfied|happy|pleased)|unhappy|satisfied\s*[:=]?\s*no\b|满意\s*[:=]?\s*否"
)
_SATISFIED = re.compile(
    r"(?:非常|很|十分|比较|基本|表示|还算|均|都|客户)*满意(?:\s*[:=]?\s*是)?"
    r"|\b(?:very\s+|quite\s+|fully\s+)?(?:satisfied(?:\s*[:=]?\s*yes)?|happy|pleased)\b"
)
_SAID = re.compile(
    r"(?:客户|车主|对方)(?:本人)?(?:反[映应]|说|表示|称|抱怨|投诉|反馈|提出|要求)|\b(?:he|she|customer|owner)\s+(?:says?|said|complain\w*|asks?|asked|reports?|reported)\b"
)
_PHONE = re.compile(r"(?<![\w.])\+?(?:\(?\d{2,4}\)?[\s-]?)?\d{3,4}[\s-]?\d{3,4}(?:[\s-]?\d{2,4})?(?![\w.])")
_MOST_DIGITS, _LEAST_DIGITS = 15, 7
_PLATE = re.compile(
    r"(?<!\w)(?:[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][a-z][\s·.-]?[a-z0-9]{4,5}[a-z0-9学警港澳]"
    r"|[a-z]{2,4}-\d{3,4}|\d{3,4}-[a-z]{2,4}|[a-z]\d-\d{4})(?!\w)"
)
_NAME = re.compile(
    r"(?<![\u4e00-\u9fff])[\u4e00-\u9fff]{1,4}?(?:先生|小姐|女士|太太|老师)"
    r"|\b(?:mr|mrs|ms|miss|dr)\.?\s+[a-z][a-z'-]+(?:\s+[a-z][a-z'-]+)?(?=\s*[,.;:]|\s*$|\s+\d)"
)
_ASKS = re.compile(r"\?|吗(?:[\s~…,。]|$)|(?:了没有?|与否)[\s~…,]*$")
_PARTS = re.compile(r"[\s,，。.:：;；!！、/|()（）\-–—]+")


def parse_call(text: str, *, answered: str = "") -> Call | None:
    """Read a reply that reports a call; None if its first line does not begin with such a word.

    `answered`: plain text of our own mail that is answered, so that it is recognised in whatever way it is quoted.
    """
    body = own_text(text, answered)
    plain = plain_text(body)  # as long as `body`, so that positions hold in both
    for begin in openings(plain):
        if verb_at(plain, begin) is not None or _NOT_CALLED.match(plain, begin):
            return None
        found = _VERB.match(plain, begin)
        if found is not None:
            return _call(body[found.end() :], plain[found.end() :], body[begin:])
    return None


def _call(rest: str, plain: str, said: str) -> Call:
    whose, rest, plain = _customer(rest, plain)
    problems = _answers_problem(plain)
    reached, satisfied = _answer(plain, _NOT_REACHED, _REACHED), _answer(plain, _DISSATISFIED, _SATISFIED)
    if reached is None and (satisfied is not None or _SAID.search(plain)):
        reached = True  # whoever says how he feels was reached
    remark = _remark(rest, plain)
    if reached is None or problems or (reached is False and satisfied is not None):
        return replace(whose, problems=(_unclear(said),))
    return replace(whose, reached=reached, satisfied=satisfied, remark=remark)


def _answers_problem(plain: str) -> bool:
    """Tell whether an answer is a question, or is given both ways."""
    first = plain.partition("\n")[0]
    without_no = _NOT_REACHED.sub(" ", plain)
    both = _NOT_REACHED.search(plain) is not None and _REACHED.search(without_no) is not None
    without_not = _DISSATISFIED.sub(" ", plain)
    both_ways = _DISSATISFIED.search(plain) is not None and _SATISFIED.search(without_not) is not None
    return _ASKS.search(first) is not None or both or both_ways


def _answer(plain: str, denied: re.Pattern[str], affirmed: re.Pattern[str]) -> bool | None:
    if denied.search(plain):
        return False
    return True if affirmed.search(plain) else None


def _customer(rest: str, plain: str) -> tuple[Call, str, str]:
    """Take the first name, plate and phone out of the first line; return them and what is left."""
    found: dict[str, Any] = {}
    for key, pattern in (("plate", _PLATE), ("phone", _PHONE), ("name", _NAME)):
        for match in pattern.finditer(plain, 0, len(plain.partition("\n")[0])):
            value = rest[match.start() : match.end()].strip()
            if key == "phone" and not _is_phone(value):
                continue
            found[key] = _written(key, value)
            blank = " " * (match.end() - match.start())
            rest = rest[: match.start()] + blank + rest[match.end() :]
            plain = plain[: match.start()] + blank + plain[match.end() :]
            break
    return Call(**found), rest, plain


def _is_phone(value: str) -> bool:
    return _LEAST_DIGITS <= sum(sign.isdigit() for sign in value) <= _MOST_DIGITS


def _written(key: str, value: str) -> str:
    if key == "phone":
        return "".join(sign for sign in plain_text(value) if sign.isdigit() or sign == "+")
    if key == "plate":
        return "".join(sign for sign in value if sign.isalnum()).upper()
    return " ".join(value.split())


def _remark(rest: str, plain: str) -> str:
    """Return what is left once the answers are taken out: nothing, or all that was said behind them, as written."""
    left = plain
    for pattern in (_NOT_REACHED, _REACHED, _DISSATISFIED, _SATISFIED):
        left = pattern.sub(lambda match: " " * len(match[0]), left)
    begin = next((at for at, sign in enumerate(left) if sign.isalnum()), None)
    if begin is None or not _PARTS.sub("", left):
        return ""
    value = read_text(rest[begin:].strip(" \t\r\n,，。.:：;；!！、-–—")).value
    return value if isinstance(value, str) else ""


def _unclear(said: str) -> Text:
    shown = quoted(said.split("\n\n")[0])
    return say(
        f"「{shown}」看不出是否聯絡上客戶。請寫例如「已回訪 聯絡上，滿意」、"
        "「已回訪 聯絡上，不滿意 空調異音」或「已回訪 無人接聽」",
        f"“{shown}”看不出是否联系上客户。请写例如“已回访 已接通，满意”、"
        "“已回访 已接通，不满意 空调异响”或“已回访 无人接听”",
        f"'{shown}' does not say clearly whether the customer was reached; write for example "
        "'called, reached, satisfied', 'called, reached, not satisfied: noise from the fan' or 'called, no answer'",
    )
