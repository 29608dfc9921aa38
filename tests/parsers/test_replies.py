"""Short answers by e-mail (spec/forms.md, handling form; design.md, Mail)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.replies import parse_reply
from parsers.reply_quotes import own_text
from rules.fields import Catalogue


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("已解決 更換水泵", "resolved"),
        ("已解决，换泵", "resolved"),
        ("解決了", "resolved"),
        ("Resolved. New pump", "resolved"),
        ("部分解決 等件", "partly"),
        ("部分解决", "partly"),
        ("partly resolved", "partly"),
        ("Partly: waiting", "partly"),
        ("未解決 等配件", "unresolved"),
        ("尚未解決", "unresolved"),
        ("还没解决", "unresolved"),
        ("沒有解決", "unresolved"),
        ("解決不了", "unresolved"),
        ("not resolved yet", "unresolved"),
        ("Unresolved", "unresolved"),
        ("Not yet resolved, parts on order", "unresolved"),
        ("您好，\n\n已解決", "resolved"),
        ("[AS-1] 已解決", "resolved"),
        ("已解決一半", "partly"),
        ("isn't it", None),
        ("已解決了嗎？", None),
        ("resolved?", None),
        ("好的，收到", None),
        ("", None),
        ("解決方案：換泵", None),
    ],
)
def test_the_verb_of_the_first_line_tells_the_result(
    catalogue: Catalogue, text: str, result: str | None
) -> None:
    reply = parse_reply(text, catalogue)
    assert (reply.facts.get("result") if reply else None) == result


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("已解決 優惠工時費30%", "discount_percent", "30"),
        ("已解决，工时费七折", "discount_percent", "30"),
        ("resolved discount 30%", "discount_percent", "30"),
        ("已解決，全免工時費", "discount_percent", "100"),
        ("已解決，優惠30%（七折）", "discount_percent", "30"),
        ("已解決 送精品200元", "gift_amount", "200.00"),
        ("已解決 贈送精品 300", "gift_amount", "300.00"),
        ("resolved gift 200", "gift_amount", "200.00"),
        ("已解決 送精品2件1,200元", "gift_amount", "1200.00"),
        ("已解決 現金補償500元", "cash_amount", "500.00"),
        ("已解決 現金 200", "cash_amount", "200.00"),
        ("resolved, cash 500", "cash_amount", "500.00"),
        ("已解決 現金補償五百元", "cash_amount", "500.00"),
        ("已解決 2026-11-20 已退款 300 元", "cash_amount", "300.00"),
    ],
)
def test_a_concession_in_words_is_read(catalogue: Catalogue, text: str, key: str, value: str) -> None:
    reply = parse_reply(text, catalogue)
    assert reply is not None
    assert reply.problems == ()
    assert reply.facts[key] == Decimal(value)
    assert {"discount_percent", "gift_amount", "cash_amount"} & set(reply.facts) == {key}


@pytest.mark.parametrize(
    "text",
    [
        "已解決 優惠一些",
        "已解決，優惠30%，另優惠20%",
        "已解決 送精品約200元",
        "已解決 送精品",
        "已解決 補償客戶",
        "resolved with a discount",
        "已解決 客戶要求現金補償500元，已拒絕",
        "已解決 優惠工時費300元",
        "已解決 現金補償 -200",
        "已解決 送精品200元或300元",
    ],
)
def test_a_concession_that_is_not_clear_is_a_problem_never_a_guess(catalogue: Catalogue, text: str) -> None:
    reply = parse_reply(text, catalogue)
    assert reply is not None
    assert reply.problems
    assert not {"discount_percent", "gift_amount", "cash_amount"} & set(reply.facts)


@pytest.mark.parametrize(
    "text", ["已解決，無優惠", "已解決 未給予現金補償", "resolved, no discount", "已解決 送修後正常"]
)
def test_a_concession_denied_is_none(catalogue: Catalogue, text: str) -> None:
    reply = parse_reply(text, catalogue)
    assert reply is not None
    assert reply.problems == ()
    assert not {"discount_percent", "gift_amount", "cash_amount"} & set(reply.facts)


def test_two_kinds_of_concession_stand_side_by_side(catalogue: Catalogue) -> None:
    reply = parse_reply("已解決 送精品200元和現金300元", catalogue)
    assert reply is not None
    assert (reply.facts["gift_amount"], reply.facts["cash_amount"]) == (Decimal(200), Decimal(300))


def test_the_rest_is_the_resolution_as_typed(catalogue: Catalogue) -> None:
    reply = parse_reply("已解決：更換水泵，\n並試車", catalogue)
    assert reply is not None
    assert reply.facts["resolution"] == "更換水泵，\n並試車"


QUOTED = "已解決 優惠工時費50%"


@pytest.mark.parametrize(
    "separator",
    [
        "-----Original Message-----\n",
        "-------- 原始郵件 --------\n",
        "原始邮件\n",
        "发件人: 王\n",
        "寄件者: 王\n",
        "From: a@example.com\nSent: x\n",
        "On Mon, 21 Nov 2026, A <a@example.com> wrote:\n",
        "On Mon, 21 Nov 2026 at 10:00 A long name\n<a@example.com> wrote:\n",
        "> ",
        "在 2026年11月21日，王 写道：\n",
        "________________________________\n",
    ],
)
def test_what_is_quoted_counts_for_nothing(catalogue: Catalogue, separator: str) -> None:
    reply = parse_reply(f"未解決 等件\n\n{separator}{QUOTED}", catalogue)
    assert reply is not None
    assert reply.facts == {"result": "unresolved", "resolution": "等件"}
    assert parse_reply(f"收到\n{separator}{QUOTED}", catalogue) is None


@given(st.text())
def test_no_mail_makes_it_raise(catalogue: Catalogue, text: str) -> None:
    parse_reply(text, catalogue)
    parse_reply("已解決 " + text, catalogue)
    assert len(own_text(text)) <= len(text)
