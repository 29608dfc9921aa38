"""`kesu demo`: the whole product at work on an embedded mail server, with windows of seconds."""

from daemon.demo.run import run

__all__ = ["run"]
