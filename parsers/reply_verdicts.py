"""Replies about penalties and findings: `申訴 當日休假`, `維持`, `撤銷`, `確認 88.80`, `不罰`, `責任 …` (D27–D31).

Money and good names hang on them: what can be read in two ways, a question, a condition, half a ruling, is a problem
to be asked back, never a guess.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from parsers.amounts import read_money
from parsers.numerals import chinese_number
from parsers.reply_quotes import own_text
from parsers.reply_verbs import openings, plain_text, verb_at
from parsers.values import read_text
from parsers.verdict_verbs import Decision, VerdictVerb, blame_at, verdict_verb_at
from parsers.wordings import quoted, say
from rules.locales import Text


@dataclass(frozen=True)
class Verdict:
    """A reply about a penalty: `penalty` is the number it names, `text` its reason or note, `amount` what it sets.

    With problems it asks for nothing; they say what was unclear.
    """

    decision: Decision
    penalty: int | None = None
    text: str = ""
    amount: Decimal | None = None
    problems: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Blame:
    """A reply that finds somebody at fault: what stands behind its verb, its first line and all of it."""

    line: str
    note: str = ""
    problems: tuple[Text, ...] = ()


_BOUNDARY = re.compile(r"$|[\W_]|第")
_LEADING = " \t\r\n\u3000\xa0,，。.:：;；!！、*」』】”’\"'"
_NUMBER = re.compile(
    r"第\s*(?P<han>\d{1,3}|[一二两三四五六七八九十]{1,3})\s*(?:笔|号|项|张)(?:的)?(?:处罚|罚款)?"
    r"|\b(?:penalty|fine)\s*(?:no\.?\s*|number\s*|#\s*)(?P<numbered>\d{1,3})\b"
    r"|\bpenalty\s+(?P<english>\d{1,3})\b(?!\.\d)"
    r"|\b[a-z][a-z0-9]{0,7}-\d{8}-\d{2,9}/(?P<full>\d{1,3})\b"
)
_FIRST_CLAUSE = re.compile(r"(?:(?!\.(?:\s|$))[^。!\n;,?])*\??")
_FIRST_SENTENCE = re.compile(r"(?:(?!\.(?:\s|$))[^。!\n;])*")
_ASKS = re.compile(r"\?|吗|(?:是否|与否|没有?|了么|呢)[\s~…,]*$")
_DENIAL = re.compile(
    r"[\W_]*(?:no|not|not yet|none|nope|n|never|false|否|不|不是|没有?|还没有?|取消|作废)[\W_]*"
)
_HEDGES = re.compile(
    r"如果|若|假如|除非|但是?|不过|然而|只要|或者?|一半|减半|部[分份]|减为|改为|降为|降到|减到|再议|再说|再定|考虑|可能|也许|或许|暂"
    r"|不确定|待|以后|之后|明天|下周"
    r"|\b(?:if|unless|but|however|or|half|halve|partly|partially|in part|except|reduced?|lower(?:ed)?|instead|maybe"
    r"|perhaps|probably|pending|later|tomorrow|until|once|unsure|not sure|provided)\b"
)
_OF_AN_APPEAL = re.compile(r"[\s:]*(?:(?:the|this|his|her|their|my)\s+)?(?:申诉|appeal)")
_RULING_WORDS = {
    Decision.UPHOLD: re.compile(r"撤销|不罚|\brevok|\boverturn|\bdrop"),
    Decision.REVOKE: re.compile(r"维持|\buph[eo]ld"),
    Decision.CONFIRM: re.compile(r"撤销|不罚|不(?:予|作)?处罚|\brevok|\bdrop|\bcancel"),
    Decision.DROP: re.compile(r"确认|维持|\bconfirm|\buph[eo]ld"),
}
_ONLY_NOTED = re.compile(
    r"收到|知悉|了解|已读|查|核实|核对|确认|\b(?:receipt|received?|noted|check|verify|with|whether|that|will|shall)\b"
)
_AMOUNT = re.compile(
    r"[\s:,]*(?:(?:罚款|处罚|罚|金额|为|是|amount|of|at|to)[\s:]*)*"
    r"(?P<figure>(?:cny|rmb|人民币|¥)?\s*-?¥?\s*\d[\d,.]*\d?\s*(?:[万千百])?\s*(?:元整?|块|圆|cny|rmb|yuan)?)"
    r"(?=\s*$|\s*[,。;:!\n]|\s+[^\W\d])"
)
_MORE_MONEY = re.compile(r"\d\s*(?:元|块|圆|万|千|cny|rmb|yuan)|[-~到至]\s*\d|[约$€£]|左右|上下")


def parse_verdict(text: str, *, answered: str = "") -> Verdict | None:
    """Read a reply about a penalty; None if its first line does not begin with one of the verbs.

    `answered`: plain text of our own mail that is answered, so that it is recognised in whatever way it is quoted.
    """
    body = own_text(text, answered)
    plain = plain_text(body)  # as long as `body`, so that positions hold in both
    for begin in openings(plain):
        if verb_at(plain, begin) is not None:
            return None  # a report: whatever follows belongs to it
        found = verdict_verb_at(plain, begin)
        if found is not None:
            return _verdict(found[0], body, plain, found[1], body[begin:])
    return None


def parse_blame(text: str, *, answered: str = "") -> Blame | None:
    """Read a reply that begins `責任`, `责任` or `finding`; None if it does not. Who and why is for others to find."""
    body = own_text(text, answered)
    plain = plain_text(body)
    for begin in openings(plain):
        if verb_at(plain, begin) is not None:
            return None
        end = blame_at(plain, begin)
        if end is not None:
            line, _, more = body[end:].lstrip(_LEADING).partition("\n")
            asks = _ASKS.search(plain_text(line))
            return Blame(line.strip(), _clean(more), (_unclear_blame(body[begin:]),) if asks else ())
    return None


def says_nothing(text: str, *, answered: str = "") -> bool:
    """Tell whether a reply only greets, thanks or says that a mail arrived."""
    plain = plain_text(own_text(text, answered))
    return not re.search(r"\w", plain[list(openings(plain + "\n"))[-1] :])


def _verdict(verb: VerdictVerb, body: str, plain: str, end: int, said: str) -> Verdict:
    numbers, rest = _numbers(plain[end:])
    amount, behind = _amount(verb, rest)
    if len(numbers) > 1 or amount is None or not _plainly(verb, plain[end : end + 1], behind):
        return Verdict(verb.decision, problems=(_unclear(verb.decision, said),))
    number = next(iter(numbers), None)
    note = _clean(body[end + len(rest) - len(behind) :])
    return Verdict(verb.decision, number, note, amount or None)


def _numbers(rest: str) -> tuple[set[int], str]:
    """Return the penalties that the first line names, and the text with those names blanked out."""
    line = rest.partition("\n")[0]
    found = {_number(match) for match in _NUMBER.finditer(line)}
    return found, _NUMBER.sub(lambda match: " " * len(match[0]), line) + rest[len(line) :]


def _number(match: re.Match[str]) -> int:
    written = next(group for group in match.groups() if group is not None)
    return int(written) if written.isdecimal() else chinese_number(written) or 0


def _amount(verb: VerdictVerb, rest: str) -> tuple[Decimal | None, str]:
    """Return the amount that a confirmation sets (0 where it sets none, None where it is unclear) and what follows."""
    line = rest.partition("\n")[0]
    if verb.decision is not Decision.CONFIRM or not re.search(r"\d", line):
        return Decimal(0), rest
    found = _AMOUNT.match(line)
    if found is None or _MORE_MONEY.search(line, found.end()):
        return None, rest
    value = read_money(found["figure"].strip(" ,.")).value
    return (value if isinstance(value, Decimal) and value > 0 else None), rest[found.end() :]


def _plainly(verb: VerdictVerb, behind_verb: str, rest: str) -> bool:
    """Tell whether a verb means what it says, by what stands behind it: no question, condition, denial or part."""
    figure = verb.decision is Decision.CONFIRM and behind_verb.isdecimal()
    if not figure and not _BOUNDARY.match(behind_verb):
        return False
    said = rest.lstrip(_LEADING)
    clause = _matched(_FIRST_CLAUSE, said)
    asked = rest.lstrip(" \t").startswith("?") or _ASKS.search(clause) is not None
    if asked or _DENIAL.fullmatch(clause):
        return False
    if verb.decision is Decision.APPEAL:
        return True  # whatever he says is his reason
    return _rules_plainly(verb, rest, _matched(_FIRST_SENTENCE, said))


def _rules_plainly(verb: VerdictVerb, rest: str, sentence: str) -> bool:
    deciding = (Decision.CONFIRM, Decision.DROP)
    if _HEDGES.search(sentence) or _RULING_WORDS[verb.decision].search(sentence) or "?" in sentence:
        return False
    if verb.decision not in deciding and _OF_AN_APPEAL.match(rest):
        return False  # to uphold an appeal is to revoke the penalty
    if verb.decision is not Decision.CONFIRM and re.match(r"\d|百分之|[¥$]", sentence):
        return False  # 維持 50% rules on another penalty than the one imposed
    if verb.decision is Decision.CONFIRM and _ONLY_NOTED.search(sentence):
        return False  # 確認，收到 confirms the mail
    return verb.spaced_note or not re.match(r"[ \t\u3000\xa0]*\w", rest)


def _matched(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text)
    return "" if found is None else found[0]


def _clean(text: str) -> str:
    value = read_text(text.strip(_LEADING + "-–—")).value
    return value if isinstance(value, str) else ""


def _unclear(decision: Decision, said: str) -> Text:
    shown, (hant, hans, en) = quoted(said.split("\n\n")[0]), _EXAMPLES[decision]
    return say(
        f"「{shown}」看不出您的決定。請直接回覆那封處罰通知，第一行寫{hant}，案中有多筆處罰時加上「第2筆」",
        f"“{shown}”看不出您的决定。请直接回复那封处罚通知，第一行写{hans}，案中有多笔处罚时加上“第2笔”",
        f"'{shown}' does not say clearly what you decide; reply to the mail about that penalty and begin the first "
        f"line with {en}, and add 'penalty 2' where the case has several",
    )


def _unclear_blame(said: str) -> Text:
    return which_fault(quoted(said.split("\n\n")[0]))


def which_fault(shown: str) -> Text:
    """Ask who is meant and for what."""
    return say(
        f"「{shown}」看不出認定何人、何種責任。請寫例如「責任 林總監 失職 未回電給客戶」；"
        "同名或同一職務有數人時請寫電子郵件地址",
        f"“{shown}”看不出认定何人、何种责任。请写例如“责任 林总监 失职 未回电给客户”；"
        "同名或同一职务有数人时请写电子邮件地址",
        f"'{shown}' does not say clearly who is at fault for what; write for example 'finding lin@example.com neglect "
        "never called back', with the address where several have the name or the office",
    )


def which_penalty(shown: str, decision: Decision) -> Text:
    """Ask which penalty is meant."""
    return _unclear(decision, shown)


_APPEAL = ("「申訴」和理由", "“申诉”和理由", "'appeal' and your reason")
_RULING = ("「維持」或「撤銷」", "“维持”或“撤销”", "'uphold' or 'revoke'")
_CONFIRMATION = (
    "「確認」（金額待定時「確認 88.80」）或「不罰」",
    "“确认”（金额待定时“确认 88.80”）或“不罚”",
    "'confirm' ('confirm 88.80' where the amount has to be set) or 'drop'",
)
_EXAMPLES = {
    Decision.APPEAL: _APPEAL,
    Decision.UPHOLD: _RULING,
    Decision.REVOKE: _RULING,
    Decision.CONFIRM: _CONFIRMATION,
    Decision.DROP: _CONFIRMATION,
}
