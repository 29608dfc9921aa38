"""The one word that says whether a request is really one's own: `確認`, `confirm`, or `不是我` (daemon/asking.py)."""

import re

from parsers.reply_quotes import own_text
from parsers.reply_verbs import openings, plain_text

_YES = re.compile(
    r"[「『\"'“‘]?(?:(?:本人)?(?:确认|属实|没错|正确)|是我(?:寄|发|写)?的?|是的?|对的?"
    r"|(?:i\s+)?confirm(?:ed)?|yes|correct|it was me)(?=[」』\"'”’]|\W|$)"
)
_NO = re.compile(
    r"[「『\"'“‘]?(?:不是我?(?:本人)?(?:寄|发|写)?的?|非本人|否认?|没有|取消|作废"
    r"|no|not me|not mine|it was(?: not|n't) me|cancel(?:led)?|den(?:y|ied))(?=[」』\"'”’]|\W|$)"
)
_DOUBTS = re.compile(r"\?|吗|呢|不|没有?|什么|如果|但是?|\b(?:not|no|if|but|what|which|whether|later)\b")


def parse_confirmation(text: str, *, answered: str = "") -> bool | None:
    """Tell whether a reply confirms (True) or disowns (False) a request; None if it does neither in plain words.

    `answered`: plain text of our own mail that is answered, so that it is recognised in whatever way it is quoted.
    """
    plain = plain_text(own_text(text, answered))
    for begin in openings(plain):
        yes, no = _YES.match(plain, begin), _NO.match(plain, begin)
        if no is not None:
            return None if "?" in _line(plain, no.end()) else False
        if yes is not None:
            return None if _DOUBTS.search(_line(plain, yes.end())) else True
    return None


def _line(plain: str, position: int) -> str:
    return plain[position:].partition("\n")[0]
