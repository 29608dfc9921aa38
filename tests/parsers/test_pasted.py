"""Forms pasted into the text of a mail: what their writer put there counts, what he quotes does not."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from daemon import packs
from mailer.wording import wording
from parsers import refusals
from parsers.folding import fold
from parsers.pasted import OWN_LABELS, may_hold_form, own_grids, parse_pasted
from parsers.reader import FormReader
from parsers.results import ParsedFile
from rules.locales import Locale
from tests.guards import PATIENT

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
CATALOGUE = packs.catalogue()
ROWS = (
    ("客戶姓名", "許雅婷", "聯絡電話", "0912-345-678"),
    ("抱怨類型", "維修品質", "維修金額", "800"),
    ("抱怨內容", "更換煞車片後仍有異音", "", ""),
)
WANTED = {
    "customer_name": "許雅婷",
    "customer_phone": "0912345678",
    "category": "repair-quality",
    "description": "更換煞車片後仍有異音",
}


CELL = "<td class=xl66 style='border:.5pt solid windowtext'><p class=MsoNormal>{}<o:p></o:p></p></td>"
OUTLOOK = (  # its header block
    "<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>寄件者:</b> 客戶關愛部 "
    "&lt;complaints@example.com&gt;<br><b>寄件日期:</b> 2026</p></div>"
)


def table(rows: tuple[tuple[str, ...], ...] = ROWS, *, title: str = "售後客戶抱怨單") -> str:
    """A table as Excel pastes it into Outlook."""
    lines = [f"<tr height=40><td colspan=4 class=xl65>{title}</td></tr>"] if title else []
    for row in rows:
        cells = "".join(CELL.format(cell) for cell in row)
        lines.append(f"<tr style='height:30pt'>{cells}</tr>")
    return f"<table class=MsoNormalTable border=0 cellspacing=0>{''.join(lines)}</table>"


def read(page: str = "", text: str = "", answered: str = "") -> ParsedFile:
    return parse_pasted(page, text, answered, CATALOGUE, ZONE, NOW, Locale.ZH_HANT)


def test_a_form_pasted_from_excel_is_read_as_the_sheet_would_be() -> None:
    parsed = read(f"<html><body><p>您好，請處理</p>{table()}<p>謝謝</p></body></html>")
    (form,) = parsed.forms
    assert {key: str(form.facts[key]) for key in WANTED} == WANTED
    assert form.facts["repair_amount"] == 800
    assert form.blank == "after-sales"


def test_cells_with_tabs_in_a_plain_mail_are_read_too() -> None:
    text = "您好\n售後客戶抱怨單\n" + "\n".join("\t".join(row) for row in ROWS) + "\n謝謝"
    (form,) = read(text=text).forms
    assert form.facts["customer_name"] == "許雅婷"
    assert form.facts["category"] == "repair-quality"


def test_labels_with_colons_typed_line_by_line_are_read_too() -> None:
    rows = (cells for row in ROWS for cells in zip(row[::2], row[1::2], strict=True) if cells[0])
    text = "\n".join(f"{label}：{value}" for label, value in rows)
    (form,) = read(text=text).forms
    assert form.facts["customer_name"] == "許雅婷"


def test_a_list_of_complaints_gives_a_form_a_row() -> None:
    head = ("客戶姓名", "聯絡電話", "抱怨類型", "抱怨內容")
    rows = tuple((f"客戶{number}", f"091234567{number}", "維修品質", "仍有異音") for number in range(3))
    assert len(read(table((head, *rows), title="")).forms) == 3


@pytest.mark.parametrize(
    "before",
    [
        "<blockquote type=cite>",
        "<div class='gmail_quote'>",
        '<div class="m_12gmail_quote gmail_quote_container">',
        "<div id='appendonsend'></div>",
        '<div id="divRplyFwdMsg" dir=ltr>',
        "<div class='moz-cite-prefix'>On 2026/11/23 Lin wrote:</div>",
        OUTLOOK,
        "<div>------------------ 原始邮件 ------------------</div>",
        "<div>-----Original Message-----</div>",
        "<div>---------- Forwarded message ---------</div>",
        "<div>下面是被转发的邮件：</div>",
        "<div>2026年11月23日 9:00，客戶關愛部 &lt;complaints@example.com&gt; 寫道：</div>",
        "<div id='ntes-mailmaster-quote'>",
        "<table role='presentation' class='page kesu-mail'><tr><td>",
        "<p>回信識別碼 KT-7Q2MD-7Q2MD-7Q2MD-7Q2MD-7Q2MD（回覆時請保留）</p>",
    ],
)
def test_what_stands_below_a_quotation_is_not_the_writers(before: str) -> None:
    assert read(f"<p>已處理</p>{before}{table()}").forms == ()
    assert len(read(f"<p>已處理</p>{table()}{before}{table()}").forms) == 1


def test_a_table_of_ours_without_any_mark_is_known_by_its_labels_or_its_rows() -> None:
    about = (("案件編號", "KS-20261123-001"), ("等級", "三級"), ("受理時間", "09:00"), ("負責人", "王經理"))
    facts = tuple(
        (label, value) for row in ROWS for label, value in zip(row[::2], row[1::2], strict=True) if label
    )
    assert read(table((*about, *facts), title="")).forms == ()
    assert len(read(table(facts, title="")).forms) == 1
    lines = [f"{label}：{value}" for label, value in (*about, *facts)]
    assert read(text="\n".join(lines)).forms == ()
    assert len(read(text="\n".join(lines[4:])).forms) == 1
    answered = "已收到您的抱怨單\n" + "\n".join(f"  {label}：{value}" for label, value in facts)
    assert read(table(facts, title=""), answered=answered).forms == ()


def test_a_line_of_the_mail_that_is_answered_ends_the_writers_own_words() -> None:
    answered = "三級客戶抱怨已分派\n客戶許雅婷的抱怨已受理，由服務經理負責處理。"
    page = f"<p>收到</p><p>客戶許雅婷的抱怨已受理，由服務經理負責處理。</p>{table()}"
    assert read(page, answered=answered).forms == ()
    assert len(read(page).forms) == 1


def test_the_labels_of_our_own_mails_are_what_the_mails_say() -> None:
    for locale in Locale:
        said = {wording(locale).say(f"rows.{name}") for name in ("grade", "opened_at", "owners", "reason")}
        assert {fold(label) for label in said} <= {fold(label) for label in OWN_LABELS}


@pytest.mark.parametrize(
    "page",
    [
        "<table><tr><td>王經理<td>服務部<tr><td>電話<td>02-2345-6789<tr><td>地址<td>台北市</table>",
        "<table><tr><td>品名<td>數量<td>單價<tr><td>煞車片<td>2<td>800<tr><td>機油<td>1<td>500</table>",
        table(tuple((label, "", other, "") for label, _, other, _ in ROWS)),  # nobody filled it in
        "<table></table>",
        "<table",
        "",
    ],
)
def test_signatures_other_tables_and_empty_forms_are_no_forms(page: str) -> None:
    assert read(page).forms == ()


@pytest.mark.parametrize(
    "page",
    [
        "<table>" * 100_000,
        "<table><tr><td colspan=999999999 rowspan=999999999>x" * 3_000,
        "<td>客戶姓名" * 100_000 + "<table>",
        "<p>寄件者" * 150_000 + "<table>",
        f"<table><tr><td>{'客戶姓名：' * 190_000}</table>",
        "<div " * 200_000 + "<table>",
        ("<table>" + "<tr><td>客戶姓名<td>許<td>聯絡電話<td>0912345678" * 8_000)[:1_000_000],
        "&nbsp;" * 160_000 + "<table><tr><td>x</table>",
    ],
)
def test_no_page_takes_long_or_much(page: str) -> None:
    with FormReader(CATALOGUE, PATIENT) as reader:
        parsed = reader.read_pasted(page, "", "", zone=ZONE, now=NOW, locale=Locale.ZH_HANT)
        again = reader.read_pasted(table(), "", "", zone=ZONE, now=NOW, locale=Locale.ZH_HANT)
    assert parsed.error not in (refusals.TOO_SLOW, refusals.TOO_HEAVY)
    assert len(again.forms) == 1


def test_through_the_child_a_pasted_form_reads_the_same() -> None:
    page = f"<p>請處理</p>{table()}"
    with FormReader(CATALOGUE, PATIENT) as reader:
        assert reader.read_pasted(page, "請處理", "", zone=ZONE, now=NOW, locale=Locale.ZH_HANT) == read(page)


def test_a_mail_without_tables_or_labels_is_not_looked_at() -> None:
    assert not may_hold_form("", "您好\n請幫忙處理\n謝謝")
    assert may_hold_form("<P><TABLE>", "")
    assert may_hold_form("", "a\tb\nc：d\ne: f")
    assert list(own_grids("", "一行", "")) == []
