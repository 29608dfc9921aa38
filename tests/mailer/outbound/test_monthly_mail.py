"""The monthly mail: pictures that Outlook shows, and every figure as text beside them."""

import re
from email.message import EmailMessage
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from mailer.compose import compose, page_of
from mailer.letter import Content, Letter, Template
from mailer.monthly import BarChart, BarLine, DayChart, DayColumn, Figure, Grid, MonthlyReport, Segment
from mailer.pictures import OPENED as OPENED_COLOUR
from mailer.pictures import SETTLED, day_chart, swatch
from rules.locales import Locale
from tests.mailer.outbound.letters import FORM, NOW, letter

DAYS = DayChart(
    title="每日",
    days=tuple(DayColumn(day=day, opened=day % 5, settled=day % 3) for day in range(1, 31)),
    opened="新增",
    settled="結案",
    told="11/04 4/1",
)
BARS = BarChart(
    title="依部門",
    bars=(
        BarLine(
            label="售後",
            value="30",
            segments=(
                Segment(label="三級", number=20, colour="#ffd84d"),
                Segment(label="二級", number=10, colour="#f58220"),
                Segment(label="一級", number=0, colour="#e02d2d"),
            ),
            detail="三級 20 · 二級 10",
        ),
        BarLine(
            label="<b>銷售</b>", value="1", segments=(Segment(label="三級", number=1, colour="#ffd84d"),)
        ),
    ),
    note="另有 2 項",
)
GRID = Grid(
    title="罰款",
    columns=("人員", "開立", "金額"),
    rows=(("王經理", "2", "250.00"), ("林總監", "1", "1,200.00")),
    total=("合計", "3", "1,450.00"),
    note="申訴中的也列入",
)


def content(**changes: Any) -> Content:
    known: dict[str, Any] = {
        "month": "2026 年 11 月",
        "until": "2026-12-01 00:00",
        "figures": (Figure(label="新增案件", value="31 件"), Figure(label="罰款", value="1,450 元")),
        "parts": (DAYS, BARS, GRID),
        "workbook": "report-2026-11.xlsx",
        "left_out": "另有 1 件未列入",
    }
    return Content(reader="informed", zone="Asia/Shanghai", report=MonthlyReport(**{**known, **changes}))


def report(locale: Locale = Locale.ZH_HANT, **changes: Any) -> Letter:
    return letter(Template.MONTHLY_REPORT, locale, content(**changes), subject_hint="", root="")


def mail(locale: Locale = Locale.ZH_HANT, **changes: Any) -> EmailMessage:
    return compose(report(locale, **changes), NOW)


