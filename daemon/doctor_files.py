"""What `kesu doctor` says of files: who besides the daemon may write what it believes, or read what it keeps."""

from collections.abc import Iterator
from pathlib import Path

from daemon import packs
from daemon.permissions import HAS_MODES, readers_beyond_owner, writers_beyond_us
from daemon.site import Site

Said = tuple[str, str, str]  # what was tried, what was found, what to do where it is to be mended


def files(site: Site) -> Said:
    """Look at the modes of configuration, rules and ledger; what is fatal has stopped the start before."""
    if not HAS_MODES:
        return "files", "the folder's rights hold for them: this system has no modes to look at", ""
    faults = [*_written_by_others(site), *_read_by_others(site)]
    said = "nobody else writes what kesu believes or reads what it keeps" if not faults else "too many may"
    return "files", said, "; ".join(faults)


def _written_by_others(site: Site) -> Iterator[str]:
    for path in (*_believed(site), *_secrets(site)):
        if who := writers_beyond_us(path):
            yield f"{who} may write or replace {path}: give it to the daemon's account or root, chmod go-w"


def _read_by_others(site: Site) -> Iterator[str]:
    ledger = site.config.path(site.config.daemon.ledger.removeprefix("sqlite:///"))
    if ledger.exists() and (who := readers_beyond_owner(ledger)):
        yield f"{who} may read {ledger}: chmod 600"


def _believed(site: Site) -> Iterator[Path]:
    yield from sorted(site.config.base.glob("*.toml"))  # whatever the configuration is called
    if site.config.daemon.policy not in packs.shipped_policies():
        yield site.config.path(site.config.daemon.policy)


def _secrets(site: Site) -> Iterator[Path]:
    for section in (site.config.mailbox, site.config.smtp):
        if section.password_file and not section.password_env:
            yield site.config.path(section.password_file)
