"""What mail systems say of mails they could not deliver: delivery status notifications (RFC 3464), and prose.

Prose is what QQ (`来自qq.com的退信`), NetEase (`系统退信`), qmail and old Exchange servers write. All that ties such
a mail to one of ours is a Message-ID somewhere in it, or the address and the subject that it names.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from mailer.message import Message, is_spreadsheet
from mailer.message_charsets import decode_bytes
from mailer.message_parameters import parameters_of
from mailer.message_parts import Head, Leaf, Walk, leaves, read_head
from mailer.message_words import one_line

_MOST_IDS = 20
_MOST_RECIPIENTS = 50
_LONGEST_WORDS = 50_000  # characters of prose that are looked at
_LONGEST_DIAGNOSTIC = 300
_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
_HEADER_PARTS = ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
_OTHER_REPORTS = (
    "message/disposition-notification",
    "message/feedback-report",
)  # receipts, complaints (RFC 8098, 5965)

_SYSTEMS = re.compile(r"(mail|post|daemon|bounce|deliver|microsoftexchange|system|退信)", re.IGNORECASE)
_RETURNED = re.compile(
    r"undeliver|returned mail|return(ed|ing) (message )?to sender|failure notice|mail system error"
    r"|deliver(y|ed)[^\n]{0,30}fail|fail(ure|ed)[^\n]{0,30}deliver"
    r"|non[- ]?deliver|not (be )?delivered|could(n't| not)( be)? (deliver|sen[dt])|unable to deliver"
    r"|able to deliver|deliver(y|ed)[^\n]{0,20}(problem|delay|status)|delivery status"
    r"|退信|退[回件]|无法[送发投]|無法[送寄投]|未能?送达|未能?送達|投[递遞][失延]",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"\bdelayed\b|warning message only|will (keep|continue)\b|still (undelivered|being tried)|not yet been delivered"
    r"|do not need to resend|延[迟遲]|[继繼][续續][尝嘗][试試]|[暂暫][时時](无法|無法|未)",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[A-Za-z0-9._%+=/'-]{1,64}@[A-Za-z0-9.-]{1,253}\.[A-Za-z]{2,24}")
_MESSAGE_ID = re.compile(r"(?im)^[ \t>*|]{0,40}message-id:\s{0,9}(<[^<>\s]{3,990}>)")
_BRACKETED = re.compile(r"<[^<>\s]{3,990}>")
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")  # RFC 3463
_REASON = re.compile(r"(?:退信原因|退信理由|英文说明|[Rr]eason)\s*[:：]?\s*([^\n]+)")
_REPLY_CODE = re.compile(r"(?<![\d.])([45])[0-5]\d(?=[ -])")


class Fate(StrEnum):
    """What became of a mail on its way."""

    FAILED = "failed"  # for good
    DELAYED = "delayed"
    DELIVERED = "delivered"


_ACTIONS = {
    "failed": Fate.FAILED,
    "delayed": Fate.DELAYED,
    "delivered": Fate.DELIVERED,
    "relayed": Fate.DELIVERED,
    "expanded": Fate.DELIVERED,
}
_TOO_LARGE = ("5.2.3", "5.3.4")
_CLASSES = {"5": Fate.FAILED, "4": Fate.DELAYED, "2": Fate.DELIVERED}


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a mail for one recipient, under every address that he is called by, in lower case.

    `status` as in RFC 3463 (`5.1.1`), empty where none is named. In prose all addresses named are one recipient's.
    """

    recipients: tuple[str, ...]
    fate: Fate
    status: str = ""
    diagnostic: str = ""

    @property
    def too_large(self) -> bool:
        """Whether a server on the way, or the reader's, takes no mail of that size (RFC 3463, X.2.3 and X.3.4)."""
        return self.fate is Fate.FAILED and self.status in _TOO_LARGE

    def to(self, address: str) -> bool:
        """Tell whether it speaks of a mail to this address; one that names nobody may speak of anybody's."""
        return not self.recipients or address.lower() in self.recipients


