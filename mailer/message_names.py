"""File names that are safe to write: a base name, whatever a mail calls its files."""

import re

_LONGEST = 180  # bytes of UTF-8; file systems allow 255
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|\Z)", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
_ENDING_ONLY = re.compile(r"\.(?:xls[xmb]?|ods|et|pdf|zip|rar|7z|jpe?g|png|gif|docx?|csv|txt)", re.IGNORECASE)
_ENDINGS = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.ms-excel.sheet.macroenabled.12": ".xlsm",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "application/ms-tnef": ".dat",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/gif": ".gif",
    "text/plain": ".txt",
    "text/html": ".html",
    "text/csv": ".csv",
    "text/calendar": ".ics",
    "message/rfc822": ".eml",
}
_MEDIA_TYPES = {ending: media_type for media_type, ending in _ENDINGS.items()} | {".jpeg": "image/jpeg"}


def media_type_named(name: str) -> str:
    """The media type that a name's ending stands for."""
    return _MEDIA_TYPES.get("." + name.rpartition(".")[2].lower(), "application/octet-stream")


def file_name(given: str, media_type: str, content: bytes, number: int) -> str:
    """A safe base name for a mail's file; made from its type and `number` where the mail gives none."""
    base = re.split(r"[/\\]", given)[-1]
    base = _FORBIDDEN.sub("_", base).strip()
    if _ENDING_ONLY.fullmatch(base):
        return f"attachment-{number}{base}"
    base = base.strip(".").strip()
    if not base:
        return f"attachment-{number}{_ending(media_type, content)}"
    if _RESERVED.match(base):
        base = "_" + base
    return shortened(base)


def _ending(media_type: str, content: bytes) -> str:
    if media_type in _ENDINGS:
        return _ENDINGS[media_type]
    if content.startswith(b"PK\x03\x04"):
        return ".xlsx" if b"xl/" in content else ".zip"
    return ".xls" if content.startswith(b"\xd0\xcf\x11\xe0") else ".bin"


def shortened(name: str, most: int = _LONGEST) -> str:
    """A name of so many bytes at most that keeps its ending, cut between characters."""
    if len(name.encode()) <= most:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending.encode()) > 12:
        stem, dot, ending = name, "", ""
    room = most - len((dot + ending).encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip() + dot + ending
