"""Replies that name their cases themselves: `KS-20261123-001 已解決 換水泵`, a line or more for each case.

Whoever answers a list of cases, or writes a mail of his own, begins the first line with the number; each further line
that begins with a number is a request of its own.
"""

import re
from dataclasses import dataclass

from parsers.reply_quotes import own_text
from parsers.reply_verbs import opening, plain_text

MOST = 50  # cases in one reply

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_NAMED = re.compile(
    r"[\s*•·#>\-]*(?:(?:关于|案件|案号|编号|案|case|re)[\s:#]*)*[\[【(「]?\s*"
    r"(?P<number>[a-z][a-z0-9]{0,7}-\d{8}-\d{2,9})(?:/(?P<penalty>\d{1,3}))?(?![\w/-])"
    r"\s*[\]】)」]?[\s:,、.。;\-]*"
)


@dataclass(frozen=True)
class Addressed:
    """What a reply says of one case; `penalty` where it names one of its penalties, as `KS-20261123-001/2`."""

    number: str
    words: str
    penalty: int | None = None


def addressed(text: str, *, answered: str = "") -> tuple[Addressed, ...]:
    """Return what a reply says of each case it names; nothing if its first line does not begin with a number.

    `answered`: plain text of our own mail that is answered, so that it is recognised in whatever way it is quoted.
    """
    found: list[Addressed] = []
    for line in own_text(text, answered).split("\n"):
        named = _NAMED.match(plain_text(line).translate(_DASHES))
        if named is not None and len(found) < MOST:
            penalty = int(named["penalty"]) if named["penalty"] else None
            found.append(Addressed(named["number"].upper(), line[named.end() :], penalty))
        elif found:
            last = found[-1]
            found[-1] = Addressed(last.number, f"{last.words}\n{line}", last.penalty)
        elif not _greets(line):
            return ()
    return tuple(Addressed(one.number, one.words.strip(), one.penalty) for one in found)


def _greets(line: str) -> bool:
    plain = plain_text(line)
    return opening(plain + "\n") >= len(plain.rstrip())
