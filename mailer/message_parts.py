"""A mail taken apart: headers, and a tree of parts, each bounded, none of it believed.

The standard library's parser descends as deep as a mail asks it to and looks at every line once for each level; this
one bounds depth and number, and finds boundaries in one pass over the bytes, which a mail of attachments mostly is.
"""

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mailer.message_charsets import decode_bytes, is_plain
from mailer.message_parameters import parameters_of, stray_name
from mailer.message_words import decode_base64, decode_words, one_line

_DEEPEST = 20
_MOST_PARTS = 500
_LONGEST_HEAD = 256 * 2**10
_LONGEST_VALUE = 16 * 2**10
_MOST_HEADERS = 1000

_HEAD = re.compile(
    rb"(?:(?:From |[!-9;-~]*[ \t]*:|[ \t])[^\n]*(?:\n|\Z)"
    # Lines that gateways broke or added: no header ends just before a field that every mail has.
    rb"|(?<=\n)(?:[^\r\n][^\n]*\n){1,6}(?=(?:received|return-path|delivered-to|from|to|cc|subject|date|sender|reply-to"
    rb"|message-id|mime-version|content-type|content-transfer-encoding)[ \t]*:))*",
    re.IGNORECASE,
)
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*(.*)", re.DOTALL)
_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_BLANK_LINE = re.compile(rb"\n?(?:\r?\n)?")
# Patterns for every boundary: to compile one for each mail takes as long as reading the mail, unless it is long.
_ANY_DELIMITER = re.compile(rb"\n--([^\n]*)")
_END_OF_DELIMITER = re.compile(rb"(--)?[ \t]*\r?")
_LONG = 64 * 2**10  # bytes
_FIRST_LINE = re.compile(rb"\n--([^\r\n]{1,200})\r?\n")


