"""Whose words they are: clients quote in many styles, some without any mark, some above the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.replies import parse_reply
from parsers.reply_quotes import own_text
from rules.fields import Catalogue

QUOTED = "已解決 優惠工時費50%"
OURS = (
    "客訴待處理：林先生\n\n林先生的抱怨單已指派給您。\n\n■ 怎麼回覆\n"
    "  直接回覆本信，第一行以「已解決」開頭，接著寫處理方式，例如：\n"
    "    已解決 已重新調整煞車並試車，客戶表示滿意\n\n-- \n客訴系統 kesu\n"
)
STYLES = {
    "NetEase Mail Master": "---- 回复的原邮件 ----\n| 发件人 | kesu<kesu@example.com> |",
    "NetEase 163": 'At 2026-11-21 10:00:00, "kesu" <kesu@example.com> wrote:',
    "NetEase 163, Chinese": '在 2026-11-21 10:00:00，"kesu" <kesu@example.com> 写道：',
    "QQ": "------------------ 原始邮件 ------------------\n发件人: kesu",
    "QQ, as HTML": "------------------&nbsp;原始邮件&nbsp;------------------",
    "Outlook, 從": "從: kesu <kesu@example.com>",
    "Outlook, 寄件者": "寄件者: kesu <kesu@example.com>",
    "Outlook, 发件人": "发件人: kesu <kesu@example.com>",
    "Outlook, bold": "**From:** kesu <kesu@example.com>",
    "Outlook, French": "De : kesu <kesu@example.com>",
    "Outlook, German": "Von: kesu <kesu@example.com>",
    "Samsung": "-------- 原始訊息 --------",
    "Samsung, Simplified": "-------- 原始信息 --------",
    "Lotus Notes": "kesu ---2026/11/21 10:00:00---客訴",
    "Lotus Notes, forwarded": "----- Forwarded by kesu/TPE on 2026/11/21 -----",
    "Lotus Notes, bare": '"kesu" <kesu@example.com>\n2026/11/21 10:00',
    "Apple": "kesu <kesu@example.com> 於 2026年11月21日 上午10:00 寫道：",
    "Gmail": "kesu <kesu@example.com> 於 2026年11月21日 週六 上午10:00寫道：",
    "Gmail, wrapped": "kesu <kesu@example.com> 於 2026年11月21日 週六\n上午10:00寫道：",
    "Gmail, wrapped twice": "On Mon, 21 Nov 2026 at 10:00 A very long name\nof a department\n<a@example.com> wrote:",
    "Thunderbird": "於 2026/11/21 10:00, kesu 寫道：",
    "Thunderbird, German": "Am 21.11.26 um 10:00 schrieb kesu:",
    "our sentence": "直接回覆本信，第一行以「已解決」開頭，接著寫處理方式，例如：",
    "our sentence, Simplified": "直接回复本邮件，第一行以“已解决”开头，接着写处理方式，例如：",
    "our sentence, English": "Reply to this e-mail and begin the first line with “resolved”:",
    "fenced in signs": "||| the answered mail |||",
    "signature": "-- ",
    "telephone": "從我的 iPhone 傳送",
}


@pytest.mark.parametrize("separator", STYLES.values(), ids=STYLES.keys())
def test_every_client_s_quote_is_cut(catalogue: Catalogue, separator: str) -> None:
    reply = parse_reply(f"未解決 等件\n\n{separator}\n{QUOTED}", catalogue)
    assert reply is not None
    assert reply.facts == {"result": "unresolved", "resolution": "等件"}
    assert parse_reply(f"收到\n{separator}\n{QUOTED}", catalogue) is None


@pytest.mark.parametrize("prefix", ["", "    ", "| ", ": ", "＞"])
def test_our_own_mail_is_known_however_it_is_quoted(catalogue: Catalogue, prefix: str) -> None:
    quoted = "\n".join(prefix + line for line in OURS.splitlines() if "直接" not in line)
    assert parse_reply(f"收到\n\n{quoted}", catalogue, answered=OURS) is None
    reply = parse_reply(f"未解決 等件\n{quoted}", catalogue, answered=OURS)
    assert reply is not None
    assert reply.facts == {"result": "unresolved", "resolution": "等件"}


def test_our_own_mail_is_known_when_wrapped_anew(catalogue: Catalogue) -> None:
    ours = "The customer's complaint about the brakes of his car has been assigned to you today.\nresolved like that"
    text = (
        "ok\nThe customer's complaint about the brakes\nof his car has been assigned to you today.\nresolved"
    )
    assert own_text(text, ours) == "ok"
    assert parse_reply(text, catalogue, answered=ours) is None


def test_who_copies_our_example_means_it(catalogue: Catalogue) -> None:
    reply = parse_reply(f"已解決 已重新調整煞車並試車，客戶表示滿意\n\n{OURS}", catalogue, answered=OURS)
    assert reply is not None
    assert reply.facts == {"result": "resolved", "resolution": "已重新調整煞車並試車，客戶表示滿意"}


def test_a_short_line_of_ours_cuts_nothing(catalogue: Catalogue) -> None:
    reply = parse_reply("未解決\n等配件\n換新後再報", catalogue, answered="等配件\n")
    assert reply is not None
    assert reply.facts["resolution"] == "等配件\n換新後再報"


@pytest.mark.parametrize(
    "above",
    [
        "> 客訴待處理\n> 已解決 優惠工時費90%\n\n",
        "On Mon, 21 Nov 2026, kesu <a@example.com> wrote:\n\n> 未解決\n> 優惠工時費90%\n\n",
        "您好，\n\n於 2026/11/21 10:00, kesu 寫道：\n> 未解決\n>\n> 優惠工時費90%\n",
    ],
)
def test_an_answer_below_what_it_quotes_counts(catalogue: Catalogue, above: str) -> None:
    reply = parse_reply(above + "已解決 更換水泵", catalogue)
    assert reply is not None
    assert (reply.facts, reply.problems) == ({"result": "resolved", "resolution": "更換水泵"}, ())


@pytest.mark.parametrize(
    "signature",
    [
        "\n\n王小明\n9折優惠，送精品200元",
        "\n \n週年慶：9折優惠，送精品200元",
        "\n-- \n9折優惠，送精品200元",
        "\n--\n9折優惠，送精品200元",
    ],
)
def test_an_advertisement_below_is_no_concession(catalogue: Catalogue, signature: str) -> None:
    reply = parse_reply("已解決 更換水泵" + signature, catalogue)
    assert reply is not None
    assert set(reply.facts) == {"result", "resolution"}
    assert reply.problems == ()


def test_the_first_paragraph_may_stand_below_the_bare_verb(catalogue: Catalogue) -> None:
    reply = parse_reply("已解決\n\n優惠工時費30%\n\n9折優惠，送精品200元", catalogue)
    assert reply is not None
    assert reply.facts["discount_percent"] == 30
    assert "gift_amount" not in reply.facts


@given(st.text(), st.text())
def test_no_answered_mail_makes_it_raise(catalogue: Catalogue, text: str, answered: str) -> None:
    parse_reply(text, catalogue, answered=answered)
    parse_reply(f"已解決 {text}\n{answered}", catalogue, answered=answered)


@pytest.mark.parametrize(
    "signature",
    [
        "發自我的企業微信\n\n---Original---\nFrom: x",
        "寄自我的 iPad",
        "| |\n王\n|\n|\nwang@163.com\n|\n签名由网易邮箱大师定制",
        "发自钉钉专属商务邮箱\n------------------------------------------------------------------\n发件人:x",
    ],
)
def test_what_programs_of_phones_sign_with_is_cut(signature: str) -> None:
    assert own_text(f"已解決 更換水泵\n\n{signature}") == "已解決 更換水泵"
