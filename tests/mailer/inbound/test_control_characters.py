"""Control characters in a header: what is kept of it is without them, since not every database takes them."""

import pytest

from mailer.message import read_message


@pytest.mark.parametrize("control", [b"\0", b"\x01", b"\x7f"])
def test_ids_and_addresses_are_without_control_characters(control: bytes) -> None:
    message = read_message(
        b"From: Lin <" + control + b"lin@example.com>\nReply-To: " + control + b"lin@example.com\n"
        b"Message-ID: <" + control + b"1@example.com>\nIn-Reply-To: <2" + control + b"@example.com>\n"
        b"References: <3@example.com" + control + b">\n\nhello\n"
    )
    assert (message.sender.email, message.reply_to[0].email) == ("lin@example.com", "lin@example.com")
    assert (message.message_id, message.in_reply_to) == ("<1@example.com>", "<2@example.com>")
    assert message.references == ("<3@example.com>",)


def test_an_id_without_brackets_is_without_them_too() -> None:
    assert read_message(b"From: a@example.com\nMessage-ID: 1\0 2\n\nhello\n").message_id == "<12>"
