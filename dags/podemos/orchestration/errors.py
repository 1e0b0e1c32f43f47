"""The house's errors as Airflow's: a fault of data or contract is never retried, an unavailable source is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from podemos.core.errors import NotNeeded, PodemosError, SourceUnavailable


@contextmanager
def translated() -> Iterator[None]:
    """Raises Airflow's exception for the house's, with the same one-line message.

    Raises:
        AirflowSkipException: `NotNeeded`.
        AirflowException: `SourceUnavailable`; Airflow retries the task.
        AirflowFailException: any other `PodemosError`; trying again would meet the same data.
    """
    try:
        yield
    except NotNeeded as error:
        raise AirflowSkipException(str(error)) from error
    except SourceUnavailable as error:
        raise AirflowException(str(error)) from error
    except PodemosError as error:
        raise AirflowFailException(str(error)) from error
