"""Who is told what: the notices an event calls for, derived from it and the case as it stands after it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from rules.after_events import (
    Approval,
    Corrected,
    Drawn,
    Held,
    Listed,
    Merged,
    Rectified,
    Reopened,
    Resumed,
    Withdrawn,
)
from rules.case import Case
from rules.events import (
    Amended,
    Assigned,
    Attached,
    Escalated,
    Event,
    Opened,
    Penalised,
    PenaltyState,
    Refused,
    Reminded,
    Resolved,
    TaskOpened,
    TaskOverdue,
)
from rules.penalties import RULED, WAITING, ruler_of
from rules.policy import Policy

Reader = Literal["owner", "informed", "sender", "reporter", "covering"]
ASKER: Final = "asker"  # in place of roles: whoever asked for what was approved or not
SENDER: Final = "sender"  # in place of roles: whoever sent the form
REPORTER: Final = "reporter"  # in place of roles: whoever sent the report
PENALISED: Final = "penalised"  # in place of roles: whom a penalty names in person


Changed = Reopened | Corrected | Withdrawn | Merged | Held | Resumed


@dataclass(frozen=True)
class Notice:
    """One thing to tell. `to` is a tuple of roles, or SENDER, REPORTER, PENALISED or ASKER for the person himself."""

    template: str
    to: tuple[str, ...] | Literal["sender", "reporter", "penalised", "asker"]
    reader: Reader
    clause: str = ""


def notices(case: Case, event: Event, policy: Policy) -> list[Notice]:
    """Return the notices that `event` calls for, most demanding first; `case` is as it stands after the event."""
    found = _TELLERS.get(type(event))
    return [] if found is None else [notice for notice in found(case, event, policy) if notice.to]


def _opened(_case: Case, event: Opened | Amended, _policy: Policy) -> list[Notice]:
    return [Notice("form-problems" if event.missing else "acknowledgement", SENDER, "sender")]


def _attached(case: Case, event: Attached, policy: Policy) -> list[Notice]:
    """Tell whoever sent the form again; of a case merged into this one, everybody who had a mail about this."""
    if event.merged:
        return _changed(case, event, policy)
    return [Notice("acknowledgement", SENDER, "sender", event.clause)]


def _assigned(case: Case, event: Assigned, policy: Policy) -> list[Notice]:
    """Tell whoever is responsible from now on; when somebody chose him, also whoever was before."""
    if event.because == "lapse":
        return []
    reassigned = event.because == "correction" and event.note
    told = _changed(case, event, policy) if reassigned else []
    return [Notice("assignment", event.roles, "owner", event.clause), *told]


def _task(case: Case, event: TaskOpened, policy: Policy) -> list[Notice]:
    """Duties of a later day come with that day's list; telling the customer is asked for when the case is settled."""
    duty = policy.duty(event.task)
    match None if duty is None else duty.done_by:
        case "report" | None:
            return [Notice("assignment", (event.role,), "owner", event.clause)]
        case "rectification":
            review = case.asking("rectification")
            returned = review is not None and review.state == "rejected"
            template = "rectification-incomplete" if returned else "rectification-order"
            return [Notice(template, (event.role,), "owner", event.clause)]
        case _:
            return []


def _rectified(_case: Case, event: Rectified, policy: Policy) -> list[Notice]:
    return [Notice("rectification-order", policy.resolved_notice, "informed", event.clause)]


def _approval(case: Case, event: Approval, _policy: Policy) -> list[Notice]:
    """Ask whoever decides; tell whoever asked, unless he decided himself or an order that comes back tells it."""
    if event.state == "requested":
        return [Notice("approval-request", (event.role,), "owner", event.clause)]
    asking = case.asking(event.what)
    if asking is not None and asking.by == asking.decided_by:
        return []
    if event.what == "rectification" or event.request == {}:
        return []
    return [Notice("approval-request", ASKER, "reporter", event.clause)]


def _changed(case: Case, event: Changed | Assigned | Attached, policy: Policy) -> list[Notice]:
    """Everybody who had a mail about the case learns that it is not what it was; whoever did it, that it is done."""
    told = tuple(dict.fromkeys((*case.told, *policy.resolved_notice)))
    return [
        Notice("changed", ASKER, "reporter", event.clause),
        Notice("changed", told, "informed", event.clause),
    ]


def _listed(_case: Case, event: Listed, policy: Policy) -> list[Notice]:
    """A list that came too late is reported (D22–D25)."""
    told = () if policy.follow_up is None or not event.late else policy.follow_up.told
    return [Notice("changed", told, "informed", event.clause)]


