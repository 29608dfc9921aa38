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
_NOT_DONE = {  # what a first line may say that undoes its verb; what it denies is taken out first
    "informed": re.compile(
        r"(?:没有?|未|无法|不能)(?:能|再)?(?:联系|联络|接通|打通|找到|接到|讲到)|[联连]系不[上到]|联络不[上到]|打不通|找不到[人客车他她]"
        r"|(?:没|无)人接|没有?接(?:听|电话)?(?:\W|$)|未接听|不接(?:听|电话)|关机|空号|语音信箱"
        r"|not\s+(?:yet|reach)|(?:could|can|did)(?:\s+not|n['’]?t)\s+(?:be\s+)?reach|no\s+answer|unreachable|voice\s*mail"
    ),
    "checked": re.compile(
        r"又(?:再|次|再次)?(?:发生|出现|复发|犯|坏|有|响)|再次|再度|再(?:发生|出现|犯)|复发|仍|依然|依旧|还(?:是|有|在)|照旧|没有?(?:改善|整改|修好|解决)"
        r"|未(?:改善|整改|修好|解决)|无改善|不合格|\bagain\b|\bstill\b|\brecur|\bpersist|\bcame\s+back"
        r"|not\s+(?:yet\s+)?(?:improved|fixed|solved|resolved|ok|good|done|working)"
    ),
}
_DENIED = re.compile(
    r"(?:没有?|并未|未|无|不会?|不曾)(?:再次|再度|再|又|见)*(?:发生|出现|复发|犯|坏|有异|异常)"
    r"|(?:仍然?|依然|依旧|还是|还)(?:很|都)?(?:正常|良好|完好|满意|有效|好的?|没问题|ok)"
    r"|\b(?:no|not|n['’]t|never|without)\b[^.,;]*?\b(?:again|recur\w*)"
    r"|\bstill\s+(?:\w+\s+)?(?:ok(?:ay)?|fine|good|well|works?|working|holds|in\s+order|happy|satisfied)"
)
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
    if _NOT_DONE[what].search(_DENIED.sub(" ", rest.partition("\n\n")[0])):
        return Done(what, said, problems=(_undone(what, whole),))
    return Done(what, said, _satisfied(rest) if what == "informed" else None)


def _satisfied(plain: str) -> bool | None:
    if _NEITHER.search(plain):
        return None
    if _DISSATISFIED.search(plain):
        return False
    return True if _SATISFIED.search(plain) else None


def _undone(what: Literal["informed", "checked"], said: str) -> Text:
    shown = quoted(said.split("\n\n")[0])
    if what == "informed":
        return say(
            f"「{shown}」看起來還沒有聯絡上客戶。聯絡上之後，第一行請寫「已告知」，接著寫客戶的意見",
            f"“{shown}”看起来还没有联系上客户。联系上之后，第一行请写“已告知”，接着写客户的意见",
            f"'{shown}' reads as if the customer was not reached; once he was, begin with 'informed' and "
            "say what he thinks",
        )
    return say(
        f"「{shown}」看起來問題還在或又發生了，所以沒有記為複查完成。要重新處理請寫「重啟」和原因；確定沒有再發生時，"
        "第一行只寫「已複查 沒有再發生」",
        f"“{shown}”看起来问题还在或又发生了，所以没有记为复查完成。要重新处理请写“重启”和原因；确定没有再发生时，"
        "第一行只写“已复查 没有再发生”",
        f"'{shown}' reads as if the matter is still there or came back, so it was not taken as checked; write 'reopen "
        "because …' to have it handled again, or 'checked, no recurrence' if all is well",
    )


def _unclear(said: str) -> Text:
    shown = quoted(said.split("\n\n")[0])
    return say(
        f"「{shown}」看起來是個問題。已經辦好時，第一行請寫「已告知」或「已複查」，接著寫結果",
        f"“{shown}”看起来是个问题。已经办好时，第一行请写“已告知”或“已复查”，接着写结果",
        f"'{shown}' reads as a question; once it is done, begin the first line with 'informed' or 'checked' and say "
        "what came of it",
    )
