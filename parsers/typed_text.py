"""What a cell of a text file says, with its characters alone to tell: formulas are no values, numbers stay text."""

import re

_QUOTED = re.compile(
    r'\A=\s*"((?:[^"]|"")*)"\Z'
)  # ="0912345678", with which systems keep Excel from rounding
_NUMBER = re.compile(r"\A=\s*([+-]?\d{1,20}(?:\.\d{1,20})?)\Z")
_DDE = re.compile(r"\A[+\-@].{0,200}?\|.{0,500}?!", re.DOTALL)


def typed(text: str) -> str | None:
    """Return the text of a cell; None for a formula (or a DDE link), whose value the file does not tell."""
    if text.startswith("="):
        said = _QUOTED.match(text)
        number = _NUMBER.match(text)
        return said[1].replace('""', '"') if said else number[1] if number else None
    return None if _DDE.match(text) else text
