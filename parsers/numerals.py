"""Chinese numerals, strictly: 一千二百, 壹仟貳佰, 三萬五; whatever is not one whole number in good order is none."""

import re

_DIGITS = {
    **dict(zip("零一二三四五六七八九", range(10), strict=True)),
    **dict(zip("〇壹贰叁肆伍陆柒捌玖", range(10), strict=True)),
    "壱": 1,
    "两": 2,
    "弐": 2,
    "参": 3,
}
_SAME = str.maketrans("仟佰拾", "千百十")
_D = "[" + "".join(digit for digit, value in _DIGITS.items() if value) + "]"
_ZERO = "[零〇]"
# 千, 百, 十 and ones, each at most once and falling; a zero only where a rank is skipped.
_GROUP = (
    rf"(?:(?P<q{{n}}>{_D})千)?(?:{_ZERO}?(?P<b{{n}}>{_D})百)?"
    rf"(?:{_ZERO}?(?P<s{{n}}>{_D}?)(?P<t{{n}}>十))?(?:{_ZERO}?(?P<g{{n}}>{_D}))?"
)
_NUMBER = re.compile(
    rf"(?:(?P<yi>{_GROUP.format(n=0)})亿)?(?:{_ZERO}?(?P<wan>{_GROUP.format(n=1)})万)?{_ZERO}?(?P<rest>{_GROUP.format(n=2)})"
)
_SHORT = re.compile(
    rf".*(?:(?P<rank>[百千万])(?P<digit>{_D}))$"
)  # 一千二: the last digit is of the rank below
_RANKS = {"百": 10, "千": 100, "万": 1000}


def chinese_number(text: str) -> int | None:
    """Read a whole number in Simplified (folded) numerals; None if it is not exactly one."""
    plain = text.translate(_SAME)
    if plain in ("零", "〇"):
        return 0
    found = _NUMBER.fullmatch(plain)
    if not found or not plain or plain[-1] in "零〇" or plain[0] in "零〇":
        return None
    groups = [_group(found, name, index) for index, name in enumerate(("yi", "wan", "rest"))]
    if 0 in (groups[0], groups[1]) or not any(groups):
        return None
    number = (groups[0] or 0) * 100_000_000 + (groups[1] or 0) * 10_000 + (groups[2] or 0)
    short = _SHORT.fullmatch(plain)
    if short:
        digit = _DIGITS[short["digit"]]
        number += digit * _RANKS[short["rank"]] - digit
    return number


def _group(found: re.Match[str], name: str, index: int) -> int | None:
    """Add up one group of four ranks; None if it does not stand in the text."""
    if found[name] is None:
        return None
    number = 0
    for rank, weight in (("q", 1000), ("b", 100), ("g", 1)):
        number += weight * _DIGITS.get(found[f"{rank}{index}"] or "", 0)
    if found[f"t{index}"]:
        number += 10 * _DIGITS.get(found[f"s{index}"] or "", 1)
    return number
