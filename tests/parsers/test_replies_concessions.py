"""Concessions in everyday words: known, or asked about; none slips past the author's authority (D38)."""

from decimal import Decimal

import pytest

from parsers.replies import parse_reply
from rules.conditions import FactValue
from rules.fields import Catalogue
from tests.guards import no_endless_work

CONCESSIONS = {"discount_percent", "gift_amount", "cash_amount"}


@pytest.mark.parametrize(
    ("words", "percent"),
    [
        ("工時費打對折", 50),
        ("打對折", 50),
        ("對折", 50),
        ("工時半價", 50),
        ("半价", 50),
        ("half price", 50),
        ("減免工時費一半", 50),
        ("工時費減半", 50),
        ("全免工時費", 100),
        ("工時費全免", 100),
        ("工時費打七折", 30),
        ("工時費減30%", 30),
        ("gave 30% off labour", 30),
        ("打對折（優惠50%）", 50),
    ],
)
def test_a_discount_in_everyday_words_is_read(catalogue: Catalogue, words: str, percent: int) -> None:
    reply = parse_reply(f"已解決 更換水泵，{words}", catalogue)
    assert reply is not None
    assert reply.problems == ()
    assert {key: reply.facts[key] for key in CONCESSIONS & set(reply.facts)} == {
        "discount_percent": Decimal(percent)
    }


@pytest.mark.parametrize(
    "words",
    [
        "免工時費",
        "免費",
        "免费更换水泵",
        "free of charge",
        "free service next time",
        "no charge",
        "折抵工時費2000元",
        "折抵2000元",
        "抵扣2000元",
        "少收2000元",
        "便宜2000元",
        "減2000元",
        "給客戶2000元",
        "退2000",
        "付客戶兩千元",
        "送購物券",
        "購物券2000元",
        "贈送代金券2000元",
        "現金券500元",
        "加油卡500元",
        "京東卡 500",
        "gift card 500",
        "500 off labour",
        "打個折",
        "打對折，另優惠20%",
        "收八成",
        "優惠工時費30%還有代金券500元",
    ],
)
def test_a_concession_of_no_clear_kind_is_asked_about(catalogue: Catalogue, words: str) -> None:
    reply = parse_reply(f"已解決 更換水泵，{words}", catalogue)
    assert reply is not None
    assert reply.problems
    assert not CONCESSIONS & set(reply.facts)


def test_the_question_names_the_three_kinds(catalogue: Catalogue) -> None:
    reply = parse_reply("已解決 更換水泵，少收2000元", catalogue)
    assert reply is not None
    (problem,) = reply.problems
    assert all(part in problem.zh_hant for part in ("少收2000元", "優惠工時費", "贈送精品", "現金補償"))
    assert all(part in problem.zh_hans for part in ("优惠工时费", "赠送精品", "现金补偿"))
    assert all(part in problem.en for part in ("discount", "gift", "cash"))


@pytest.mark.parametrize(
    "words",
    [
        "水溫100%正常",
        "電池還有30%",
        "煞車片剩餘60%，客戶滿意",
        "機油量減少30%已補足",
        "讓客戶100%滿意",
        "更換安全帶卡扣 2 個",
        "更換節氣門卡滯 300",
        "以免再次發生",
        "避免費油",
        "未免費",
        "無折抵",
        "no free service",
        "trouble-free since",
        "更換零件2000元",
    ],
)
def test_what_only_resembles_a_concession_is_none(catalogue: Catalogue, words: str) -> None:
    reply = parse_reply(f"已解決 {words}", catalogue)
    assert reply is not None
    assert reply.problems == ()
    assert not CONCESSIONS & set(reply.facts)


@pytest.mark.parametrize("text", ["已解決 30%", "已解決，500元", "resolved 30%", "已解決：百分之三十"])
def test_a_figure_alone_is_asked_about(catalogue: Catalogue, text: str) -> None:
    reply = parse_reply(text, catalogue)
    assert reply is not None
    assert reply.problems


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("已解決 水溫100%正常，優惠工時費30%", {"discount_percent": Decimal(30)}),
        ("已解決 免費贈送精品200元", {"gift_amount": Decimal(200)}),
        ("已解決 送精品200元購物券", {"gift_amount": Decimal(200)}),
    ],
)
def test_a_clear_figure_of_a_kind_counts_beside_other_words(
    catalogue: Catalogue, text: str, facts: dict[str, FactValue]
) -> None:
    reply = parse_reply(text, catalogue)
    assert reply is not None
    assert reply.problems == ()
    assert {key: reply.facts[key] for key in CONCESSIONS & set(reply.facts)} == facts


@pytest.mark.parametrize("part", ["十", "1", "1,", "免卡1元", "工時費 ", "無任何"])
def test_a_mail_made_to_be_slow_is_read_at_once(catalogue: Catalogue, part: str) -> None:
    with no_endless_work():
        parse_reply("已解決 " + part * (100_000 // len(part)), catalogue)
