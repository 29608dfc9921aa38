"""Mails about follow-up calls (D22–D25, D30): every situation in three languages, and what must stand in it."""

from typing import Any

import pytest

from mailer.calling import MOST
from mailer.compose import compose
from mailer.letter import Content, Customer, Flaw, FollowUp, Line, Template
from rules.locales import Locale
from tests.mailer.outbound.letters import NOW, bare, letter

DUE = NOW.replace(hour=15, minute=59)
SITUATIONS: list[tuple[Template, str, str]] = [
    (Template.TASK_LIST, "calls", "owner"),
    (Template.TASK_LIST, "calls", "informed"),
    (Template.REMINDER, "calls", "owner"),
    (Template.OVERDUE, "calls", "owner"),
    (Template.OVERDUE, "calls", "informed"),
    (Template.CHANGED, "late", "informed"),
    (Template.ACKNOWLEDGEMENT, "deliveries", "sender"),
    (Template.ACKNOWLEDGEMENT, "results", "sender"),
    (Template.FORM_PROBLEMS, "deliveries", "sender"),
    (Template.FORM_PROBLEMS, "results", "sender"),
    (Template.AUTHORITY_EXCEEDED, "results", "informed"),
]


def customers(count: int) -> tuple[Customer, ...]:
    return tuple(
        Customer(name=f"C{n}", phone=f"139{n:08d}", car=f"A{n:05d}", business="x", note="n")
        for n in range(count)
    )


def told(kind: str, **changes: Any) -> FollowUp:
    known: dict[str, Any] = {
        "kind": kind,
        "day": "2026-11-23",
        "duty": "D",
        "total": 5,
        "made": 2,
        "fresh": 1,
        "customers": customers(3),
        "lists": (Line(label="2026-11-23", value="3"),),
        "taken": 4,
        "known": 2,
    }
    return FollowUp.model_validate({**known, **changes})


def content(reader: str, follow_up: FollowUp, **changes: Any) -> Content:
    flaw = Flaw(file="list.xlsx", sheet="S", cell="B4", label="L", message="M", required=True)
    flaws = (flaw,) if changes.pop("flawed", False) else ()
    return bare(reader, case_number="HF-20261123-001", follow_up=follow_up, flaws=flaws, **changes)


def text_of(template: Template, locale: Locale, said: Content) -> str:
    message = compose(letter(template, locale, said), NOW)
    body, html = message.get_body(("plain",)), message.get_body(("html",))
    assert body is not None
    assert html is not None
    assert "{{" not in html.get_content()
    return str(message["Subject"]) + "\n" + str(body.get_content())


@pytest.mark.parametrize("locale", list(Locale))
@pytest.mark.parametrize(("template", "kind", "reader"), SITUATIONS)
def test_every_situation_reads_well_with_much_and_with_nothing_known(
    template: Template, kind: str, reader: str, locale: Locale
) -> None:
    flawed = template is Template.FORM_PROBLEMS
    full = text_of(template, locale, content(reader, told(kind), due=DUE, task=True, flawed=flawed))
    least = text_of(template, locale, content(reader, FollowUp.model_validate({"kind": kind}), flawed=flawed))
    for text in (full, least):
        assert "  ：" not in text
        assert "None" not in text
        assert "HF-20261123-001" in text


@pytest.mark.parametrize("locale", list(Locale))
def test_whom_to_call_stands_in_the_mail_and_how_to_report(locale: Locale) -> None:
    text = text_of(Template.TASK_LIST, locale, content("owner", told("calls"), due=DUE, task=True))
    assert "13900000002" in text
    assert "13812345678" in text


def test_a_long_list_is_cut_in_the_mail_and_says_so() -> None:
    long = told("calls", customers=customers(MOST + 5), total=MOST + 5, made=0)
    text = text_of(Template.TASK_LIST, Locale.EN, content("owner", long, due=DUE, task=True))
    assert "5 more are in the attached list" in text
    assert f"139{MOST:08d}" not in text


def test_the_list_of_an_office_nobody_holds_says_whose_it_is() -> None:
    vacant = told("calls", vacant="展廳經理")
    text = text_of(Template.TASK_LIST, Locale.ZH_HANT, content("informed", vacant, due=DUE, task=True))
    assert "「展廳經理」目前沒有人擔任" in text
