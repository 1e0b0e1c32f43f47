"""The four ways a night can go wrong. The DAG layer alone turns them into Airflow's exceptions."""

from __future__ import annotations


class PodemosError(Exception):
    """Base of the house's errors. Every message names the file, key or row and the remedy."""


class SourceUnavailable(PodemosError):
    """A branch, source or service does not answer: retry, then leave it as a state."""


class DataFault(PodemosError):
    """The data itself is wrong: never retried; quarantine, notify, go on."""


class ContractViolation(PodemosError):
    """Configuration or schema contradicts the contract."""


class NotCertified(PodemosError):
    """The evidence does not hold: blocks publication."""


class AlreadyExists(PodemosError):
    """A create-once write met an existing object."""

    def __init__(self, uri: str) -> None:
        super().__init__(f"{uri} already exists; objects are created once and never overwritten")
        self.uri = uri


class NotFound(PodemosError):
    """An object that should be there is not."""

    def __init__(self, uri: str) -> None:
        super().__init__(f"{uri} does not exist")
        self.uri = uri


class LeaseHeld(SourceUnavailable):
    """Another worker holds the lease on a branch-table."""


class NotNeeded(PodemosError):
    """There is nothing to do here, and nothing is wrong: as a task it is skipped."""
