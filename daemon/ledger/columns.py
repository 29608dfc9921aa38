"""Column types of ours: times in UTC, and text that came from outside."""

from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import Dialect, Text, TypeDecorator


def utc_text(moment: datetime) -> str:
    """Write an aware time in UTC with microseconds, so that text sorts as time does; ValueError if naive."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no zone")
    return _written(moment.astimezone(UTC))


@lru_cache(maxsize=128)  # a message's own time is written a dozen times
def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def storable(text: str) -> str:
    """Return `text` without what no database takes: NUL, and the lone surrogates of undecodable mail headers."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time; comes back in UTC."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write the time as sortable text."""
        return None if value is None else utc_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read it back."""
        return None if value is None else datetime.fromisoformat(value)


class Words(TypeDecorator[str]):
    """Text somebody outside wrote: a Message-ID, a sender, a file name, an error."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Drop what cannot be stored."""
        return None if value is None else storable(value)
