"""One cell's raw value to one typed value, by the field's kind (forms.md, Values)."""

import math
import re
import unicodedata
from datetime import date, datetime, time
from decimal import Decimal

from parsers.amounts import read_money, read_percentage
from parsers.choices import ChoiceBook
from parsers.dates import read_date, read_datetime
from parsers.folding import fold, remembered, simplified
from parsers.readings import NOTHING, Reading, Surroundings
from parsers.wordings import (
    digits_lost,
    in_the_future,
    not_a_phone,
    phone_digits_lost,
    phone_second,
    phone_zero_lost,
    text_cut,
)
from parsers.workbook import Raw
from rules.fields import Field, Kind

TEXT_LIMIT = 20_000
_LONGEST_PRINTED = 40
_EXACT_FLOAT = 10**15  # from here on a spreadsheet's number has lost digits

# Days that are rightly ahead of us.
_PLANNED = frozenset({"contract_delivery_on"})

_EMPTY_WORDS = frozenset({"", "无", "n/a", "请选择", "请填写", "pleaseselect", "pleasechoose"})
_EMPTY_SHAPES = re.compile(r"[\s/\\:\-\u2010-\u2015_…]*")
_PREPRINTED = re.compile(r"[\s_]*(?:年[\s_]*月[\s_]*日)(?:[\s_]*(?:上午|下午)?[\s_]*[时点][\s_]*分?)?[\s_]*")
_UNITS = frozenset({"元", "圆", "cny", "rmb", "¥", "人民币", "km", "公里", "%", "yuan"})

_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_DIRECTIONS = "\u202a-\u202e\u2066-\u2069"  # they would turn the text around them
_NO_CHARACTERS = "\ufeff\ufffe\uffff\ud800-\udfff"
_DROPPED_CONTROLS = re.compile(f"[{_CONTROLS}{_DIRECTIONS}{_NO_CHARACTERS}]")
_SCIENTIFIC = re.compile(r"\+?(?P<mantissa>\d(?:\.\d+)?)e\+?(?P<exponent>\d{1,2})", re.IGNORECASE)
_PHONE = re.compile(r"\+?\d{5,}")
_LONGEST_PHONE = 15  # digits, E.164
_LONGEST_RAW_PHONE = 500  # characters, words and all, of what may be one
_DAY = re.compile(r"(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}(?!\d)")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#)\s*(\d{1,6})", re.IGNORECASE)


def means_empty(raw: Raw) -> bool:
    """Tell whether a cell says nothing: `/`, `-`, `無`, lines to write on, or only what is printed around a value."""
    return _says_nothing(raw) if isinstance(raw, str) else isinstance(raw, float) and math.isnan(raw)


@remembered
def _says_nothing(raw: str) -> bool:
    plain = unicodedata.normalize("NFKC", raw).strip().casefold()
    if _EMPTY_SHAPES.fullmatch(plain) or is_printed(raw):
        return True
    return len(plain) <= 20 and (simplified(plain) in _EMPTY_WORDS or fold(plain) in _EMPTY_WORDS)


def is_printed(raw: Raw) -> bool:
    """Tell whether a cell holds only what is printed around a value: a unit, or 年 月 日 without figures."""
    return isinstance(raw, str) and len(raw) <= _LONGEST_PRINTED and _is_printed(raw)


@remembered
def _is_printed(raw: str) -> bool:
    plain = simplified(unicodedata.normalize("NFKC", raw).strip().casefold())
    return plain in _UNITS or (plain != "" and _PREPRINTED.fullmatch(plain) is not None)


def read_value(
    field: Field,
    raw: Raw,
    around: Surroundings,
    book: ChoiceBook | None,
    *,
    shown_as_percentage: bool = False,
    scale: int = 1,
) -> Reading:
    """Read a cell as the field's kind; NOTHING if it means empty. Never raises for what stands in the cell."""
    if means_empty(raw):
        return NOTHING
    match field.kind:
        case Kind.MONEY:
            return read_money(raw, scale)
        case Kind.PERCENTAGE:
            return read_percentage(raw, shown_as_percentage=shown_as_percentage)
        case Kind.DATE:
            return _past(field, read_date(raw, around), around)
        case Kind.DATETIME:
            return read_datetime(raw, around)
        case Kind.PHONE:
            return read_phone(raw)
        case Kind.TEXT:
            return read_text(raw)
        case _:
            return (book or ChoiceBook.of(field)).read(written(raw))


