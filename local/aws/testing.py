"""A server for tests: its own process, its own folder, a free port."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.aws.wsgi import HEALTH_PATH

_ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 60.0


@contextmanager
def running_server(home: Path, port: int | None = None, *options: str) -> Iterator[str]:
    """A running server; yields its endpoint URL and stops it with SIGTERM.

    Args:
        home: folder for everything it writes; a second server on the same folder continues from the first one's state.
        port: TCP port, a free one when None.
        options: more command-line options, for example `"--glue-minute-seconds", "2"`.

    Raises:
        RuntimeError: it ended at once or did not answer within a minute; the message holds its output.
    """
    chosen = port or free_port()
    home.mkdir(parents=True, exist_ok=True)
    output = home / "process.log"
    with output.open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.aws", "--port", str(chosen), "--home", str(home), *options],
            cwd=_ROOT,
            stdout=sink,
            stderr=sink,
        )
    endpoint = f"http://127.0.0.1:{chosen}"
    try:
        _wait_until_healthy(process, endpoint, output)
        yield endpoint
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A TCP port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def health(endpoint: str) -> dict[str, object]:
    """The server's own description of itself.

    Raises:
        OSError: it does not answer.
    """
    with urllib.request.urlopen(endpoint + HEALTH_PATH, timeout=2) as answer:  # noqa: S310  always http
        described: dict[str, object] = json.load(answer)
        return described


def _wait_until_healthy(process: subprocess.Popen[bytes], endpoint: str, output: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            health(endpoint)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"local.aws did not start on {endpoint}:\n{output.read_text(errors='replace')[-2000:]}")
