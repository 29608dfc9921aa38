"""What can go wrong with a ledger; each error's text is fit to be shown to the operator."""


class LedgerError(Exception):
    """Anything the ledger refuses or cannot do."""


class LedgerUnavailable(LedgerError):
    """The ledger cannot be read or written now: no file, no space, locked, damaged, or not ours."""


class LedgerUnsupported(LedgerError):
    """The ledger's URL names an engine or a place this release cannot keep a ledger in."""


class LedgerTooNew(LedgerError):
    """The ledger was written by a newer release; `found` and `known` are schema versions."""

    def __init__(self, found: int, known: int) -> None:
        super().__init__(
            f"the ledger has schema version {found}, this release knows {known} at most; use the newer release"
        )
        self.found = found
        self.known = known


class LedgerOfAnotherSite(LedgerError):
    """The ledger belongs to site `found`, not to `wanted`: its case numbers and its chain are that site's."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the ledger belongs to site {found!r}, not to {wanted!r}")
        self.found = found
        self.wanted = wanted


class LedgerDamaged(LedgerError):
    """What is stored cannot be what was written; `kesu ledger verify` tells more."""


class LedgerRefused(LedgerError):
    """A row names something the ledger does not hold (a case, a policy, a mail), or would rewrite the past."""


class PromiseBroken(LedgerError):
    """Something that may happen once has happened already; `promise` says what, such as `lapse:service-manager`."""

    def __init__(self, promise: str, case_number: str = "") -> None:
        super().__init__(f"{case_number}: {promise} was recorded already" if case_number else promise)
        self.promise = promise
        self.case_number = case_number
