"""A workbook as a zip of XML parts, read and rewritten without any of the code under test."""

import zipfile
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from posixpath import basename, dirname, join, normpath
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.parsers import expat

LARGEST_PART = 64 * 2**20


class NotAWorkbook(Exception):
    """The bytes hold no workbook that a table could be grafted into; the text says what is odd."""


@dataclass(frozen=True)
class Child:
    """An element right under a part's root: where its start tag begins, and its end tag (both the same if empty)."""

    name: str
    start: int
    close: int


class Package:
    """The parts of one workbook; NotAWorkbook where they cannot be read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        try:
            with zipfile.ZipFile(BytesIO(content)) as opened:
                self.entries = {info.filename: info for info in opened.infolist()}
                self._end = opened.start_dir
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise NotAWorkbook("no zip") from error

    def read(self, name: str) -> bytes:
        """Return one part's content."""
        info = self.entries.get(name)
        if info is None:
            raise NotAWorkbook(f"{name} is missing")
        if info.file_size > LARGEST_PART:
            raise NotAWorkbook(f"{name} is larger than a test wants to read")
        try:
            with zipfile.ZipFile(BytesIO(self.content)) as opened:
                return opened.read(info)
        except (
            zipfile.BadZipFile,
            EOFError,
            OSError,
            RuntimeError,
            NotImplementedError,
            ValueError,
        ) as error:
            raise NotAWorkbook(f"{name} is damaged") from error

    def packed(self, name: str) -> bytes:
        """Return one part's bytes as they are stored, deflated or not."""
        info = self.entries[name]
        header = self.content[info.header_offset : info.header_offset + 30]
        start = info.header_offset + 30 + int.from_bytes(header[26:28], "little")
        start += int.from_bytes(header[28:30], "little")
        return self.content[start : start + info.compress_size]

    def rewritten(self, changed: Mapping[str, bytes]) -> bytes:
        """Return the workbook with parts changed or added; all others keep their bytes and the order stays."""
        stream = BytesIO()
        before = sorted(self.entries.values(), key=lambda info: info.header_offset)
        ends = dict(pairwise([*(info.header_offset for info in before), self._end]))
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
            for info in before:
                if info.filename in changed:
                    target.writestr(info.filename, changed[info.filename])
                    continue
                kept = copy(info)
                kept.header_offset = target.start_dir
                stream.seek(kept.header_offset)
                stream.write(self.content[info.header_offset : ends[info.header_offset]])
                target.start_dir = stream.tell()
                target.filelist.append(kept)
                target.NameToInfo[kept.filename] = kept
            for name in sorted(changed.keys() - self.entries.keys()):
                target.writestr(name, changed[name])
        return stream.getvalue()

    def related(self, part: str, kind: str) -> dict[str, str]:
        """Return the parts of one kind that `part` points to, by relationship id."""
        holder = relations_of(part)
        if holder not in self.entries:
            return {}
        return {
            found.get("Id", ""): target
            for found in parsed(self.read(holder), holder)
            if found.get("Type", "").endswith(f"/{kind}") and found.get("TargetMode") != "External"
            if (target := self._stored(part, found.get("Target", ""))) is not None
        }

    def _stored(self, part: str, target: str) -> str | None:
        wanted = normpath(join("/", dirname(part), unquote(target))).lstrip("/")
        return next((name for name in self.entries if name.casefold() == wanted.casefold()), None)

    def workbook(self) -> str:
        """Return the workbook's own part."""
        found = list(self.related("", "officeDocument").values())
        if not found:
            raise NotAWorkbook("no workbook part")
        return found[0]


def relations_of(part: str) -> str:
    """Return the name of the part that holds `part`'s relationships."""
    return join(dirname(part), "_rels", f"{basename(part)}.rels")


def parsed(xml: bytes, part: str) -> ElementTree.Element:
    """Return a part's tree; NotAWorkbook if it is not well-formed."""
    try:
        return ElementTree.fromstring(xml)  # noqa: S314 # expat bounds what entities blow up to
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise NotAWorkbook(f"{part} is no XML") from error


def local(tag: str) -> str:
    """Return an element's name without its namespace."""
    return tag.rpartition("}")[2]


def children(xml: bytes, part: str, depth: int = 1) -> list[Child]:
    """Return the elements at that depth under the root (the root itself is at 0), in the order of the file."""
    if xml[:2] in (b"\xff\xfe", b"\xfe\xff") or b'encoding="UTF-16' in xml[:100]:
        raise NotAWorkbook(f"{part} is UTF-16")
    found: list[Child] = []
    path: list[tuple[str, int]] = []
    parser = expat.ParserCreate(namespace_separator=" ")

    def begin(name: str, _attributes: dict[str, str]) -> None:
        path.append((name.rpartition(" ")[2], parser.CurrentByteIndex))

    def end(_name: str) -> None:
        name, start = path.pop()
        if len(path) == depth:
            found.append(Child(name, start, _closing(xml, start, parser.CurrentByteIndex)))

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise NotAWorkbook(f"{part} is no XML") from error
    return found


def _closing(xml: bytes, start: int, end: int) -> int:
    """Return where the end tag begins; the start where the element is written as empty (`<sheetData/>`)."""
    name = xml[start + 1 : end].split(b">")[0].split(b"/>")[0].split()[0].rstrip(b"/")
    return end if end > start and xml.startswith(b"</" + name, end) else start


def with_last(xml: bytes, part: str, element: bytes, inside: str | None = None) -> bytes:
    """Return a part with one element more, the last under its root or under the root's child called `inside`."""
    depth = 0 if inside is None else 1
    for child in children(xml, part, depth):
        if inside is None or child.name == inside:
            return _with_inner(xml, child, element)
    raise NotAWorkbook(f"{part} has no {inside}")


def _with_inner(xml: bytes, child: Child, element: bytes) -> bytes:
    if child.close != child.start:
        return xml[: child.close] + element + xml[child.close :]
    end = xml.index(b"/>", child.start)  # an empty element: open it
    name = xml[child.start + 1 : end].split()[0]
    return xml[:end] + b">" + element + b"</" + name + b">" + xml[end + 2 :]


def iterate_rows(xml: bytes, part: str) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of each row of a sheet part; a row without a number follows the one before it."""
    rows = [child for child in children(xml, part, 2) if child.name == "row"]
    data = next((child for child in children(xml, part) if child.name == "sheetData"), None)
    if data is None:
        raise NotAWorkbook(f"{part} has no rows")
    number = 0
    for row, following in pairwise([*rows, Child("", data.close, data.close)]):
        raw = xml[row.start : following.start]
        number = _number(raw, number)
        yield number, raw


def _number(raw: bytes, last: int) -> int:
    tag = raw[: raw.index(b">")].replace(b"'", b'"')
    _, sign, rest = tag.partition(b' r="')
    return int(rest[: rest.index(b'"')]) if sign else last + 1
