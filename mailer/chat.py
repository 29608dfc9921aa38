"""Short texts to chat robots and webhooks (WeCom, DingTalk, Feishu, json://…): the way that works when mail does not.

The addresses are secrets: neither they nor what the library says about them reach a log or a message of ours.
"""

import importlib
import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_IN_THE_CLEAR = frozenset(
    {"json", "xml", "form"}
)  # of apprise's webhooks; jsons, xmls and forms are encrypted
_LONGEST = 1800  # bytes of UTF-8; WeCom's robots take 2048
# These say 200 and put the refusal (a revoked key, too many texts) into the answer, where apprise does not look.
_REFUSES_INSIDE = frozenset({"wecombot", "dingtalk", "feishu", "lark"})
_LOGGERS = ("apprise", "urllib3", "requests", "requests_oauthlib")


class ChatAddressError(ValueError):
    """An address that nothing can be sent to; the message names its place in the list and its kind, never itself."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a text: by kind of service, who took it and who did not."""

    taken: tuple[str, ...]
    refused: tuple[str, ...]

    @property
    def reached(self) -> bool:
        """Whether anybody got it."""
        return bool(self.taken)


class Chat:
    """Sends short texts to every address; for one thread. The library is loaded with the first use, not before."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = tuple(urls)
        self._services: tuple[tuple[str, Any], ...] | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """What kinds of services the addresses name."""
        return tuple(kind_of(url) for url in self._urls)

    def open(self) -> None:
        """Read the addresses; ChatAddressError names every one that cannot be used."""
        if self._services is None:
            self._services = tuple(zip(self.kinds, _services(self._urls), strict=True))

    def send(self, title: str, body: str) -> Outcome:
        """Send a text to all; never raises for what a service does. It takes seconds where one does not answer."""
        self.open()
        took = {True: [], False: []}  # type: dict[bool, list[str]]
        for kind, service in self._services or ():
            took[_send(service, title, shortened(body))].append(kind)
        return Outcome(tuple(took[True]), tuple(took[False]))


def kind_of(url: str) -> str:
    """Return what may be said of an address: its scheme, such as `wecombot`; of an https:// one its host."""
    scheme, _, rest = url.partition("://")
    if not rest:
        return "?"
    return (urlsplit(url).hostname or scheme) if scheme in ("http", "https") else scheme.lower()


def shortened(text: str) -> str:
    """Cut a text to what every service takes."""
    if len(text.encode()) <= _LONGEST:
        return text
    return text.encode()[: _LONGEST - 3].decode("utf-8", "ignore") + "…"


def _services(urls: Sequence[str]) -> list[Any]:
    for name in _LOGGERS:  # they write addresses into their logs
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
    apprise = importlib.import_module("apprise")
    asset = apprise.AppriseAsset(app_id="kesu", app_desc="kesu", http_redirects=False)
    found = [apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True) for url in urls]
    if faults := list(_faults(urls, found)):
        raise ChatAddressError("; ".join(faults))
    for service in found:
        _hear(service)
    return found


def _faults(urls: Sequence[str], services: Sequence[Any]) -> Iterator[str]:
    for number, (url, service) in enumerate(zip(urls, services, strict=True), start=1):
        named = f"address {number} ({kind_of(url)})"
        if service is None:
            yield f"{named} is none that can be used"
        elif not service.verify_certificate:
            yield f"{named} says verify=no: certificates are always verified"
        elif kind_of(url) in _IN_THE_CLEAR and urlsplit(url).hostname not in _LOOPBACK:
            yield f"{named} goes in the clear: {kind_of(url)}s:// is encrypted"


def _send(service: Any, title: str, body: str) -> bool:
    try:
        return bool(service.notify(body=body, title=title, body_format="text"))
    except Exception:  # whatever it says may hold the address
        return False


def _hear(service: Any) -> None:
    """Let refusals inside an answer be heard: apprise's plugin gets a `requests` that looks there."""
    module = sys.modules[type(service).__module__]
    if module.__name__.rpartition(".")[2] in _REFUSES_INSIDE and not isinstance(module.requests, _Hearing):
        module.requests = _Hearing(module.requests)  # type: ignore[attr-defined]


class _Hearing:
    """`requests` for a chat robot's plugin."""

    def __init__(self, requests: Any) -> None:
        self._requests = requests

    def __getattr__(self, name: str) -> Any:
        return getattr(self._requests, name)

    def post(self, *where: Any, **what: Any) -> Any:
        """Post, and turn an answer that holds an error code into a refusal."""
        response = self._requests.post(*where, **what)
        if response.ok and _refuses(response):
            response.status_code = 502
        return response


def _refuses(response: Any) -> bool:
    try:
        said = response.json()
    except ValueError:
        return False
    if not isinstance(said, dict):
        return False
    return any(said.get(name) not in (None, 0, "0") for name in ("errcode", "code", "StatusCode"))
