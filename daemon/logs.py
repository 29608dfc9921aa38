"""The daemon's log: one line to an event, ids and no customers' data, nothing that a terminal obeys.

Traces at the usual level say where and what kind of error, not its words: those may be anybody's telephone number.
`--verbose` tells everything of ours; what libraries say below a warning is never told, it may repeat a token.
"""

import logging
import traceback
from collections.abc import Iterator
from types import TracebackType

from daemon.errors import KesuError
from daemon.ledger import LedgerError
from daemon.visible import visible, visible_lines
from mailer.compose import AddressError
from mailer.inbox import MailboxUnavailable
from mailer.smtp import TransportError
from parsers.reader import ReaderUnavailable
from sheets.files import WorkbookBusy, WorkbookChanged

OURS = ("kesu", "daemon", "mailer", "parsers", "rules", "sheets")
_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
# Their words are our own, a server's or the system's; of all others only the kind is told.
_PLAIN_SPOKEN = (
    KesuError,
    LedgerError,
    MailboxUnavailable,
    TransportError,
    AddressError,
    ReaderUnavailable,
    WorkbookBusy,
    WorkbookChanged,
    OSError,
)
Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class DiscreetFormatter(logging.Formatter):
    """Writes records; `telling` everything, the words of every error too."""

    def __init__(self, *, telling: bool) -> None:
        super().__init__(_FORMAT)
        self._telling = telling

    def format(self, record: logging.LogRecord) -> str:
        """Write one record; a record is shared with other handlers and stays as it is."""
        own = logging.makeLogRecord(vars(record))
        own.exc_text = None
        if not self._telling and isinstance(record.args, tuple):
            own.args = tuple(
                _words(value) if isinstance(value, BaseException) else value for value in record.args
            )
        return super().format(own)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 the library's name
        """Write the line itself."""
        return visible(super().formatMessage(record))

    def formatException(self, ei: Raised) -> str:  # noqa: N802 the library's name
        """Write where it happened."""
        whole = super().formatException(ei) if self._telling else "\n".join(_places(ei[1]))
        return visible_lines(whole)


def log_to_stderr(*, verbose: bool) -> None:
    """Let our own loggers write to standard error, and libraries their warnings."""
    handler = logging.StreamHandler()
    handler.setFormatter(DiscreetFormatter(telling=verbose))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.INFO)


def _words(error: BaseException) -> str:
    return str(error) if isinstance(error, _PLAIN_SPOKEN) else type(error).__name__


def _places(error: BaseException | None) -> Iterator[str]:
    """Yield an error's trace, those that led to it first, as Python writes them."""
    if error is None:
        return
    led_to_it = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if led_to_it is not None:
        yield from _places(led_to_it)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    for line in traceback.format_tb(error.__traceback__):
        yield line.rstrip("\n")
    told = f": {error}" if isinstance(error, _PLAIN_SPOKEN) else ""
    yield f"{type(error).__qualname__}{told}"
