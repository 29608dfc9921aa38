"""Results of follow-up calls written in a reply: `13900000001 已接通 滿意`, a line for each customer (D22–D25, D34).

A line begins with a telephone number, or with a name, and says whether the customer was reached. What it says beside
that and the satisfaction is a complaint only where it is called one, or the customer is not satisfied; anything else
that can be read in two ways is asked back.
"""

import re
from dataclasses import dataclass

from parsers.reply_quotes import own_text
from parsers.reply_verbs import opening, plain_text
from parsers.wordings import say
from rules.locales import Text

MOST = 300  # customers in one reply

_PHONE = r"(?P<phone>\+?\d[\d\-()\s]{5,22}\d)"
_WORD = r"[a-z][a-z.'\-]{0,40}"
_NAME = (
    r"(?![^\s,]*(?:好|您|谢|请|收到|明天))"
    rf"(?P<name>{_WORD}(?:\s{_WORD}){{0,3}}?|[^\W\da-z]{{2,12}}?)"
)
_NOT_REACHED = (
    r"未接通?|没有?接通?|无人接听?|没人接听?|(?:联系|联络|打|拨)不[上通]|关机|停机|空号|占线|未能?(?:接通|联系上|联络上)"
    r"|(?:was\s+)?not\s+(?:reached|answered)|unreached|no\s+answer|(?:could\s+not|couldn't)\s+reach"
)
_REACHED = (
    r"(?:已经?)?(?:接通了?|致电(?:客户)?了?|回访(?:客户)?(?:完成|完毕)?了?|联系上了?|联络上了?|通话了?|去电了?)"
    r"|(?:was\s+|i\s+|we\s+)?(?:called|reached)(?:\s+(?:the\s+)?customer)?"
)
_GAP = r"[\s,:;、。.]{1,20}"
_SEPARATOR = r"[\s,:;、。.\-—]{0,20}"
_VERB = rf"(?:(?P<missed>{_NOT_REACHED})|(?P<reached>{_REACHED}))(?=$|[\W_]|客|很|非|不|满|抱|投|但)"
_LINE = re.compile(rf"[\s*•·\-]*(?:{_PHONE}{_SEPARATOR}|{_NAME}{_GAP})?(?:客户)?(?:已经?)?{_VERB}")
_BEGINS_WITH_PHONE = re.compile(rf"[\s*•·\-]*{_PHONE}{_SEPARATOR}\S")
_SATISFACTION = re.compile(
    r"[\s,:;、。.\-—]*(?:客户|customer(?:\s+is)?|is)?\s*(?:"
    r"(?P<no>(?:很|非常|不太|并)?不(?:是很|太)?满意|(?:not\s+|un|dis)satisfied)"
    r"|(?P<yes>(?:表示|很|非常|都|均|基本)*满意|(?:very\s+)?satisfied)"
    r")(?=$|[\W_])"
)
_COMPLAINT = re.compile(
    r"[\s,:;、。.\-—]*(?:客户|但|but)?\s*(?:抱怨|投诉|反映|complain(?:t|s|ed)?(?:\s+(?:of|about|that))?)\s*[:,]?\s*"
)
_LEADING = " \t,，:：;；、。.-—"
_DOUBTS = re.compile(r"\?|吗|是否|如果|明天|稍后|晚点|将|\b(?:will|later|tomorrow|if|maybe)\b")


@dataclass(frozen=True)
class SaidCall:
    """What a line says of one customer, told by telephone or name; by neither: of the case's own.

    `unclear` says why it cannot be taken.
    """

    phone: str = ""
    name: str = ""
    reached: bool = False
    satisfied: bool | None = None
    complaint: str = ""
    note: str = ""
    unclear: Text | None = None


def parse_calls(text: str, *, answered: str = "") -> tuple[SaidCall, ...]:
    """Return what a reply says of customers called, line by line; nothing where no line does.

    `answered`: plain text of our own mail that is answered, so that it is recognised in whatever way it is quoted.
    """
    said = (_line(line) for line in own_text(text, answered).split("\n"))
    return tuple(one for one in said if one is not None)[:MOST]


def _line(line: str) -> SaidCall | None:
    plain = plain_text(line)
    begin = opening(plain)
    found = _LINE.match(plain) or _LINE.match(plain, begin)
    if found is None:
        return _doubtful(line, plain)
    who = SaidCall(
        phone=(found["phone"] or "").strip(),
        name=line[slice(*found.span("name"))].strip() if found["name"] else "",
        reached=found["missed"] is None,
    )
    return _with_rest(who, line[found.end() :], plain[found.end() :])


def _doubtful(line: str, plain: str) -> SaidCall | None:
    """A line that begins with a telephone number, or speaks of a call, is not passed over because it is odd."""
    if (phone := _BEGINS_WITH_PHONE.match(plain)) is not None:
        return SaidCall(phone=phone["phone"].strip(), unclear=not_understood())
    speaks = re.search(_VERB, plain) is not None
    return SaidCall(name=" ".join(line.split())[:40], unclear=not_understood()) if speaks else None


def _with_rest(who: SaidCall, rest: str, plain: str) -> SaidCall:
    satisfied: bool | None = None
    if (found := _SATISFACTION.match(plain)) is not None:
        satisfied = found["no"] is None
        rest, plain = rest[found.end() :], plain[found.end() :]
    complaint = ""
    if (named := _COMPLAINT.match(plain)) is not None:
        complaint, rest = rest[named.end() :].strip(_LEADING), ""
    elif satisfied is False:
        complaint, rest = rest.strip(_LEADING), ""
    note = rest.strip(_LEADING)
    doubtful = _DOUBTS.search(plain_text(note)) is not None
    unclear = (
        doubtful or bool(note and satisfied is None and who.reached) or (bool(complaint) and not who.reached)
    )
    return SaidCall(
        phone=who.phone,
        name=who.name,
        reached=who.reached,
        satisfied=satisfied,
        complaint=complaint,
        note=note,
        unclear=not_understood() if unclear else None,
    )


def not_understood() -> Text:
    """Return what is asked back of words that do not say what a call came to."""
    return say(
        "看不出結果；請寫「已接通」或「未接通」，再寫客戶滿不滿意，有抱怨寫「抱怨：內容」",
        "看不出结果；请写“已接通”或“未接通”，再写客户满不满意，有投诉写“投诉：内容”",
        "not clear; please write reached or not reached, whether satisfied, and any complaint as “complaint: …”",
    )
