"""Replies whose words say less, or something else, than the verb they begin with: asked back, never guessed."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from daemon.packs import catalogue
from parsers.change_verbs import ChangeKind
from parsers.readings import Surroundings
from parsers.reply_absence import parse_absence
from parsers.reply_corrections import ChangeAsked, parse_change
from parsers.reply_informing import parse_done

TODAY = date(2026, 11, 23)
AROUND = Surroundings(ZoneInfo("Asia/Shanghai"), datetime(2026, 11, 23, 9, tzinfo=ZoneInfo("Asia/Shanghai")))
FORMS = catalogue()


def change(text: str) -> ChangeAsked:
    found = parse_change(text, FORMS, AROUND)
    assert found is not None, text
    return found


@pytest.mark.parametrize(
    "text",
    [
        "已告知客戶，但沒聯絡上",
        "已通知客户，没打通",
        "已告知客戶，但電話沒人接",
        "已电话通知客户，客户没接电话",
        "Informed the customer, but no answer",
        "Customer informed, could not reach him yet",
        "已複查，又發生了",
        "已複查，問題仍然存在",
        "已复查，还是有异音",
        "已复查，没有改善",
        "Checked, it happened again",
        "Rechecked: still noisy",
        "checked, not fixed",
    ],
)
def test_D34_D36_what_was_not_done_after_all_is_not_taken_as_done(text: str) -> None:
    done = parse_done(text)
    assert done is not None
    assert done.problems


@pytest.mark.parametrize(
    "text",
    [
        "已告知客戶，客戶說還沒收到零件",
        "已告知客户，客户没有不满意",
        "Informed the customer, she is still happy",
        "已複查，沒有再發生",
        "已复查，未再出现异音，仍然正常",
        "已复查，没有复发",
        "Checked, it has not happened again",
        "Rechecked, no recurrence, still fine",
    ],
)
def test_what_is_denied_is_no_doubt(text: str) -> None:
    done = parse_done(text)
    assert done is not None
    assert not done.problems


@pytest.mark.parametrize(
    "text",
    ["暫停到明天中午，等零件", "暂停至 11/24 中午12点 等零件", "hold until tomorrow noon because of parts"],
)
def test_a_hold_until_noon_ends_at_noon(text: str) -> None:
    assert str(change(text).until).startswith("2026-11-24 12:00")


@pytest.mark.parametrize(
    "text",
    [
        "暂停到后天上午，等零件",
        "暫停到今天下班，等零件",
        "暫停至 2026-11-25 下午 等零件",
        "hold until tomorrow morning because of parts",
    ],
)
def test_a_hold_until_some_part_of_a_day_is_asked_back(text: str) -> None:
    assert change(text).problems


@pytest.mark.parametrize(
    "text",
    [
        "我要请假到12月3日",
        "明天起休假",
        "請假 12/1 三天",
        "请假 2026-12-01，共 3 天",
        "on leave from 1 Dec",
        "absent until 3 Dec",
    ],
)
def test_half_a_leave_is_asked_back(text: str) -> None:
    found = parse_absence(text, TODAY)
    assert found is not None
    assert found.problems


def test_a_deputy_may_be_named_before_the_word() -> None:
    found = parse_absence("我12月1日到5日休年假，王经理代班", TODAY)
    assert found is not None
    assert (found.first, found.last, found.deputy) == (date(2026, 12, 1), date(2026, 12, 5), "王经理")


@pytest.mark.parametrize("text", ["withdraw my appeal", "撤回，我不申訴了", "撤回 我的申诉"])
def test_an_appeal_that_is_taken_back_withdraws_no_case(text: str) -> None:
    assert change(text).problems


def test_a_case_whose_customer_took_back_his_complaint_is_withdrawn() -> None:
    found = change("撤案 原因：客戶已撤回申訴")
    assert (found.kind, found.note, found.problems) == (ChangeKind.WITHDRAW, "客戶已撤回申訴", ())
