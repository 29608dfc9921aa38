"""What the rest of the daemon reads about penalties: which cases have any, one event, the mails about an event."""

from daemon.ledger import Ledger
from rules.commands import RecordFinding
from rules.events import Party
from tests.ledger.clerk import NINE, Clerk, outgoing

CARE = Party(roles=("customer-care",), email="care@example.com")
WANG = Party(roles=("service-manager",), email="wang@example.com", name="王小明")


def test_the_cases_with_penalties_are_told_from_the_others_and_come_once_each(
    ledger: Ledger, new_case
) -> None:
    new_case()
    number = new_case()
    with ledger.writing() as entry:
        for cause in ("neglect", "call-not-made"):
            Clerk().carry_out(entry, number, RecordFinding(CARE, WANG, cause), NINE)
    (case,) = ledger.penalised_cases()
    assert (case.number, len(case.penalties)) == (number, 2)


def test_a_finding_without_a_penalty_makes_no_case_a_penalised_one(ledger: Ledger, new_case) -> None:
    number = new_case()
    with ledger.writing() as entry:
        Clerk().carry_out(entry, number, RecordFinding(CARE, WANG, "no-fault"), NINE)
    assert ledger.penalised_cases() == []


def test_an_event_is_found_by_its_seq_even_before_it_is_committed(ledger: Ledger, new_case) -> None:
    number = new_case()
    with ledger.writing() as entry:
        finding, penalty = Clerk().carry_out(entry, number, RecordFinding(CARE, WANG, "neglect"), NINE)
        found, imposed = entry.event(finding), entry.event(penalty)
        assert (found.kind, imposed.kind) == ("finding", "penalty")
        assert [row.seq for row in entry.events(number)][-2:] == [finding, penalty]
        assert entry.event(penalty + 1) is None


def test_the_mails_about_one_event_are_its_own(ledger: Ledger, new_case) -> None:
    number, other = new_case(), new_case()
    with ledger.writing() as entry:
        entry.queue(outgoing("a", case_number=number, event_seq=1))
        entry.queue(outgoing("b", case_number=number, event_seq=2))
        entry.queue(outgoing("c", case_number=number))
        assert [mail.notice_key for mail in entry.mails_about(number, 2)] == ["b"]
        assert entry.mails_about(other, 2) == []
        assert entry.outbox_mail("<b@kesu.example>").event_seq == 2
