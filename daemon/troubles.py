"""A look at the house: what is wrong with it now, and what is known to work."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon import alarm_words as words
from daemon.channel import Channel
from daemon.health import CARE, SMTP, Health
from daemon.ledger import Ledger, LedgerError
from daemon.site import Site
from daemon.workbook.editions import editions_of, mark_of, path_of
from rules.locales import Text

LEAST_FREE = 500 * 2**20  # bytes; below this a ledger may stop growing within weeks
_LONGEST_REASON = 200
CARE_RETURNED = "care:returned"
_OF_THE_MAILBOX = "MailboxUnavailable"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that does not work. `key` names it for ever, `what` its kind; `since`, where the house knows.

    `at_once`: it does not pass by itself.
    """

    key: str
    what: str
    reason: Text
    since: datetime | None = None
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen: `well` are the keys of what is known to work."""

    troubles: tuple[Trouble, ...]
    well: frozenset[str]


_Seen = Iterator[Trouble | str]  # a trouble, or the key of what is well


class Watch:
    """Looks at a house; `channels` are set once they run."""

    def __init__(self, site: Callable[[], Site], ledger: Ledger, health: Health) -> None:
        self._site = site
        self._ledger = ledger
        self._health = health
        self.channels: Sequence[Channel] = ()

    def look(self, now: datetime) -> Look:
        """Return what is seen now; a part that cannot even be looked at is in trouble."""
        seen = [*self._parts(), *self._channels(), *self._disk(), *self._of_the_ledger(now)]
        troubles = tuple(one for one in seen if isinstance(one, Trouble))
        return Look(troubles, frozenset(one for one in seen if isinstance(one, str)))

    def _parts(self) -> _Seen:
        for part, state in self._health.states().items():
            yield part if state.well else Trouble(part, part, same(state.reason), at_once=state.permanent)

    def _channels(self) -> _Seen:
        for channel in self.channels:
            name = channel.name.removeprefix("kesu-")
            key = f"channel:{name}"
            if not channel.is_alive():
                yield Trouble(key, "channel", _said(words.ENDED, part=name), at_once=True)
            elif channel.failure and channel.failure != _OF_THE_MAILBOX:  # of which the mailbox itself tells
                yield Trouble(key, "channel", _said(words.FAILS, part=name, error=channel.failure))
            elif channel.worked:
                yield key

    def _disk(self) -> _Seen:
        try:
            free = shutil.disk_usage(self._ledger.path.parent).free
        except OSError as error:
            yield Trouble("disk", "disk", same(error.strerror or "?"))
            return
        yield "disk" if free >= LEAST_FREE else Trouble("disk", "disk", _said(words.FREE, free=free // 2**20))

    def _of_the_ledger(self, now: datetime) -> _Seen:
        try:
            yield from [*self._outbox(now), *self._care(now), *self._workbooks(), "ledger"]
        except LedgerError as error:
            yield Trouble("ledger", "ledger", same(str(error)))

    def _outbox(self, now: datetime) -> _Seen:
        """Mail that could leave and does not: the sender hangs, or the provider takes no more."""
        if self._health.is_ill(SMTP):
            return  # which tells why it waits
        count, since = self._ledger.outbox_waiting()
        patience = timedelta(minutes=self._site().config.alarms.after_minutes)
        if since is not None and now - since >= patience:
            yield Trouble("outbox", "outbox", _said(words.WAITING, count=count), since)
        else:
            yield "outbox"

    def _care(self, now: datetime) -> _Seen:
        """Mail to customer care that was taken and came back: a bounce reaches nobody who is told by mail."""
        site = self._site()
        care = {person.email.lower() for role in site.policy.resolved_notice for person in site.people(role)}
        lost = [one for one in self._ledger.unreached(now) if one.returned and one.email.lower() in care]
        for one in lost[:1]:
            yield Trouble(CARE_RETURNED, CARE, same(one.reason), one.since, at_once=True)
        if not lost:
            yield CARE_RETURNED

    def _workbooks(self) -> _Seen:
        site = self._site()
        for edition in editions_of(site):
            for kind, wording in words.WORKBOOK.items():
                key = mark_of(edition, kind)
                value = self._ledger.mark_value(key)
                if not value:
                    yield key
                    continue
                since = datetime.fromisoformat(json.loads(value)["since"])
                yield Trouble(key, "workbook", _said(wording, name=path_of(edition, site).name), since)


def same(text: str) -> Text:
    """Return words that are what they are in every language, such as a server's; shortened to a line."""
    line = " ".join(text.split())[:_LONGEST_REASON] or "?"
    return Text(zh_hant=line, zh_hans=line, en=line)


def _said(wording: Text, **values: object) -> Text:
    return Text(
        zh_hant=wording.zh_hant.format(**values),
        zh_hans=wording.zh_hans.format(**values),
        en=wording.en.format(**values),
    )
