"""What every section of `config.toml` has in common: it cannot be changed, and an unknown key is a fault."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")