def _past(field: Field, reading: Reading, around: Surroundings) -> Reading:
    """Warn of a day ahead, unless it is one that is planned."""
    today = around.now.astimezone(around.zone).date()
    day = reading.value
    if isinstance(day, date) and day > today and field.key not in _PLANNED:
        return Reading(day, warning=in_the_future(day.isoformat()))
    return reading


def written(raw: Raw) -> str:
    """Write a raw value as its author saw it."""
    match raw:
        case str():
            return raw
        case bool():
            return "TRUE" if raw else "FALSE"
        case float() if math.isfinite(raw) and raw == int(raw) and abs(raw) < 1e21:
            return str(int(raw))
        case float() if math.isfinite(raw):
            return format(Decimal(repr(raw)), "f") if 1e-10 < abs(raw) < 1e21 else repr(raw)
        case datetime():
            return raw.strftime("%Y-%m-%d %H:%M") if raw.time() != time() else raw.date().isoformat()
        case _:
            return str(raw)


def read_text(raw: Raw) -> Reading:
    """Keep a text as typed, without control characters; beyond 20 000 characters it is cut with a warning."""
    if isinstance(raw, int | float) and not isinstance(raw, bool) and abs(raw) >= _EXACT_FLOAT:
        return Reading(written(raw), warning=digits_lost(written(raw)))
    text = written(raw).replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
    clean = _DROPPED_CONTROLS.sub("", text).strip()
    if not clean:
        return NOTHING
    if len(clean) > TEXT_LIMIT:
        return Reading(clean[:TEXT_LIMIT], warning=text_cut(TEXT_LIMIT))
    return Reading(clean)


def read_phone(raw: Raw) -> Reading:
    """Read a phone number as text: its digits, a leading +, `#` before an extension."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        return Reading(problem=not_a_phone(written(raw)))
    if not isinstance(raw, str):
        return _phone_from_number(raw)
    if len(raw) > _LONGEST_RAW_PHONE:
        return Reading(problem=not_a_phone(raw))
    if _DAY.match(unicodedata.normalize("NFKC", raw).strip()):
        return Reading(problem=not_a_phone(raw))
    plain = unicodedata.normalize("NFKC", raw).strip()
    if (scientific := _SCIENTIFIC.fullmatch(plain)) is not None:
        return _phone_from_scientific(raw, scientific)
    return _phone_from_text(raw, re.sub(r"^(\d{5,})\.0+$", r"\1", plain))


def _phone_from_number(number: float) -> Reading:
    if not math.isfinite(number) or number != int(number) or number <= 0:
        return Reading(problem=not_a_phone(number))
    digits = str(int(number))
    if len(digits) > 15:
        return Reading(problem=phone_digits_lost(digits))
    if len(digits) < 5:
        return Reading(problem=not_a_phone(digits))
    whole = len(digits) == 11 and digits.startswith(
        "1"
    )  # a mainland mobile number has no leading zero to lose
    return Reading(digits, warning=None if whole else phone_zero_lost(digits))


def _phone_from_scientific(raw: str, found: re.Match[str]) -> Reading:
    """1.38E+10 has lost digits; 1.3800138E+10 may have; only a mantissa as long as the number is whole."""
    mantissa = found["mantissa"].replace(".", "")
    if len(mantissa) != int(found["exponent"]) + 1:
        return Reading(problem=phone_digits_lost(raw))
    return _phone_from_number(int(mantissa))


def _phone_from_text(raw: str, plain: str) -> Reading:
    extension = _EXTENSION.search(_one_spelling(plain))
    body = _one_spelling(plain)[: extension.start()] if extension else plain
    apart = re.sub(
        r"(\d{7,})\s+(?=\+?\d{7,})", r"\1/", re.sub(r"\s*\n\s*", "/", body)
    )  # two whole numbers with a space between
    numbers = _PHONE.findall(re.sub(r"(?<=[\d+)])[\s().\-\u2010-\u2015]+(?=[\d(])|[()]", "", apart))
    if not numbers or len(body) > 200:
        return Reading(problem=not_a_phone(raw))
    if sum(character.isdigit() for character in numbers[0]) > _LONGEST_PHONE:
        return Reading(problem=not_a_phone(raw))
    number = numbers[0] + (f"#{extension[1]}" if extension else "")
    return Reading(number, warning=phone_second(number) if len(set(numbers)) > 1 else None)


def _one_spelling(text: str) -> str:
    """Write 轉 as 转, so that one spelling of an extension is looked for."""
    return text.replace("轉", "转").replace("分機", "分机")
