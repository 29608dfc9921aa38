"""How messages are packed in the archive: zlib's format, by the fastest engine there is."""

import zlib
from importlib import import_module
from types import ModuleType

# Most of a mail is base64 of files compressed already; more effort gains nothing.
_LEVEL = 1


def _fastest() -> ModuleType:
    """Return igzip's binding where it is installed (a quarter of the time, the same format), else zlib."""
    try:
        return import_module("isal.isal_zlib")
    except ImportError:
        return zlib


_engine = _fastest()


def pack(content: bytes) -> bytes:
    """Return bytes as the archive holds them."""
    return bytes(_engine.compress(content, _LEVEL))


def unpack(packed: bytes) -> bytes:
    """Return what was packed; zlib.error if that is damaged."""
    return zlib.decompress(packed)
