"""The collector of cyclic garbage still collects what is garbage, and leaves alone what the daemon is built of."""

import subprocess
import sys

_SCRIPT = """
import gc, weakref
from daemon.garbage import collect_less_often

class Thing: pass

def in_a_ring():
    one, other = Thing(), Thing()
    one.other, other.other = other, one
    return weakref.ref(one)

before = in_a_ring()
collect_less_often()
assert before() is None, "what was garbage by then is gone"
assert gc.get_freeze_count() > 1000
after = in_a_ring()
kept = []
while after() is not None:
    kept.append([])  # as work goes on, the collector comes round
    assert len(kept) < 10_000_000
"""


def test_what_the_daemon_is_built_of_is_left_alone_and_garbage_is_still_collected() -> None:
    subprocess.run([sys.executable, "-c", _SCRIPT], check=True)
