"""Servers that repeat what they were sent: what they say goes into logs, ledger and mails, and a password must not."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager

_HIDDEN = "[password]"
_SHORTEST = 4  # a shorter one is found in any sentence


@contextmanager
def unechoed(username: str | None, password: str | None) -> Iterator[None]:
    """Let errors out of a login without the password, in whatever coding a server may have repeated it."""
    try:
        yield
    except BaseException as error:
        spellings = _spellings(username or "", password or "")
        for each in _chain(error):
            each.args = tuple(_without(value, spellings) for value in each.args)
            for name, value in vars(each).items():
                setattr(each, name, _without(value, spellings))
            if isinstance(each, OSError) and each.strerror:
                each.strerror = str(_without(each.strerror, spellings))
        raise


def _spellings(username: str, password: str) -> tuple[str, ...]:
    """Return how a login by LOGIN or PLAIN (RFC 4616) puts a password on the wire, the longest first."""
    if len(password) < _SHORTEST:
        return ()
    plain = f"\0{username}\0{password}"
    coded = [b64encode(text.encode()).decode() for text in (plain, f"{username}{plain}", password)]
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    return tuple(sorted({*coded, quoted, password}, key=len, reverse=True))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__]


def _without(value: object, spellings: tuple[str, ...]) -> object:
    match value:
        case str():
            for spelling in spellings:
                value = value.replace(spelling, _HIDDEN)
            return value
        case bytes():
            for spelling in spellings:
                value = value.replace(spelling.encode(), _HIDDEN.encode())
            return value
        case list():
            return [_without(each, spellings) for each in value]
        case tuple():
            return tuple(_without(each, spellings) for each in value)
    return value
