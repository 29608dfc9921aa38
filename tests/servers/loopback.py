"""What every server in the tests needs: a free port on loopback, and to know when it answers."""

import os
import random
import re
import socket
import time
from itertools import cycle

from tests.guards import PATIENCE

HOST = "127.0.0.1"


_WORKER = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0) % 16
# Below what the system gives to whoever connects, and each worker of a run has some of its own: nobody takes a port
# between our choosing it and its server's listening on it. In no order, for there may be another run beside this one.
_PORTS = cycle(random.sample(range(12_000 + 1_000 * _WORKER, 13_000 + 1_000 * _WORKER), 1_000))


def free_port() -> int:
    """A TCP port on loopback that nobody listens on, and nobody else will ask for soon."""
    return next(port for port in _PORTS if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def wait_for_greeting(port: int, seconds: float = PATIENCE) -> None:
    """Return once the server on `port` greets; TimeoutError when it never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if _greets(port):
            return
        time.sleep(0.01)
    raise TimeoutError(f"no server greets on port {port}")


def _greets(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=10) as connection:
            return bool(connection.recv(1))
    except OSError:
        return False
