"""The board: a page that stands beside the master workbook and shows the open cases to whoever opens it.

One file without any reference to another: it is opened by a double click or hangs on a wall screen, refreshes itself
and counts down by itself. What people typed stands in it as escaped text only, never in its style or script, and the
page's own policy runs nothing but these two, told by their hashes.
"""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from rules.locales import Locale
from sheets.columns import CellValue, Row
from sheets.looks import FONTS
from sheets.registry import DUE_COLUMN, OPEN, STATUSES
from sheets.signals import (
    INCOMPLETE_CASES,
    OPEN_CASES,
    OVERDUE_CASES,
    SOON_CASES,
    MasterLabels,
    grade_colours,
)
from sheets.texts import plain_text, say

SOON = timedelta(minutes=30)

# Class in the page and key in the registry, in the order of the page.
_COLUMNS = (
    ("number", "case_number"),
    ("grade", "grade"),
    ("customer", "customer_name"),
    ("category", "category"),
    ("owner", "owner"),
    ("due", DUE_COLUMN),
    ("left", "remaining"),
    ("status", "status"),
    ("action", "last_action"),
)
_FALLBACKS = {
    Locale.ZH_HANT: '"PingFang TC", "Noto Sans CJK TC", "Noto Sans TC", system-ui, sans-serif',
    Locale.ZH_HANS: '"PingFang SC", "Noto Sans CJK SC", "Noto Sans SC", system-ui, sans-serif',
    Locale.EN: 'Carlito, "Segoe UI", "Helvetica Neue", Arial, "Noto Sans", system-ui, sans-serif',
}
_WEEKDAYS = say("一二三四五六日", "一二三四五六日", "Mon Tue Wed Thu Fri Sat Sun")
_MOMENT = say("{date}（{day}）{time}", "{date}（周{day}）{time}", "{day} {date} {time}")
_TITLE = say("客訴看板", "客诉看板", "Complaints board")
_AS_OF = say("資料時間", "数据时间", "As of")
_OVERDUE = say("逾時", "超时", "late")
_DAYS = say("{n} 天", "{n} 天", "{n} d")
_EMPTY = say("目前沒有未結案件", "目前没有未结案件", "No open cases")
_STALE = say(
    "這個看板已有 {n} 分鐘沒有更新，內容可能不是最新。請確認 kesu 與檔案所在的磁碟是否正常。",
    "这个看板已有 {n} 分钟没有更新，内容可能不是最新。请确认 kesu 与文件所在的磁盘是否正常。",
    "This board has not been updated for {n} minutes and may be out of date. Please check kesu and this drive.",
)
_AHEAD = say(
    "這部電腦的時鐘比系統慢，剩餘時間不準。請校正時鐘。",
    "这台电脑的时钟比系统慢，剩余时间不准。请校准时钟。",
    "This computer's clock is behind the system's, so the time left is wrong. Please set the clock.",
)


@dataclass(frozen=True)
class _Case:
    """One line of the board; `colour` is the grade's place among the policy's grades, None for any other text."""

    number: str
    grade: str
    colour: int | None
    customer: str
    category: str
    owner: str
    due: str
    due_utc: str
    left: str
    state: Literal["over", "soon", "running", "none"]
    status: str
    action: str
    incomplete: bool


def render_board(
    rows: Sequence[Row],
    *,
    labels: MasterLabels,
    locale: Locale,
    zone: ZoneInfo,
    now: datetime,
    notes: Sequence[str] = (),
) -> str:
    """Return the board of `rows` of the sheet OPEN as one HTML page, soonest due first.

    Settled cases are left out; `notes` stand above the table, such as who keeps the workbook open. Times are shown in
    `zone`; ValueError if one of them has no zone.
    """
    going = sorted((row for row in rows if row.values.get("status") not in labels.settled), key=_urgency)
    cases = [_case(row, labels, locale, zone, now) for row in going]
    before, _, after = _STALE.get(locale).partition("{n}")
    return _template().render(
        lang=locale.value,
        site=plain_text(labels.site),
        fonts=f'"{FONTS[locale]}", {_FALLBACKS[locale]}',
        colours=[_css_colours(*pair) for pair in grade_colours(labels).values()],
        as_of=f"{_moment(now, locale, zone, year=True)}:{now.astimezone(zone):%S}",
        as_of_utc=_utc(now),
        counters=_counters(cases, locale),
        notes=[plain_text(note) for note in notes if note.strip()],
        columns=[(name, OPEN.header(key, locale)) for name, key in _COLUMNS],
        cases=cases,
        texts={
            "title": _TITLE.get(locale),
            "as_of": _AS_OF.get(locale),
            "days": _DAYS.get(locale),
            "overdue": _OVERDUE.get(locale),
            "incomplete": STATUSES["incomplete"].get(locale),
            "empty": _EMPTY.get(locale),
            "stale_before": before,
            "stale_after": after,
            "ahead": _AHEAD.get(locale),
        },
    )


