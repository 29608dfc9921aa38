"""What goes before a mail's text: who sends it to whom, how large it is, and how its fate is to be told.

Each extension is used where the server offers it: SIZE (RFC 1870), DSN (RFC 3461), SMTPUTF8 (RFC 6531).
"""

import smtplib
from dataclasses import dataclass, field
from email.generator import BytesGenerator
from email.message import EmailMessage
from io import BytesIO

_LONGEST_ID = 100  # RFC 3461, 4.4
_AS_THEY_ARE = frozenset(range(0x21, 0x7F)) - {ord("+"), ord("=")}


class ImpossibleAddress(ValueError):
    """An address that no mail can be handed in for here; the message says why."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail ready to be handed in. `content` is its text as it goes over the wire, with the ending dot.

    `utf8`: an address has signs before its @ that only SMTPUTF8 can carry.
    """

    sender: str
    recipient: str
    message_id: str
    utf8: bool
    content: bytes = field(repr=False)

    @classmethod
    def of(cls, message: EmailMessage, recipient: str) -> "Envelope":
        """Put `message` for `recipient` into an envelope; ImpossibleAddress where SMTP has no form for an address."""
        sender = carried(str(message["From"].addresses[0].addr_spec))
        to = carried(recipient)
        utf8 = not (sender + to).isascii()
        return cls(sender, to, str(message["Message-ID"] or ""), utf8, wire(message, utf8=utf8))


def carried(address: str) -> str:
    """Return an address as an envelope carries it, its domain in ASCII (RFC 5890); ImpossibleAddress if it is none."""
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or any(sign <= " " or sign in "<>" for sign in address):
        raise ImpossibleAddress(f"{address!r} is not an address SMTP can carry")
    try:
        return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise ImpossibleAddress(f"{address!r} has a domain that no name server can know") from None


def wire(message: EmailMessage, *, utf8: bool = False) -> bytes:
    """Return the message as it goes over the wire: CRLF, dots doubled, ended by the lone dot (RFC 5321, 4.5.2)."""
    buffer = BytesIO()
    policy = message.policy.clone(linesep="\r\n", utf8=utf8)  # type: ignore[call-arg] # of every EmailPolicy
    BytesGenerator(buffer, policy=policy).flatten(message)
    content = buffer.getvalue()
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    return (
        b"\r\n".join(b"." + line if line.startswith(b".") else line for line in content.split(b"\r\n"))
        + b".\r\n"
    )


def most_bytes(connection: smtplib.SMTP) -> int:
    """Return how large a mail the server takes (RFC 1870), 0 where it names no limit."""
    said = connection.esmtp_features.get("size", "") if connection.has_extn("size") else ""
    return int(said) if said.isdecimal() else 0


def of_sender(connection: smtplib.SMTP, envelope: Envelope, *, dsn: bool) -> list[str]:
    """Return the parameters of MAIL FROM: the size, and an ENVID that a bounce repeats: the Message-ID unbracketed."""
    found = [f"size={len(envelope.content)}"] if connection.has_extn("size") else []
    if envelope.utf8:
        found += ["body=8bitmime", "smtputf8"]
    if dsn:
        found.append("RET=HDRS")
        identity = xtext(envelope.message_id.strip().strip("<>"))
        found += [f"ENVID={identity}"] if 0 < len(identity) <= _LONGEST_ID else []
    return found


def of_recipient(envelope: Envelope, *, dsn: bool) -> list[str]:
    """Return the parameters of RCPT TO: to be told of failure and delay, never of success."""
    if not dsn:
        return []
    original = [] if envelope.utf8 else [f"ORCPT=rfc822;{xtext(envelope.recipient)}"]
    return ["NOTIFY=FAILURE,DELAY", *original]


def xtext(text: str) -> str:
    """Write text as RFC 3461, section 4 wants it: what is no plain sign as `+` and two hexadecimal digits."""
    return "".join(
        chr(byte) if byte in _AS_THEY_ARE else f"+{byte:02X}" for byte in text.encode("utf-8", "replace")
    )
