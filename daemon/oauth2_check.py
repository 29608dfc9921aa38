"""How the access tokens stand: for `kesu doctor` and `kesu mailbox login`."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from daemon.config import Config
from daemon.errors import ConfigurationError
from daemon.oauth2 import OAuth2Section, Tokens, certificate_ends, delegated
from mailer.oauth import TokenUnavailable
from mailer.oauth_advice import permissions_of
from mailer.token_file import open_to_others

_SOON = timedelta(days=30)
_APP = frozenset({"IMAP.AccessAsApp", "SMTP.SendAsApp"})
_PERSON = frozenset({"IMAP.AccessAsUser.All", "SMTP.Send"})
_GUIDES = {"microsoft": "docs/providers/microsoft365.md", "google": "docs/providers/gmail.md"}


@dataclass(frozen=True)
class Standing:
    """What there is to say about one source of tokens; `mend` and `fatal` as in a doctor's finding."""

    said: str
    mend: str = ""
    fatal: bool = True


def tables(config: Config) -> dict[str, tuple[OAuth2Section, str]]:
    """Return the oauth2 tables by their names, each with its account; one that only repeats another is left out."""
    found: dict[str, tuple[OAuth2Section, str]] = {}
    for name, section in (("mailbox", config.mailbox), ("smtp", config.smtp)):
        if section.oauth2 is not None and (section.oauth2, section.username) not in found.values():
            found[f"{name}.oauth2"] = (section.oauth2, section.username)
    return found


def standing(config: Config, now: datetime) -> list[Standing]:
    """Get a token from each source and say how things stand; nothing here raises."""
    return [
        _one(section, key, account, config.base, now) for key, (section, account) in tables(config).items()
    ]


def _one(section: OAuth2Section, key: str, account: str, base: Path, now: datetime) -> Standing:
    try:
        source = Tokens(base).source(section, key, account)
        token = source.token()
        signed_in = delegated(section, base).account() if section.device else ""
    except TokenUnavailable as error:
        again = "" if error.permanent else "it is tried again by itself; "
        return Standing(f"{key}: {error.reason}", error.advice or f"{again}{_GUIDES[section.provider]}")
    except ConfigurationError as error:
        return Standing(str(error), _GUIDES[section.provider])
    said = f"{key}: token good for {source.seconds_left() / 60:.0f} min"
    said += f", signed in as {signed_in}" if signed_in else ""
    ends = certificate_ends(section, base)
    said += f", certificate until {ends:%Y-%m-%d}" if ends else ""
    mends = [*_lacking(section, token), *_ending(ends, now), *_exposed(section, base)]
    return Standing(said, "; ".join(mends), fatal=False)


def _lacking(section: OAuth2Section, token: str) -> Iterator[str]:
    permitted = permissions_of(token) if section.provider == "microsoft" else None
    missing = sorted((_PERSON if section.device else _APP) - (permitted or frozenset()))
    if permitted is not None and missing:
        yield (
            f"the token does not permit {', '.join(missing)}: add them under API permissions and grant admin consent"
        )


def _ending(ends: datetime | None, now: datetime) -> Iterator[str]:
    if ends is not None and ends - now < _SOON:
        yield f"make a new certificate before {ends:%Y-%m-%d}, upload it to the app and replace the file"


def _exposed(section: OAuth2Section, base: Path) -> Iterator[str]:
    for name in (section.client_secret_file, section.certificate_file, section.service_account_file):
        if name and open_to_others((base / name).stat().st_mode):
            yield f"{name} is open to others: chmod 600"
