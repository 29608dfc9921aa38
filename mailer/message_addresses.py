"""Who wrote, and to whom: addresses as RFC 5322 and everybody else writes them."""

import re
from collections.abc import Iterator

from mailer.letter import Address
from mailer.message_words import CONTROLS, decode_words, one_line

_ADDRESS = re.compile(
    r"""(?:"(?:[^"\\\r\n]|\\.)+"|[^\s@<>,;:"()\[\]\\]+)@(?:\[[^\[\]\s]+\]|[^\s@<>,;:"()\[\]\\]+)"""
)
_BARE = re.compile(_ADDRESS.pattern)
_MOST_ADDRESSES = 500


def read_addresses(value: str, hint: str = "") -> tuple[Address, ...]:
    """The mailboxes of a From, To or Reply-To field; groups are opened, what names nobody is left out.

    A mailbox whose address cannot be read has an empty `email`. Names are decoded after the field is split, so that a
    comma or an angle bracket inside an encoded name means nothing.
    """
    found = []
    for text in _mailboxes(CONTROLS.sub("", value)):
        address = _read_mailbox(text, hint)
        if address is not None:
            found.append(address)
        if len(found) >= _MOST_ADDRESSES:
            break
    return tuple(found)


def _mailboxes(value: str) -> Iterator[str]:
    """Cut at commas and semicolons, but not inside quotes, comments or angle brackets."""
    if "," not in value and ";" not in value:
        yield value
        return
    piece: list[str] = []
    quoted = escaped = angled = False
    comments = 0
    for character in value:
        if not (quoted or comments or angled) and character in ",;":
            yield "".join(piece)
            piece = []
            continue
        piece.append(character)
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = quoted or comments > 0
        elif character == '"' and not comments:
            quoted = not quoted
        elif not quoted:
            comments = max(0, comments + (character == "(") - (character == ")"))
            angled = (angled or character == "<") and character != ">"
    yield "".join(piece)


def _read_mailbox(text: str, hint: str) -> Address | None:
    bare, comments = _without_comments(text)
    name, email = _angled(bare)
    if email is None:
        name, email = _unangled(bare)
    shown = one_line(decode_words(_unquoted(name), hint)) or one_line(decode_words(comments, hint))
    if not email and not shown:
        return None
    return Address(email=email, name=shown)


def _angled(text: str) -> tuple[str, str | None]:
    """`name <address>`: the last pair of angle brackets outside quotes counts, whatever the name looks like."""
    blind = re.sub(r'"(?:[^"\\]|\\.)*"', lambda quoted: "\0" * len(quoted[0]), text)
    start = blind.rfind("<")
    if start < 0:
        return "", None
    end = blind.find(">", start)
    inner = text[start + 1 : end if end >= 0 else len(text)].strip()
    inner = inner.rpartition(":")[2] if inner.startswith("@") else inner  # an old source route
    inner = re.sub(r"^mailto:", "", inner, flags=re.IGNORECASE)
    return _after_group(text[:start]), inner if _ADDRESS.fullmatch(inner) else ""


def _unangled(text: str) -> tuple[str, str]:
    """`address` alone, or among words without brackets; two of them are none, for who would be meant?"""
    text = _after_group(text).strip().strip("'")
    if _ADDRESS.fullmatch(text):
        return "", text
    found = [word for word in text.split() if "@" in word]
    if len(found) == 1 and _BARE.fullmatch(found[0]) and '"' not in text:
        return text.replace(found[0], " "), found[0]
    return text, ""


def _after_group(text: str) -> str:
    """`Group: member` without the group's name; a colon inside quotes or an encoded word is none."""
    head, colon, rest = text.partition(":")
    return rest if colon and '"' not in head and "=?" not in head and "@" not in head else text


def _without_comments(text: str) -> tuple[str, str]:
    """The text without what stands in parentheses outside quotes, and the words that stood there."""
    if "(" not in text:
        return text, ""
    kept: list[str] = []
    comments: list[str] = []
    depth = 0
    quoted = False
    for character in text:
        if character == '"' and depth == 0:
            quoted = not quoted
        if character == "(" and not quoted:
            depth += 1
        elif character == ")" and depth and not quoted:
            depth -= 1
            comments.append(" ")
        else:
            (comments if depth else kept).append(character)
    return "".join(kept), "".join(comments)


def _unquoted(name: str) -> str:
    name = name.strip()
    if len(name) >= 2 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name.replace('"', "")
