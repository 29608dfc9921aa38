"""Ready replies: each button opens a mail that our own intake understands, in every mail program (RFC 6068)."""

import re
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from mailer.compose import compose
from mailer.letter import Content, Customer, FollowUp, Letter, Line, Template
from mailer.mailto import LONGEST, mailto
from parsers.reply_tokens import tokens_in
from parsers.reply_verbs import plain_text, verb_at
from parsers.verdict_verbs import Decision, verdict_verb_at
from rules.locales import Locale
from tests.mailer.outbound.letters import DUE, NOW, fined, full, letter

TOKEN = "KT-7Q2MD-ABCDE-01234-FGHJK-MNPQR"


def sealed(template: Template, locale: Locale, content: Content, token: str = TOKEN) -> Letter:
    return letter(template, locale, content).model_copy(update={"token": token})


def page(one: Letter) -> str:
    body = compose(one, NOW).get_body(("html",))
    assert body is not None
    return str(body.get_content())


def links(one: Letter) -> list[str]:
    return [unescape(href) for href in re.findall(r'href="(mailto:[^"]*)"', page(one))]


def said(link: str) -> tuple[str, str, str]:
    """Address, subject and body of a link, as a mail program reads them."""
    parts = urlsplit(link)
    query = parse_qs(parts.query, strict_parsing=True)
    return unquote(parts.path), query["subject"][0], query["body"][0]


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize(
    "template", [Template.ASSIGNMENT, Template.REMINDER, Template.ESCALATION, Template.OVERDUE]
)
def test_whoever_is_responsible_reports_with_one_tap(locale: Locale, template: Template) -> None:
    found = links(sealed(template, locale, full(locale)))
    verbs = []
    for link in found:
        address, subject, body = said(link)
        assert (address, subject[:21]) == ("complaints@example.com", "Re: [KS-20261123-001]")
        assert tokens_in(body) == ("7Q2MDABCDE01234FGHJKMNPQR",)
        assert body.split("\r\n")[1] == ""
        verb = verb_at(plain_text(body), 0)
        assert verb is not None
        verbs.append(verb[0].result)
    assert verbs == ["resolved", "partly"]


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize(
    ("template", "state", "decisions"),
    [
        (Template.PENALTY, "proposed", [Decision.CONFIRM, Decision.DROP]),
        (Template.PENALTY, "pending", [Decision.CONFIRM, Decision.DROP]),
        (Template.PENALTY, "issued", [Decision.APPEAL]),
        (Template.APPEAL, "appealed", [Decision.UPHOLD, Decision.REVOKE]),
        (Template.RULING, "upheld", []),
    ],
)
def test_a_penalty_is_decided_on_with_one_tap(
    locale: Locale, template: Template, state: str, decisions: list[Decision]
) -> None:
    bodies = [said(link)[2] for link in links(sealed(template, locale, fined(locale, state)))]
    verbs = [verdict_verb_at(plain_text(body), 0) for body in bodies]
    assert [verb[0].decision for verb in verbs if verb is not None] == decisions


@pytest.mark.parametrize("locale", list(Locale))
def test_a_link_is_plain_ascii_and_short_enough_for_every_program(locale: Locale) -> None:
    for link in links(sealed(Template.ASSIGNMENT, locale, full(locale))):
        assert link.isascii()
        assert len(link) < LONGEST
        assert "%0D%0A" in link
        assert not re.search(r"[\s\"<>+]", link)
        assert not re.search(r"%0A", link.replace("%0D%0A", ""))


def test_a_long_subject_is_cut_and_the_body_stays_whole() -> None:
    link = mailto("a+b@example.com", "客" * 500, "已解決 \n\n" + TOKEN)
    assert len(link) < LONGEST
    address, subject, body = said(link)
    assert (address, body) == ("a+b@example.com", "已解決 \r\n\r\n" + TOKEN)
    assert set(subject) == {"客"}


@pytest.mark.parametrize(
    ("template", "content"),
    [
        (Template.ASSIGNMENT, full(Locale.EN, reader="informed")),
        (Template.ASSIGNMENT, full(Locale.EN, incomplete=True)),
        (Template.RESOLVED, full(Locale.EN)),
        (Template.AUTHORITY_EXCEEDED, full(Locale.EN, reader="reporter", refusal="not-entitled")),
        (Template.PENALTY, fined(Locale.EN, "issued", reader="informed")),
    ],
)
def test_nobody_is_offered_what_is_not_his_to_do(template: Template, content: Content) -> None:
    assert links(sealed(template, Locale.EN, content)) == []


def test_without_a_token_nothing_is_offered_or_said_of_one() -> None:
    one = sealed(Template.ASSIGNMENT, Locale.EN, full(Locale.EN), token="")
    assert links(one) == []
    assert "Reply code" not in page(one)


@pytest.mark.parametrize("locale", list(Locale))
def test_the_token_stands_in_both_parts_above_the_mark_that_programs_cut_at(locale: Locale) -> None:
    one = sealed(Template.ASSIGNMENT, locale, full(locale))
    body = compose(one, NOW).get_body(("plain",))
    assert body is not None
    above, _, below = str(body.get_content()).partition("\n-- \n")
    assert tokens_in(above)
    assert not tokens_in(below)
    assert TOKEN in page(one)


@pytest.mark.parametrize("locale", list(Locale))
def test_a_question_whether_a_request_is_his_quotes_it_and_says_until_when(locale: Locale) -> None:
    request = Line(label="KS-20261123-001", value="resolved <b>x</b>")
    content = full(locale, reader="sender", unproven=(request,), valid_until=DUE, history=(), facts=())
    one = sealed(Template.CONFIRM_REQUEST, locale, content)
    html = page(one)
    assert "resolved &lt;b&gt;x&lt;/b&gt;" in html
    assert "11:00" in html
    assert len(links(one)) == 2


def test_a_workbook_mail_asks_for_no_answer_and_shows_no_token() -> None:
    from tests.mailer.outbound.letters import trouble

    assert TOKEN not in page(sealed(Template.WORKBOOK, Locale.EN, trouble(Locale.EN, "held")))


@pytest.mark.parametrize("locale", list(Locale))
def test_no_button_settles_a_whole_list_of_calls_with_one_word(locale: Locale) -> None:
    calls = FollowUp(kind="calls", total=2, customers=(Customer(name="C", phone="1", car="A", business="x"),))
    for template in (Template.TASK_LIST, Template.REMINDER, Template.OVERDUE):
        said = full(locale, follow_up=calls, task=True)
        assert links(sealed(template, locale, said)) == []
