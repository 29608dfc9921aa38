"""Makes what people typed harmless before it stands in a mail: no control characters, no broken headers."""

import re
from typing import TypeVar

from pydantic import BaseModel

# C0 and C1 controls but for the line break, zero-width and bidirectional controls (they let text pretend to be
# other text), and lone surrogates, which no mail can carry.
_INVISIBLE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2060\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_MANY_BREAKS = re.compile(r"\n[ \n]*\n")

Part = TypeVar("Part", bound=BaseModel)


def clean(text: str) -> str:
    """Return `text` with line breaks as they should be, at most one empty line in a row and nothing invisible."""
    text = _BREAKS.sub("\n", text).replace("\t", " ")
    return _MANY_BREAKS.sub("\n\n", _INVISIBLE.sub("", text)).strip()


def one_line(text: str) -> str:
    """Return `text` as a header may carry it: on one line."""
    return " ".join(clean(text).split())


def cleaned(part: Part) -> Part:
    """Return a copy of `part` with every text in it cleaned, however deep it lies."""
    return type(part).model_validate(_cleaned(part.model_dump()))


def _cleaned(value: object) -> object:
    match value:
        case str():
            return clean(value)
        case dict():
            return {key: _cleaned(item) for key, item in value.items()}
        case list() | tuple():
            return tuple(_cleaned(item) for item in value)
        case _:
            return value
