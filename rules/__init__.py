"""The house rules as pure functions over plain data: no I/O, no clock, nothing of ours imported."""
