"""Folding, labels and titles (forms.md, How a value is found)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.folding import fold, spellings
from parsers.labels import FormBook, LabelBook
from rules.fields import Catalogue, FormKind


@pytest.fixture(scope="module")
def labels(catalogue: Catalogue) -> LabelBook:
    """The complaint form's labels."""
    return LabelBook(catalogue.form(FormKind.COMPLAINT))


@given(st.one_of(st.text(), st.text("客戶姓名薴乾元￥（）()：:*/-_. \u00a0\u3000ＶＩＮ", max_size=30)))
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(max_size=40))
def test_folding_ignores_spaces_and_colons(text: str) -> None:
    assert fold(f"\u00a0 {text}：\u3000*") == fold(text)


@given(st.text())
def test_recognising_labels_never_raises(catalogue: Catalogue, text: str) -> None:
    book = LabelBook(catalogue.form(FormKind.HANDLING))
    assert book.match(text) is None or book.match(text).known


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("客 戶 姓 名：", ("customer_name",)),
        ("客户姓名", ("customer_name",)),
        ("ＣＵＳＴＯＭＥＲ＊", ("customer_name",)),
        ("維修金額（元）", ("repair_amount",)),
        ("維修金額 CNY", ("repair_amount",)),
        ("维修金额￥", ("repair_amount",)),
        ("Repair amount (CNY):", ("repair_amount",)),
        ("車架號/VIN/底盤號", ("vin",)),
        ("客戶要求/訴求", ("demand",)),
        ("姓名/電話", ("customer_name", "customer_phone")),
        ("簽名/受理日期", (None, "reported_at")),
        ("三、抱怨內容（必填）", ("description",)),
        ("Plate_no", ("plate_no",)),
    ],
)
def test_a_label_is_known_by_its_folded_text(labels: LabelBook, text: str, keys: tuple) -> None:
    found = labels.match(text)
    assert found is not None
    assert found.keys == keys


@pytest.mark.parametrize(
    "text",
    [
        "王小明",
        "2026-11-21 14:30",
        "電話/手機均無人接",
        "簽名/時間",
        "http://x.y",
        "漏水",
        "：",
        "",
        "客戶說電話打不通",
    ],
)
def test_other_texts_are_no_labels(labels: LabelBook, text: str) -> None:
    assert labels.match(text) is None


def test_what_stands_behind_the_colon_is_kept(labels: LabelBook) -> None:
    found = labels.match("姓名：王小明   電話：0912-345")
    assert found is not None
    assert found.inline == (("customer_name", "王小明"), ("customer_phone", "0912-345"))
    lines = labels.match("抱怨時間：＿＿＿＿")
    assert lines is not None
    assert lines.inline == ()


@pytest.mark.parametrize(
    "text",
    [
        "售後客戶抱怨單",
        "售后客户抱怨单",
        "（售後）客戶抱怨單",
        "某某汽車 售後客戶抱怨單（2026年）",
        "AFTER-SALES COMPLAINT FORM",
    ],
)
def test_a_title_is_known_with_a_firms_name_and_a_year(catalogue: Catalogue, text: str) -> None:
    found = FormBook(catalogue).title(text)
    assert found is not None
    assert (found.kind, found.blank) == (FormKind.COMPLAINT, "after-sales")


def test_a_text_about_a_form_is_no_title(catalogue: Catalogue) -> None:
    assert (
        FormBook(catalogue).title("客戶填了售後客戶抱怨單之後又打電話來說同樣的問題再次發生要求立即處理")
        is None
    )


def test_a_label_in_brackets_only_has_its_own_spelling() -> None:
    assert "客户姓名" in spellings("（客戶姓名）")
    assert "姓名" in spellings("姓名（車主）")
