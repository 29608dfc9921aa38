"""The mails' wording in one language: sentences by key, times and spans as people of that language write them.

The sentences stand in `templates/<locale>.toml` as small Jinja templates. They are plain text; only the layouts
know of HTML.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from rules.locales import Locale

TEMPLATES = Path(__file__).resolve().parent / "templates"
_BETWEEN_SCRIPTS = re.compile(
    r"(?<=[A-Za-z])(?=[\u4e00-\u9fff])"
)  # "Grace Chang提出": a Latin name needs a space


class Wording:
    """All sentences of one language, compiled."""

    def __init__(self, locale: Locale, sentences: Mapping[str, Any]) -> None:
        # Sentences are plain text; the HTML layout escapes what they become.
        compiler = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701
        self.locale = locale
        self._sentences: dict[str, Template] = {
            key: compiler.from_string(text) for key, text in flatten(sentences)
        }

    def say(self, key: str, **values: object) -> str:
        """Return the sentence `key`; KeyError if there is none, jinja2.UndefinedError if it lacks a value."""
        said = self._sentences[key].render(**values)
        return said if self.locale is Locale.EN else _BETWEEN_SCRIPTS.sub(" ", said)

    def first(self, sections: tuple[str, ...], name: str) -> str:
        """Return the key of sentence `name` in the first of `sections` that has it; KeyError if none has."""
        for section in sections:
            if f"{section}.{name}" in self._sentences:
                return f"{section}.{name}"
        raise KeyError(f"{sections[-1]}.{name}")

    def kind(self, template: str) -> str:
        """Name the kind of a mail by its template; the template itself where it has no name."""
        key = f"kinds.{template}"
        return self.say(key) if key in self._sentences else template

    def moment(self, at: datetime) -> str:
        """Write a time to the minute as it stands in its own zone, with the weekday."""
        return self.say(
            "general.moment",
            date=at.strftime(self.say("general.date")),
            weekday=self.say(f"general.weekdays.{at.weekday()}"),
            time=at.strftime("%H:%M"),
        )

    def day(self, day: date) -> str:
        """Write a day with its weekday."""
        written = day.strftime(self.say("general.date"))
        return self.say("general.day", date=written, weekday=self.say(f"general.weekdays.{day.weekday()}"))

    def span(self, length: timedelta) -> str:
        """Write a length of time by its two largest units, rounded down: `1 小時 42 分`; seconds below a minute."""
        seconds = max(int(length.total_seconds()), 0)
        days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
        if days:
            return self._joined(("days", days), ("hours", hours))
        if hours:
            return self._joined(("hours", hours), ("minutes", minutes))
        if minutes:
            return self._joined(("minutes_alone", minutes))
        return self._joined(("seconds", seconds))

    def _joined(self, first: tuple[str, int], *rest: tuple[str, int]) -> str:
        parts = [first, *(part for part in rest if part[1])]
        return " ".join(self.say(f"general.{unit}", n=number) for unit, number in parts)


@cache
def wording(locale: Locale) -> Wording:
    """Return the shipped wording of `locale`."""
    return Wording(locale, tomllib.loads((TEMPLATES / f"{locale.value}.toml").read_text(encoding="utf-8")))


def flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield every sentence of a wording file with its dotted key; items of a list are keyed by their place."""
    for name, value in table.items():
        match value:
            case Mapping():
                yield from flatten(value, f"{prefix}{name}.")
            case list():
                yield from flatten({str(place): item for place, item in enumerate(value)}, f"{prefix}{name}.")
            case _:
                yield f"{prefix}{name}", value
