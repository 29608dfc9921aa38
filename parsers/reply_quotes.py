"""What of a mail's text its sender wrote himself: quoted mails and signatures are cut, in every client's style.

Cutting too much costs a question back; cutting too little would take our own example for the reader's answer.
"""

import re
from functools import lru_cache

from parsers.change_verbs import change_verb_at
from parsers.reply_tokens import tokens_in, without_tokens
from parsers.reply_verbs import opening, openings, plain_text, verb_at
from parsers.verdict_verbs import blame_at, verdict_verb_at

LONGEST = 100_000  # characters of a mail's text that are looked at
LONGEST_OWN = (
    20_000  # characters of the writer's own: more is no reply, and costs every reader behind this one
)
SHORTEST_QUOTED = 6  # characters; a shorter line may stand in both mails by chance
_SHORTEST_PART = 16  # characters of a line that the client has wrapped, so that it is only part of ours
_ATTRIBUTION_LINES = 3  # lines over which a client may wrap `On … wrote:`

# All patterns meet plain text: lower case, Simplified, half width.
_RULED = (
    r"original (?:message|e?-?mail)|forwarded|reply message|begin forwarded"
    r"|原始?(?:邮件|信件|讯息|信息|消息|的?邮件|件|信)|(?:转发|转寄|回[复覆]|答[复覆])的?(?:原|原始)?(?:邮件|信件|讯息|信息)"
    r"|ursprüngliche|message d.origine|message original|mensaje original|messaggio originale|元のメッセージ"
)
_HEADERS = (
    r"from|sent|发件人|寄件者|寄件人|发信人|发送者|发送人|发送时间|发送日期|寄件日期|从|自|差出人|送信者"
    r"|de|von|da|van|expéditeur|gesendet|envoyé|från|fra|od|от|보낸 사람"
)
_MARKED = re.compile(
    r"\s*+\|\s*+\|\s*$|"  # the table that NetEase's phone program signs in
    r"\s*+[|#~+]{3,}+\s*+\S.{0,60}?[|#~+]{3,}+\s*$"
    r"|[\s|*]*+(?:"
    rf"[-—–=_*]{{2,}}+\s*+(?:{_RULED})"
    r"|[-—–=_*]{4,}+\s*+\S.{0,60}?[-—–=_*]{4,}+\s*$"
    r"|原始(?:邮件|讯息|信息)\s*:?\s*$|begin forwarded message\s*:"
    r"|(?:(?:下面|以下)是被?|开始)(?:转发|转寄)的?(?:邮件|信件|讯息|信息)\s*:|_{10,}\s*$|-{10,}\s*$|-- ?$"
    rf"|(?:{_HEADERS})\s*\*{{0,2}}\s*(?::|\|\s*\S)"
    r"|.{0,100}?-{2,}+\s*+\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}.{0,60}-{2,}"  # Lotus Notes
    r"|\"?[^<>\n]{0,60}<[^<>@\s]+@[^<>\s]+>\s*$"
    r"|(?:发自|传送自|寄自|来自|sent from).{0,40}"
    r"(?:iphone|ipad|android|galaxy|手机|平板|outlook|邮箱|网易|企业微信|飞书|钉钉).{0,20}$"
    r"|-{2,}+\s*original\s*-{2,}+\s*$"  # WeCom
    r"|从我的.{0,40}(?:传送|发送|寄出|iphone|ipad|手机).{0,10}$|(?:取得|获取|下载).{0,20}outlook.{0,20}$"
    r"|get outlook for .{0,20}$"
    r")"
)
_WROTE = r"(?:写道|来信|wrote|schrieb|a écrit|escribió|ha scritto)"
_ATTRIBUTION = re.compile(rf".{{3,300}}{_WROTE}\s*:\s*|(?:am|op)\b.{{3,200}}schr(?:ieb|eef)\b.{{0,100}}:\s*")
_ATTRIBUTION_BEGINS = re.compile(r"\s*(?:(?:on|am|le|el|op)\b|在|于|於).{3,}|.*(?:@|\b20\d\d).*")
_SETTLES = re.compile(  # what our examples of approvals, releases, duties done and checks begin with
    r"[「『\"'“‘【*]*(?:不?同意|批准|核准|退回|驳回|不?放行|已(?:告知|通知|复查|复核|回访)"
    r"|(?:approved?|reject(?:ed)?|(?:do\s+not\s+)?released?|informed|checked|called)(?!\w))"
)
_OURS = re.compile(
    r"\W*(?:直接回[复覆]本(?:信|邮件),第一行以|如有给予优惠,请一[并併]写明|也可以填写附件中?的回[复覆]单|[若如]果?尚未解决,也请用回[复覆]单"
    r"|回信识别码|reply code\b|[(]?请保留这一行|[(]?please keep this line|点一下会(?:打开|开启)写好的回"
    r"|reply to this e-mail and begin the first line with|state any concession in words, for example"
    r"|or fill in the attached handling form|if it is not resolved yet, please report the progress)"
)


