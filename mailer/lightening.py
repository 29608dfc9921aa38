"""Leaves files out of a mail that is too large for a mail server, the largest first, and says so in the mail."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from mailer.compose import compose
from mailer.envelope import wire
from mailer.letter import Enclosure, LeftOut, Letter, Paper


class TooLargeError(ValueError):
    """A mail is too large even without its files."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """A mail that is small enough, and the names of the files that are not in it."""

    message: EmailMessage
    left_out: tuple[str, ...]


def fitting(letter: Letter, now: datetime, most_bytes: int) -> Fitting:
    """Compose `letter` so that it goes over the wire in `most_bytes`; TooLargeError where that cannot be done."""
    left_out: list[str] = []
    message = compose(letter, now)
    while len(wire(message)) > most_bytes:
        if not letter.enclosures:
            raise TooLargeError(f"it is larger than the {most_bytes} bytes that the mail server takes")
        largest = max(letter.enclosures, key=lambda file: len(file.content))
        left_out.append(largest.name)
        letter = without(letter, largest)
        message = compose(letter, now)
    return Fitting(message, tuple(left_out))


def lightest(letter: Letter, now: datetime) -> Fitting:
    """Compose `letter` without any of its files."""
    names = tuple(file.name for file in letter.enclosures)
    for file in letter.enclosures:
        letter = without(letter, file)
    return Fitting(compose(letter, now), names)


def without(letter: Letter, enclosure: Enclosure) -> Letter:
    """Return `letter` without one of its files; it says which, and where that is to be had."""
    content = letter.content
    told = LeftOut(
        name=enclosure.paper or enclosure.name, bytes=len(enclosure.content), in_folder=bool(enclosure.paper)
    )
    changed = {
        "left_out": (*content.left_out, told),
        "papers": tuple(_in_folder(paper, enclosure.paper) for paper in content.papers),
    }
    kept = tuple(file for file in letter.enclosures if file is not enclosure)
    return letter.model_copy(update={"enclosures": kept, "content": content.model_copy(update=changed)})


def _in_folder(paper: Paper, name: str) -> Paper:
    return paper.model_copy(update={"where": "folder"}) if paper.name == name else paper
