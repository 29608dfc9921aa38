"""`kesu people`: who is behind each role, who is away until when, and who stands in."""

import argparse
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from daemon import words
from daemon.attendance import gaps, today
from daemon.cli.output import print_json, say
from daemon.clock import SystemClock
from daemon.config import Person
from daemon.presence import Leave
from daemon.site import Site, load_site
from rules.policy import Role

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_A_MOMENT = timedelta(seconds=1)


def register(commands: "Commands") -> None:
    """Add the command."""
    command = commands.add_parser("people", help="roles, persons, who is absent and who stands in")
    command.add_argument("--config", type=Path, default=Path("config.toml"), metavar="F")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=run_people)


def run_people(arguments: argparse.Namespace) -> int:
    """Carry out `kesu people`."""
    now = SystemClock().now()
    site = today(load_site(arguments.config), now)
    if arguments.json:
        print_json(as_json(site, now))
        return 0
    for role in site.policy.roles:
        say(f"{role.key:<24} {role.title.get(site.locale)}")
        for person in site.people(role.key):
            say(f"  {person.name} <{person.email}>{_standing(site, person)}")
    for line in gaps(site):
        say(f"! {line}")
    return 0


def as_json(site: Site, now: datetime) -> dict[str, object]:
    """Return the people as `kesu people --json` shows them; times in the site's zone."""
    return {
        "at": now.astimezone(site.zone).isoformat(),
        "roles": [_role(site, role) for role in site.policy.roles],
        "absences": list(_absences(site)),
        "gaps": list(gaps(site)),
    }


def _role(site: Site, role: Role) -> dict[str, object]:
    return {
        "role": role.key,
        "title": role.title.get(site.locale),
        "people": [_person(site, person) for person in site.people(role.key)],
        "reached": [one.person.email for one in site.reached(role.key)],
        "sees_fines": site.may_see_fines([role.key]),
        "sees_phones": site.may_see_phones([role.key]),
    }


def _person(site: Site, person: Person) -> dict[str, object]:
    return {
        "name": person.name,
        "email": person.email,
        "locale": site.locale_of(person.email).value,
        "away": site.presence.is_away(person.email),
        "reached": person.email.lower() not in site.unreached,
        "deputy": site.deputies.get(person.email.lower()),
    }


def _absences(site: Site) -> Iterator[dict[str, object]]:
    for email, leave in site.away.items():
        deputy = site.presence.deputy_of(email)
        yield {
            "email": email,
            "from": leave.begins.astimezone(site.zone).isoformat(),
            "until": leave.ends.astimezone(site.zone).isoformat(),
            "deputy": None if deputy is None else deputy.email,
        }


def _standing(site: Site, person: Person) -> str:
    leave = site.away.get(person.email.lower())
    if leave is None:
        return _for_whom(site, person)
    deputy = site.presence.deputy_of(person.email)
    named = "nobody" if deputy is None else f"{deputy.name} <{deputy.email}>"
    return f"  absent until {_last(site, leave)}, {named} stands in"


def _for_whom(site: Site, person: Person) -> str:
    absent = words.JOIN.get(site.locale).join(one.name for one in site.presence.deputised(person.email))
    return f"  stands in for {absent}" if absent else ""


def _last(site: Site, leave: Leave) -> str:
    return words.moment(leave.ends - _A_MOMENT, site.zone)[:10]
