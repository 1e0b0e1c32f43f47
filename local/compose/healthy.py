"""The containers' health checks. Standard library only and run by its path: it starts every few seconds, many times.

python healthy.py airflow scheduler      a component's own word, through Airflow's health page
python healthy.py http URL               anything that answers 200
python healthy.py ports 3307 23001       listeners of this container
python healthy.py file /tmp/seeded       a mark that its process leaves
"""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

TIMEOUT_SECONDS = 5.0


def airflow(component: str) -> bool:
    """Whether Airflow calls the component healthy; the api-server is healthy when it answers that."""
    host, port = os.environ.get("PODEMOS_HOSTS_AIRFLOW", "127.0.0.1"), os.environ.get("PODEMOS_PORTS_AIRFLOW", "8080")
    parts = json.loads(answer(f"http://{host}:{port}/api/v2/monitor/health"))
    return bool((parts.get(component) or {}).get("status") == "healthy")


def answer(url: str) -> bytes:
    """The body; never through a proxy, for it is this network.

    Raises:
        OSError: no answer, or none that is 200.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=TIMEOUT_SECONDS) as reply:
        return bytes(reply.read())


def listens(port: int) -> bool:
    """Whether a connection to this container's port is taken."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS):
        return True


def healthy(kind: str, arguments: Sequence[str]) -> bool:
    """One check.

    Raises:
        OSError: no answer.
    """
    match kind:
        case "airflow":
            return airflow(arguments[0])
        case "http":
            return bool(answer(arguments[0]) is not None)
        case "ports":
            return all(listens(int(port)) for port in arguments)
        case "file":
            return Path(arguments[0]).exists()
    raise SystemExit(f"healthy.py: {kind!r} is no check")


if __name__ == "__main__":
    try:
        good = healthy(sys.argv[1], sys.argv[2:])
    except (OSError, ValueError) as failure:
        raise SystemExit(f"{' '.join(sys.argv[1:])}: {failure}") from None
    raise SystemExit(0 if good else 1)
