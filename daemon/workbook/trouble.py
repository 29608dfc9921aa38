"""Telling customer care when the workbook cannot be kept: once for each occasion, in the reader's language."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from daemon.docket import Docket
from daemon.letters import LetterOrder
from daemon.workbook.editions import mark_of
from mailer.letter import Address, Content, Template, WorkbookTrouble
from rules.locales import Locale, Text
from sheets.editions import MASTER, Edition

log = logging.getLogger("kesu.workbook")

Kind = Literal["held", "unreadable", "emptied", "restored", "unwritable"]


@dataclass(frozen=True)
class Occasion:
    """What is wrong. `patience` is how long it may last before anybody is told; it may pass by itself."""

    kind: Kind
    patience: timedelta
    detail: Text | None = None
    holder: str = ""
    waiting: int = 0


class Troubles:
    """Remembers in the ledger since when something is wrong, and whether customer care knows."""

    def __init__(
        self, docket: Docket, names: Callable[[], tuple[str, str, str]], edition: Edition = MASTER
    ) -> None:
        """Take `names`, which tells the file names of the workbook, its live copy and its board; '' for none."""
        self._docket = docket
        self._edition = edition
        self._names = names

    def seen(self, occasion: Occasion, now: datetime) -> None:
        """Say that something is wrong; customer care hears of it when it has lasted."""
        known = self._known(occasion.kind)
        since = datetime.fromisoformat(str(known["since"])) if known else now
        is_told = bool(known and known["told"])
        is_time = not is_told and now - since >= occasion.patience
        if known and not is_time:
            return
        with self._docket.ledger.writing() as entry:
            if is_time:
                log.warning("customer care is told: the workbook is %s", occasion.kind)
                for order in self._orders(occasion, since, now):
                    self._docket.tell(entry, order, now, f"{self._mark(occasion.kind)}:{since.isoformat()}")
            entry.mark(self._mark(occasion.kind), json.dumps({"since": since.isoformat(), "told": is_time}))

    def over(self, *kinds: Kind) -> None:
        """Say that something is in order again."""
        gone = [kind for kind in kinds if self._known(kind)]
        if gone:
            with self._docket.ledger.writing() as entry:
                for kind in gone:
                    entry.mark(self._mark(kind), "")

    def since(self, kind: Kind) -> datetime | None:
        """Return since when something is wrong."""
        known = self._known(kind)
        return datetime.fromisoformat(str(known["since"])) if known else None

    def _known(self, kind: Kind) -> dict[str, object] | None:
        value = self._docket.ledger.mark_value(self._mark(kind))
        return json.loads(value) if value else None

    def _orders(self, occasion: Occasion, since: datetime, now: datetime) -> list[LetterOrder]:
        site = self._docket.site
        return [
            LetterOrder(
                template=Template.WORKBOOK,
                locale=person.locale or site.locale,
                to=Address(email=person.email, name=person.name),
                content=self._content(occasion, since, person.locale or site.locale),
            )
            for person in self._docket.care(now)
        ]

    def _content(self, occasion: Occasion, since: datetime, locale: Locale) -> Content:
        name, live_copy, board = self._names()
        trouble = WorkbookTrouble(
            kind=occasion.kind,
            name=name,
            holder=occasion.holder,
            since=since,
            waiting=occasion.waiting,
            detail=occasion.detail.get(locale) if occasion.detail else "",
            live_copy=live_copy,
            board=board,
        )
        return Content(reader="informed", zone=self._docket.site.config.daemon.timezone, workbook=trouble)

    def _mark(self, kind: Kind) -> str:
        return mark_of(self._edition, kind)
