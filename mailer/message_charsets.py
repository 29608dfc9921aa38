"""Bytes as text: charsets as they are, not as they are labelled, and the likeliest one where none is named."""

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache

# What Chinese mailers label gb2312 or gbk uses characters of gb18030 ("朱镕基喆" is lost otherwise); likewise the
# other labels of the East name an older, smaller set than what is sent.
_REALLY = {
    "gb2312": "gb18030",
    "gb23121980": "gb18030",
    "gb231280": "gb18030",
    "gbk": "gb18030",
    "xgbk": "gb18030",
    "euccn": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows936": "gb18030",
    "chinese": "gb18030",
    "xbig5": "cp950",
    "big5": "cp950",
    "cnbig5": "cp950",
    "big5tw": "cp950",
    "big5eten": "cp950",
    "windows950": "cp950",
    "xxbig5": "cp950",
    "big5hkscs": "big5hkscs",
    "hzgb2312": "hz",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "xsjis": "cp932",
    "euckr": "cp949",
    "ksc56011987": "cp949",
    "iso2022jp": "iso2022_jp_2",
    "iso88591": "cp1252",
    "unicode11utf7": "utf-7",
    "utf8mb4": "utf-8",
}
_EASTERN = {"gb18030", "cp950", "cp932", "cp949", "big5hkscs"}
_WESTERN = {"cp1252", "iso8859-1", "iso8859-15", "latin-1", "mac-roman", "cp437", "cp850"}
_WIDER = {"cp950": "big5hkscs"}
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Python also decodes things that are no charsets at all (rot13, punycode, unicode_escape, idna).
_CHARSET = re.compile(
    r"(utf|iso|windows|cp|gb|big5|euc|shift|koi8|latin|hz|mac|tis|johab|l\d)", re.IGNORECASE
)
_HZ = re.compile(rb"~\{(?:[!-w][!-~])+~\}")  # RFC 1843
_SHIFTED = re.compile(rb"\x1b\$\)A|\x0e((?:[!-~]{2})*)\x0f?")  # GB 2312 in ISO-2022-CN (RFC 1922)
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_LOOKED_AT = 4096  # bytes
_LIKELY = 0.5  # of the pairs are everyday characters


@lru_cache(maxsize=512)
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

    What reads as UTF-8 is UTF-8, whatever it is called. Then the label counts, unless it names a western set and the
    bytes are plainly Chinese; then `hint` (another part's charset) and the likelier of gb18030 and Big5. When none
    fits, whichever loses the least.
    """
    labelled = codec_for(label)
    if labelled is not None and labelled.startswith(("utf-16", "utf-32")) and len(content) > 1:
        return _with_losses(content, labelled)
    if content.isascii():
        return _seven_bit(content, labelled)
    for codec in _likely_codecs(content, labelled, codec_for(hint)):
        if (text := _strictly(content, codec)) is not None:
            return text
    return _losing_least(content, labelled)


def is_plain(content: bytes) -> bool:
    """Tell whether bytes without a label are ASCII and nothing else: no shift or escape hides Chinese among them."""
    return content.isascii() and not (b"\x1b" in content or b"\x0e" in content or b"~" in content)


def chinese_codec(content: bytes, hint: str = "") -> str | None:
    """Which of gb18030 and Big5 the bytes are likelier in; None where they are likelier in neither.

    Both sets keep everyday characters in a range of their own (GB 2312 level 1: rows 16-55; Big5 level 1: A4-C6):
    the one whose range holds more of the pairs is meant.
    """
    pairs = _PAIR.findall(content, 0, _LOOKED_AT)
    if not pairs:
        return None
    favoured = codec_for(hint)
    shares = {"gb18030": _share_gb(pairs), "cp950": _share_big5(pairs)}
    best = max(shares, key=lambda codec: shares[codec] + (0.15 if codec == favoured else 0))
    return best if shares[best] >= _LIKELY else None


def _likely_codecs(content: bytes, labelled: str | None, hinted: str | None) -> Iterator[str]:
    """The codecs to try strictly, likeliest first."""
    if not _may_be(content, labelled):
        yield "utf-8"
    found: list[str | None] = []
    guess = None if labelled in _EASTERN else chinese_codec(content, hinted or "")
    if labelled in _WESTERN and guess is not None and _runs_on(content):
        found.append(guess)
    elif labelled not in (None, "utf-8", "ascii"):
        found += [labelled, _WIDER.get(labelled or ""), "utf-8"]
    if labelled not in _EASTERN:  # one broken byte does not make Big5 another set
        found += [None if hinted in _EASTERN | _WESTERN else hinted, guess, _WIDER.get(guess or "")]
        found.append("gb18030" if _runs_on(content) else "cp1252")
    yield from (codec for codec in found if codec is not None)


def _may_be(content: bytes, labelled: str | None) -> bool:
    """Tell whether bytes that also read as UTF-8 may be what their eastern label says: no character has three."""
    return labelled in _EASTERN and not any(0xE0 <= byte <= 0xF4 for byte in content)


def _seven_bit(content: bytes, labelled: str | None) -> str:
    if labelled == "utf-7" or b"\x1b" in content or b"\x0e" in content:
        if b"\x1b$)A" in content:
            content = _SHIFTED.sub(lambda run: bytes(byte | 0x80 for byte in run[1] or b""), content)
            return content.decode("gb18030", "replace")
        return _with_losses(content, labelled or "ascii")
    if b"~" in content and _HZ.search(content):
        text = _strictly(content, "hz")
        if text is not None:
            return text
    return content.decode("ascii")


def _strictly(content: bytes, codec: str) -> str | None:
    """The text, None where the bytes are not in this codec; one character cut off at the end is no objection."""
    try:
        return _without_surrogates(content.decode(codec))
    except UnicodeDecodeError as error:
        whole = content[: error.start]
        if error.end != len(content) or len(content) - len(whole) > 3 or whole.isascii():
            return None
        return _strictly(whole, codec)
    except (UnicodeError, ValueError):
        return None


def _losing_least(content: bytes, labelled: str | None) -> str:
    if labelled in _EASTERN:
        return _with_losses(content, labelled)
    found = (_with_losses(content, codec) for codec in ("utf-8", "gb18030", labelled or "utf-8"))
    return min(found, key=lambda text: text.count("\ufffd"))


def _with_losses(content: bytes, codec: str) -> str:
    return _without_surrogates(content.decode(codec, "replace"))


def _share_gb(pairs: list[bytes]) -> float:
    everyday = sum((0xB0 <= lead <= 0xD7 or 0xA1 <= lead <= 0xA3) and trail >= 0xA1 for lead, trail in pairs)
    return everyday / len(pairs)


def _share_big5(pairs: list[bytes]) -> float:
    everyday = sum(0xA1 <= lead <= 0xC6 and (trail <= 0x7E or trail >= 0xA1) for lead, trail in pairs)
    return everyday / len(pairs)


def _runs_on(content: bytes) -> bool:
    """Tell whether pairs follow on each other, as Chinese characters do and accented letters do not."""
    ends, adjoining, count = -1, 0, 0
    for pair in _PAIR.finditer(content, 0, _LOOKED_AT):
        adjoining += pair.start() == ends
        ends, count = pair.end(), count + 1
    return count == 0 or 3 * adjoining >= count


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
