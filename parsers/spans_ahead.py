"""Times ahead as people write them in a line of words: `11/25 12:00`, `明天下午3點`, `3 天`, `for 2 days` (K07).

A day without a time means its end, its noon is twelve. What cannot be told is no time, never a guess.
"""

import re
from datetime import date, datetime, time, timedelta

from parsers.dates import read_datetime
from parsers.readings import Surroundings
from parsers.reply_verbs import plain_text

_LAST = time(23, 59)
_LEADING = re.compile(r"[\s:,，：]*(?:(?:直?到|至|于|(?:until|till|to|for)\b)\s*)?(?:\()?")
_CLOCK = (
    r"(?:\s*(?:上午|早上|中午|下午|傍晚|晚上)?\s*\d{1,2}\s*(?:(?:[::]\s*\d{2})(?:\s*[ap]\.?m\.?)?"
    r"|[点时](?:\s*(?:\d{1,2}\s*分?|半|整))?|\s*[ap]\.?m\.?))"
)
_FULL = re.compile(rf"20\d\d\s*[-/.年]\s*\d{{1,2}}\s*[-/.月]\s*\d{{1,2}}\s*[日号]?(?!\d)(?:t|\s)?{_CLOCK}?")
_SHORT = re.compile(
    rf"(?P<month>\d{{1,2}})\s*(?:/|-|月)\s*(?P<day>\d{{1,2}})\s*[日号]?(?!\d|[/.-]\d)(?P<clock>{_CLOCK})?"
)
_NAMED = re.compile(
    rf"(?:(?P<today>今[天日晚]|today|tonight)|(?P<tomorrow>明[天日晚]|tomorrow)|(?P<after>后[天日]))(?P<clock>(?:\s*at)?{_CLOCK})?"
)
_LENGTH = re.compile(
    r"(?P<number>\d{1,3}|[一二两三四五六七八九十])\s*个?\s*(?:(?P<hours>小时|钟头|hours?|hrs?|h)|(?P<days>天|日|days?|d)"
    r"|(?P<weeks>周|星期|礼拜|weeks?))(?![a-z点时])"
)
_NOON = re.compile(
    r"\s*(?:(?:at\s+)?noon|midday|正午|中午)(?!\s*[前后過过\d一二两])(?:12\s*[点时]|十二[点时])?"
)
_PART_OF_DAY = re.compile(
    r"\s*(?:,|，)?\s*(?:早上?|上午|中午|正午|下午|傍晚|晚上?|夜里|凌晨|上班|下班|开门|打烊|关门|[一二两三四五六七八九十]{1,2}[点时]"
    r"|(?:at\s+|in\s+the\s+)?(?:morning|noon|midday|afternoon|evening|night|\d))"
)
_BEHIND = re.compile(r"\s*(?:\)|之?前|止|为止)*")
_DIGITS = {digit: value for value, digit in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}


def until_in(text: str, around: Surroundings) -> tuple[datetime, str] | None:
    """Return the time a text begins with and what follows it; None if none is told."""
    plain = plain_text(text)
    lead = _LEADING.match(plain)
    begin = 0 if lead is None else lead.end()
    for reads in (_full, _short, _named, _length):
        found = reads(plain, begin, around)
        if found is not None:
            until, end = found
            behind = _BEHIND.match(plain, end)
            return until, text[end if behind is None else behind.end() :]
    return None


def _full(plain: str, begin: int, around: Surroundings) -> tuple[datetime, int] | None:
    found = _FULL.match(plain, begin)
    if found is None:
        return None
    until = read_datetime(found[0].strip(), around).value
    if not isinstance(until, datetime):
        return None
    dated = re.search(r"[::点时]|[ap]\.?m", found[0]) is not None
    if dated:
        return until, found.end()
    return _by_words(until.astimezone(around.zone).date(), found, around)


def _short(plain: str, begin: int, around: Surroundings) -> tuple[datetime, int] | None:
    found = _SHORT.match(plain, begin)
    if found is None:
        return None
    today = around.now.astimezone(around.zone).date()
    days = [_day(year, int(found["month"]), int(found["day"])) for year in (today.year, today.year + 1)]
    ahead = [day for day in days if day is not None and day >= today]
    return _on(ahead[0], found, around) if ahead else None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _named(plain: str, begin: int, around: Surroundings) -> tuple[datetime, int] | None:
    found = _NAMED.match(plain, begin)
    if found is None:
        return None
    later = 0 if found["today"] else 1 if found["tomorrow"] else 2
    return _on(around.now.astimezone(around.zone).date() + timedelta(days=later), found, around)


def _on(day: date, found: re.Match[str], around: Surroundings) -> tuple[datetime, int] | None:
    """Return the time of day that stands behind a day, its end where none does."""
    if not found["clock"]:
        return _by_words(day, found, around)
    clock = found["clock"].strip().removeprefix("at").strip()
    until = read_datetime(f"{day.isoformat()} {clock}", around).value
    return (until, found.end()) if isinstance(until, datetime) else None


def _by_words(day: date, found: re.Match[str], around: Surroundings) -> tuple[datetime, int] | None:
    """Return a day's noon or its end; None where a part of the day is meant that has no hour."""
    noon = _NOON.match(found.string, found.end())
    if noon is not None:
        return _at(day, time(12), around), noon.end()
    part = _PART_OF_DAY.match(found.string, found.end())
    return None if part is not None else (_at(day, _LAST, around), found.end())


def _at(day: date, clock: time, around: Surroundings) -> datetime:
    return datetime.combine(day, clock, around.zone)


def _length(plain: str, begin: int, around: Surroundings) -> tuple[datetime, int] | None:
    found = _LENGTH.match(plain, begin)
    if found is None:
        return None
    number = _DIGITS.get(found["number"]) or int(found["number"])
    unit = "hours" if found["hours"] else "days" if found["days"] else "weeks"
    return around.now + timedelta(**{unit: number}), found.end()
