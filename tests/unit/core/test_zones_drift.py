"""zones.csv is what `make zones` writes from the pinned tzdata."""

import importlib.util
import subprocess
import sys
from pathlib import Path

from podemos.core.paths import include

ROOT = Path(__file__).resolve().parents[3]


def test_the_zone_table_is_what_the_pinned_tzdata_says(tmp_path: Path) -> None:
    target = tmp_path / "zones.csv"
    subprocess.run([sys.executable, ROOT / "tools" / "build_zones.py", target], check=True)
    assert target.read_bytes() == (include() / "config" / "zones.csv").read_bytes()


def test_the_tzdata_package_is_pinned() -> None:
    assert importlib.util.find_spec("tzdata") is not None
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert any(line.startswith("tzdata==") for line in pins)
