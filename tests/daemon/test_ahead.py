"""Working ahead: in order, no further than there is room for, and nothing waits that need not."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from daemon import ahead
from daemon.ahead import Ahead


class Opened(int):
    """A message that is begun, by its number."""

    weight = 0


@dataclass
class Reader:
    """Begins messages as the real one does; they are read when a test says so, or when one is waited for."""

    begun: list[int] = field(default_factory=list)
    read: set[int] = field(default_factory=set)
    weight: int = 0  # of the files in every message, unpacked

    def begin(self, mail: Any, _returned: object) -> Opened:
        self.begun.append(mail.id)
        opened = Opened(mail.id)
        opened.weight = self.weight
        return opened

    def is_read(self, begun: int) -> bool:
        return begun in self.read

    def finish(self, begun: int) -> str:
        self.read.add(begun)
        return f"reading {begun}"


@pytest.fixture
def reader() -> Reader:
    return Reader()


def messages(ids: Sequence[int], size: int = 1) -> list[Any]:
    return [(SimpleNamespace(id=number, size=size), None) for number in ids]


def line(reader: Reader, ids: Sequence[int], size: int = 1) -> Ahead:
    row = Ahead(reader)  # type: ignore[arg-type]
    row.add(messages(ids, size))
    return row


def taken(row: Ahead, most: int = 5) -> list[int]:
    return [mail.id for mail, _ in row.take(most)]


def test_everything_comes_out_once_and_in_order(reader: Reader) -> None:
    row, made = line(reader, range(130)), []
    while row:
        made += taken(row)
    assert made == reader.begun == list(range(130))
    row.add(messages([130]))
    assert row
    assert row.take(5)[0][1] == "reading 130"
    assert not row


def test_those_behind_are_begun_before_the_first_is_taken(reader: Reader) -> None:
    row = line(reader, range(3))
    assert reader.begun == [0, 1, 2]
    assert taken(row) == [0], "only the first is waited for"


def test_what_is_read_comes_together_and_no_more_than_is_wanted(reader: Reader) -> None:
    row = line(reader, range(8))
    reader.read |= {1, 2, 3, 4, 6}
    assert taken(row, 3) == [0, 1, 2]
    assert taken(row, 3) == [3, 4]
    assert taken(row, 3) == [5, 6]
    assert taken(row, 3) == [7]


@pytest.mark.parametrize(
    ("size", "most"),
    [
        (1, ahead.THINGS),
        (ahead.WEIGHT // 4, 4),
        (ahead.WEIGHT * 2, 1),  # too heavy for all rules, but one must go on
    ],
)
def test_no_more_is_begun_than_there_is_room_for(reader: Reader, size: int, most: int) -> None:
    reader.read.add(0)
    row = line(reader, range(2 * ahead.THINGS), size)
    assert reader.begun == list(range(most))
    assert not row.wants_more
    assert [mail.id for mail, _ in row.not_taken] == list(range(2 * ahead.THINGS))
    assert taken(row, 1) == [0]
    assert reader.begun == list(range(most + 1)), "where one is taken the next is begun"


def test_what_small_messages_unpack_to_counts(reader: Reader) -> None:
    reader.weight = ahead.WEIGHT // 2
    row = line(reader, range(9))
    assert reader.begun == [0, 1]
    while row:
        taken(row, 1)
        assert len(reader.begun) - len(reader.read) == min(2, len(row.not_taken))
    assert reader.begun == list(range(9))


def test_more_is_wanted_while_there_is_nothing_else_to_do(reader: Reader) -> None:
    """Until the child has started, a second later, all messages of a morning may be stored."""
    row = line(reader, range(ahead.THINGS + 1))
    assert row.wants_more
    reader.read.add(0)
    assert not row.wants_more, "the first can be taken"
    reader.read.clear()
    row.add(messages(range(1000, 1000 + ahead.IN_LINE)))
    assert not row.wants_more, "enough is enough"


def test_more_is_wanted_as_soon_as_all_that_waits_is_begun(reader: Reader) -> None:
    reader.read |= {0, 1}
    row = line(reader, range(ahead.THINGS + 1))
    assert not row.wants_more
    taken(row, 1)
    assert not row.wants_more
    taken(row, 1)
    assert row.wants_more
    assert len(row.not_taken) == ahead.THINGS - 1
