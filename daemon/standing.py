"""How a penalty stands, in the words of a mail: gathered from the events of its case."""

from collections.abc import Callable, Iterable, Sequence

from daemon import verdicts, words
from daemon.config import Person
from daemon.site import Site
from mailer.letter import Line, PenaltyStanding
from rules.case import Case, Penalty
from rules.events import Event, Finding, Noted, Party, Penalised, PenaltyState, PenaltyWithheld, Refused
from rules.locales import Locale
from rules.notices import Reader
from rules.penalties import RULED, WAITING, ruler_of, same_party


def standing_of(
    number: object, case: Case, history: Iterable[Event], site: Site, locale: Locale, person: Person
) -> PenaltyStanding | None:
    """Say to `person` how penalty `number` of `case` stands after `history`; None if there is none."""
    penalty = case.penalty(number) if isinstance(number, int) else None
    return None if penalty is None else _standing(penalty, history, site, locale, person)


def judged(
    event: Penalised, case: Case, history: Iterable[Event], site: Site, locale: Locale, person: Person
) -> dict[str, object]:
    """Say to `person` how a penalty stands, and in which office it concerns him: as fined, or as who rules on it."""
    mine = site.roles_of(person.email)
    offices = [role for role in (event.role, ruler_of(event.party, site.policy)) if role in mine]
    return {
        "penalty": standing_of(event.penalty, case, history, site, locale, person),
        "reader_role": words.role_titles(offices[:1], site.policy, locale),
    }


def asked(
    event: Refused,
    case: Case,
    history: Iterable[Event],
    site: Site,
    locale: Locale,
    person: Person,
    reader: Reader,
) -> dict[str, object]:
    """Say what was refused about a finding or a penalty; who may not ask is not shown what he asked about."""
    hidden = event.reason == "not-entitled" and reader == "reporter"
    number = None if hidden else event.facts.get("penalty")
    asks_itself = event.asked in ASKED_BACK or bool(event.facts.get("by_form"))
    cause, reason = event.facts.get("cause"), verdicts.REFUSALS.get(event.reason)
    return {
        "asked": event.asked,
        "refusal": event.reason,
        "refusal_detail": "" if reason is None else reason.get(locale),
        "refusal_hint": str(event.facts.get("unclear", "")) if asks_itself else "",
        "resolved_by": words.party(event.by, site.policy, locale),
        "penalty": standing_of(number, case, history, site, locale, person),
        "asked_cause": words.cause(str(cause), site.policy, locale) if cause else "",
    }


def _standing(
    penalty: Penalty, history: Iterable[Event], site: Site, locale: Locale, reader: Person
) -> PenaltyStanding:
    story = [event for event in history if isinstance(event, Penalised) and event.penalty == penalty.number]
    found, issued = story[:1], _of(story, PenaltyState.ISSUED)
    decided = [event for event in issued if event not in found]
    appealed, ruled = _of(story, PenaltyState.APPEALED), _of(story, *RULED)
    waits = penalty.state in WAITING
    return PenaltyStanding(
        number=penalty.number,
        state=penalty.state.value,
        person=words.penalised(penalty.party, penalty.role, site.policy, locale),
        cause=cause_of(penalty, site, locale),
        amount="" if penalty.amount is None else words.money(penalty.amount, locale),
        amount_unknown=verdicts.PENDING[penalty.reason].get(locale) if waits and penalty.reason else "",
        found_by=_by(found, site, locale),
        found="\n".join(dict.fromkeys(event.note for event in (*found, *decided) if event.note)),
        confirmed_by=_by(decided, site, locale),
        issued_at=issued[0].at if issued else None,
        ruler=_ruler(penalty.party, site, locale),
        appeal=_note(appealed),
        appealed_at=appealed[0].at if appealed else None,
        ruled_by=_by(ruled, site, locale),
        ruling=_note(ruled),
        own=same_party(penalty.party, site.party(reader.email, reader.name)),
        unreached=not (waits or penalised(penalty.party, site)),
    )


def story_of_penalty(number: int, history: Iterable[Event], site: Site, locale: Locale) -> tuple[Line, ...]:
    """Tell what became of a penalty, moment by moment, with what was said of it."""
    story = (event for event in history if isinstance(event, Penalised) and event.penalty == number)
    return tuple(
        Line(
            label=f"{event.at.astimezone(site.zone):%Y-%m-%d %H:%M}",
            value=words.COLON.get(locale).join(
                filter(None, (words.step(event, site.policy, locale), event.note))
            ),
        )
        for event in story
    )


def cause_of(penalty: Penalty, site: Site, locale: Locale) -> str:
    """Name what a penalty is for: what was found, else what the rules call the fault."""
    found = words.cause(penalty.cause, site.policy, locale)
    return found if found != penalty.cause else site.policy.penalty(penalty.key).title.get(locale)


def penalised(party: Party, site: Site) -> list[Person]:
    """Return whom a penalty reaches: by address, else everybody of that name, else whoever holds the office."""
    if party.email:
        return [site.person(party.email) or Person(name=party.name or party.email, email=party.email)]
    if party.name:
        everybody = (person for people in site.config.people.values() for person in people)
        return [person for person in everybody if person.name == party.name]
    return [person for role in party.roles for person in site.people(role)]


_OF_PENALTIES = ("finding", "confirmation", "appeal", "ruling")
ASKED_BACK = ("correction", "hold", "review", "call")  # how to write them depends on what was written
_OF_FAULT = frozenset(
    {"fault_of", "fault", "appeal", "ruling", "ruling_note"}
)  # what managers note about somebody, not about the case


def about(party: Party | None) -> Callable[[Event], bool]:
    """Return what of a history may be told: of findings and penalties only those of `party`, none where it is None."""

    def told(event: Event) -> bool:
        match event:
            case Finding() | Penalised():
                return party is not None and same_party(event.party, party)
            case PenaltyWithheld():
                return party is not None and event.role in party.roles
            case Refused():
                return party is not None or event.asked not in _OF_PENALTIES
            case Noted():
                return not any(key.partition(" ")[0] in _OF_FAULT for key in event.entries)
            case _:
                return True

    return told


def _of(story: Sequence[Penalised], *states: PenaltyState) -> list[Penalised]:
    return [event for event in story if event.state in states]


def _by(events: Sequence[Penalised], site: Site, locale: Locale) -> str:
    known = [event.by for event in events if event.by != Party()]
    return words.party(known[0], site.policy, locale) if known else ""


def _note(events: Sequence[Penalised]) -> str:
    return events[-1].note if events else ""


def _ruler(party: Party, site: Site, locale: Locale) -> str:
    role = ruler_of(party, site.policy)
    return words.office_holders(role, site.people(role), site.policy, locale) if role else ""
