"""Where the files that travel with the code are: the one function that knows."""

from __future__ import annotations

from pathlib import Path


def include() -> Path:
    """The folder `include/`: inside the bundle on MWAA (`dags/include`), beside `dags/` in a checkout.

    Raises:
        FileNotFoundError: neither place has it; the bundle was built without it.
    """
    dags = Path(__file__).resolve().parents[2]
    for candidate in (dags / "include", dags.parent / "include"):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"no include/ in {dags} or {dags.parent}: build the bundle with `make bundle`")
