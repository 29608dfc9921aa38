"""The board beside the workbook: what it shows and in which order, and that nothing people typed ever runs in it."""

import re
import shutil
import subprocess
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from rules.locales import Locale
from sheets.board import render_board
from sheets.columns import CellValue, Row
from sheets.registry import OPEN
from sheets.signals import MasterLabels, grade_colours
from sheets.texts import plain_text
from tests.guards import PATIENCE

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 9, 18, 5, tzinfo=SHANGHAI)  # a Monday
LABELS = MasterLabels("台中店", {"level-1": "一級", "level-2": "二級", "level-3": "三級"}, ("已解決",))
HOSTILE = (
    """<script>alert(1)</script><!-- ]]> </style></td>"'`><img src=x onerror=alert(1)> {{ 7*7 }} &amp;"""
)
VOID = frozenset({"meta", "br"})


def case(number: int, minutes: float | None = 90, **values: CellValue) -> Row:
    """An open case that is due in so many minutes."""
    due = None if minutes is None else NOW + timedelta(minutes=minutes)
    shown: dict[str, CellValue] = {
        "grade": "二級",
        "customer_name": f"客戶{number}",
        "customer_phone": "13800001111",
        "plate_no": "滬A88888",
        "category": "維修質量",
        "owner": "售後總監 林志豪",
        "due_at": due,
        "status": "處理中",
        "last_action": "提醒已寄出",
        **values,
    }
    return Row(f"K-{number:03}", shown)


def board(
    *rows: Row, locale: Locale = Locale.ZH_HANT, now: datetime = NOW, notes: tuple[str, ...] = ()
) -> str:
    return render_board(rows, labels=LABELS, locale=locale, zone=SHANGHAI, now=now, notes=notes)


