"""The mail about a message put aside: it shows what came and asks for one word, in three languages."""

from itertools import product

import pytest

from mailer.letter import Content, HeldNews, Letter, Template
from rules.locales import Locale
from tests.mailer.outbound.letters import NOW
from tests.mailer.outbound.test_ready import links, page, sealed

ASKING = ("stranger", "unverified", "forged", "unclear")
HOSTILE = "<script>alert(1)</script>\r\nBcc: all@example.com"


def held(locale: Locale, kind: str, **more: object) -> Letter:
    known = {
        "kind": kind,
        "number": 12,
        "sender": "someone@elsewhere.example",
        "name": "王經理",
        "subject": "客訴",
        "at": NOW,
        "files": ("form.xlsx",),
        "words": "您好",
    }
    news = HeldNews.model_validate({**known, **more})
    content = Content(reader="informed", zone="Asia/Shanghai", held=news)
    return sealed(Template.QUARANTINE, locale, content)


@pytest.mark.parametrize(("kind", "locale"), list(product(ASKING, Locale)))
def test_what_waits_for_a_decision_shows_the_mail_and_offers_both(kind: str, locale: Locale) -> None:
    letter = held(locale, kind)
    shown = page(letter)
    for word in ("someone@elsewhere.example", "form.xlsx", "您好", "客訴"):
        assert word in shown
    assert len(links(letter)) == 2


@pytest.mark.parametrize(("kind", "locale"), list(product(("decided", "nothing"), Locale)))
def test_what_is_over_offers_nothing(kind: str, locale: Locale) -> None:
    letter = held(locale, kind, by="吳總監", detail="信中沒有表單")
    assert links(letter) == []
    assert "12" in page(letter)


@pytest.mark.parametrize("locale", list(Locale))
def test_whatever_a_stranger_writes_stays_words(locale: Locale) -> None:
    shown = page(held(locale, "stranger", name=HOSTILE, subject=HOSTILE, files=(HOSTILE,), words=HOSTILE))
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
