"""Chosen notices as short texts over the second channel: which case, which grade, until when; nothing of the customer.

Which were told stands in the ledger as the last mail of the outbox that was looked at: a crash between telling and
noting it tells one text again, and none is lost.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from daemon import alarm_words as words
from daemon.alarms import Line, sent
from daemon.clock import Clock
from daemon.ledger import Ledger, LedgerError, NoticeSeen
from daemon.site import Site
from mailer.wording import wording

log = logging.getLogger("kesu.alarms")

MARK = "alarms:notices"
STALE = timedelta(hours=6)  # older ones are no news any more
_AT_ONCE = 200
_MOST_LINES = 15


class ShortNotices:
    """Follows the outbox; several mails about one event are one line."""

    def __init__(self, site: Callable[[], Site], ledger: Ledger, clock: Clock, line: Line | None) -> None:
        self._site = site
        self._ledger = ledger
        self._clock = clock
        self._line = line

    def round(self) -> bool:
        """Tell what has been queued since the last round; tell whether that got through. Never raises."""
        if self._line is None or not self._site().config.alarms.notices:
            return True
        try:
            return self._round(self._line)
        except LedgerError as error:
            log.warning("notices cannot be read: %s", error)
            return False

    def _round(self, line: Line) -> bool:
        last = self._ledger.mark_value(MARK)
        if last is None:  # switched on just now: what is past is not told
            self._note(self._ledger.outbox_last_id())
            return True
        site, now = self._site(), self._clock.now()
        seen = self._ledger.outbox_notices(int(last), site.config.alarms.notices, _AT_ONCE)
        if not seen:
            return True
        fresh = [notice for notice in seen if now - notice.created_at < STALE]
        if fresh and not sent(line, site, words.NEWS, self._told(fresh, site)):
            return False
        self._note(seen[-1].id)
        return True

    def _told(self, notices: list[NoticeSeen], site: Site) -> str:
        lines = list(dict.fromkeys(self._line_of(notice, site) for notice in notices))
        more = [words.MORE.get(site.locale).format(count=len(lines) - _MOST_LINES)]
        return "\n".join(lines[:_MOST_LINES] + (more if len(lines) > _MOST_LINES else []))

    def _line_of(self, notice: NoticeSeen, site: Site) -> str:
        kind = wording(site.locale).kind(notice.template)
        case = self._ledger.case(notice.case_number) if notice.case_number else None
        if case is None:
            return " ".join(filter(None, (kind, notice.case_number)))
        grade = site.policy.grade(case.grade).title.get(site.locale) if case.grade else ""
        return " ".join(filter(None, (kind, case.number, grade, _due(case.due, site))))

    def _note(self, last: int) -> None:
        with self._ledger.writing() as entry:
            entry.mark(MARK, str(last))


def _due(due: datetime | None, site: Site) -> str:
    return words.DUE.get(site.locale).format(due=f"{due.astimezone(site.zone):%m-%d %H:%M}") if due else ""
