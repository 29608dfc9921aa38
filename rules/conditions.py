"""Decision-table cells a manager can read: `>=50000`, `(1000..2000]`, `after-sales, sales`, `!web`, blank = any.

A cell is compared with one fact. The answer is three-valued: a fact nobody gave makes a cell neither true nor false
(`None`), unless the cell asks just that: `given` or `missing`.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

FactValue = str | bool | Decimal | date  # datetime is a date

_NUMBER = r"-?\d+(?:\.\d+)?"
_COMPARISON = re.compile(rf"(>=|<=|>|<)\s*({_NUMBER})")
_INTERVAL = re.compile(rf"([\[(])\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*([\])])")


@dataclass(frozen=True)
class Interval:
    """Numbers between two bounds; a bound of None is open-ended."""

    low: Decimal | None
    low_included: bool
    high: Decimal | None
    high_included: bool

    def holds(self, number: Decimal) -> bool:
        """Tell whether `number` lies inside."""
        above = self.low is None or number > self.low or (self.low_included and number == self.low)
        below = self.high is None or number < self.high or (self.high_included and number == self.high)
        return above and below


@dataclass(frozen=True)
class Condition:
    """One parsed cell; `text` is how it was written."""

    text: str
    interval: Interval | None = None
    words: frozenset[str] = frozenset()
    negated: bool = False
    presence: bool | None = None  # True: `given`, False: `missing`

    def holds(self, value: FactValue | None) -> bool | None:
        """Compare with a fact: True, False, or None where the fact is not known."""
        if self.presence is not None:
            return (value is not None) is self.presence
        if not self.words and self.interval is None:
            return True
        if value is None:
            return None
        if self.interval is not None:
            return isinstance(value, Decimal) and self.interval.holds(value)
        return (_word(value) in self.words) is not self.negated

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda raw: raw if isinstance(raw, cls) else parse_condition(raw),
            core_schema.is_instance_schema(cls),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda cell: cell.text),
        )


Cells = Annotated[dict[str, Condition], "fact key → cell"]


def parse_condition(raw: object) -> Condition:
    """Read one cell; ValueError names the cell if it is none of the forms above."""
    if isinstance(raw, bool):
        return Condition("true" if raw else "false", words=frozenset({"true" if raw else "false"}))
    if not isinstance(raw, str):
        raise ValueError(f'{raw!r} is not a condition; write it as text, e.g. "<=1000"')  # noqa: TRY004 pydantic wants ValueError
    text = raw.strip()
    if text in ("given", "missing"):
        return Condition(text, presence=text == "given")
    if not text:
        return Condition(text)
    return Condition(text, interval=_interval(text)) if text[0] in "<>=[(" else _words(text)


def _interval(text: str) -> Interval:
    if found := _COMPARISON.fullmatch(text):
        sign, number = found[1], Decimal(found[2])
        if sign[0] == ">":
            return Interval(number, sign == ">=", None, False)
        return Interval(None, False, number, sign == "<=")
    if found := _INTERVAL.fullmatch(text):
        low, high = Decimal(found[2]), Decimal(found[3])
        if low <= high:
            return Interval(low, found[1] == "[", high, found[4] == "]")
    raise ValueError(f"{text!r} is not a range; write >=10, <10, [0..10] or (0..10]")


def _words(text: str) -> Condition:
    negated = text.startswith("!")
    words = frozenset(word.strip() for word in text.removeprefix("!").split(","))
    if "" in words:
        raise ValueError(f"{text!r} has an empty choice")
    return Condition(text, words=words, negated=negated)


def _word(value: FactValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
