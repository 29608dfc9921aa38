"""The tokens that stand in our mails and forms, found again in whatever a mail program made of them.

`KT-7Q2MD-…` is written in the letters of Crockford's base 32, so that a token typed by hand may take O for 0 and l
for 1. Whether one is genuine only the daemon can tell, who signed it.
"""

import re
import unicodedata
from functools import lru_cache

PREFIX = "KT"
LENGTH = 25  # letters behind the prefix, in groups of five
GROUP = 5
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LONGEST = 200_000  # characters of a text that are searched
MOST = 20  # tokens of one text; a long thread quotes many

_LOOKALIKES = str.maketrans("OIL", "011")
_BEGINS = re.compile("[KkＫｋ][TtＴｔ]")
_GAP = r"[-‐‑‒–—−\s>|*_\u200b\ufeff\xad]{0,12}+"  # wrapped, quoted, in bold
_TOKEN = re.compile(rf"(?<![0-9A-Z])KT{_GAP}((?:[0-9A-TV-Z]{_GAP}){{{LENGTH - 1}}}[0-9A-TV-Z])(?![0-9A-Z])")
_MARKED_LINE = re.compile(r"[^\n]*\x00[^\n]*\n?")


def tokens_in(text: str) -> tuple[str, ...]:
    """Return every token of a text once, as 25 letters each, in their order."""
    found = (_letters(match[1]) for match in _TOKEN.finditer(_folded(text)))
    return tuple(dict.fromkeys(found))[:MOST]


def without_tokens(text: str) -> str:
    """Return a text without the lines that tokens stand in: they are ours, not the writer's."""
    kept, last = [], 0
    for match in _TOKEN.finditer(_folded(text)):
        kept += [text[last : match.start()], "\0"]
        last = match.end()
    return _MARKED_LINE.sub("", "".join([*kept, text[last:]])) if kept else text


def written(letters: str) -> str:
    """Return a token as it is shown to people."""
    return "-".join([PREFIX, *(letters[at : at + GROUP] for at in range(0, LENGTH, GROUP))])


def _folded(text: str) -> str:
    """Fold width and case, character by character, so that positions hold; nothing where no token can be."""
    if not _BEGINS.search(text, 0, LONGEST):
        return ""
    return "".join(map(_folded_character, text[:LONGEST]))


@lru_cache(maxsize=20_000)
def _folded_character(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character).upper()
    return folded if len(folded) == 1 else character


def _letters(found: str) -> str:
    return "".join(sign for sign in found if sign.isalnum()).translate(_LOOKALIKES)
