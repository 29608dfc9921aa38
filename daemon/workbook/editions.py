"""Which workbooks a site keeps: the master, and one of penalties where it wants them apart."""

from pathlib import Path

from daemon.site import Site
from sheets.editions import MASTER, MASTER_WITHOUT_FAULT, PENALTY_BOOK, Edition


def editions_of(site: Site) -> tuple[Edition, ...]:
    """Return the site's workbooks, the master first.

    Fault and fines stand in the master unless they have a workbook of their own, or the role in which managers write
    may not see them.
    """
    if site.config.workbook.penalties:
        return MASTER_WITHOUT_FAULT, PENALTY_BOOK
    named = site.config.privacy.fines is not None
    return (MASTER_WITHOUT_FAULT if named and not site.may_see_fines([site.workbook_role]) else MASTER,)


def path_of(edition: Edition, site: Site) -> Path:
    """Return where a workbook stands."""
    workbook = site.config.workbook
    return site.config.path(workbook.penalties if edition is PENALTY_BOOK else workbook.path)


def mark_of(edition: Edition, name: str) -> str:
    """Return the name of a ledger's mark about a workbook."""
    return f"{'penalties' if edition is PENALTY_BOOK else 'workbook'}:{name}"
