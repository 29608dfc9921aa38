"""What the body of a mail is made of: blocks of rows, sentences or cases, in plain words."""

from dataclasses import dataclass
from typing import Literal

from mailer.pictures import Picture


@dataclass(frozen=True)
class Row:
    """One line of a table; `mark` is a cell, a clause or the like that stands out, `href` where a click leads."""

    label: str
    value: str
    mark: str = ""
    href: str = ""


@dataclass(frozen=True)
class Panel:
    """What stands out below the lead: a deadline and what is left of it, or a penalty and how it stands."""

    state: Literal["running", "soon", "over", "standing"]
    label: str
    main: str
    rest: str
    line: str  # both in one sentence
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CaseRow:
    """One case of a list, ready to show."""

    number: str
    customer: str
    summary: str
    grade: str
    colour: str
    owners: str
    due: str
    again: str


@dataclass(frozen=True)
class Piece:
    """A piece of a bar, or its entry in a legend: a picture stretched to `width` pixels."""

    label: str
    picture: Picture
    width: int


@dataclass(frozen=True)
class BarRow:
    """One bar with its label, its number, and what else there is to say."""

    label: str
    value: str
    detail: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Entry:
    """One line of a mail about many cases, ready to show."""

    number: str
    customer: str
    summary: str
    grade: str
    colour: str
    what: str
    who: str
    when: str
    left: str
    late: bool


@dataclass(frozen=True)
class Block:
    """One part of the body under its heading; `kind` tells the layouts how to draw it."""

    kind: Literal[
        "prose",
        "note",
        "rows",
        "flaws",
        "clauses",
        "steps",
        "timeline",
        "cases",
        "answer",
        "figures",
        "picture",
        "bars",
        "grid",
        "table",
    ]
    heading: str
    lines: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    cases: tuple[CaseRow, ...] = ()
    entries: tuple[Entry, ...] = ()
    columns: tuple[str, ...] = ()
    example: str = ""
    picture: Picture | None = None
    legend: tuple[Piece, ...] = ()
    bars: tuple[BarRow, ...] = ()
    grid: tuple[tuple[str, ...], ...] = ()
    total: tuple[str, ...] = ()
