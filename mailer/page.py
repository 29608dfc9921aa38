"""What stands on a mail, from the headline to the footer, before it becomes text and HTML.

Both layouts show the same page, so that they cannot say different things. Each part is built by one small function;
`_BLOCKS` is their order. A part with nothing to say is left out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from mailer.absence import absence
from mailer.aftermath import afterwards, duty_panel
from mailer.blocks import Block, CaseRow, Panel, Row
from mailer.calling import calling
from mailer.change import ENDED, change, hold_panel
from mailer.colours import AMBER, COLOURS, GREEN, PLAIN, RED
from mailer.context import left_out, other_cases, papers
from mailer.digest import digest
from mailer.draft import Draft
from mailer.letter import CaseLine, Flaw, Template
from mailer.penalty import penalty, penalty_panel
from mailer.quarantine import held
from mailer.ready import Action, actions, unproven
from mailer.report import report
from mailer.trouble import trouble

SOON = timedelta(minutes=30)  # from here on the time left is shown as a warning


@dataclass(frozen=True)
class Page:
    """A whole mail, in plain words."""

    lang: str
    fonts: str
    brand: str
    colour: str
    tag: str
    tag_colour: str
    headline: str
    first_line: str  # the headline with its mark, for the list of a mail program
    preheader: str
    lead: str
    case_number: str
    grade: str
    customer: str
    summary: str
    panel: Panel | None
    actions: tuple[Action, ...]
    actions_note: str
    blocks: tuple[Block, ...]
    footer: tuple[str, ...]
    token: str  # the line that a reply is known by


def page(draft: Draft) -> Page:
    """Lay out `draft`."""
    content = draft.content
    tag = draft.say("undelivered.tag") if draft.untold and not draft.acts else draft.line("tag")
    headline = draft.line("headline")
    first_line = draft.say("general.tagged", tag=tag, headline=headline)
    about = " · ".join(filter(None, (content.customer, content.summary.partition("\n")[0])))
    listed = draft.variant in ("several", "unknown-case")
    return Page(
        lang=draft.letter.locale.value,
        fonts=draft.say("general.fonts"),
        brand=draft.say("general.brand"),
        colour=_colour(draft),
        tag=tag,
        tag_colour=RED if draft.letter.template is Template.OVERDUE else _colour(draft),
        headline=headline,
        first_line=first_line,
        preheader=f"{first_line} {about}".strip(),
        lead=draft.line("lead"),
        case_number="" if listed else content.case_number,
        grade="" if listed else content.grade,
        customer="" if listed else content.customer,
        summary="" if listed else content.summary,
        panel=_panel_of(draft),
        actions=(buttons := actions(draft)),
        actions_note=draft.say(_note(draft)) if buttons else "",
        blocks=tuple(block for build in _BLOCKS for block in build(draft)),
        footer=_footer(draft),
        token=draft.say("general.footer_token") if draft.token else "",
    )


def _note(draft: Draft) -> str:
    plain = draft.letter.template in (Template.CONFIRM_REQUEST, Template.QUARANTINE)
    return "ready.note_plain" if plain else "ready.note"


def _panel_of(draft: Draft) -> Panel | None:
    if draft.about_penalty:
        return penalty_panel(draft)
    return duty_panel(draft) if draft.about_duty else deadline(draft)


def _footer(draft: Draft) -> tuple[str, ...]:
    content = draft.content
    timed = any(
        (
            content.due,
            content.opened_at,
            content.lapsed_at,
            content.history,
            content.digest,
            *(case.due for case in content.cases),
        )
    )
    if (content.workbook and content.workbook.since) or content.report:
        return (draft.say("general.footer"), draft.say("general.footer_zone"))
    return (draft.say("general.footer"), *((draft.say("general.footer_times"),) if timed else ()))


def deadline(draft: Draft) -> Panel | None:
    """Build the panel; None for mails whose reader has nothing to gain from a deadline."""
    content, template = draft.content, draft.letter.template
    if template in (Template.FORM_PROBLEMS, Template.WORKBOOK, Template.MONTHLY_REPORT):
        return None
    if draft.about_many:
        return None
    if draft.variant in ("several", "quarantined", "case-closed", "unknown-case", "asked"):
        return None
    if template is Template.CHANGED and draft.variant in ENDED:
        return None
    if content.held_until and not content.task:
        return hold_panel(draft)
    if template is Template.OVERDUE and content.lapsed_at and not content.task:
        return _lapsed(draft)
    if content.due:
        return _over(draft) if content.due <= draft.now else _running(draft)
    if content.standing:
        notes = (draft.say("deadline.standing_note"), *_since_lapse(draft))
        return _panel(draft, "standing", draft.say("deadline.standing"), "", notes)
    return _lapsed(draft) if content.lapsed_at else None


def _running(draft: Draft) -> Panel:
    soon = draft.content.due is not None and draft.content.due - draft.now <= SOON
    notes = (*_since_lapse(draft), *_next(draft))
    return _panel(
        draft, "soon" if soon else "running", draft.say("deadline.by"), draft.say("deadline.left"), notes
    )


def _over(draft: Draft) -> Panel:
    return _panel(draft, "over", draft.say("deadline.passed"), draft.say("deadline.over"))


def _lapsed(draft: Draft) -> Panel:
    content, values = draft.content, draft.values
    main = draft.say("deadline.passed", due=values["lapsed_at"])
    rest = draft.say("deadline.over", over=values["lapsed_for"]) if values["lapsed_for"] else ""
    if content.due and content.due > draft.now:
        notes = (draft.say("deadline.now"), *_next(draft))
    else:
        notes = (draft.say("deadline.standing_note"),) if content.standing else ()
    return _panel(draft, "over", main, rest, notes)


def _panel(
    draft: Draft,
    state: Literal["running", "soon", "over", "standing"],
    main: str,
    rest: str,
    notes: tuple[str, ...] = (),
) -> Panel:
    content = draft.content
    kind = (
        "_calls"
        if content.follow_up
        else "_task"
        if content.task
        else "_incomplete"
        if content.incomplete
        else ""
    )
    label = draft.say(f"deadline.label{kind}")
    if content.window and state in ("running", "soon"):
        label = draft.say("deadline.window", label=label)
    line = draft.say("general.pair", first=main, second=rest) if rest else main
    return Panel(state, label, main, rest, line, notes)


def _since_lapse(draft: Draft) -> tuple[str, ...]:
    return (draft.say("deadline.lapsed"),) if draft.content.lapsed_at else ()


def _next(draft: Draft) -> tuple[str, ...]:
    if draft.content.next_owners:
        return (draft.say("deadline.next"),)
    return (draft.say("deadline.told"),) if draft.content.next_told else ()


def _ask(draft: Draft) -> list[Block]:
    untold = draft.untold
    if untold and not draft.acts:
        return [Block("prose", draft.say("headings.ask"), (untold,))]
    lines = tuple(filter(None, (draft.line("ask"), untold)))
    heading = "headings.ask" if draft.acts else "headings.informed"
    return [Block("prose", draft.say(heading), lines)] if lines else []


def _notes(draft: Draft) -> list[Block]:
    content = draft.content
    lines = []
    if draft.letter.template is Template.FORM_PROBLEMS and content.incomplete:
        lines.append(draft.say("notes.clock"))
    if content.quarantined and draft.variant != "care":
        lines.append(draft.say("notes.quarantined"))
    if content.unfined:
        lines.append(draft.say(f"notes.{content.unfined}"))
    lines += [
        draft.say(f"notes.{name}") for name in ("forwarded_for", "forwarded_by") if getattr(content, name)
    ]
    if content.penalty and content.penalty.unreached and not draft.acts:
        lines.append(draft.say("notes.unreached"))
    return [Block("note", "", tuple(lines))] if lines else []


def _detail(draft: Draft) -> list[Block]:
    content = draft.content
    asked_himself = draft.variant == "asked" and content.reader != "informed" and content.refusal
    text = _refused(draft) if asked_himself else content.refusal_detail
    return [Block("note", draft.say("headings.detail"), (text,))] if text else []


def _refused(draft: Draft) -> str:
    """Say why what the reader asked was refused: how to write it, else by what he asked, else by the reason alone."""
    if draft.content.refusal_hint:
        return draft.content.refusal_hint
    sections = (f"refusals-{draft.content.asked}", "refusals")
    return draft.say(draft.wording.first(sections, draft.content.refusal))


def _flaws(draft: Draft) -> list[Block]:
    found = []
    for required, heading in ((True, "headings.flaws"), (False, "headings.flaws_optional")):
        rows = tuple(_flaw(draft, flaw) for flaw in draft.content.flaws if flaw.required is required)
        if rows:
            found.append(Block("flaws", draft.say(heading), rows=rows))
    return found


def _flaw(draft: Draft, flaw: Flaw) -> Row:
    place = draft.say("general.place", sheet=flaw.sheet, cell=flaw.cell) if flaw.sheet else ""
    several = len({other.file for other in draft.content.flaws}) > 1
    mark = " · ".join(filter(None, (flaw.file, place))) if several else place
    return Row(flaw.label, flaw.message, mark)


def _unreadable(draft: Draft) -> list[Block]:
    rows = tuple(Row(line.label, line.value) for line in draft.content.unreadable)
    named = {"care": "quarantined", "noted": "noted", "unfetched": "unfetched"}
    heading = f"headings.{named.get(draft.variant, 'unreadable')}"
    return [Block("rows", draft.say(heading), rows=rows)] if rows else []


def _steps(draft: Draft) -> list[Block]:
    aside = ("care", "noted", "unfetched")
    if draft.letter.template is not Template.FORM_PROBLEMS or draft.variant in aside:
        return []
    content, enclosed = draft.content, bool(draft.letter.enclosures)
    names = ["unpack"] if content.archives else []
    if len(content.unreadable) > content.archives:
        names.append("resave")
    if content.pasted:
        names.append("open_pasted")
    elif content.flaws:
        names.append("open_enclosed" if enclosed else "open_own")
    elif (content.no_form or content.unreadable) and enclosed:
        names.append("blank_instead" if content.unreadable else "blank")
    if names != ["unpack"]:
        names += ["send", "replace"] if content.flaws and not content.pasted else ["send"]
    if content.follow_up:
        names = ["open_list", "send", "replace_list"]
    return [Block("steps", draft.say("headings.steps"), tuple(draft.say(f"steps.{name}") for name in names))]


def _outcome(draft: Draft) -> list[Block]:
    content = draft.content
    rows = [Row(line.label, line.value) for line in content.outcome]
    if content.resolved_by and draft.variant != "asked" and not content.follow_up:
        rows.append(Row(draft.say("rows.resolved_by"), content.resolved_by))
    refused = draft.letter.template is Template.AUTHORITY_EXCEEDED
    heading = draft.say("headings.reported" if refused else "headings.outcome")
    return [Block("rows", heading, rows=tuple(rows))] if rows else []


def _cases(draft: Draft) -> list[Block]:
    content, template = draft.content, draft.letter.template
    alone = len(content.cases) == 1 and template is Template.ACKNOWLEDGEMENT and not content.follow_up
    if not content.cases or alone:
        return []
    heading = "headings.cases_opened" if template is Template.FORM_PROBLEMS else "headings.cases"
    columns = tuple(draft.say(f"columns.{name}") for name in ("case", "customer", "grade", "owners"))
    rows = tuple(_case(draft, case) for case in content.cases)
    return [Block("cases", draft.say(heading), cases=rows, columns=columns)]


def _case(draft: Draft, case: CaseLine) -> CaseRow:
    return CaseRow(
        number=case.number,
        customer=case.customer,
        summary=case.summary,
        grade=case.grade,
        colour=COLOURS.get(case.grade_key, PLAIN),
        owners=case.owners,
        due=draft.say("columns.due", due=draft.moment(case.due)) if case.due else "",
        again=draft.say("columns.again" if case.again else "columns.reopened")
        if case.again or case.reopened
        else "",
    )


def _facts(draft: Draft) -> list[Block]:
    facts = [Row(line.label, line.value) for line in draft.content.facts]
    known = {row.label for row in facts}
    rows = [row for row in _about(draft) if row.value and row.label not in known] + facts
    return [Block("rows", draft.say("headings.facts"), rows=tuple(rows))] if rows else []


def _about(draft: Draft) -> list[Row]:
    """The case itself; nothing where the mail lists several or the case is not known."""
    content = draft.content
    if draft.variant in ("several", "unknown-case") or content.unproven or content.follow_up:
        return []
    changed = content.previous_grade and content.grade and content.previous_grade != content.grade
    return [
        Row(draft.say("rows.case_number"), content.case_number),
        Row(draft.say("rows.grade"), draft.say("rows.grade_change") if changed else content.grade),
        Row(draft.say("rows.opened_at"), draft.moment(content.opened_at)),
        Row(draft.say("rows.owners"), content.owners),
    ]


def _authority(draft: Draft) -> list[Block]:
    if not (draft.acts and draft.content.authority) or draft.about_penalty or draft.about_many:
        return []
    if draft.about_duty:
        return []
    if draft.variant in ("incomplete", "asked"):
        return []
    lines = (draft.content.authority, draft.say("authority.beyond"))
    return [Block("prose", draft.say("headings.authority"), lines)]


def _answer(draft: Draft) -> list[Block]:
    of_a_mail = draft.letter.template in (Template.CONFIRM_REQUEST, Template.QUARANTINE)
    own_way = of_a_mail or draft.content.follow_up is not None
    if not draft.acts or draft.about_penalty or draft.about_many or draft.about_duty or own_way:
        return []
    if draft.variant in ("incomplete", "not-entitled", "unknown-case", "asked"):
        return []
    names = ["reply", "concession"]
    if draft.letter.enclosures:
        names += ["form", "progress"] if draft.content.task else ["form"]
    lines = tuple(draft.say(f"answer.{name}") for name in names)
    return [Block("answer", draft.say("headings.answer"), lines, example=draft.say("answer.example"))]


def _warnings(draft: Draft) -> list[Block]:
    lines = (*filter(None, draft.content.warnings), *left_out(draft))
    return [Block("note", draft.say("headings.warnings"), lines)] if lines else []


def _why(draft: Draft) -> list[Block]:
    content = draft.content
    rows = tuple(Row("", why.text, why.clause) for why in content.why)
    graded = content.reason and not (draft.about_penalty or draft.variant == "asked")
    reason = draft.say("general.row", label=draft.say("rows.reason"), value=content.reason)
    lines = (reason,) if graded else ()
    return [Block("clauses", draft.say("headings.why"), lines, rows)] if rows or lines else []


def _history(draft: Draft) -> list[Block]:
    rows = tuple(Row(draft.moment(step.at), step.text) for step in draft.content.history)
    return [Block("timeline", draft.say("headings.history"), rows=rows)] if rows else []


# The order of the body: what to do, with what, how to answer; then why, and what went before.
_BLOCKS: tuple[Callable[[Draft], list[Block]], ...] = (
    _detail,
    _ask,
    trouble,
    absence,
    report,
    unproven,
    held,
    _notes,
    _flaws,
    _unreadable,
    _steps,
    change,
    _outcome,
    calling,
    penalty,
    afterwards,
    digest,
    _cases,
    _warnings,
    _facts,
    papers,
    other_cases,
    _authority,
    _answer,
    _why,
    _history,
)


def _colour(draft: Draft) -> str:
    match draft.letter.template:
        case Template.RESOLVED:
            return GREEN
        case Template.QUARANTINE:
            return RED if draft.variant == "forged" else AMBER
        case Template.FORM_PROBLEMS | Template.CONFIRM_REQUEST | Template.RECTIFICATION_INCOMPLETE:
            return AMBER
        case Template.ABSENCE:
            return AMBER if draft.variant in ("alone", "unclear") else PLAIN
        case Template.WORKBOOK:
            return RED if draft.variant in ("unreadable", "emptied", "unwritable") else AMBER
        case _:
            return COLOURS.get(draft.content.grade_key, PLAIN)
