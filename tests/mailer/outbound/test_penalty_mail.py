"""A penalty, its appeal and its ruling by mail: what each reader is told, and how he answers (D28–D31)."""

import re
from itertools import product
from typing import Any, get_args

import pytest

from mailer.compose import compose
from mailer.letter import Content, Template
from mailer.wording import wording
from rules.events import RefusalReason
from rules.locales import Locale
from tests.mailer.outbound.letters import DUE, NOW, NUMBER, OPENED, fined, full, letter, words

VERBS = {
    "appeal": {Locale.ZH_HANT: ("申訴",), Locale.ZH_HANS: ("申诉",), Locale.EN: ("appeal",)},
    "rule": {
        Locale.ZH_HANT: ("維持", "撤銷"),
        Locale.ZH_HANS: ("维持", "撤销"),
        Locale.EN: ("uphold", "revoke"),
    },
    "confirm": {
        Locale.ZH_HANT: ("確認", "不罰"),
        Locale.ZH_HANS: ("确认", "不罚"),
        Locale.EN: ("confirm", "drop"),
    },
}
MAILS = {
    "person": (Template.PENALTY, "issued", {"penalty": {"own": True}}),
    "care": (Template.PENALTY, "issued", {"reader": "informed"}),
    "proposed": (Template.PENALTY, "proposed", {}),
    "pending": (Template.PENALTY, "pending", {}),
    "ruler": (Template.APPEAL, "appealed", {}),
    "appellant": (Template.APPEAL, "appealed", {"reader": "informed", "penalty": {"own": True}}),
    "upheld": (Template.RULING, "upheld", {"penalty": {"own": True}}),
    "revoked": (Template.RULING, "revoked", {"penalty": {"own": True}}),
    "told": (Template.RULING, "upheld", {"reader": "informed"}),
}
ANSWERED = {"person": "appeal", "proposed": "confirm", "pending": "confirm", "ruler": "rule"}


def said(template: Template, locale: Locale, content: Content) -> str:
    message = compose(letter(template, locale, content), NOW)
    plain, markup = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert markup is not None
    assert message["Subject"] == f"[{NUMBER}] {words(locale)['customer']}"
    text = str(plain.get_content()).replace("\r\n", "\n")
    shown = re.sub(r"<[^>]+>", "", str(markup.get_content()))
    assert [line for line in text.split("■ ")[1:] if line.partition("\n")[0] not in shown] == []
    return text


def mail(name: str, locale: Locale, **changes: Any) -> str:
    template, state, about = MAILS[name]
    return said(template, locale, fined(locale, state, **{**about, **changes}))


@pytest.mark.parametrize(("name", "locale"), list(product(MAILS, Locale)))
def test_every_mail_names_person_cause_amount_and_clause_and_no_deadline_of_the_case(
    name: str, locale: Locale
) -> None:
    text, known = mail(name, locale), words(locale)
    for fact in (known["person"], known["cause"], known["fine_clause"], known["found"], "D28"):
        assert fact in text
    assert (known["fine"] in text.replace(known["fine_clause"], "")) is (name != "pending")
    assert known["authority"] not in text
    assert known["window"] not in text


@pytest.mark.parametrize(("name", "locale"), list(product(MAILS, Locale)))
def test_only_who_may_answer_is_told_how(name: str, locale: Locale) -> None:
    text = mail(name, locale)
    for kind, verbs in VERBS.items():
        told = all(re.search(f"[「“]{verb}", text) for verb in verbs[locale])
        assert told is (ANSWERED.get(name) == kind)


@pytest.mark.parametrize("locale", Locale)
def test_an_amount_that_is_open_is_asked_for_with_an_example(locale: Locale) -> None:
    text = mail("pending", locale)
    verb = VERBS["confirm"][locale][0]
    assert f"    {verb} 200\n" in text
    assert words(locale)["amount_unknown"].lower() in text.lower()


@pytest.mark.parametrize("locale", Locale)
def test_the_ruler_gets_the_reason_and_the_history(locale: Locale) -> None:
    text, known = mail("ruler", locale), words(locale)
    assert known["appealed"] in text
    assert known["notified"] in text


@pytest.mark.parametrize("locale", Locale)
def test_the_person_is_told_who_hears_his_appeal_and_who_ruled(locale: Locale) -> None:
    known = words(locale)
    assert known["boss"] in mail("person", locale)
    assert known["boss"] in mail("appellant", locale)
    for name in ("upheld", "revoked", "told"):
        text = mail(name, locale)
        assert known["boss"] in text
        assert known["ruling"] in text


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("person", "200 元，已開罰"),
        ("proposed", "200 元，等候確認，尚未開罰"),
        ("pending", "金額待填，等候填寫金額，尚未開罰"),
        ("ruler", "200 元，申訴中，暫緩執行"),
        ("upheld", "200 元，裁定維持"),
        ("revoked", "200 元，裁定撤銷，不必繳納"),
    ],
)
def test_the_panel_says_how_it_stands(name: str, line: str) -> None:
    assert f"■ 罰款（本案第 2 號）\n  {line}\n" in mail(name, Locale.ZH_HANT)


def test_customer_care_is_told_where_the_person_has_no_address() -> None:
    phrase = "請以其他方式告知"
    assert phrase in mail("care", Locale.ZH_HANT, penalty={"unreached": True})
    assert phrase not in mail("care", Locale.ZH_HANT)


@pytest.mark.parametrize(("reason", "locale"), list(product(get_args(RefusalReason), Locale)))
def test_every_reason_for_a_refusal_has_a_sentence(reason: str, locale: Locale) -> None:
    sentence = wording(locale).say(f"refusals.{reason}", asked=wording(locale).say("asked.appeal"))
    content = full(
        locale, reader="reporter", asked="appeal", refusal=reason, refusal_detail="not for the reader"
    )
    text = said(Template.AUTHORITY_EXCEEDED, locale, content)
    assert sentence in text
    assert "not for the reader" not in text
    assert words(locale)["authority"] not in text


@pytest.mark.parametrize("locale", Locale)
def test_a_refusal_shows_customer_care_who_asked_and_why_in_brief(locale: Locale) -> None:
    content = fined(
        locale,
        "upheld",
        reader="informed",
        asked="ruling",
        refusal="already-ruled",
        refusal_detail="BRIEF",
        resolved_by="WHO",
    )
    text = said(Template.AUTHORITY_EXCEEDED, locale, content)
    for fact in ("BRIEF", "WHO", words(locale)["fine"]):
        assert fact in text
    assert wording(locale).say("refusals.already-ruled") not in text


@pytest.mark.parametrize(("reader", "locale"), list(product(("owner", "informed"), Locale)))
def test_an_overdue_duty_names_whose_it_was_and_until_when_it_costs_nothing(
    reader: str, locale: Locale
) -> None:
    late = {"task": True, "due": OPENED, "previous_owners": "DIRECTOR", "fine_at": DUE}
    text = said(Template.OVERDUE, locale, full(locale, reader=reader, unfined="told-late", **late))
    assert "2026-11-23" in text
    assert "11:00" in text
    assert ("DIRECTOR" in text) is (reader == "informed")
    without = said(Template.OVERDUE, locale, full(locale, reader=reader, **{**late, "fine_at": None}))
    assert "11:00" not in without
