"""A penalty from the finding in the workbook to the ruling, over the mails that are really written (D27–D31)."""

from tests.daemon.office import CARE, MANAGER, SERVICE_MANAGER, Office, Posted, mail, to
from tests.daemon.test_workbook_penalties import find, key_of, penalties
from tests.daemon.test_workbook_two_way import cases, settled


def quoting(words: str, answered: Posted) -> str:
    """A reply as people write it: their words on top, our mail below."""
    quoted = "\n".join(f"> {line}" for line in answered.text.splitlines())
    return (
        f"{words}\n\n在 2026年11月23日 週一 09:00，客戶關愛部 <complaints@example.com> 寫道：\n\n{quoted}\n"
    )


def reply(office: Office, sender: str, answered: Posted, words: str) -> list[Posted]:
    office.receive(mail(sender, text=quoting(words, answered), answers=answered))
    return office.post()


def test_D27_to_D31_the_whole_life_of_a_penalty(office: Office) -> None:
    (number,) = cases(office, 1)
    office.post()
    find(office, number, "王經理", "主觀過失或失職")
    (proposed,) = to(office.post(), CARE, "penalty")
    assert "200" in proposed.text

    posted = reply(office, CARE, proposed, "確認")
    (fined,) = to(posted, SERVICE_MANAGER, "penalty")
    assert "D28" in fined.text
    assert "申訴" in fined.text

    posted = reply(office, SERVICE_MANAGER, fined, "申訴 當天下午已回電給客戶")
    (asked,) = to(posted, MANAGER, "appeal")
    assert "當天下午已回電給客戶" in asked.text

    posted = reply(office, MANAGER, asked, "撤销 查明确已回电")
    assert to(posted, SERVICE_MANAGER, "ruling")
    assert to(posted, CARE, "ruling")
    assert office.case(number).penalties[0].state.value == "revoked"

    settled(office)
    assert penalties(office)[key_of(number)]["處罰狀態"] == "撤銷"
    again = reply(office, SERVICE_MANAGER, fined, "申訴 還有話要說")
    assert office.case(number).penalties[0].state.value == "revoked"
    assert to(again, SERVICE_MANAGER, "authority-exceeded"), "it is ruled on, and he is told so"


def test_a_thank_you_for_a_penalty_mail_is_no_appeal(office: Office) -> None:
    (number,) = cases(office, 1)
    office.post()
    find(office, number, "王經理", "主觀過失或失職")
    (proposed,) = to(office.post(), CARE, "penalty")
    (fined,) = to(reply(office, CARE, proposed, "確認"), SERVICE_MANAGER, "penalty")
    assert not reply(office, SERVICE_MANAGER, fined, "收到，謝謝。")
    assert office.case(number).penalties[0].state.value == "issued"
