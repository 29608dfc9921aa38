"""The files of a mail, out of whatever they are packed in; what stays shut says why."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mailer.message_archives import Bounds, Unopened, is_other_archive, is_zip, open_zip
from mailer.message_html import html_text
from mailer.message_names import file_name, media_type_named, shortened
from mailer.message_parts import Leaf, Walk
from mailer.message_winmail import is_winmail, read_winmail

WITHIN = " › "
_APPLE_DOUBLE = b"\x00\x05\x16\x07"  # what a Macintosh keeps beside a file, under its name (RFC 1740)
_LONGEST_OUTER = 60  # bytes of an archive's name that stand before the names of its files


@dataclass(frozen=True, slots=True)
class Carried:
    """A file as it came. `unopened` says of an archive what of it was not opened, by name ("" for all), and why."""

    name: str
    media_type: str
    content: bytes = field(repr=False)
    shown: bool = False
    unopened: tuple[tuple[str, Unopened], ...] = ()


@dataclass
class Unpacking:
    """Takes the files of one mail out of winmail.dat and archives, as far as its bounds allow."""

    walk: Walk
    bounds: Bounds
    spare_text: str = ""  # the words in a winmail.dat, for a mail that has no others

    def files(self, leaf: Leaf) -> Iterator[Carried]:
        """Every file that a part is, or holds."""
        if leaf.content.startswith(_APPLE_DOUBLE):
            return
        if is_winmail(leaf.media_type, leaf.content):
            yield from self._of_winmail(leaf)
            return
        shown = leaf.disposition == "inline" or bool(leaf.head.first("content-id"))
        file = Carried(leaf.name, leaf.media_type, leaf.content, shown and leaf.disposition != "attachment")
        yield from self._of_file(file)

    def _of_winmail(self, leaf: Leaf) -> Iterator[Carried]:
        packed = read_winmail(leaf.content)
        if not leaf.nested:
            self.spare_text = self.spare_text or packed.text or html_text(packed.html)
        for file in packed.files:
            if file.name or file.content:
                yield from self._of_file(Carried(file.name, file.media_type, bytes(file.content), file.shown))
        if packed.damaged:
            self.walk.defect("winmail.dat is damaged")
            name = leaf.name or "winmail.dat"
            yield Carried(name, leaf.media_type, leaf.content, unopened=(("", Unopened.DAMAGED),))

    def _of_file(self, file: Carried) -> Iterator[Carried]:
        if is_zip(file.content, file.name, file.media_type):
            yield from self._of_zip(file)
        elif is_other_archive(file.content, file.name):
            reason = Unopened.DAMAGED if file.name.lower().endswith(".zip") else Unopened.OTHER_KIND
            yield Carried(file.name, file.media_type, file.content, unopened=(("", reason),))
        else:
            yield file

    def _of_zip(self, file: Carried) -> Iterator[Carried]:
        """The files of an archive; the archive itself too where some of it stayed shut, so that nothing is lost."""
        outer = shortened(file_name(file.name, "application/zip", file.content, number=1), _LONGEST_OUTER)
        shut: list[tuple[str, Unopened]] = []
        for number, entry in enumerate(open_zip(file.content, self.walk.hint, self.bounds), 1):
            if entry.reason is not None:
                shut.append((entry.name, entry.reason))
                continue
            inner = file_name(entry.name, "", entry.content, number)
            yield Carried(f"{outer}{WITHIN}{inner}", media_type_named(inner), entry.content)
        if shut:
            yield Carried(file.name, file.media_type, file.content, unopened=tuple(shut))