@dataclass(frozen=True, slots=True)
class Report:
    """A mail system's word on a mail it was given.

    `originals` are the Message-IDs it names, that of the mail it returns first; `words` are its subject and the one it
    returns, its text and the one it returns.
    """

    originals: tuple[str, ...]
    deliveries: tuple[Delivery, ...]
    words: str = field(default="", repr=False)


def read_report(raw: bytes, message: Message) -> Report | None:
    """Return what a mail says of the delivery of another, None where it says nothing of one; never raises."""
    kind = next(iter(message.header("content-type")), "")
    formal = parameters_of(kind, "")[0] in ("multipart/report", *_STATUS_PARTS)
    if not formal and (_carries_forms(message) or not _seems_returned(message)):
        return None
    try:
        return _read(raw, message)
    except (ValueError, LookupError, RecursionError):
        return None


def _carries_forms(message: Message) -> bool:
    """Tell whether a mail brings workbooks of its own, not only those of a mail that it returns."""
    return any(file.forwarded is None and is_spreadsheet(file) for file in message.attachments)


def _seems_returned(message: Message) -> bool:
    """Tell whether a mail is a bounce in prose: no person's, and it says so."""
    null_path = any(re.sub(r"\s", "", path) == "<>" for path in message.header("return-path"))
    local = message.sender.email.partition("@")[0]
    machine = (
        null_path or _SYSTEMS.search(local) is not None or _SYSTEMS.search(message.sender.name) is not None
    )
    return machine and _says_returned(message)


def _says_returned(message: Message) -> bool:
    said = (message.subject, message.text[:2000])
    return bool(message.header("x-failed-recipients")) or any(map(_RETURNED.search, said))


def _read(raw: bytes, message: Message) -> Report | None:
    walk = Walk("")
    head, body = read_head(memoryview(raw.lstrip(b"\r\n")), "", walk.defects)
    found = list(leaves(head, body, walk))
    if any(leaf.media_type in _OTHER_REPORTS for leaf in found):
        return None
    inside = {id(leaf.within): leaf.within for leaf in found if leaf.within is not None}
    returned = [*inside.values(), *_header_parts(found)]
    prose = message.text[:_LONGEST_WORDS]
    deliveries = tuple(_of_status_parts(found))
    if not deliveries and _says_returned(message):
        deliveries = _of_prose(message, prose, returned)
    if not deliveries:
        return None
    subjects = (message.subject, *(one.text("subject") for one in returned))
    originals = tuple(dict.fromkeys(_originals(message, found, returned, prose)))[:_MOST_IDS]
    return Report(originals, deliveries, words="\n".join((*subjects, prose, *_returned_text(found))))


def _returned_text(found: Iterable[Leaf]) -> Iterator[str]:
    """Yield what the returned mail says: its token stands there, whatever Message-ID a server on the way gave it."""
    for leaf in found:
        if leaf.nested and leaf.media_type == "text/plain":
            yield decode_bytes(leaf.content[:_LONGEST_WORDS], leaf.charset, leaf.head.hint)


def _header_parts(found: Iterable[Leaf]) -> Iterator[Head]:
    """Yield the headers of returned mails that are no message/rfc822: headers alone, or an attached .eml."""
    for leaf in found:
        if leaf.media_type in _HEADER_PARTS or leaf.name.lower().endswith(".eml"):
            yield read_head(memoryview(leaf.content.lstrip(b"\r\n")), leaf.head.hint)[0]


def _originals(
    message: Message, found: Iterable[Leaf], returned: Iterable[Head], prose: str
) -> Iterator[str]:
    for head in returned:
        yield from _BRACKETED.findall(head.first("x-kesu-message-id"))[:1]  # where a relay gave it another
        yield from _BRACKETED.findall(head.first("message-id"))[:1]
    for fields in _status_groups(found):
        yield from _BRACKETED.findall(fields.get("original-envelope-id", ""))
    yield from _MESSAGE_ID.findall(prose)
    yield from filter(None, (message.in_reply_to, *reversed(message.references)))


