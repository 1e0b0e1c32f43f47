"""The diagnosis as one page that needs nothing else: no script, no font, no request."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from podemos.core.paths import include
from podemos.redshift.diagnose import Diagnosis
from podemos.redshift.history import Run

PARTS = (
    ("queue", "#b42318"),
    ("planning, lock, other", "#8a5a00"),
    ("compile", "#5b6675"),
    ("execution", "#1f5fa8"),
)
"""What a bar is made of, from the left."""
WIDTH = 1000
MOST_RUNS = 60
"""Bars of one query; of more runs the latest are shown."""


def render(found: Diagnosis) -> bytes:
    """The page, UTF-8. What queries say is escaped."""
    environment = Environment(
        loader=FileSystemLoader(include() / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["minutes"] = lambda seconds: f"{seconds / 60:,.1f} min"
    hashes = [verdict.hash for verdict in found.verdicts]
    charts = {one: _bars([run for run in found.history.runs if run.hash == one][-MOST_RUNS:]) for one in hashes}
    page = environment.get_template("diagnosis.html")
    return page.render(found=found.to_dict(), charts=charts, parts=PARTS).encode()


def _bars(runs: list[Run]) -> list[dict[str, Any]]:
    """Where each part of each run begins and ends, in thousandths of the longest run."""
    longest = max(run.elapsed for run in runs) or 1
    bars = []
    for run in runs:
        known = run.queue + run.compile + run.execution
        sizes = (run.queue, max(0, run.elapsed - known), run.compile, run.execution)
        at, pieces = 0, []
        for size, (_, colour) in zip(sizes, PARTS, strict=True):
            width = min(WIDTH - at, size * WIDTH // longest)
            pieces.append({"at": at, "width": width, "colour": colour})
            at += width
        bars.append({"started": run.started, "seconds": run.elapsed / 1e6, "pieces": pieces})
    return bars
