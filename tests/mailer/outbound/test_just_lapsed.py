"""A lapse is acted on within a second: mails about it say when it was, and how long ago only once that is long."""

import re
from datetime import timedelta

import pytest

from mailer.compose import compose
from mailer.letter import Content, Template
from rules.locales import Locale
from tests.mailer.outbound.letters import NOW, letter, raised


def text_of(template: Template, locale: Locale, said: Content) -> str:
    plain = compose(letter(template, locale, said), NOW).get_body(("plain",))
    assert plain is not None
    return str(plain.get_content())


@pytest.mark.parametrize("locale", list(Locale))
def test_what_lapsed_this_moment_is_not_said_to_be_over_for_no_seconds(locale: Locale) -> None:
    just_now = raised(locale, lapsed_at=NOW, reader="informed")
    later = raised(locale, lapsed_at=NOW - timedelta(minutes=2), reader="informed")
    for template in (Template.OVERDUE, Template.ESCALATION):
        at_once, after = (text_of(template, locale, said) for said in (just_now, later))
        assert not re.search(r"\b0 (秒|second)", at_once)
        assert re.search(r"\b2 (分|minute)", after)
