"""Replies that change a case, as people in Taiwan and Shanghai write them (K06, K07)."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from daemon.packs import catalogue
from parsers.change_texts import example
from parsers.change_verbs import ChangeKind
from parsers.readings import Surroundings
from parsers.reply_corrections import ChangeAsked, parse_change
from rules.locales import Locale
from tests.parsers.conftest import NOW, ZONE

AROUND = Surroundings(ZONE, NOW)  # Saturday, 2026-11-21 16:00
FORMS = catalogue()


def read(text: str, answered: str = "") -> ChangeAsked | None:
    return parse_change(text, FORMS, AROUND, answered=answered)


def asked(text: str) -> ChangeAsked:
    found = read(text)
    assert found is not None, text
    return found


@pytest.mark.parametrize(
    ("text", "entries", "note"),
    [
        ("更正 維修金額=2400 原因：客戶補送發票", {"repair_amount": Decimal(2400)}, "客戶補送發票"),
        ("更正維修金額為2400，客戶補送發票", {"repair_amount": Decimal(2400)}, "客戶補送發票"),
        ("更正：維修金額＝2,400元 發票漏列", {"repair_amount": Decimal(2400)}, "發票漏列"),
        ("更正 維修金額 2400 原因 發票漏列", {"repair_amount": Decimal(2400)}, "發票漏列"),
        ("您好，\n更正 维修金额改为1.2万，因为报价漏项", {"repair_amount": Decimal(12000)}, "报价漏项"),
        ("麻煩修正 里程數=3000 原因：少寫一個零", {"mileage": "3000"}, "少寫一個零"),
        ("更正 抱怨類型=服務態度 原因 選錯", {"category": "attitude"}, "選錯"),
        ("更正 客戶姓名=王小明，原來寫錯字", {"customer_name": "王小明"}, "原來寫錯字"),
        ("更正 索賠金額=無 原因：客戶沒有索賠", {"claim_amount": None}, "客戶沒有索賠"),
        ("更正 repair_amount=2400 原因：發票", {"repair_amount": Decimal(2400)}, "發票"),
        (
            "更正 維修金額改為 2400、聯絡電話改為 13800001234 因為表單填錯",
            {"repair_amount": Decimal(2400), "customer_phone": "13800001234"},
            "表單填錯",
        ),
        (
            "更正如下\n維修金額：2400\n客戶姓名：王小明\n原因：發票與表單不符",
            {"repair_amount": Decimal(2400), "customer_name": "王小明"},
            "發票與表單不符",
        ),
        (
            "更正 抱怨時間=2026-11-20 14:30 記錯日期",
            {"reported_at": datetime(2026, 11, 20, 14, 30, tzinfo=ZONE)},
            "記錯日期",
        ),
        (
            "correct repair amount=2400 because the customer sent the invoice",
            {"repair_amount": Decimal(2400)},
            "the customer sent the invoice",
        ),
        ("correct customer=John Smith, it was misspelt", {"customer_name": "John Smith"}, "it was misspelt"),
        (
            "Please correct repair amount = 2400 and phone = 13800001234 because of a typo",
            {"repair_amount": Decimal(2400), "customer_phone": "13800001234"},
            "a typo",
        ),
    ],
)
def test_facts_are_corrected_by_the_names_on_the_form(text: str, entries: dict[str, Any], note: str) -> None:
    found = asked(text)
    assert (found.kind, found.problems) == (ChangeKind.CORRECT, ())
    assert found.entries == entries
    assert found.note == note


@pytest.mark.parametrize(
    ("text", "kind", "note"),
    [
        ("撤案 原因：客戶表示是誤會", ChangeKind.WITHDRAW, "客戶表示是誤會"),
        ("本案撤案，客户已和解", ChangeKind.WITHDRAW, "客户已和解"),
        ("撤銷本案 誤會一場", ChangeKind.WITHDRAW, "誤會一場"),
        ("客戶撤回，說是誤會", ChangeKind.WITHDRAW, "說是誤會"),
        ("客戶已撤回投訴", ChangeKind.WITHDRAW, "客戶已撤回投訴"),
        ("withdraw because it was a mistake", ChangeKind.WITHDRAW, "it was a mistake"),
        (
            "The customer has withdrawn the complaint",
            ChangeKind.WITHDRAW,
            "The customer has withdrawn the complaint",
        ),
        ("重啟 客戶表示問題還在", ChangeKind.REOPEN, "客戶表示問題還在"),
        ("重新打开本案，客户又打来", ChangeKind.REOPEN, "客户又打来"),
        ("reopen, customer called again", ChangeKind.REOPEN, "customer called again"),
        ("恢復計時", ChangeKind.RELEASE, ""),
        ("解除暂停 零件到了", ChangeKind.RELEASE, "零件到了"),
        ("resume, parts arrived", ChangeKind.RELEASE, "parts arrived"),
    ],
)
def test_cases_are_withdrawn_reopened_and_resumed(text: str, kind: ChangeKind, note: str) -> None:
    found = asked(text)
    assert (found.kind, found.note, found.problems) == (kind, note, ())


@pytest.mark.parametrize(
    ("text", "into", "note"),
    [
        ("併入 KS-20261120-002 原因：同一位客戶同一件事", "KS-20261120-002", "同一位客戶同一件事"),
        ("并入案件 ks-20261120-002，同一件事", "KS-20261120-002", "同一件事"),
        ("合併到【KS-20261120-002】 重複提報", "KS-20261120-002", "重複提報"),
        ("merge into KS‐20261120‐002, same matter", "KS-20261120-002", "same matter"),
    ],
)
def test_doubles_are_merged_by_the_number_however_it_was_copied(text: str, into: str, note: str) -> None:
    found = asked(text)
    assert (found.kind, found.into, found.note, found.problems) == (ChangeKind.MERGE, into, note, ())


@pytest.mark.parametrize(
    ("text", "until", "note"),
    [
        ("暫停至 11/25 12:00 等零件", "11-25 12:00", "等零件"),
        ("暂停到11月25日下午3点半，客户出差", "11-25 15:30", "客户出差"),
        ("暫停至 2026-11-25 客戶出國", "11-25 23:59", "客戶出國"),
        ("申請暫停至 2026/11/25 17:30 為止，等候原廠零件", "11-25 17:30", "等候原廠零件"),
        ("暫停3天 等零件", "11-24 16:00", "等零件"),
        ("暂停两小时 等客户回电", "11-21 18:00", "等客户回电"),
        ("暫停 明天下午3點 客戶回國再談", "11-22 15:00", "客戶回國再談"),
        ("暫停計時至後天，等零件", "11-23 23:59", "等零件"),
        ("hold until 2026-11-25 12:00 because parts are on order", "11-25 12:00", "parts are on order"),
        ("Put the case on hold until tomorrow 3pm: customer away", "11-22 15:00", "customer away"),
        ("on hold for 2 days, waiting for parts", "11-23 16:00", "waiting for parts"),
    ],
)
def test_a_hold_has_an_end_and_a_reason(text: str, until: str, note: str) -> None:
    found = asked(text)
    assert (found.kind, found.problems) == (ChangeKind.HOLD, ())
    assert found.until is not None
    assert f"{found.until:%m-%d %H:%M}" == until
    assert found.note == note


def test_a_day_that_is_past_this_year_is_the_next_ones() -> None:
    until = asked("暫停至 1/5 12:00 等零件").until
    assert until is not None
    assert until.year == 2027


@pytest.mark.parametrize(
    "text",
    [
        "改派 售後總監 原因：服務經理是當事人",
        "请重新指派给 售后总监，服务经理请假",
        "reassign to after-sales director because the manager is involved",
    ],
)
def test_whoever_is_to_take_over_is_left_for_those_who_know_the_people(text: str) -> None:
    found = asked(text)
    assert (found.kind, found.problems) == (ChangeKind.REASSIGN, ())
    assert "director" in found.rest or "總監" in found.rest or "总监" in found.rest


@pytest.mark.parametrize(
    "text",
    [
        "更正 維修金額=2400",
        "更正 維修金額=2400 原因：",
        "更正 客戶姓名=王小明 寫錯字",  # is the reason a part of the name?
        "併入 KS-20261120-002",
        "撤案",
        "withdraw",
        "重啟。",
        "暫停至 11/25 12:00",
    ],
)
def test_what_lacks_its_reason_is_asked_back_with_an_example(text: str) -> None:
    found = asked(text)
    (problem,) = found.problems
    assert "沒有寫原因" in problem.zh_hant
    assert example(found.kind).zh_hant in problem.zh_hant
    assert not found.entries


@pytest.mark.parametrize(
    "text",
    [
        "更正如附件",
        "更正 顏色=紅 原因：寫錯",
        "更正 維修金額=2400=3000 原因：寫錯",
        "更正 維修金額=大約兩千 原因：還不清楚",
        "更正 維修金額= 原因：寫錯",
        "更正 維修金額=2400、維修金額=3000 原因：寫錯",
        "更正 案件編號=KS-20261120-002 原因：寫錯",
        "併入原案 重複",
        "併入 KS-20261120-002 或 KS-20261120-003 重複",
        "撤案，可以嗎？",
        "重啟？",
        "暫停 等零件",
        "暫停至零件到貨 等零件",
        "暫停至 13/45 等零件",
        "改派",
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_back(text: str) -> None:
    found = asked(text)
    assert len(found.problems) == 1
    assert found.entries == {}
    assert (found.into, found.until) == ("", None)


@pytest.mark.parametrize(
    "text",
    [
        "已解決 更正維修金額=2400",
        "Correct, he was there",
        "恢復正常，客戶滿意",
        "暫停使用該車，客戶同意",
        "撤銷處罰 查無過失",
        "修改好報價單了",
        "更正後的表單如附件",
        "客戶要求道歉",
        "繼續處理中，明天回報",
        "謝謝",
        "",
    ],
)
def test_other_words_change_nothing(text: str) -> None:
    assert read(text) is None


def test_quoted_words_change_nothing_and_an_example_copied_into_the_first_line_counts() -> None:
    ours = example(ChangeKind.WITHDRAW).get(Locale.ZH_HANT)
    mail = f"請連同原因再寫一次，例如\n{ours}\n"
    assert read(f"收到\n\n> {ours}", mail) is None
    copied = read(f"{ours}\n\n> {mail}", mail)
    assert copied is not None
    assert copied.note == "客戶表示是誤會"


def test_a_signature_is_no_reason() -> None:
    assert asked("撤案\n\n客戶關愛部 林小姐").problems


@pytest.mark.parametrize("kind", ChangeKind)
@pytest.mark.parametrize("locale", Locale)
def test_our_own_examples_are_understood(kind: ChangeKind, locale: Locale) -> None:
    found = asked(example(kind).get(locale))
    assert found.kind is kind
    assert not found.problems
