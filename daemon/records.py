"""What can be read of cases: the ledger, and the site under the rules that each case was opened under."""

import dataclasses
from typing import Protocol

from daemon import packs, words
from daemon.ledger import Ledger
from daemon.site import Site
from rules.case import Case
from rules.facts import Facts
from rules.fields import FormKind


class Records(Protocol):
    """Whoever knows the cases: the docket of a running daemon, or a command that only reads."""

    @property
    def ledger(self) -> Ledger:
        """The ledger."""

    @property
    def site(self) -> Site:
        """The site as it is now."""

    def site_of(self, case: Case) -> Site:
        """Return the site under the rules that `case` was opened under."""

    def facts_of(self, case: Case) -> Facts:
        """Return the typed facts of a case."""


class Reader:
    """Records for a command that reads a ledger and writes nothing."""

    def __init__(self, ledger: Ledger, site: Site) -> None:
        self.ledger = ledger
        self.site = site
        self._under: dict[str, Site] = {}

    def site_of(self, case: Case) -> Site:
        """Return the site under the rules that `case` was opened under."""
        if case.policy not in self._under:
            self._under[case.policy] = site_under(self.site, self.ledger, case.policy)
        return self._under[case.policy]

    def facts_of(self, case: Case) -> Facts:
        """Return the typed facts of a case."""
        return words.typed(case.facts, self.site.catalogue, FormKind.COMPLAINT)


def site_under(site: Site, ledger: Ledger, policy_hash: str) -> Site:
    """Return the site under rules it once had; under its present ones where the ledger holds none of this hash.

    ConfigurationError where this release cannot read them.
    """
    text = ledger.policy_text(policy_hash)
    if text is None:
        return site
    return dataclasses.replace(site, policy=packs.read_policy(text, policy_hash[:12]), policy_text=text)
