"""Writing the files of cases out to a folder per case beside the workbook, where whoever works on a case finds them.

The ledger keeps the truth: what is written here is written once, atomically, and again if somebody took it away. What
people put into a case's folder themselves is never touched.
"""

import errno
import logging
import os
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from daemon.attachments.folders import folder_name, named
from daemon.bell import Stopped, never
from daemon.clock import Clock
from daemon.docket import Docket

log = logging.getLogger("kesu.attachments")

LOOK_AGAIN = timedelta(minutes=10)  # how soon a file that was taken away is back
_PARTIAL = ".kesu-partial-"
_READABLE = 0o640  # whoever reaches the folder through a share or its group reads; never a right to execute


class Filing:
    """Keeps the folders as the ledger wants them."""

    def __init__(self, docket: Docket, clock: Clock) -> None:
        self._docket = docket
        self._clock = clock
        self._up_to = 0  # files up to this one were written, or their case is among those that wait
        self._waiting: dict[str, None] = {}
        self._written: dict[str, tuple[str, ...]] = {}  # what stands in a case's folder
        self._looked_at: datetime | None = None

    def round(self, stopped: Stopped = never) -> bool:
        """Write what is not there; tell whether all of it is. What fails is tried again in the next round."""
        fresh, self._up_to = self._docket.ledger.attachment_counts(after=self._up_to)
        self._waiting |= dict.fromkeys(fresh)
        self._look_again(self._clock.now())
        for number in list(self._waiting):
            if stopped():
                break
            self._try(number)
        return not self._waiting

    def _look_again(self, now: datetime) -> None:
        """Find out, now and then, whether somebody took files away."""
        if self._looked_at is not None and now - self._looked_at < LOOK_AGAIN:
            return
        self._looked_at = now
        for number, names in self._written.items():
            if _absent(self._folder(number), names):
                self._waiting[number] = None

    def _folder(self, number: str) -> Path:
        return self._docket.site.config.attachments_path / folder_name(number)

    def _try(self, number: str) -> None:
        try:
            self._file(number)
        except OSError as error:
            log.warning("the files of case %s wait: %s", number, error.strerror or type(error).__name__)
            return
        del self._waiting[number]

    def _file(self, number: str) -> None:
        """Write the files of a case that are not in its folder."""
        folder = self._folder(number)
        if folder.is_symlink():  # what strangers send must not be led to another place
            raise NotADirectoryError(errno.ENOTDIR, "the case's folder is a link")
        wanted = dict(named(self._docket.ledger.attachments(number)))
        missing = _absent(folder, tuple(wanted))
        if missing:
            folder.mkdir(parents=True, exist_ok=True)
            _remove_partial(folder)
        for name in missing:
            write_whole(folder / name, self._docket.ledger.raw(wanted[name].sha256))
        self._written[number] = tuple(wanted)
        log.info("case=%s files=%d written out", number, len(missing))


def _absent(folder: Path, names: tuple[str, ...]) -> list[str]:
    """Return which of these names are not in a folder; one listing tells, where the system spells names as we do."""
    try:
        there = {found.name for found in folder.iterdir()}
    except OSError:
        there = set()
    return [name for name in names if name not in there and not (folder / name).exists()]


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees half of it; OSError where that cannot be done."""
    with NamedTemporaryFile(dir=path.parent, prefix=_PARTIAL, delete=False) as stream:
        partial = Path(stream.name)
        try:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
            partial.chmod(_READABLE)
            partial.replace(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _remove_partial(folder: Path) -> None:
    """Remove what a crash left; only one daemon writes here."""
    for leftover in folder.glob(f"{_PARTIAL}*"):
        leftover.unlink(missing_ok=True)
