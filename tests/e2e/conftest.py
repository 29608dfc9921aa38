"""A world of its own for every test; without Dovecot the tests are skipped by name."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.daemon.office import MAILBOX
from tests.e2e.world import PASSWORD, World
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.smtp import RecordingSmtp

NewWorld = Callable[[str], World]


@pytest.fixture
def new_world(tmp_path: Path) -> Iterator[NewWorld]:
    """Start the servers for a daemon under these rules."""
    if PROGRAM is None:
        pytest.skip("dovecot is not installed (apt-get install dovecot-imapd)")
    with ExitStack() as servers:

        def make(rules: str) -> World:
            imap = servers.enter_context(Dovecot({MAILBOX: PASSWORD}))
            smtp = servers.enter_context(RecordingSmtp())
            world = World(tmp_path, imap, smtp, rules)
            servers.callback(world.kill)
            return world

        yield make
