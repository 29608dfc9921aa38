"""A short answer by e-mail instead of a handling form: `已解決 更換水泵，優惠工時費30%`, `unresolved …`.

Only the reader's own first lines count; what he quotes is cut first. A concession that can be read in two ways is a
problem, never a guess: it is held against the author's authority (D10–D12, D19–D21, D38).
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from parsers.amounts import read_money, read_percentage
from parsers.folding import simplified
from parsers.readings import Reading
from parsers.values import read_text
from parsers.wordings import quoted, say
from rules.conditions import FactValue
from rules.fields import Catalogue, FormKind
from rules.locales import Text

LONGEST = 100_000  # characters of a mail's text that are looked at


@dataclass(frozen=True)
class Reply:
    """What a short reply reports, by the fact keys of the handling form."""

    facts: dict[str, FactValue] = field(default_factory=dict)
    problems: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Verb:
    """A word that begins a reply, and the result it reports. Patterns are in Simplified characters and lower case."""

    pattern: str
    result: str


# The first that matches counts: what denies stands before what it denies. Issue 4 adds verbs of its own.
_YET = "(?:尚|还|仍|暂时?|目前)*"
VERBS = (
    Verb(rf"{_YET}(?:未能?|没有?能?|无法|不能|并未|并没有?)(?:完全|得到)?(?:被)?(?:妥善)?解决", "unresolved"),
    Verb(r"(?:已|已经)?解决不了", "unresolved"),
    Verb(r"(?:still\s+)?not\s+(?:yet\s+)?(?:been\s+)?(?:fully\s+)?(?:re)?solved(?:\s+yet)?\b", "unresolved"),
    Verb(r"(?:still\s+)?un(?:re)?solved(?:\s+yet)?\b", "unresolved"),
    Verb(r"(?:is|has|was)(?:n't|\s+not)\s+(?:yet\s+)?(?:been\s+)?(?:re)?solved\b", "unresolved"),
    Verb(r"(?:已|已经)?(?:大?部[分份]|一部[分份])(?:已|已经|得到)?解决了?", "partly"),
    Verb(r"(?:已|已经)?解决了?(?:一半|一?大?部[分份])", "partly"),
    Verb(r"(?:partly|partially)(?:\s+(?:re)?solved)?\b", "partly"),
    Verb(r"(?:(?:问题)?(?:已|已经|均已|都已)(?:妥善|圆满)?解决了?|解决了|已处理完(?:毕|成)|处理完毕)", "resolved"),
    Verb(r"(?:re)?solved\b(?!\s+not)", "resolved"),
)  # fmt: skip

_QUOTE_BEGINS = re.compile(
    r"\s*(?:"
    r"-{2,}\s*(?:original message|forwarded message|原始?[邮郵]件|原始信件|[转轉][发發]的?[邮郵]件|回[复覆][邮郵]件)"
    r"|原始[邮郵]件\s*[:：]?\s*$|_{10,}\s*$|--\s*$"
    r"|\*?(?:from|sent|发件人|發件人|寄件者|寄件人|发送时间|寄件日期|差出人)\*?\s*[:：]"
    r"|on\b.{3,200}\bwrote\s*[:：]\s*$|.{3,200}(?:写道|寫道|wrote)\s*[:：]\s*$"
    r"|(?:发自|發自|傳送自|来自|從我的|sent from).{0,40}(?:iphone|ipad|android|手[机機]|outlook|[邮郵]箱).{0,10}$"
    r")",
    re.IGNORECASE,
)
_WROTE_BEGINS = re.compile(r"\s*on\b.{3,200}$", re.IGNORECASE)
_WROTE_ENDS = re.compile(r".{0,200}\bwrote\s*[:：]\s*$", re.IGNORECASE)
_GREETING = re.compile(
    r"(?:您好|你好|大家好|各位好?|hi|hello|dear\b.{0,40}|尊敬的.{0,20})[\s,，。.!！:：]*", re.IGNORECASE
)
_REFERENCE = re.compile(r"^\s*(?:[\[【(（][^\]】)）]{1,40}[\]】)）]\s*)+")
_QUESTION = re.compile(r"^[^。.!！\n]{0,12}?(?:[?？]|[吗嗎](?:[?？。]|$)|了?没有?[?？]|没有$)")
_LEADING = " \t\r\n,，。.:：;；!！-–—、"


def own_text(text: str) -> str:
    """Return what the sender wrote himself, above and between the lines he quotes."""
    kept: list[str] = []
    lines = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if _QUOTE_BEGINS.match(line) or (_WROTE_BEGINS.fullmatch(line) and _WROTE_ENDS.fullmatch(following)):
            break
        if not line.lstrip(" \t\ufeff\u200b").startswith((">", "＞")):
            kept.append(line)
    return "\n".join(kept).strip()


def parse_reply(text: str, catalogue: Catalogue) -> Reply | None:
    """Read a short reply; None if its first line does not begin with a verb (or only asks)."""
    if all(form.kind is not FormKind.HANDLING for form in catalogue.forms):
        return None
    body = _without_greeting(own_text(text))
    plain = _plain(body)  # as long as `body`, so that positions hold in both
    for verb in VERBS:
        found = re.compile(verb.pattern).match(plain)
        if found is not None:
            return None if _QUESTION.match(plain[found.end() :]) else _reply(verb, body[found.end() :])
    return None


def _plain(text: str) -> str:
    """Fold width, case and script, character by character."""
    return "".join(_plain_character(character) for character in text)


def _plain_character(character: str) -> str:
    folded = simplified(unicodedata.normalize("NFKC", character).lower())
    return folded if len(folded) == 1 else character


def _without_greeting(text: str) -> str:
    lines = text.split("\n")
    while lines and (not lines[0].strip() or _GREETING.fullmatch(lines[0].strip())):
        lines.pop(0)
    body = _REFERENCE.sub("", "\n".join(lines))
    greeted = re.match(r"(?:您好|你好)[,，。!！\s]+", body)
    return body[greeted.end() :] if greeted else body.lstrip()


def _reply(verb: Verb, rest: str) -> Reply:
    facts: dict[str, FactValue] = {"result": verb.result}
    resolution = read_text(rest.strip(_LEADING)).value
    if resolution:
        facts["resolution"] = resolution
    problems: list[Text] = []
    for concession in CONCESSIONS:
        reading = _concession(concession, rest)
        if reading.value is not None:
            facts[concession.key] = reading.value
        if reading.problem is not None:
            problems.append(reading.problem)
    return Reply(facts, tuple(problems))


# --- concessions


@dataclass(frozen=True)
class Concession:
    """One kind of concession: the words that speak of it, the figures it is given in, and how to write it well."""

    key: str
    words: str
    example: Text


_DISCOUNT = Concession(
    "discount_percent",
    r"优惠|减免|打折|折扣|折让|工时费?|discount|\boff\b|折",
    say("優惠工時費30%", "优惠工时费30%", "discount 30%"),
)
_GIFT = Concession(
    "gift_amount",
    r"精品|赠送?|礼品|送(?!修|厂|检|回|到|车|去|来|达|店|交)|\bgifts?\b|accessor(?:y|ies)",
    say("送精品200元", "送精品200元", "gift 200"),
)
_CASH = Concession(
    "cash_amount",
    r"现金|补偿|赔偿|赔付|退款|退还|\bcash\b|compensat\w*|refund\w*",
    say("現金補償500元", "现金补偿500元", "cash 500"),
)
CONCESSIONS = (_DISCOUNT, _GIFT, _CASH)

_SENTENCE = re.compile(r"[。!;\n]|\.(?=\s|$)")
_CLAUSE = re.compile(r"[,、，](?!\d{3})|(?:和|及|并|另外?|外加|再加|以及|\+)|\b(?:and|plus|with)\b")
_NUMERAL = "[零〇一二两三四五六七八九十百千万壹贰叁肆伍陆柒捌玖拾佰仟]"
_PRICE_LEFT = r"(?:\d{1,2}(?:\.\d)?|[一二三四五六七八九]{1,2})\s*折"
_PERCENT = re.compile(rf"-?\d+(?:\.\d+)?\s*%|百分之(?:\d+(?:\.\d+)?|{_NUMERAL}+)|{_PRICE_LEFT}")
_DATE = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}(?:\s*[-/.月]\s*\d{1,2})?\s*[日号]?|\d{1,2}[/月]\d{1,2}[日号]?")
_FREE = re.compile(r"(?:全免|免收?)工时费?|工时费?(?:全免|免收|免费)|free labou?r")
_MONEY = re.compile(
    rf"(?P<digits>[-¥]?(?<!\d)(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?\s*[万千]?)\s*(?P<unit>元|块|cny|rmb|yuan)?"
    r"(?!\s*(?:\d|%|折|次|天|日|月|年|号|个|套|件|份|张|组|小时|时|点|分钟|公里|km|:|days?\b|hours?\b|x\b))"
    rf"|(?P<numeral>{_NUMERAL}+)(?=元|块)"
)
_VAGUE = re.compile(
    r"约|大概|左右|上下|以内|之间|至少|最多|不超过|\d\s*[-~到至]\s*\d|\babout\b|\baround\b|\bup to\b|\bapprox"
)
_NOT_GRANTED = re.compile(
    r"要求|希望|想要|索要|拒绝|不同意|未同意|没有?同意|不接受|未接受|考虑|申请|建议|待批|是否|可否|如果|若"
    r"|\bask(?:s|ed|ing)?\b|demand|\bwants?\b|\bwanted\b|refus|declin|reject|request|propos|\bif\b|\bmay\b|\bmight\b"
)
_NONE_GIVEN = (
    r"(?:无需?|没有?|未|不|无任何|\bno\b|\bnot\b|\bwithout\b|\bnone\b)"
    r"(?:给予?|予|提供|再|需|需要|做|作|涉及|用|any|given?|granted?|\s|任何|客户|其他|进行|支付|工时费?)*"
)


def _concession(concession: Concession, rest: str) -> Reading:
    """Read one kind of concession from the whole reply: nothing, one figure, or a problem."""
    plain = _DATE.sub(lambda found: " " * len(found[0]), _plain(rest))
    said: set[Decimal] = set()
    unclear: str | None = None
    for sentence in _SENTENCE.split(plain):
        for clause in _clauses(concession, sentence):
            figures = _figures(concession, clause)
            if not figures or _VAGUE.search(clause) or _NOT_GRANTED.search(sentence):
                unclear = unclear or clause
            for figure in figures:
                if not isinstance(figure.value, Decimal):
                    return figure
                said.add(figure.value)
    if unclear is None and len(said) <= 1:
        return Reading(next(iter(said), None))
    begin = plain.find(unclear) if unclear else 0
    return Reading(problem=_unclear(concession, rest[begin : begin + len(unclear)] if unclear else rest))


def _clauses(concession: Concession, sentence: str) -> Iterator[str]:
    """Yield the clauses that speak of this concession and do not deny it."""
    for clause in _CLAUSE.split(sentence):
        speaks = re.search(concession.words, clause) is not None
        if concession is _DISCOUNT:
            speaks = _speaks_of_discount(clause)
        if speaks and not re.search(rf"{_NONE_GIVEN}(?:{concession.words})", clause):
            yield clause


def _speaks_of_discount(clause: str) -> bool:
    """A percentage is taken for a discount even without the word; 工時 alone is no concession."""
    if _PERCENT.search(clause) or _FREE.search(clause):
        return True
    return re.search(r"优惠|减免|打折|折扣|折让|discount", clause) is not None and not _speaks_of_money(
        clause
    )


def _speaks_of_money(clause: str) -> bool:
    return any(re.search(concession.words, clause) and _MONEY.search(clause) for concession in (_GIFT, _CASH))


def _figures(concession: Concession, clause: str) -> list[Reading]:
    if concession is _DISCOUNT:
        if _FREE.search(clause) and not _PERCENT.search(clause):
            return [Reading(Decimal(100))]
        if not re.search(concession.words, clause):
            return []  # a percentage of what?
        return [read_percentage(found[0]) for found in _PERCENT.finditer(clause)]
    return [read_money((found["digits"] or found["numeral"]).strip()) for found in _MONEY.finditer(clause)]


def _unclear(concession: Concession, clause: str) -> Text:
    shown, example = quoted(clause.strip(_LEADING)), concession.example
    return say(
        f"「{shown}」看不出給了客戶多少，請寫明，例如「{example.zh_hant}」",
        f"“{shown}”看不出给了客户多少，请写明，例如“{example.zh_hans}”",
        f"'{shown}' does not say clearly what was granted; write it as '{example.en}'",
    )
