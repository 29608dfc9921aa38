"""Dates and times as people and spreadsheets write them (forms.md, Values); a time without a zone is the site's."""

import math
import re
import unicodedata
from datetime import date, datetime, time, timedelta

from parsers.folding import simplified
from parsers.readings import Reading, Surroundings
from parsers.wordings import (
    day_assumed,
    in_the_future,
    long_ago,
    not_a_date,
    not_a_time,
    year_missing,
    year_of_two_digits,
)
from rules.locales import Text

FIRST_YEAR, LAST_YEAR = 1900, 2199
TOLERANCE = timedelta(minutes=10)
OLDEST = timedelta(days=365)
_REPUBLIC = 1911  # ROC year 1 is 1912
_LONGEST = 60
_SERIALS = range(29_221, 109_575)  # 1980 to 2199 in the 1900 system: a smaller number is a year or a mistake
_OFFSET_1904 = 1462

_Y, _M, _D = r"(?P<year>\d{1,4})", r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})"
_DATE = re.compile(
    rf"(?P<roc>中华民国|民国|roc)?\s*{_Y}\s*(?P<mark>[-/.年])\s*{_M}\s*(?:[-/.月])\s*{_D}(?!\d)\s*[日号]?"
)
_COMPACT = re.compile(r"(?P<year>(?:19|20|21)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?!\d)")
_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_NAMED = "(?P<name>" + "|".join(_MONTHS) + r")[a-z]*\.?"
_ENGLISH = (
    re.compile(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+{_NAMED},?\s+(?P<year>\d{{4}})(?!\d)"),
    re.compile(rf"{_NAMED}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?!\d)"),
)
_YEARLESS = re.compile(r"\d{1,2}\s*(?:[-/.]|月)\s*\d{1,2}\s*[日号]?(?:\s.*)?")
_WEEKDAY = re.compile(
    r"[(\[]?\s*(?:(?:星期|礼拜|周)[一二三四五六日天]|(?<=\()[一二三四五六日天](?=\))|\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b,?)\s*[)\]]?"
)
_HALF = "(?P<half>上午|早上|早晨|清晨|凌晨|中午|下午|傍晚|晚上|夜里|晚间)?"
_CLOCK = re.compile(
    rf"{_HALF}\s*(?P<hour>\d{{1,2}})\s*(?:(?::|时|点)\s*(?:(?P<minute>\d{{1,2}})\s*分?|(?P<thirty>半))?)?"
    r"\s*(?:(?::\s*)?(?P<second>\d{1,2})(?:\.\d+)?\s*秒?)?\s*(?:整)?\s*(?P<meridiem>[ap]\.?m\.?)?"
)


def read_date(raw: object, around: Surroundings) -> Reading:
    """Read a day; a time of day beside it is dropped."""
    moment = _moment(raw, around)
    if isinstance(moment, Reading):
        return moment
    if isinstance(moment, time):
        return Reading(problem=not_a_date(raw))
    if isinstance(moment, datetime):
        moment = (moment.astimezone(around.zone) if moment.tzinfo else moment).date()
    return Reading(moment)


def read_datetime(raw: object, around: Surroundings) -> Reading:
    """Read a moment, aware. A day alone begins at midnight; a time alone is today's, with a warning."""
    moment = _moment(raw, around)
    if isinstance(moment, Reading):
        return Reading(problem=not_a_time(raw)) if moment.problem == not_a_date(raw) else moment
    if isinstance(moment, time):
        today = around.now.astimezone(around.zone).date()
        aware = datetime.combine(today, moment, around.zone)
        return Reading(aware, warning=day_assumed(raw, today.isoformat()))
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    aware = moment.astimezone(around.zone) if moment.tzinfo else moment.replace(tzinfo=around.zone)
    return Reading(aware, warning=_plausibility(aware, around))


def time_beside(raw: object, beside: object, around: Surroundings) -> str | None:
    """Return the time of day in the cell beside a day that has none, as HH:MM:SS; None if it is no such pair."""
    day = _moment(raw, around)
    if isinstance(day, datetime) and day.time() != time():
        return None
    if isinstance(day, Reading | time) or (isinstance(raw, str) and isinstance(day, datetime)):
        return None
    clock = _moment(beside, around)
    return clock.isoformat(timespec="seconds") if isinstance(clock, time) else None


def _plausibility(moment: datetime, around: Surroundings) -> Text | None:
    shown = moment.strftime("%Y-%m-%d %H:%M")
    if moment - around.now > TOLERANCE:
        return in_the_future(shown)
    return long_ago(shown) if around.now - moment > OLDEST else None


def _moment(raw: object, around: Surroundings) -> date | time | Reading:
    """Read whatever stands in the cell: a day, a moment (a datetime is a date), a time of day, or a problem."""
    match raw:
        case bool():
            return Reading(problem=not_a_date(raw))
        case datetime() | date():
            return _in_range(raw, raw)
        case time():
            return raw.replace(tzinfo=None)
        case int() | float():
            return _from_number(raw, around)
        case str():
            return _from_text(raw)
        case _:
            return Reading(problem=not_a_date(raw))


def _in_range(moment: date, raw: object) -> date | Reading:
    if FIRST_YEAR <= moment.year <= LAST_YEAR:
        return moment
    return Reading(problem=not_a_date(raw))


def _from_number(number: float, around: Surroundings) -> date | time | Reading:
    """Read an Excel serial (days since 1899-12-30, or 1904-01-01), a fraction of a day, or 20261121."""
    if not math.isfinite(number):
        return Reading(problem=not_a_date(number))
    if 0 < number < 1:
        return _time_of_day(number)
    if number == int(number) and _COMPACT.fullmatch(str(int(number))):
        return _from_text(str(int(number)))
    serial = number + (_OFFSET_1904 if around.epoch_1904 else 0)
    if int(serial) not in _SERIALS:
        return Reading(problem=not_a_date(number))
    moment = datetime(1899, 12, 30) + timedelta(seconds=round(serial * 86_400))  # noqa: DTZ001 the zone is added later
    return moment.date() if number == int(number) else moment


def _time_of_day(fraction: float) -> time:
    seconds = min(round(fraction * 86_400), 86_399)
    return time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def _from_text(text: str) -> date | time | Reading:
    plain = " ".join(simplified(unicodedata.normalize("NFKC", text).casefold()).split())
    if not plain or len(plain) > _LONGEST:
        return Reading(problem=not_a_date(text))
    if (moment := _from_iso(plain)) is not None:
        return _in_range(moment, text)
    plain = " ".join(_WEEKDAY.sub(" ", plain).split())
    day, rest = _split_day(plain)
    if day is None:
        clock = _clock(plain)
        return clock or Reading(problem=_what_is_wrong(plain, text))
    if not isinstance(day, date):
        return Reading(problem=year_of_two_digits(text) if day == "two digits" else not_a_date(text))
    rest = rest.removeprefix("t").strip(" ,")
    if not rest:
        return day
    clock = _clock(rest)
    return datetime.combine(day, clock) if clock else Reading(problem=not_a_date(text))


def _from_iso(plain: str) -> datetime | None:
    """Read the one form that may carry a zone: 2026-11-21t14:30:00+08:00."""
    if not re.match(r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d", plain):
        return None
    try:
        return datetime.fromisoformat(plain.upper().replace(" +", "+"))
    except ValueError:
        return None


def _what_is_wrong(plain: str, text: str) -> Text:
    return year_missing(text) if _YEARLESS.fullmatch(plain) else not_a_date(text)


def _split_day(plain: str) -> tuple[date | str | None, str]:
    """Take the day off the front: the date, or why there is none ("two digits", "impossible"), or None if no day."""
    for pattern in (_DATE, _COMPACT, *_ENGLISH):
        if (found := pattern.match(plain)) is not None:
            return _day(found.groupdict()), plain[found.end() :].strip()
    return None, plain


def _day(parts: dict[str, str]) -> date | str:
    year = parts["year"]
    if parts.get("roc") or len(year) == 3:  # a three-digit year can only be the Republic's
        number = int(year) + _REPUBLIC if len(year) < 4 else 0
    elif len(year) < 4:
        return "two digits"
    else:
        number = int(year)
    month = _MONTHS[parts["name"]] if parts.get("name") else int(parts["month"])
    if not FIRST_YEAR <= number <= LAST_YEAR:
        return "impossible"
    try:
        return date(number, month, int(parts["day"]))
    except ValueError:
        return "impossible"


def _clock(plain: str) -> time | None:
    """Read a time of day; it needs a colon, 時, 點 or am/pm, for a bare number is none."""
    found = _CLOCK.fullmatch(plain)
    if not found or not re.search(r"[:时点]|[ap]\.?m", plain) or plain.endswith(":"):
        return None
    minute = 30 if found["thirty"] else int(found["minute"] or 0)
    if found["second"] and not (found["minute"]):
        return None
    hour = _hour(int(found["hour"]), found["half"], found["meridiem"])
    if hour is None or minute > 59 or int(found["second"] or 0) > 59:
        return None
    return time(hour, minute, int(found["second"] or 0))


def _hour(hour: int, half: str | None, meridiem: str | None) -> int | None:
    """Put an hour on the 24-hour clock; None where the words contradict it (上午15點, 晚上12點)."""
    afternoon = half in ("下午", "傍晚", "晚上", "夜里", "晚间") or (meridiem or "").startswith("p")
    morning = half in ("上午", "早上", "早晨", "清晨", "凌晨") or (meridiem or "").startswith("a")
    if hour > 23 or (afternoon and morning) or (morning and hour > 12):
        return None
    if half in ("晚上", "夜里", "晚间") and (hour == 12 or 0 < hour < 5):  # 晚上1點: after midnight?
        return None
    if half == "中午":
        return hour + 12 if hour < 3 else hour if hour in (11, 12, 13, 14) else None
    if afternoon and hour < 12:
        return hour + 12
    return 0 if morning and hour == 12 else hour
