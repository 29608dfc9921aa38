"""What reading a file yields: typed facts, and every problem by sheet, cell and label (contract.md, `kesu parse`)."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, SkipValidation

from rules.conditions import FactValue
from rules.fields import FormKind
from rules.locales import Locale, Text


class Severity(StrEnum):
    """Whether a problem keeps the form from being graded as it stands."""

    ERROR = "error"
    WARNING = "warning"


# Readers make typed values; pydantic's union would take a datetime for a date and refuse it.
Fact = Annotated[FactValue, SkipValidation]


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(_Result):
    """One thing to mend. `cell` is an A1 reference, empty where no cell is at fault (a missing label)."""

    sheet: str
    cell: str
    key: str  # the fact concerned, empty if none
    label: Text
    message: Text  # one sentence, without the place
    severity: Severity


class ParsedForm(_Result):
    """One form found in a file. `cells` tells where each fact was read (fact key → A1 reference)."""

    kind: FormKind
    blank: str  # key of the printed variant recognised, empty if none was
    sheet: str
    locale: Locale
    facts: dict[str, Fact]
    cells: dict[str, str]
    problems: tuple[Problem, ...]


class ParsedFile(_Result):
    """Everything found in one file; `error` is why nothing could be read, None if something was."""

    file: str
    forms: tuple[ParsedForm, ...]
    error: Text | None
    tokens: tuple[str, ...] = ()  # found in it, as `reply_tokens` reads them
