"""Where the files that travel with the code are: the one place that knows."""

from __future__ import annotations

import json
import os
from pathlib import Path


def include() -> Path:
    """The folder `include/`: inside the bundle on MWAA (`dags/include`), beside `dags/` in a checkout.

    Raises:
        FileNotFoundError: neither place has it; the bundle was built without it.
    """
    dags = Path(__file__).resolve().parents[2]
    for candidate in (dags / "include", dags.parent / "include"):
        if (candidate / "config").is_dir():  # a mount point of a container may stand empty in the checkout
            return candidate
    raise FileNotFoundError(f"no include/ in {dags} or {dags.parent}: build the bundle with `make bundle`")


def commit() -> str | None:
    """The commit of the bundle that this code came in; None in a checkout."""
    path = include() / "bundle.json"
    return str(json.loads(path.read_text(encoding="utf-8"))["commit"]) if path.exists() else None


CONFIG_VARIABLE = "PODEMOS_CONFIG"
"""Names a configuration folder that comes before `include/config/`."""
_OWN = ("branches.yaml", "tables/")
"""What a configuration folder must have itself: the house's branches and tables are nobody else's."""


def config_file(name: str) -> Path:
    """A file of the configuration: in the folder that PODEMOS_CONFIG names, else in `include/config/`.

    A folder of one's own needs only `branches.yaml` and `tables/`; it may also hold `platform.yaml`, `zones.csv`, ….
    """
    own = os.environ.get(CONFIG_VARIABLE)
    if own and (name.startswith(_OWN) or (Path(own) / name).exists()):
        return Path(own) / name
    return include() / "config" / name
