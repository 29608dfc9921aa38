"""Passing on what is open when a leave begins or ends: each case and duty to whoever now attends to it, once."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from daemon import leave
from daemon.addressing import Addressee, addressees
from daemon.docket import Docket
from daemon.site import Site
from daemon.unsettled import standing
from rules.case import Case

log = logging.getLogger("kesu.handover")

AWAY = (
    "leave:away"  # the ledger's mark: who was away when it was last looked at, since when, and who stood in
)
Away = Mapping[str, Sequence[str]]


class Handover:
    """Notices who begins and who ends a leave, and sees to what is theirs; repeating it tells nobody twice."""

    def __init__(self, docket: Docket) -> None:
        self._docket = docket

    def run(self, now: datetime) -> bool:
        """See to every leave that began, changed or ended since the last time; tell whether there was any."""
        site = self._docket.present(now)
        before: Away = json.loads(self._docket.ledger.mark_value(AWAY) or "{}")
        after = {email: [away.begins.isoformat(), _deputy(site, email)] for email, away in site.away.items()}
        if before == after:
            return False
        changed = {email for email in {*before, *after} if before.get(email) != after.get(email)}
        self._announce(site, changed, now)
        self._pass_on(changed, now)
        with self._docket.ledger.writing() as entry:  # last: what a crash leaves undone is done again
            entry.mark(AWAY, json.dumps(after))
        log.info("leave of %d persons began, changed or ended", len(changed))
        return True

    def _announce(self, site: Site, changed: set[str], now: datetime) -> None:
        with self._docket.ledger.writing() as entry:
            for email in sorted(changed & site.away.keys()):
                leave.begun(self._docket, entry, site, email, now)

    def _pass_on(self, changed: set[str], now: datetime) -> None:
        roles = {role for email in changed for role in self._docket.site.roles_of(email)}
        ledger = self._docket.ledger
        days = ledger.follow_ups(open_only=True)
        for case in (
            *ledger.cases(open_only=True),
            *days,
            *ledger.owing_cases(),
            *ledger.penalised_cases(),
        ):
            if _concerns(case, roles, self._docket.site_of(case)):
                self._pass_on_case(case.number, changed, now)

    def _pass_on_case(self, number: str, changed: set[str], now: datetime) -> None:
        with self._docket.ledger.writing() as entry:
            case, history = entry.case(number), entry.events(number)
            if case is None:
                return
            site = self._docket.present(now, self._docket.site_of(case), entry)
            for row in standing(case, history):
                for addressee in addressees(case, row.event, site):
                    if _takes_over(addressee, changed):
                        happened = (row.seq, row.event)
                        self._docket.notify(entry, number, happened, addressee, history[-1].seq, now)


def _concerns(case: Case, roles: set[str], site: Site) -> bool:
    judging = site.policy.judging_roles() if case.penalties else ()
    asked = (asking.role for asking in case.approvals)
    return not roles.isdisjoint((*case.owners, *(task.role for task in case.tasks), *asked, *judging))


def _takes_over(addressee: Addressee, changed: set[str]) -> bool:
    """Tell whether somebody is to act now who was not before: a deputy, customer care for nobody, or who came back."""
    if addressee.notice.reader != "owner" and not addressee.unattended:
        return False
    for_whom = (*addressee.stands_in_for, *addressee.unattended, addressee.person)
    return any(person.email.lower() in changed for person in for_whom)


def _deputy(site: Site, email: str) -> str:
    deputy = site.presence.deputy_of(email)
    return "" if deputy is None else deputy.email.lower()
