"""Text as a terminal or a log may show it: on one line, nothing that moves the cursor or turns the writing round."""

import re

# C0 and C1 controls (a terminal obeys ESC and, in UTF-8 too, U+009B), line and paragraph separators, controls of the
# writing's direction (CVE-2021-42574), what is invisible, and lone surrogates, which no stream takes.
_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_HARMFUL_IN_LINES = re.compile(f"(?!\n){_HARMFUL.pattern}")


def visible(text: str) -> str:
    r"""Return `text` on one line, each harmful character as Python would write it: `\n`, `\x1b`, `\u202e`."""
    return _HARMFUL.sub(_written, text)


def visible_lines(text: str) -> str:
    """Return `text` with its line breaks, and no other harmful character."""
    return _HARMFUL_IN_LINES.sub(_written, text)


def _written(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
