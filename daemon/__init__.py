"""The running product: composes the other packages, owns the ledger, the clock, the configuration and the commands."""

__version__ = "0.1.0"
