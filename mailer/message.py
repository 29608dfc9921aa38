"""A mail as the intake sees it: who wrote it, what it answers, its words, and every file in it.

`read_message` reads any bytes and never raises: one broken mail must not stop those behind it. What is odd about a
mail stands in its `defects`.
"""

import hashlib
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from mailer.letter import Address
from mailer.message_addresses import read_addresses
from mailer.message_archives import Bounds, Unopened, is_zip
from mailer.message_automatic import automatic_reason
from mailer.message_charsets import decode_bytes
from mailer.message_forwarded import Forwarded, attached, in_text
from mailer.message_html import html_text
from mailer.message_names import file_name
from mailer.message_parts import Head, Leaf, Walk, leaves, read_head
from mailer.message_unpacking import Carried, Unpacking
from mailer.message_winmail import is_winmail
from mailer.message_words import CONTROLS

__all__ = [
    "Address",
    "Attachment",
    "Forwarded",
    "Message",
    "Unopened",
    "head_of",
    "is_spreadsheet",
    "read_message",
]

_LONGEST_TEXT = 1_000_000  # characters
_MOST_REFERENCES = 200
_MESSAGE_ID = re.compile(r"<([^<>]{1,990})>")
_LABELS = (  # each with what it begins with, which is found many times faster than a pattern
    (b"charset", re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,40})")),
    (b"=?", re.compile(rb"=\?([A-Za-z0-9_.:-]{2,40})\?[bBqQ]\?")),
)
_LABELS_WITHIN = 2**18  # bytes
_NO_HINT = {b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1"}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# What Exchange gives in place of a mail that it cannot convert: as the subject, in some versions as the text.
_EXCHANGE_NOTICE = "Retrieval using the IMAP4 protocol failed"
PLACEHOLDER = "the server put a notice in place of the mail"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file in a mail, with a base name that is safe to write. `inline` ones are shown in the text, as logos are.

    `forwarded`: it lay in a mail that lies in this one.
    `unopened` tells of an archive which files in it were not opened ("" for all of it), and why; the others stand
    beside it as attachments of their own, "archive.zip › form.xlsx".
    """

    name: str
    media_type: str
    content: bytes = field(repr=False)
    sha256: str
    inline: bool
    forwarded: Forwarded | None = None
    unopened: tuple[tuple[str, Unopened], ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A mail. Message-IDs keep their angle brackets; what a mail lacks is empty.

    `automatic_reason` names the header that shows that no person wrote it: such a mail is never answered, but its
    forms count. `headers` are all fields with names in lower case, in their order. `html` is its own first page, as it
    came. `forwarded` is the mail that it passes on.
    """

    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    sender: Address = field(default_factory=lambda: Address(email=""))
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    subject: str = field(default="", repr=False)
    date: datetime | None = None
    text: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    forwarded: Forwarded | None = None
    attachments: tuple[Attachment, ...] = ()
    automatic_reason: str = ""
    defects: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def automatic(self) -> bool:
        """Whether the mail must never be answered (RFC 3834)."""
        return bool(self.automatic_reason)

    @property
    def is_placeholder(self) -> bool:
        """Whether it is only a server's notice that it cannot hand the mail over."""
        return PLACEHOLDER in self.defects

    def header(self, name: str) -> tuple[str, ...]:
        """All values of a header field, topmost first."""
        return tuple(value for key, value in self.headers if key == name.lower())


def read_message(raw: bytes) -> Message:
    """Read a mail, whatever its bytes are."""
    try:
        return _read(_with_line_feeds(raw))
    except Exception as error:
        return Message(defects=(f"unreadable: {type(error).__name__}",))


def head_of(raw: bytes) -> bytes:
    """Return the header of a mail as a mail of its own: reading it is many times cheaper than reading all of it."""
    ends = [end for blank in (b"\r\n\r\n", b"\n\n") if (end := raw.find(blank)) >= 0]
    return raw[: min(ends)] + b"\r\n\r\n" if ends else raw


def envelope(raw: bytes) -> tuple[str, str]:
    """Return a mail's Message-ID and its sender's address without reading the rest; never raises."""
    try:
        head, _ = read_head(memoryview(_with_line_feeds(head_of(raw))), "")
        senders = read_addresses(head.first("from") or head.first("sender"))
        return _message_id(head.first("message-id")), senders[0].email if senders else ""
    except Exception:
        return "", ""


def is_spreadsheet(attachment: Attachment) -> bool:
    """Whether a file is a workbook by its bytes: .xlsx, .xlsm, .xlsb, .ods, or .xls; encrypted and damaged ones too.

    Text, presentations and mails in the same containers are none; a container that shows no contents counts as one,
    so that the reader refuses it with a reason instead of nobody looking.
    """
    content = attachment.content
    if content.startswith(_OLE):
        return b"W\0o\0r\0k\0b\0o\0o\0k\0" in content or not any(other in content for other in _OTHER_OLE)
    if not content.startswith(b"PK") or is_zip(content, attachment.name, attachment.media_type):
        return False  # a workbook in an archive, perhaps not packed any more, does not make the archive one
    if _has_entry(content, b"xl/") or b"application/vnd.oasis.opendocument.spreadsheet" in content[:200]:
        return True
    return _has_entry(content, b"[Content_Types].xml") and not any(
        _has_entry(content, other) for other in _OTHER_ZIP
    )


_OTHER_OLE = tuple(
    name.encode("utf-16-le") for name in ("WordDocument", "PowerPoint Document", "__substg1.0_")
)
_OTHER_ZIP = (b"word/", b"ppt/", b"visio/")


def _has_entry(archive: bytes, start: bytes) -> bool:
    """Whether a zip file names an entry that begins with `start`, in its directory or before an entry itself."""
    at = archive.find(start)
    while at >= 0:
        for signature, length_at, before in ((b"PK\x01\x02", 28, 46), (b"PK\x03\x04", 26, 30)):
            head = archive[at - before : at] if at >= before else b""
            if head.startswith(signature) and struct.unpack_from("<H", head, length_at)[0] >= len(start):
                return True
        at = archive.find(start, at + 1)
    return False


def _read(raw: bytes) -> Message:
    hint = _charset_hint(raw)
    walk = Walk(hint)
    head, body = read_head(memoryview(raw), hint, walk.defects)
    found = list(leaves(head, body, walk))
    senders = read_addresses(head.first("from") or head.first("sender"), hint)
    sender = senders[0] if senders else Address(email="")
    words = [leaf for leaf in found if _is_text(leaf)]
    unpacking = Unpacking(walk, Bounds.of_mail(len(raw)))
    files = [(file, leaf.within) for leaf in found if not _is_text(leaf) for file in unpacking.files(leaf)]
    attachments = _attachments(files)
    text = _text(words, walk) or unpacking.spare_text[:_LONGEST_TEXT]
    _note_oddities(head, senders, walk)
    _note_placeholder(head, text, attachments, walk)
    if not text and not attachments:
        walk.defect(
            "only a forwarded mail, without files" if any(leaf.nested for leaf in words) else "nothing in it"
        )
    return Message(
        message_id=_message_id(head.first("message-id")),
        in_reply_to=next(iter(_message_ids(head.first("in-reply-to"))), ""),
        references=_message_ids(" ".join(head.every("references")))[-_MOST_REFERENCES:],
        sender=sender,
        reply_to=read_addresses(head.first("reply-to"), hint),
        to=read_addresses(", ".join(head.every("to")), hint),
        subject=head.text("subject"),
        date=_date(head.first("date")),
        text=text,
        html=_html(words),
        forwarded=_forwarded(head.text("subject"), text, found),
        attachments=attachments,
        automatic_reason=automatic_reason(head, sender.email),
        defects=tuple(walk.defects),
        headers=head.fields,
    )


def _with_line_feeds(raw: bytes) -> bytes:
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    return raw if b"\n" in raw else raw.replace(b"\r", b"\n")


def _charset_hint(raw: bytes) -> str:
    """The first charset the mail names that tells something about its raw 8-bit bytes."""
    for beginning, pattern in _LABELS:
        at = raw.find(beginning, 0, _LABELS_WITHIN)
        while at >= 0:
            found = pattern.match(raw, at, _LABELS_WITHIN)
            if found is not None and (label := found[1].lower()) not in _NO_HINT:
                return label.decode("ascii")
            at = raw.find(beginning, at + 1, _LABELS_WITHIN)
    return ""


def _note_oddities(head: Head, senders: tuple[Address, ...], walk: Walk) -> None:
    if len(head.every("from")) > 1 or len(senders) > 1:
        walk.defect("several senders")
    elif not senders or not senders[0].email:
        walk.defect("no sender")


def _note_placeholder(head: Head, text: str, attachments: tuple[Attachment, ...], walk: Walk) -> None:
    """Note what is no mail; somebody who forwards such a notice with the form that it kept back writes one."""
    if attachments or head.first("in-reply-to"):
        return
    if text.startswith(_EXCHANGE_NOTICE) or head.text("subject").startswith(_EXCHANGE_NOTICE):
        walk.defect(PLACEHOLDER)


def _is_text(leaf: Leaf) -> bool:
    """Whether a part is what a mail says, rather than a file it carries."""
    if leaf.media_type not in ("text/plain", "text/html") or leaf.name or leaf.disposition == "attachment":
        return False
    return not _is_office_file(leaf.content) and not is_winmail("", leaf.content)


def _is_office_file(content: bytes) -> bool:
    return content.startswith((b"PK\x03\x04", _OLE))


def _text(words: list[Leaf], walk: Walk) -> str:
    """The plain text of the mail itself; its HTML as text where there is no plain part, or an empty one.

    A forwarded mail's words are somebody else's, and are not taken.
    """
    own = [leaf for leaf in words if not leaf.nested]
    plain = [_words(leaf) for leaf in own if leaf.media_type == "text/plain"]
    text = "\n".join(part for part in plain if part.strip())
    if not text:
        pages = [html_text(_words(leaf)[:_LONGEST_TEXT]) for leaf in own if leaf.media_type == "text/html"]
        text = "\n".join(page for page in pages if page)
    if len(text) > _LONGEST_TEXT:
        walk.defect("text cut: too long")
    return text[:_LONGEST_TEXT]


def _html(words: list[Leaf]) -> str:
    pages = (leaf for leaf in words if leaf.media_type == "text/html" and not leaf.nested)
    return next((_words(page)[:_LONGEST_TEXT] for page in pages), "")


def _forwarded(subject: str, text: str, found: list[Leaf]) -> Forwarded | None:
    """The mail that is passed on: the first one attached, else the one in the text."""
    heads = (leaf.within for leaf in found if leaf.within is not None)
    known = (attached(head) for head in heads)
    return next((one for one in known if one is not None), None) or in_text(subject, text)


def _words(leaf: Leaf) -> str:
    text = decode_bytes(leaf.content[: 4 * _LONGEST_TEXT], leaf.charset, leaf.head.hint)
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def _attachments(files: Iterable[tuple[Carried, Head | None]]) -> tuple[Attachment, ...]:
    found: list[Attachment] = []
    for file, within in files:
        if not file.content and not file.name:
            continue  # an empty part that is nothing
        found.append(
            Attachment(
                name=file_name(file.name, file.media_type, file.content, number=len(found) + 1),
                media_type=file.media_type,
                content=file.content,
                sha256=hashlib.sha256(file.content).hexdigest(),
                inline=file.shown,
                unopened=file.unopened,
                forwarded=None if within is None else attached(within),
            )
        )
    return tuple(found)


def _message_ids(value: str) -> tuple[str, ...]:
    """Every Message-ID in a value; words with an @ where the brackets are missing."""
    value = CONTROLS.sub("", value)
    bracketed = [re.sub(r"\s", "", found) for found in _MESSAGE_ID.findall(value)]
    found = bracketed or [word.strip("<>,;") for word in value.split() if "@" in word and len(word) < 990]
    return tuple(f"<{identifier}>" for identifier in dict.fromkeys(found) if identifier)


def _message_id(value: str) -> str:
    found = _message_ids(value)
    if found:
        return found[0]
    bare = re.sub(r"[\s<>]", "", CONTROLS.sub("", value))[:990]
    return f"<{bare}>" if bare else ""


def _date(value: str) -> datetime | None:
    """The Date field as an aware time (no zone counts as UTC), None when it is none."""
    try:
        found = parsedate_to_datetime(value[:200])
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
