"""Working ahead: in order, no further than allowed, and a failure costs nothing that was done before it."""

import threading
from collections.abc import Callable, Iterable, Iterator

import pytest

from daemon.ahead import Ahead, Reach

FAR = Reach(things=8, weight=1000)
LONG = 30  # seconds; whoever waits so long waits in vain


def singly(work: Callable[[int], int]) -> Callable[[Iterator[int | None]], Iterator[int]]:
    def each(stream: Iterator[int | None]) -> Iterator[int]:
        return (work(number) for number in stream if number is not None)

    return each


def ahead(
    work: Callable[[int], int], things: Iterable[int], reach: Reach = FAR, weight: int = 1
) -> Ahead[int, int]:
    row = Ahead(singly(work), lambda _: weight, reach)
    row.add(things)
    return row


def everything(row: Ahead[int, int], most: int = 5) -> list[int]:
    made: list[int] = []
    while row:
        made += row.take(most)
    return made


def test_everything_comes_out_once_and_in_order() -> None:
    with ahead(lambda number: number * 2, range(50)) as row:
        assert everything(row) == [number * 2 for number in range(50)]
        assert not row
        row.add([50, 51])
        assert row
        assert everything(row) == [100, 102]


def test_the_next_things_are_done_while_the_caller_is_busy() -> None:
    begun = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            begun.set()
        return number

    with ahead(work, [0, 1]) as row:
        assert row.take(1) == [0]
        assert begun.wait(LONG)  # although nobody has asked for the second yet


def test_what_is_ready_comes_together_and_no_more_than_is_wanted() -> None:
    done = threading.Event()

    def work(stream: Iterator[int | None]) -> Iterator[int]:
        last = 0
        for number in stream:
            if number is not None:
                yield number
                last = number
            elif last == 6:
                done.set()

    with Ahead(work, lambda _: 1, FAR) as row:
        row.add(range(7))
        assert done.wait(LONG)
        made = [row.take(4)]
        while row:
            made.append(row.take(4))
        assert [number for numbers in made for number in numbers] == list(range(7))
        assert [len(numbers) for numbers in made] == [4, 3]


@pytest.mark.parametrize(
    ("reach", "weight", "most"),
    [
        (Reach(things=3, weight=1000), 1, 3),
        (Reach(things=100, weight=10), 4, 2),
        (Reach(things=100, weight=10), 50, 1),  # too heavy for all rules, but one must go on
    ],
)
def test_no_more_is_begun_than_the_reach_allows(reach: Reach, weight: int, most: int) -> None:
    begun: list[int] = []
    idle = threading.Event()

    def work(stream: Iterator[int | None]) -> Iterator[int]:
        for number in stream:
            if number is None:
                idle.set()
            else:
                begun.append(number)
                yield number

    with Ahead(work, lambda _: weight, reach) as row:
        assert idle.wait(LONG)
        idle.clear()
        row.add(range(20))
        assert idle.wait(LONG)
        assert len(begun) <= most
        assert not row.wants_more
        assert row.not_taken == list(range(20))
        assert everything(row) == list(range(20))
        assert row.wants_more


def test_what_is_begun_is_finished_when_nothing_more_is_there() -> None:
    """A result is never held back until the next thing comes."""

    def work(stream: Iterator[int | None]) -> Iterator[int]:
        begun: list[int] = []
        for number in stream:
            begun += [] if number is None else [number]
            while begun and number is None:
                yield begun.pop(0)

    with Ahead(work, lambda _: 1, FAR) as row:
        row.add([1, 2, 3])
        assert everything(row) == [1, 2, 3]


def test_a_failure_comes_out_after_all_that_was_done_before_it() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise ValueError("the fourth")
        return number

    with ahead(work, range(10)) as row:
        assert [row.take(1), row.take(1), row.take(1)] == [[0], [1], [2]]
        with pytest.raises(ValueError, match="the fourth"):
            row.take(10)


def test_what_is_ready_before_a_failure_is_not_lost_with_it() -> None:
    failed = threading.Event()

    def work(number: int) -> int:
        if number == 3:
            failed.set()
            raise ValueError("the fourth")
        return number

    with ahead(work, range(10)) as row:
        assert failed.wait(LONG)
        assert row.take(10) == [0, 1, 2]
        with pytest.raises(ValueError, match="the fourth"):
            row.take(10)


def test_a_caller_who_leaves_early_leaves_no_work_behind() -> None:
    begun: list[int] = []
    gate, second = threading.Event(), threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number:
            second.set()
            gate.wait(LONG)
        return number

    with ahead(work, range(100), Reach(things=50, weight=1000)) as row:
        assert row.take(1) == [0]
        assert second.wait(LONG)
    gate.set()
    row._thread.shutdown()
    assert begun == [0, 1]
