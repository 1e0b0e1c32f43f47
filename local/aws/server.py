"""The process: bind, patch moto, read the last state back, serve, and on SIGTERM stop the jobs and write the state."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from local.aws import glue, persistence, redshift, s3, wsgi
from local.aws.options import ServerOptions

log = logging.getLogger(__name__)


class CanNotStart(Exception):
    """The port or the home folder belongs to another process; the message says which and what to do."""


def serve(options: ServerOptions) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        CanNotStart: the port or the home folder is in use; nothing was started or changed.
    """
    try:
        listener = wsgi.bind(options.host, options.port)
    except OSError as error:
        raise CanNotStart(
            f"local.aws: can not listen on {options.host}:{options.port}: {error.strerror}. "
            f"Stop the other process or choose another port with --port."
        ) from error
    with listener, _home_of_our_own(options.home):
        _serve(options, listener)


def _serve(options: ServerOptions, listener: socket.socket) -> None:
    _log_to(options)
    os.environ["MOTO_PORT"] = str(options.port)  # moto calls itself back through it (S3 notifications)
    s3.install()
    glue.install(options)
    redshift.install(options.home, options.endpoint)
    restored = options.persist and persistence.restore(options.home)
    health = {"endpoint": options.endpoint, "pid": os.getpid(), "restored": restored}
    application = wsgi.Application(health)
    server = wsgi.server_on(listener, application)
    _stop_on_signals(server.shutdown)
    log.info("listening on %s, pid %s, home %s", options.endpoint, os.getpid(), options.home)
    server.serve_forever(poll_interval=0.1)
    glue.stop_all()
    application.close(wait_seconds=3.0)
    if options.persist:
        persistence.save(options.home)
    log.info("stopped")


@contextmanager
def _home_of_our_own(home: Path) -> Iterator[None]:
    """Hold the folder: two servers would overwrite each other's state. The lock dies with its process."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "server.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CanNotStart(
                f"local.aws: another server uses {home}. Stop it or choose another folder with --home."
            ) from error
        yield


def _stop_on_signals(shutdown: Callable[[], None]) -> None:
    def stop(signum: int, frame: FrameType | None) -> None:
        log.info("signal %s: stopping", signum)
        threading.Thread(target=shutdown, daemon=True).start()  # shutdown() waits for the loop this handler interrupts

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _log_to(options: ServerOptions) -> None:
    logging.basicConfig(
        filename=options.home / "server.log",
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
        force=True,
    )
    for chatty in ("botocore", "boto3", "urllib3", "werkzeug", "s3transfer"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    print(f"local.aws: {options.endpoint}, log {options.home / 'server.log'}", file=sys.stderr, flush=True)
