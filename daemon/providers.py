"""What a provider's profile says where the configuration says nothing; whatever stands in the file wins."""

from collections.abc import Mapping
from typing import Any

from mailer.profiles import PROFILES, Endpoint


def known_profile(name: str) -> str:
    """Return `name` if there is such a profile, or none is named; ValueError names those there are."""
    if name and name not in PROFILES:
        raise ValueError(f"{name!r} is no known provider; known are {', '.join(PROFILES)}")
    return name


def with_profiles(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Fill the gaps of [mailbox] and [smtp] from their profiles.

    [smtp] has the mailbox's profile unless it names one, or a host of its own: that may be anybody's.
    """
    mailbox, smtp = raw.get("mailbox"), raw.get("smtp")
    if not isinstance(mailbox, Mapping) or not isinstance(smtp, Mapping):
        return dict(raw)
    inherited = "" if "host" in smtp else mailbox.get("profile", "")
    smtp = {**smtp, "profile": smtp.get("profile", inherited)}
    account = str(mailbox.get("username", ""))
    return {**raw, "mailbox": _mailbox(mailbox), "smtp": _smtp(smtp, str(smtp.get("username", account)))}


def _mailbox(section: Mapping[str, Any]) -> dict[str, Any]:
    profile = PROFILES.get(str(section.get("profile", "")))
    if profile is None:
        return dict(section)
    imap, _ = profile.endpoints(str(section.get("username", "")))
    habits = {"idle": profile.idle, "poll_seconds": profile.poll_seconds}
    return {**_address(imap), **habits, **section}


def _smtp(section: Mapping[str, Any], account: str) -> dict[str, Any]:
    profile = PROFILES.get(str(section.get("profile", "")))
    if profile is None:
        return dict(section)
    _, smtp = profile.endpoints(account)
    return {**_address(smtp), **section}


def _address(endpoint: Endpoint) -> dict[str, Any]:
    address: dict[str, Any] = {"port": endpoint.port, "security": endpoint.security}
    return {"host": endpoint.host, **address} if endpoint.host else address
