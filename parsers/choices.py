"""Choices by any synonym in three languages, ticked or written out; two at once are a problem, never a guess."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from parsers.folding import fold, remembered, spellings
from parsers.readings import NOTHING, Reading
from parsers.wordings import not_a_choice, say, several_choices
from rules.fields import Choice, Field, Kind
from rules.locales import Text

YES_NO = (
    Choice(
        key="yes",
        label=say("是", "是", "yes"),
        synonyms=(
            "y",
            "true",
            "有",
            "滿意",
            "對",
            "已接通",
            "接通",
            "satisfied",
            "ok",
            "1",
            "已完成",
            "非常滿意",
        ),
    ),
    Choice(
        key="no",
        label=say("否", "否", "no"),
        synonyms=(
            "n",
            "false",
            "不",
            "不是",
            "沒有",
            "不滿意",
            "未接通",
            "not satisfied",
            "unsatisfied",
            "dissatisfied",
            "0",
        ),
    ),
)
_SEPARATORS = re.compile(r"[、,;/|&+\n]|\s{2,}| 和 | 及 | and ", re.IGNORECASE)
_REMARK = re.compile(r"[:(（：\[【_]")


@remembered
def choice_names(text: str) -> tuple[str, ...]:
    """Return what a choice may be called that stands in a text, the likelier first."""
    narrow = unicodedata.normalize("NFKC", text).strip()
    return tuple(dict.fromkeys((*spellings(narrow), *spellings(_REMARK.split(narrow)[0]))))


@dataclass(frozen=True)
class ChoiceBook:
    """What one field's choices may be called."""

    subject: Field
    _choices: dict[str, Choice] = field(repr=False)
    _by_name: dict[str, str] = field(repr=False)

    @classmethod
    def of(cls, of: Field) -> "ChoiceBook":
        """Collect the names of a choice or yes/no field."""
        choices = YES_NO if of.kind is Kind.YES_NO else of.choices
        names: dict[str, str] = {}
        for choice in choices:
            for name in (*choice.label.all(), *choice.synonyms, choice.key):
                names.setdefault(fold(name), choice.key)
        return cls(of, {choice.key: choice for choice in choices}, names)

    def key(self, text: str) -> str | None:
        """Return the choice a text names: exactly, or before a colon or bracket (`其他：噪音`); None if none."""
        return next((self._by_name[name] for name in choice_names(text) if name in self._by_name), None)

    def names(self) -> Iterable[str]:
        """Return all that its choices are called, as `choice_names` spells it."""
        return self._by_name.keys()

    def named(self, text: str) -> list[str]:
        """Return the distinct choices in a text that lists several; empty if any part of it is something else."""
        parts = [part for part in _SEPARATORS.split(unicodedata.normalize("NFKC", text)) if part.strip()]
        keys = [self.key(part) for part in parts]
        known = [key for key in keys if key is not None]
        return list(dict.fromkeys(known)) if len(known) == len(keys) else []

    def read(self, text: str) -> Reading:
        """Read one written choice."""
        key = self.key(text)
        if key is not None:
            return self.reading([key])
        named = self.named(text)
        return self.reading(named) if named else Reading(problem=not_a_choice(text, self.offered()))

    def reading(self, keys: Sequence[str]) -> Reading:
        """Turn the chosen keys into a value: none chosen is nothing, more than one a problem."""
        distinct = list(dict.fromkeys(keys))
        if not distinct:
            return NOTHING
        if len(distinct) > 1:
            return Reading(problem=several_choices(self.labels(distinct)))
        return Reading(distinct[0] == "yes" if self.subject.kind is Kind.YES_NO else distinct[0])

    def label(self, key: str) -> Text:
        """Return what a choice is called."""
        return self._choices[key].label

    def labels(self, keys: Sequence[str]) -> Text:
        """List choices by their names."""
        names = [self.label(key) for key in keys]
        return say(
            "、".join(f"「{name.zh_hant}」" for name in names),
            "、".join(f"“{name.zh_hans}”" for name in names),
            ", ".join(name.en for name in names),
        )

    def offered(self) -> Text:
        """List all choices."""
        names = [choice.label for choice in self._choices.values()]
        return say(
            "、".join(name.zh_hant for name in names),
            "、".join(name.zh_hans for name in names),
            ", ".join(name.en for name in names),
        )
