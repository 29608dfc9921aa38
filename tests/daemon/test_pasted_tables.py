"""A form pasted into the text of a mail opens no case: it comes back as a file, filled in, to check and send."""

from datetime import timedelta
from email.message import EmailMessage
from io import BytesIO

import pytest
from openpyxl import load_workbook

from daemon.ledger import MailState
from rules.case import Status
from tests.daemon.office import SERVICE_MANAGER, STAFF, STRANGER, Office, Posted, complaint, flawed, mail, to
from tests.parsers.test_pasted import ROWS, table


def with_page(message: EmailMessage, page: str) -> EmailMessage:
    """The same mail with an HTML part beside its text, as Outlook writes it."""
    message.add_alternative(f"<html><body>{page}</body></html>", subtype="html")
    return message


def pasted(sender: str = STAFF, **kinds: object) -> EmailMessage:
    return with_page(mail(sender, **kinds), f"<p>請處理</p>{table()}<p>謝謝</p>")  # type: ignore[arg-type]


def values(content: bytes) -> list[object]:
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    return [cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None]


def the_offer(office: Office) -> Posted:
    (offer,) = office.post()
    assert (offer.to, offer.template) == (STAFF, "form-problems")
    return offer


def test_a_pasted_form_comes_back_filled_in_and_opens_a_case_once_it_is_sent(office: Office) -> None:
    stored = office.receive(pasted())
    assert stored.state is MailState.IGNORED
    assert stored.reason == "a table in its text is no form; it goes back to its sender as one"
    assert office.cases() == []
    offer = the_offer(office)
    assert "貼在信中的表格還沒有立案" in offer.subject
    (form,) = offer.enclosures.values()
    assert {"許雅婷", "更換煞車片後仍有異音"} <= set(values(form))
    office.receive(mail(STAFF, files={"form.xlsx": form}, answers=offer))
    case = office.case()
    assert case.status is Status.OPEN
    assert case.facts["customer_name"] == "許雅婷"


def test_what_is_missing_in_it_is_said_in_the_mail_and_beside_the_cell(office: Office) -> None:
    rows = (
        ("客戶姓名", "許雅婷"),
        ("抱怨類型", "維修品質"),
        ("維修金額", "一千左右"),
        ("抱怨內容", "仍有異音"),
    )
    office.receive(with_page(mail(), table(rows)))
    offer = the_offer(office)
    assert "聯絡電話" in offer.text
    assert "維修金額" in offer.text
    assert "!" not in offer.text.split("維修金額")[0][-6:]
    (form,) = offer.enclosures.values()
    assert any("一千左右" in str(value) for value in values(form))


def test_cells_with_tabs_in_a_plain_mail_come_back_too(office: Office) -> None:
    office.receive(mail(text="\n".join("\t".join(row) for row in ROWS)))
    (form,) = the_offer(office).enclosures.values()
    assert "許雅婷" in values(form)


def test_the_same_mail_again_is_answered_once(office: Office) -> None:
    message = pasted()
    office.receive(message)
    office.receive(message)
    assert len(office.post()) == 1


def test_a_list_comes_back_as_a_form_for_each_of_its_first_rows(office: Office) -> None:
    head = ("客戶姓名", "聯絡電話", "抱怨類型", "抱怨內容")
    rows = tuple((f"客戶{number}", f"091234567{number}", "維修品質", "仍有異音") for number in range(7))
    office.receive(with_page(mail(), table((head, *rows), title="")))
    offer = the_offer(office)
    assert len(offer.enclosures) == 5
    assert "共有 7 筆" in offer.text


def test_a_mail_that_carries_the_form_as_a_file_is_not_offered_its_table(office: Office) -> None:
    message = mail(files={"form.xlsx": complaint()})
    body = message.get_body(("plain",))
    assert body is not None
    body.add_alternative(f"<p>如下</p>{table()}", subtype="html")
    office.receive(message)
    (answer,) = to(office.post(), STAFF)
    assert answer.template == "acknowledgement"
    assert len(office.cases()) == 1


