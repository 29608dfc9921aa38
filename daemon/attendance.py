"""What is missing among the people today: whoever is away with nobody in his place, and offices nobody holds."""

from collections.abc import Iterator
from datetime import datetime

from daemon.bootstrap import open_ledger
from daemon.errors import ConfigurationError
from daemon.site import Site


def today(site: Site, now: datetime) -> Site:
    """Return the site as it is now, by configuration and by what people told; before the first start by the former."""
    try:
        with open_ledger(site.config, create=False) as ledger:
            return site.at(now, ledger.absences(now), [one.email for one in ledger.unreached(now)])
    except ConfigurationError:
        return site.at(now, [])


def gaps(site: Site) -> Iterator[str]:
    """Yield what to mend, a line each; `site` is as it is now."""
    yield from _unknown_deputies(site)
    for email in site.away:
        if (person := site.person(email)) is not None and site.presence.deputy_of(email) is None:
            yield f"{person.name} <{person.email}> is absent today and nobody stands in"
    for email in site.unreached:
        if (person := site.person(email)) is not None:
            yield f"mails to {person.name} <{person.email}> come back{_beside(site, email)}"
    empty = [role.key for role in site.policy.roles if not site.people(role.key)]
    if empty:
        yield f"nobody is behind {', '.join(empty)}"


def _beside(site: Site, email: str) -> str:
    deputy = site.presence.deputy_of(email)
    return (
        " and nobody stands in"
        if deputy is None
        else f"; {deputy.name} <{deputy.email}> stands in beside him"
    )


def _unknown_deputies(site: Site) -> Iterator[str]:
    for email, deputy in site.deputies.items():
        if deputy.lower() == email:
            yield f"{email} is his own deputy"
        elif site.person(deputy) is None:
            yield f"the deputy of {email}, {deputy}, is not among [people]"
