"""A verb counts only if it reports: neither a question nor a plan, and whatever greeting stands before it."""

import pytest

from parsers.replies import parse_reply
from rules.fields import Catalogue
from rules.locales import Locale


@pytest.mark.parametrize(
    "text",
    [
        "已解決了沒",
        "已解決了沒有",
        "已解決了嗎？",
        "已解決此客戶反映的漏水問題並且完成回訪了嗎？",
        "已解決 漏水問題並且完成回訪了嗎",
        "已解決。真的嗎？",
        "已解決：否",
        "已解決：沒有",
        "已解決後請通知我",
        "已解決 後請通知我",
        "已解決方案提出，待客戶確認",
        "已解決中",
        "已解決前請勿交車",
        "已解決的話請通知我",
        "解决了再告诉我",
        "解决了的话告诉我",
        "部分解決後通知我",
        "部分解決了嗎？",
        "resolved?",
        "Resolved: no",
        "resolved, not really",
        "resolved none of it",
        "resolved not at all",
        "resolved (not really)",
        "Resolved by tomorrow",
        "Resolved by morning",
        "Resolved soon I hope",
        "resolved if the part arrives",
        "resolved when the part arrives",
        "resolved - is that true?",
        "resolved\nis that true?",
    ],
)
def test_a_question_a_plan_or_a_denial_stops_no_clock(catalogue: Catalogue, text: str) -> None:
    reply = parse_reply(text, catalogue)
    assert reply is not None
    assert reply.facts == {}
    (problem,) = reply.problems
    assert len({problem.get(locale) for locale in Locale}) == 3


@pytest.mark.parametrize(
    ("text", "resolution"),
    [
        (
            "已解決 重新調整煞車片並試車，客戶滿意，優惠工時費20%",
            "重新調整煞車片並試車，客戶滿意，優惠工時費20%",
        ),
        ("已解決，換新零件", "換新零件"),
        ("resolved. replaced the part", "replaced the part"),
        ("已解决", None),
        ("解決了", None),
        ("已解決了，客戶滿意", "客戶滿意"),
        ("Resolved - gave 30% off labour", "gave 30% off labour"),
        ("resolved by replacing the pump", "by replacing the pump"),
        ("resolved, no further leaks", "no further leaks"),
        ("已解決 後輪軸承更換", "後輪軸承更換"),
        ("已解決，中控螢幕更換", "中控螢幕更換"),
        ("已解決 更換水泵。還需要什麼資料嗎？", "更換水泵。還需要什麼資料嗎？"),
        ("收到，已解決 更換水泵", "更換水泵"),
        ("好的，謝謝。已解決 更換水泵", "更換水泵"),
        ("該問題已解決", None),
        ("問題解決了", None),
        ("已解決，沒有再漏水", "沒有再漏水"),
        ("林總監 已解決 換泵", "換泵"),
        ("本案已解決，更換水泵", "更換水泵"),
        ("客戶問題已解決，更換水泵", "更換水泵"),
        ("林總監您好，已解決 更換水泵", "更換水泵"),
        ("王經理 您好:\n已解決 更換水泵", "更換水泵"),
        ("林總監：\n已解決 更換水泵", "更換水泵"),
        ("林總好，已解決 更換水泵", "更換水泵"),
        ("Hi team,\nresolved new pump", "new pump"),
        ("Dear Mr Lin,\n\nThe issue has been resolved. New pump", "New pump"),
        ("Noted, thanks. Resolved: new pump", "new pump"),
        ("您好！\n\n已解決 更換水泵", "更換水泵"),
        ("**已解決** 更換水泵", "更換水泵"),
    ],
)
def test_an_everyday_answer_is_a_resolution(catalogue: Catalogue, text: str, resolution: str | None) -> None:
    reply = parse_reply(text, catalogue)
    assert reply is not None
    assert reply.problems == ()
    assert reply.facts["result"] == "resolved"
    assert reply.facts.get("resolution") == resolution


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("收到，尚未解決，等件", "unresolved"),
        ("The issue has not been resolved", "unresolved"),
        ("該問題未解決，客戶何時可取車？", "unresolved"),
        ("林總監您好，部分解決，等件", "partly"),
    ],
)
def test_a_greeting_hides_no_other_verb(catalogue: Catalogue, text: str, result: str) -> None:
    reply = parse_reply(text, catalogue)
    assert reply is not None
    assert (reply.facts["result"], reply.problems) == (result, ())


@pytest.mark.parametrize(
    "text", ["如果問題已解決請通知", "請確認已解決", "沒修好，已解決的只有一件", "will be resolved"]
)
def test_a_verb_inside_another_sentence_is_no_answer(catalogue: Catalogue, text: str) -> None:
    assert parse_reply(text, catalogue) is None
