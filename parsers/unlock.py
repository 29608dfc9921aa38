"""Encrypted workbooks: Excel's default password is tried, any other is the sender's to take off.

Excel encrypts with `VelvetSweatshop` what is only write-protected ([MS-OFFCRYPTO] 2.3.7.1), and opens it unasked.
"""

import re
from io import BytesIO

from parsers.ole import biff_stream, stream, streams
from parsers.refusals import PASSWORD, RIGHTS_MANAGED, Refused

_DEFAULT = "VelvetSweatshop"
_MOST_SPINS = 500_000  # Excel takes 100,000; a file may ask for ten million, half a minute of hashing
_SPINS = re.compile(rb"spinCount=[\"'](\d{1,12})[\"']")
_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_FILEPASS = 0x2F
_FIRST_RECORDS = 40  # FILEPASS stands among the first ([MS-XLS] 2.1.7.20.3)


def is_locked(content: bytes) -> bool:
    """Tell whether an OLE file is an encrypted workbook."""
    names = streams(content)
    if not names:  # a directory too damaged to be followed: by the name alone
        return _PACKAGE in content
    return "encryptedpackage" in names or _has_filepass(content, names)


def unlocked(content: bytes) -> bytes:
    """Return an encrypted workbook decrypted with the default password; Refused if it has another."""
    from msoffcrypto import OfficeFile

    names = streams(content)
    if "encryptedpackage" in names:
        _check_shell(content, names)
    plain = BytesIO()
    try:
        file = OfficeFile(BytesIO(content))
        file.load_key(password=_DEFAULT)
        file.decrypt(plain)
    except MemoryError:
        raise
    except Exception as error:  # a wrong key shows as anything, from InvalidKeyError to a bad zip file
        raise Refused(PASSWORD) from error
    if _is_still_locked(plain.getvalue()):
        raise Refused(PASSWORD)
    return plain.getvalue()


def _has_filepass(content: bytes, names: frozenset[str]) -> bool:
    if not names & {"workbook", "book"}:
        return False
    try:
        head = biff_stream(content, 64 * 1024)
    except ValueError:
        return False
    place = 0
    for _ in range(_FIRST_RECORDS):
        kind = int.from_bytes(head[place : place + 2], "little")
        if kind == _FILEPASS and place:
            return True
        place += 4 + int.from_bytes(head[place + 2 : place + 4], "little")
    return False


def _check_shell(content: bytes, names: frozenset[str]) -> None:
    """Refuse what no password opens, and a key that would take too long to derive or carries a DTD."""
    if "encryptioninfo" not in names:
        raise Refused(RIGHTS_MANAGED)
    try:
        info = stream(content, "EncryptionInfo", 1024 * 1024)
    except ValueError as error:
        raise Refused(PASSWORD) from error
    if b"<!" in info or any(int(spins) > _MOST_SPINS for spins in _SPINS.findall(info)):
        raise Refused(PASSWORD)


def _is_still_locked(plain: bytes) -> bool:
    """Tell whether decryption left neither a zip file nor a compound file behind."""
    return not plain.startswith((b"PK", b"\xd0\xcf\x11\xe0"))
