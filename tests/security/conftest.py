"""The office of the daemon's tests, for whoever means it harm."""

from tests.daemon.conftest import office, reader

__all__ = ["office", "reader"]
