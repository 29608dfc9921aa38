"""Customer care hears of every mail put aside that may matter, whatever else comes in beside it."""

from tests.daemon.office import CARE, STAFF, STRANGER, Office, complaint, mail, to

DAMAGED = b"PK\3\4 [Content_Types].xml xl/ and nothing that could be read"


def test_a_flood_of_strangers_keeps_nothing_back_of_our_own(office: Office) -> None:
    for number in range(15):
        office.receive(mail(STRANGER, f"cheap tyres {number}"))
    office.post()
    machine = {"Auto-Submitted": "auto-generated"}  # it is not answered itself
    office.receive(mail(STAFF, files={"form.xlsx": DAMAGED}, headers=machine))
    assert len(to(office.post(), CARE)) == 1


def test_a_machines_form_is_told_of_where_it_names_customer_care_too(office: Office) -> None:
    copied = {"Auto-Submitted": "auto-generated", "Cc": CARE}
    office.receive(mail(STRANGER, files={"form.xlsx": complaint()}, headers=copied))
    assert len(to(office.post(), CARE, "quarantine")) == 1


def test_a_machines_answer_to_such_a_notice_is_not(office: Office) -> None:
    office.receive(mail(STRANGER, "cheap tyres"))
    (notice,) = to(office.post(), CARE, "quarantine")
    answer = mail(
        STRANGER, text=f"{CARE} is away", answers=notice, headers={"Auto-Submitted": "auto-replied"}
    )
    office.receive(answer)
    assert office.post() == []
