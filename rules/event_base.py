"""What every event carries, and who does things: the ground `rules.events` and its parts stand on."""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from rules.facts import Json

JsonFacts = dict[str, Json]


class BaseEvent(BaseModel):
    """Something that happened `at` a time."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    at: AwareDatetime


class Origin(BaseModel):
    """Whose mail somebody passed on, as far as known. Told, not proven: it names, and gives no rights to anybody."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: str = ""
    name: str = ""


class Party(BaseModel):
    """Who did something: the roles he acts in, and his address where he is a person of flesh and blood.

    `origin`: he only passed it on, and it is somebody else's; the roles and the address stay his own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: tuple[str, ...] = ()
    email: str = ""
    name: str = ""
    # Where there is none, nothing is written of it: what stands in the ledger does not change its form.
    origin: Origin | None = Field(default=None, exclude_if=lambda origin: origin is None)
