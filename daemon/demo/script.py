"""What a script of the demo is made of: mails people send, answers they give, cells they fill in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

WINDOW_SECONDS = 12
REMIND_SECONDS = 4


@dataclass(frozen=True)
class Sending:
    """A mail somebody sends on his own; `after` seconds from the curtain."""

    after: float
    sender: str
    subject: str
    text: str
    what: str  # for the board
    files: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Typing:
    """What a manager types into a case's row of the master workbook, by column, and saves."""

    after: float
    customer: str
    cells: Mapping[str, str]
    what: str


@dataclass(frozen=True)
class Reply:
    """An answer to the first mail of `template` that `reader` gets about `customer`, `delay` seconds after it came.

    `form` makes the handling form to attach, from the case number.
    """

    reader: str
    template: str
    customer: str
    delay: float
    text: str
    what: str
    form: Callable[[str], bytes] | None = None
