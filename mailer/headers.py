"""Headers that the standard library folds in ways that lose text or that mail programs do not understand.

- Subject, From, To, Reply-To: folding a mix of ASCII and Chinese loses or adds blanks (Python 3.11 to 3.13). Here all
  from the first word that needs it goes into RFC 2047 words, between which blanks do not count.
- Message-ID, References, In-Reply-To: an id longer than a line (Microsoft 365 makes them) would be turned into an
  encoded word, and the thread would break. Here ids stay whole, one a line.
- The four above are kept as they are given. The standard library takes encoded words in a text for its own and decodes
  them, line breaks too: a customer called `=?utf-8?q?=0D=0ABcc:...?=` would write headers of our mails.
- Content-Type `name`: the standard library writes RFC 2231, which stands in Content-Disposition anyway. Outlook and
  several Chinese mail programs read a long name, cut into RFC 2231 pieces, wrongly, but read RFC 2047 here.
"""

from collections.abc import Callable
from email.header import Header
from email.headerregistry import (
    Address,
    AddressHeader,
    ContentTypeHeader,
    HeaderRegistry,
    UniqueUnstructuredHeader,
)
from email.policy import EmailPolicy
from typing import Any

_LINE = 72
_BREAK = "\r\n"


class MailPolicy(EmailPolicy):
    """`email.policy.SMTP` with the headers above written by our own hand."""

    def fold(self, name: str, value: str) -> str:
        """Write one header with its line ends."""
        write = _WRITERS.get(name.lower())
        written = write(value) if write else None
        return super().fold(name, value) if written is None else f"{name}: {written}{_BREAK}"

    def fold_binary(self, name: str, value: str) -> bytes:
        """Write one header as bytes: ASCII, but for an address that only SMTPUTF8 can carry (RFC 6532)."""
        return self.fold(name, value).encode("utf-8", "surrogateescape")


def _phrase(value: str) -> str:
    words = str(value).split(" ")
    plain = next((place for place, word in enumerate(words) if not _is_plain(word)), len(words))
    head, rest = " ".join(words[:plain]), " ".join(words[plain:])
    return f"{head}{_BREAK} {_encoded(rest)}" if rest else head


def _mailboxes(value: str) -> str | None:
    addresses: tuple[Address, ...] = value.addresses if isinstance(value, AddressHeader) else ()
    return f",{_BREAK} ".join(map(_mailbox, addresses)) or None


def _mailbox(address: Address) -> str:
    if _is_plain(address.display_name):
        return str(address)
    return f"{_encoded(address.display_name)}{_BREAK} <{address.addr_spec}>"


def _message_ids(value: str) -> str:
    return f"{_BREAK} ".join(str(value).split())


def _content_type(value: str) -> str | None:
    if not isinstance(value, ContentTypeHeader):
        return None
    file_name = str(value.params.get("name", ""))
    return None if _is_plain(file_name) else f'{value.content_type};{_BREAK} name="{_encoded(file_name)}"'


def _is_plain(text: str) -> bool:
    """Tell whether `text` may stand as it is: ASCII, of bearable length, nothing that looks encoded."""
    return text.isascii() and len(text) <= _LINE and "=?" not in text


def _encoded(text: str) -> str:
    return Header(text, "utf-8", maxlinelen=_LINE).encode(linesep=_BREAK)


# A writer that answers None leaves the header to the standard library.
_WRITERS: dict[str, Callable[[str], str | None]] = {
    "subject": _phrase,
    "from": _mailboxes,
    "to": _mailboxes,
    "reply-to": _mailboxes,
    "message-id": _message_ids,
    "references": _message_ids,
    "in-reply-to": _message_ids,
    "content-type": _content_type,
}


class _AsGiven(UniqueUnstructuredHeader):
    """A header whose text means what it says: nothing in it is decoded."""

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        super().parse("", kwds)
        kwds["decoded"] = value


def _registry() -> HeaderRegistry:
    registry = HeaderRegistry()
    for name in ("subject", "message-id", "references", "in-reply-to"):
        registry.map_to_type(name, _AsGiven)  # type: ignore[arg-type] # as the library's own classes do
    return registry


POLICY = MailPolicy(linesep=_BREAK, header_factory=_registry())
