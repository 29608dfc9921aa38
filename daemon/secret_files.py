"""Files that hold secrets or decide whom to trust: who else may read or change them."""

import ssl
import stat
from pathlib import Path

from daemon.errors import ConfigurationError
from daemon.permissions import HAS_MODES, refuse_if_writable


def read_secret(path: Path, key: str) -> str:
    """Return the secret in a file without its last line break; ConfigurationError names `key`.

    A file that everybody may write is refused: whoever changes it makes us log in with what he likes.
    """
    refuse_if_writable(path, key)
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(key, f"cannot be read: {error}") from error


def trusted_file(path: Path, key: str) -> Path:
    """Return a file of certificates that can be loaded; ConfigurationError names `key`."""
    refuse_if_writable(path, key)
    try:
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError as error:
        raise ConfigurationError(key, f"{path} holds no certificate in PEM form") from error
    except OSError as error:
        raise ConfigurationError(key, f"cannot be read: {error}") from error
    return path


def loose(path: Path) -> str:
    """Return what is wrong with the permissions of a file that holds a secret; empty: nothing, or no such file."""
    try:
        mode = path.stat().st_mode if HAS_MODES else 0
    except OSError:
        return ""
    if mode & stat.S_IWOTH:
        return "everybody may write it"
    if mode & stat.S_IROTH:
        return "everybody on this machine may read it"
    if mode & stat.S_IWGRP:
        return "its group may write it"
    return ""
