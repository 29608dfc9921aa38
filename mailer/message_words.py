"""Encoded words of mail headers as text (RFC 2047), in whatever state they come."""

import base64
import binascii
import contextlib
import re
from urllib.parse import unquote_to_bytes

from mailer.message_charsets import decode_bytes

_ENCODED_WORD = re.compile(r"=\?\s{0,3}([^?\s]{1,60})\s{0,3}\?([bBqQ])\?(.{0,4000}?)\?=", re.DOTALL)
_UNFINISHED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\s]{1,4000})\??\Z")
_BETWEEN_WORDS = re.compile(r"\s*\Z")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_BREAKS: dict[int, str | None] = dict.fromkeys(map(ord, "\t\n\r"), " ")
_UNSEEN: dict[int, str | None] = dict.fromkeys(
    [
        *range(0x20),
        *range(0x7F, 0xA0),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        0xFEFF,
    ]
)
_NOT_SHOWN = _UNSEEN | _BREAKS

# White space is none of them. Not every database takes NUL.
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def decode_words(text: str, hint: str = "") -> str:
    """Header text with its encoded words (RFC 2047) decoded, also inside quotes and cut within a character.

    A word that was encoded twice on its way is decoded twice, and one whose end is cut off as far as it goes.
    """
    if "=?" not in text:
        return text
    once = _decoded_once(text, hint)
    return _decoded_once(once, hint) if once != text and "=?" in once else once


def _decoded_once(text: str, hint: str) -> str:
    pieces: list[str] = []
    pending = (
        b""  # neighbouring words of one charset are joined as bytes: mailers cut them within a character
    )
    charset = ""
    at = 0
    for word in _ENCODED_WORD.finditer(text):
        between = text[at : word.start()]
        joins = bool(pending) and _BETWEEN_WORDS.match(between) is not None
        if pending and not (joins and word[1].lower() == charset):
            pieces.append(decode_bytes(pending, charset, hint))
            pending = b""
        if not joins:
            pieces.append(between)
        pending += _word_bytes(word[2], word[3])
        charset = word[1].lower()
        at = word.end()
    if pending:
        pieces.append(decode_bytes(pending, charset, hint))
    return "".join(pieces) + _UNFINISHED_WORD.sub(
        lambda word: decode_bytes(_word_bytes(word[2], word[3]), word[1], hint), text[at:]
    )


def one_line(text: str) -> str:
    """Text without line breaks, control characters and invisible marks; white space becomes single spaces."""
    return " ".join(text.translate(_NOT_SHOWN).split())


def decode_percent(text: str, label: str = "", hint: str = "") -> str:
    """Percent-encoded text; left as it is when it holds no percent sign that stands for something."""
    if "%" not in text or not _PERCENT.search(text):
        return text
    return decode_bytes(unquote_to_bytes(text), label, hint)


def _word_bytes(encoding: str, content: str) -> bytes:
    if encoding in "bB":
        return decode_base64(content.encode("ascii", "ignore"))
    return binascii.a2b_qp(content.encode("utf-8", "replace"), header=True)


def decode_base64(content: bytes) -> bytes:
    """Base64 without its line breaks and strange characters, with padding missing, or several texts in a row."""
    if not content.partition(b"=")[2].strip(b"= \t\r\n"):  # nothing behind the padding: the common case, in C
        with contextlib.suppress(binascii.Error):
            return binascii.a2b_base64(content)
    letters = re.sub(rb"[^A-Za-z0-9+/=]+", b"", content)
    return b"".join(_decode_unpadded(run) for run in re.split(rb"=+", letters))


def _decode_unpadded(letters: bytes) -> bytes:
    whole = letters[:-1] if len(letters) % 4 == 1 else letters  # one letter alone holds no byte
    return base64.b64decode(whole + b"=" * (-len(whole) % 4))
