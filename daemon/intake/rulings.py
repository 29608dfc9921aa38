"""A ruling on a penalty by the form that went out with the appeal: the same command as a reply in words (D31)."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from daemon import answers, judging, leave
from daemon.answers import Outcome
from daemon.docket import Docket
from daemon.intake.numbers import CASE_NUMBER, thread_of, written_number
from daemon.intake.tally import Tally
from daemon.judging import Thread, Unclear
from daemon.ledger import Entry
from daemon.reading import Reading
from parsers.reply_verdicts import which_penalty
from parsers.results import ParsedFile, ParsedForm, Problem, Severity
from parsers.verdict_verbs import Decision
from parsers.wordings import quoted
from rules.case import Case
from rules.commands import Rule
from rules.events import Party
from rules.locales import Locale, Text

_AGAIN = Text(
    zh_hant="請補上後再寄回這份裁定單，或直接回覆「維持」或「撤銷」並寫上理由。",
    zh_hans="请补上后再发回这份裁定单，或直接回复“维持”或“撤销”并写上理由。",
    en="Please complete the form and send it again, or reply “uphold” or “revoke” and why.",
)
_DIGITS = re.compile(r"\d{1,9}")


def take_ruling(
    docket: Docket,
    entry: Entry,
    reading: Reading,
    file: ParsedFile,
    form: ParsedForm,
    now: datetime,
    tally: Tally,
) -> None:
    """Take a ruling that its sender has proven to be his; a machine rules on nothing."""
    if reading.message.automatic:
        tally.refused = f"{file.file}: a machine sent a ruling"
        return
    number = written_number(form) or thread_of(entry, reading.message)
    case = entry.case(number) if number else None
    if case is None:
        tally.outcomes.append(Outcome.unknown(number))
        return
    site, by = docket.site_of(case), reading.sender
    asked = ruling_in(form, file.file, case, judging.thread(entry, reading.message, case), by)
    if isinstance(asked, Unclear):
        case = docket.refuse(entry, case, asked.refused(case, by, site, now), now)
    else:
        command = leave.disinterested(asked, case, docket.present(now, site, entry))
        case = docket.perform(entry, case, command, now)
    tally.outcomes.append(Outcome(case, "reported"))


def ruling_in(form: ParsedForm, name: str, case: Case, answered: Thread, by: Party) -> Rule | Unclear:
    """Return what a form rules, or the question it gets back; `answered` is the mail of ours that it came in reply to.

    Which penalty is told by the form, by the mail answered, or by there being only one; where they differ it is asked.
    """
    hindering = [
        problem
        for problem in form.problems
        if problem.severity is Severity.ERROR and problem.key not in (CASE_NUMBER, "penalty")
    ]
    written = unicodedata.normalize("NFKC", str(form.facts.get("penalty") or "")).strip()
    digits = _DIGITS.findall(written)
    if hindering:
        return Unclear("ruling", _told(name, hindering), answered.number, by_form=True)
    named = int(digits[0]) if len(digits) == 1 else None
    number = None if written and named is None else judging.penalty_meant(named, "ruling", case, answered, by)
    if number is None:
        shown = written or str(form.facts["reason"])
        return Unclear("ruling", which_penalty(quoted(shown), Decision.UPHOLD), answered.number)
    decision = Decision(str(form.facts["decision"]))
    return judging.ruling(decision, number, str(form.facts["reason"]), by)


def _told(name: str, problems: Sequence[Problem]) -> Text:
    def lines(locale: Locale) -> str:
        said = [answers.problem_line(name, problem, locale) for problem in problems]
        return "\n".join([*said, _AGAIN.get(locale)])

    return Text(zh_hant=lines(Locale.ZH_HANT), zh_hans=lines(Locale.ZH_HANS), en=lines(Locale.EN))
