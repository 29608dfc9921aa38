"""What managers enter beside a case once it is graded: the review of its order, and that its customer was told.

An entry that decides something acts in the workbook's role and is cleared once it is carried out (D34, D40).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from daemon.site import Site
from daemon.workbook import wordings
from parsers.reply_reviews import parse_review
from rules.case import Case, Status
from rules.closing import missing
from rules.commands import Inform, Review
from rules.events import Party
from rules.locales import Locale, Text
from sheets.cellvalues import CellError, ReadValue
from sheets.texts import plain_text

REVIEW: Final = "review"
INFORMED_AT: Final = "customer_informed_at"
OPINION: Final = "customer_opinion"
OWN: Final = frozenset({REVIEW, INFORMED_AT, OPINION})  # no notes beside the case, but its own story


def filed_at(case: Case, site: Site) -> datetime | None:
    """Return since when nothing of a case is missing any more; None while something is.

    Under rules without gates that is when it was resolved.
    """
    if case.closed_at is not None or case.is_open:
        return case.closed_at
    return None if site.policy.gates else case.resolved_at


def shown(case: Case, site: Site, locale: Locale) -> dict[str, object]:
    """Return what the sheets show of this; a review is a word that is carried out, and never stands there after it."""
    informed_at = case.afterwards.get(INFORMED_AT)
    lacking = missing(case, site.policy) if case.status is Status.RESOLVED else ()
    return {
        INFORMED_AT: datetime.fromisoformat(str(informed_at)) if informed_at else None,
        OPINION: case.afterwards.get(OPINION),
        "lacking": ("、" if locale is not Locale.EN else ", ").join(
            gate.title.get(locale) for gate in lacking
        ),
    }


@dataclass(frozen=True)
class Entered:
    """What cells ask of a case, or why they cannot be taken; `said` is what stands in them."""

    asked: Review | Inform | Text
    said: str


def entered(
    new: Mapping[str, ReadValue], row: Mapping[str, ReadValue], case: Case, by: Party, now: datetime
) -> list[Entered]:
    """Return what the new cells of a row ask of its case."""
    told = "，".join(filter(None, (_shown(new.get(name)) for name in (INFORMED_AT, OPINION))))
    found = ((_review(new, by), _shown(new.get(REVIEW))), (_informed(new, row, case, by, now), told))
    return [Entered(asked, said) for asked, said in found if asked is not None]


def _review(new: Mapping[str, ReadValue], by: Party) -> Review | Text | None:
    written = _said(new.get(REVIEW))
    if not written:
        return None
    said = parse_review(written)
    if said is None or said.problems:
        return wordings.UNKNOWN_REVIEW
    return Review(by, said.decision, "", said.text, in_person=False)


def _informed(
    new: Mapping[str, ReadValue], row: Mapping[str, ReadValue], case: Case, by: Party, now: datetime
) -> Inform | Text | None:
    """Take the time and the opinion together, whichever of them is new; an emptied cell takes nothing back."""
    at, opinion = row.get(INFORMED_AT), _said(row.get(OPINION))
    fresh = [name for name in (INFORMED_AT, OPINION) if name in new and new[name] not in (None, "")]
    if not fresh:
        return None
    if at is not None and not isinstance(at, datetime):
        return wordings.NOT_A_MOMENT
    if at is not None and not case.opened_at <= at <= now:
        return wordings.NOT_THEN
    return Inform(by, at, opinion)


def _shown(value: ReadValue) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else _said(value)


def _said(value: ReadValue) -> str:
    if value is None or isinstance(value, CellError | datetime):
        return ""
    return plain_text(str(value)).strip()
