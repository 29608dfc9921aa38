"""Mails of people that read like bounces: whoever writes of what was not delivered is heard like everybody else."""

from tests.daemon.office import Office, complaint, mail, to

DELIVERIES = "delivery@example.com"
OTHER = {"customer_name": "林太太", "customer_phone": "0900-111-222"}


def test_a_colleague_whose_address_and_words_sound_like_a_mail_system_answers_with_a_form(
    office: Office,
) -> None:
    office.receive(mail(DELIVERIES, files={"form.xlsx": complaint()}))
    (acknowledged,) = to(office.post(), DELIVERIES)
    words = "We could not deliver this customer's car either"
    office.receive(
        mail(DELIVERIES, text=words, answers=acknowledged, files={"form.xlsx": complaint(**OTHER)})
    )
    assert [case.facts["customer_name"] for case in office.cases()] == ["許雅婷", "林太太"]
    assert office.ledger.unreached(office.clock.now()) == []


def test_his_words_alone_are_no_bounce_of_the_mail_that_they_answer(office: Office) -> None:
    office.receive(mail(DELIVERIES, files={"form.xlsx": complaint()}))
    (acknowledged,) = to(office.post(), DELIVERIES)
    taken = office.receive(mail(DELIVERIES, text="There is a delivery problem", answers=acknowledged))
    assert "mail system" not in taken.reason
    assert office.ledger.unreached(office.clock.now()) == []


def test_a_machine_that_sends_a_form_is_not_taken_for_a_mail_system(office: Office) -> None:
    case = office.opened()
    text = "Delivery problem again. Answer to service.manager@example.com"
    machine = mail(
        "web-system@example.com",
        f"[{case.number}] delivery problem",
        text,
        files={"form.xlsx": complaint(**OTHER)},
        headers={"Return-Path": "<>"},
    )
    office.receive(machine)
    assert len(office.cases()) == 2
