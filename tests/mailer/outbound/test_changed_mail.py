"""Mails about a changed case: what was changed, by whom and why, and how the clock stands (K06, K07)."""

from datetime import timedelta
from itertools import product
from typing import Any, get_args

import pytest

from mailer.compose import compose
from mailer.letter import Change, ChangeKind, Content, Line, Template
from rules.locales import Locale
from tests.mailer.outbound.letters import NOW, NUMBER, full, letter, words

KINDS = get_args(ChangeKind)
UNTIL = NOW + timedelta(days=2)


def changed(locale: Locale, kind: str, template: Template = Template.CHANGED, **about: Any) -> str:
    note = {"by": words(locale)["care"], "note": "WHY", "into": "KS-20261122-009" if kind == "merged" else ""}
    lines = (Line(label=words(locale)["repair"], value="800 → 2,400"),) if kind == "corrected" else ()
    change = Change.model_validate({"kind": kind, "lines": lines, **note})
    content: Content = full(locale, **{"reader": "informed", "change": change, "authority": "", **about})
    message = compose(letter(template, locale, content), NOW)
    plain = message.get_body(("plain",))
    assert plain is not None
    assert message["Subject"].startswith(f"[{NUMBER}]")
    return str(plain.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize(("kind", "locale"), list(product(KINDS, Locale)))
def test_every_change_says_who_made_it_and_why(kind: str, locale: Locale) -> None:
    said = changed(locale, kind)
    assert words(locale)["care"] in said
    assert "WHY" in said


@pytest.mark.parametrize("locale", Locale)
def test_no_two_changes_read_alike(locale: Locale) -> None:
    assert len({changed(locale, kind).partition("\n")[0] for kind in KINDS}) == len(KINDS)


def test_a_correction_shows_what_stood_there_and_what_stands_there_now() -> None:
    assert "維修金額：800 → 2,400" in changed(Locale.ZH_HANT, "corrected")


def test_a_merged_case_names_the_one_that_goes_on_and_has_no_deadline() -> None:
    said = changed(Locale.ZH_HANT, "merged")
    assert "併入案件：KS-20261122-009" in said
    assert "處理時限" not in said


@pytest.mark.parametrize("template", [Template.CHANGED, Template.ASSIGNMENT, Template.ESCALATION])
def test_while_a_case_is_held_every_mail_says_until_when_instead_of_a_deadline(template: Template) -> None:
    said = changed(Locale.ZH_HANT, "held", template, due=None, held_until=UNTIL)
    assert "■ 暫停計時\n  至 2026-11-25（三）09:18" in said
    assert "處理時限" not in said


def test_a_report_owed_beside_a_held_case_keeps_its_own_deadline() -> None:
    said = changed(Locale.ZH_HANT, "held", Template.ASSIGNMENT, task=True, held_until=UNTIL)
    assert "回報期限" in said
    assert "暫停計時" not in said


def test_a_resumed_case_shows_what_is_left() -> None:
    assert "案件恢復計時，還有 1 小時 42 分" in changed(Locale.ZH_HANT, "resumed")
