"""Boxes and ticks: `☑A □B`, `A√ B`, `(X) A`, `[x]`, Wingdings boxes, and a tick in a cell of its own (forms.md)."""

import re
import unicodedata
from dataclasses import dataclass

from parsers.folding import remembered

_TICKED = "☑☒✓✔✅🗹√■●◉▣⊠◼⬛þý\uf0fe\uf0fd\uf052\uf06e\uf0fc"
_EMPTY = "□☐○◯▢◻⬜¨\uf0a8\uf06f\uf0a3"
_BRACKETED_TICK = r"[(\[【〔]\s*(?:[xv]|[√✓✔■●×])\s*[)\]】〕]"
_BRACKETED_EMPTY = r"[(\[【〔]\s*[)\]】〕]"
_MARK = re.compile(
    rf"(?P<ticked>{_BRACKETED_TICK}|[{_TICKED}]\ufe0f?)|(?P<empty>{_BRACKETED_EMPTY}|[{_EMPTY}])",
    re.IGNORECASE,
)
_LONE_TICK = re.compile(r"[xv×]|[(\[【〔]?\s*(?:[xv×])\s*[)\]】〕]?", re.IGNORECASE)


@dataclass(frozen=True)
class Mark:
    """A box."""

    ticked: bool


Token = Mark | str


def _narrow(text: str) -> str:
    """Fold width; the Wingdings box ¨ must not become a space with a diaeresis."""
    return unicodedata.normalize("NFKC", text.replace("¨", "□"))


@remembered
def has_mark(text: str) -> bool:
    """Tell whether the text holds a box or a tick."""
    return _MARK.search(_narrow(text)) is not None


@remembered
def lone_mark(text: str) -> Mark | None:
    """Read a cell that holds nothing but a mark (here a bare X or V counts too)."""
    narrow = _narrow(text).strip()
    if _LONE_TICK.fullmatch(narrow):
        return Mark(True)
    found = _MARK.fullmatch(narrow)
    return Mark(found["ticked"] is not None) if found else None


def tokens(text: str) -> list[Token]:
    """Cut a text into marks and the words between them."""
    narrow, last = _narrow(text), 0
    parts: list[Token] = []
    for found in _MARK.finditer(narrow):
        parts.extend(_words(narrow[last : found.start()]))
        parts.append(Mark(found["ticked"] is not None))
        last = found.end()
    return parts + _words(narrow[last:])


def _words(text: str) -> list[Token]:
    bare = text.strip(" \t\r\n,、;/|　")
    return [bare] if bare else []


@dataclass(frozen=True)
class Option:
    """One choice with its box, or without one (`ticked` None)."""

    words: str
    ticked: bool | None
    mark_first: bool = True  # of more words than one choice, the nearest to the mark are meant


def options(text: str) -> list[Option]:
    """Pair marks with words: with the word behind if the text begins with a mark, or each clings to the word behind
    (`A √B`), else with the word before."""
    parts = tokens(text)
    if not parts:
        return []
    return (
        _mark_first(parts) if isinstance(parts[0], Mark) or _marks_cling_to_next(text) else _word_first(parts)
    )


def _marks_cling_to_next(text: str) -> bool:
    narrow = _narrow(text).strip()
    found = list(_MARK.finditer(narrow))
    return bool(found) and all(
        narrow[: mark.start()][-1:].isspace()
        and not narrow[mark.end() :][:1].isspace()
        and narrow[mark.end() :]
        for mark in found
    )


def _mark_first(parts: list[Token]) -> list[Option]:
    found: list[Option] = []
    ticked: bool | None = None
    for part in parts:
        if isinstance(part, Mark):
            ticked = bool(ticked) or part.ticked if ticked is not None else part.ticked
        else:
            found.append(Option(part, ticked))
            ticked = None
    return found


def _word_first(parts: list[Token]) -> list[Option]:
    found: list[Option] = []
    for part in parts:
        if isinstance(part, str):
            found.append(Option(part, None, mark_first=False))
        elif found[-1].ticked is None:
            found[-1] = Option(found[-1].words, part.ticked, mark_first=False)
    return found
