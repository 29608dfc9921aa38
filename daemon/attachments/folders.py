"""Where the files of a case lie: its folder's name, and each file's name in it."""

import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from daemon.attachments.names import file_names, safe_name
from daemon.ledger import StoredAttachment
from daemon.site import Site
from rules.locales import Locale, Text

_BESIDE = Text(zh_hant="總表旁的 {path}", zh_hans="总表旁的 {path}", en="{path}, beside the master workbook")


def folder_name(case_number: str) -> str:
    """Return the name of a case's folder."""
    return safe_name(case_number)


def named(files: Iterable[StoredAttachment]) -> list[tuple[str, StoredAttachment]]:
    """Return the files that are written out with their names in the case's folder: always the same."""
    kept = [file for file in files if not file.over]
    return list(zip(file_names(file.name for file in kept), kept, strict=True))


def seen_from(place: Path, case_number: str, site: Site) -> str:
    """Return the folder of a case's files as a link in a workbook that lies in the folder `place` names it.

    A relative path works for everybody who reached the workbook, by whatever name; folders that do not lie beside the
    master are linked by the address that is configured for them.
    """
    name, folder = folder_name(case_number), site.config.attachments_path
    home = site.config.path(site.config.workbook.path).parent
    if site.config.attachments.link_base and not folder.is_relative_to(home):
        return f"{site.config.attachments.link_base}/{quote(name)}"
    try:
        return Path(os.path.relpath(folder / name, place)).as_posix()
    except ValueError:  # another drive
        return str(folder / name)


def place_of(case_number: str, site: Site, locale: Locale) -> tuple[str, str]:
    """Return where a case's files lie: as people find it, and as an address to click on where one is configured."""
    base, name = site.config.attachments.link_base, folder_name(case_number)
    if base:
        link = f"{base}/{quote(name)}"
        return link, link
    folder, workbook = site.config.attachments_path, site.config.path(site.config.workbook.path)
    if not folder.is_relative_to(workbook.parent):
        return str(folder / name), ""
    path = (folder / name).relative_to(workbook.parent).as_posix()
    return _BESIDE.get(locale).format(path=path), ""
