"""Changes that keep an input's shape: XML inside a zip file that is packed again, and repeated stretches of text."""

import random
import re
from collections.abc import Callable
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile

Mutate = Callable[[bytes, int], bytes]  # bytes and the most that may come back

_LARGEST = 400_000  # bytes of an entry that is changed
_ATTRIBUTE = re.compile(rb"""([\w:]+)=(["'])([^"'<>]{0,200})\2""")
_ELEMENT = re.compile(rb"<([\w:]+)(?:\s[^<>]*)?>[^<>]{0,200}</\1>")
_TEXT = re.compile(rb">([^<>]{1,200})<")
_WORTH_A_TRY = (
    b"",
    b"-1",
    b"0",
    b"1",
    b"2147483648",
    b"18446744073709551616",
    b"1e309",
    b"-1e-400",
    b"NaN",
    b"inf",
    b"60",
    b"2958466",
    b"0.99999999999",
    b"9" * 400,
    b"A0",
    b"A1",
    b"XFD1048576",
    b"A1:XFD1048576",
    b"AAAAAAAA99999999",
    b"s",
    b"d",
    b"e",
    b"b",
    b"str",
    b"inlineStr",
    b"true",
    b"1904",
    b"../../../etc/passwd",
    b"/xl/worksheets/sheet1.xml",
    b"http://127.0.0.1/x",
    b"&#0;",
    b"&amp;#xD800;",
    b"_x0000_",
    b"2026-02-30T25:61:61",
    b"0000-00-00",
    b"\xef\xbf\xbf",
    "２０２６年１１月３１日".encode(),
    "民國九十一年".encode(),
    "①☑□■".encode() * 20,
    b"utf-16",
)
_SAID = """
已處理 已处理 resolved 撤回 更正 補件 確認 同意 不同意 核准 退回 原因 because 客戶姓名： 電話: 金額=1200 30% 七折
三千五百元 K-20261121-001 > 寫道： -----原始邮件----- From: 發件人: On wrote: 11/30 民國115年
2026.5.4 下午三點 明天 請假 代理 deputy until 、 ， 。 ； ( （ 【 「 -- __ ==== 0912-345-678 +886 NT$ ￥ 萬
"""
_WORDS = (
    *(word.encode() for word in _SAID.split()),
    b"\n",
    b"\n> ",
    b"\n\n",
    b"\t",
    b"\f",
    b"\xe2\x80\x8b",
    b"\xe3\x80\x80",
)


def mutated(data: bytes, most: int, seed: int, otherwise: Mutate) -> bytes:
    """Change an input; `otherwise` changes bytes without knowing what they are."""
    chance = random.Random(seed)
    if data.startswith(b"PK"):
        changed = _zip_mutated(data, most, chance, otherwise)
        if changed is not None and len(changed) <= most:
            return changed
    elif chance.random() < 0.6:
        return _text_mutated(data, chance)[:most]
    return otherwise(data, most)


def blindly(seed: int) -> Mutate:
    """Make a byte mutator for where no fuzzer lends its own."""
    chance = random.Random(seed)

    def change(data: bytes, most: int) -> bytes:
        changed = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(changed) + 1)
            match chance.randrange(3):
                case 0:
                    changed[at : at + chance.randint(0, 8)] = chance.randbytes(chance.randint(0, 4))
                case 1:
                    changed[at : at + 1] = bytes([chance.randrange(256)])
                case _:
                    del changed[at : at + chance.randint(1, 40)]
        return bytes(changed[:most])

    return change


def _zip_mutated(data: bytes, most: int, chance: random.Random, otherwise: Mutate) -> bytes | None:
    """Change one entry and pack all again, with the right sums; None if the file cannot be taken apart."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            entries = {
                part.filename: archive.read(part) for part in archive.infolist() if part.file_size <= _LARGEST
            }
    except Exception:
        return None
    if not entries:
        return None
    name = _chosen(list(entries), chance)
    change = _text_mutated if chance.random() < 0.8 else None
    part = entries[name]
    entries[name] = change(part, chance) if change else otherwise(part or b" ", max(len(part) * 2, 64))
    if chance.random() < 0.02:
        del entries[name]
    if chance.random() < 0.02:
        entries[name.swapcase()] = part
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_STORED) as archive:
        for entry, content in entries.items():
            archive.writestr(entry, content)
    return stream.getvalue()


def _chosen(names: list[str], chance: random.Random) -> str:
    """Choose an entry, more often one that holds cells."""
    telling = [name for name in names if re.search(r"sheet|sharedstrings|content\.xml|styles", name.lower())]
    return chance.choice(telling if telling and chance.random() < 0.8 else names)


def _text_mutated(text: bytes, chance: random.Random) -> bytes:
    match chance.randrange(7):
        case 0:
            return _replaced(_ATTRIBUTE, 3, text, chance)
        case 1:
            return _replaced(_TEXT, 1, text, chance)
        case 2:
            return _element_moved(text, chance)
        case 3:
            return _repeated(text, chance)
        case 4:
            at = chance.randrange(len(text) + 1)
            return text[:at] + chance.choice(_WORDS) + text[at:]
        case 5:
            begin = chance.randrange(len(text) + 1)
            return text[:begin] + text[begin + chance.randint(1, 60) :]
        case _:
            at = chance.randrange(len(text) + 1)
            return text[:at] + chance.choice(_WORTH_A_TRY) + text[at:]


def _replaced(pattern: re.Pattern[bytes], group: int, text: bytes, chance: random.Random) -> bytes:
    found = list(pattern.finditer(text))
    if not found:
        return text + chance.choice(_WORDS)
    begin, end = chance.choice(found).span(group)
    return text[:begin] + chance.choice((*_WORTH_A_TRY, *_WORDS)) + text[end:]


def _element_moved(text: bytes, chance: random.Random) -> bytes:
    found = list(_ELEMENT.finditer(text))
    if not found:
        return _repeated(text, chance)
    one, other = chance.choice(found), chance.choice(found)
    return text[: one.start()] + other.group() + text[one.end() if chance.random() < 0.5 else one.start() :]


def _repeated(text: bytes, chance: random.Random) -> bytes:
    """Repeat a stretch, sometimes thousands of times: where time grows with the square, it shows."""
    begin = chance.randrange(len(text) + 1)
    piece = text[begin : begin + chance.randint(1, 30)]
    times = chance.choice((2, 3, 10, 100, 3_000))
    return text[:begin] + piece * times + text[begin:]
