"""Working ahead: in order, no further than allowed, and a failure costs nothing that was done before it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from daemon.ahead import Reach, ahead

FAR = Reach(things=8, weight=1000)


def lightly(_thing: object) -> int:
    return 1


def test_everything_comes_out_once_and_in_order() -> None:
    def work(number: int) -> int:
        time.sleep(0.002 * (number % 3))  # later ones are done first
        return number * 2

    made = [result for results in ahead(work, range(50), lightly, FAR) for result in results]
    assert made == [number * 2 for number in range(50)]


def test_nothing_to_do_yields_nothing() -> None:
    assert list(ahead(str, [], lightly, FAR)) == []


def test_the_next_things_are_done_while_the_caller_is_busy() -> None:
    begun = threading.Event()

    def work(number: int) -> int:
        if number == 1:
            begun.set()
        return number

    results = ahead(work, [0, 1], lightly, FAR)
    assert next(results)[0] == 0
    assert begun.wait(5)  # although nobody has asked for the second yet


def test_what_is_ready_comes_together() -> None:
    done = threading.Semaphore(0)

    def work(number: int) -> int:
        done.release()
        return number

    results = ahead(work, range(4), lightly, FAR)
    first = next(results)
    for _ in range(4):
        assert done.acquire(timeout=5)
    time.sleep(0.05)  # a result is seen a moment after its work ended
    assert [*first, *next(results, [])] == [0, 1, 2, 3]


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
    results = ahead(lambda number: begun.append(number) or number, range(20), lambda _: weight, reach)
    taken = next(results)
    time.sleep(0.05)
    assert len(begun) - len(taken) <= most
    assert len(begun) < 20
    rest = [number for numbers in results for number in numbers]
    assert [*taken, *rest] == list(range(20))


def test_a_failure_comes_out_after_all_that_was_done_before_it() -> None:
    def work(number: int) -> int:
        if number == 3:
            raise ValueError("the fourth")
        return number

    made: list[int] = []

    def take_all() -> None:
        for numbers in ahead(work, range(10), lightly, FAR):
            made.extend(numbers)

    with pytest.raises(ValueError, match="the fourth"):
        take_all()
    assert made == [0, 1, 2]


def test_a_caller_who_leaves_early_leaves_no_work_behind() -> None:
    begun: list[int] = []
    gate = threading.Event()

    def work(number: int) -> int:
        begun.append(number)
        if number:
            gate.wait(5)
        return number

    results = ahead(work, range(100), lightly, Reach(things=50, weight=1000))
    assert next(results) == [0]
    with ThreadPoolExecutor(1) as opener:
        opener.submit(lambda: (time.sleep(0.05), gate.set()))
        results.close()  # type: ignore[attr-defined]
    assert len(begun) <= 4
