"""Money and percentages as people write them (forms.md, Values). Money is CNY with two decimals, never a guess."""

import math
import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal

from parsers.folding import remembered, simplified
from parsers.numerals import chinese_number
from parsers.readings import Reading
from parsers.wordings import (
    amount_negative,
    amount_too_fine,
    amount_too_large,
    not_a_percentage,
    not_an_amount,
    not_cny,
    percentage_ambiguous,
    percentage_out_of_range,
)
from rules.facts import MONEY_LIMIT

CENT = Decimal("0.01")
_NOISE = Decimal("0.00005")  # CNY; what binary floats leave behind a sum of cents
_LONGEST = 40  # characters an amount may have
_LONGEST_RAW = 500  # characters, spaces and all, of what may be one: patterns meet nothing longer

_CURRENCY_BEFORE = re.compile(r"^(?:人民币|rmb|cny|¥)+")
_CURRENCY_AFTER = re.compile(r"(?:人民币|rmb|cny|yuan|¥|元[整正]?|圆[整正]?|块钱?|整)+$")
_FOREIGN = re.compile(
    r"us\$|usd|美元|nt\$|ntd|twd|台币|新台币|hk\$|hkd|港币|港元|eur|€|欧元|jpy|日元|日圆|£|\$"
)
_NUMBER = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+|\.)?")
_SCALED = re.compile(r"(?P<number>.+?)(?P<scale>亿|万|千|百)")
_SCALES = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_MIXED = re.compile(r"(?P<whole>\d{1,4})(?P<high>[亿万千百])(?P<rest>[1-9])(?P<low>[万千百])?")
_COINS = re.compile(r"(?P<whole>.*?)[元圆块](?:(?P<jiao>[^元角分]{1})角)?(?:零?(?P<fen>[^元角分]{1})分)?")

_PRICE_LEFT = re.compile(r"(?:打)?(?P<price>.+?)折(?:优惠)?")
_PERCENT = re.compile(
    r"(?:优惠|减免?|折让|discount)?(?P<number>[\d.,]+)(?P<sign>%)?(?:优惠|减免|off|discount)?"
)
_HUNDREDTHS = re.compile(r"百分之(?P<number>.+)")


def _plain(text: str) -> str:
    """Drop width, case, script and spaces, none of which change an amount."""
    return "".join(simplified(unicodedata.normalize("NFKC", text).casefold()).split())


_UNIT_SCALE = re.compile(r"[(\[【〔](?:单位)?:?(?:人民币|rmb|cny)?(?P<scale>[亿万千百])(?:元|圆)?[)\]】〕]")
_SPACED = re.compile(r"\d+(?:\s+\d+)+")
_GROUPS = re.compile(r"\d{1,3}(?:\s\d{3})+")


@remembered
def scale_of(label: str) -> int:
    """Tell what a unit in a label multiplies bare numbers by: 10 000 for 維修金額（萬元）, 1 where there is none."""
    found = _UNIT_SCALE.search(_plain(label))
    return _SCALES[found["scale"]] if found else 1


def scale_of_format(number_format: str) -> int:
    """Tell what a format such as `0.0"萬"` multiplies by; behind a comma that divides, the cell holds it whole."""
    plain = simplified(number_format.split(";")[0])
    found = re.search(r"[0#?][^0#?]*?(?P<scale>[亿万千])", plain)
    divides = re.search(r"[0#?],+(?![0#?,])|!\.|\\\.", plain)
    return _SCALES[found["scale"]] if found and not divides else 1


def read_money(raw: object, scale: int = 1) -> Reading:
    """Read an amount of CNY from a number or text; a bool, a date or anything vague is a problem.

    `scale` multiplies a bare number; a text with a unit of its own says itself what it is.
    """
    bare = _bare_number(raw) if scale != 1 else None
    return read_unscaled(raw) if bare is None else _money(bare * scale, raw)


def _bare_number(raw: object) -> Decimal | None:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return None
    if isinstance(raw, str):
        if len(raw) > _LONGEST_RAW:
            return None
        plain = _plain(raw)
        spoilt = _is_spaced_apart(raw) or not _NUMBER.fullmatch(plain) or len(plain) > _LONGEST
        return None if spoilt else Decimal(plain.replace(",", ""))
    return Decimal(repr(raw)) if math.isfinite(raw) and abs(raw) <= MONEY_LIMIT * 10 else None


def _is_spaced_apart(text: str) -> bool:
    """Tell whether digits stand apart otherwise than in groups of three: `1200 1300` are two numbers."""
    narrow = unicodedata.normalize("NFKC", text)
    return any(not _GROUPS.fullmatch(digits) for digits in _SPACED.findall(narrow))


