"""The words that begin a reply which changes a case: correct, reassign, merge, withdraw, reopen, hold (K06, K07)."""

import re
from enum import StrEnum


class ChangeKind(StrEnum):
    """What a reply asks to change."""

    CORRECT = "correct"
    REASSIGN = "reassign"
    MERGE = "merge"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    HOLD = "hold"
    RELEASE = "release"


# Patterns meet plain text: lower case, Simplified, half width. What ends a hold stands before what asks for one.
_CASE = r"(?:本案|此案|该案|这案子?|案件|案子)"
_PLEASE = rf"(?:{_CASE}\s*)?(?:请求?|申请|要求|麻烦|烦请|予以|拟)?(?:将|把)?(?:{_CASE})?"
_IT = r"(?:\s+(?:it|(?:the|this)\s+(?:case|complaint|clock)))?"
_COMPLAINT = r"(?:投诉|抱怨|客诉|申诉单|抱怨单)"
_ASSIGNS = r"(?=[^\n]*(?:=|改为|应为|改成|更正为|->|→))"
_VERBS: tuple[tuple[ChangeKind, re.Pattern[str]], ...] = (
    (
        ChangeKind.RELEASE,
        re.compile(
            rf"{_PLEASE}(?:恢复(?:计时|{_CASE})?|继续计时|(?:解除|取消|结束)暂停(?:计时)?)(?=了|[\W_]|$)"
        ),
    ),
    (
        ChangeKind.RELEASE,
        re.compile(
            rf"(?:please\s+)?(?:resume{_IT}|(?:end|lift|release)\s+(?:the\s+|this\s+)?hold|release\s+(?:it|the\s+case)"
            r"|off\s+hold)(?!\w)"
        ),
    ),
    (
        ChangeKind.CORRECT,
        re.compile(rf"{_PLEASE}更正(?!后)(?:{_CASE})?(?:的?(?:资料|数据|内容|信息))?(?:如下)?"),
    ),
    (
        ChangeKind.CORRECT,
        re.compile(
            rf"{_PLEASE}(?:修正|订正|改正|更改|修改)(?:{_CASE})?(?:的?(?:资料|数据|内容|信息))?(?:如下)?{_ASSIGNS}"
        ),
    ),
    (ChangeKind.CORRECT, re.compile(rf"(?:please\s+)?correct(?:ions?)?(?:\s+the\s+case)?(?!\w){_ASSIGNS}")),
    (
        ChangeKind.REASSIGN,
        re.compile(rf"{_PLEASE}(?:改派|转派|改指派|重新(?:指派|分派|派给)){_CASE}?(?:给|由|至|予)?"),
    ),
    (ChangeKind.REASSIGN, re.compile(rf"(?:please\s+)?re-?assign(?:ed)?{_IT}(?:\s+to)?(?!\w)")),
    (
        ChangeKind.MERGE,
        re.compile(rf"{_PLEASE}(?:并入|并到|并至|合并(?:到|至|入|进|于)?|并案(?:到|至)?){_CASE}?"),
    ),
    (ChangeKind.MERGE, re.compile(rf"(?:please\s+)?merged?{_IT}(?:\s+(?:in\s*to|with|to))?(?!\w)")),
    (
        ChangeKind.WITHDRAW,
        re.compile(
            rf"{_PLEASE}(?:撤案|撤(?:销|回|掉)(?:{_CASE}|{_COMPLAINT})|取消(?:{_CASE}|{_COMPLAINT})|撤回)(?=了|[\W_]|$)"
        ),
    ),
    (
        ChangeKind.WITHDRAW,
        re.compile(
            rf"(?:客户|顾客|车主)(?:已经?|要求|同意|自行|主动|表示|决定|愿意|来电)*(?:撤案|撤诉|撤(?:销|回)(?:了)?{_COMPLAINT}?"
            rf"|取消{_COMPLAINT})(?=了|[\W_]|$)"
        ),
    ),
    (
        ChangeKind.WITHDRAW,
        re.compile(
            rf"(?:please\s+)?withdrawn?{_IT}(?!\w)|(?:please\s+)?cancel\s+(?:the|this)\s+(?:case|complaint)(?!\w)"
            r"|(?:the\s+)?customer\s+(?:has\s+)?withdr(?:ew|awn)(?:\s+(?:it|(?:the|his|her)\s+complaint))?(?!\w)"
        ),
    ),
    (
        ChangeKind.REOPEN,
        re.compile(rf"{_PLEASE}(?:重启|重开|重新(?:开启|打开|开案|受理|立案)|再开){_CASE}?(?=了|[\W_]|$)"),
    ),
    (ChangeKind.REOPEN, re.compile(rf"(?:please\s+)?re-?open(?:ed)?{_IT}(?!\w)")),
    (
        ChangeKind.HOLD,
        re.compile(
            rf"{_PLEASE}(?:暂停|暂缓|搁置|挂起)(?:计时|处理|办理|{_CASE})*(?:直?到|至)?(?!使用|营业|驾驶|施工)"
        ),
    ),
    (
        ChangeKind.HOLD,
        re.compile(
            rf"(?:please\s+)?(?:(?:put{_IT}\s+)?on\s+hold|hold{_IT}(?=\s+(?:until|till|to|for)\b)|pause{_IT})"
            r"(?:\s+(?:until|till|to|for))?(?!\w)"
        ),
    ),
)
_MARKS = re.compile(r"[「『\"'“‘【*]*")  # whoever copies our example may copy its marks


def change_verb_at(plain: str, position: int) -> tuple[ChangeKind, int, int] | None:
    """Return what the words at a position ask to change, where they begin and where they end; None if nothing."""
    marks = _MARKS.match(plain, position)
    begin = position if marks is None else marks.end()
    for kind, pattern in _VERBS:
        found = pattern.match(plain, begin)
        if found is not None:
            return kind, begin, found.end()
    return None
