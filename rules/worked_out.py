"""Models that remember what follows from their fields."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel


class WorkedOut(BaseModel):
    """A model whose cached properties follow from its fields; a changed copy works them out anew."""

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some fields changed."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(copied).model_fields.keys():
            del copied.__dict__[name]
        return copied
