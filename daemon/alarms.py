"""When the second channel speaks: each trouble once it has lasted, then daily until it is over, and that it is over.

What was said is remembered in the ledger, so that a restart neither repeats nor forgets it; and in memory, since the
ledger may be what is in trouble.
"""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from daemon import alarm_words as words
from daemon.clock import Clock
from daemon.ledger import Ledger, LedgerError
from daemon.site import Site
from daemon.troubles import Look, Trouble
from mailer.chat import ChatAddressError, Outcome
from rules.locales import Text

log = logging.getLogger("kesu.alarms")

AGAIN = timedelta(days=1)
SOON = timedelta(minutes=1)  # what a person has to mend needs no patience, but a moment to pass by itself
MARK = "alarms"
EVERY = 15.0  # seconds


class Line(Protocol):
    """Where short texts go (`mailer.chat.Chat`)."""

    def send(self, title: str, body: str) -> Outcome:
        """Send a text to all who listen; ChatAddressError where an address is none."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A trouble that stands: since when, when it was last told, and whether its end still has to be."""

    what: str
    since: datetime
    told: datetime | None = None
    over: bool = False


@dataclass(frozen=True, slots=True)
class Saying:
    """One thing to say of a trouble: `trouble` None says that it is over."""

    key: str
    standing: Standing
    trouble: Trouble | None


def follow(
    known: Mapping[str, Standing], look: Look, now: datetime, patience: timedelta
) -> tuple[dict[str, Standing], list[Saying]]:
    """Return what stands after a look at the house, and what is to be said. Pure; nothing counts as said yet.

    What nobody knows to be well again stays as it was.
    """
    standing = {key: one for key, one in known.items() if key not in look.well or one.told is not None}
    for key in standing.keys() & look.well:
        standing[key] = replace(standing[key], over=True)
    for trouble in look.troubles:
        since = min(trouble.since or now, now)
        before = standing.get(trouble.key, Standing(trouble.what, since))
        standing[trouble.key] = replace(before, since=min(before.since, now), over=False)
    troubles = {trouble.key: trouble for trouble in look.troubles}
    sayings = [
        Saying(key, one, troubles.get(key))
        for key, one in standing.items()
        if _is_due(one, troubles.get(key), now, patience)
    ]
    return standing, sayings


def _is_due(standing: Standing, trouble: Trouble | None, now: datetime, patience: timedelta) -> bool:
    if standing.over or trouble is None:
        return standing.over
    if standing.told is not None and standing.told <= now:
        return now - standing.told >= AGAIN
    return now - standing.since >= (min(SOON, patience) if trouble.at_once else patience)


def said(standing: Mapping[str, Standing], sayings: Iterable[Saying], now: datetime) -> dict[str, Standing]:
    """Return what stands once that was said."""
    after = dict(standing)
    for saying in sayings:
        if saying.trouble is None:
            after.pop(saying.key, None)
        else:
            after[saying.key] = replace(saying.standing, told=now)
    return after


class Alarms:
    """Looks at the house now and then and says what is wrong where mail may not get through."""

    def __init__(
        self,
        site: Callable[[], Site],
        ledger: Ledger,
        clock: Clock,
        look: Callable[[datetime], Look],
        line: Line | None,
    ) -> None:
        """Take `line`, None where no second channel is configured: then nothing is done."""
        self._site = site
        self._ledger = ledger
        self._clock = clock
        self._look = look
        self._line = line
        self._standing: dict[str, Standing] | None = None

    def round(self) -> bool:
        """Look once; never raises. Tell whether what was to be said got through."""
        if self._line is None:
            return True
        now = self._clock.now()
        before = self._remembered()
        patience = timedelta(minutes=self._site().config.alarms.after_minutes)
        standing, sayings = follow(before, self._look(now), now, patience)
        got_through = not sayings or self._say(self._line, sayings)
        if sayings and got_through:
            standing = said(standing, sayings, now)
        self._standing = standing
        if standing != before:
            self._remember(standing)
        return got_through

    def _say(self, line: Line, sayings: list[Saying]) -> bool:
        site = self._site()
        body = "\n".join(_line_of(saying, site) for saying in sayings)
        for saying in sayings:
            log.warning("alarm %s: %s", saying.key, "over" if saying.trouble is None else "told")
        return sent(line, site, words.TROUBLE, body)

    def _remembered(self) -> dict[str, Standing]:
        if self._standing is None:
            try:
                self._standing = _read(self._ledger.mark_value(MARK) or "{}")
            except LedgerError as error:
                log.warning("what was told cannot be read: %s", error)
                self._standing = {}
        return self._standing

    def _remember(self, standing: Mapping[str, Standing]) -> None:
        try:
            with self._ledger.writing() as entry:
                entry.mark(MARK, _written(standing))
        except (LedgerError, OSError) as error:
            log.warning("what was told cannot be kept: %s", error)


def sent(line: Line, site: Site, heading: Text, body: str) -> bool:
    """Send a text over the second channel under the site's name; tell whether anybody got it."""
    title = f"[kesu {site.config.daemon.site}] {heading.get(site.locale)}"
    try:
        outcome = line.send(title, body)
    except ChatAddressError as error:
        log.error("alarms: %s", error)
        return False
    if outcome.refused:
        log.warning("alarms: %s did not take the text", ", ".join(outcome.refused))
    return outcome.reached


def _line_of(saying: Saying, site: Site) -> str:
    locale, standing = site.locale, saying.standing
    what = words.WHAT[standing.what].get(locale)
    since = f"{standing.since.astimezone(site.zone):%m-%d %H:%M}"
    if saying.trouble is None:
        return words.OVER.get(locale).format(what=what, since=since)
    reason = saying.trouble.reason.get(locale)
    told = words.SINCE.get(locale).format(what=what, since=since, reason=reason)
    return told if standing.told is None else words.STILL.get(locale).format(said=told)


def _written(standing: Mapping[str, Standing]) -> str:
    return json.dumps({key: asdict(one) for key, one in standing.items()}, default=datetime.isoformat)


def _read(text: str) -> dict[str, Standing]:
    return {
        key: Standing(
            what=one["what"],
            since=datetime.fromisoformat(one["since"]),
            told=datetime.fromisoformat(one["told"]) if one["told"] else None,
            over=bool(one["over"]),
        )
        for key, one in json.loads(text).items()
        if one.get("what") in words.WHAT
    }
