"""A flood of hostile files leaves nothing behind in the daemon; `make hostile` sends ten thousand."""

from parsers.reader import FormReader
from tests.parsers.flood import complaints_of, run


def test_a_flood_of_hostile_files_leaves_no_memory_files_or_children_behind(reader: FormReader) -> None:
    flood = run(reader, 150)
    assert not list(complaints_of(flood))
    assert flood.read + flood.refused >= flood.files
