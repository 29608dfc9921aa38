"""The words of a mail that exist only as rich text: unpacked ([MS-OXRTFCP]) and freed of everything but text."""

import re
import struct

from mailer.message_charsets import decode_bytes

_LONGEST = 1_000_000  # bytes unpacked
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096
_TOKEN = re.compile(
    rb"\\'([0-9a-fA-F]{2})|\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\(.)|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_UNSEEN = {
    b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"themedata", b"generator", b"listtable",
    b"listoverridetable", b"rsidtbl", b"header", b"footer", b"xmlnstbl", b"datastore", b"latentstyles",
}  # fmt: skip
_LETTERS = {b"\\": b"\\", b"{": b"{", b"}": b"}", b"~": b" ", b"_": b"-"}
_BREAKS = {b"par": b"\n", b"line": b"\n", b"row": b"\n", b"tab": b"\t", b"cell": b"\t"}


def rtf_text(packed: bytes, label: str = "") -> str:
    """The text of a compressed RTF body, empty when it is none; `label` is the charset it is in unless it says."""
    rtf = _unpacked(packed)
    return _text(rtf, label).replace("\0", "").strip() if rtf.startswith(b"{\\rtf") else ""


def _unpacked(packed: bytes) -> bytes:
    """Undo the compression: runs of letters, and references into the last 4,096 of them."""
    if len(packed) < 16:
        return b""
    _, size, kind = struct.unpack_from("<II4s", packed)
    size = min(size, _LONGEST)
    if kind == b"MELA":
        return packed[16 : 16 + size]
    if kind != b"LZFu":
        return b""
    out = bytearray(_DICTIONARY)
    at = 16
    while at < len(packed) and len(out) < size + len(_DICTIONARY):
        control = packed[at]
        at += 1
        for bit in range(8):
            if not control >> bit & 1:
                out += packed[at : at + 1]
                at += 1
            elif not _copied(out, packed[at : at + 2]):
                return bytes(out[len(_DICTIONARY) :])
            else:
                at += 2
    return bytes(out[len(_DICTIONARY) :][:size])


def _copied(out: bytearray, reference: bytes) -> bool:
    """Append what a reference means; False at the end, which is a reference to the place written next."""
    if len(reference) < 2:
        return False
    place, length = reference[0] << 4 | reference[1] >> 4, (reference[1] & 15) + 2
    back = (len(out) - place) % _WINDOW
    if back == 0 or back > len(out):
        return False
    for _ in range(length):
        out.append(out[-back])
    return True


def _text(rtf: bytes, label: str) -> str:
    """The words of an RTF document, in whatever charset each character comes."""
    words = _Words(label)
    for token in _TOKEN.finditer(rtf):
        hexed, word, number, symbol, brace, plain = token.groups()
        if brace:
            words.group(opens=brace == b"{")
        elif word in _UNSEEN or symbol == b"*":
            words.leave_out()
        elif word:
            words.order(word, int(number or b"0"))
        elif hexed:
            words.letters(bytes.fromhex(hexed.decode("ascii")))
        elif plain or symbol in _LETTERS:
            words.letters(plain or _LETTERS[symbol])
    return words.finish()


class _Words:
    """Gathers the text of a document; groups that are not shown are left out."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._out: list[str] = []
        self._run = bytearray()  # bytes of the document's charset that stand together
        self._left_out = [False]  # for each open group
        self._instead = 1  # characters behind each \u for readers that do not know it
        self._skipped = 0

    def group(self, *, opens: bool) -> None:
        if opens:
            self._left_out.append(self._left_out[-1])
        elif len(self._left_out) > 1:
            self._left_out.pop()

    def leave_out(self) -> None:
        self._left_out[-1] = True

    def order(self, word: bytes, number: int) -> None:
        if word == b"ansicpg":
            self._label = f"cp{number}" if number else self._label
        elif word == b"uc":
            self._instead = max(0, number)
        elif word == b"u" and not self._left_out[-1]:
            self._flush()
            self._out.append(chr(number % 0x10000))
            self._skipped = self._instead
        elif word in _BREAKS:
            self.letters(_BREAKS[word])

    def letters(self, letters: bytes) -> None:
        if not self._left_out[-1]:
            self._run += letters[self._skipped :]
            self._skipped = max(0, self._skipped - len(letters))

    def finish(self) -> str:
        self._flush()
        return "".join(self._out).encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _flush(self) -> None:
        if self._run:
            self._out.append(decode_bytes(bytes(self._run), self._label))
            self._run.clear()
