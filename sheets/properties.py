"""Custom properties put into a package that has none, or not those (ECMA-376 part 1, 22.3; part 2, 9)."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from xml.sax.saxutils import escape, quoteattr

from sheets.archive import Archive
from sheets.parts import Element, elements, resolved

# ECMA-376 names the relationship differently in its transitional and its strict form.
CUSTOM_KINDS = ("custom-properties", "customProperties")

_PREFIX = rb"(?:[A-Za-z_][\w.-]*:)?"
_RELATIONSHIPS, _CONTENT_TYPES = "_rels/.rels", "[Content_Types].xml"
_CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
_FORMAT = "{D5CDD505-2E9C-101B-9397-08002B2CF9AE}"  # the property set of what users define
_FIRST = 2  # 0 and 1 are reserved
_HEAD = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_STRICT = "http://purl.oclc.org/ooxml/officeDocument"
_SCHEMAS = "http://schemas.openxmlformats.org/officeDocument/2006"


@dataclass(frozen=True)
class NewProperty:
    """A property to add; `kind` is its type's element, `i4` or `lpwstr`."""

    name: str
    kind: str
    text: str


@dataclass(frozen=True)
class Supplement:
    """Parts with their new bytes: those that are there, and one that is to be there."""

    changed: Mapping[str, bytes]
    added: Mapping[str, bytes] = field(default_factory=dict)


def with_more(xml: bytes, found: Iterable[Element], new: Iterable[NewProperty]) -> bytes | None:
    """Return a part of custom properties, whose elements are `found`, with more of them.

    None where it is written in no way that bytes could be put into for certain, e.g. in UTF-16.
    """
    taken = {attributes.get("pid", "") for name, attributes in found if name == "property"}
    pids = (str(number) for number in count(_FIRST) if str(number) not in taken)
    return _before_end(xml, b"Properties", lambda prefix: _properties(new, pids, prefix, _is_strict(xml)))


def with_part(archive: Archive, new: Iterable[NewProperty]) -> Supplement | None:
    """Return what is to change in a package that has no custom properties; None if that is not certain."""
    links = archive.find(_RELATIONSHIPS) or _RELATIONSHIPS
    types = archive.find(_CONTENT_TYPES) or _CONTENT_TYPES
    found = elements(archive, links)
    is_strict = any(attributes.get("Type", "").startswith(_STRICT) for _, attributes in found)
    pointed = [
        resolved("", a.get("Target", "")) for _, a in found if a.get("Type", "").endswith(CUSTOM_KINDS)
    ]
    free = (f"docProps/custom{number or ''}.xml" for number in count())
    part = pointed[0] if pointed else next(name for name in free if archive.find(name) is None)
    changed = {}
    if not pointed:
        changed[links] = _linked(archive.read(links), found, part, is_strict)
    if not any(
        a.get("PartName", "").casefold() == f"/{part}".casefold() for _, a in elements(archive, types)
    ):
        override = f'Override PartName="/{part}" ContentType="{_CONTENT_TYPE}"/>'.encode()
        changed[types] = _before_end(archive.read(types), b"Types", lambda prefix: b"<" + prefix + override)
    sound = {name: xml for name, xml in changed.items() if xml is not None}
    return Supplement(sound, {part: _part(new, is_strict)}) if len(sound) == len(changed) else None


def _linked(xml: bytes, found: Iterable[Element], part: str, is_strict: bool) -> bytes | None:
    taken = {attributes.get("Id") for _, attributes in found}
    name = next(name for number in count(1) if (name := f"rIdKesu{number}") not in taken)
    kind = (
        f"{_STRICT}/relationships/{CUSTOM_KINDS[1]}"
        if is_strict
        else f"{_SCHEMAS}/relationships/{CUSTOM_KINDS[0]}"
    )
    link = f'Relationship Id="{name}" Type="{kind}" Target="{part}"/>'.encode()
    return _before_end(xml, b"Relationships", lambda prefix: b"<" + prefix + link)


def _part(new: Iterable[NewProperty], is_strict: bool) -> bytes:
    space = f"{_STRICT}/customProperties" if is_strict else f"{_SCHEMAS}/custom-properties"
    pids = (str(number) for number in count(_FIRST))
    inside = _properties(new, pids, b"", is_strict)
    return _HEAD + f'<Properties xmlns="{space}">'.encode() + inside + b"</Properties>"


def _properties(new: Iterable[NewProperty], pids: Iterator[str], prefix: bytes, is_strict: bool) -> bytes:
    types = f"{_STRICT if is_strict else _SCHEMAS}/docPropsVTypes"
    p = prefix.decode()
    return "".join(
        f'<{p}property fmtid="{_FORMAT}" pid="{next(pids)}" name={quoteattr(one.name)}>'
        f'<vt:{one.kind} xmlns:vt="{types}">{escape(one.text)}</vt:{one.kind}></{p}property>'
        for one in new
    ).encode()


def _is_strict(xml: bytes) -> bool:
    return _STRICT.encode() in xml


def _before_end(xml: bytes, root: bytes, make: Callable[[bytes], bytes]) -> bytes | None:
    """Put what `make` makes of the root's prefix before the root's end; None if that is nowhere to be found."""
    end = re.search(rb"</(" + _PREFIX + rb")" + root + rb"\s*>\s*\Z", xml)
    if end is not None:
        return xml[: end.start()] + make(end[1]) + xml[end.start() :]
    empty = re.search(rb"<(" + _PREFIX + rb")" + root + rb"\b([^<>]*)/>\s*\Z", xml)
    if empty is None:
        return None
    name = empty[1] + root
    return xml[: empty.start()] + b"<%s%s>%s</%s>" % (name, empty[2], make(empty[1]), name)
