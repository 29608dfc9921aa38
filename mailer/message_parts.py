"""A mail taken apart: headers, and a tree of parts, each bounded, none of it believed.

The standard library's parser descends as deep as a mail asks it to and looks at every line once for each level; this
one bounds depth and number, and finds boundaries in one pass over the bytes, which a mail of attachments mostly is.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mailer.message_words import decode_base64, decode_bytes, decode_percent, decode_words, one_line

_DEEPEST = 20
_MOST_PARTS = 500
_LONGEST_HEAD = 256 * 2**10
_LONGEST_VALUE = 16 * 2**10
_MOST_HEADERS = 1000

_HEAD = re.compile(rb"(?:(?:From |[!-9;-~]*[ \t]*:|[ \t])[^\n]*(?:\n|\Z))*")
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*(.*)", re.DOTALL)
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)', re.DOTALL)
_SECTION = re.compile(r"(.+?)(?:\*(\d{1,3}))?(\*)?")
_BLANK_LINE = re.compile(rb"\n?(?:\r?\n)?")
_FIRST_LINE = re.compile(rb"\n--([^\r\n]{1,200})\r?\n")


@dataclass(frozen=True, slots=True)
class Head:
    """Header fields in their order, names in lower case, values unfolded but not yet decoded words."""

    fields: tuple[tuple[str, str], ...]
    hint: str = ""  # a charset that some part of the mail names, for raw bytes without one

    def first(self, name: str) -> str:
        """The first value of a field, empty when there is none."""
        return next((value for key, value in self.fields if key == name), "")

    def every(self, name: str) -> list[str]:
        """All values of a field."""
        return [value for key, value in self.fields if key == name]

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


def parameters_of(value: str, hint: str) -> tuple[str, dict[str, str]]:
    """A value like Content-Type's: what stands first, in lower case, and its parameters, decoded (RFC 2231, 2047)."""
    value = value[:_LONGEST_VALUE]
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for parameter in _PARAMETER.finditer(value):
        parts = _SECTION.fullmatch(parameter[1].lower())
        if parts is not None:
            section = (_unquoted(parameter[2]), parts[3] is not None)
            # An extended value goes before a plain one of the same name, which is meant for old readers.
            name = parts[1] if parts[2] is None and parts[3] is None else parts[1] + "*"
            sections.setdefault(name, {}).setdefault(int(parts[2] or 0), section)
    values = {name: _joined(found, hint) for name, found in sections.items()}
    plain = {name: found for name, found in values.items() if not name.endswith("*")}
    extended = {name[:-1]: found for name, found in values.items() if name.endswith("*") and found}
    return value.partition(";")[0].strip().lower(), {**plain, **extended}


def _fields(head: bytes, hint: str) -> Iterator[tuple[str, str]]:
    unfolded = re.sub(rb"\r?\n(?=[ \t])", b"", head)
    for line in unfolded.split(b"\n")[:_MOST_HEADERS]:
        found = _FIELD.match(line[:_LONGEST_VALUE].rstrip(b"\r"))
        if found is not None:
            yield found[1].decode("ascii").lower(), decode_bytes(found[2], hint=hint).strip()


def _content_type(head: Head) -> tuple[str, dict[str, str]]:
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


def _boundary(parameters: dict[str, str], body: memoryview, walk: Walk) -> bytes:
    named = parameters.get("boundary", "").rstrip().encode("utf-8", "replace")
    if named and re.search(rb"(?:\A|\n)--" + re.escape(named), body):
        return named
    walk.defect("multipart without its boundary")
    first = _FIRST_LINE.search(body[:_LONGEST_HEAD])
    return bytes(first[1]).rstrip() if first else b""


def _between(body: memoryview, boundary: bytes, walk: Walk) -> Iterator[memoryview]:
    line = re.compile(rb"\n--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?=\n|\Z)")
    start = None
    for found in line.finditer(body):
        if start is not None:
            yield body[start : found.start()]
        if found[1]:
            return
        start = found.end() + 1
    walk.defect("multipart without its end")
    if start is not None:
        yield body[start:]


def _inside_message(head: Head, body: memoryview, walk: Walk, depth: int) -> Iterator[Leaf]:
    encoding = _encoding(head)
    # RFC 2046 forbids to encode a forwarded mail; mailers do it all the same.
    content = _after_blank_line(body)
    if encoding in ("base64", "quoted-printable"):
        content = memoryview(_decoded(bytes(content), encoding, walk))
    inner, rest = read_head(content, walk.hint, walk.defects)
    outer, walk.within = walk.within, inner
    yield from leaves(inner, rest, walk, depth + 1, nested=True)
    walk.within = outer


def _leaf(
    head: Head, media_type: str, parameters: dict[str, str], body: memoryview, walk: Walk, nested: bool
) -> Leaf:
    disposition, placed = parameters_of(head.first("content-disposition"), head.hint)
    content = bytes(_after_blank_line(body))
    return Leaf(
        head=head,
        media_type=media_type,
        charset=parameters.get("charset", ""),
        disposition="attachment" if disposition.startswith("attach") else disposition,
        name=one_line(placed.get("filename") or parameters.get("name") or ""),
        content=_decoded(_without_last_break(content), _encoding(head), walk),
        nested=nested,
        within=walk.within,
    )


def _after_blank_line(body: memoryview) -> memoryview:
    """A body without the end of the header's last line and the blank line that parts them."""
    found = _BLANK_LINE.match(body)
    return body[found.end() :] if found else body


def _without_last_break(content: bytes) -> bytes:
    """The line break before a boundary belongs to the boundary (RFC 2046 5.1.1); its CR is still here."""
    return content[:-1] if content.endswith(b"\r") else content


def _encoding(head: Head) -> str:
    return head.first("content-transfer-encoding").partition(";")[0].strip().strip('"').lower()


def _decoded(content: bytes, encoding: str, walk: Walk) -> bytes:
    if encoding == "base64":
        return decode_base64(content)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(content)
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        return _uudecoded(content, walk)
    if encoding not in ("", "7bit", "8bit", "binary"):
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


def _unquoted(value: str) -> str:
    value = value.strip()
    if len(value) >= 2 and value[0] == value[-1] == '"':
        # Only these two: a path like C:\forms\1.xlsx is not meant to be escaped.
        return value[1:-1].replace("\\\\", "\\").replace('\\"', '"')
    return value.strip('"')


def _joined(sections: dict[int, tuple[str, bool]], hint: str) -> str:
    """The sections of one parameter as text: the first may name the charset of all that are percent-encoded."""
    first, first_is_extended = sections[min(sections)]
    charset = ""
    if first_is_extended and first.count("'") >= 2:
        charset, _, first = first.split("'", 2)
    rest = [value for number, (value, _) in sorted(sections.items()) if number != min(sections)]
    joined = "".join([first, *rest])
    if any(extended for _, extended in sections.values()):
        return decode_words(decode_percent(joined, charset, hint), hint)
    text = decode_words(joined, hint)
    unpercented = decode_percent(text, hint=hint)
    return text if unpercented.isascii() else unpercented  # 100%25.xlsx may be just a name
