"""Mails about many cases: a bundle of notices, the daily digest, a morning list; no line is lost."""

import re
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from mailer.compose import compose
from mailer.letter import Content, Digest, DigestRow, DigestSection, Letter, Line, Template
from rules.locales import Locale
from tests.mailer.outbound.letters import DUE, NOW, bare, fined, full, letter

SECTIONS = (
    "overdue",
    "late",
    "open",
    "duties",
    "penalties",
    "appeals",
    "lapsed",
    "resolved",
    "undelivered",
    "quarantined",
)
KINDS = ("assignment", "reminder", "escalation", "overdue", "resolved")
HASH = "0" * 63 + "f"


def row(number: str = "KS-20261123-007", **changes: Any) -> DigestRow:
    known = {"number": number, "customer": "許雅婷", "summary": "煞車", "grade": "二級", "what": "升級"}
    return DigestRow.model_validate({**known, **changes})


def daily(template: Template, locale: Locale, reader: str = "informed", **changes: Any) -> Letter:
    sections = tuple(
        DigestSection.model_validate({"key": key, "rows": (row(due=DUE),), "total": 3}) for key in SECTIONS
    )
    known: dict[str, Any] = {"day": "2026-11-24", "sections": sections, "head_seq": 137, "head_hash": HASH}
    digest = Digest(**{**known, "grades": (Line(label="二級", value="3"),), **changes})
    return letter(template, locale, bare(reader, digest=digest), subject_hint="", root="")


def bundle(kind: str, locale: Locale, members: list[Content], reader: str = "owner") -> Letter:
    digest = Digest(kind=kind, acts=reader == "owner" and kind != "penalty")
    gathered = tuple(letter(Template(kind), locale, content) for content in members)
    content = bare(reader, digest=digest)
    return letter(Template.DIGEST, locale, content, subject_hint="", root="", gathered=gathered)


def said(written: Letter) -> str:
    """The plain text; everything in it stands in the HTML too."""
    message = compose(written, NOW)
    plain, markup = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert markup is not None
    text = str(plain.get_content()).replace("\r\n", "\n")
    shown = re.sub(r"<[^>]+>", "", str(markup.get_content()))
    assert [line for line in text.split("■ ")[1:] if line.partition("\n")[0] not in shown] == []
    assert "{{" not in text + shown
    return text


@pytest.mark.parametrize(("template", "locale"), list(product((Template.DIGEST, Template.TASK_LIST), Locale)))
def test_every_table_has_a_heading_its_lines_and_what_is_left_off(template: Template, locale: Locale) -> None:
    text = said(daily(template, locale))
    assert text.count("■ ") >= len(SECTIONS) + 1
    assert text.count("KS-20261123-007") == len(SECTIONS)
    more = {Locale.EN: "2 more", Locale.ZH_HANT: "另有 2 ", Locale.ZH_HANS: "另有 2 "}[locale]
    assert text.count(more) == len(SECTIONS)
    assert HASH in text
    assert "137" in text


@pytest.mark.parametrize(("kind", "locale", "reader"), list(product(KINDS, Locale, ("owner", "informed"))))
def test_a_bundle_lists_every_notice_under_what_it_says_by_itself(
    kind: str, locale: Locale, reader: str
) -> None:
    members = [
        full(locale).model_copy(update={"case_number": f"KS-20261123-{number:03}", "reader": reader})
        for number in range(1, 31)
    ]
    text = said(bundle(kind, locale, members, reader))
    table = text.partition("30")[2]
    assert all(table.count(member.case_number) >= 1 for member in members)
    alone = compose(letter(Template(kind), locale, members[0]), NOW).get_body(("plain",))
    assert alone is not None
    headline = re.sub(r"^(【.*?】|\[.*?\] )", "", str(alone.get_content()).splitlines()[0])
    assert table.count(headline) == 30


@pytest.mark.parametrize(
    ("kind", "reader", "urgent"),
    [("escalation", "owner", True), ("overdue", "informed", True), ("assignment", "owner", False)],
)
def test_a_bundle_is_as_urgent_as_what_it_carries(kind: str, reader: str, urgent: bool) -> None:
    members = [full(Locale.EN).model_copy(update={"reader": reader})] * 2
    message = compose(bundle(kind, Locale.EN, members, reader), NOW)
    assert (message["Importance"] == "high") is urgent


@pytest.mark.parametrize("locale", Locale)
def test_a_bundle_of_fines_names_number_and_amount_of_each_and_how_to_appeal(locale: Locale) -> None:
    text = said(bundle("penalty", locale, [fined(locale, "issued", reader="owner")] * 2))
    amount = fined(locale, "issued").penalty
    assert amount is not None
    assert text.count(amount.amount) >= 2
    assert {Locale.EN: "appeal", Locale.ZH_HANT: "申訴", Locale.ZH_HANS: "申诉"}[locale] in text


def test_what_is_left_or_overdue_is_true_when_the_mail_is_sent() -> None:
    section = {
        "key": "open",
        "rows": (row(due=NOW + timedelta(minutes=42)), row(due=NOW - timedelta(hours=3))),
        "total": 2,
    }
    text = said(daily(Template.DIGEST, Locale.ZH_HANT, sections=(DigestSection.model_validate(section),)))
    assert "還有 42 分鐘" in text
    assert "逾期 3 小時" in text


def test_what_waits_without_a_deadline_says_for_how_long() -> None:
    section = {"key": "appeals", "rows": (row(at=NOW - timedelta(days=2), waits=True),), "total": 1}
    text = said(daily(Template.DIGEST, Locale.EN, sections=(DigestSection.model_validate(section),)))
    assert "waiting for 2 days" in text


def test_markup_in_a_line_stays_text() -> None:
    section = {
        "key": "open",
        "rows": (row(customer="<script>alert(1)</script>", what="a\x00b\nc"),),
        "total": 1,
    }
    written = daily(Template.DIGEST, Locale.EN, sections=(DigestSection.model_validate(section),))
    body = compose(written, NOW).get_body(("html",))
    assert body is not None
    assert "<script>" not in str(body.get_content())


def test_a_mail_about_many_cases_has_a_subject_of_its_own() -> None:
    assert (
        str(compose(daily(Template.TASK_LIST, Locale.EN), NOW)["Subject"]).strip()
        == "To do 2026-11-24: 30, 3 overdue"
    )