@cache
def _template() -> Template:
    folder = Path(__file__).resolve().parent / "templates"
    pages = Environment(loader=FileSystemLoader(folder), undefined=StrictUndefined, autoescape=True)
    pages.filters["source_hash"] = _source_hash
    return pages.get_template("board.html.j2")


def _source_hash(source: str) -> str:
    """Name an inline style or script as a Content-Security-Policy does."""
    return "sha256-" + b64encode(sha256(source.encode()).digest()).decode()


def _css_colours(fill: str, ink: str) -> dict[str, str]:
    """Turn two ARGB colours into those of a style sheet."""
    return {"fill": f"#{fill[-6:]}", "ink": f"#{ink[-6:]}"}


def _due(row: Row) -> datetime | None:
    due = row.values.get(DUE_COLUMN)
    if not isinstance(due, datetime):
        return None
    if due.tzinfo is None:
        raise ValueError(f"{row.key}: {due} has no zone")
    return due


def _urgency(row: Row) -> tuple[bool, datetime, str]:
    due = _due(row)
    return (due is None, due or datetime.max.replace(tzinfo=UTC), row.key)


def _case(row: Row, labels: MasterLabels, locale: Locale, zone: ZoneInfo, now: datetime) -> _Case:
    values, due = row.values, _due(row)
    grade = _text(values.get("grade"))
    grades = list(labels.grades.values())
    return _Case(
        number=plain_text(row.key),
        grade=grade,
        colour=grades.index(grade) if grade in grades else None,
        customer=_text(values.get("customer_name")),
        category=_text(values.get("category")),
        owner=_text(values.get("owner")),
        due=_moment(due, locale, zone, year=due.astimezone(zone).year != now.astimezone(zone).year)
        if due
        else "",
        due_utc=_utc(due) if due else "",
        left=_left(due - now, locale) if due else "–",
        state=_state(due - now if due else None),
        status=_text(values.get("status")),
        action=_text(values.get("last_action")),
        incomplete=bool(values.get("incomplete")),
    )


def _text(value: CellValue) -> str:
    return "" if value is None else plain_text(str(value))


def _state(left: timedelta | None) -> Literal["over", "soon", "running", "none"]:
    if left is None:
        return "none"
    if left < timedelta(0):
        return "over"
    return "soon" if left < SOON else "running"


def _left(left: timedelta, locale: Locale) -> str:
    """Write what is left or over in hours and minutes; the script adds the seconds."""
    minutes = int(abs(left).total_seconds()) // 60
    hours = minutes // 60
    if hours < 24:
        return f"{hours}:{minutes % 60:02}"
    return f"{_DAYS.get(locale).format(n=hours // 24)} {hours % 24}:{minutes % 60:02}"


def _moment(at: datetime, locale: Locale, zone: ZoneInfo, *, year: bool) -> str:
    local = at.astimezone(zone)
    names = _WEEKDAYS.get(locale)
    day = (names.split() if " " in names else names)[local.weekday()]
    date = local.strftime("%Y-%m-%d" if year else "%m-%d")
    return _MOMENT.get(locale).format(date=date, day=day, time=local.strftime("%H:%M"))


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _counters(cases: Sequence[_Case], locale: Locale) -> list[dict[str, object]]:
    numbers = (
        ("open", OPEN_CASES, len(cases)),
        ("over", OVERDUE_CASES, sum(case.state == "over" for case in cases)),
        ("soon", SOON_CASES, sum(case.state == "soon" for case in cases)),
        ("incomplete", INCOMPLETE_CASES, sum(case.incomplete for case in cases)),
    )
    return [{"key": key, "label": label.get(locale), "number": number} for key, label, number in numbers]
