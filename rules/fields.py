"""What a form asks for: fields, their labels and choices in three languages (forms.md).

The definitions are data (`rules/forms/*.toml`); parsers find values by them, sheets draws blanks from them, and
policies take their fact types from them.
"""

import tomllib
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from rules.conditions import Condition
from rules.locales import Text
from rules.worked_out import WorkedOut


class Kind(StrEnum):
    """How a value is written and what it becomes (forms.md, Values)."""

    MONEY = "money"  # Decimal, CNY, two places
    DATE = "date"  # datetime.date
    DATETIME = "datetime"  # aware datetime.datetime
    PERCENTAGE = "percentage"  # Decimal from 0 to 100
    PHONE = "phone"  # str, digits and a leading + kept
    CHOICE = "choice"  # str, the choice's key
    TEXT = "text"  # str
    YES_NO = "yes-no"  # bool


class FormKind(StrEnum):
    """Which form it is, as `kesu parse` names it."""

    COMPLAINT = "complaint"
    HANDLING = "handling"
    RECTIFICATION = "rectification"
    DELIVERIES = "deliveries"
    CALLS = "calls"
    RULING = "ruling"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Choice(_Model):
    """One answer a choice field knows; `synonyms` are further spellings people use."""

    key: str
    label: Text
    synonyms: tuple[str, ...] = ()


class Field(WorkedOut, _Model):
    """One labelled value of a form.

    `required_when` (fact key → condition) narrows `required` to the facts it names: the field is required only if
    every condition holds. `multiline` asks the blank for a tall box.
    """

    key: str
    kind: Kind
    label: Text
    synonyms: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    required: bool = False
    required_when: dict[str, Condition] = {}
    multiline: bool = False
    hint: Text | None = None

    def choice(self, key: object) -> Choice | None:
        """Return the choice called `key`, None if the field has none."""
        return self._choices.get(key)

    @cached_property
    def _choices(self) -> dict[object, Choice]:
        return {choice.key: choice for choice in self.choices}

    @model_validator(mode="after")
    def _choices_belong_to_choice_fields(self) -> Self:
        if (self.kind is Kind.CHOICE) != bool(self.choices):
            raise ValueError(f"{self.key}: exactly the fields of kind 'choice' have choices")
        return self


class Blank(_Model):
    """One printed variant of a form (D37): its title, the fields it shows and what its title alone says."""

    key: str
    title: Text
    synonyms: tuple[str, ...] = ()  # further titles that say the same
    implies: dict[str, str] = {}  # e.g. {"department": "after-sales"}
    fields: tuple[str, ...]


class Form(WorkedOut, _Model):
    """A kind of form: every field it may carry, and the blanks that are printed of it."""

    kind: FormKind
    fields: tuple[Field, ...]
    blanks: tuple[Blank, ...]

    def field(self, key: str) -> Field:
        """Return the field called `key`; KeyError if the form has none."""
        return self.by_key[key]

    @cached_property
    def by_key(self) -> dict[str, Field]:
        """The fields by their keys, in their order."""
        return {field.key: field for field in self.fields}

    @model_validator(mode="after")
    def _blanks_show_known_fields(self) -> Self:
        keys = [field.key for field in self.fields]
        if len(set(keys)) != len(keys):
            raise ValueError("a field is defined twice")
        for blank in self.blanks:
            unknown = (set(blank.fields) | set(blank.implies)) - set(keys)
            if unknown:
                raise ValueError(f"blank {blank.key}: unknown fields {sorted(unknown)}")
        return self


class Catalogue(_Model):
    """All forms a site knows."""

    forms: tuple[Form, ...]

    def form(self, kind: FormKind) -> Form:
        """Return the form of `kind`; KeyError if the catalogue has none."""
        for form in self.forms:
            if form.kind is kind:
                return form
        raise KeyError(kind)


def load_form(text: str) -> Form:
    """Read one form definition from TOML text; pydantic.ValidationError or TOMLDecodeError if it is wrong."""
    return Form.model_validate(_keys_to_lists(tomllib.loads(text)))


def _keys_to_lists(raw: dict[str, Any]) -> dict[str, Any]:
    """Turn `[fields.x]`, `[fields.x.choices.y]` and `[blanks.z]` tables into lists that carry their key."""
    fields = [
        {
            "key": key,
            **{name: value for name, value in body.items() if name != "choices"},
            "choices": [{"key": choice, **label} for choice, label in body.get("choices", {}).items()],
        }
        for key, body in raw.get("fields", {}).items()
    ]
    blanks = [{"key": key, **body} for key, body in raw.get("blanks", {}).items()]
    return {**raw, "fields": fields, "blanks": blanks}
