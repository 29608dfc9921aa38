"""The interpreter's collector of cyclic garbage, for a process that lives for months and keeps what it was built of."""

import gc

_ALLOCATIONS = 20_000  # between two collections; a message makes thousands of objects, and hardly a cycle


def collect_less_often() -> None:
    """Take all that stands now out of the collector's rounds, and make these rarer; once, when the daemon is built."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS, 50, 100)
