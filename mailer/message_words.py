"""Bytes and encoded words of mail headers as text: charsets as they are, not as they are labelled."""

import base64
import binascii
import codecs
import contextlib
import re
from urllib.parse import unquote_to_bytes

# What Chinese mailers label gb2312 or gbk uses characters of gb18030 ("朱镕基喆" is lost otherwise); likewise the
# other labels of the East name an older, smaller set than what is sent.
_REALLY = {
    "gb2312": "gb18030",
    "gb23121980": "gb18030",
    "gbk": "gb18030",
    "xgbk": "gb18030",
    "euccn": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows936": "gb18030",
    "chinese": "gb18030",
    "xbig5": "cp950",
    "big5": "cp950",
    "xxbig5": "cp950",
    "big5hkscs": "big5hkscs",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "euckr": "cp949",
    "ksc56011987": "cp949",
    "iso88591": "cp1252",
    "unicode11utf7": "utf-7",
    "utf8mb4": "utf-8",
}
_EASTERN = {"gb18030", "cp950", "cp932", "cp949", "big5hkscs"}
_WIDER = {"cp950": "big5hkscs"}
# Python also decodes things that are no charsets at all (rot13, punycode, unicode_escape, idna).
_CHARSET = re.compile(
    r"(utf|iso|windows|cp|gb|big5|euc|shift|koi8|latin|hz|mac|tis|johab|l\d)", re.IGNORECASE
)
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?(.{0,4000}?)\?=", re.DOTALL)
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


def codec_for(label: str) -> str | None:
    """The Python codec for a charset label, by what is really sent under it; None for what is no charset."""
    plain = label.strip().strip("\"'").partition("*")[0]  # RFC 2231 allows charset*language
    known = _REALLY.get(re.sub(r"[^a-z0-9]", "", plain.lower()))
    if known is not None:
        return known
    if not _CHARSET.match(plain):
        return None
    try:
        return codecs.lookup(plain).name
    except (LookupError, ValueError):
        return None


def decode_bytes(content: bytes, label: str = "", hint: str = "") -> str:
    """Text of bytes that may lie about their charset.

    Tried in turn, strictly: the label, UTF-8, and unless the label names an eastern set, `hint` (another part's
    charset) and gb18030. When none fits, the label with losses, or whichever of UTF-8 and gb18030 loses the least.
    """
    if content.isascii() and b"\x1b" not in content and b"~" not in content and b"+" not in content:
        return content.decode("ascii")
    labelled, hinted = codec_for(label), codec_for(hint)
    guesses = (
        () if labelled in _EASTERN else (hinted, "gb18030")
    )  # one broken byte does not make Big5 another set
    for codec in (labelled, _WIDER.get(labelled or ""), "utf-8", *guesses):
        if codec is not None:
            try:
                return _without_surrogates(content.decode(codec))
            except (UnicodeError, ValueError):
                continue
    if labelled is not None:
        return _without_surrogates(content.decode(labelled, "replace"))
    return min((content.decode(codec, "replace") for codec in ("utf-8", "gb18030")), key=_losses)


def decode_words(text: str, hint: str = "") -> str:
    """Header text with its encoded words (RFC 2047) decoded, also inside quotes and cut within a character."""
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
    return "".join(pieces) + text[at:]


def one_line(text: str) -> str:
    """Text without line breaks, control characters and invisible marks; white space becomes single spaces."""
    return " ".join(text.translate(_UNSEEN | _BREAKS).split())


def decode_percent(text: str, label: str = "", hint: str = "") -> str:
    """Percent-encoded text; left as it is when it holds no percent sign that stands for something."""
    if not _PERCENT.search(text):
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


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _losses(text: str) -> int:
    return text.count("\ufffd")
