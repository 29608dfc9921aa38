"""A table with a complaint per row (forms.md)."""

from collections.abc import Callable

from parsers.results import ParsedFile, Severity
from parsers.tables import MAX_LIST_ROWS

Parse = Callable[..., ParsedFile]

HEAD = ["序號", "客戶姓名", "聯絡電話", "抱怨來源", "抱怨類型", "抱怨內容", "維修金額"]
ROWS = [
    [1, "王小明", "0912345678", "電話", "維修質量", "漏水", 1200],
    [2, "張三", "13800138000", "其他", "配件", "要求：退換", "一千左右"],
]


def sheet(*rows: list) -> list[list]:
    return [["售後客戶抱怨單"], ["填表人", "李四"], [], HEAD, *rows]


def test_each_row_is_a_form_with_its_own_cells(parse: Parse) -> None:
    one, two = parse(sheet(*ROWS)).forms
    assert one.facts["source"] == "phone"
    assert one.cells["customer_name"] == "B5"
    assert one.problems == ()
    assert two.facts["description"] == "要求：退換"
    assert [(p.cell, p.key, p.severity) for p in two.problems] == [("G6", "repair_amount", Severity.ERROR)]


def test_what_stands_above_the_table_applies_to_all_rows(parse: Parse) -> None:
    for form in parse(sheet(*ROWS)).forms:
        assert form.facts["filled_in_by"] == "李四"
        assert form.facts["department"] == "after-sales"


def test_a_missing_value_is_reported_in_its_row(parse: Parse) -> None:
    form = parse(sheet(ROWS[0], [2, "張三", None, "其他", "配件", "缺件", 5])).forms[1]
    assert [(p.cell, p.key) for p in form.problems] == [("C6", "customer_phone")]


def test_an_empty_row_is_skipped_and_a_totals_row_ends_the_table(parse: Parse) -> None:
    rows = [ROWS[0], [], ROWS[1], ["合計", None, None, None, None, None, 1200], ROWS[0]]
    assert len(parse(sheet(*rows)).forms) == 2


def test_two_empty_rows_end_the_table_and_rows_below_are_not_lost_in_silence(parse: Parse) -> None:
    forms = parse(sheet(ROWS[0], [], [], ROWS[0])).forms
    assert len(forms) == 1
    assert [(p.cell, p.severity) for p in forms[0].problems] == [("B8", Severity.ERROR)]


def test_numbered_rows_that_say_nothing_are_no_forms(parse: Parse) -> None:
    assert len(parse(sheet(ROWS[0], [2], [3])).forms) == 1


def test_a_signature_below_the_table_is_no_row(parse: Parse) -> None:
    assert len(parse(sheet(*ROWS, ["審核：王經理"], ["填表人：李四"])).forms) == 2


def test_a_list_longer_than_the_limit_says_where_reading_stopped(parse: Parse) -> None:
    parsed = parse(sheet(*[ROWS[0]] * (MAX_LIST_ROWS + 1)))
    assert len(parsed.forms) == MAX_LIST_ROWS
    (problem,) = parsed.forms[-1].problems
    assert problem.severity is Severity.ERROR
    assert problem.cell == f"B{5 + MAX_LIST_ROWS}"
    assert str(MAX_LIST_ROWS) in problem.message.zh_hant


def test_a_department_merged_down_the_rows_speaks_for_each(parse: Parse) -> None:
    rows = [
        ["部門", "客戶姓名", "聯絡電話", "抱怨類型", "抱怨內容"],
        ["銷售", "王", "0912345678", "價格", "貴"],
        [None, "張", "0922345678", "價格", "貴"],
    ]
    forms = parse({"s": rows}, merged={"s": ["A2:A3"]}).forms
    assert [form.facts["department"] for form in forms] == ["sales", "sales"]


def test_english_and_simplified_tables_read_too(parse: Parse) -> None:
    english = [
        ["Department", "Customer", "Phone", "Category", "Description"],
        ["Sales", "Bob", "13800138000", "Price", "dear"],
    ]
    simplified = [
        ["部门", "客户姓名", "联系电话", "抱怨类型", "抱怨内容"],
        ["销售", "王", "13800138000", "价格", "贵"],
    ]
    for rows in (english, simplified):
        (form,) = parse([*rows, rows[1]]).forms[:1]
        assert form.problems == ()
        assert form.facts["category"] == "price"
