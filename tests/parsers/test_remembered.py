"""What is remembered of a text is what reading it anew would tell, and it stays bounded whatever comes in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers import amounts, choices, folding, labels, marks, values
from parsers.folding import LONGEST_REMEMBERED, REMEMBERED, remembered
from parsers.labels import FormBook, Said
from rules.fields import Catalogue

_WORDS = (
    "客戶姓名", "电话", "Tel", "維修金額（萬元）", "售後客戶抱怨單", "備註", "審核",
    "☑", "□", "√", "(x)", "無", "元", "年 月 日", "來電", "其他：噪音", "是", "例：", "王小明",
    "：", ":", "/", " ", "\n", "1.", "【", "】", "-", "2026", "V", "＿",
)  # fmt: skip
_TEXTS = st.one_of(
    st.text(max_size=LONGEST_REMEMBERED + 2),
    st.lists(st.sampled_from(_WORDS), max_size=8).map("".join),
    st.sampled_from(_WORDS).map(lambda word: word * LONGEST_REMEMBERED),
)
_READINGS: tuple[Any, ...] = (
    folding.fold,
    folding.spellings,
    labels.looks_like_label,
    choices.choice_names,
    values._says_nothing,
    values._is_printed,
    marks.has_mark,
    marks.lone_mark,
    amounts.scale_of,
)


@pytest.fixture(scope="module")
def book(catalogue: Catalogue) -> FormBook:
    """Everything by which our forms are recognised."""
    return FormBook(catalogue)


@pytest.mark.parametrize("read", _READINGS, ids=lambda read: read.__name__)
@given(text=_TEXTS)
def test_a_text_reads_the_second_time_as_it_does_anew(read: Any, text: str) -> None:
    assert [read(text), read(text)] == [read.__wrapped__(text)] * 2


@given(text=_TEXTS)
def test_a_cell_is_remembered_as_the_titles_and_labels_it_reads_as(book: FormBook, text: str) -> None:
    told = {kind: label for kind, of in book.labels.items() if (label := of.read(text)) is not None}
    assert [book.said(text), book.said(text)] == [Said(book.title(text), told)] * 2


@given(text=_TEXTS)
def test_a_hint_and_a_language_are_remembered_as_they_read_anew(book: FormBook, text: str) -> None:
    hint, locale = book._is_hint(text) and len(text) <= 120, book._locale_of(text)
    for _ in range(2):
        assert (book.is_hint(text), book.locale_of(iter([text]))) == (hint, locale)


def test_no_more_than_so_many_texts_are_remembered_and_no_long_one() -> None:
    asked: list[str] = []
    read = remembered(asked.append)
    long = "長" * (LONGEST_REMEMBERED + 1)
    for text in ("first", "first", long, long):
        read(text)
    assert asked == ["first", long, long]
    for number in range(REMEMBERED):
        read(str(number))
    del asked[:]
    read(str(REMEMBERED - 1))
    read("first")
    assert asked == ["first"]
