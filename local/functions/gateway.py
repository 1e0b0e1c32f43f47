"""An API Gateway HTTP API on this machine: HTTP in, the event of payload 2.0 to the function, its answer out."""

from __future__ import annotations

import base64
import logging
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.functions.instances import Function

PAYLOAD_BYTES = 10_000_000
"""API Gateway's own limit."""
log = logging.getLogger(__name__)


class Gateway(ThreadingHTTPServer):
    """All routes to one function."""

    daemon_threads = True
    request_queue_size = 1024  # hundreds of phones come at once

    def __init__(self, port: int, function: Function) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.function = function


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: Gateway

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if self.headers.get("Transfer-Encoding") or not length.isdigit():
            self._answer(411, {}, b'{"message":"Length Required"}', close=True)
        elif int(length) > PAYLOAD_BYTES:
            self._answer(413, {}, b'{"message":"Request Too Long"}', close=True)
        else:
            self._invoke(self.rfile.read(int(length)))

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = _serve

    def _invoke(self, body: bytes) -> None:
        try:
            answer = self.server.function.invoke(self._event(body))
        except Exception:
            log.exception("%s %s", self.command, self.path)
            self._answer(500, {}, b'{"message":"Internal Server Error"}')
            return
        self._answer(answer["statusCode"], answer.get("headers", {}), answer.get("body", "").encode())

    def _event(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        return {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "requestContext": {
                "http": {
                    "method": self.command, "path": path, "protocol": self.request_version,
                    "sourceIp": self.client_address[0], "userAgent": self.headers.get("User-Agent", ""),
                },
                "stage": "$default",
                "timeEpoch": int(time.time() * 1000),
            },
            "body": base64.b64encode(body).decode(),
            "isBase64Encoded": True,
        }  # fmt: skip

    def _answer(self, status: int, headers: dict[str, str], body: bytes, *, close: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(body)))
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """No access log: the function writes its own."""
