"""Text as it may stand in a cell: nothing a spreadsheet would run, refuse or read differently."""

import re
import unicodedata

from rules.locales import Text

LIMIT = 32_767  # UTF-16 units a cell can hold
_FORMULA_SIGNS = ("=", "+", "-", "@")
# C0 controls but tab and line feed, C1 controls, surrogates, and what XML 1.0 cannot carry
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def say(zh_hant: str, zh_hans: str, en: str) -> Text:
    """Put one wording in three languages together."""
    return Text(zh_hant=zh_hant, zh_hans=zh_hans, en=en)


def plain_text(text: str) -> str:
    """Drop control characters and cut at the 32,767 UTF-16 units that a cell can hold."""
    clean = _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    units = clean.encode("utf-16-le")
    return clean if len(units) <= 2 * LIMIT else units[: 2 * LIMIT].decode("utf-16-le", errors="ignore")


def stored_text(text: str) -> str:
    """Return `plain_text` as a file stores it: a literal `_x0041_` is escaped, lest Excel read it as `A`."""
    return _LOOKS_ESCAPED.sub("_x005F_", plain_text(text))


_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def read_text(text: str) -> str:
    """Return the text that a stored one means: `_x000A_` is a line feed, two halves of a surrogate pair are one sign.

    Nothing comes out of it that `plain_text` would drop.
    """
    if "_x" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        if _SURROGATE.search(text):
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", errors="ignore")
    return plain_text(text) if _FORBIDDEN.search(text) else text


def looks_like_formula(text: str) -> bool:
    """Tell whether typing `text` into a cell would make a formula of it; Chinese and Japanese Excel take ＝ for =."""
    return unicodedata.normalize("NFKC", text.lstrip()[:1]).startswith(_FORMULA_SIGNS)
