"""What a policy says of fault: what lateness and findings cost, who decides, and who hears appeals (D26–D31)."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rules.facts import MONEY_LIMIT
from rules.locales import Text

_Roles = Annotated[tuple[str, ...], Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PenaltyRule(_Model):
    """What one kind of fault costs: a fixed `amount`, or what follows from somebody's own authority (D29).

    `confirm`: it is only proposed until somebody entitled confirms it. It falls due once `per` occurrence, or for
    follow-up calls once per day.
    """

    key: str
    title: Text
    clause: str
    amount: Annotated[Decimal, Field(gt=0, le=MONEY_LIMIT, decimal_places=2)] | None = None
    amount_of: Literal["own-authority"] | None = None
    confirm: bool
    per: Literal["occurrence", "day"] = "occurrence"

    @model_validator(mode="after")
    def _one_way_to_the_amount(self) -> Self:
        if (self.amount is None) == (self.amount_of is None):
            raise ValueError(f"penalty {self.key}: exactly one of amount and amount_of is needed")
        return self


class Overdue(_Model):
    """What follows when a duty is not done in time: who is told, and what it costs whoever owes it."""

    notify: tuple[str, ...] = ()
    penalty: str | None = None
    clause: str


class Cause(_Model):
    """What a finding may find; `penalty` is what it costs, nothing where it is a finding only."""

    title: Text
    penalty: str | None = None


class Findings(_Model):
    """Who decides on responsibility (`by`), who confirms what it costs, and what may be found (D27)."""

    by: _Roles
    confirmed_by: _Roles
    clause: str
    causes: dict[str, Cause]


class Appeals(_Model):
    """Who rules on an appeal: `to`, or for somebody of a role in `own` the role named there (D31)."""

    to: str
    own: dict[str, str] = {}
    clause: str

    @model_validator(mode="after")
    def _nobody_rules_on_himself(self) -> Self:
        if self.to not in self.own or any(role == ruler for role, ruler in self.own.items()):
            raise ValueError(f"appeals: own must name somebody else who rules on {self.to}")
        return self

    def ruler(self, roles: tuple[str, ...]) -> str:
        """Return the role that rules on a penalty of somebody who has `roles`."""
        return next((self.own[role] for role in roles if role in self.own), self.to)
