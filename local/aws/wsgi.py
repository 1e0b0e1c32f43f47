"""HTTP front of the server: keep-alive, one write per answer, a health route and no access log.

Werkzeug's own handler closes the connection after every answer and polls 10 ms for bytes nobody sent. Spark reading
hundreds of small objects feels both.
"""

from __future__ import annotations

import io
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

import moto.backends
from moto.moto_server import werkzeug_app
from werkzeug.serving import BaseWSGIServer, make_server

from local.aws import outages, patching

HEALTH_PATH = "/_local/health"  # "_local" can not be a bucket: names start with a letter or a digit
_S3_SCOPE = "/s3/aws4_request"
Headers = list[tuple[str, str]]
StartResponse = Callable[..., Any]

log = logging.getLogger(__name__)


class KeepAliveHandler(werkzeug_app.MotoRequestHandler):
    """Answers many requests on one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def run_wsgi(self) -> None:
        """Run the application on the request just parsed and write its answer in one piece."""
        environ = self.make_environ()
        unread = self._bound_input(environ)
        status, headers, body = self._call(environ)
        if unread is not None:
            unread.drain()
        else:
            self.close_connection = True
        self._answer(status, headers, body, is_head=environ["REQUEST_METHOD"] == "HEAD")

    def _bound_input(self, environ: dict[str, Any]) -> _Body | None:
        """Stop the application from reading into the next request. None when the length is not known beforehand."""
        if environ.get("wsgi.input_terminated"):  # Transfer-Encoding: chunked
            return None
        body = _Body(self.rfile, int(self.headers.get("Content-Length") or 0))
        environ["wsgi.input"] = io.BufferedReader(body)
        return body

    def _call(self, environ: dict[str, Any]) -> tuple[str, Headers, bytes]:
        answered: list[tuple[str, Headers]] = []

        def start_response(status: str, headers: Headers, exc_info: object = None) -> Callable[[bytes], object]:
            answered.append((status, headers))
            return _no_write

        try:
            chunks: Iterable[bytes] = self.server.app(environ, start_response)
            try:
                body = b"".join(chunks)
            finally:
                close = getattr(chunks, "close", None)
                if close is not None:
                    close()
        except Exception:
            log.exception("%s %s", environ["REQUEST_METHOD"], self.path)
            text = b"local.aws: internal error, see its log"
            return "500 Internal Server Error", [("Content-Type", "text/plain")], text
        status, headers = answered[-1]
        return status, headers, body

    def _answer(self, status: str, headers: Headers, body: bytes, *, is_head: bool) -> None:
        code = int(status.split(None, 1)[0])
        lines = [f"HTTP/1.1 {status}", f"Date: {self.date_time_string()}"]
        lines += [f"{name}: {value}" for name, value in headers if is_head or name.lower() != "content-length"]
        if not is_head and code not in (204, 304):
            lines.append(f"Content-Length: {len(body)}")
        if self.close_connection:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        if is_head or code in (204, 304):
            body = b""
        if len(body) <= 65536:
            self.wfile.write(head + body)
        else:
            self.wfile.write(head)
            self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """No access log: at 500 requests a second it would be most of the work."""


def _no_write(data: bytes) -> None:
    raise NotImplementedError("no application of ours uses WSGI's write()")


class _Body(io.RawIOBase):
    """The request's body: exactly `length` bytes of the connection."""

    def __init__(self, source: Any, length: int) -> None:
        self._source, self._left = source, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left <= 0:
            return 0
        data = self._source.read(min(len(buffer), self._left))
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)

    def drain(self) -> None:
        """Read what the application left, so that the next request starts where it should."""
        while self._left > 0:
            data = self._source.read(min(self._left, 1 << 20))
            if not data:
                return
            self._left -= len(data)


class _Dispatcher(werkzeug_app.DomainDispatcherApplication):
    """Moto's dispatcher, which reads a folder and tries 200 patterns on every request; this one does once a host."""

    _MODULES = frozenset(moto.backends.list_of_moto_modules())

    def __init__(self) -> None:
        super().__init__(werkzeug_app.create_backend_app)
        patching.replace(werkzeug_app, "DISABLE_GLOBAL_CORS", True)  # no browser calls this server
        self._backend_of: dict[str, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """The name of the moto module that answers for `host`."""
        if host is None or host == "moto_api" or host in self._MODULES:
            return host
        if host not in self._backend_of:
            self._backend_of[host] = super().get_backend_for_host(host)
        return self._backend_of[host]


class Application:
    """Moto's dispatcher, with the routes of health and of outages before it."""

    def __init__(self, health: dict[str, object]) -> None:
        self._moto = _Dispatcher()
        self._health = health
        self._outages = outages.Outages()
        self._closed = False
        self._running = 0
        self._s3_requests = 0
        self._idle = threading.Condition()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer `/_local/…` here, everything else in moto unless its service has an outage; 503 once closed."""
        with self._idle:
            if self._closed:
                start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
                return [b"local.aws is stopping"]
            self._running += 1
            self._s3_requests += _S3_SCOPE in environ.get("HTTP_AUTHORIZATION", "")
        try:
            if environ.get("PATH_INFO") == HEALTH_PATH:
                start_response("200 OK", [("Content-Type", "application/json")])
                return [json.dumps({"status": "ok", **self._health, "s3_requests": self._s3_requests}).encode()]
            if environ.get("PATH_INFO", "").startswith(outages.PATH):
                return self._outages.administer(environ, start_response)
            refusal = self._outages.answer(environ, start_response)
            return list(self._moto(environ, start_response)) if refusal is None else refusal
        finally:
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def close(self, wait_seconds: float) -> None:
        """Take no more requests (kept-alive connections would go on) and let the running ones end."""
        with self._idle:
            self._closed = True
            self._idle.wait_for(lambda: self._running == 0, timeout=wait_seconds)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket.

    Raises:
        OSError: the port is taken or not permitted.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener


def server_on(listener: socket.socket, application: Application) -> BaseWSGIServer:
    """A threaded server on a bound socket."""
    host, port = listener.getsockname()
    return make_server(host, port, application, threaded=True, request_handler=KeepAliveHandler, fd=listener.fileno())
