"""What may be asked of a case: every one ends in `decide`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.events import Party
from rules.facts import NO_FACTS, Facts, Json

NOBODY = Party()


@dataclass(frozen=True)
class OpenCase:
    """A complaint form came in; `missing` are required facts that it lacks or that could not be read.

    `policy` is the hash of the rules it is opened under.
    """

    facts: Facts
    issued_by: str | None = None
    sender: Party = NOBODY
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    policy: str = ""


@dataclass(frozen=True)
class AmendCase:
    """A corrected form for a case that is still incomplete."""

    facts: Facts
    sender: Party = NOBODY
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class AttachForm:
    """The same complaint came again."""

    sender: Party = NOBODY


@dataclass(frozen=True)
class Report:
    """Somebody tells how the case stands; `facts` are the handling form's. `unclear` says what was ambiguous."""

    by: Party
    facts: Facts = field(default_factory=lambda: NO_FACTS)
    unclear: str = ""


@dataclass(frozen=True)
class Annotate:
    """A manager wrote beside the case in the workbook; `entries` are what stands there now, None where emptied."""

    by: Party
    entries: Mapping[str, Json]


@dataclass(frozen=True)
class DeadlineReached:
    """The time of one of the case's deadlines has come; `name` is `lapse:<stage>` or `reminder:<stage>`."""

    name: str


Command = OpenCase | AmendCase | AttachForm | Report | Annotate | DeadlineReached