@dataclass(frozen=True)
class Head:
    """Header fields in their order, names in lower case, values unfolded but not yet decoded words."""

    fields: tuple[tuple[str, str], ...]
    hint: str = ""  # a charset that some part of the mail names, for raw bytes without one

    def first(self, name: str) -> str:
        """The first value of a field, empty when there is none."""
        values = self._values.get(name)
        return values[0] if values else ""

    def every(self, name: str) -> list[str]:
        """All values of a field."""
        return list(self._values.get(name, ()))

    @cached_property
    def _values(self) -> dict[str, list[str]]:
        values: dict[str, list[str]] = {}
        for name, value in self.fields:
            values.setdefault(name, []).append(value)
        return values

    def text(self, name: str) -> str:
        """The first value of a field as one line of readable text."""
        return one_line(decode_words(self.first(name), self.hint))


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part without parts of its own, its transfer encoding undone."""

    head: Head
    media_type: str
    charset: str
    disposition: str  # "inline", "attachment" or empty
    name: str  # as the mail gives it, decoded; empty when it gives none
    content: bytes = field(repr=False)
    nested: bool  # it came inside a message/rfc822
    within: Head | None = None  # the header of the innermost such message


@dataclass(slots=True)
class Walk:
    """One pass through a mail: what is still allowed, and what was found wrong."""

    hint: str
    defects: list[str] = field(default_factory=list)
    parts_left: int = _MOST_PARTS
    within: Head | None = None  # the header of the forwarded message that the walk is in

    def defect(self, what: str) -> None:
        """Note what is wrong with the mail, once."""
        if what not in self.defects:
            self.defects.append(what)


def read_head(raw: memoryview, hint: str, defects: list[str] | None = None) -> tuple[Head, memoryview]:
    """The header of a message or part, and the rest beginning with the line break before it."""
    found = _HEAD.match(raw)
    end = found.end() if found else 0
    if end > _LONGEST_HEAD and defects is not None:
        defects.append("header cut: too long")
    fields = tuple(_fields(bytes(raw[: min(end, _LONGEST_HEAD)]), hint))
    return Head(fields, hint), raw[max(end - 1, 0) :]


def leaves(head: Head, body: memoryview, walk: Walk, depth: int = 0, nested: bool = False) -> Iterator[Leaf]:
    """Every part that is no container, in the order of the mail."""
    walk.parts_left -= 1
    media_type, parameters = _content_type(head)
    container = media_type.startswith("multipart/") or media_type == "message/rfc822"
    if container and depth >= _DEEPEST:
        walk.defect("nested too deeply")
    elif media_type == "message/rfc822":
        yield from _inside_message(head, body, walk, depth)
        return
    elif container and (boundary := _boundary(parameters, body, walk)):
        for part in _between(body, boundary, walk):
            if walk.parts_left <= 0:
                walk.defect("too many parts")
                break
            part_head, part_body = read_head(part, walk.hint, walk.defects)
            yield from leaves(_typed(part_head, media_type), part_body, walk, depth + 1, nested)
        return
    elif container:
        media_type = "text/plain"  # nothing parts it, so it is what it reads as
    yield _leaf(head, media_type, parameters, body, walk, nested)


def _fields(head: bytes, hint: str) -> Iterator[tuple[str, str]]:
    unfolded = _FOLD.sub(b"", head)
    plain = is_plain(unfolded)
    for line in unfolded.split(b"\n")[:_MOST_HEADERS]:
        found = _FIELD.match(line[:_LONGEST_VALUE].rstrip(b"\r"))
        if found is not None:
            value = found[2].decode("ascii") if plain else decode_bytes(found[2], hint=hint)
            yield found[1].decode("ascii").lower(), value.strip()


def _content_type(head: Head) -> tuple[str, Mapping[str, str]]:
    media_type, parameters = parameters_of(head.first("content-type"), head.hint)
    media_type = media_type.split()[0] if media_type.split() else ""
    if media_type.count("/") != 1 or not all(media_type.split("/")):
        media_type = "text/plain" if not media_type or media_type == "text" else "application/octet-stream"
    return media_type, parameters


def _typed(head: Head, container: str) -> Head:
    """In a digest, a part that does not say what it is is a mail (RFC 2046 5.1.5)."""
    if container == "multipart/digest" and not head.first("content-type"):
        return Head((*head.fields, ("content-type", "message/rfc822")), head.hint)
    return head


def _boundary(parameters: Mapping[str, str], body: memoryview, walk: Walk) -> bytes:
    named = parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
    if named and _stands_in(body, named):
        return named
    walk.defect("multipart without its boundary")
    first = _FIRST_LINE.search(body[:_LONGEST_HEAD])
    return bytes(first[1]).rstrip() if first else b""


def _stands_in(body: memoryview, boundary: bytes) -> bool:
    if len(body) > _LONG:
        return re.search(rb"\n--" + re.escape(boundary), body) is not None
    return any(line[1].startswith(boundary) for line in _ANY_DELIMITER.finditer(body))


def _between(body: memoryview, boundary: bytes, walk: Walk) -> Iterator[memoryview]:
    start = None
    for begin, end, is_last in _delimiters(body, boundary):
        if start is not None:
            yield body[start:begin]
        if is_last:
            return
        start = end + 1
    walk.defect("multipart without its end")
    if start is not None:
        yield body[start:]


def _delimiters(body: memoryview, boundary: bytes) -> Iterator[tuple[int, int, bool]]:
    """Where each delimiter begins and ends, and whether it is the last.

    A long body may hold millions of lines that only look like one, again at each of its levels: no loop of ours looks
    at them all.
    """
    if len(body) > _LONG:
        own = re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?=\n|\Z)")
        yield from ((found.start(), found.end(), found[1] is not None) for found in own.finditer(body))
        return
    for line in _ANY_DELIMITER.finditer(body):
        if line[1].startswith(boundary):
            rest = _END_OF_DELIMITER.fullmatch(line[1], len(boundary))
            if rest is not None:
                yield line.start(), line.end(), rest[1] is not None


def _inside_message(head: Head, body: memoryview, walk: Walk, depth: int) -> Iterator[Leaf]:
    encoding = _encoding(head)
    # RFC 2046 forbids to encode a forwarded mail; mailers do it all the same.
    content = _after_blank_line(body)
    if encoding not in ("", "7bit", "8bit", "binary"):
        content = memoryview(_decoded(bytes(content), encoding, walk))
    inner, rest = read_head(content, walk.hint, walk.defects)
    outer, walk.within = walk.within, inner
    yield from leaves(inner, rest, walk, depth + 1, nested=True)
    walk.within = outer


def _leaf(
    head: Head, media_type: str, parameters: Mapping[str, str], body: memoryview, walk: Walk, nested: bool
) -> Leaf:
    disposition, placed = parameters_of(head.first("content-disposition"), head.hint)
    content = bytes(_after_blank_line(body))
    return Leaf(
        head=head,
        media_type=media_type,
        charset=parameters.get("charset", ""),
        disposition="attachment" if disposition.startswith("attach") else disposition,
        name=one_line(placed.get("filename") or parameters.get("name") or _stray_name(head, media_type)),
        content=_decoded(_without_last_break(content), _encoding(head), walk),
        nested=nested,
        within=walk.within,
    )


def _stray_name(head: Head, media_type: str) -> str:
    """A name that a mailer put where none belongs; what a text is described as is no name of it."""
    found = stray_name(head.first("content-disposition"), head.hint)
    found = found or stray_name(head.first("content-type"), head.hint)
    if found or media_type in ("text/plain", "text/html"):
        return found
    described = stray_name(head.first("content-description"), head.hint)
    return described or stray_name(head.first("content-location").rpartition("/")[2], head.hint)


def _after_blank_line(body: memoryview) -> memoryview:
    """A body without the end of the header's last line and the blank line that parts them."""
    found = _BLANK_LINE.match(body)
    return body[found.end() :] if found else body


def _without_last_break(content: bytes) -> bytes:
    """The line break before a boundary belongs to the boundary (RFC 2046 5.1.1); its CR is still here."""
    return content[:-1] if content.endswith(b"\r") else content


def _encoding(head: Head) -> str:
    return (
        re.split(r"[;(]", head.first("content-transfer-encoding"), maxsplit=1)[0].strip().strip('"').lower()
    )


def _decoded(content: bytes, encoding: str, walk: Walk) -> bytes:
    plain = re.sub(r"[^a-z0-9]", "", encoding)  # "7-bit", "quoted printable", "Base 64"
    if plain in ("base64", "b64"):
        return decode_base64(content)
    if plain in ("quotedprintable", "qp"):
        return binascii.a2b_qp(content)
    if plain in ("xuuencode", "uuencode", "xuue", "uue"):
        return _uudecoded(content, walk)
    if plain not in ("", "7bit", "7bits", "8bit", "8bits", "binary", "plain", "none"):
        walk.defect(f"unknown transfer encoding {one_line(encoding)[:40]}")
    return content


def _uudecoded(content: bytes, walk: Walk) -> bytes:
    lines = content.splitlines()
    begin = next((number for number, line in enumerate(lines) if line.startswith(b"begin ")), None)
    decoded = bytearray()
    for line in lines[0 if begin is None else begin + 1 :]:
        if line.strip() in (b"end", b""):
            break
        # Some encoders pad a line beyond the length that its first character gives.
        length = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            decoded += binascii.a2b_uu(line[:length])
        except binascii.Error:
            walk.defect("broken uuencoding")
    return bytes(decoded)
