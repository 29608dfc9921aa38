"""Whose mail somebody passes on: as an attachment (message/rfc822), or in his text, in the styles of mail programs.

The mail programs of this trade begin a forwarded mail and a quoted one alike; what stands before the subject tells
them apart. All of it is told by whoever forwards: good enough to say whose a form is, never to prove anything.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mailer.letter import Address
from mailer.message_addresses import read_addresses
from mailer.message_automatic import automatic_reason
from mailer.message_parts import Head
from mailer.message_words import one_line

_MOST_LINES = 3000
_LONGEST_LINE = 500
_LONGEST_NAME = 80
_FAR = 4  # lines between a mark and the headers it announces
_LONGEST_BLOCK = 14  # lines of headers

_FORWARDS = re.compile(r"\s*(?:fwd?|wg|tr|rv|转[发寄]|轉[發寄]|転送)\s*[:：]", re.IGNORECASE)
_ANSWERS = re.compile(r"\s*(?:re|aw|sv|antw|回[复覆復]|答[复覆復])\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE)
_MARK = re.compile(  # says that a mail is forwarded, whatever the subject says
    r"[-—–=_*\s]*(?:begin )?forwarded (?:message|e-?mail|by)\b"
    r"|[-—–=_*\s]*(?:(?:下面|以下)是被?|[開开]始)?(?:[轉转][發发]|[轉转]寄)的?(?:[郵邮]件|信件|[訊讯]息|消息|信息)",
    re.IGNORECASE,
)
_ATTRIBUTION = re.compile(r".{3,300}(?:[写寫]道|来信|來信|wrote)\s*[:：]\s*", re.IGNORECASE)
_SENDER = r"from|[发發]件人|寄件[者人]|[发發]信人|发送[人者]|差出人|von|de|da"
_OTHERS = (
    r"sent|date|to|cc|subject|reply-to|importance|[发發]送(?:时间|日期|時間)|寄件日期|日期|时间|時間|日時|收件[人者]|抄送人?|副本|宛先"
    r"|主[题題旨]|件名|gesendet|datum|an|betreff|envoyé|à|objet|enviado|para|asunto"
)
_HEADER = re.compile(
    rf"[\s|>*_]*(?:(?P<sender>{_SENDER})|(?P<other>{_OTHERS}))[\s*_]*(?:[:：]|[|\t])[\s*]*(?P<value>.*)",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^\s@<>,;:\"'()\[\]|*]{1,64}@[^\s@<>,;:\"'()\[\]|*]{1,190}")


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail that somebody passes on. Its sender's address may be unknown: some programs give the name alone.

    `attached`: it lies in the mail as a message of its own, whose Message-ID is known. `automatic`: no person wrote it.
    """

    sender: Address
    message_id: str = ""
    attached: bool = False
    automatic: bool = False


def attached(head: Head) -> Forwarded | None:
    """Whose mail lies in another as a message/rfc822, by its header; None where that names nobody."""
    senders = read_addresses(head.first("from") or head.first("sender"), head.hint)
    if not senders:
        return None
    identifier = re.search(r"<[^<>\s]{1,990}>", head.first("message-id"))
    return Forwarded(
        sender=_bounded(senders[0]),
        message_id=identifier[0] if identifier else "",
        attached=True,
        automatic=bool(automatic_reason(head, senders[0].email)),
    )


def in_text(subject: str, text: str) -> Forwarded | None:
    """Whose mail stands below a person's own words; None for a reply that quotes, and where no sender is named."""
    lines = [
        line[:_LONGEST_LINE].lstrip("> \t\ufeff\u200b")
        for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]
    ]
    said = bool(_FORWARDS.match(subject))
    if _ANSWERS.match(subject):
        return None
    for index, line in enumerate(lines):
        if _MARK.match(line) and (found := _announced(lines, index + 1)):
            return found
        if _ATTRIBUTION.fullmatch(line):
            return None
        if _is_sender(line):
            return _announced(lines, index) if said else None
    return None


def _announced(lines: Sequence[str], start: int) -> Forwarded | None:
    """The sender named by the headers that begin at or shortly below a line."""
    found = dict(_headers(lines, start))
    named = found.pop("sender", "")
    if not named or not found:  # one line alone may be a sentence
        return None
    sender = _address(named)
    return Forwarded(sender=sender) if sender.email or sender.name else None


def _headers(lines: Sequence[str], start: int) -> Iterator[tuple[str, str]]:
    """The headers below a line, by name, the sender's as `sender`; a value may stand in the line below its name."""
    last, begun = start, False
    for index in range(start, min(start + _FAR + _LONGEST_BLOCK, len(lines))):
        header = _HEADER.match(lines[index])
        if header is None:
            if index - last >= _FAR or (begun and not lines[index].strip(" |-:")):
                return
            continue
        value = header["value"].strip() or next((line for line in lines[index + 1 : index + 2]), "")
        last, begun = index, True
        yield (header["other"] or "sender").lower(), value


def _is_sender(line: str) -> bool:
    header = _HEADER.match(line)
    return header is not None and header["sender"] is not None


def _address(value: str) -> Address:
    """`Name <a@b>`, `Name [mailto:a@b]`, `"Name"<a@b>;`, `a@b<mailto:a@b>`, or a name alone."""
    email = _EMAIL.search(re.sub(r"mailto:", "", value, flags=re.IGNORECASE))
    name = one_line(re.split(r"[<\[(|;；]", value)[0]).strip("\"'*“”‘’ ,，")
    if email is None:
        return _bounded(Address(email="", name=name))
    found = email[0].strip(".*_")
    return _bounded(Address(email=found, name="" if name.startswith(found) else name))


def _bounded(address: Address) -> Address:
    return Address(email=address.email[:254], name=one_line(address.name)[:_LONGEST_NAME])
