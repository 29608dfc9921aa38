"""The whole page: gathered from the ledger as it stood at one event, in the reader's words and local time."""

from collections.abc import Iterator
from datetime import datetime
from email.utils import parseaddr
from typing import Literal

from daemon import after_words, words
from daemon.attachments.folders import place_of
from daemon.casepage import telling, wordings
from daemon.casepage.machines import machine_mails
from daemon.casepage.parts import Entry, Mood, Pair, Section, Story, Told
from daemon.daywords import WHY_HELD
from daemon.ledger import HeldMail, HeldState, Ledger, StoredAttachment
from daemon.othercases import OtherCase, other_cases, outcome, status_title
from daemon.records import Records
from daemon.standing import about, cause_of
from mailer.cleaning import cleaned
from rules.case import Penalty, Task, replay
from rules.events import Party, Penalised, PenaltyState
from rules.fields import FormKind
from rules.locales import Locale
from rules.penalties import same_party
from sheets.registry import PENALTY_STATES

EVERYBODY: Literal["everybody"] = "everybody"
_MOODS: dict[PenaltyState, Mood] = {
    PenaltyState.ISSUED: "bad",
    PenaltyState.UPHELD: "bad",
    PenaltyState.APPEALED: "waiting",
    PenaltyState.REVOKED: "good",
    PenaltyState.DROPPED: "good",
}


def story_of(
    records: Records,
    number: str,
    locale: Locale,
    now: datetime,
    *,
    as_of: int | None = None,
    penalised: Party | Literal["everybody"] | None = EVERYBODY,
) -> Story | None:
    """Tell the story of a case as it stood at event `as_of` (now, where it is None); None if there is no such case.

    Of findings and penalties only those of `penalised` are told, none where it is None.
    """
    told = _gathered(records, number, locale, now, as_of, penalised)
    return None if told is None else cleaned(_told(told))


def _gathered(
    records: Records,
    number: str,
    locale: Locale,
    now: datetime,
    as_of: int | None,
    penalised: Party | Literal["everybody"] | None,
) -> Told | None:
    ledger = records.ledger
    last = ledger.last_seq() if as_of is None else as_of
    happened = [row for row in ledger.events(number) if row.seq <= last]
    case = replay(number, [row.event for row in happened])
    if case is None:
        return None
    everybody = penalised == EVERYBODY
    party = penalised if isinstance(penalised, Party) else None
    rows = happened if everybody else [row for row in happened if about(party)(row.event)]
    hidden = {row.seq for row in happened} - {row.seq for row in rows}
    return Told(
        case=case,
        site=records.site_of(case),
        locale=locale,
        now=now,
        rows=rows,
        mails=[
            mail
            for mail in ledger.outbox_of(number)
            if mail.event_seq not in hidden and (as_of is None or mail.created_at <= now)
        ],
        files=ledger.attachments(number, as_of=as_of),
        others=other_cases(records, case, last),
        machines=() if as_of is not None else machine_mails(ledger, number),
        let_in=[held for held in _released(ledger, number) if held.decided_at and held.decided_at <= now],
        past=as_of is not None,
        penalties=[each for each in case.penalties if everybody or (party and same_party(each.party, party))],
    )


def _released(ledger: Ledger, number: str) -> Iterator[HeldMail]:
    held = (ledger.quarantined(mail.id) for mail in ledger.mails_about(number))
    return (one for one in held if one is not None and one.state is HeldState.RELEASED)


def _told(told: Told) -> Story:
    case, site, locale = told.case, told.site, told.locale
    status = status_title(case, locale)
    sections = (build(told) for build in _SECTIONS)
    zone = site.config.daemon.timezone
    return Story(
        locale=locale,
        number=case.number,
        title=told.say(wordings.TITLE),
        customer=str(case.facts.get("customer_name", "")),
        summary=telling.matter(case, site, locale),
        grade=site.policy.grade(case.grade).title.get(locale) if case.grade else "",
        grade_key=case.grade,
        status=status,
        mood=_mood(told),
        sections=tuple(section for section in sections if _says_anything(section)),
        footer=(
            told.say(wordings.AS_OF, when=told.moment(told.now), zone=zone),
            told.say(wordings.CONFIDENTIAL),
        ),
    )


def _says_anything(section: Section) -> bool:
    return bool(section.pairs or section.steps or section.entries)


def _mood(told: Told) -> Mood:
    if not told.case.is_open:
        return "good"
    return "bad" if told.case.due is not None and told.case.due <= told.now else "waiting"


# ---------------------------------------------------------------- the sections


def _standing(told: Told) -> Section:
    return Section(key="standing", heading=told.say(wordings.STANDING), pairs=tuple(telling.standing(told)))


def _complaint(told: Told) -> Section:
    site, locale = told.site, told.locale
    facts = words.lines(told.case.facts, site.catalogue, FormKind.COMPLAINT, locale, site.zone)
    pairs = [Pair(label=label, value=value) for label, value in facts]
    if told.case.warnings:
        pairs.append(Pair(label=told.say(wordings.WARNINGS), value="\n".join(told.case.warnings)))
    pairs += [Pair(label=told.say(wordings.LET_IN), value=_let_in(told, held)) for held in told.let_in]
    return Section(key="complaint", heading=told.say(wordings.COMPLAINT), pairs=tuple(pairs))


