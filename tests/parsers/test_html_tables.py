"""Tables in HTML: read as a browser shows them, and no markup takes long or holds much."""

import pytest

from parsers import html_tables
from parsers.html_tables import tables
from tests.guards import no_endless_work

FORM = """
<html><head><title>x <table><td>no</table></title><style>td { color: red }</style></head><body>
<TABLE border=1><tr><th colspan=2>銷售客戶抱怨單
<tr><td>客戶姓名<td title="a>b">王&nbsp;&amp;\n  李</td></tr>
<tr><td rowspan='2'>抱怨內容</td><td>第一行<br>第二行</td></tr>
<tr><td>c<script>if (a < b) "<td>no</td>"</script></td></tr></TABLE></body></html>"""


def test_cells_stand_where_a_browser_shows_them() -> None:
    (table,) = tables(FORM)
    assert table.rows() == [
        ["銷售客戶抱怨單", ""],
        ["客戶姓名", "王 & 李"],
        ["抱怨內容", "第一行\n第二行"],
        ["", "c"],
    ]
    assert table.merged == ((0, 0, 0, 1), (2, 0, 3, 0))
    assert FORM[table.start :].startswith("<TABLE")


def test_a_table_within_another_stands_by_itself() -> None:
    outer, inner = tables("<table><tr><td>a<table><tr><td>b</td></tr></table>c</td></tr></table>")
    assert (outer.rows(), inner.rows()) == ([["ac"]], [["b"]])


def test_a_table_in_a_quotation_is_told_from_the_writers_own() -> None:
    own, quoted, after = tables(
        "<table><td>a</table><blockquote><table><td>b</table></blockquote><table><td>c</table>"
    )
    assert (own.quoted, quoted.quoted, after.quoted) == (False, True, False)


def test_boxes_that_can_be_ticked_are_read_as_boxes() -> None:
    (table,) = tables('<table><td><input type="checkbox" checked>價格 <input type=checkbox>品質</table>')
    assert table.rows() == [["☑價格 □品質"]]


def test_a_comment_hides_what_it_holds_and_office_conditions_do_not() -> None:
    (table,) = tables("<table><tr><!-- <td>no</td> --><td><![if !x]>a<![endif]></td></table>")
    assert table.rows() == [["a"]]


def test_more_than_the_bounds_is_left_out_and_said() -> None:
    (table,) = tables("<table>" + "<tr><td>x" * (html_tables.MAX_ROWS + 5) + "</table>")
    assert (len(table.cells), table.cut) == (html_tables.MAX_ROWS, True)
    (wide,) = tables("<table><tr>" + "<td>x" * 300 + "</table>")
    assert (len(wide.cells), wide.cut) == (html_tables.MAX_COLUMNS, True)


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        '<a "',
        "<a '\"",
        "<!--",
        "<!",
        "<script>",
        "<style><title></style>",
        "<table>",
        "<table><td>",
        "<tr>",
        "<table><tr><td rowspan=99999 colspan=99999>x",
        "<td rowspan=",
        "&#" + "9" * 5_000 + ";",
        "&",
        "<br>",
        "<input type=",
        "<blockquote>",
        "\n",
    ],
)
def test_no_repetition_takes_long(piece: str) -> None:
    with no_endless_work():
        tables("<table><tr><td>" + piece * (300_000 // len(piece)))
