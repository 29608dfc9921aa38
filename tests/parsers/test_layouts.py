"""Where values stand: right, below, behind the colon, ticked, in several forms per sheet (forms.md)."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from parsers.results import ParsedFile, ParsedForm, Severity
from rules.fields import FormKind
from rules.locales import Locale

ParseOne = Callable[..., ParsedForm]
Parse = Callable[..., ParsedFile]

HANT = [
    ["售後客戶抱怨單"],
    ["抱怨來源", "來電", "抱怨時間", "2026-11-21 14:30"],
    ["客戶姓名", "王小明", "聯絡電話", "0912-345-678"],
    ["抱怨類型", "維修質量", "車牌號碼", "滬A12345"],
    ["抱怨內容", "冷卻水泵漏水"],
    ["維修金額（元）", 1200.5, "工時費", "一千二百元整"],
]
HANS = [
    ["售后客户抱怨单"],
    ["抱怨来源", "来电", "抱怨时间", "2026年11月21日 14时30分"],
    ["客户姓名", "王小明", "联系电话", "0912-345-678"],
    ["抱怨类型", "维修质量", "车牌号码", "滬A12345"],
    ["抱怨内容", "冷卻水泵漏水"],
    ["维修金额：", "￥1,200.50", "工时费", "1200"],
]
EN = [
    ["After-sales complaint form"],
    ["Source", "Phone", "Reported at", "2026/11/21 14:30"],
    ["Customer", "王小明", "Phone", "0912-345-678"],
    ["Category", "Repair quality", "Plate no.", "滬A12345"],
    ["Description", "冷卻水泵漏水"],
    ["Repair amount (CNY)", "1,200.50 CNY", "Labour fee", 1200],
]
EXPECTED = {
    "department": "after-sales",
    "source": "phone",
    "reported_at": datetime(2026, 11, 21, 14, 30, tzinfo=ZoneInfo("Asia/Shanghai")),
    "customer_name": "王小明",
    "customer_phone": "0912345678",
    "plate_no": "滬A12345",
    "category": "repair-quality",
    "description": "冷卻水泵漏水",
    "repair_amount": Decimal("1200.50"),
    "labour_fee": Decimal("1200.00"),
}


@pytest.mark.parametrize(
    ("rows", "locale"), [(HANT, Locale.ZH_HANT), (HANS, Locale.ZH_HANS), (EN, Locale.EN)]
)
def test_the_same_form_in_three_languages_reads_the_same(
    parse_one: ParseOne, rows: list, locale: Locale
) -> None:
    form = parse_one({"售後": rows})
    assert form.facts == EXPECTED
    assert (form.kind, form.blank, form.sheet, form.locale) == (
        FormKind.COMPLAINT,
        "after-sales",
        "售後",
        locale,
    )
    assert form.problems == ()
    assert form.cells["customer_phone"] == "D3"
    assert form.cells["repair_amount"] == "B6"
    assert form.cells["department"] == "A1"


def test_a_real_xls_reads_like_the_xlsx(
    parse_one: ParseOne, make_xlsx: Callable[..., bytes], to_xls: Callable[[bytes], bytes]
) -> None:
    form = parse_one(to_xls(make_xlsx({"售後": HANT}, {"售後": ["A1:D1"]})))
    assert form.facts == EXPECTED
    assert form.cells["repair_amount"] == "B6"


def base(*more: list) -> list[list]:
    """Rows of a form that lacks nothing but what a test adds."""
    return [
        ["銷售客戶抱怨單"],
        ["客戶姓名", "王小明"],
        ["抱怨類型", "價格"],
        ["抱怨內容", "太貴"],
        *more,
    ]


def test_a_choice_that_is_also_a_label_answers_the_label_before_it(parse_one: ParseOne) -> None:
    form = parse_one(base(["抱怨來源", "電話", "聯絡電話", "0912345678"]))
    assert (form.facts["source"], form.facts["customer_phone"]) == ("phone", "0912345678")
    assert form.cells["source"] == "B5"


def test_a_choice_that_is_also_a_label_stays_a_label_behind_an_empty_box(parse_one: ParseOne) -> None:
    form = parse_one(base(["抱怨來源", None, "電話", "0912345678"]))
    assert "source" not in form.facts
    assert form.facts["customer_phone"] == "0912345678"


def test_a_choice_that_is_also_a_label_stays_a_label_when_a_number_follows(parse_one: ParseOne) -> None:
    form = parse_one(base(["抱怨來源", "電話", "0912345678"]))
    assert "source" not in form.facts
    assert form.facts["customer_phone"] == "0912345678"


def test_a_choice_that_is_also_a_label_answers_when_the_phone_stands_a_row_below(parse_one: ParseOne) -> None:
    form = parse_one(base(["抱怨來源", "電話"], ["客戶電話", "0912345678"]))
    assert (form.facts["source"], form.facts["customer_phone"]) == ("phone", "0912345678")


def test_an_empty_form_with_source_above_phone_reads_neither(parse_one: ParseOne) -> None:
    form = parse_one(base(["抱怨來源"], ["電話"]))
    assert not {"source", "customer_phone"} & set(form.facts)


def test_the_value_below_counts_when_nothing_stands_right(parse_one: ParseOne) -> None:
    rows = base(["客戶電話", "0912345678"], ["客戶要求"], ["請給說法"])
    form = parse_one(rows)
    assert form.facts["demand"] == "請給說法"
    assert form.cells["demand"] == "A7"


def test_bands_of_labels_with_their_values_beneath(parse_one: ParseOne) -> None:
    form = parse_one(
        [
            ["銷售客戶抱怨單"],
            ["客戶姓名", "聯絡電話", "抱怨來源"],
            ["王小明", "0912345678", "來店"],
            ["抱怨類型", "車型", "填表人"],
            ["價格", "帕薩特", "李四"],
            ["抱怨內容"],
            ["太貴"],
        ]
    )
    assert form.facts["customer_phone"] == "0912345678"
    assert form.facts["source"] == "walk-in"
    assert (form.facts["category"], form.facts["filled_in_by"]) == ("price", "李四")
    assert (form.facts["description"], form.cells["description"]) == ("太貴", "A7")


def test_values_behind_the_colon_even_two_in_one_cell(parse_one: ParseOne) -> None:
    form = parse_one(
        [
            ["銷售客戶抱怨單"],
            ["客戶姓名：王小明    聯絡電話：0912345678"],
            ["抱怨類型：☑價格 □其他"],
            ["抱怨內容：價格：比別家貴"],
        ]
    )
    assert form.facts["customer_name"] == "王小明"
    assert (form.facts["customer_phone"], form.cells["customer_phone"]) == ("0912345678", "A2")
    assert form.facts["category"] == "price"
    assert form.facts["description"] == "價格:比別家貴"


def test_two_labels_in_one_cell_take_two_values(parse_one: ParseOne) -> None:
    form = parse_one(base(["姓名/電話", "王小明 0912345678"], ["填表人/日期", "李四", "2026-11-20"]))
    assert form.facts["customer_phone"] == "0912345678"
    assert form.facts["filled_in_by"] == "李四"
    assert str(form.facts["reported_at"]).startswith("2026-11-20")


def test_labels_survive_odd_spaces_stars_units_numbers_and_synonyms(parse_one: ParseOne) -> None:
    form = parse_one(
        [
            ["某某汽車有限公司　銷售客戶投訴單（2026年）"],
            ["1．客\u00a0戶\u3000姓 名）：*", "王小明"],
            ["＊聯繫方式 (手機) ：", "13800138000"],
            ["車架號/VIN/底盤號", "LSV123"],
            ["投诉类别【必填】", "價格"],
            ["事情经过", "太貴"],
        ]
    )
    assert form.facts["customer_name"] == "王小明"
    assert form.facts["customer_phone"] == "13800138000"
    assert form.facts["vin"] == "LSV123"
    assert form.blank == "sales"
    assert [problem for problem in form.problems if problem.severity is Severity.ERROR] == []


def test_slashes_and_nothing_alone_mean_empty(parse_one: ParseOne) -> None:
    form = parse_one(base(["車型", "/"], ["里程", "無"], ["訂單號", "-"], ["當事人", "——"]))
    assert not {"car_model", "mileage", "order_no", "caused_by"} & set(form.facts)


def test_units_hints_and_unknown_labels_are_no_values(parse_one: ParseOne) -> None:
    form = parse_one(
        base(
            ["索賠金額", None, "元"],
            ["抱怨時間", None, "例：2026-11-21 14:30"],
            ["車型", None, "性別", "男"],
            ["當事人", None, "年資", "三年"],
            ["訂單號"],
            ["備註：", "老客戶"],
        )
    )
    assert not {"claim_amount", "reported_at", "car_model", "caused_by", "order_no"} & set(form.facts)


@pytest.mark.parametrize(
    "cells",
    [
        ["□來店 ☑來電 □其他"],
        ["來店□ 來電■ 其他□"],
        ["( )來店 (X)來電 ( )其他"],
        ["[ ] 來店 [x] 來電"],
        ["來店 √來電 其他"],
        ["□來店", "☑來電", "□其他"],
        ["□來店", "☑電話", "□其他"],
        ["來店", None, "來電", "√", "其他", None],
        [None, "來店", "√", "來電", None, "其他"],
        ["來店", "來電√", "其他"],
        ["来店（ ）", "来电（√）"],
        ["來店", "", "來電", "V"],
    ],
)
def test_a_ticked_choice_is_found_however_it_is_ticked(parse_one: ParseOne, cells: list) -> None:
    form = parse_one(base(["抱怨來源", *cells], ["聯絡電話", "0912345678"]))
    assert form.facts["source"] == "phone"
    assert form.facts["customer_phone"] == "0912345678"


def test_a_tick_in_a_later_row_of_boxes_is_found(parse_one: ParseOne) -> None:
    rows = base(["抱怨來源", "□來店", "□來電"], [None, "□電子郵件", "☑廠家工單"], ["聯絡電話", "0912345678"])
    form = parse_one(rows)
    assert form.facts["source"] == "manufacturer-work-order"
    assert form.cells["source"] == "C6"


def test_ticks_end_at_the_label_below_even_where_its_row_begins_with_another(parse_one: ParseOne) -> None:
    form = parse_one(
        base(
            ["聯絡電話", "0912345678", "抱怨來源", "☑來店 □來電"],
            ["車牌號碼", "滬A12345", "抱怨性質", "☑申訴 □索賠"],
        )
    )
    assert (form.facts["source"], form.facts["nature"]) == ("walk-in", "appeal")
    assert form.problems == ()


def test_two_ticks_are_a_problem_never_a_guess(parse_one: ParseOne) -> None:
    form = parse_one(base(["抱怨來源", "☑來店", "☑來電"], ["聯絡電話", "0912345678"]))
    assert "source" not in form.facts
    (problem,) = form.problems
    assert (problem.key, problem.cell, problem.severity) == ("source", "B5", Severity.WARNING)
    assert "來店" in problem.message.zh_hant
    assert "來電" in problem.message.zh_hant


def test_boxes_without_a_tick_are_missing(parse_one: ParseOne) -> None:
    rows = [
        ["售後客戶抱怨單"],
        ["客戶姓名", "王"],
        ["聯絡電話", "0912345678"],
        ["抱怨類型", "□價格", "□其他"],
    ]
    form = parse_one([*rows, ["抱怨內容", "貴"], ["維修金額", 1]])
    assert [(problem.key, problem.cell) for problem in form.problems] == [("category", "A4")]


def test_a_label_like_text_beside_a_long_texts_label_is_its_value(parse_one: ParseOne) -> None:
    form = parse_one(
        [
            ["銷售客戶抱怨單"],
            ["客戶姓名", "王"],
            ["電話", "0912345678"],
            ["抱怨類型", "價格"],
            ["抱怨內容", "要求：退車"],
        ]
    )
    assert form.facts["description"] == "要求：退車"
    assert "demand" not in form.facts


def test_forms_pasted_beside_each_other_are_two(parse: Parse) -> None:
    rows = [[*left, None, None, *right] for left, right in zip(_padded(EN), _padded(HANS), strict=True)]
    one, two = parse({"two": rows}).forms
    assert one.facts == EXPECTED
    assert two.facts == EXPECTED
    assert (one.locale, two.locale) == (Locale.EN, Locale.ZH_HANS)
    assert one.cells["customer_phone"] == "D3"
    assert two.cells["customer_phone"] == "J3"


def test_forms_pasted_below_each_other_are_two(parse: Parse) -> None:
    forms = parse({"stack": [*HANT, [], *HANT, [], *HANT]}).forms
    assert [form.cells["customer_name"] for form in forms] == ["B3", "B10", "B17"]
    assert all(form.facts == EXPECTED for form in forms)


def test_three_untitled_forms_side_by_side_are_three(parse: Parse) -> None:
    rows = [[*row, None, *row, None, *row] for row in _padded(EN)[1:]]
    forms = parse(rows).forms
    assert [form.cells["customer_name"] for form in forms] == ["B2", "G2", "L2"]


def test_a_form_per_sheet_hidden_sheets_too_but_not_the_instructions(parse: Parse) -> None:
    guide = [["客戶姓名", "填車主姓名"], ["聯絡電話", "填手機"], ["抱怨類型", "擇一"], ["抱怨內容", "寫清楚"]]
    forms = parse({"一": HANT, "二": HANS, "填寫說明": guide}).forms
    assert [form.sheet for form in forms] == ["一", "二"]


def test_a_handling_form_beside_a_complaint_form_is_told_apart(parse: Parse) -> None:
    handling = [["客戶抱怨回覆單"], ["案件編號", "A-1"], ["處理結果", "已解決"], ["處理方案", "換新"], [], []]
    rows = [[*left, None, *right] for left, right in zip(_padded(HANT), handling, strict=True)]
    complaint, reply = parse(rows).forms
    assert complaint.facts == EXPECTED
    assert reply.kind is FormKind.HANDLING
    assert reply.facts == {"case_number": "A-1", "result": "resolved", "resolution": "換新"}


def test_merged_labels_and_values_are_read_by_their_areas(parse_one: ParseOne) -> None:
    rows = [
        ["售後客戶抱怨單"],
        ["客戶姓名", None, "王小明"],
        ["聯絡電話", None, "0912345678"],
        ["抱怨類型", None, "配件"],
        ["抱怨內容", None, "缺件"],
        [],
        ["維修金額", None, 800],
    ]
    areas = ["A1:F1", "A2:B2", "C2:F2", "A5:B6", "C5:F6", "A7:B7"]
    form = parse_one({"s": rows}, merged={"s": areas})
    assert form.facts["description"] == "缺件"
    assert (form.facts["repair_amount"], form.cells["repair_amount"]) == (Decimal("800.00"), "C7")


def _padded(rows: list[list]) -> list[list]:
    return [[*row, *[None] * (4 - len(row))] for row in rows]
