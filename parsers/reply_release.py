"""Whether a mail that was put aside is to be taken after all: `放行`, `release`; or `退回`, `discard`."""

import re

from parsers.reply_quotes import own_text
from parsers.reply_verbs import openings, plain_text

_END = r"(?=[」』\"'”’】]|\W|了|$)"
_OPEN = r"[「『\"'“‘【]?"
_KEEPS = re.compile(
    rf"{_OPEN}(?:(?:请)?(?:不(?:要|予|能|可以?|准)?|勿|别|拒绝|禁止)(?:放行|释放|受理|立案|通过)|退回|退件|拒绝|拒收|丢弃|删除|不理"
    r"|(?:please\s+)?(?:do\s+not|don't|never)\s+release|(?:please\s+)?(?:discard|reject|refuse|delete|drop|ignore)(?:ed)?)"
    rf"{_END}"
)
_TAKES = re.compile(
    rf"{_OPEN}(?:(?:请|同意|准予|可以|予以|确认)*(?:放行|释放|受理|通过)|(?:please\s+)?(?:release|accept|take)(?:d)?(?:\s+it)?)"
    rf"{_END}"
)
_DOUBTS = re.compile(r"\?|吗|呢|不|没有?|什么|如果|但是?|\b(?:not|no|if|but|what|which|whether|later)\b")


def parse_release(text: str, *, answered: str = "") -> bool | None:
    """Tell whether a reply releases a mail (True) or leaves it put aside (False); None if it says neither plainly.

    Only its first line counts: what stands below may be the mail itself, quoted, and its writer would decide.
    `answered`: plain text of our own mail that is answered, so that it is recognised in whatever way it is quoted.
    """
    first, _, _ = own_text(text, answered).lstrip().partition("\n")
    plain = plain_text(first)
    for begin in openings(plain):
        kept = _KEEPS.match(plain, begin)
        if kept is not None:
            return None if "?" in plain[kept.end() :] else False
        taken = _TAKES.match(plain, begin)
        if taken is not None:
            return None if _DOUBTS.search(plain, taken.end()) else True
    return None