@pytest.mark.parametrize(
    ("sender", "headers"),
    [(STRANGER, {}), (STAFF, {"Auto-Submitted": "auto-replied"}), (STAFF, {"Precedence": "bulk"})],
)
def test_neither_strangers_nor_machines_get_an_offer(
    office: Office, sender: str, headers: dict[str, str]
) -> None:
    office.receive(pasted(sender, headers=headers))
    assert to(office.post(), sender) == []
    assert office.cases() == []


MARKS = {
    "gmail": "<div class='gmail_quote'>{}</div>",
    "apple": "<blockquote type='cite'>{}</blockquote>",
    "outlook": "<div id='divRplyFwdMsg'></div>{}",
    "none at all": "{}",
    "our own marks lost": "{}",
}


@pytest.mark.parametrize("client", MARKS)
@pytest.mark.parametrize("words", ["收到，謝謝", "已電話聯絡客戶，明天再回報"])
def test_a_reply_that_quotes_our_tables_is_never_taken_for_a_pasted_form(
    office: Office, client: str, words: str
) -> None:
    office.receive(mail(STAFF, files={"form.xlsx": complaint()}))
    posted = office.post()
    for ours in posted:
        page = ours.message.get_body(("html",))
        assert page is not None
        quoted = str(page.get_content())
        if client == "our own marks lost":
            quoted = quoted.replace("kesu-mail", "")
        reply = mail(ours.to, answers=ours, text=words)
        office.receive(with_page(reply, f"<p>{words}</p>{MARKS[client].format(quoted)}"))
    assert not any("貼在" in one.subject or "貼在" in one.text for one in office.post())
    assert len(office.cases()) == 1


def test_our_mail_pasted_into_a_new_mail_is_no_form_either(office: Office) -> None:
    office.receive(mail(STAFF, files={"form.xlsx": complaint()}))
    for ours in office.post():
        page = ours.message.get_body(("html",))
        assert page is not None
        bare = str(page.get_content()).replace("kesu-mail", "").replace("KT-", "")
        office.receive(with_page(mail(STAFF, "請問"), bare))
        office.receive(mail(STAFF, "請問", f"這件是？\n\n{ours.text.replace('KT-', '')}"))
    assert not any("貼在" in one.text for one in office.post())


def test_a_form_pasted_into_the_answer_to_a_form_to_mend_comes_back_for_the_same_case(office: Office) -> None:
    office.receive(mail(STAFF, files={"form.xlsx": flawed(name="許雅婷", phone="0912-345-678")}))
    (asked,) = to(office.post(), STAFF, "form-problems")
    office.receive(with_page(mail(STAFF, answers=asked), table()))
    (offer,) = to(office.post(), STAFF)
    assert office.case().status is Status.INCOMPLETE
    (form,) = offer.enclosures.values()
    office.receive(mail(STAFF, files={"form.xlsx": form}, answers=offer))
    assert office.case().status is Status.OPEN


def test_an_answer_in_words_with_a_table_below_it_acts_as_ever(office: Office) -> None:
    case = office.opened()
    office.vouching = True
    reply = mail(SERVICE_MANAGER, f"Re: [{case.number}]", "已解決 已重新調整")
    office.receive(with_page(reply, f"<p>已解決 已重新調整</p>{table()}"))
    assert not office.case().is_open


def test_a_stored_mail_is_offered_its_form_once_however_often_it_is_taken_up(office: Office) -> None:
    mail_id = office.put_in(pasted())
    office.clock.forward(minutes=1)
    office.intake.take_waiting()
    office.intake.take_waiting()
    assert office.ledger.mail(mail_id).state is MailState.IGNORED
    assert len(office.post()) == 1
    assert office.ledger.outbox_lease(office.clock.now(), timedelta(minutes=5), 10) == []
