"""A ruling that somebody entered in the workbook, and who is asked to make it his own by a mail (D31)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from daemon import verdicts, words
from daemon.addressing import Addressee, addressees
from daemon.site import Site
from rules.case import Case
from rules.events import Event
from rules.locales import Locale
from sheets.registry import RULINGS

_LONGEST = 400  # of a reason, in a line above the letter; the workbook holds the whole


class EnteredRuling(BaseModel):
    """What stands beside a penalty that was appealed against; it rules on nothing by itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    decision: Literal["uphold", "revoke"]
    why: str

    def told(self, locale: Locale) -> str:
        """Say to whoever rules what was entered, and how he makes it his ruling."""
        why = words.shortened(self.why, _LONGEST).rstrip("。.")
        return verdicts.RULING_ENTERED.get(locale).format(ruling=RULINGS[self.decision].get(locale), why=why)


def rulers_of(case: Case, appealed: Event, site: Site) -> list[Addressee]:
    """Return who is asked to rule on an appeal; where he is on leave, his deputy, else customer care is told so."""
    told = addressees(case, appealed, site)
    asked = [one for one in told if one.notice.template == "appeal"]
    return [one for one in asked if one.notice.reader == "owner" or one.unattended]