@lru_cache(maxsize=2)
def own_text(text: str, answered: str = "") -> str:
    """Return what the sender wrote himself, above, between or below the lines he quotes.

    `answered`: our mail that he answers; the first line that stands in it ends his own text. A dozen readers ask it of
    the same text, one after the other.
    """
    lines = [line.strip("\ufeff\u200b") for line in _lines(without_tokens(text[:LONGEST]))]
    plain = [plain_text(line) for line in lines]
    ours = Answered(answered)
    kept: list[str] = []
    said = False  # anything more than a greeting
    index = 0
    while index < len(lines):
        line = plain[index]
        wrapped = _attribution(plain, index)
        if wrapped and not said and _quotes(plain, index + wrapped):
            index += wrapped  # he answers below what he quotes
            continue
        if wrapped or _MARKED.match(line) or _OURS.match(line):
            break
        if not line.lstrip().startswith(">"):
            if ours.holds(line) and (said or not _answers(line)):
                break
            kept.append(lines[index])
            said = said or not _only_greets(line)
        index += 1
    return "\n".join(kept).strip()[:LONGEST_OWN]


def begins_quotation(line: str, answered: "Answered", *, told: bool = False) -> bool:
    """Tell whether a line by itself shows that a quoted mail begins; `told`: in a table, where rulers and headers may
    stand on a form.
    """
    plain = plain_text(line)
    if _OURS.match(plain) or tokens_in(line) or answered.holds(plain):
        return True
    return not told and bool(_MARKED.match(plain) or _ATTRIBUTION.fullmatch(plain))


class Answered:
    """Our own mail that a reader answers, line by line; clients quote it with marks, without, and wrapped anew."""

    def __init__(self, text: str) -> None:
        squeezed = [_squeezed(plain_text(line)) for line in _lines(text)]
        self._lines = frozenset(line for line in squeezed if len(line) >= SHORTEST_QUOTED)
        self._whole = "".join(squeezed)

    def holds(self, line: str) -> bool:
        """Tell whether a plain line stands in our mail; a greeting may stand in any."""
        squeezed = _squeezed(line)
        if len(squeezed) < SHORTEST_QUOTED or _only_greets(line):
            return False
        return squeezed in self._lines or (len(squeezed) >= _SHORTEST_PART and squeezed in self._whole)


def _lines(text: str) -> list[str]:
    return text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _squeezed(line: str) -> str:
    """Drop what clients change in a line: spaces anywhere, and marks before it."""
    return re.sub(r"^[\W_]+", "", "".join(line.split()))


def _attribution(plain: list[str], index: int) -> int:
    """Return over how many lines `On … wrote:` stands here; 0 if it does not."""
    if _ATTRIBUTION.fullmatch(plain[index]):
        return 1
    if not _ATTRIBUTION_BEGINS.fullmatch(plain[index]) or _answers(plain[index]):
        return 0
    for count in range(2, _ATTRIBUTION_LINES + 1):
        lines = plain[index : index + count]
        if all(line.strip() for line in lines) and _ATTRIBUTION.fullmatch(" ".join(lines)):
            return count
    return 0


def _quotes(plain: list[str], index: int) -> bool:
    """Tell whether the first line with anything in it from here on is marked as quoted."""
    following = next((line for line in plain[index:] if line.strip()), "")
    return following.lstrip().startswith(">")


def _only_greets(line: str) -> bool:
    return opening(line + "\n") >= len(line.rstrip())


def _answers(line: str) -> bool:
    """Our example is a good answer: who copies it into his first line means it."""
    return any(
        verb_at(line, begin)
        or verdict_verb_at(line, begin)
        or blame_at(line, begin)
        or _SETTLES.match(line, begin)
        or change_verb_at(line, begin)
        for begin in openings(line)
    )