def read_unscaled(raw: object) -> Reading:
    """Read an amount as it is written."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return Reading(problem=not_an_amount(raw))
    if isinstance(raw, str):
        return _money_from_text(raw)
    if isinstance(raw, float) and not math.isfinite(raw):
        return Reading(problem=not_an_amount(raw))
    exact = Decimal(raw) if isinstance(raw, int) else Decimal(repr(raw))
    if abs(exact) <= MONEY_LIMIT * 10:
        rounded = exact.quantize(CENT, ROUND_HALF_UP)
        exact = rounded if abs(exact - rounded) < _NOISE else exact
    return _money(exact, raw)


def _money(number: Decimal, raw: object) -> Reading:
    if number < 0:
        return Reading(problem=amount_negative(raw))
    if number > MONEY_LIMIT:
        return Reading(problem=amount_too_large(raw))
    if number != number.quantize(CENT):
        return Reading(problem=amount_too_fine(raw))
    return Reading(abs(number).quantize(CENT))


def _money_from_text(text: str) -> Reading:
    if len(text) > _LONGEST_RAW or _is_spaced_apart(text):
        return Reading(problem=not_an_amount(text))
    plain = _plain(text)
    if _FOREIGN.search(plain):
        return Reading(problem=not_cny(text))
    bare = _CURRENCY_AFTER.sub("", _CURRENCY_BEFORE.sub("", plain))
    if _is_negative(bare):
        return Reading(problem=amount_negative(text))
    if re.fullmatch(r"[\d,]+\.\d{3,}", bare) and _NUMBER.fullmatch(bare):
        return Reading(problem=amount_too_fine(text))
    number = _number(bare) if 0 < len(bare) <= _LONGEST else None
    if number is None:
        number = _with_coins(plain)
    return Reading(problem=not_an_amount(text)) if number is None else _money(number, text)


def _is_negative(plain: str) -> bool:
    """Tell whether a number stands behind a minus, 負, or in an accountant's brackets."""
    inner = re.fullmatch(r"(?:[-\u2212\u2013\u2014]|负|\()(?:¥|rmb|cny)?(.+?)\)?", plain)
    return inner is not None and _number(inner[1]) is not None


def _number(plain: str) -> Decimal | None:
    """Read digits, digits with a Chinese scale (1.2万), or Chinese numerals."""
    if _NUMBER.fullmatch(plain):
        return Decimal(plain.replace(",", ""))
    scaled = _SCALED.fullmatch(plain)
    if scaled and _NUMBER.fullmatch(scaled["number"]):
        return Decimal(scaled["number"].replace(",", "")) * _SCALES[scaled["scale"]]
    mixed = _MIXED.fullmatch(plain)
    if mixed:  # 1萬2 is 12 000: a last digit alone is of the rank below
        scale = _SCALES[mixed["high"]]
        below = _SCALES[mixed["low"]] if mixed["low"] else scale // 10
        if below < scale:
            return Decimal(mixed["whole"]) * scale + Decimal(mixed["rest"]) * below
    numeral = chinese_number(plain)
    return None if numeral is None else Decimal(numeral)


def _with_coins(plain: str) -> Decimal | None:
    """Read 十二元五角, 3元5角."""
    found = _COINS.fullmatch(_CURRENCY_BEFORE.sub("", plain))
    if not found or len(plain) > _LONGEST:
        return None
    parts = [_number(found[name]) if found[name] else Decimal(0) for name in ("whole", "jiao", "fen")]
    whole, jiao, fen = parts
    if whole is None or jiao is None or fen is None or not found["whole"] or max(jiao, fen) > 9:
        return None
    return whole + jiao / 10 + fen / 100


def read_percentage(raw: object, *, shown_as_percentage: bool = False) -> Reading:
    """Read a percentage from 0 to 100. `shown_as_percentage`: the cell's format multiplies its number by 100."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return Reading(problem=not_a_percentage(raw))
    if isinstance(raw, str):
        return _percentage_from_text(raw)
    if isinstance(raw, float) and not math.isfinite(raw):
        return Reading(problem=not_a_percentage(raw))
    number = Decimal(repr(raw))
    if shown_as_percentage:
        return _percentage(number * 100, raw)
    return _bare_percentage(number, raw)


def _bare_percentage(number: Decimal, raw: object) -> Reading:
    """A number without a sign: 0.3 is 30 %, 30 is 30 %, 1 may be either."""
    if number == 1:
        return Reading(problem=percentage_ambiguous(raw))
    return _percentage(number * 100 if 0 < number < 1 else number, raw)


def _percentage(number: Decimal, raw: object) -> Reading:
    if not 0 <= number <= 100:
        return Reading(problem=percentage_out_of_range(raw))
    rounded = number.quantize(Decimal("0.0001"), ROUND_HALF_UP)
    whole = rounded.to_integral_value()
    return Reading(abs(whole if whole == rounded else rounded.normalize()))


def _percentage_from_text(text: str) -> Reading:
    plain = _plain(text)
    if len(plain) > _LONGEST:
        return Reading(problem=not_a_percentage(text))
    if plain.startswith("-") and _PERCENT.fullmatch(plain[1:]):
        return Reading(problem=percentage_out_of_range(text))
    if (left := _PRICE_LEFT.fullmatch(plain)) is not None:
        return _from_price_left(left["price"], text)
    if (part := _HUNDREDTHS.fullmatch(plain)) is not None:
        number = _number(part["number"])
        return Reading(problem=not_a_percentage(text)) if number is None else _percentage(number, text)
    found = _PERCENT.fullmatch(plain)
    number = _number(found["number"]) if found else None
    if found is None or number is None:
        return Reading(problem=not_a_percentage(text))
    return _percentage(number, text) if found["sign"] else _bare_percentage(number, text)


def _from_price_left(price: str, text: str) -> Reading:
    """七折 leaves seven tenths of the price, 七五折 and 75折 leave 75 %: the discount is the rest."""
    digits = price.translate(str.maketrans("一二三四五六七八九", "123456789"))
    if re.fullmatch(r"[1-9](?:\.\d)?", digits):
        return _percentage(100 - Decimal(digits) * 10, text)
    if re.fullmatch(r"[1-9]\d", digits) and not re.search(r"\d", price.replace(digits, "")):
        return _percentage(100 - Decimal(digits), text)
    return Reading(problem=not_a_percentage(text))
