"""Which files of a case go out with its mails: pictures and PDFs up to a size, all of them named."""

from collections.abc import Sequence
from decimal import Decimal

from daemon.ledger import StoredAttachment

MEGABYTE = 10**6

# What mail programs show or open safely, by the bytes it begins with: a name proves nothing.
_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
)
_PHONE_PICTURES = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heif", b"avif": "image/avif"}
_ENDINGS = {
    "image/jpeg": (".jpg", ".jpeg", ".jfif"),
    "image/png": (".png",),
    "image/gif": (".gif",),
    "image/bmp": (".bmp",),
    "image/tiff": (".tif", ".tiff"),
    "image/heic": (".heic", ".heif"),
    "image/heif": (".heif", ".heic"),
    "image/avif": (".avif",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
}


def media_type(content: bytes) -> str:
    """Return the type of a picture or PDF by its bytes; empty for all else."""
    for signature, found in _SIGNATURES:
        if content.startswith(signature):
            return found
    if content[4:8] == b"ftyp":
        return _PHONE_PICTURES.get(content[8:12], "")
    return "image/webp" if content[:4] == b"RIFF" and content[8:12] == b"WEBP" else ""


def candidates(files: Sequence[StoredAttachment], megabytes: Decimal) -> list[StoredAttachment]:
    """Return the files that may go with a mail by their names and sizes, the smallest first up to a total."""
    endings = tuple(ending for known in _ENDINGS.values() for ending in known)
    fitting = [file for file in files if not file.over and file.name.lower().endswith(endings)]
    left, chosen = int(megabytes * MEGABYTE), []
    for file in sorted(fitting, key=lambda each: each.size):
        if file.size <= left:
            left -= file.size
            chosen.append(file)
    return [file for file in files if file in chosen]


def is_what_it_says(name: str, content: bytes) -> str:
    """Return the media type of a file whose bytes and name agree; empty where they do not, or it is none to send."""
    found = media_type(content)
    return found if found and name.lower().endswith(_ENDINGS[found]) else ""
