"""The rows of the page: how a case stands, what happened to it, and what became of its mails."""

from collections.abc import Iterator

from daemon import verdicts, words
from daemon.casepage import wordings
from daemon.casepage.parts import Entry, Mood, Pair, Step, Told
from daemon.followup import wording as callwords
from daemon.ledger import OutboxEntry, OutboxState
from daemon.site import Site
from mailer.wording import wording
from rules.after_events import Called
from rules.case import Case
from rules.events import Event, JsonFacts, Refused, Reported, Resolved
from rules.fields import FormKind
from rules.locales import Locale

_TOLD_IN_STEP = 120  # characters of a resolution that the step itself shows


def standing(told: Told) -> Iterator[Pair]:
    """Say how a case stands: who is responsible until when, or how it was settled."""
    case, site, locale = told.case, told.site, told.locale
    grade = site.policy.grade(case.grade).title.get(locale) if case.grade else ""
    clause = f"（{case.grade_clause}）" if locale is not Locale.EN else f" ({case.grade_clause})"
    if grade:
        yield Pair(label=told.say(wordings.GRADE), value=f"{grade}{clause}" if case.grade_clause else grade)
    if (
        case.is_open and case.kind == "complaint"
    ):  # a day of calls has duties, and nobody responsible beside them
        yield Pair(label=told.say(wordings.OWNERS), value=_holders(case.owners, told))
        yield _due(told)
    yield Pair(label=told.say(wordings.OPENED), value=told.moment(case.opened_at))
    sender = words.party(case.sender, site.policy, locale)
    yield Pair(label=told.say(wordings.SENDER), value=sender)
    if case.missing:
        form = site.catalogue.form(FormKind.COMPLAINT)
        labels = words.JOIN.get(locale).join(form.field(key).label.get(locale) for key in case.missing)
        yield Pair(label=told.say(wordings.MISSING), value=labels, mood="bad")
    if case.resolved_at is not None:
        yield Pair(label=told.say(wordings.RESOLVED_AT), value=told.moment(case.resolved_at), mood="good")
        by = words.party(case.resolved_by, site.policy, locale)
        yield Pair(label=told.say(wordings.RESOLVED_BY), value=by)
        yield from _report(case.resolution, told)


def _due(told: Told) -> Pair:
    label, due = told.say(wordings.DUE), told.case.due
    if due is None:
        return Pair(label=label, value=told.say(wordings.NOTHING_RUNS))
    text, late = told.moment(due), due <= told.now
    span = wording(told.locale).span(abs(due - told.now))
    said = told.say(wordings.OVER if late else wordings.LEFT, due=text, span=span)
    return Pair(label=label, value=said, mood="bad" if late else "waiting")


def _holders(roles: tuple[str, ...], told: Told) -> str:
    site = told.site
    named = (words.office_holders(role, site.people(role), site.policy, told.locale) for role in roles)
    return words.JOIN.get(told.locale).join(named)


def _report(facts: JsonFacts, told: Told) -> Iterator[Pair]:
    """Return what a handling form or a reply said, label by label."""
    known = {key: value for key, value in facts.items() if key not in ("case_number", "unclear")}
    site = told.site
    for label, value in words.lines(known, site.catalogue, FormKind.HANDLING, told.locale, site.zone):
        yield Pair(label=label, value=value)


# ---------------------------------------------------------------- what happened


def step(told: Told, event: Event) -> Step | None:
    """Tell one event with its clause; None for what needs no telling."""
    text = words.step(event, told.site.policy, told.locale)
    if not text:
        return None
    clause = str(getattr(event, "clause", "") or "")
    for bracketed in (f"（{clause}）", f" ({clause})", f"，{clause}）", f", {clause})"):
        if clause and bracketed in text:
            text = text.replace(bracketed, bracketed[-1] if bracketed[0] in "，," else "")
    return Step(
        at=told.moment(event.at),
        text=text,
        details=tuple(_details(told, event)),
        clause=clause,
        wording=told.wording(clause),
    )


def _details(told: Told, event: Event) -> Iterator[str]:
    """Say what an event holds beyond its one line: the whole report, the reason of a refusal, a note."""
    locale = told.locale
    match event:
        case Reported():
            resolution = str(event.facts.get("resolution", ""))
            if len(resolution) > _TOLD_IN_STEP:
                yield resolution
            if promised := words.concession(event.facts, locale):
                yield words.PROMISED.get(locale).format(what=promised)
        case Refused():
            if event.asked == "report":
                yield refusal(event.reason, locale)
            if unclear := str(event.facts.get("unclear", "")):
                yield unclear
        case Resolved():
            return
        case Called():
            yield from _call(told, event)
        case _:
            if said := str(getattr(event, "note", "") or ""):
                yield said


def _call(told: Told, event: Called) -> Iterator[str]:
    """Say whom a call was to, whether he is satisfied, and what he complained of."""
    delivery = told.case.delivery(event.customer)
    whom = () if delivery is None else (delivery.customer_name, delivery.plate_no)
    content = "" if event.satisfied is None else callwords.CONTENT[event.satisfied].get(told.locale)
    yield from filter(None, (" · ".join(filter(None, (*whom, content))), event.complaint, event.note))


def refusal(reason: str, locale: Locale) -> str:
    """Say why a report was refused."""
    known = wordings.REPORT_REFUSED.get(reason) or verdicts.REFUSALS.get(reason)
    return reason if known is None else known.get(locale)


def note(event: Event, locale: Locale) -> str:
    """Return what somebody wrote about it, behind a colon; empty if nothing."""
    said = str(getattr(event, "note", "") or "")
    return f"{words.COLON.get(locale)}{said}" if said else ""


def matter(case: Case, site: Site, locale: Locale) -> str:
    """Return what a case is about, on one line: its category and the beginning of its description; the day of calls."""
    if case.kind == "follow-up":
        return callwords.OF_A_DAY.get(locale).format(day=case.day)
    field = site.catalogue.form(FormKind.COMPLAINT).field("category")
    category = case.facts.get("category")
    named = words.choice(field, str(category), locale) if category else ""
    described = words.shortened(str(case.facts.get("description", "")), 90)
    return words.COLON.get(locale).join(part for part in (named, described) if part)


# ---------------------------------------------------------------- its mails


def mail(told: Told, sent: OutboxEntry) -> Entry:
    """Tell what a mail was, to whom, and whether the server took it by then."""
    title = wordings.TEMPLATES.get(sent.template)
    person = told.site.person(sent.recipient)
    whom = f"{person.name} <{sent.recipient}>" if person else sent.recipient
    state, mood = _fate(told, sent)
    return Entry(
        title=f"{told.moment(sent.created_at)}　{sent.template if title is None else title.get(told.locale)}",
        details=(whom,),
        state=state,
        mood=mood,
    )


def _fate(told: Told, sent: OutboxEntry) -> tuple[str, Mood]:
    back = sent.failed_at if sent.state is OutboxState.BOUNCED else None
    if back is not None and (not told.past or back <= told.now):
        return told.say(wordings.RETURNED, when=told.moment(back), why=sent.last_error), "bad"
    if sent.sent_at is not None and (not told.past or sent.sent_at <= told.now):
        return told.say(wordings.SENT, when=told.moment(sent.sent_at)), "good"
    if sent.failed_at is not None and (not told.past or sent.failed_at <= told.now):
        return told.say(wordings.FAILED, why=sent.last_error), "bad"
    if sent.last_error and not told.past:
        return told.say(wordings.TRIED, why=sent.last_error), "waiting"
    return told.say(wordings.WAITING), "waiting"
