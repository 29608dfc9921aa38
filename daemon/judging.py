"""What a reply about a penalty or a finding asks of its case: which penalty is meant, and the command it becomes.

A verdict counts only as a reply to a mail of ours about that penalty; where it cannot be told which penalty it speaks
of, or what it says of it, it is refused as unclear and asked back (D27–D31).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from daemon import correcting, naming
from daemon.ledger import Entry
from daemon.reading import Reading
from daemon.settling import Settling, settling
from daemon.site import Site
from mailer.message import Message
from parsers.reply_corrections import ChangeAsked
from parsers.reply_verdicts import Blame, Verdict, which_fault, which_penalty
from parsers.verdict_verbs import Decision
from parsers.wordings import quoted
from rules.case import Case, Penalty
from rules.commands import Appeal, ConfirmPenalty, Correction, RecordFinding, Rule
from rules.events import Asked, Party, Penalised, PenaltyState, Refused
from rules.locales import Text
from rules.penalties import RULED, WAITING, same_party

Judgement = Appeal | Rule | ConfirmPenalty | RecordFinding | Settling | Correction

_ASKED: dict[Decision, Asked] = {
    Decision.APPEAL: "appeal",
    Decision.UPHOLD: "ruling",
    Decision.REVOKE: "ruling",
    Decision.CONFIRM: "confirmation",
    Decision.DROP: "confirmation",
}
_OPEN_TO: dict[Asked, tuple[PenaltyState, ...]] = {
    "appeal": (PenaltyState.ISSUED,),
    "ruling": (PenaltyState.APPEALED,),
    "confirmation": WAITING,
}
_SETTLED = (*RULED, PenaltyState.DROPPED)


@dataclass(frozen=True)
class Thread:
    """Which mail of ours a message answers: one about penalty `number`, one about penalties, another, or none known."""

    about: Literal["penalty", "penalties", "other", "unknown"]
    number: int | None = None
    asked: Asked | None = None  # where it asked something back: what that was about


@dataclass(frozen=True)
class Unclear:
    """A reply that is asked back: what it asked for, and the question; `by_form`: it names the form's cells."""

    asked: Asked
    question: Text
    penalty: int | None = None
    by_form: bool = False

    def refused(self, case: Case, by: Party, site: Site, now: datetime) -> Refused:
        """Return the refusal that asks back, in the language of whoever wrote."""
        facts: dict[str, str | int] = {"unclear": self.question.get(site.locale_of(by.email))}
        if self.penalty is not None and case.penalty(self.penalty) is not None:
            facts["penalty"] = self.penalty
        if self.by_form:
            facts["by_form"] = True
        clause = _clause(self.asked, site)
        return Refused(at=now, by=by, asked=self.asked, reason="unclear", clause=clause, facts=dict(facts))


def thread(entry: Entry, message: Message, case: Case) -> Thread:
    """Return which mail of ours a message answers, the nearest first."""
    for reference in (message.in_reply_to, *reversed(message.references)):
        mail = entry.outbox_mail(reference) if reference else None
        if mail is None:
            continue
        event = None if mail.event_seq is None else entry.event(mail.event_seq)
        if mail.case_number == case.number and isinstance(event, Penalised):
            return Thread("penalty", event.penalty)
        if mail.case_number == case.number and isinstance(event, Refused) and event.asked in _OPEN_TO:
            number = event.facts.get("penalty")
            known = number if isinstance(number, int) else None
            return Thread("penalties" if known is None else "penalty", known, event.asked)
        return Thread("other")
    return Thread("unknown")


def judgement(
    entry: Entry, reading: Reading, case: Case, site: Site
) -> Judgement | Unclear | Literal["nothing"] | None:
    """Return what a message asks of its case about penalties and findings: a command, or the question it gets back.

    `nothing` where words about a penalty need no answer, None where they are about no penalty at all.
    """
    by, said = reading.sender, reading.message.text.strip().split("\n\n")[0]
    if reading.change is not None:
        return changed(reading.change, by, site)
    if reading.blame is not None:
        return found(reading.blame, site, by, said)
    answers = thread(entry, reading.message, case)
    if reading.verdict is not None:
        return judged(reading.verdict, case, answers, by, said)
    about_penalty = answers.about in ("penalty", "penalties")
    found_settling = settling(entry, reading, case, site, penalty=about_penalty)
    if found_settling is not None:
        return Unclear(*found_settling) if isinstance(found_settling, tuple) else found_settling
    if not about_penalty or (reading.calls and reading.calls[0].unclear is None):
        return None  # a call is told wherever its mail lay at hand
    return "nothing" if reading.silent else asked_back(case, answers, by, said) or "nothing"


