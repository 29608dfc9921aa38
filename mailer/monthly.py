"""What the monthly mail shows, as plain data: figures in words, bars with their numbers, small tables."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Part):
    """One number that stands out, with what it says."""

    label: str
    value: str


class Segment(_Part):
    """A piece of a bar: what it counts, how much of it, and its colour."""

    label: str
    number: int = Field(ge=0)
    colour: Colour


class BarLine(_Part):
    """One bar: `value` is the number beside it, `detail` what else there is to say."""

    label: str
    value: str
    segments: tuple[Segment, ...]
    detail: str = ""


class BarChart(_Part):
    """Bars under one another, all on one scale."""

    kind: Literal["bars"] = "bars"
    title: str
    bars: tuple[BarLine, ...]
    note: str = ""


class Grid(_Part):
    """A small table; the first column is text, the others are numbers."""

    kind: Literal["grid"] = "grid"
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()
    note: str = ""


class DayColumn(_Part):
    """What came and what was settled on a day of the month."""

    day: int = Field(ge=1, le=31)
    opened: int = Field(ge=0)
    settled: int = Field(ge=0)


class DayChart(_Part):
    """A picture of the month, day by day; `opened` and `settled` name its two colours, `told` says it in words."""

    kind: Literal["days"] = "days"
    title: str
    days: tuple[DayColumn, ...]
    opened: str
    settled: str
    told: str


ReportPart = Annotated[BarChart | Grid | DayChart, Field(discriminator="kind")]


class MonthlyReport(_Part):
    """A month in figures (E07); `running`: the month is not over yet. `until` is when counting stopped, in words."""

    month: str
    until: str
    running: bool = False
    figures: tuple[Figure, ...]
    parts: tuple[ReportPart, ...]
    workbook: str = ""  # the name of the attached file
    left_out: str = ""  # what could not be counted