def html(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def plain(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def pictures(message: EmailMessage) -> dict[str, EmailMessage]:
    found = [part for part in message.walk() if part.get_content_maintype() == "image"]
    return {str(part["Content-ID"]).strip("<>"): part for part in found}


def texts(part: Any) -> list[str]:
    match part:
        case BarChart():
            return [part.note, *(text for bar in part.bars for text in (bar.value, bar.detail))]
        case Grid():
            return [part.note, *part.columns[1:], *(cell for row in (*part.rows, part.total) for cell in row)]
        case _:
            return [part.told]


@pytest.mark.parametrize("locale", Locale)
def test_every_figure_stands_as_text_in_both_parts(locale: Locale) -> None:
    message = mail(locale)
    wanted = [
        "31 件",
        "1,450 元",
        "另有 1 件未列入",
        *(text for part in (DAYS, BARS, GRID) for text in texts(part)),
    ]
    for body in (html(message), plain(message)):
        assert [text for text in wanted if text not in body] == []


def test_pictures_are_pngs_shown_inline_and_nothing_is_fetched_from_elsewhere() -> None:
    message = mail()
    shown = re.findall(r'<img[^>]* src="([^"]+)"', html(message))
    assert shown
    assert {source.removeprefix("cid:") for source in shown} == set(pictures(message))
    for part in pictures(message).values():
        assert part.get_content_type() == "image/png"
        assert part.get_content_disposition() == "inline"
        assert Image.open(BytesIO(part.get_content())).format == "PNG"
    assert not re.search(r"<svg|<script|<object|https?://|data:", html(message))


def test_the_pictures_hang_on_the_html_and_the_workbook_on_the_whole_mail() -> None:
    message = compose(report().model_copy(update={"enclosures": (FORM,)}), NOW)
    assert message.get_content_type() == "multipart/mixed"
    body, attached = message.iter_parts()
    assert body.get_content_type() == "multipart/alternative"
    assert attached.get_filename() == FORM.name
    text, related = body.iter_parts()
    assert (text.get_content_type(), related.get_content_type()) == ("text/plain", "multipart/related")
    kinds = [part.get_content_type() for part in related.iter_parts()]
    assert kinds[0] == "text/html"
    assert set(kinds[1:]) == {"image/png"}


def test_pictures_of_two_mails_are_never_taken_for_one_another() -> None:
    first = compose(report(), NOW)
    second = compose(report().model_copy(update={"message_id": "<another@example.com>"}), NOW)
    assert not set(pictures(first)) & set(pictures(second))


def test_bars_are_as_long_as_their_numbers_and_what_is_little_can_still_be_seen() -> None:
    widths = [
        (int(width), source)
        for source, width in re.findall(
            r'src="cid:(bar-[0-9a-f]+)\.[^"]*" width="(\d+)" height="14"', html(mail())
        )
    ]
    assert widths == [(173, "bar-ffd84d"), (87, "bar-f58220"), (9, "bar-ffd84d")]
    tiny = BARS.bars[1].model_copy(update={"segments": (Segment(label="", number=1, colour="#ffd84d"),)})
    huge = BARS.bars[1].model_copy(update={"segments": (Segment(label="", number=9999, colour="#ffd84d"),)})
    assert 'width="3" height="14"' in html(mail(parts=(BarChart(title="", bars=(tiny, huge)),)))


def test_what_people_are_called_cannot_write_html() -> None:
    assert "&lt;b&gt;銷售&lt;/b&gt;" in html(mail())


def test_the_picture_of_the_month_shows_each_day_as_high_as_it_counts() -> None:
    days = [DayColumn(day=1, opened=4, settled=0), DayColumn(day=2, opened=0, settled=2)]
    image = Image.open(BytesIO(day_chart(days).content)).convert("RGBA")
    height = {
        colour: sum(
            any(image.getpixel((x, y)) == (*bytes.fromhex(colour[1:]), 255) for x in range(0, image.width, 3))
            for y in range(image.height)
        )
        for colour in (OPENED_COLOUR, SETTLED)
    }
    assert height[OPENED_COLOUR] == pytest.approx(2 * height[SETTLED], abs=3)
    assert image.getpixel((image.width - 1, 0))[3] == 0, "the paper shows through, white or dark"


@pytest.mark.parametrize("highest", [0, 1, 7, 99, 12_345])
def test_a_month_of_any_size_fits_its_picture(highest: int) -> None:
    days = [DayColumn(day=day, opened=highest, settled=0) for day in range(1, 32)]
    picture = day_chart(days)
    assert Image.open(BytesIO(picture.content)).size == (2 * picture.width, 2 * picture.height)


def test_pictures_are_small() -> None:
    assert len(swatch("#ffd84d").content) < 200
    assert len(day_chart(DAYS.days).content) < 20_000


@pytest.mark.parametrize("locale", Locale)
def test_a_month_that_still_runs_says_so(locale: Locale) -> None:
    assert plain(mail(locale, running=True)).split("\n")[0] != plain(mail(locale)).split("\n")[0]


def test_the_subject_names_the_month_and_no_case() -> None:
    subject = str(mail()["Subject"])
    assert "2026 年 11 月" in subject
    assert not subject.startswith("[")


def test_the_page_for_a_browser_holds_its_pictures_itself() -> None:
    page = page_of(report(), NOW)
    assert "cid:" not in page
    assert page.count("data:image/png;base64,") == len(re.findall("<img", page))
