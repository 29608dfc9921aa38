"""Leave by mail: the days and the deputy somebody names, in three languages; what is unclear is asked back."""

from datetime import date

import pytest

from parsers.reply_absence import Absence, parse_absence
from tests.guards import no_endless_work

TODAY = date(2026, 11, 23)
FIRST, LAST = date(2026, 12, 1), date(2026, 12, 5)

AWAY = {
    "請假 2026-12-01 至 2026-12-05 代理 王經理": "王經理",
    "請假 2026-12-01..2026-12-05\n代理人：陳主任": "陳主任",
    "您好，\n我12/1到12/5請假，由 陳主任 代理。": "陳主任",
    "本人自2026年12月1日起至12月5日休假，職務代理人：workshop@example.com": "workshop@example.com",
    "休假 12月1日至5日 代理 陳主任": "陳主任",
    "请假 115年12月1日 到 115年12月5日，代理人陈主任": "陈主任",
    "年假 12/1-5，代理 Grace": "Grace",
    "特休 20261201-20261205 代理人 王經理\n\n謝謝": "王經理",
    "請假１２／１～１２／５": "",
    "Absent 2026-12-01 to 2026-12-05, deputy workshop@example.com": "workshop@example.com",
    "I am on leave from 1 Dec 2026 to 5 Dec 2026. Deputy: Grace Lee.": "Grace Lee",
    "I'll be away Dec 1 - Dec 5, covered by Grace": "Grace",
    "On leave 1 December until 5 December 2026": "",
}


@pytest.mark.parametrize("text", AWAY)
def test_leave_is_read_with_its_days_and_deputy(text: str) -> None:
    assert parse_absence(text, TODAY) == Absence(FIRST, LAST, AWAY[text])


@pytest.mark.parametrize(
    ("text", "day"), [("明天請假", 24), ("今天病假，代理 王經理", 23), ("absent tomorrow", 24)]
)
def test_one_day_is_a_leave_of_one_day(text: str, day: int) -> None:
    found = parse_absence(text, TODAY)
    assert found is not None
    assert (found.first, found.last) == (date(2026, 11, day), date(2026, 11, day))


def test_a_day_without_a_year_is_the_next_one_of_that_name() -> None:
    assert parse_absence("請假 1/4-1/8", TODAY) == Absence(date(2027, 1, 4), date(2027, 1, 8))
    assert parse_absence("請假 12/30-1/2", TODAY) == Absence(date(2026, 12, 30), date(2027, 1, 2))
    assert parse_absence("請假 11/20-11/25", TODAY) == Absence(date(2026, 11, 20), date(2026, 11, 25))


@pytest.mark.parametrize(
    "text",
    ["銷假", "已銷假，謝謝", "我已經回來上班了", "销假。", "Back", "I'm back at work.", "back from leave"],
)
def test_coming_back_is_read(text: str) -> None:
    assert parse_absence(text, TODAY) == Absence(back=True)


UNCLEAR = [
    "請假",  # when?
    "請假 12/5 至 12/1",  # backwards
    "請假 12/1、12/3、12/5",  # three days
    "請假 2026-11-01 至 2026-11-05",  # over
    "請假 12/1 下午",  # half a day
    "請假 2026-02-30",  # no such day
    "請假 2026-12-01 至 2028-12-01",  # without end
    "請假 12/1-12/5 可以嗎？",
    "請假 12/1-12/5 代理 王經理，代理 陳主任",  # who?
    "銷假 12/5",  # then, or now?
    "on leave next week",
]


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_is_unclear_is_asked_back(text: str) -> None:
    found = parse_absence(text, TODAY)
    assert found is not None
    assert found.first is None
    assert not found.back
    (problem,) = found.problems
    assert "請假 2026-12-01 至 2026-12-05" in problem.zh_hant


@pytest.mark.parametrize(
    "text",
    [
        "已解決 技師請假，已改派 12/1 處理",
        "未解決 王經理請假中",
        "申訴 當日請假",
        "客戶 12/1 請假才能來店",
        "王經理請假 12/1-12/5",
        "客戶說他不在家",
        "Background: the customer called twice",
        "The customer is away until 2026-12-05",
        "請問這件怎麼處理",
        "",
        "收到，謝謝",
    ],
)
def test_other_words_are_no_leave(text: str) -> None:
    assert parse_absence(text, TODAY) is None


def test_what_is_quoted_is_not_his_word() -> None:
    assert parse_absence("收到\n\n> 請假 12/1-12/5", TODAY) is None
    answered = "請假 2026-12-01 至 2026-12-05 代理 王經理"
    assert parse_absence(f"銷假\n\n> {answered}", TODAY, answered=answered) == Absence(back=True)


@pytest.mark.parametrize(
    "text", ["sun" * 33_000, "我" + "12/1 " * 20_000, "on " * 33_000, "from mon" * 12_000 + "x"]
)
def test_long_nonsense_is_read_in_no_time(text: str) -> None:
    with no_endless_work():
        parse_absence(text, TODAY)
