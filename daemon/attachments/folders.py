"""Where the files of a case lie: its folder's name, and each file's name in it."""

from collections.abc import Iterable
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
