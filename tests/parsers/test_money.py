"""Amounts as people write them (forms.md, Values)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.amounts import read_money
from parsers.numerals import chinese_number

CENTS = st.integers(0, 10_000_000_000).map(lambda cents: Decimal(cents) / 100)
DIGITS = "零一二三四五六七八九"


def spoken(number: int) -> str:
    """Write a number below a hundred million the way it is written on a cheque, in everyday numerals."""
    if number == 0:
        return "零"
    high, low = divmod(number, 10_000)
    if not high:
        return _group(low)
    gap = "零" if 0 < low < 1000 else ""
    return _group(high) + "万" + gap + (_group(low) if low else "")


def _group(number: int) -> str:
    text, zero = "", False
    for weight, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // weight % 10
        if digit:
            text += ("零" if zero and text else "") + DIGITS[digit] + unit
            zero = False
        else:
            zero = True
    return text


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1200", "1200.00"),
        ("1,200.50", "1200.50"),
        ("￥1，200", "1200.00"),
        ("¥1200元", "1200.00"),
        ("1200 CNY", "1200.00"),
        ("RMB 1200", "1200.00"),
        ("1.2万", "12000.00"),
        ("1.2萬", "12000.00"),
        ("一千二百元整", "1200.00"),
        ("壹仟貳佰元整", "1200.00"),
        ("１２００", "1200.00"),
        ("兩萬零五百", "20500.00"),
        ("三萬五", "35000.00"),
        ("十二元五角", "12.50"),
        ("0", "0.00"),
        (1200, "1200.00"),
        (1200.0, "1200.00"),
        (0.1 + 0.2, "0.30"),
        (100_000_000, "100000000.00"),
    ],
)
def test_amount_is_read(written: object, amount: str) -> None:
    reading = read_money(written)
    assert reading.problem is None
    assert str(reading.value) == amount


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("一千左右", "「一千左右」不是金額，請填數字，例如 1200"),
        ("約1200", "不是金額"),
        ("1000-2000", "不是金額"),
        ("1,20", "不是金額"),
        ("1e5", "不是金額"),
        ("nan", "不是金額"),
        ("inf", "不是金額"),
        (float("nan"), "不是金額"),
        (float("inf"), "不是金額"),
        (True, "不是金額"),
        ("-5", "負數"),
        ("(1200)", "負數"),
        ("負一千元", "負數"),
        (-0.01, "負數"),
        ("100000001", "一億"),
        (1e300, "一億"),
        ("1.234", "小數"),
        ("1200.000", "小數"),
        (557.142857, "小數"),
        ("US$100", "人民幣"),
        ("NT$500", "人民幣"),
    ],
)
def test_amount_is_refused_with_the_mend(written: object, said: str) -> None:
    reading = read_money(written)
    assert reading.value is None
    assert reading.problem is not None
    assert said in reading.problem.zh_hant


@given(
    CENTS,
    st.sampled_from(["{:.2f}", "{:,.2f}", "￥{:,.2f}", "{:.2f}元", "RMB {:.2f}", "{:.2f} CNY", " {:.2f} "]),
)
def test_every_spelling_of_an_amount_reads_back(amount: Decimal, spelling: str) -> None:
    assert read_money(spelling.format(amount)).value == amount


@given(CENTS)
def test_an_amount_survives_a_spreadsheet_and_full_width(amount: Decimal) -> None:
    assert read_money(float(amount)).value == amount
    wide = f"{amount:.2f}".translate({ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789."})
    assert read_money(wide).value == amount


@given(st.integers(0, 99_999_999))
def test_chinese_numerals_read_back(number: int) -> None:
    assert chinese_number(spoken(number)) == number
    assert read_money(spoken(number) + "元整").value == Decimal(number)


@given(
    st.one_of(
        st.text(), st.floats(), st.integers(), st.text("0123456789.,元萬万千百十一二三-() ", max_size=12)
    )
)
def test_money_never_raises_and_is_never_negative_or_endless(raw: object) -> None:
    reading = read_money(raw)
    assert (reading.value is None) is not (reading.problem is None)
    if reading.value is not None:
        assert isinstance(reading.value, Decimal)
        assert 0 <= reading.value <= 100_000_000
        assert reading.value.as_tuple().exponent == -2
        assert not reading.value.is_signed()
