"""Notices that servers give in the place of a mail: they must not be taken for it.

Exchange says so of a mail that it cannot convert for IMAP (freescout#3203); it may be opened in Outlook all the same.
Courier says so of a mail that another client has just removed.
"""

import re

_HEAD_BYTES = 4096
_EXCHANGE_SUBJECT = re.compile(
    rb"^subject:[ \t]*Retrieval using the IMAP4 protocol failed", re.IGNORECASE | re.MULTILINE
)
_FROM = re.compile(rb"^from:(.*)$", re.IGNORECASE | re.MULTILINE)
_EXCHANGE = re.compile(rb"microsoft", re.IGNORECASE)
_COURIER = (
    b"From: System Administrator <root@localhost>\nSubject: message unavailable\n\n"
    b"This message is no longer available on the server.\n"
)


def is_stub(raw: bytes) -> bool:
    """Tell whether a server gave a notice of its own instead of a mail; a person's mail about such a notice is none."""
    start = raw[:_HEAD_BYTES].replace(b"\r\n", b"\n")
    return start == _COURIER or _is_exchanges(start.partition(b"\n\n")[0])


def _is_exchanges(head: bytes) -> bool:
    sender = _FROM.search(head)
    return (
        _EXCHANGE_SUBJECT.search(head) is not None
        and sender is not None
        and _EXCHANGE.search(sender[1]) is not None
        and b"." not in sender[1].rpartition(b"@")[2]  # `Microsoft Exchange Server 2010`, `microsoft@unknown`
    )
