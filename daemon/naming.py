"""Who and what a finding in words is about: `林總監 失職 未回電給客戶` (D27).

A name, an office or an address, then a cause by its title or a part of it that no other cause has. What fits two people
or two causes names none.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from daemon.site import Site
from parsers.reply_verbs import plain_text
from rules.events import Party
from rules.locales import Locale

_T = TypeVar("_T")
_SEPARATORS = " \t\u3000\xa0,，:：;；、-–—"
_PARTS = re.compile(r"\s*(?:[,、/]|或|\bor\b)\s*")
_AND = re.compile(r"\s*(?:[、/&]|和|与|及|\band\b)\s*")
_SHORTEST_PART = 2  # characters of a part of a title


@dataclass(frozen=True)
class Fault:
    """Who is found at fault, and for what; `known` is False where nobody of that name works here."""

    party: Party
    cause: str
    note: str
    known: bool = True


def fault(line: str, site: Site) -> Fault | None:
    """Read person, cause and note of a finding; None if one is left out, or fits more than one."""
    who, rest = _person(line, _people(site))
    if who is not None and len(who) != 1:
        return None
    if who is None:
        who, rest = _first_word(line, site)
    (party,) = who
    causes, note = _longest(rest, _causes(site))
    if causes is None:
        cause, note = _word(rest)
        causes = frozenset({cause} if cause else ())
    if len(causes) != 1 or not (party.email or party.name or party.roles):
        return None
    (cause,) = causes
    known = bool(party.email or party.roles)
    return Fault(party, cause, note.strip(_SEPARATORS), known)


def offices(line: str, site: Site) -> tuple[tuple[str, ...], str] | None:
    """Return the offices that a line begins with, by title, holder or address, and the rest; None if it is unclear."""
    roles: list[str] = []
    rest = line
    while True:
        found, behind = _office(rest, site)
        if not found:
            break
        roles, rest = [*roles, *found], behind
        following = _AND.match(plain_text(rest))
        if following is None:
            break
        rest = rest[following.end() :]
    return (tuple(dict.fromkeys(roles)), rest.strip(_SEPARATORS)) if roles else None


def _office(line: str, site: Site) -> tuple[tuple[str, ...], str]:
    titles = {title: frozenset({role.key}) for role in site.policy.roles for title in _titles(role.key, site)}
    held, rest = _longest(line, titles)
    if held is not None:
        who, behind = _longest(rest, _people(site))  # 售後總監 林志豪
        return tuple(held), behind if who is not None and _all_hold(who, held) else rest
    who, rest = _longest(line, _people(site))
    return (next(iter(who)).roles, rest) if who is not None and len(who) == 1 else ((), line)


def _all_hold(who: frozenset[Party], held: frozenset[str]) -> bool:
    return all(held <= set(party.roles) for party in who)


def _person(line: str, people: Mapping[str, frozenset[Party]]) -> tuple[frozenset[Party] | None, str]:
    """Return whom a line begins with: an office, a name, or both of one person; None where it is nobody known."""
    who, rest = _longest(line, people)
    also, behind = _longest(rest, people)
    if who is None or also is None:
        return who, rest
    emails = {party.email.lower() for party in also}
    return frozenset(party for party in who if party.email.lower() in emails), behind


def _longest(line: str, labels: Mapping[str, frozenset[_T]]) -> tuple[frozenset[_T] | None, str]:
    """Return what the longest label at the beginning of a line stands for, and the rest; None if none stands there."""
    plain = plain_text(line)
    begin = len(plain) - len(plain.lstrip(_SEPARATORS))
    for label in sorted(labels, key=len, reverse=True):
        end = begin + len(label)
        if plain.startswith(label, begin) and not re.match(r"\w", plain[end:]):
            return labels[label], line[end:]
    return None, line


def _people(site: Site) -> dict[str, frozenset[Party]]:
    """Return everybody by name, address and office; an office of several people stands for each of them."""
    found: dict[str, set[Party]] = {}
    for role, people in site.config.people.items():
        parties = {_holding(role, person.email, site) for person in people}
        for title in _titles(role, site):
            found.setdefault(title, set()).update(parties)
        for person in people:
            for label in (person.name, person.email):
                found.setdefault(plain_text(label), set()).add(site.party(person.email))
    return {label: _each_once(parties) for label, parties in found.items() if label}


def _titles(role: str, site: Site) -> set[str]:
    known = next((known for known in site.policy.roles if known.key == role), None)
    titles = set() if known is None else {plain_text(known.title.get(locale)) for locale in Locale}
    return {plain_text(role), *titles}


def _holding(role: str, email: str, site: Site) -> Party:
    """Return somebody with the office he was named by before his others."""
    party = site.party(email)
    return party.model_copy(update={"roles": (role, *(other for other in party.roles if other != role))})


def _each_once(parties: Iterable[Party]) -> frozenset[Party]:
    return frozenset({party.email.lower(): party for party in parties}.values())


def _first_word(line: str, site: Site) -> tuple[frozenset[Party], str]:
    """Return whoever is named by an address that may send here, or a name that nobody bears."""
    word, rest = _word(line)
    staff = "@" in word and site.may_send(word)
    return frozenset({site.party(word) if staff else Party(name=word)}), rest


def _word(line: str) -> tuple[str, str]:
    words = re.split(r"[\s,，:：;；、]+", line.strip(_SEPARATORS), maxsplit=1)
    return words[0], words[1] if len(words) > 1 else ""


def _causes(site: Site) -> dict[str, frozenset[str]]:
    """Return the causes by key, by title in each language, and by the parts of a title that are theirs alone."""
    causes = {} if site.policy.findings is None else site.policy.findings.causes
    whole: dict[str, set[str]] = {}
    parts: dict[str, set[str]] = {}
    for key, cause in causes.items():
        titles = {plain_text(cause.title.get(locale)) for locale in Locale}
        for title in (plain_text(key), *titles):
            whole.setdefault(title, set()).add(key)
        for part in (part for title in titles for part in _PARTS.split(title)):
            if len(part) >= _SHORTEST_PART:
                parts.setdefault(part, set()).add(key)
    return {label: frozenset(keys) for label, keys in (parts | whole).items()}
