"""The list of constructs (constructs.yaml) and the table that README.md shows of it.

`python -m local.aws.redshift.constructs` writes the table into README.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

_HERE = Path(__file__).parent
_BEGIN, _END = "<!-- constructs: generated -->", "<!-- /constructs -->"


@dataclass(frozen=True)
class Construct:
    """One entry: what it shows and what must come of it."""

    group: str
    name: str
    sqls: tuple[str, ...]
    rows: list[list[str | None]] | None = None
    fails: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    autocommit: bool = False


def load() -> tuple[list[str], list[Construct]]:
    """Setup statements and constructs, in the order of the file."""
    data = yaml.safe_load((_HERE / "constructs.yaml").read_text(encoding="utf-8"))
    setup = data.pop("setup")
    found = []
    for group, entries in data.items():
        for entry in entries:
            sql = entry.pop("sql")
            found.append(Construct(group, entry.pop("name"), (sql,) if isinstance(sql, str) else tuple(sql), **entry))
    return setup, found


def readme_table(constructs: list[Construct]) -> str:
    """The Markdown table."""
    lines = ["| Group | Construct | Here |", "|---|---|---|"]
    for construct in constructs:
        answer = f"refused: `{construct.fails}`" if construct.fails else "works"
        cells = (construct.group, construct.name, answer)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Write the table between its marks."""
    readme = _HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    head, rest = text.split(_BEGIN)
    tail = rest.split(_END)[1]
    readme.write_text(f"{head}{_BEGIN}\n{readme_table(load()[1])}\n{_END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
