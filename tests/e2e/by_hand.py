"""The daemon's own parts between real servers, on a clock that is put forward by hand: weeks pass in seconds."""

from collections.abc import Iterator
from contextlib import contextmanager

from daemon.bootstrap import House, build
from daemon.loop import run_once
from daemon.site import load_site
from tests.daemon.office import HandClock
from tests.e2e.world import World


@contextmanager
def at_work(world: World, clock: HandClock) -> Iterator[House]:
    """The daemon's own parts between the real servers, on a clock that is put forward by hand."""
    house = build(load_site(world.config), clock=clock)
    try:
        yield house
    finally:
        house.close()


def passes(world: World, clock: HandClock) -> None:
    """Let two passes be done, each by a daemon that has just started: nothing is kept but in the ledger."""
    for _ in range(2):
        with at_work(world, clock) as house:
            assert run_once(house)
