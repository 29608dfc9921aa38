"""What is written in 裁定 and 裁定理由 beside a penalty: a question to whoever rules, never a ruling (D31)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from daemon.docket import Docket
from daemon.ledger import Entry
from daemon.rulings import EnteredRuling
from daemon.workbook import wordings
from rules.case import Case, Penalty
from rules.commands import Annotate
from rules.events import Party, Penalised, PenaltyState, Refused
from rules.facts import Json
from rules.locales import Text
from rules.penalties import RULED
from sheets.registry import RULINGS

COLUMNS = ("ruling", "ruling_note")
_Decision = Literal["uphold", "revoke"]
_DECISIONS: tuple[_Decision, ...] = ("uphold", "revoke")


def shown(case: Case, penalty: Penalty) -> dict[str, Json]:
    """Return what stands in the columns: what was entered, while the appeal waits for its ruling."""
    if penalty.state is not PenaltyState.APPEALED:
        return {}
    return {name: case.notes.get(f"{name} {penalty.number}") for name in COLUMNS}


def decision_of(chosen: str) -> _Decision | None:
    """Return what a choice of the list decides, in any language; None if it is none of them."""
    wanted = chosen.casefold()
    named = (key for key in _DECISIONS if wanted in (word.casefold() for word in RULINGS[key].all()))
    return next(named, None)


@dataclass(frozen=True)
class Asking:
    """An entry on its way to whoever rules, written by `by`: a role, for whoever saved the file is not known."""

    docket: Docket
    entry: Entry
    by: Party
    now: datetime

    def take(self, case: Case, penalty: Penalty, chosen: str, why: str) -> tuple[Case, Text | None]:
        """Keep what was entered and ask whoever rules to confirm it, once per entry; the case, and why it was not."""
        decision = decision_of(chosen)
        if not chosen and not why:
            return self._kept(case, penalty, chosen, why), None
        if penalty.state is not PenaltyState.APPEALED:
            return self._against(case, penalty)
        if chosen and decision is None:
            return case, wordings.UNKNOWN_RULING
        after = self._kept(case, penalty, chosen, why)
        if after is case or decision is None:
            return after, None
        if not why:
            return after, wordings.RULING_NEEDS_REASON
        entered = EnteredRuling(decision=decision, why=why)
        asked = self.docket.ask_ruling(self.entry, after, self._appealed(case, penalty), entered, self.now)
        return after, None if asked else wordings.NOBODY_RULES

    def _kept(self, case: Case, penalty: Penalty, chosen: str, why: str) -> Case:
        entries: dict[str, Json] = {
            f"{name} {penalty.number}": said or None
            for name, said in zip(COLUMNS, (chosen, why), strict=True)
        }
        return self.docket.perform(self.entry, case, Annotate(self.by, entries), self.now)

    def _against(self, case: Case, penalty: Penalty) -> tuple[Case, Text]:
        """Record that there is nothing to rule on, and say so; what was entered goes, for it asked nobody."""
        ruled = penalty.state in RULED
        refused = Refused(
            at=self.now,
            by=self.by,
            asked="ruling",
            reason="already-ruled" if ruled else "not-appealed",
            clause=clause_of(case, self.docket),
            facts={"penalty": penalty.number},
        )
        case = self.docket.refuse(self.entry, case, refused, self.now)
        return case, wordings.NOT_SETTLED["ruling"][refused.reason]

    def _appealed(self, case: Case, penalty: Penalty) -> int:
        """Return the number of the event by which the penalty was appealed against."""
        return next(
            row.seq
            for row in reversed(self.entry.events(case.number))
            if isinstance(row.event, Penalised)
            and row.event.penalty == penalty.number
            and row.event.state is PenaltyState.APPEALED
        )


def clause_of(case: Case, docket: Docket) -> str:
    """Return the clause that rulings follow from."""
    policy = docket.site_of(case).policy
    return policy.concession_clause if policy.appeals is None else policy.appeals.clause
