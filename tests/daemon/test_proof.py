"""Tokens: signed for one mail and one recipient, by a secret that only the ledger knows."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from daemon.ledger import QueuedMail
from daemon.proof import Seal, mail_number
from parsers.reply_tokens import LENGTH, LETTERS, tokens_in

SEAL = Seal(b"k" * 32)
MAIL = QueuedMail(
    id=1,
    notice_key="event:1:a@example.com",
    message_id="<0a1b2c@example.com>",
    case_number=None,
    event_seq=None,
    answers=None,
    recipient="a@example.com",
    kind="",
    template="assignment",
    locale="en",
    body="{}",
    attempts=0,
    uncertain=False,
    created_at=datetime(2026, 11, 23, tzinfo=UTC),
    lease_until=None,
)
NUMBERS = st.integers(1, 2**40 - 1)


def letters(mail: QueuedMail, seal: Seal = SEAL) -> str:
    (found,) = tokens_in(seal.token(mail))
    return found


@given(NUMBERS)
def test_a_token_names_its_mail_and_is_known_again(number: int) -> None:
    mail = replace(MAIL, id=number)
    assert mail_number(letters(mail)) == number
    assert SEAL.holds(letters(mail), mail)


@given(NUMBERS, st.integers(0, LENGTH - 1), st.sampled_from(LETTERS))
def test_no_other_letter_will_do(number: int, at: int, letter: str) -> None:
    mail = replace(MAIL, id=number)
    genuine = letters(mail)
    other = genuine[:at] + letter + genuine[at + 1 :]
    assert SEAL.holds(other, mail) is (other == genuine)


def test_a_token_holds_for_no_other_mail_recipient_or_ledger() -> None:
    genuine = letters(MAIL)
    assert not SEAL.holds(genuine, replace(MAIL, recipient="b@example.com"))
    assert not SEAL.holds(genuine, replace(MAIL, message_id="<other@example.com>"))
    assert not SEAL.holds(genuine, replace(MAIL, id=2))
    assert not Seal(b"x" * 32).holds(genuine, MAIL)


def test_the_case_of_an_address_does_not_matter() -> None:
    assert SEAL.holds(letters(MAIL), replace(MAIL, recipient="A@Example.com"))


@given(st.text(max_size=40))
def test_what_anybody_types_names_some_mail_at_most(typed: str) -> None:
    assert not SEAL.holds(typed, MAIL)
    assert mail_number(typed) >= 0