def changed(change: ChangeAsked, by: Party, site: Site) -> Correction | Unclear:
    """Return what a request to change its case asks, or the question it gets back (K06, K07)."""
    command = correcting.command_of(change, by, site)
    return Unclear(correcting.asked_of(change.kind), command) if isinstance(command, Text) else command


def judged(
    verdict: Verdict, case: Case, answers: Thread, by: Party, said: str
) -> Appeal | Rule | ConfirmPenalty | Unclear | None:
    """Return what a verdict asks of `case`, the question it is asked back, or None where it is about no penalty."""
    asked = _ASKED[verdict.decision]
    elsewhere = answers.about == "other" or (answers.about == "unknown" and not case.penalties)
    if elsewhere and (verdict.problems or (asked == "confirmation" and not case.penalties)):
        return None  # 確認 and 維持現狀 are everyday words where no penalty is spoken of
    if verdict.problems:
        return Unclear(asked, verdict.problems[0], answers.number)
    number = None if elsewhere else penalty_meant(verdict.penalty, asked, case, answers, by)
    if number is None:
        return Unclear(asked, which_penalty(quoted(said), verdict.decision), answers.number)
    return _command(verdict, number, by)


def asked_back(case: Case, answers: Thread, by: Party, said: str) -> Unclear | None:
    """Return the question to words about a penalty that begin with no verb; None where nothing is left to be said."""
    penalty = None if answers.number is None else case.penalty(answers.number)
    if penalty is not None and penalty.state in _SETTLED:
        return None
    decision = _may_be_said(penalty, answers, by)
    return Unclear(_ASKED[decision], which_penalty(quoted(said), decision), answers.number)


def _may_be_said(penalty: Penalty | None, answers: Thread, by: Party) -> Decision:
    waits = penalty is not None and penalty.state in WAITING
    appealed = penalty is not None and penalty.state is PenaltyState.APPEALED and not _is_his(penalty, by)
    if waits or answers.asked == "confirmation":
        return Decision.CONFIRM
    return Decision.UPHOLD if appealed or answers.asked == "ruling" else Decision.APPEAL


def found(blame: Blame, site: Site, by: Party, said: str) -> RecordFinding | Unclear:
    """Return the finding that a reply records, or the question it is asked back."""
    named = None if blame.problems else naming.fault(blame.line, site)
    if named is None:
        return Unclear("finding", which_fault(quoted(said)))
    note = "\n".join(part for part in (named.note, blame.note) if part)
    return RecordFinding(by, named.party, named.cause, note, known=named.known)


def penalty_meant(named: int | None, asked: Asked, case: Case, answers: Thread, by: Party) -> int | None:
    """Return the penalty: by the mail answered, else the one `named`, else the only one that is open to this.

    None where these differ, or nothing tells.
    """
    if answers.number is not None:
        return answers.number if named in (None, answers.number) else None
    if named is not None:
        return named
    return _only(_open_to(asked, case.penalties, by)) or _only(case.penalties)


def _open_to(asked: Asked, penalties: Sequence[Penalty], by: Party) -> list[Penalty]:
    fitting = [penalty for penalty in penalties if penalty.state in _OPEN_TO[asked]]
    return [penalty for penalty in fitting if _is_his(penalty, by)] if asked == "appeal" else fitting


def _is_his(penalty: Penalty, by: Party) -> bool:
    return same_party(penalty.party, by)


def _only(penalties: Sequence[Penalty]) -> int | None:
    return penalties[0].number if len(penalties) == 1 else None


def _command(verdict: Verdict, number: int, by: Party) -> Appeal | Rule | ConfirmPenalty:
    match verdict.decision:
        case Decision.APPEAL:
            return Appeal(by, number, verdict.text)
        case Decision.UPHOLD | Decision.REVOKE:
            return ruling(verdict.decision, number, verdict.text, by)
        case Decision.CONFIRM:
            return ConfirmPenalty(by, number, "confirm", verdict.amount, verdict.text)
        case Decision.DROP:
            return ConfirmPenalty(by, number, "drop", note=verdict.text)


def ruling(decision: Decision, number: int, reason: str, by: Party) -> Rule:
    """Return the command that upholds a penalty, or revokes it."""
    return Rule(by, number, "uphold" if decision is Decision.UPHOLD else "revoke", reason)


def _clause(asked: Asked, site: Site) -> str:
    policy = site.policy
    if asked in ("review", "call"):
        return policy.concession_clause if policy.rectification is None else policy.rectification.clause
    if asked == "correction" and policy.corrections is not None:
        return policy.corrections.clause
    if asked == "hold" and policy.holds is not None:
        return policy.holds.clause
    if asked in ("appeal", "ruling") and policy.appeals is not None:
        return policy.appeals.clause
    return policy.concession_clause if policy.findings is None else policy.findings.clause
