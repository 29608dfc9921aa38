"""IDLE (RFC 2177) on imaplib's connection.

imap-tools' own IDLE loses an EXISTS that comes in the same segment as the `+`, raises on one that comes before it,
aborts on a line in two segments, and takes a dropped connection for a time-out. Here each line is read whole by
imaplib's reader once its first byte is there, so nothing is lost between the socket and the reader's buffer.
"""

import select
import ssl
import threading
from typing import Any

_SLICE = 0.5  # seconds between two looks at `stop`
_STOP_TIMEOUT = 2.0  # seconds the server gets to end IDLE when we are stopping


def idle(client: Any, stop: threading.Event, seconds: float) -> bool | None:
    """Wait in IDLE until mail is announced, `stop` is set or `seconds` are over.

    True when mail was announced, None when the server refused to idle. Raises imaplib's and the socket's errors.
    """
    tag = client._command("IDLE")
    if not _accepted(client, tag):
        client.tagged_commands.pop(tag)
        return None
    _listen(client, stop, seconds)
    if stop.is_set():
        client.sock.settimeout(_STOP_TIMEOUT)
    client.send(b"DONE\r\n")
    while client.tagged_commands[tag] is None:
        client._get_response()
    client.tagged_commands.pop(tag)
    return announced(client)


def announced(client: Any) -> bool:
    """Whether the server has told of mail (EXISTS) since `forget` was called."""
    return "EXISTS" in client.untagged_responses


def forget(client: Any) -> None:
    """Drop what the server told unasked; imaplib would keep it for as long as the connection lives."""
    for kind in ("EXISTS", "RECENT", "EXPUNGE", "FETCH"):
        client.untagged_responses.pop(kind, None)


def _accepted(client: Any, tag: bytes) -> bool:
    """Read up to the server's `+`; untagged lines may come before it."""
    while client._get_response() is not None:
        if client.tagged_commands[tag] is not None:
            return False
    return True


def _listen(client: Any, stop: threading.Event, seconds: float) -> None:
    # Every turn takes at most a slice, so counting slices bounds the time without reading a clock.
    left = seconds
    while left > 0 and not announced(client) and not stop.is_set():
        if _has_input(client, min(_SLICE, left)):
            client._get_response()
        left -= _SLICE


def _has_input(client: Any, seconds: float) -> bool:
    """Whether a line, a part of one, or the connection's end can be read within `seconds`."""
    if _peek(client):
        return True
    poller = select.poll()
    poller.register(client.sock, select.POLLIN)
    # With TLS the bytes on the wire may be the protocol's own: only what the reader gets out of them counts.
    return bool(poller.poll(seconds * 1000)) and _peek(client) is not None


def _peek(client: Any) -> bytes | None:
    """What imaplib's reader holds or gets without waiting; empty at the end of the connection, None when TLS has
    nothing for us yet. (A plain connection with nothing yet gives an empty answer too: poll first.)"""
    timeout = client.sock.gettimeout()
    client.sock.settimeout(0)
    try:
        seen: bytes = client.file.peek(1)
    except ssl.SSLWantReadError:
        return None
    else:
        return seen
    finally:
        client.sock.settimeout(timeout)
