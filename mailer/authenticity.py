"""Whether a mail is from the domain its From names, as the receiving server says (RFC 8601).

Only the server the operator trusts is believed, and of its headers only the topmost: a sender writes into his mail what
he likes, and a server adds its own above that. What is believed of it, in this order:

- `dmarc`, wherever it is told: the server has compared the domains itself, with a list of public suffixes at hand.
  A failed one is final, and so is one that contradicts another.
- `dkim=pass`, `spf=pass` for the From's own domain, for one above or one below it; siblings below one domain are left
  to DMARC, because only a list of public suffixes tells them from strangers.
- `auth=pass`: the writer logged in at this very server as somebody of the From's domain.

ARC is not believed: whoever seals a chain would have to be trusted one by one. HELO names and `iprev` tell about
machines, not about writers.

Two servers write in a way of their own, and are named by a word instead of an authserv-id. `microsoft365` leaves the
authserv-id out, renames what senders supply to Authentication-Results-Original, and marks mail of the own
organisation, which it does not authenticate otherwise, in a header that it removes from everything that comes from
outside. `coremail` (NetEase 163, 126, qiye) writes below the sender's headers instead of above them, under the name of
whichever host took the mail, and folds lines in the middle of words.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from authres import AuthenticationResult, AuthenticationResultsHeader, AuthResError

from mailer.letter import Address
from mailer.message import Message
from mailer.message_addresses import read_addresses

MICROSOFT_365 = "microsoft365"
COREMAIL = "coremail"
_FIELD = "authentication-results"
_INTERNAL = "x-ms-exchange-organization-authas"
_MOST_RESULTS = 100
_UNREADABLE = "unreadable"
_TAKEN_BY_COREMAIL = re.compile(r"\bby\s+(\S+)\s+\(Coremail\)\s+with\s+\S+\s+id\s+([^\s;]+)")
_FOLDS = re.compile(r"\t| {8}")
_IDENTITIES = {  # where each method names whom it speaks of; `smtp.mail` is RFC 5451's word for it
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom", "smtp.mail"),
    "dmarc": ("header.from",),
}


class Verdict(StrEnum):
    """What the receiving server says of a mail's sender."""

    VERIFIED = "verified"
    FAILED = "failed"  # it says that the mail is not from that domain
    UNKNOWN = "unknown"  # it says nothing that tells


@dataclass(frozen=True, slots=True)
class Authenticity:
    """A verdict, and the words it rests on, such as `dmarc=fail`. `silent`: the server has not written any."""

    verdict: Verdict
    why: str
    silent: bool = False


@dataclass(frozen=True, slots=True)
class _Result:
    """One thing the server found; of a property that it names twice with different values nothing is known."""

    method: str
    result: str
    properties: Mapping[str, str]

    @property
    def passed(self) -> bool:
        return self.result == "pass"

    @property
    def domain(self) -> str:
        """The domain it speaks of, empty where it names none."""
        named = (self.properties.get(name, "") for name in _IDENTITIES.get(self.method, ()))
        return next((_domain(identity) for identity in named if identity), "")

    def __str__(self) -> str:
        return f"{self.method}={self.result}" + (f" for {self.domain}" if self.domain else "")


def authenticity(message: Message, trusted: str) -> Authenticity:
    """Judge the From of a mail by what the server `trusted` wrote into it.

    `trusted` is its authserv-id, several separated by commas, `*` in them for any characters; or `microsoft365`, or
    `coremail`. Never raises.
    """
    sender = _sole_sender(message)
    if sender is None:
        return Authenticity(Verdict.UNKNOWN, "its From does not name one sender")
    if trusted.lower() == MICROSOFT_365 and _is_internal(message):
        return Authenticity(Verdict.VERIFIED, "sent inside the organisation")
    value = _written_by(message, trusted.lower())
    if value is None:
        return Authenticity(Verdict.UNKNOWN, f"no Authentication-Results of {trusted}", silent=True)
    server, *_ = value.split(";", 1)
    return _judged(sender, list(_results(value)), server.split()[0] if server.split() else "")


def _judged(sender: Address, results: Sequence[_Result], server: str) -> Authenticity:
    domain = _domain(sender.email)
    by_dmarc = _by_dmarc(domain, [one for one in results if one.method == "dmarc"])
    if by_dmarc is not None:
        return by_dmarc
    about = [one for one in results if one.method in ("dkim", "spf") and _aligned(one.domain, domain)]
    proof = [one for one in about if one.passed]
    proof += [one for one in results if one.method == "auth" and _logged_in(one, sender, server)]
    if proof:
        return Authenticity(Verdict.VERIFIED, str(proof[0]))
    denied = [one for one in about if one.result in ("fail", "softfail")]
    if denied:
        return Authenticity(Verdict.FAILED, str(denied[0]))
    return Authenticity(Verdict.UNKNOWN, ", ".join(map(str, results)) or "nothing was checked")


