"""Hiding customers' telephone numbers from whoever has no call to make ([privacy] phones)."""

import re
from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel

from daemon.site import Site
from rules.case import Case, Task

_M = TypeVar("_M", bound=BaseModel)
_FIRST, _LAST = 3, 4  # digits that stay, so that two customers can be told apart
_SHORTEST = 5  # digits; fewer are no number that anybody could call
PHONE = "customer_phone"
_SPEAKING = ("informing", "call")  # how a duty is done that means speaking with the customer


def masked(phone: str) -> str:
    """Return a telephone number with its middle hidden: 138****5678; of a short one the last two digits stay."""
    digits = re.sub(r"\D", "", phone)
    if len(digits) <= _FIRST + _LAST:
        return "*" * max(len(digits) - 2, 0) + digits[-2:]
    return digits[:_FIRST] + "*" * (len(digits) - _FIRST - _LAST) + digits[-_LAST:]


def hidden(text: str, phone: str) -> str:
    """Return a text with the number hidden wherever it stands, however it is set apart."""
    pattern = _pattern(phone)
    return text if pattern is None else pattern.sub(masked(phone), text)


def without_phone(said: _M, phone: str) -> _M:
    """Return a mail's content with the number hidden wherever it stands."""
    pattern = _pattern(phone)
    return said if pattern is None else _hidden(said, pattern, masked(phone))


def without_phones(said: _M, phones: Iterable[str]) -> _M:
    """Return the same with each of the numbers hidden."""
    for phone in sorted(phones):
        said = without_phone(said, phone)
    return said


def _pattern(phone: str) -> re.Pattern[str] | None:
    digits = re.sub(r"\D", "", phone)
    if len(digits) < _SHORTEST:
        return None
    return re.compile(r"(?<!\d)\+?" + r"[\s().-]*".join(digits) + r"(?!\d)")


def _hidden(said: _M, pattern: re.Pattern[str], instead: str) -> _M:
    changed = {name: _value(getattr(said, name), pattern, instead) for name in type(said).model_fields}
    return said.model_copy(update=changed)


def _value(value: object, pattern: re.Pattern[str], instead: str) -> object:
    match value:
        case str():  # an enum's key stays the enum it is
            return pattern.sub(instead, value) if pattern.search(value) else value
        case tuple():
            return tuple(_value(one, pattern, instead) for one in value)
        case BaseModel():
            return _hidden(value, pattern, instead)
        case _:
            return value


def may_see_phone(email: str, roles: tuple[str, ...], case: Case, site: Site) -> bool:
    """Tell whether somebody in `roles` sees the customer's number: by his role, or because the call is his to make.

    While a case is open that is everybody who owes something; of a settled one whoever still has to speak with the
    customer (D34, D35).
    """
    owing = {task.role for task in case.open_tasks if case.is_open or _speaks(task, site)}
    owing.update(case.owners if case.is_open else ())
    his = not owing.isdisjoint(roles) or email.lower() == case.sender.email.lower()
    return his or site.may_see_phones(roles)


def _speaks(task: Task, site: Site) -> bool:
    duty = site.policy.duty(task.task)
    return duty is not None and duty.done_by in _SPEAKING