# ---------------------------------------------------------------- fields (RFC 3464)


def _of_status_parts(found: Iterable[Leaf]) -> Iterator[Delivery]:
    for fields in _status_groups(found):
        named = (fields.get("final-recipient", ""), fields.get("original-recipient", ""))
        recipients = tuple(dict.fromkeys(filter(None, map(_recipient, named))))
        status = _ENHANCED.search(fields.get("status", ""))
        action = fields.get("action", "").split("(")[0].strip().lower()
        fate = _ACTIONS.get(action) or _CLASSES.get(status[1][0] if status else "")
        if recipients and fate is not None:
            kind, semicolon, said = fields.get("diagnostic-code", "").partition(";")
            yield Delivery(
                recipients, fate, status[1] if status else "", _shortened(said if semicolon else kind)
            )


def _status_groups(found: Iterable[Leaf]) -> Iterator[dict[str, str]]:
    """Yield the fields about the mail, then those about each recipient; blank lines part them."""
    for leaf in found:
        if leaf.media_type in _STATUS_PARTS:
            text = decode_bytes(leaf.content[:_LONGEST_WORDS], leaf.charset, leaf.head.hint).replace(
                "\r\n", "\n"
            )
            for group in re.split(r"\n[ \t]*\n", text)[: 2 * _MOST_RECIPIENTS]:
                yield from _fields(group)


def _fields(group: str) -> Iterator[dict[str, str]]:
    """Yield the fields of a group; one recipient's end where the next one's begin, if no blank line parts them."""
    fields: dict[str, str] = {}
    for line in re.sub(r"\n[ \t]+", " ", group).split("\n"):
        name, colon, value = line.partition(":")
        key = name.strip().lower()
        if colon and key == "final-recipient" and key in fields:
            yield fields
            fields = {}
        if colon:
            fields.setdefault(key, value.strip())
    yield fields


def _recipient(value: str) -> str:
    """The address in `rfc822; name@example.com`, in lower case."""
    address = value.partition(";")[2] or value
    return address.strip().strip("<>").strip().lower()


# ---------------------------------------------------------------- prose


def _of_prose(message: Message, prose: str, returned: Iterable[Head]) -> tuple[Delivery, ...]:
    """Read a bounce in prose: the addresses that it names before it quotes the mail, else those it was sent to."""
    own = re.split(
        r"(?im)^.*(below this line is a copy|original message (headers|follows)|原[邮郵]件内?容).*$", prose
    )[0]
    failed = ", ".join(message.header("x-failed-recipients"))
    named = _addresses(failed) or _addresses(own) or _addresses(" ".join(one.first("to") for one in returned))
    if not (named or message.in_reply_to):
        return ()
    fate = Fate.DELAYED if _DELAYED.search(f"{message.subject}\n{own}") else Fate.FAILED
    status = _ENHANCED.search(own)
    return (Delivery(named, fate, status[1] if status else "", _shortened(_reason(own, named))),)


def _addresses(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found.lower().strip(".'") for found in _ADDRESS.findall(text)))[
        :_MOST_RECIPIENTS
    ]


def _reason(prose: str, named: tuple[str, ...]) -> str:
    """The line of a bounce in prose that says why: one with a server's answer, else that which follows the address."""
    lines = [line.strip() for line in prose.splitlines() if line.strip()]
    telling = (line for line in lines if _ENHANCED.search(line) or _REPLY_CODE.search(line))
    said = _REASON.search(prose)
    plain = (line for line in lines if named and named[0] in line.lower())
    return next(telling, "") or (said[1] if said else "") or next(plain, "")


def _shortened(text: str) -> str:
    return one_line(text).strip()[:_LONGEST_DIAGNOSTIC]
