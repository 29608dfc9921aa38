"""Mails about leave: who, from when until when, who stands in; each reader is told what it means for him."""

from datetime import date
from itertools import product

import pytest

from mailer.compose import compose
from mailer.letter import AbsenceNews, Content, Template
from rules.locales import Locale
from tests.mailer.outbound.letters import NOW, letter

NEWS = {
    "away": AbsenceNews(
        kind="away", person="林總監", first=date(2026, 12, 1), last=date(2026, 12, 5), deputy="李總監"
    ),
    "alone": AbsenceNews(kind="alone", person="林總監", first=date(2026, 12, 1), last=date(2026, 12, 5)),
    "back": AbsenceNews(kind="back", person="林總監"),
    "present": AbsenceNews(kind="present", person="林總監"),
    "unclear": AbsenceNews(kind="unclear", person="林總監", question="When?"),
}
TOLD = [
    *product(("sender", "owner", "informed"), ("away", "back")),
    *product(("sender", "informed"), ("alone",)),
    *product(("sender",), ("present", "unclear")),
]
EVERY = [(reader, kind, locale) for (reader, kind), locale in product(TOLD, Locale)]


def bodies(reader: str, kind: str, locale: Locale) -> tuple[str, str, str]:
    content = Content(reader=reader, zone="Asia/Shanghai", absence=NEWS[kind])  # type: ignore[arg-type]
    message = compose(letter(Template.ABSENCE, locale, content, subject_hint="", root=""), NOW)
    plain, markup = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert markup is not None
    return str(message["Subject"]), str(plain.get_content()), str(markup.get_content())


@pytest.mark.parametrize(("reader", "kind", "locale"), EVERY)
def test_a_leave_names_its_days_and_who_stands_in(reader: str, kind: str, locale: Locale) -> None:
    _, *both = bodies(reader, kind, locale)
    for body in both:
        if kind in ("away", "alone"):
            assert "2026-12-01" in body
            assert "林總監" in body
        assert ("李總監" in body) is (kind == "away")
        assert ("When?" in body) is (kind == "unclear")


@pytest.mark.parametrize("locale", Locale)
def test_each_reader_is_told_in_words_of_his_own(locale: Locale) -> None:
    first_lines = [bodies(reader, kind, locale)[1].splitlines()[0] for reader, kind in TOLD]
    assert len(set(first_lines)) == len(TOLD)
    assert not [line for line in first_lines if "{" in line]
    assert not any(bodies(reader, kind, locale)[0].startswith("[") for reader, kind in TOLD)