def _by_dmarc(domain: str, told: Sequence[_Result]) -> Authenticity | None:
    """Return what DMARC says of a domain; None where it says nothing, and the other methods have to."""
    failed = [one for one in told if one.result == "fail" and one.domain in ("", domain)]
    if failed:
        return Authenticity(Verdict.FAILED, str(failed[0]))
    strange = [
        one for one in told if one.domain not in ("", domain)
    ]  # the server has read another From than we
    if strange:
        return Authenticity(Verdict.UNKNOWN, str(strange[0]))
    if told and all(one.passed and one.domain for one in told):
        return Authenticity(Verdict.VERIFIED, str(told[0]))
    doubtful = [one for one in told if one.passed or one.result == _UNREADABLE]
    return Authenticity(Verdict.UNKNOWN, ", ".join(map(str, told))) if doubtful else None


def _sole_sender(message: Message) -> Address | None:
    """Return whom a mail is from; None where it names nobody, or several, and each program may pick another."""
    fields = message.header("from")
    senders = read_addresses(fields[0]) if len(fields) == 1 else ()
    return senders[0] if len(senders) == 1 and _domain(senders[0].email) else None


def _logged_in(result: _Result, sender: Address, server: str) -> bool:
    """Tell whether somebody of the From's domain logged in; a bare name is one of the server's own domain."""
    name = result.properties.get("smtp.auth", "").lower()
    if not result.passed or not name:
        return False
    if "@" in name:
        return _domain(name) == _domain(sender.email)
    local, _, domain = sender.email.lower().rpartition("@")
    return name == local and (server.lower() == domain or server.lower().endswith(f".{domain}"))


def _aligned(said: str, domain: str) -> bool:
    """Tell whether two domains are the same or one lies below the other; a top-level domain is nobody's."""
    if "." not in said or "." not in domain:
        return False
    return said == domain or said.endswith(f".{domain}") or domain.endswith(f".{said}")


def _domain(identity: str) -> str:
    """Return the domain of an address, or of a bare domain, in lower case and ASCII (RFC 5890)."""
    domain = identity.rpartition("@")[2].strip().rstrip(".").lower()
    try:
        return domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


# ---------------------------------------------------------------- which header is the trusted server's


def _written_by(message: Message, trusted: str) -> str | None:
    """Return what the trusted server wrote, beginning with its name; None if it wrote nothing."""
    if trusted == COREMAIL:
        return _of_coremail(message)
    values = message.header(_FIELD)
    if trusted == MICROSOFT_365:
        named = not values or _server_of(values[0]) is not None
        return None if named else f"{MICROSOFT_365}; {values[0]}"
    patterns = [pattern.strip() for pattern in trusted.split(",")]
    for value in values:
        server = _server_of(value)
        if server and any(fnmatchcase(server, pattern) for pattern in patterns):
            return value
    return None


def _server_of(value: str) -> str | None:
    """Return the authserv-id of a header, lower case; empty if it cannot be read, None if there is none."""
    first = next(_pieces(value), "")
    if "=" in re.sub(r"\([^()]*\)", "", first):
        return None
    try:
        header = AuthenticationResultsHeader.parse_value(f"{first}; none")
    except (AuthResError, ValueError, RecursionError):
        return ""
    return str(header.authserv_id).lower()


def _is_internal(message: Message) -> bool:
    return [value.strip().lower() for value in message.header(_INTERNAL)] == ["internal"]


def _of_coremail(message: Message) -> str | None:
    """Return what Coremail wrote: its last header of the kind, if the mail's two marks of its passage agree."""
    received = next(iter(message.header("received")), "")
    passage = _TAKEN_BY_COREMAIL.search(received)
    values, transactions = message.header(_FIELD), message.header("x-cm-transid")
    if passage is None or not values or not transactions:
        return None
    host, transaction = passage[1].lower(), passage[2]
    value = _FOLDS.sub("", values[-1])
    same = transactions[-1].split()[:1] == [transaction]
    return value if same and _server_of(value) == host else None


# ---------------------------------------------------------------- what it says


def _results(value: str) -> Iterator[_Result]:
    """Yield what can be read of a header, each result by itself: one that is odd does not hide the others.

    Where it is the DMARC that cannot be read, that stays in sight as a result without a domain.
    """
    for count, piece in enumerate(_pieces(value)):
        if not count:
            continue
        if count > _MOST_RESULTS:
            return
        try:
            found = AuthenticationResultsHeader.parse_value(f"server; {piece}").results
        except (AuthResError, ValueError, RecursionError):
            if piece.strip().lower().startswith("dmarc"):
                yield _Result("dmarc", _UNREADABLE, {})
            continue
        yield from (_read(result) for result in found)


def _read(result: AuthenticationResult) -> _Result:
    named: dict[str, set[str]] = {}
    for one in result.properties:
        named.setdefault(f"{one.type}.{one.name}", set()).add(str(one.value or ""))
    known = {name: next(iter(values)) for name, values in named.items() if len(values) == 1}
    return _Result(str(result.method).lower(), str(result.result).lower(), known)


def _pieces(value: str) -> Iterator[str]:
    """Cut at semicolons, but not inside quotes and comments, which may stand in one another."""
    start, depth = 0, 0
    quoted = escaped = False
    for place, character in enumerate(value):
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = quoted or depth > 0
        elif character == '"' and not depth:
            quoted = not quoted
        elif not quoted and character in "()":
            depth = max(0, depth + (1 if character == "(" else -1))
        elif character == ";" and not (quoted or depth):
            yield value[start:place]
            start = place + 1
    yield value[start:]
