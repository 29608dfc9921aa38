"""What a short reply says was granted to the customer: a discount, a gift or cash, each in one clear figure.

A concession that can be read in two ways, or that is of no kind the rules know, is a problem, never a guess: it is
held against its author's authority (D38).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from parsers.amounts import read_money, read_percentage
from parsers.readings import Reading
from parsers.reply_verbs import plain_text
from parsers.wordings import quoted, say
from rules.conditions import FactValue
from rules.locales import Text

_LEADING = " \t\r\n,，。.:：;；!！-–—、*"


@dataclass(frozen=True)
class Concession:
    """One kind of concession: the words that speak of it, the figures it is given in, and how to write it well."""

    key: str
    words: str
    example: Text


_DISCOUNT = Concession(
    "discount_percent",
    r"优惠|减免|折|工时费?|半价|减半|discount|\boff\b|half[- ]price|(?:减|降|让利?|便宜)(?:了|价)?\s*(?=\d)",
    say("優惠工時費30%", "优惠工时费30%", "discount 30%"),
)
_GIFT = Concession(
    "gift_amount",
    r"精品|赠送?|礼品|送(?!修|厂|检|回|到|车|去|来|达|店|交)|\bgifts?\b(?!\s+(?:card|voucher))|accessor(?:y|ies)",
    say("送精品200元", "送精品200元", "gift 200"),
)
_CASH = Concession(
    "cash_amount",
    r"现金(?!券)|补偿|赔偿|赔付|退款|退还|\bcash\b|compensat\w*|refund\w*",
    say("現金補償500元", "现金补偿500元", "cash 500"),
)
CONCESSIONS = (_DISCOUNT, _GIFT, _CASH)

_SENTENCE = re.compile(r"[。!;\n]|\.(?=\s|$)")
_CLAUSE = re.compile(r"[,、，](?!\d{3})|(?:和|及|并|另外?|外加|再加|以及|\+)|\b(?:and|plus|with)\b")
_NUMERAL = "[零〇一二两三四五六七八九十百千万壹贰叁肆伍陆柒捌玖拾佰仟]"
_PRICE_LEFT = r"(?:\d{1,2}(?:\.\d)?|[一二三四五六七八九]{1,2})\s*折"
_PERCENT = re.compile(rf"(?<!\d)-?\d+(?:\.\d+)?\s*%|百分之(?:\d+(?:\.\d+)?|{_NUMERAL}+)|{_PRICE_LEFT}")
_DATE = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}(?:\s*[-/.月]\s*\d{1,2})?\s*[日号]?|\d{1,2}[/月]\d{1,2}[日号]?")
_ALL = re.compile(r"(?:全免|全部减?免|全额减?免|减免全部的?)工时费?|工时费?(?:全免|全部减?免|全额减?免)")
_HALF = re.compile(
    r"对折(?!断|叠)|半折|半价|half[- ]price|\bhalf off"
    r"|(?:减免|优惠|免|减|工时费?)(?:了|工时费?|的|只收)*(?:一半|减半)|减半"
)
_ALONE = re.compile(
    r"[\W_]*(?:[\d.,]+|百分之\w{1,4})\s*[%元块]?[\W_]*"
)  # a figure, and nothing about what it is of
_OTHER = (
    r"(?<![减避全难以])免(?:费|收|除|付|去|掉|单|工时|工钱|材料|零件)|免了|抵(?:扣|用|免|掉|减|工时|维修|现|付)|折(?:抵|价|现)"
    r"|少(?:收|算|付)|[只仅]收|让(?:利|价)|降价|便宜|打.{0,3}折|[减降让收打].{0,4}成(?![功本品为])|立减|返[现还利]|退费|贴补|补贴|红包"
    r"|(?:减|退|让|补|赔|付给?(?:客户|车主))(?:了|给|客户|车主)*\s*\d{3,}(?!\d|\s*%)|付给?(?:客户|车主)"
    r"|券|礼金|购物金|储值|充值|积分|点数|红利"
    r"|(?:减|退|贴|扣|补|赔|给(?:予|了)?(?:客户|车主)?)(?:了|给|客户|车主)*\s*\d[\d,.]*\s*(?:元|块|万)"
    r"|\bfree\s+(?:of|service|repair|labou?r|parts?|wash|car wash|maintenance|check|oil|tyres?|tires?)|\bfor free\b"
    r"|free[- ]of[- ]charge|\bno charge|complimentary|\bwaiv\w+"
    r"|knock\w* (?:\w+ ){0,2}off|\d\s*(?:yuan|rmb|cny)?\s+off\b"
    r"|vouchers?|coupons?|gift cards?|store credit|rebate|cash-?back|goodwill|on the house"
)
_CARD = re.compile(r"卡(?!扣|钳|榫|住|滞|顿|死|簧|箍|环|片|槽|座|车|丁|紧)")
_MONEY = re.compile(
    rf"(?P<digits>[-¥]?(?<!\d)(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?\s*[万千]?)\s*(?P<unit>元|块|cny|rmb|yuan)?"
    r"(?!\s*(?:\d|%|折|次|天|日|月|年|号|个|套|件|份|张|组|小时|时|点|分钟|公里|km|:|days?\b|hours?\b|x\b))"
    rf"|(?P<numeral>(?<!{_NUMERAL}){_NUMERAL}{{1,20}})(?=元|块)"
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
    r"(?:给予?+|(?<!给)予|提供|再|需|需要|做|作|涉及|用|any|given?|granted?|\s|任何|客户|其他|进行|支付|工时费?)*"
)


def read_concessions(said: str) -> tuple[dict[str, FactValue], tuple[Text, ...]]:
    """Read all concessions of a text by their fact keys; if one is unclear none counts, and each problem is told."""
    readings = {concession.key: _concession(concession, said) for concession in CONCESSIONS}
    problems = [reading.problem for reading in readings.values() if reading.problem is not None]
    unknown = _of_no_kind(said)
    if unknown and not problems:
        problems.append(_name_the_kind(unknown))
    if problems:
        return {}, tuple(problems)
    return {key: reading.value for key, reading in readings.items() if reading.value is not None}, ()


def _undated(said: str) -> str:
    """Return the plain text without its dates, in which positions hold."""
    return _DATE.sub(lambda found: " " * len(found[0]), plain_text(said))


def _of_no_kind(said: str) -> str:
    """Return the first clause that grants something that is no clear discount, gift or cash; empty if none does."""
    plain = _undated(said)
    if _ALONE.fullmatch(plain):
        return said
    for sentence in _SENTENCE.split(plain):
        for clause in _CLAUSE.split(sentence):
            if _grants_otherwise(clause):
                begin = plain.find(clause)
                return said[begin : begin + len(clause)]
    return ""


def _grants_otherwise(clause: str) -> bool:
    money = _MONEY.search(clause) is not None
    if not re.search(_OTHER, clause) and not (money and _CARD.search(clause)):
        return False
    if re.search(rf"{_NONE_GIVEN}(?:{_OTHER})", clause):
        return False
    return not (_named_money(clause) if money else _figures(_DISCOUNT, clause))


def _named_money(clause: str) -> bool:
    """送精品200元的購物券 names its kind; 贈送購物券200元 does not."""
    return re.search(r"精品|礼品|现金(?!券)|accessor|\bcash\b|\bgifts?\b(?!\s+card)", clause) is not None


def _concession(concession: Concession, said: str) -> Reading:
    """Read one kind of concession from the whole text: nothing, one figure, or a problem."""
    plain = _undated(said)
    figures: set[Decimal] = set()
    unclear: str | None = None
    for sentence in _SENTENCE.split(plain):
        asked = _NOT_GRANTED.search(sentence) is not None
        for clause in _clauses(concession, sentence):
            readings = _figures(concession, clause)
            if not readings or asked or _VAGUE.search(clause):
                unclear = unclear or clause
            for reading in readings:
                if not isinstance(reading.value, Decimal):
                    return reading
                figures.add(reading.value)
    if unclear is None and len(figures) <= 1:
        return Reading(next(iter(figures), None))
    begin = plain.find(unclear) if unclear else 0
    return Reading(problem=_unclear(concession, said[begin : begin + len(unclear)] if unclear else said))


def _clauses(concession: Concession, sentence: str) -> Iterator[str]:
    """Yield the clauses that speak of this concession and do not deny it."""
    for clause in _CLAUSE.split(sentence):
        speaks = re.search(concession.words, clause) is not None
        if concession is _DISCOUNT:
            speaks = _speaks_of_discount(clause)
        if speaks and not re.search(rf"{_NONE_GIVEN}(?:{concession.words})", clause):
            yield clause


def _speaks_of_discount(clause: str) -> bool:
    """工時 alone is no concession, nor is a percentage of anything else: 水溫100%正常."""
    if _ALL.search(clause) or _HALF.search(clause):
        return True
    if _PERCENT.search(clause):
        return re.search(_DISCOUNT.words, clause) is not None
    return re.search(r"优惠|减免|打折|折扣|折让|discount", clause) is not None and not _speaks_of_money(
        clause
    )


def _speaks_of_money(clause: str) -> bool:
    return any(re.search(concession.words, clause) and _MONEY.search(clause) for concession in (_GIFT, _CASH))


def _figures(concession: Concession, clause: str) -> list[Reading]:
    if concession is _DISCOUNT:
        return _percentages(clause) if re.search(concession.words, clause) else []
    return [read_money((found["digits"] or found["numeral"]).strip()) for found in _MONEY.finditer(clause)]


def _percentages(clause: str) -> list[Reading]:
    found = [read_percentage(figure[0]) for figure in _PERCENT.finditer(clause)]
    if _HALF.search(clause):
        found.append(Reading(Decimal(50)))
    return found or [Reading(Decimal(100)) for _ in _ALL.finditer(clause)][:1]


def _unclear(concession: Concession, clause: str) -> Text:
    shown, example = quoted(clause.strip(_LEADING)), concession.example
    return say(
        f"「{shown}」看不出給了客戶多少，請寫明，例如「{example.zh_hant}」",
        f"“{shown}”看不出给了客户多少，请写明，例如“{example.zh_hans}”",
        f"'{shown}' does not say clearly what was granted; write it as '{example.en}'",
    )


def _name_the_kind(clause: str) -> Text:
    shown = quoted(clause.strip(_LEADING))
    return say(
        f"「{shown}」看不出給了客戶什麼優惠，請寫成「優惠工時費30%」、「贈送精品300元」或「現金補償500元」，數字照實填",
        f"“{shown}”看不出给了客户什么优惠，请写成“优惠工时费30%”、“赠送精品300元”或“现金补偿500元”，数字照实填",
        f"'{shown}' does not say clearly what was granted; write it as 'discount 30%', 'gift 300' or 'cash 500', "
        "with your figure",
    )
