"""Records the templates of both environments under infra/snapshots/: `make infra-snapshot`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.app import build
from podemos.contracts.deployment import deployment

SNAPSHOTS = Path(__file__).with_name("snapshots")


def main() -> int:
    """Writes one file per environment and stack."""
    for name in deployment().environments:
        with TemporaryDirectory() as folder:
            house = build(name, folder)
            house.app.synth()
            for concern, stack in house.stacks.items():
                template = json.loads((Path(folder) / stack.template_file).read_text(encoding="utf-8"))
                path = SNAPSHOTS / name / f"{concern}.json"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(template, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
