"""The workbook's number of writings and its site, in its document properties: they tell a restored backup from edits.

Spreadsheet programs keep these properties when they save, each in its own spelling: other prefixes, another order,
other numbers, a whole number as `i4`, `int`, `r8` or text.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from xml.parsers import expat

from sheets.archive import Archive
from sheets.parts import elements, related
from sheets.properties import CUSTOM_KINDS, NewProperty, Supplement, with_more, with_part
from sheets.refusal import damaged, unexpected
from sheets.texts import plain_text

GENERATION, SITE = "KesuGeneration", "KesuSite"

_CUSTOM = "docProps/custom.xml"
_LARGEST = 2**31 - 1  # that an `i4` can hold
_LIMIT = 2**20
_NUMBERS = frozenset(
    {"i1", "i2", "i4", "i8", "int", "ui1", "ui2", "ui4", "ui8", "uint", "r4", "r8", "decimal"}
)
_TEXTS = frozenset({"lpwstr", "lpstr", "bstr"})
_VALUE = re.compile(rb"<([A-Za-z_][\w.-]*:)?([\w.-]+)(\s[^>]*?)?(?:/>|>.*?</\1?\2\s*>)", re.DOTALL)


@dataclass(frozen=True)
class Stamp:
    """What the daemon wrote about a workbook; None where the file does not say it, or not as it was written."""

    generation: int | None
    site: str | None


@dataclass(frozen=True)
class _Property:
    """A property's value: its type, its text, and where its element begins in the part."""

    kind: str
    text: str
    start: int


def stamp_of(content: bytes | Archive) -> Stamp:
    """Return the workbook's stamp; PatchRefused if the bytes are no workbook, or its properties are damaged."""
    archive = content if isinstance(content, Archive) else Archive(content)
    part = _part(archive)
    found = _properties(archive.read(part, _LIMIT), part) if part else {}
    return Stamp(_whole(found.get(GENERATION.casefold())), _text(found.get(SITE.casefold())))


def stamped(content: bytes | Archive, generation: int, site: str | None = None) -> bytes:
    """Return the workbook with that generation; PatchRefused as for `stamp_of`.

    Where a program dropped the properties they are put back, the site's too where it is given; a site that stands
    there stays. As it is where that cannot be done for certain.
    """
    if not 0 <= generation <= _LARGEST:
        raise ValueError(f"{generation} is no generation")
    archive = content if isinstance(content, Archive) else Archive(content)
    part = _part(archive)
    named = NewProperty(SITE, "lpwstr", plain_text(site)) if site else None
    made = _renewed(archive, part, generation, named) if part else _put_back(archive, generation, named)
    if made is None:
        return archive.raw
    written = archive.rewritten(made.changed, added=made.added)
    before, after = stamp_of(archive), archive.followed_by(written, {*made.changed, *made.added})
    if stamp_of(after).generation != generation or before.site not in (None, stamp_of(after).site):
        raise unexpected(part or _CUSTOM, GENERATION)
    return written


def _put_back(archive: Archive, generation: int, site: NewProperty | None) -> Supplement | None:
    """Return what is to change in a workbook without properties."""
    new = [NewProperty(GENERATION, "i4", str(generation)), *([site] if site else [])]
    return with_part(archive, new)


def _renewed(archive: Archive, part: str, generation: int, site: NewProperty | None) -> Supplement | None:
    """Return the part of properties with another number, and with what it lacks."""
    xml = archive.read(part, _LIMIT)
    properties = _properties(xml, part)
    found = properties.get(GENERATION.casefold())
    new = [] if found else [NewProperty(GENERATION, "i4", str(generation))]
    new += [site] if site and SITE.casefold() not in properties else []
    if found:
        element = _VALUE.match(xml, found.start) if found.kind in _NUMBERS | _TEXTS else None
        if element is None:  # of a type that holds no number, or not in UTF-8
            return None
        xml = _renumbered(xml, element, generation)
    fresh = with_more(xml, elements(archive, part), new) if new else xml
    return Supplement({part: fresh}) if fresh is not None else None


def _part(archive: Archive) -> str | None:
    parts = [part for kind in CUSTOM_KINDS for part in related(archive, "", kind)]
    return parts[0] if parts else None


def _whole(found: _Property | None) -> int | None:
    if found is None or found.kind not in _NUMBERS | _TEXTS:
        return None
    try:
        number = Decimal(found.text.strip())
        return int(number) if 0 <= number <= _LARGEST and number == number.to_integral_value() else None
    except InvalidOperation:  # not a number, or none that can be compared
        return None


def _text(found: _Property | None) -> str | None:
    return found.text if found is not None and found.kind in _TEXTS else None


def _renumbered(xml: bytes, element: re.Match[bytes], generation: int) -> bytes:
    """Return the part with another number, as `i4` in the prefix and with the attributes that stand there."""
    prefix, attributes = element[1] or b"", element[3] or b""
    fresh = b"<%si4%s>%d</%si4>" % (prefix, attributes, generation, prefix)
    return xml[: element.start()] + fresh + xml[element.end() :]


def _properties(xml: bytes, part: str) -> dict[str, _Property]:
    """Return the properties by their names, of which case does not matter; the first of a name counts."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = lambda name, attributes: reader.begin(
        name, attributes, parser.CurrentByteIndex
    )
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text

    def refuse_dtd(*_: object) -> None:
        raise unexpected(part, "DTD")

    parser.StartDoctypeDeclHandler = refuse_dtd
    try:
        parser.Parse(xml, True)
    except expat.ExpatError:
        raise damaged(part) from None
    return reader.found


class _Reader:
    """Follows the elements: `Properties`, in it `property` elements, in each of them the element of its value."""

    def __init__(self) -> None:
        self.found: dict[str, _Property] = {}
        self._depth = 0
        self._name = ""
        self._kind = ""
        self._start = 0
        self._pieces: list[str] = []

    def begin(self, name: str, attributes: dict[str, str], at: int) -> None:
        """Take an element's start into account."""
        self._depth += 1
        if self._depth == 2:
            self._name = attributes.get("name", "").casefold()
        elif self._depth == 3:
            self._kind, self._start, self._pieces = name.rpartition(" ")[2], at, []

    def text(self, piece: str) -> None:
        """Take a piece of text into account."""
        if self._depth == 3:
            self._pieces.append(piece)

    def end(self, _: str) -> None:
        """Take an element's end into account."""
        if self._depth == 3 and self._name not in self.found:
            self.found[self._name] = _Property(self._kind, "".join(self._pieces), self._start)
        self._depth -= 1
