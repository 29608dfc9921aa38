"""What may go wrong, as types that carry the place; the command line turns them into advice and an exit status."""


class KesuError(Exception):
    """Base of our errors; `status` is the exit status of a command that ends with it."""

    status = 2


class ConfigurationError(KesuError):
    """The configuration cannot be used; `key` is the key or file at fault."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(f"{key}: {message}")
        self.key = key


class UsageError(KesuError):
    """A command was called with something it cannot use."""


class AnswerIsNo(KesuError):
    """The command worked and its answer is no: a fact is missing, a check failed."""

    status = 1