class Page(HTMLParser):
    """What a browser would make of the page: its tags, and the text by the class of the cell."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.path: list[tuple[str, dict[str, str | None]]] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[dict[str, str]] = []
        self.numbers: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.notes: list[str] = []
        self.feed(markup)
        self.close()
        assert self.path == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.seen.append((tag, known))
        if tag == "tr" and any(one == "tbody" for one, _ in self.path):
            self.rows.append({"state": known["class"] or "", "data-due": known.get("data-due") or ""})
        if tag not in VOID:
            self.path.append((tag, known))

    def handle_endtag(self, tag: str) -> None:
        assert self.path.pop()[0] == tag

    def handle_data(self, text: str) -> None:
        tags = [tag for tag, _ in self.path]
        for tag, attrs in self.path:
            if tag in ("td", "th") and "tbody" in tags:
                name = attrs["class"] or ""
                self.rows[-1][name] = self.rows[-1].get(name, "") + text
            if tag == "dd":
                self.numbers[attrs["id"] or ""] = text
            if tag in ("style", "script"):
                self.sources[tag] = self.sources.get(tag, "") + text
            if tag == "p" and "div" in tags and "header" not in tags:
                self.notes.append(text)


# ---------------------------------------------------------------- what it shows


def test_cases_stand_by_their_due_time_and_those_without_one_last() -> None:
    page = Page(board(case(1, 90), case(2, None), case(3, -5), case(4, 10), case(5, 10)))
    assert [row["number"] for row in page.rows] == ["K-003", "K-004", "K-005", "K-001", "K-002"]


def test_a_settled_case_is_not_open() -> None:
    page = Page(board(case(1), case(2, -5, status="已解決")))
    assert [row["number"] for row in page.rows] == ["K-001"]
    assert page.numbers == {"open": "1", "over": "0", "soon": "0", "incomplete": "0"}


@pytest.mark.parametrize(
    ("minutes", "state", "left"),
    [
        (-95, "over", "逾時1:35"),
        (-1 / 60, "over", "逾時0:00"),
        (0, "soon", "逾時0:00"),  # the word is hidden by the style unless the row is overdue
        (29.99, "soon", "逾時0:29"),
        (30, "running", "逾時0:30"),
        (24 * 60 - 1, "running", "逾時23:59"),
        (26 * 60 + 5, "running", "逾時1 天 2:05"),
        (-50 * 60, "over", "逾時2 天 2:00"),
        (None, "none", "逾時–"),
    ],
)
def test_the_time_left_stands_there_without_any_script(minutes: float | None, state: str, left: str) -> None:
    (row,) = Page(board(case(1, minutes))).rows
    assert (row["state"], row["left"]) == (state, left)


def test_the_counters_count_what_is_shown() -> None:
    rows = [case(1, -1), case(2, 5), case(3, 29), case(4, 300), case(5, None, incomplete=True)]
    assert Page(board(*rows)).numbers == {"open": "5", "over": "1", "soon": "2", "incomplete": "1"}


def test_times_are_the_sites_and_the_script_gets_them_in_utc() -> None:
    utc = NOW.astimezone(UTC)
    markup = board(case(1, 102 - 5 / 60), now=utc)
    (row,) = Page(markup).rows
    assert (row["due"], row["data-due"]) == ("11-23（一）11:00", "2026-11-23T03:00:00Z")
    assert "2026-11-23（一）09:18:05" in markup
    assert 'data-as-of="2026-11-23T01:18:05Z"' in markup


def test_a_due_time_of_another_year_says_so() -> None:
    (row,) = Page(board(case(1, 60 * 24 * 60))).rows
    assert row["due"] == "2027-01-22（五）09:18"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="K-001"):
        board(case(1, due_at=datetime(2026, 11, 23, 9, 0)))  # noqa: DTZ001 that is the point


def test_a_board_without_cases_says_that_there_are_none() -> None:
    markup = board()
    assert "目前沒有未結案件" in markup
    assert "<table" not in markup
    assert "目前沒有" not in board(case(1))


def test_an_incomplete_case_is_marked_unless_its_status_says_it() -> None:
    marked, unmarked = Page(
        board(case(1, 5, incomplete=True), case(2, incomplete=True, status="待補資料"))
    ).rows
    assert marked["customer"] == "客戶1待補資料"
    assert unmarked["customer"] == "客戶2"


def test_notes_stand_above_the_table() -> None:
    assert Page(board(case(1), notes=("王大明開著總表", " ", HOSTILE))).notes == ["王大明開著總表", HOSTILE]
    assert 'class="banner" role="status"' not in board(case(1))


def test_grades_have_the_colours_of_the_workbook() -> None:
    markup = board(case(1), case(2, grade="未定"))
    for place, (fill, ink) in enumerate(grade_colours(LABELS).values()):
        assert f".grade-{place} {{ background: #{fill[-6:]}; color: #{ink[-6:]}; }}" in markup
    assert '<span class="chip grade-1">二級</span>' in markup
    assert '<span class="chip">未定</span>' in markup


@pytest.mark.parametrize("locale", Locale)
def test_headers_read_as_in_the_workbook(locale: Locale) -> None:
    markup = board(case(1), locale=locale)
    keys = ("case_number", "grade", "customer_name", "category", "owner", "due_at", "remaining", "status")
    assert all(f">{OPEN.header(key, locale)}</th>" in markup for key in (*keys, "last_action"))
    assert f'<html lang="{locale}">' in markup


@pytest.mark.parametrize(("locale", "table"), [(Locale.ZH_HANT, "s2tw"), (Locale.ZH_HANS, "t2s")])
def test_no_character_of_the_other_script_slips_in(locale: Locale, table: str) -> None:
    labels = MasterLabels("", {}, ())
    row = Row("K-1", {"due_at": NOW, "incomplete": True})
    markup = render_board([row], labels=labels, locale=locale, zone=SHANGHAI, now=NOW)
    assert OpenCC(table).convert(markup) == markup


def test_no_phone_number_and_no_plate_stands_on_a_wall() -> None:
    markup = board(case(1))
    assert "13800001111" not in markup
    assert "88888" not in markup


def test_five_hundred_cases_make_a_page_a_share_carries_easily() -> None:
    markup = board(*(case(number, number) for number in range(500)))
    assert len(Page(markup).rows) == 500
    assert len(markup.encode()) < 600_000


# ---------------------------------------------------------------- nothing runs, nothing is fetched


def test_the_page_allows_only_its_own_style_and_script() -> None:
    page = Page(board(case(1)))
    policy = next(
        attrs["content"] for _, attrs in page.seen if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy is not None
    for tag, source in page.sources.items():
        told = b64encode(sha256(source.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{told}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_nothing_is_remote_and_no_element_has_a_style_or_handler_of_its_own() -> None:
    markup = board(case(1), notes=("n",))
    assert not re.search(r"https?:|url\(|@import|@font-face", markup)
    assert not {"img", "link", "iframe", "object", "a", "form", "base"} & {
        tag for tag, _ in Page(markup).seen
    }
    for _, attrs in Page(markup).seen:
        assert not [name for name in attrs if name in ("style", "src", "href") or name.startswith("on")]


def test_the_page_renews_itself_with_and_without_a_script() -> None:
    markup = board()
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in markup
    assert "REFRESH = 30 * 1000" in Page(markup).sources["script"]


def hostile(text: str) -> tuple[str, str]:
    """The same board, with `text` wherever people may write, and without."""
    keys = ("customer_name", "category", "owner", "status", "last_action", "grade")
    labels = MasterLabels(text, {"level-1": text + "1"}, ())
    row = Row(text, {**case(1).values, **dict.fromkeys(keys, text)})
    with_text = render_board(
        [row], labels=labels, locale=Locale.EN, zone=SHANGHAI, now=NOW, notes=[text + "."]
    )
    return with_text, render_board(
        [Row("K", {**case(1).values, **dict.fromkeys(keys, "x")})],
        labels=MasterLabels("x", {"level-1": "y"}, ()),
        locale=Locale.EN,
        zone=SHANGHAI,
        now=NOW,
        notes=["."],
    )


def assert_harmless(text: str) -> None:
    page, plain = (Page(markup) for markup in hostile(text))
    assert page.seen == plain.seen
    assert page.sources == plain.sources
    assert page.rows[0]["action"] == plain_text(text)


def test_what_people_typed_is_text_and_never_markup() -> None:
    assert_harmless(HOSTILE)
    assert "<script>alert" not in hostile(HOSTILE)[0]


@given(st.text(min_size=1, max_size=60).filter(str.strip).filter(plain_text))
def test_any_text_at_all_is_shown_as_it_is(text: str) -> None:
    assert_harmless(text)


# ---------------------------------------------------------------- in a browser


def shown(tmp_path: Path, markup: str) -> str:
    """The page as chromium has it after a few seconds."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed")
    file = tmp_path / "board.html"
    file.write_text(markup, encoding="utf-8")
    switches = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
    ]
    wait = ["--virtual-time-budget=2500", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    return subprocess.run(
        [program, *switches, *wait, file.as_uri()], check=True, capture_output=True, timeout=PATIENCE
    ).stdout.decode()


def test_in_a_browser_the_clock_runs_and_nothing_typed_does(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    due = [now + timedelta(minutes=minutes) for minutes in (-5, 20, 90, 1600)]
    rows = [case(n, due_at=at, last_action=HOSTILE) for n, at in enumerate(due)]
    page = Page(
        shown(tmp_path, board(*rows, now=now, notes=("</script><script>document.body.remove()</script>",)))
    )
    assert [row["state"] for row in page.rows] == ["over", "soon", "running", "running"]
    assert [re.sub(r"\d", "0", row["left"]) for row in page.rows] == [
        "逾時0:00:00",
        "逾時0:00:00",
        "逾時0:00:00",
        "逾時0 天 0:00",
    ]
    assert (page.numbers["over"], page.numbers["soon"]) == ("1", "1")
    assert [
        attrs.get("id") for _, attrs in page.seen if attrs.get("role") == "alert" and "hidden" not in attrs
    ] == []


@pytest.mark.parametrize(("minutes", "alarm"), [(-12, "stale"), (12, "ahead")])
def test_in_a_browser_an_old_page_and_a_wrong_clock_are_told(
    tmp_path: Path, minutes: int, alarm: str
) -> None:
    page = shown(tmp_path, board(case(1), now=datetime.now(UTC) + timedelta(minutes=minutes)))
    seen = Page(page).seen
    assert [attrs["id"] for _, attrs in seen if attrs.get("role") == "alert" and "hidden" not in attrs] == [
        alarm
    ]
    assert ('<span id="age">12</span>' in page) is (alarm == "stale")
