"""`python -m local.aws --port 5000 --home .local/aws`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from local.aws.options import ServerOptions
from local.aws.server import CanNotStart, serve


def main(argv: list[str] | None = None) -> int:
    """Run the server; 1 when its port or its folder is taken."""
    parser = argparse.ArgumentParser(prog="python -m local.aws", description=__doc__)
    parser.add_argument("--port", type=int, default=ServerOptions.port)
    parser.add_argument("--host", default=ServerOptions.host, help="address to listen on; in a container 0.0.0.0")
    parser.add_argument("--home", type=Path, default=Path(".local/aws"), help="folder for logs, jobs and state")
    parser.add_argument("--glue-slots", type=int, default=ServerOptions.glue_slots, help="Glue runs at once")
    parser.add_argument("--glue-minute-seconds", type=float, default=ServerOptions.glue_minute_seconds)
    parser.add_argument("--spark-memory", default=ServerOptions.spark_memory, help="heap of a job's JVM")
    parser.add_argument("--no-persist", action="store_true", help="forget everything at the end")
    given = parser.parse_args(argv)
    options = ServerOptions(
        home=given.home.resolve(),
        host=given.host,
        port=given.port,
        glue_slots=given.glue_slots,
        glue_minute_seconds=given.glue_minute_seconds,
        spark_memory=given.spark_memory,
        persist=not given.no_persist,
    )
    try:
        serve(options)
    except CanNotStart as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
