"""Folders as a server calls them.

A site names its folders `Processed` and `Quarantine`. Courier and Cyrus keep everything under `INBOX.`, QQ and Exmail
file what clients make under a folder of their own (`其他文件夹/Processed`), and some list names in no encoding at all.
"""

import imaplib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from imap_tools.imap_utf7 import utf7_decode
from imap_tools.utils import encode_folder

from mailer.imap_errors import refused, translated

_INBOX = "INBOX"
_LISTED = re.compile(rb'\((?P<flags>[^)]*)\) (?:"\\?(?P<quoted>.)"|(?P<none>NIL)) (?P<name>.*)', re.DOTALL)
_PERSONAL = re.compile(rb'\(\("((?:[^"\\]|\\.)*)"')
_NO_MAILS = {rb"\noselect", rb"\nonexistent"}


class Folders:
    """The folders of one connection; a name is looked up once."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client
        self._names: dict[str, str] = {}
        self._prefix: str | None = None

    def find(self, folder: str) -> str:
        """Return what the server calls `folder`, which may not be there at all."""
        if folder.upper() == _INBOX:
            return folder
        return self._names.get(folder) or self._look_up(folder) or folder

    def ensure(self, folder: str, *, anew: bool = False) -> str:
        """Return what the server calls `folder`, making it where it is missing; `anew`: somebody deleted it.

        Somebody else making it at the same moment is no error. MailboxUnavailable when it cannot be made.
        """
        if anew:
            self._names.pop(folder, None)
        if folder not in self._names and folder.upper() != _INBOX:
            with translated(f"cannot create the folder {folder}"):
                self._names[folder] = self._look_up(folder) or self._make(folder)
        return self._names.get(folder, folder)

    def _look_up(self, folder: str) -> str | None:
        for name in dict.fromkeys((folder, self._under_prefix(folder))):
            if self._exists(name):
                return name
        return None

    def _make(self, folder: str) -> str:
        name = self._under_prefix(folder)
        status, answer = self._client._simple_command("CREATE", encode_folder(name))
        made = name if self._exists(name) else self._elsewhere(folder)
        if made is None and status == "OK":
            return name  # made, though this server does not list what it has just made
        if made is None:
            raise refused(f"cannot create the folder {folder}", answer)
        return made

    def _elsewhere(self, folder: str) -> str | None:
        """Where a server put what it was asked to make: in a folder of its own choice, under the same last name."""
        for name, delimiter, _ in self._list("*"):
            if delimiter and name.rpartition(delimiter)[2] == folder:
                return name
        return None

    def _exists(self, name: str) -> bool:
        return any(not flags & _NO_MAILS for _, _, flags in self._list(name))

    def _under_prefix(self, folder: str) -> str:
        prefix = self._personal_prefix()
        return folder if folder.startswith(prefix) else prefix + folder

    def _personal_prefix(self) -> str:
        """The prefix of our own folders (RFC 2342), such as `INBOX.`; empty where there is none."""
        if self._prefix is None:
            self._prefix = ""
            if "NAMESPACE" in self._client.capabilities:
                status, answer = self._client.namespace()
                found = _PERSONAL.match(_first(answer)) if status == "OK" else None
                self._prefix = _decoded(found[1]) if found else ""
        return self._prefix

    def _list(self, pattern: str) -> Iterator[tuple[str, str, set[bytes]]]:
        """Name, delimiter and flags in lower case of each folder that matches."""
        client: Any = self._client
        status, answer = client._simple_command("LIST", '""', encode_folder(pattern))
        _, lines = client._untagged_response(status, answer, "LIST")
        for line in lines:
            head, name = line if isinstance(line, tuple) else (line, None)
            found = _LISTED.search(head) if isinstance(head, bytes) else None
            if found is not None:
                flags = set(found["flags"].lower().split())
                yield (
                    _decoded(_unquoted(found["name"]) if name is None else name),
                    _text(found["quoted"]),
                    flags,
                )


def _first(answer: Sequence[Any]) -> bytes:
    return answer[0] if answer and isinstance(answer[0], bytes) else b""


def _unquoted(name: bytes) -> bytes:
    name = name.strip()
    if name.startswith(b'"') and name.endswith(b'"'):
        return re.sub(rb"\\(.)", rb"\1", name[1:-1])
    return name


def _decoded(name: bytes) -> str:
    """A folder's name from modified UTF-7 (RFC 3501 5.1.3), or from whatever else a server wrote."""
    try:
        if name.isascii():
            return utf7_decode(name)
    except ValueError:
        pass  # an "&" that begins nothing
    return _text(name)


def _text(raw: bytes | None) -> str:
    try:
        return (raw or b"").decode("utf-8")
    except UnicodeDecodeError:
        return (raw or b"").decode("gb18030", "replace")
