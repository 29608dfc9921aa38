"""The three languages of every user's text."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Locale(StrEnum):
    """A language and script users read (BCP 47 tags)."""

    ZH_HANT = "zh-Hant"
    ZH_HANS = "zh-Hans"
    EN = "en"


class Text(BaseModel):
    """One wording in the three languages."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    zh_hant: str = Field(alias="zh-Hant", min_length=1)
    zh_hans: str = Field(alias="zh-Hans", min_length=1)
    en: str = Field(min_length=1)

    def get(self, locale: Locale) -> str:
        """Return the wording for `locale`."""
        match locale:
            case Locale.ZH_HANT:
                return self.zh_hant
            case Locale.ZH_HANS:
                return self.zh_hans
            case Locale.EN:
                return self.en

    def all(self) -> tuple[str, str, str]:
        """Return all three wordings, Traditional first."""
        return (self.zh_hant, self.zh_hans, self.en)
