"""What somebody says of his own absence: `請假 12/1-12/5 代理 王經理`, `休假 2026年12月1日至5日`, `銷假`, `back`.

Whole days only, and only in the first lines of his own words. A day without a year is the next one of that name; what
can be read in two ways is asked back, never guessed: the answer names the days in full.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from parsers.dates import read_date
from parsers.readings import Surroundings
from parsers.reply_quotes import own_text
from parsers.reply_verbs import openings, plain_text, verb_at
from parsers.verdict_verbs import blame_at, verdict_verb_at
from parsers.wordings import quoted, say
from rules.locales import Text

LONGEST = timedelta(days=200)  # a longer one is more likely a slip: 12/5 to 12/1
_LINES = 4  # of his own that may belong to it
_LONGEST_SAID = 1_000  # characters of these lines


@dataclass(frozen=True)
class Absence:
    """Somebody is away from `first` to `last`, both of them among it, with `deputy` in his place; or is `back`.

    `deputy` is as he wrote it: a name, an office or an address; empty where he names nobody. With problems it says
    nothing else than what was unclear.
    """

    first: date | None = None
    last: date | None = None
    deputy: str = ""
    back: bool = False
    problems: tuple[Text, ...] = ()


# All patterns meet plain text: lower case, Simplified, half width, as long as what was written.
_SHORT = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = rf"(?:{'|'.join(_SHORT)})[a-z]*\.?"
_FULL = (
    r"(?:(?:中华民国|民国|roc)\s*\d{1,3}|\d{3,4})\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}(?!\d)\s*[日号]?"
    r"|(?:19|20|21)\d{6}(?!\d)"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTHS},?\s+\d{{4}}|{_MONTHS}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}"
)
_TOKEN = re.compile(
    rf"(?P<full>{_FULL})"
    r"|(?P<month>\d{1,2})\s*(?:月|/)\s*(?P<day>\d{1,2})(?![\d/])\s*[日号]?"
    rf"|(?P<eday>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<emonth>{_MONTHS})(?![a-z])"
    rf"|(?P<fmonth>{_MONTHS})\s+(?P<fday>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)"
    r"|(?P<named>今[天日]|明[天日]|后[天日]|\btoday\b|\btomorrow\b)"
    r"|(?P<only>(?<![\d/.])\d{1,2}\s*[日号])"
    r"|(?<=[-–—~至到])\s*(?P<bare>\d{1,2})(?![\d/.:月年-])"
)
_NAMED = {"今": 0, "明": 1, "后": 2, "today": 0, "tomorrow": 1}
_AWAY = (
    r"请(?:事|病|特休|年|婚|丧|产|公|休)?假|休(?:年|特|补|产|婚|病)?假|(?:年|特休|病|事|婚|丧|产|公|补休)假|特休|补休"
    r"|不在(?:公司|岗|班)?|\b(?:(?:on\s+)?(?:annual\s+|sick\s+)?leave|absent|away|(?:on\s+)?(?:vacation|holiday)"
    r"|out of (?:the\s+)?office)\b"
)
_FROM_AWAY = r"\s+(?:at|to|in)\s+(?:work|the\s+office|office)|\s+from\s+(?:leave|vacation|holiday)"
_BACK = re.compile(
    r"(?:我|本人)?\s*(?:已经?)?\s*(?:销假|收假|返岗|复工|结束休假|回来上班|回到岗位)(?:了|上班)?"
    rf"|(?:i\s*(?:am|'m|’m|have)\s+)?(?:back|returned)(?:{_FROM_AWAY})?(?![a-z])"
)
_SUBJECT = r"(?:我|本人|i\s+(?:am|will\s+be|shall\s+be)|i['’](?:m|ll\s+be)|i)?"
_FILLER = (
    r"(?:[\s,.~–—:;()\-]|将|要|会|因故?|自|从|于|在|起|至|到|为|是|(?:周|星期|礼拜)[一二三四五六日天]"
    r"|\b(?:from|on|to|until|till|through|be|(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?)\b)*+"
)
_A_DAY = _TOKEN.pattern.replace("?P<", "?P<b_")
_BEGINS = re.compile(rf"{_SUBJECT}{_FILLER}(?:(?:{_A_DAY}){_FILLER}){{0,2}}(?:{_AWAY})")
_DEPUTY = (
    re.compile(
        r"(?:职务)?代理人?\s*(?:是|为|:|由|请)?\s*(?P<who>[^\s,。.;:、()]++(?:\.++[^\s,。.;:、()]++)*+)"
    ),
    re.compile(r"由\s*(?P<who>[^\s,。;:、()]+?)\s*(?:先生|小姐|女士)?\s*(?:职务)?(?:代理|代班|代为处理)"),
    re.compile(
        r"[,。;、]\s*(?!由|职务|我|无|没)(?P<who>[^\s,。;:、()\d]+?)\s*(?:先生|小姐|女士)?\s*(?:代理|代班|顶班|代为处理)(?=[,。;\n]|$)"
    ),
    re.compile(
        r"\b(?:(?:my\s+)?deputy(?:\s+is)?|covered\s+by|(?:is\s+)?covering(?:\s+is)?|stand-?in(?:\s+is)?)\s*:?\s*"
        r"(?P<who>[^\s,;:()]+(?:\s+[^\s,;:()]+){0,3}?)(?=\s*(?:[,;()\n]|\.(?:\s|$)|$))"
    ),
)
_HALF_DAYS = re.compile(
    r"半[天日]|上午|下午|[小钟]时|\d\s*[点时:]\s*\d*|\b(?:morning|afternoon|hours?|half)\b"
)
_UP_TO = re.compile(r"(?:到|至|\b(?:until|till?|to|through|thru))\s*$")
_ONWARDS = re.compile(r"\s*(?:起|开始|以后|之后|onwards?\b)")
_STARTING = re.compile(r"(?:自|从|\b(?:from|since|starting|beginning))\s*$")
_LENGTH = re.compile(
    r"(?<!第)(?:[2-9]|\d{2,}|[二两三四五六七八九十]|\b(?:two|three|four|five|six|seven))\s*个?\s*(?:[天日]|days?\b|weeks?\b|周|星期|礼拜)"
    r"|[一1]\s*个?\s*(?:周|星期|礼拜|个?月|weeks?\b)|\ba\s+week\b"
)
_ASKS = re.compile(r"\?|吗|是否|可以不|能不能")


def parse_absence(text: str, today: date, *, answered: str = "") -> Absence | None:
    """Read what a mail says of its writer's absence; None if it does not begin with that.

    `today` is the site's; `answered` is plain text of our own mail that is answered.
    """
    body = own_text(text, answered)
    plain = plain_text(body)
    for begin in openings(plain):
        if verb_at(plain, begin) or verdict_verb_at(plain, begin) or blame_at(plain, begin) is not None:
            return None
        if (back := _BACK.match(plain, begin)) is not None and _ends_there(plain, back.end()):
            return _back(body, plain, begin)
        if _BEGINS.match(plain, begin) is not None:
            return _away(body, plain, begin, today)
    return None


def _ends_there(plain: str, end: int) -> bool:
    return not re.match(r"\w", plain[end : end + 1]) or plain[end] > "\u2e80"


def _back(body: str, plain: str, begin: int) -> Absence:
    line = plain[begin:].partition("\n")[0]
    if _ASKS.search(line) or list(_TOKEN.finditer(line)):
        return Absence(problems=(_unclear(body[begin:]),))  # 銷假 12/5 may be meant for that day
    return Absence(back=True)


def _away(body: str, plain: str, begin: int, today: date) -> Absence:
    said = "\n".join(plain[begin:].split("\n")[:_LINES])
    said = said.partition("\n\n")[0][:_LONGEST_SAID]
    deputy, rest = _deputy(body[begin : begin + len(said)], said)
    days = _days(rest, today)
    if days is None or deputy is None or _HALF_DAYS.search(rest) or _ASKS.search(rest.partition("\n")[0]):
        return Absence(problems=(_unclear(body[begin:]),))
    return Absence(*days, deputy)


def _deputy(body: str, said: str) -> tuple[str | None, str]:
    """Return who stands in, as it was written ('' for nobody, None where two are named), and the rest of the words."""
    found = [match for pattern in _DEPUTY for match in pattern.finditer(said)]
    if not found:
        return "", said
    names = {body[match.start("who") : match.end("who")].strip(" .") for match in found}
    for match in found:
        said = said[: match.start()] + " " * len(match[0]) + said[match.end() :]
    return (names.pop() if len(names) == 1 else None), said


def _days(said: str, today: date) -> tuple[date, date] | None:
    """Return the first and the last day; None if there is not one day or one span, or it is over or without end."""
    found: list[date] = []
    for day in _dates(said, today):
        if day is None:
            return None
        found.append(day)
    if not 1 <= len(found) <= 2:
        return None
    first, last = found[0], found[-1]
    if len(found) == 1 and _is_half_a_span(said):
        return None
    return (first, last) if first <= last and today <= last < first + LONGEST else None


def _is_half_a_span(said: str) -> bool:
    """Tell whether the one day that is named is only where a leave begins or ends, or a length stands beside it."""
    day = next(_TOKEN.finditer(said))
    before, behind = said[: day.start()], said[day.end() :]
    beside = f"{before} {behind}"
    return bool(
        _UP_TO.search(before) or _ONWARDS.match(behind) or _STARTING.search(before) or _LENGTH.search(beside)
    )


def _dates(said: str, today: date) -> Iterator[date | None]:
    first: date | None = None
    for match in _TOKEN.finditer(said):
        day = _date(match, first, today)
        yield day
        first = day if first is None else first


def _date(match: re.Match[str], first: date | None, today: date) -> date | None:
    parts = match.groupdict()
    if parts["full"]:
        around = Surroundings(
            zone=ZoneInfo("UTC"), now=datetime(today.year, today.month, today.day, tzinfo=UTC)
        )
        value = read_date(parts["full"], around).value
        return value if isinstance(value, date) else None
    if parts["named"]:
        return today + timedelta(
            days=_NAMED[parts["named"] if parts["named"].isascii() else parts["named"][0]]
        )
    if parts["only"] or parts["bare"]:  # 12月1日至5日
        day = int(re.sub(r"\D", "", parts["only"] or parts["bare"]))
        return None if first is None else _made(first.year, first.month, day)
    month = parts["month"] or _month(parts["emonth"] or parts["fmonth"])
    return _next(
        int(month), int(parts["day"] or parts["eday"] or parts["fday"]), first or today, first is None
    )


def _month(name: str) -> int:
    return _SHORT.index(name[:3]) + 1


def _next(month: int, day: int, after: date, may_have_begun: bool) -> date | None:
    """Return the next day of that name: a leave that began lately may be told of when it has begun."""
    earliest = after - timedelta(days=31) if may_have_begun else after
    years = (after.year - 1, after.year, after.year + 1)
    days = (_made(year, month, day) for year in years)
    return next((found for found in days if found is not None and found >= earliest), None)


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _unclear(said: str) -> Text:
    shown = quoted(said.split("\n\n")[0])
    return say(
        f"「{shown}」看不出請假的日期或代理人。請在第一行寫例如「請假 2026-12-01 至 2026-12-05 代理 王經理」，"
        "以整天計；提早回來請寫「銷假」",
        f"“{shown}”看不出请假的日期或代理人。请在第一行写例如“请假 2026-12-01 至 2026-12-05 代理 王经理”，"
        "以整天计；提前回来请写“销假”",
        f"'{shown}' does not say clearly when you are away, or who stands in; begin the first line with for example "
        "'absent 2026-12-01 to 2026-12-05, deputy lin@example.com', in whole days; write 'back' once you are back",
    )


def no_such_deputy(named: str) -> Text:
    """Say that nobody, or more than one person, is called so."""
    return say(
        f"代理人「{named}」查無此人或不只一人；請寫姓名全名或電子郵件地址",
        f"代理人“{named}”查无此人或不止一人；请写姓名全名或电子邮件地址",
        f"nobody, or more than one person, is called '{named}'; name your deputy in full or by address",
    )
