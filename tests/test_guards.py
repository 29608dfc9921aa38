"""The bounds the tests themselves rely on."""

import signal
import threading
from contextlib import suppress

import pytest

from tests import guards
from tests.guards import eventually, no_endless_wait, no_endless_work


def test_work_without_end_is_broken_off_whatever_it_catches() -> None:
    with pytest.raises(AssertionError, match="no end"), no_endless_work(0.05):
        _go_on_whatever_happens()


def _go_on_whatever_happens() -> None:
    while True:
        with suppress(Exception):
            sum(range(1000))


def test_work_that_ends_is_left_alone_and_nothing_is_left_ticking() -> None:
    before = signal.getsignal(signal.SIGPROF)
    with no_endless_work():
        sum(range(1000))
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGPROF) is before


def test_a_wait_without_end_is_broken_off() -> None:
    with pytest.raises(AssertionError, match="of waiting"), no_endless_wait(0.05):
        threading.Event().wait()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_never_happens_is_waited_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "PATIENCE", 0.05)
    with pytest.raises(AssertionError, match="in vain for the mail"):
        eventually(lambda: False, "the mail")
    times = iter([False, False, True])
    eventually(lambda: next(times))
