"""`python -m local.functions --port N`: the phones' door on 127.0.0.1:N, and the functions that queues feed.

The environment names the AWS stand-in (AWS_ENDPOINT_URL and keys), as Lambda's own does; PODEMOS_PLATFORM overrides
names.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading

import boto3

from local.functions.gateway import Gateway
from local.functions.instances import Function
from local.functions.poller import Poller
from podemos.contracts.mobile import ingest_environment, process_environment
from podemos.contracts.platform import platform

CONCURRENCY = 8
PROCESS_SECONDS = 60.0
log = logging.getLogger("local.functions")


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--pollers", type=int, default=2)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    names = platform(os.environ.get("PODEMOS_PLATFORM"))
    os.environ |= ingest_environment(names) | process_environment(names)
    stop = threading.Event()
    process = Function("process_events", given.pollers, PROCESS_SECONDS)
    pollers = [Poller(boto3.client("sqs"), names.mobile.inbox_queue, process) for _ in range(given.pollers)]
    threads = [threading.Thread(target=poller.run, args=(stop,)) for poller in pollers]
    gateway = Gateway(given.port, Function("ingest", CONCURRENCY, 30.0))

    def end(_signal: int, _frame: object) -> None:
        stop.set()
        threading.Thread(target=gateway.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    for thread in threads:
        thread.start()
    log.info("the phones' door is http://127.0.0.1:%s/v1", given.port)
    gateway.serve_forever(poll_interval=0.1)
    gateway.server_close()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
