"""A letter being turned into a mail: which sentences fit it, and the values they may show."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import cached_property

from mailer.cleaning import cleaned, one_line
from mailer.letter import Content, FollowUp, Letter, Template
from mailer.wording import Wording, wording


@dataclass(frozen=True)
class Draft:
    """One letter at one moment. `now` and all times of `content` count in `zone`."""

    letter: Letter
    content: Content
    wording: Wording
    now: datetime
    zone: tzinfo

    @cached_property
    def variant(self) -> str:
        """The situation that chooses among the wordings of one mail, empty for the usual one."""
        template, content = self.letter.template, self.content
        if content.follow_up is not None and content.follow_up.kind != "call":
            return content.follow_up.kind
        if template in (Template.PENALTY, Template.APPEAL, Template.RULING):
            return _judged(template, content)
        return _VARIANTS.get(template, _situation)(content)

    @cached_property
    def acts(self) -> bool:
        """Tell whether the reader is asked to do something about the case."""
        match self.letter.template:
            case Template.AUTHORITY_EXCEEDED:
                return self.variant != "case-closed" and self.content.reader != "informed"
            case Template.PENALTY:
                return self.content.reader == "owner" and self.variant in ("proposed", "pending")
            case Template.CONFIRM_REQUEST:
                return self.variant != "void"
            case Template.QUARANTINE:
                return self.variant not in ("decided", "nothing")
            case Template.RESOLVED:
                return self.content.informing
            case Template.RECTIFICATION_ORDER | Template.APPROVAL_REQUEST | Template.APPEAL:
                return self.content.reader == "owner"
            case Template.RECTIFICATION_INCOMPLETE:
                return self.content.reader != "informed"
            case Template.ASSIGNMENT | Template.REMINDER | Template.ESCALATION | Template.OVERDUE:
                return self.content.reader == "owner"
            case Template.DIGEST | Template.TASK_LIST:
                return _acts_on_list(self.content)
            case _:
                return False

    @property
    def untold(self) -> str:
        """What is asked of whoever gets many notices of which some reached nobody; empty if all did."""
        lost = any(letter.content.undelivered for letter in self.letter.gathered)
        return self.say("undelivered.ask_many") if lost else ""

    @property
    def about_many(self) -> bool:
        """Tell whether the mail is a list of many cases, so that no single one is to be answered."""
        listing = self.letter.template in (Template.DIGEST, Template.TASK_LIST)
        return listing and self.content.follow_up is None

    @property
    def about_penalty(self) -> bool:
        """Tell whether the mail is about a penalty, so that the case's own deadline is beside the point."""
        return self.letter.template in (Template.PENALTY, Template.APPEAL, Template.RULING)

    @property
    def token(self) -> str:
        """What proves who answers the mail; empty where no answer is expected."""
        aside = self.letter.template is Template.WORKBOOK or self.variant in ("care", "noted", "unfetched")
        return "" if aside else self.letter.token

    @property
    def subject(self) -> str:
        """The one subject of every mail of a case; a mail about no single case has its own."""
        number = one_line(self.content.case_number)
        if not number or self.variant in ("several", "unknown-case"):
            return one_line(self.line("subject"))
        hint = one_line(self.letter.subject_hint) or self.say("general.subject")
        return f"[{number}] {hint}"

    @property
    def about_duty(self) -> bool:
        """Tell whether the mail asks for something else than a report: an order, an approval, a call (D32–D36, D40)."""
        after = (Template.RECTIFICATION_ORDER, Template.RECTIFICATION_INCOMPLETE, Template.APPROVAL_REQUEST)
        return self.letter.template in (*after, Template.RESOLVED) or bool(self.content.duty_title)

    def say(self, key: str, **values: object) -> str:
        """Return the sentence `key` with the letter's values."""
        return self.wording.say(key, **{**self.values, **values})

    def line(self, name: str) -> str:
        """Return the mail's own sentence `name` (headline, lead, …) for this reader in this situation."""
        return self.say(self.wording.first(self._sections, name))

    def moment(self, at: datetime | None) -> str:
        """Write a time in the site's zone, empty if there is none."""
        return self.wording.moment(at.astimezone(self.zone)) if at else ""

    @cached_property
    def values(self) -> dict[str, object]:
        """What every sentence may show."""
        content = self.content
        due, lapsed = content.due, content.lapsed_at
        running = due is not None and due > self.now
        files = dict.fromkeys(flaw.file for flaw in content.flaws if flaw.file)
        named = {name: getattr(content, name) for name in _SHOWN}
        return {
            **named,
            "complaint": self.wording.say(_matter(content), customer=content.customer),
            "form": self.wording.say("general.form", customer=content.customer),
            "you": self.wording.say("general.you", reader_role=content.reader_role),
            "opened_at": self.moment(content.opened_at),
            "due": self.moment(due),
            "left": self.wording.span(due - self.now) if due and running else "",
            "over": self.wording.span(self.now - due) if due and not running else "",
            "lapsed_at": self.moment(lapsed),
            "lapsed_for": self.wording.span(self.now - lapsed)
            if lapsed and self.now - lapsed >= _WORTH_TELLING
            else "",
            "flaws_count": sum(flaw.required for flaw in content.flaws) or len(content.flaws),
            "cases_count": len(content.cases),
            "files": self.wording.say("general.separator").join(files),
            "zone": content.zone,
            "fine_at": self.moment(content.fine_at),
            "valid_until": self.moment(content.valid_until),
            "token": self.token,
            "asked": self.wording.say(f"asked.{content.asked}"),
            "held_until": self.moment(content.held_until),
            "changed_by": content.change.by if content.change else "",
            "merged_into": content.change.into if content.change else "",
            "joined": content.change.joined if content.change else "",
            **self._trouble,
            **self._penalty,
            **self._absence,
            **self._report,
            **self._digest,
            **self._follow_up,
            **self._afterwards,
            **self._held,
        }

    @property
    def _held(self) -> dict[str, object]:
        """What sentences about a message put aside may show; all of it empty in every other mail."""
        known = self.content.held
        return {
            "held_number": known.number if known else "",
            "held_from": (known.name or known.sender) if known else "",
            "held_by": known.by if known else "",
            "held_released": known is not None and known.released,
        }

    @property
    def _afterwards(self) -> dict[str, object]:
        """What sentences about orders and approvals may show; all of it empty in every other mail."""
        order, approval = self.content.rectification, self.content.approval
        return {
            "order_by": order.by if order else "",
            "required": order.required if order else "",
            "asked_by": approval.by if approval else "",
            "decided_by": approval.decided_by if approval else "",
        }

    @property
    def _digest(self) -> dict[str, object]:
        """What sentences about many cases may show; all of it empty in every other mail."""
        known = self.content.digest
        counts = {section.key: section.total for section in known.sections} if known else {}
        return {
            "day": known.day if known else "",
            "kind": self.wording.kind(known.kind) if known and known.kind else "",
            "rows_count": sum(counts.values()) + len(self.letter.gathered),
            "first_number": next((one.content.case_number for one in self.letter.gathered), ""),
            "overdue_count": counts.get("overdue", 0),
            "open_count": counts.get("open", 0),
            "digest_since": self.moment(known.since) if known else "",
            "digest_acts": known is not None and known.acts,
            "held": known.held if known else 0,
            "head_seq": known.head_seq if known else 0,
            "head_hash": known.head_hash if known else "",
        }

    @property
    def _follow_up(self) -> dict[str, object]:
        """What sentences about follow-up calls may show; all of it empty in every other mail."""
        known = self.content.follow_up or FollowUp(kind="call")
        return {
            "call_day": known.day,
            "duty": known.duty,
            "total": known.total,
            "made": known.made,
            "to_call": known.total - known.made,
            "fresh": known.fresh,
            "vacant": known.vacant,
            "taken": known.taken,
            "known_rows": known.known,
            "refused_rows": len(known.customers),
            "unfined_list": known.unfined,
            "cases_opened": len(self.content.cases),
            "more": 0,
        }

    @property
    def _absence(self) -> dict[str, object]:
        """What sentences about a leave may show; all of it empty in every other mail."""
        known = self.content.absence
        return {"absent": known.person if known else "", "deputy": known.deputy if known else ""}

    @property
    def _penalty(self) -> dict[str, object]:
        """What sentences about a penalty may show; all of it empty in every other mail."""
        known = self.content.penalty
        return {
            "penalty_number": known.number if known else "",
            **{name: getattr(known, name) if known else "" for name in _SHOWN_OF_PENALTY},
        }

    @property
    def _trouble(self) -> dict[str, object]:
        """What sentences about the workbook may show; all of it empty in every other mail."""
        known = self.content.workbook
        since = known.since if known else None
        return {
            "name": known.name if known else "",
            "holder": known.holder if known and known.holder != "?" else "",
            "since": self.moment(since),
            "lasts": self.wording.span(self.now - since) if since else "",
            "waiting": known.waiting if known else 0,
            "live_copy": known.live_copy if known else "",
            "board": known.board if known else "",
        }

    @property
    def _report(self) -> dict[str, object]:
        """What sentences about a month may show; all of it empty in every other mail."""
        known = self.content.report
        return {
            "month": known.month if known else "",
            "until": known.until if known else "",
            "report_file": known.workbook if known else "",
        }

    @cached_property
    def _sections(self) -> tuple[str, ...]:
        reader, variant = self.content.reader, self.variant
        names = (f"{reader}-{variant}", variant, reader, "any") if variant else (reader, "any")
        own = tuple(f"{self.letter.template.value}.{name}" for name in names)
        # What the mail was to say stays below; what its reader is asked to do now comes first.
        return ("undelivered", *own) if self.content.undelivered else own


