"""What every event carries, and who does things: the ground `rules.events` and its parts stand on."""

from pydantic import AwareDatetime, BaseModel, ConfigDict

from rules.facts import Json

JsonFacts = dict[str, Json]


class BaseEvent(BaseModel):
    """Something that happened `at` a time."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    at: AwareDatetime


class Party(BaseModel):
    """Who did something: the roles he acts in, and his address where he is a person of flesh and blood."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: tuple[str, ...] = ()
    email: str = ""
    name: str = ""
