"""Replies about penalties and findings: taken only where they can be read in one way (spec/clauses.md, D27–D31)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.replies import parse_reply
from parsers.reply_verdicts import parse_blame, parse_verdict, says_nothing
from rules.fields import Catalogue
from rules.locales import Locale


@pytest.mark.parametrize(
    ("text", "decision", "note"),
    [
        ("申訴 當日休假", "appeal", "當日休假"),
        ("申诉：当日休假，为何处罚我？", "appeal", "当日休假，为何处罚我？"),
        ("我要申訴，未收到通知", "appeal", "未收到通知"),
        ("Appeal", "appeal", ""),
        ("appeal: not my shift", "appeal", "not my shift"),
        ("Appeal - no notice received", "appeal", "no notice received"),
        ("I appeal against this penalty, I was on leave", "appeal", "I was on leave"),
        ("申訴 王經理，我當日休假", "appeal", "王經理，我當日休假"),
        ("申訴 林總監 已解決此事，不應處罰", "appeal", "林總監 已解決此事，不應處罰"),
        ("王經理您好，申訴 未收到通知", "appeal", "未收到通知"),
        ("您好，\n\n申訴 未收到通知", "appeal", "未收到通知"),
        ("「申訴」未收到通知", "appeal", "未收到通知"),
        ("維持", "uphold", ""),
        ("維持原處罰，申訴理由不成立", "uphold", "申訴理由不成立"),
        ("维持 查证属实", "uphold", "查证属实"),
        ("Uphold.", "uphold", ""),
        ("uphold the penalty", "uphold", ""),
        ("Upheld: checked the log", "uphold", "checked the log"),
        ("撤銷", "revoke", ""),
        ("撤销处罚 查无过失", "revoke", "查无过失"),
        ("Revoke the fine. He was on leave", "revoke", "He was on leave"),
        ("revoke, he was on leave", "revoke", "he was on leave"),
        ("確認", "confirm", ""),
        ("确认处罚", "confirm", ""),
        ("確認，事證明確", "confirm", "事證明確"),
        ("Confirmed.", "confirm", ""),
        ("不罰 證據不足", "drop", "證據不足"),
        ("不予处罚", "drop", ""),
        ("drop it", "drop", ""),
        ("drop: no evidence", "drop", "no evidence"),
    ],
)
def test_an_everyday_verdict_is_understood_with_its_note(text: str, decision: str, note: str) -> None:
    verdict = parse_verdict(text)
    assert verdict is not None
    assert verdict.problems == ()
    assert (verdict.decision, verdict.text, verdict.penalty) == (decision, note, None)


@pytest.mark.parametrize(
    "text",
    [
        "申訴？",
        "申訴嗎",
        "申訴 可以嗎？",
        "申訴期限到何時",
        "appeal? no",
        "appeal: no",
        "維持現狀",
        "維持原判但減半",
        "維持，改為 100 元",
        "维持吗？",
        "維持，不撤銷",
        "維持 50%",
        "維持：否",
        "uphold the appeal",
        "uphold but reduce to 100",
        "uphold if he agrees",
        "uphold or revoke",
        "撤銷申訴",
        "撤銷 申訴",
        "撤銷一半",
        "revoke the appeal",
        "revoke half",
        "revoke later",
        "確認收到",
        "確認 收到",
        "確認，收到",
        "確認後再罰",
        "確認？",
        "確認是否屬實",
        "confirm receipt",
        "confirmed, will check",
        "不罰不行",
        "不罰？",
        "drop him a line",
        "申訴 第1筆和第2筆",
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_back_in_three_languages(text: str) -> None:
    verdict = parse_verdict(text)
    assert verdict is not None
    assert (verdict.penalty, verdict.text, verdict.amount) == (None, "", None)
    (problem,) = verdict.problems
    assert len({problem.get(locale) for locale in Locale}) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "收到",
        "不申訴",
        "我不服",
        "請維持秩序",
        "we appeal to your patience",
        "確",
        "已解決 撤銷投訴",
        "未解決 客戶要申訴",
    ],
)
def test_a_verb_that_does_not_begin_the_first_line_is_no_verdict(text: str) -> None:
    assert parse_verdict(text) is None


def test_a_verb_in_the_second_line_or_in_a_quotation_is_no_verdict() -> None:
    assert parse_verdict("請看下面\n申訴 當日休假") is None
    assert parse_verdict("> 申訴 當日休假") is None
    ours = "如不服，請直接回覆本信，第一行寫「申訴」和理由"
    assert parse_verdict(f"收到\n{ours}", answered=ours) is None


def test_who_copies_our_example_into_his_first_line_means_it() -> None:
    verdict = parse_verdict("申訴 當日休假不在", answered="範例：\n申訴 當日休假不在\n謝謝")
    assert verdict is not None
    assert verdict.text == "當日休假不在"


def test_the_reason_ends_where_the_quoted_mail_begins() -> None:
    verdict = parse_verdict("申訴 當日休假\n附上假單\n\n發件人: a@example.com\n罰款 200 元")
    assert verdict is not None
    assert verdict.text == "當日休假\n附上假單"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("確認 88.80", "88.80"),
        ("確認88.8元", "88.80"),
        ("确认：50", "50.00"),
        ("確認罰款50元", "50.00"),
        ("確認 金額 1,200 元", "1200.00"),
        ("Confirm 88.80", "88.80"),
        ("confirm CNY 88.80", "88.80"),
        ("confirm 50.", "50.00"),
        ("確認 200，依11月2日錄影", "200.00"),
        ("確認 第2筆 88.80", "88.80"),
        ("confirm penalty 2 88.80", "88.80"),
    ],
)
def test_a_confirmation_may_set_an_amount(text: str, amount: str) -> None:
    verdict = parse_verdict(text)
    assert verdict is not None
    assert (verdict.problems, verdict.amount) == ((), Decimal(amount))


@pytest.mark.parametrize(
    "text",
    [
        "確認 約50元",
        "確認 50～100",
        "確認 50，或 100 元",
        "確認 50 左右",
        "confirm 50 or 100",
        "confirm about 50",
        "confirm US$50",
        "confirm -5",
        "confirm 0",
        "confirm 0.005",
        "確認 5 月",
        "確認 50 60",
        "確認 88.80 吗？",
    ],
)
def test_an_amount_that_is_no_clear_amount_is_asked_back(text: str) -> None:
    verdict = parse_verdict(text)
    assert verdict is not None
    assert verdict.problems
    assert verdict.amount is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("申訴 第2筆 當日休假", 2),
        ("申訴第二筆：當日休假", 2),
        ("撤销 第 12 号处罚", 12),
        ("Appeal penalty 2: on leave", 2),
        ("uphold penalty no. 3", 3),
        ("revoke fine #2", 2),
        ("confirm KS-20261123-001/2", 2),
        ("申訴 第2次被罰", None),
        ("申訴 11月2號休假", None),
    ],
)
def test_the_first_line_may_name_the_penalty(text: str, number: int | None) -> None:
    verdict = parse_verdict(text)
    assert verdict is not None
    assert (verdict.problems, verdict.penalty) == ((), number)


def test_reports_are_read_as_before(catalogue: Catalogue) -> None:
    for text in ("已解決 更換水泵", "王經理 已解決 換泵", "resolved new pump"):
        assert parse_verdict(text) is None
        reply = parse_reply(text, catalogue)
        assert reply is not None
        assert reply.facts["result"] == "resolved"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("責任 林總監 失職 未回電", "林總監 失職 未回電"),
        ("责任：林总监，失职", "林总监，失职"),
        ("Finding: Grace neglect", "Grace neglect"),
        ("認定責任 林總監 失職", "林總監 失職"),
    ],
)
def test_a_finding_is_known_by_its_first_word(text: str, line: str) -> None:
    blame = parse_blame(text)
    assert blame is not None
    assert (blame.line, blame.problems) == (line, ())


@pytest.mark.parametrize(
    "text", ["責任在廠商", "責任不明", "查責任 林總監", "findingsomething", "已解決 責任 林總監 失職"]
)
def test_a_sentence_about_responsibility_is_no_finding(text: str) -> None:
    assert parse_blame(text) is None


def test_a_finding_in_doubt_is_a_problem() -> None:
    blame = parse_blame("責任 林總監 失職嗎？")
    assert blame is not None
    assert blame.problems


@pytest.mark.parametrize(
    ("text", "silent"),
    [
        ("收到", True),
        ("好的，謝謝。", True),
        ("Noted.", True),
        ("> 申訴", True),
        ("我不服", False),
        ("收到，但我不服", False),
    ],
)
def test_a_mere_acknowledgement_says_nothing(text: str, silent: bool) -> None:
    assert says_nothing(text) is silent


@given(
    st.text(max_size=60),
    st.sampled_from(["", "申訴", "維持", "撤銷 ", "確認 ", "confirm ", "不罰", "uphold ", "責任 "]),
)
def test_no_text_breaks_the_reading_and_what_is_unclear_asks_for_nothing(text: str, begin: str) -> None:
    verdict = parse_verdict(begin + text)
    if verdict is not None and verdict.problems:
        assert (verdict.penalty, verdict.amount, verdict.text) == (None, None, "")
    if verdict is not None and verdict.amount is not None:
        assert verdict.amount > 0
    parse_blame(begin + text)
    says_nothing(begin + text)