_WORTH_TELLING = timedelta(minutes=1)  # what lapsed just now is not "0 seconds ago"
_SHOWN = (
    "case_number",
    "reader_role",
    "grade",
    "previous_grade",
    "customer",
    "window",
    "owners",
    "previous_owners",
    "next_owners",
    "next_told",
    "incomplete",
    "resolved_by",
    "sent_to",
    "duty_title",
    "forwarded_for",
    "forwarded_by",
)


_SHOWN_OF_PENALTY = ("person", "cause", "amount", "amount_unknown", "found_by", "ruler", "ruled_by")


def draft(letter: Letter, now: datetime, zone: tzinfo) -> Draft:
    """Prepare `letter`: its texts cleaned, a lone case of an acknowledgement put in its place."""
    is_about_cases = letter.template is Template.ACKNOWLEDGEMENT and letter.content.follow_up is None
    content = _with_lone_case(letter) if is_about_cases else letter.content
    return Draft(letter, cleaned(content), wording(letter.locale), now.astimezone(zone), zone)


def _with_lone_case(letter: Letter) -> Content:
    """Let an acknowledgement that lists a single case speak of that case."""
    content = letter.content
    if len(content.cases) != 1:
        return content
    case = content.cases[0]
    known = {
        "case_number": case.number,
        "customer": case.customer,
        "summary": case.summary,
        "grade": case.grade,
        "grade_key": case.grade_key,
        "owners": case.owners,
        "due": case.due,
    }
    return content.model_copy(update={name: getattr(content, name) or value for name, value in known.items()})


