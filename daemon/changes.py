"""What a mail says of a changed case: what was changed, by whom and why, in the reader's language."""

from collections.abc import Iterable, Mapping
from typing import Final

from daemon import words
from daemon.site import Site
from mailer.letter import Change, ChangeKind, Line
from rules.after_events import Approval, Corrected, Held, Merged, Reopened, Resumed, Withdrawn
from rules.events import Assigned, Attached, Event, Party
from rules.facts import Json, facts_from_json
from rules.fields import FormKind
from rules.locales import Locale, Text

Changed = Corrected | Withdrawn | Merged | Held | Resumed | Reopened | Assigned | Attached
_KINDS: Final[dict[type, ChangeKind]] = {
    Corrected: "corrected",
    Assigned: "reassigned",
    Attached: "joined",
    Withdrawn: "withdrawn",
    Merged: "merged",
    Held: "held",
    Resumed: "resumed",
    Reopened: "reopened",
}
BECAME = Text(zh_hant="{was} → {now}", zh_hans="{was} → {now}", en="{was} → {now}")
BLANK = Text(zh_hant="（空白）", zh_hans="（空白）", en="(blank)")


def change_of(event: Changed, site: Site, locale: Locale) -> Change:
    """Put a change of a case into words."""
    recurred = isinstance(event, Reopened) and event.because == "recurrence"
    return Change(
        kind="recurred" if recurred else _KINDS[type(event)],
        by=_by(event, site, locale),
        note="" if isinstance(event, Resumed | Attached) else event.note,
        lines=tuple(_lines(event, site, locale)),
        into=event.into if isinstance(event, Merged) else "",
        joined=event.merged if isinstance(event, Attached) else "",
    )


def corrected(key: str, history: Iterable[Event]) -> set[str]:
    """Return what ever stood in a fact that was corrected, or was asked to stand there."""
    said: list[Mapping[str, Json]] = []
    for event in history:
        if isinstance(event, Corrected):
            said += [event.was, event.entries]
        elif isinstance(event, Approval):
            said.append(event.request)
    return {str(facts[key]) for facts in said if facts.get(key)}


def doer(event: Changed) -> Party:
    """Return who changed a case; nobody where a time ran out, or where another case is what changed."""
    return Party() if isinstance(event, Attached) else event.by


def _by(event: Changed, site: Site, locale: Locale) -> str:
    return "" if doer(event) == Party() else words.party(doer(event), site.policy, locale)


def _lines(event: Changed, site: Site, locale: Locale) -> list[Line]:
    if isinstance(event, Corrected):
        return corrected_lines(event.entries, event.was, site, locale)
    return []


def corrected_lines(
    entries: Mapping[str, Json], was: Mapping[str, Json], site: Site, locale: Locale
) -> list[Line]:
    """Return what stood there and what stands there now, by the form's labels."""
    before, after = (_written(facts, site, locale) for facts in (was, entries))
    blank, form = BLANK.get(locale), site.catalogue.form(FormKind.COMPLAINT)
    return [
        Line(
            label=field.label.get(locale),
            value=BECAME.get(locale).format(
                was=before.get(field.key, blank), now=after.get(field.key, blank)
            ),
        )
        for field in form.fields
        if field.key in entries
    ]


def _written(facts: Mapping[str, Json], site: Site, locale: Locale) -> dict[str, str]:
    form = site.catalogue.form(FormKind.COMPLAINT)
    typed = facts_from_json({key: value for key, value in facts.items() if value is not None}, form)
    return {
        field.key: words.value(field, typed[field.key], locale, site.zone)
        for field in form.fields
        if field.key in typed
    }
