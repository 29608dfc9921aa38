"""Tokens in words: found however they were mangled, never part of what somebody says; and the lines that name cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.reply_confirm import parse_confirmation
from parsers.reply_lines import Addressed, addressed
from parsers.reply_quotes import own_text
from parsers.reply_tokens import LENGTH, LETTERS, tokens_in, without_tokens, written
from tests.guards import no_endless_work

LETTERED = st.text(alphabet=LETTERS, min_size=LENGTH, max_size=LENGTH)
TOKEN = "KT-7Q2MD-ABCDE-01234-FGHJK-MNPQR"


@given(LETTERED, st.integers(3, 30), st.sampled_from(["\n", "\n> ", "\r\n", "\n>> ", " \n| "]))
def test_a_token_wrapped_anywhere_is_found(letters: str, at: int, gap: str) -> None:
    shown = written(letters)
    assert tokens_in(f"請保留：{shown[:at]}{gap}{shown[at:]}（謝謝）") == (letters,)


@given(LETTERED)
def test_a_token_in_full_width_lower_case_or_without_dashes_is_the_same(letters: str) -> None:
    shown = written(letters)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in shown)
    for said in (shown.lower(), wide, wide.lower(), shown.replace("-", ""), shown.replace("-", "—")):
        assert tokens_in(f"（{said}）") == (letters,)


@given(st.text(max_size=300))
def test_a_text_without_a_token_stays_as_it_is(text: str) -> None:
    if not tokens_in(text):
        assert without_tokens(text) == text


@pytest.mark.parametrize(
    "said", ["KT-7Q2MD-ABCDE", f"X{TOKEN}", f"{TOKEN}Z", "KT-U0000-00000-00000-00000-00000"]
)
def test_what_is_too_short_or_runs_on_is_no_token(said: str) -> None:
    assert tokens_in(said) == ()


def test_the_line_of_a_token_is_not_what_somebody_says() -> None:
    assert own_text(f"已解決 換水泵\n\n（請保留這一行：{TOKEN}）\n\n王經理") == "已解決 換水泵\n\n\n王經理"
    assert own_text(f"已解決 換水泵\n（請保留這一行：{TOKEN}）") == "已解決 換水泵"


@pytest.mark.parametrize(
    "text", ["KT-" * 70_000, "KT-" + "A" * 200_000, "KT-AAAAA" * 25_000, "KT" + "A- " * 60_000]
)
def test_no_text_makes_the_search_slow(text: str) -> None:
    with no_endless_work():
        tokens_in(text)
        without_tokens(text)


# ---------------------------------------------------------------- lines that name their cases


@pytest.mark.parametrize(
    "line",
    [
        "KS-20261123-001 已解決 換水泵",
        "ks-20261123-001：已解決 換水泵",
        "[KS-20261123-001] 已解決 換水泵",
        "ＫＳ－２０２６１１２３－００１　已解決 換水泵",
        "案件 KS-20261123-001，已解決 換水泵",
        "案號：KS-20261123-001 已解決 換水泵",
        "- KS-20261123-001 - 已解決 換水泵",
        "您好，\nKS-20261123-001 已解決 換水泵",
    ],
)
def test_a_line_names_its_case_however_it_is_written(line: str) -> None:
    assert addressed(line) == (Addressed("KS-20261123-001", "已解決 換水泵"),)


def test_each_further_number_begins_a_request_of_its_own() -> None:
    text = "KS-20261123-001 已解決 換水泵\n優惠工時費20%\nKS-20261123-002/2 申訴\n當日休假\n\n> KS-20261123-003 已解決"
    assert addressed(text) == (
        Addressed("KS-20261123-001", "已解決 換水泵\n優惠工時費20%"),
        Addressed("KS-20261123-002", "申訴\n當日休假", 2),
    )


@pytest.mark.parametrize(
    "text",
    [
        "已解決 與 KS-20261123-001 同一問題",
        "已解決\nKS-20261123-002 也一樣",
        "",
        "AS-1 已解決",
        "KS-20261123-001-2 x",
    ],
)
def test_a_number_elsewhere_names_no_case(text: str) -> None:
    assert addressed(text) == ()


# ---------------------------------------------------------------- one word of confirmation


@pytest.mark.parametrize(
    "text", ["確認", "确认。", "Confirm", "confirmed!", "是的", "是我寄的", "確認，謝謝", "Yes", "「確認」"]
)
def test_one_word_confirms(text: str) -> None:
    assert parse_confirmation(text) is True


@pytest.mark.parametrize("text", ["不是我寄的", "不是", "No", "it was not me", "取消", "非本人"])
def test_one_word_disowns(text: str) -> None:
    assert parse_confirmation(text) is False


@pytest.mark.parametrize(
    "text",
    [
        "確認什麼？",
        "確認嗎",
        "確認收到",
        "已解決 換水泵",
        "謝謝",
        "",
        "confirm if it works",
        "> 確認",
        "不確定",
    ],
)
def test_other_words_do_neither(text: str) -> None:
    assert parse_confirmation(text) is None