def _matter(content: Content) -> str:
    """Return the sentence that names what a mail is about: a complaint, or the call that somebody owed a customer."""
    return "general.call" if content.follow_up is not None else "general.complaint"


def _acknowledged(content: Content) -> str:
    if content.reader == "reporter":
        return ""  # of a report that settles nothing
    if content.quarantined and not content.cases and not content.case_number:
        return "quarantined"
    if len(content.cases) > 1:
        return "several"
    if content.cases and content.cases[0].again:
        return "again-settled" if content.cases[0].settled else "again"
    if content.cases and content.cases[0].reopened:
        return "reopened"
    return "incomplete" if content.incomplete else ""


def _problem(content: Content) -> str:
    if content.reader == "informed":
        # What customer care is told of: a mail set aside, one that nobody could fetch, something about the mailbox.
        if content.quarantined:
            return "care"
        return "unfetched" if content.unfetched else "noted"
    if content.pasted:
        return "pasted"
    if any(flaw.required for flaw in content.flaws):
        return "required"
    if content.no_form:
        return "no-form"
    if content.unreadable:
        return "unreadable"
    return "optional" if content.flaws else ""


def _judged(template: Template, content: Content) -> str:
    """A penalty that waits reads unlike one that is issued, an appeal of one's own unlike somebody else's."""
    known = content.penalty
    if known is None:
        return ""
    told = {
        Template.PENALTY: known.state if known.state in ("proposed", "pending") else "",
        Template.APPEAL: "own" if known.own and content.reader != "owner" else "",
        Template.RULING: known.state if known.state in ("upheld", "revoked") else "",
    }
    return told[template]


def _approved(content: Content) -> str:
    known = content.approval
    if known is None:
        return ""
    return known.what if known.state == "requested" else f"{known.what}-{known.state}"


def _gathered(content: Content) -> str:
    known = content.digest
    if known is None or not known.kind:
        return ""
    return "fined" if known.kind == Template.PENALTY.value and content.reader == "owner" else "gathered"


def _situation(content: Content) -> str:
    if content.duty_title:
        return "duty"
    if content.task:
        return "task"
    if content.standing:
        return "standing"
    return "incomplete" if content.incomplete else ""


def _acts_on_list(content: Content) -> bool:
    """Tell whether a list asks something of its reader: calls, or things to do."""
    if content.follow_up is not None:
        return content.reader == "owner"
    return content.digest is not None and content.digest.acts


_VARIANTS: dict[Template, Callable[[Content], str]] = {
    Template.ACKNOWLEDGEMENT: _acknowledged,
    Template.FORM_PROBLEMS: _problem,
    Template.AUTHORITY_EXCEEDED: lambda content: content.refusal if content.asked == "report" else "asked",
    Template.WORKBOOK: lambda content: content.workbook.kind if content.workbook else "",
    Template.CHANGED: lambda content: content.change.kind if content.change else "",
    Template.ABSENCE: lambda content: content.absence.kind if content.absence else "",
    Template.MONTHLY_REPORT: lambda content: "running" if content.report and content.report.running else "",
    Template.RESOLVED: lambda content: "informing" if content.informing else "",
    Template.RECTIFICATION_ORDER: lambda _content: "",
    Template.RECTIFICATION_INCOMPLETE: lambda _content: "",
    Template.APPROVAL_REQUEST: _approved,
    Template.DIGEST: _gathered,
    Template.TASK_LIST: _gathered,
    Template.CONFIRM_REQUEST: lambda content: "" if content.valid_until else "void",
    Template.QUARANTINE: lambda content: content.held.kind if content.held else "",
}
