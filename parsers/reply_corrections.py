"""Replies that change a case: `更正 維修金額=2400 原因：補送發票`, `改派 …`, `併入 …`, `撤案 …`, `暫停至 …` (K06, K07).

Every one needs a reason, but the end of a hold. What lacks it or can be read in two ways is a problem to be asked back
with an example, never a guess.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from parsers.assignments import Assigned, Untold, assignments
from parsers.change_texts import which_change, why_change
from parsers.change_verbs import ChangeKind, change_verb_at
from parsers.readings import Surroundings
from parsers.reply_quotes import own_text
from parsers.reply_verbs import openings, plain_text, verb_at
from parsers.spans_ahead import until_in
from parsers.values import read_text
from parsers.wordings import quoted
from rules.conditions import FactValue
from rules.fields import Catalogue
from rules.locales import Text


@dataclass(frozen=True)
class ChangeAsked:
    """What a reply asks to change, and why; with problems it asks for nothing, they say what was unclear.

    `entries` are the facts that are wrong as they should be, None where there is none. `rest` is what stands behind the
    verb of a reassignment: whom, then why.
    """

    kind: ChangeKind
    note: str = ""
    entries: Mapping[str, FactValue | None] = field(default_factory=dict)
    rest: str = ""
    into: str = ""
    until: datetime | None = None
    problems: tuple[Text, ...] = ()


_PARAGRAPH_ENDS = re.compile(r"\n[ \t\u3000\xa0]*\n")
_LEADING = " \t\r\n\u3000\xa0,，。.:：;；!！、*」』】”’\"'-–—()（）"
_REASON = re.compile(
    r"(?:^|(?<=[\s,，;；。.、)）]))(?:(?:其|具体)?(?:原因|理由|说明)\s*(?:是|为)?\s*[:：]?|因为|由于|(?:because|reason|due\s+to|as\b)"
    r"(?:\s+(?:is|of))?\s*:?)(?!=)"
)
_ASKS = re.compile(r"\?|(?:吗|么|呢|可否|是否|行不行|好不好|可不可以|可以吗)[\s~…,.。]*$")
_NUMBER = re.compile(r"[a-z][a-z0-9]{0,7}-\d{8}-\d{2,9}")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_SHORTEST_REASON = 2  # letters or characters
_OF_A_PENALTY = re.compile(  # 撤回 may be about somebody's appeal, not about the case
    r"(?:\b(?:my|our|the)\s+|[我本]人?的?)(?:appeal|申诉)|不申诉|处罚|罚款|\b(?:penalty|fine)\b"
)
_TELLING = re.compile(r"客户|顾客|车主|customer")  # he who says that the customer took it back has said why


def parse_change(
    text: str, catalogue: Catalogue, around: Surroundings, *, answered: str = ""
) -> ChangeAsked | None:
    """Read a reply that changes a case; None if its first line does not begin with one of the verbs.

    `answered`: plain text of our own mail that is answered, so that it is recognised in whatever way it is quoted.
    """
    body = own_text(text, answered)
    plain = plain_text(body)  # as long as `body`, so that positions hold in both
    for begin in openings(plain):
        if verb_at(plain, begin) is not None:
            return None  # a report: whatever follows belongs to it
        found = change_verb_at(plain, begin)
        if found is not None:
            kind, start, end = found
            said = _PARAGRAPH_ENDS.split(body[start:], maxsplit=1)[0]
            return _asked(kind, said[: end - start], said[end - start :], catalogue, around)
    return None


def split_reason(text: str) -> tuple[str, str]:
    """Split off what stands behind 原因, because, …; the second is empty where nothing does."""
    found = _REASON.search(plain_text(text))
    return (text, "") if found is None else (text[: found.start()], _clean(text[found.end() :]))


def is_reason(text: str) -> bool:
    """Tell whether a text says anything."""
    return len(re.findall(r"\w", text)) >= _SHORTEST_REASON


def _asked(kind: ChangeKind, verb: str, said: str, catalogue: Catalogue, around: Surroundings) -> ChangeAsked:
    shown = quoted(verb + said)
    if _ASKS.search(plain_text(said.partition("\n")[0])):
        return ChangeAsked(kind, problems=(which_change(kind, shown),))
    match kind:
        case ChangeKind.CORRECT:
            return _correction(said, catalogue, around, shown)
        case ChangeKind.MERGE:
            return _merger(said, shown)
        case ChangeKind.HOLD:
            return _hold(said, around, shown)
        case ChangeKind.REASSIGN:
            return ChangeAsked(kind, rest=said, problems=() if said.strip() else (which_change(kind, shown),))
        case ChangeKind.RELEASE:
            return ChangeAsked(kind, note=_reason(said))
        case ChangeKind.WITHDRAW if _OF_A_PENALTY.search(plain_text(said)):
            return ChangeAsked(kind, problems=(which_change(kind, shown),))
        case _:
            telling = _TELLING.search(plain_text(verb)) is not None
            return _given(ChangeAsked(kind, note=_reason(said) or (verb if telling else "")), shown)


def _given(asked: ChangeAsked, shown: str) -> ChangeAsked:
    """Ask for the reason where none is given."""
    if is_reason(asked.note):
        return asked
    return ChangeAsked(asked.kind, problems=(why_change(asked.kind, shown),))


def _correction(said: str, catalogue: Catalogue, around: Surroundings, shown: str) -> ChangeAsked:
    before, marked = split_reason(said)
    found = assignments(before, catalogue, around, open_end=not marked)
    if isinstance(found, Untold):
        problem = found.problem or which_change(ChangeKind.CORRECT, shown)
        return ChangeAsked(ChangeKind.CORRECT, problems=(problem,))
    note = "\n".join(part for part in (_clean(found.rest), marked) if is_reason(part))
    return _given(_corrected(found, note), shown)


def _corrected(found: Assigned, note: str) -> ChangeAsked:
    return ChangeAsked(ChangeKind.CORRECT, note=note, entries=found.entries)


def _merger(said: str, shown: str) -> ChangeAsked:
    plain = plain_text(said).translate(_DASHES)
    named = {number.upper() for number in _NUMBER.findall(plain)}
    if len(named) != 1:
        return ChangeAsked(ChangeKind.MERGE, problems=(which_change(ChangeKind.MERGE, shown),))
    rest = _NUMBER.sub(lambda found: " " * len(found[0]), plain)
    kept = "".join(
        character if keeps != " " else " " for character, keeps in zip(said, rest, strict=True)
    ).strip(_LEADING + "[]【】")
    note = _reason(re.sub(r"^(?:案件?|case)(?=[\s,，:：])", "", kept, flags=re.IGNORECASE))
    return _given(ChangeAsked(ChangeKind.MERGE, note=note, into=next(iter(named))), shown)


def _hold(said: str, around: Surroundings, shown: str) -> ChangeAsked:
    found = until_in(said, around)
    if found is None:
        return ChangeAsked(ChangeKind.HOLD, problems=(which_change(ChangeKind.HOLD, shown),))
    until, rest = found
    return _given(ChangeAsked(ChangeKind.HOLD, note=_reason(rest), until=until), shown)


def _reason(said: str) -> str:
    before, marked = split_reason(said)
    parts = (_clean(before), marked)
    return "\n".join(part for part in parts if is_reason(part))


def _clean(text: str) -> str:
    value = read_text(text.strip(_LEADING)).value
    return value if isinstance(value, str) else ""