def _drawn(_case: Case, event: Drawn, _policy: Policy) -> list[Notice]:
    return [Notice("task-list", (event.role,), "owner", event.clause)]


def _reminded(_case: Case, event: Reminded, _policy: Policy) -> list[Notice]:
    return [Notice("reminder", event.roles, "owner", event.clause)]


def _escalated(_case: Case, event: Escalated, policy: Policy) -> list[Notice]:
    """Tell the next responsible person, those who must know (the board), and customer care that it is overdue."""
    owners = policy.stage(event.stage).owners
    acting = tuple(role for role in event.report_to if role in owners)
    knowing = tuple(role for role in event.report_to if role not in owners)
    return [
        Notice("escalation", acting, "owner", event.clause),
        Notice("escalation", knowing, "informed", event.clause),
        Notice("overdue", event.notify, "informed", event.clause),
    ]


def _overdue(_case: Case, event: TaskOverdue, policy: Policy) -> list[Notice]:
    duty = policy.duty(event.task)
    told = () if duty is None or duty.overdue is None else duty.overdue.notify
    return [
        Notice("overdue", (event.role,), "owner", event.clause),
        Notice("overdue", told, "informed", event.clause),
    ]


def _penalised(_case: Case, event: Penalised, policy: Policy) -> list[Notice]:
    """Tell whom it concerns and customer care; before it is issued, only whoever is to decide on it."""
    him = Notice(_TEMPLATES[event.state], _whom(event), "owner", event.clause)
    told = Notice(him.template, policy.penalty_notice, "informed", event.clause)
    appeals = "" if policy.appeals is None else policy.appeals.clause
    ruler = tuple(role for role in (ruler_of(event.party, policy),) if role)
    if event.state in WAITING:
        deciding = () if policy.findings is None else policy.findings.confirmed_by
        return [Notice("penalty", deciding, "owner", event.clause)]
    if event.state is PenaltyState.APPEALED:
        return [
            Notice("appeal", ruler, "owner", appeals),
            replace(him, reader="informed", clause=appeals),
            replace(told, clause=appeals),
        ]
    if event.state in RULED:
        him, told = replace(him, clause=appeals), replace(told, clause=appeals)
        return [him, Notice("ruling", ruler, "informed", appeals), told]
    return [him, told] if event.state is PenaltyState.ISSUED else []


def _whom(event: Penalised) -> tuple[str, ...] | Literal["penalised"]:
    """Return whom a penalty concerns: the person, or whoever holds the office where it names nobody."""
    return PENALISED if event.person else event.party.roles


_TEMPLATES: Final = {
    **dict.fromkeys(PenaltyState, "penalty"),
    PenaltyState.APPEALED: "appeal",
    PenaltyState.UPHELD: "ruling",
    PenaltyState.REVOKED: "ruling",
}


def _refused(_case: Case, event: Refused, policy: Policy) -> list[Notice]:
    """Tell whoever asked, and who may decide; what was asked about findings and penalties customer care sees too."""
    seeing = () if event.asked == "report" else policy.penalty_notice
    if event.asked == "rectification" and event.reason == "incomplete":
        return [
            Notice("rectification-incomplete", REPORTER, "reporter", event.clause),
            Notice("rectification-incomplete", seeing, "informed", event.clause),
        ]
    return [
        Notice("authority-exceeded", event.sent_to, "covering", event.clause),
        Notice("authority-exceeded", REPORTER, "reporter", event.clause),
        Notice("authority-exceeded", seeing, "informed", event.clause),
    ]


def _resolved(case: Case, event: Resolved, policy: Policy) -> list[Notice]:
    """Everybody who had a mail about the case learns that it is settled."""
    told = tuple(dict.fromkeys((*case.told, *policy.resolved_notice)))
    return [
        Notice("resolved", REPORTER, "reporter", event.clause),
        Notice("resolved", told, "informed", event.clause),
        Notice("resolved", SENDER, "sender", event.clause),
    ]


_TELLERS: dict[type, Callable[..., list[Notice]]] = {
    Opened: _opened,
    Amended: _opened,
    Attached: _attached,
    Assigned: _assigned,
    TaskOpened: _task,
    Reminded: _reminded,
    Escalated: _escalated,
    TaskOverdue: _overdue,
    Penalised: _penalised,
    Refused: _refused,
    Resolved: _resolved,
    Rectified: _rectified,
    Approval: _approval,
    Listed: _listed,
    Drawn: _drawn,
    **dict.fromkeys((Reopened, Corrected, Withdrawn, Merged, Held, Resumed), _changed),
}
