"""What the pull is to reach, and whether a verdict reaches it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

AT_MOST, AT_LEAST = "<=", ">="
TARGETS: tuple[tuple[str, str, float, str], ...] = (
    ("vs_dlt", AT_MOST, 0.8, "wall to dlt's with ConnectorX"),
    ("vs_dlt_pyarrow", AT_LEAST, 5.0, "dlt's wall with pyarrow to ours"),
    ("per_row_vs_connectorx", AT_MOST, 1.0, "marginal wall of a row to ConnectorX's"),
    ("share_of_raw_read", AT_LEAST, 0.45, "rate to that of the raw client's read"),
    ("server_cpu_vs_select", AT_MOST, 1.25, "server's CPU to a SELECT's, control totals of the window included"),
    ("server_cpu_vs_select_unproven", AT_MOST, 1.25, "the same, with control totals of two days alone"),
    ("peak_rss_mb", AT_MOST, 160, "one thread, one large table"),
    ("peak_rss_mb_8_threads", AT_MOST, 220, "eight threads, a large table each"),
    ("branches_200_s", AT_MOST, 6.0, "all branches on this machine, every new row proven"),
    ("branches_200_vs_dlt", AT_LEAST, 5.0, "dlt looped over the same branches to it"),
    ("branches_200_rtt40_s", AT_MOST, 15.0, "the same with 40 ms of round-trip time"),
    ("round_trips", AT_MOST, 6, "per small branch, from the SYN to the farewell"),
)


def lines(verdict: Mapping[str, Any]) -> Iterator[str]:
    """One line per target, met or missed; a number that was not measured is missed."""
    for name, sense, limit, words in TARGETS:
        value = verdict.get(name)
        met = value is not None and (value <= limit if sense == AT_MOST else value >= limit)
        yield f"{'met' if met else 'MISSED':7}{name:31}{value!s:>8}  {sense} {limit:<6g} {words}"
    yield f"{'met' if verdict.get('parity') else 'MISSED':7}{'parity':31}{verdict.get('parity')!s:>8}  the same values"
