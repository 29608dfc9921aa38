"""The word that begins a short reply, and whether it reports a result or only speaks of one."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from parsers.characters import Characters
from parsers.folding import simplified


@dataclass(frozen=True)
class Verb:
    """A word that begins a reply, and the result it reports. Patterns are in Simplified characters and lower case."""

    pattern: str
    result: str


# The first that matches counts: what denies stands before what it denies. Verbs about penalties: reply_verdicts.
_YET = "(?:尚|还|仍|暂时?|目前)*"
_IS = r"(?:(?:is|has|was|been|now|already|fully|successfully)\s+)*"
VERBS = (
    Verb(rf"{_YET}(?:未能?|没有?能?|无法|不能|并未|并没有?)(?:完全|得到)?(?:被)?(?:妥善)?解决", "unresolved"),
    Verb(r"(?:已|已经)?解决不了", "unresolved"),
    Verb(r"(?:still\s+)?not\s+(?:yet\s+)?(?:been\s+)?(?:fully\s+)?(?:re)?solved(?:\s+yet)?\b", "unresolved"),
    Verb(rf"{_IS}(?:still\s+)?un(?:re)?solved(?:\s+yet)?\b", "unresolved"),
    Verb(
        r"(?:is|has|was)(?:n't|\s+(?:still\s+)?not)\s+(?:yet\s+)?(?:been\s+)?(?:fully\s+)?(?:re)?solved\b",
        "unresolved",
    ),
    Verb(r"(?:已|已经)?(?:大?部[分份]|一部[分份])(?:已|已经|得到)?解决了?", "partly"),
    Verb(r"(?:已|已经)?解决了?(?:一半|一?大?部[分份])", "partly"),
    Verb(rf"{_IS}(?:partly|partially)(?:\s+(?:re)?solved)?\b", "partly"),
    Verb(
        r"(?:(?:目前|现在?|均|都)?(?:已|已经)(?:妥善|圆满|全部|完全)?解决(?:完[毕成])?了?|解决了|已处理完(?:毕|成)|处理完毕|(?:本案|已经?)(?:可以)?(?:结案|办结)|(?:已|已经)?处理好了)",
        "resolved",
    ),
    Verb(rf"{_IS}(?:re)?solved\b", "resolved"),
)
_COMPILED = tuple((verb, re.compile(verb.pattern)) for verb in VERBS)

# What may stand before the verb: a greeting, a reference, an acknowledgement, the case as the subject.
_NAME = r"(?:(?!解决|solved|partly|partial)[^\n,。!?:;]){0,16}?"
_TITLE = (
    "总监|经理|主任|厂长|总|先生|小姐|女士|主管|老师|董事长|顾问|专员|部长|课长|科长|组长|长官|同事|同仁|各位"
)
_HELLO = rf"您好|你好|大家好|各位好|早安|早上好|上午好|午安|下午好|晚上好|(?:{_TITLE}|们)好"
_CASE = "问题|案件|案子|客诉|投诉|抱怨|故障|事项|案|件"
_BEFORE = re.compile(
    r"[\s\ufeff\u200b,。.!:;~*#、\-]+"
    r"|[\[【(][^\]】)\n]{1,40}[\]】)]"
    rf"|(?:尊敬的|敬爱的)?{_NAME}(?:{_HELLO})(?=[\s,。!:;~])"
    rf"|(?:尊敬的|敬爱的|to\s+|@)?{_NAME}(?:{_TITLE})(?=\s*[,:\n]|\s+(?:已|未|尚|部分))|敬启者"
    r"|(?:hi|hello|hey|dear|good (?:morning|afternoon|evening|day))\b"
    r"(?:(?!solved|解决|partly|partial)[^\n,.:!?]){0,40}(?=[\n,.:!])"
    r"|(?:已?收到|好的?|了解|明白|知悉|(?:谢谢|感谢)(?:您|你|通知|提醒)*|辛苦了"
    r"|ok(?:ay)?|noted|received|thanks?(?: you)?|got it)"
    r"(?=[\s,。.!:;])"
    rf"|(?:(?:该|此|这个?|本|上述|客户)(?:个|客户)?(?:的)?(?:{_CASE})|(?:{_CASE}))\s*(?=目前|现|均|都|已|尚|还|仍|未|没|部分|大部|解决了)"
    r"|(?:(?:the|this)\s+)?(?:case|issue|problem|complaint|matter|it)(?:'s)?\s+(?=is|has|was|now|been|not|still|re|solved|un|part)"
)
_ROUNDS = 12  # parts a beginning may have
_READERS = 16  # ask about the same text, one after the other

_ONWARD = r"(?:(?!\n\s*\n)[\W_])*"  # over punctuation, but not into the next paragraph
_SENTENCE = re.compile(rf"{_ONWARD}(?:(?!\.(?:\s|$))[^。!\n;])*")
_CLAUSE = re.compile(r"\s*(?:(?!\.(?:\s|$))[^。!\n;,?])*\??")
_ASKS = re.compile(r"\?|吗|(?:是否|与否|(?<!优惠|补偿|赠送|赠品)(?<!:)没有?|了么)[\s~…,]*$")
_BOUNDARY = re.compile(r"$|[\W_]|了")
_ADJACENT = re.compile(r"了?(?:之?后|方案|中|之?前|再|的话|待)")
_GIVEN = "free|discounts?|gifts?|cash|compensation|concessions?|charge|further|more|costs?|faults?|problems?|leaks?"
_TAKEN_BACK = re.compile(
    rf"{_ONWARD}(?:"
    rf"(?:no(?!\s+(?:other\s+|any\s+)?(?:{_GIVEN})\b)|not|none|nope|n|never|nothing|false|hardly|almost|nearly|maybe|perhaps"
    r"|hopefully|probably|soon|tomorrow|tonight|later|next|if|when|once|unless|until"
    r"|by(?!\s+(?!morning|evening)[a-z]+ing\b))\b"
    r"|(?:否|不是|没有?|未|还没有?|尚未|并没有?)(?=解决|\s*(?:$|[^\w\s]))"
    r"|后(?:请|再|会|通知|告|回)|再(?:通知|告诉|回报|说)|的话"
    r")"
)


@lru_cache(maxsize=_READERS)
def plain_text(text: str) -> str:
    """Fold width, case and script, character by character: positions hold in both."""
    return text.translate(_PLAIN)


def _plain_character(character: str) -> str:
    folded = simplified(unicodedata.normalize("NFKC", character).lower())
    return folded if len(folded) == 1 else character


_PLAIN = Characters(_plain_character)


def opening(plain: str) -> int:
    """Return where greetings, references and acknowledgements end."""
    return openings(plain)[-1]


@lru_cache(maxsize=_READERS)
def openings(plain: str) -> tuple[int, ...]:
    """Return where a verb may stand: at the beginning, and behind each greeting, reference or acknowledgement."""
    positions = [0]
    for _ in range(_ROUNDS):
        found = _BEFORE.match(plain, positions[-1])
        if found is None or found.end() == positions[-1]:
            break
        positions.append(found.end())
    return tuple(positions)


def verb_at(plain: str, position: int) -> tuple[Verb, int] | None:
    """Return the verb that stands at a position and where it ends."""
    for verb, pattern in _COMPILED:
        found = pattern.match(plain, position)
        if found is not None:
            return verb, found.end()
    return None


def reports(verb: Verb, rest: str) -> bool:
    """Tell whether a verb reports its result, by the plain text behind it: no question, condition, plan or denial."""
    if verb.result == "unresolved":  # he may well ask for help
        return not _asks(_CLAUSE, rest)
    if verb.result == "resolved" and not _BOUNDARY.match(rest):
        return False
    return not (_puts_off(rest) or _TAKEN_BACK.match(rest) or _asks(_SENTENCE, rest))


def _puts_off(rest: str) -> bool:
    """已解決後…, 解決中: only directly behind the verb; 已解決 後輪軸承更換 is a report."""
    return _ADJACENT.match(rest) is not None


def _asks(part: re.Pattern[str], rest: str) -> bool:
    found = part.match(rest)
    return found is not None and _ASKS.search(found[0]) is not None