def _let_in(told: Told, held: HeldMail) -> str:
    person = told.site.person(held.decided_by)
    who = held.decided_by if person is None else person.name
    when = told.moment(held.decided_at) if held.decided_at else ""
    return told.say(wordings.LET_IN_BY, when=when, who=who, why=told.say(WHY_HELD[held.why]))


def _history(told: Told) -> Section:
    steps = filter(None, (telling.step(told, row.event) for row in told.rows))
    return Section(key="history", heading=told.say(wordings.HISTORY), steps=tuple(steps))


def _duties(told: Told) -> Section:
    tasks = sorted(told.case.tasks, key=lambda task: (task.done, task.due))
    entries = (_duty(told, task) for task in tasks)
    return Section(key="duties", heading=told.say(wordings.DUTIES), entries=tuple(entries))


def _duty(told: Told, task: Task) -> Entry:
    site, late = told.site, task.overdue_at is not None or task.due <= told.now
    state = wordings.DONE if task.done else wordings.OVERDUE if late else wordings.OPEN_DUTY
    holder = words.office_holders(task.role, site.people(task.role), site.policy, told.locale)
    return Entry(
        title=after_words.titled(task, site.policy).get(told.locale),
        details=(told.say(wordings.OWED, who=holder, due=told.moment(task.due)),),
        state=told.say(state),
        mood="good" if task.done else "bad" if late else "waiting",
        clause=task.clause,
    )


def _penalties(told: Told) -> Section:
    entries = tuple(_penalty(told, penalty) for penalty in told.penalties)
    return Section(key="penalties", heading=told.say(wordings.PENALTIES), entries=entries)


def _penalty(told: Told, penalty: Penalty) -> Entry:
    site, locale = told.site, told.locale
    amount = told.say(wordings.AMOUNT_OPEN)
    if penalty.amount is not None:
        amount = words.money(penalty.amount, locale)
    whom = words.penalised(penalty.party, penalty.role, site.policy, locale)
    events = [row.event for row in told.rows if isinstance(row.event, Penalised)]
    story = (
        f"{told.moment(event.at)}　{words.step(event, site.policy, locale)}{telling.note(event, locale)}"
        for event in events
        if event.penalty == penalty.number
    )
    title = " · ".join((told.say(wordings.NUMBER, n=penalty.number), whom, amount))
    return Entry(
        title=title,
        details=(cause_of(penalty, site, locale), *story),
        state=PENALTY_STATES[penalty.state.value].get(locale),
        mood=_MOODS.get(penalty.state, "plain"),
        clause=penalty.clause,
    )


def _files(told: Told) -> Section:
    place, link = place_of(told.case.number, told.site, told.locale)
    entries = tuple(_file(told, file, link) for file in told.files)
    where = told.say(wordings.KEPT, where=place) if any(not file.over for file in told.files) else ""
    return Section(key="files", heading=told.say(wordings.FILES), entries=entries, more=where)


def _file(told: Told, file: StoredAttachment, link: str) -> Entry:
    came = "" if file.received_at is None else told.moment(file.received_at)
    sender = words.party(told.site.party(*_address(file.sender)), told.site.policy, told.locale)
    brought = told.say(wordings.FILE_FROM, when=came, who=sender) if came else ""
    over = told.say(wordings.IN_MAIL) if file.over else ""
    return Entry(
        title=file.name,
        details=tuple(filter(None, (brought, over))),
        state=words.size(file.size),
        href="" if file.over else link,
    )


def _address(sender: str) -> tuple[str, str]:
    name, address = parseaddr(sender)
    return address, name


def _others(told: Told) -> Section:
    entries = tuple(_other(told, one) for one in told.others.cases)
    more = told.say(wordings.MORE, n=told.others.more) if told.others.more else ""
    return Section(key="others", heading=told.say(wordings.OTHERS), entries=entries, more=more)


def _other(told: Told, one: OtherCase) -> Entry:
    case, site, locale = one.case, one.site, told.locale
    return Entry(
        title=f"{case.number}　{telling.matter(case, site, locale)}",
        details=(told.moment(case.opened_at), outcome(one, locale)),
        state=site.policy.grade(case.grade).title.get(locale) if case.grade else "",
        mood="waiting" if case.is_open else "good",
    )


def _mails(told: Told) -> Section:
    entries = tuple(telling.mail(told, mail) for mail in told.mails)
    return Section(key="mails", heading=told.say(wordings.MAILS), entries=entries)


def _machines(told: Told) -> Section:
    entries = (
        Entry(
            title=f"{told.moment(one.at)}　{one.sender}",
            details=tuple(filter(None, (one.said,))),
            state=told.say(wordings.COUNTED if one.counted else wordings.NOT_ACTED_ON),
        )
        for one in told.machines
    )
    return Section(key="machines", heading=told.say(wordings.MACHINES), entries=tuple(entries))


# What happened comes before what follows from it: the clauses' wordings stand where they are first cited.
_SECTIONS = (_standing, _complaint, _history, _duties, _penalties, _files, _others, _mails, _machines)
