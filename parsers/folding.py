"""One spelling for all spellings: what labels, titles and choices are compared by (forms.md)."""

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache, wraps
from typing import Any, TypeVar

_R = TypeVar("_R")

_INVISIBLE = r"\s\u200b-\u200f\u2060\ufeff"
_BRACKETS = r"()\[\]{}<>«»〈〉《》「」『』【】〔〕"
_PUNCTUATION = r":\u2236\ufe13*\u203b'\"“”‘’,、。;!?/\\|_.·•&+~\-\u2010-\u2015"
_DROPPED = re.compile(rf"[{_INVISIBLE}{_BRACKETS}{_PUNCTUATION}]+")
_UNIT = re.compile(r"(?:(?:元|圆|人民币|cny|rmb|¥|￥|km|公里)+)$")
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕|<[^<>]*>")
_NUMBERING = re.compile(r"^\s*(?:\(?\d{1,2}\)|\d{1,2}[.、．]|[一二三四五六七八九十]{1,3}[、.．])\s*")
REMEMBERED = 4_000  # texts, by each function; what stands on forms is much the same from one to the next
LONGEST_REMEMBERED = 200  # characters; longer ones are a customer's words, or an attempt to fill our memory
_ROUNDS = 5  # folding settles within two; the bound keeps an odd character from looping


def remembered(read: Callable[[str], _R]) -> Callable[[str], _R]:
    """Let a pure function of a text remember what it made of short ones."""
    known = lru_cache(maxsize=REMEMBERED)(read)

    @wraps(read)
    def reading(text: str) -> _R:
        return known(text) if len(text) <= LONGEST_REMEMBERED else read(text)

    return reading


@cache
def _converter() -> Any:
    """Load OpenCC once, and only when a Chinese character turns up."""
    import opencc

    return opencc.OpenCC("t2s")


@lru_cache(maxsize=20_000)
def _simplified_character(character: str) -> str:
    """Convert one character until it no longer changes (a few go in two steps)."""
    for _ in range(_ROUNDS):
        converted = str(_converter().convert(character))
        if converted == character:
            break
        character = converted
    return character


def simplified(text: str) -> str:
    """Turn Traditional characters into Simplified ones, each by itself: context must not change what a label is."""
    return "".join(
        character if character < "\u2e80" else _simplified_character(character) for character in text
    )


@remembered
def fold(text: str) -> str:
    """Fold a label, title or choice: width, script, case, spaces, punctuation and a unit at its end do not matter.

    Folding what is folded changes nothing. A text of nothing but punctuation folds to "".
    """
    for _ in range(_ROUNDS):
        folded = _fold_once(text)
        if folded == text:
            break
        text = folded
    return text


def _fold_once(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold()
    bare = _DROPPED.sub("", simplified(plain))
    return _UNIT.sub("", bare) or bare


@remembered
def spellings(text: str) -> tuple[str, ...]:
    """Return the foldings a label may be known by: as it is, without its brackets, without its number in the list."""
    plain = unicodedata.normalize("NFKC", text)
    unbracketed = _BRACKETED.sub(" ", plain)
    variants = (plain, unbracketed, _NUMBERING.sub("", plain), _NUMBERING.sub("", unbracketed))
    return tuple(dict.fromkeys(folded for folded in map(fold, variants) if folded))
