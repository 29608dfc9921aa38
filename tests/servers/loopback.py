"""What every server in the tests needs: a free port on loopback, and to know when it answers."""

import socket
import time

from tests.guards import PATIENCE

HOST = "127.0.0.1"


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


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
