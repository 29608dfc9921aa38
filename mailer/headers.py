"""Headers that the standard library folds in ways that lose text or that mail programs do not understand.

- Subject, From, To, Reply-To: folding a mix of ASCII and Chinese loses or adds blanks (Python 3.11 to 3.13). Here all
  from the first word that needs it goes into RFC 2047 words, between which blanks do not count.
- Message-ID, References, In-Reply-To: an id longer than a line (Microsoft 365 makes them) would be turned into an
  encoded word, and the thread would break. Here ids stay whole, one a line.
- Content-Type `name`: the standard library writes RFC 2231, which stands in Content-Disposition anyway. Outlook and
  several Chinese mail programs read a long name, cut into RFC 2231 pieces, wrongly, but read RFC 2047 here.
"""

from email.header import Header
from email.headerregistry import (
    Address,
    ContentTypeHeader,
    HeaderRegistry,
    UniqueAddressHeader,
    UniqueUnstructuredHeader,
)
from email.policy import SMTP, EmailPolicy, Policy

_LINE = 72


class _Phrase(UniqueUnstructuredHeader):
    name: str

    def fold(self, *, policy: Policy) -> str:
        words = str(self).split(" ")
        plain = next((place for place, word in enumerate(words) if not _is_plain(word)), len(words))
        head, rest = " ".join(words[:plain]), " ".join(words[plain:])
        encoded = f"{policy.linesep} {_encoded(rest, policy)}" if rest else ""
        return f"{self.name}: {head}{encoded}{policy.linesep}"


class _Mailboxes(UniqueAddressHeader):
    name: str
    addresses: tuple[Address, ...]

    def fold(self, *, policy: Policy) -> str:
        written = f",{policy.linesep} ".join(_mailbox(address, policy) for address in self.addresses)
        return f"{self.name}: {written}{policy.linesep}"


class _MessageIds(UniqueUnstructuredHeader):
    name: str

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {f'{policy.linesep} '.join(str(self).split())}{policy.linesep}"


class _ContentType(ContentTypeHeader):
    name: str

    def fold(self, *, policy: Policy) -> str:
        file_name = str(self.params.get("name", ""))
        if _is_plain(file_name):
            return str(super().fold(policy=policy))
        words = _encoded(file_name, policy)
        return f'{self.name}: {self.content_type};{policy.linesep} name="{words}"{policy.linesep}'


def _mailbox(address: Address, policy: Policy) -> str:
    if _is_plain(address.display_name):
        return str(address)
    return f"{_encoded(address.display_name, policy)}{policy.linesep} <{address.addr_spec}>"


def _is_plain(text: str) -> bool:
    """Tell whether `text` may stand as it is: ASCII, of bearable length, nothing that looks encoded."""
    return text.isascii() and len(text) <= _LINE and "=?" not in text


def _encoded(text: str, policy: Policy) -> str:
    return Header(text, "utf-8", maxlinelen=_LINE).encode(linesep=policy.linesep)


def _policy() -> EmailPolicy:
    registry = HeaderRegistry()
    registry.map_to_type("subject", _Phrase)
    registry.map_to_type("content-type", _ContentType)
    for name in ("from", "to", "reply-to"):
        registry.map_to_type(name, _Mailboxes)
    for name in ("references", "in-reply-to", "message-id"):
        registry.map_to_type(name, _MessageIds)
    return SMTP.clone(header_factory=registry)


POLICY = _policy()
