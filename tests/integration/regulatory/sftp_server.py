"""An SFTP server over one folder of this machine: paramiko's own server side, one user with one key."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paramiko


class _Login(paramiko.ServerInterface):
    def __init__(self, key: paramiko.PKey) -> None:
        self._key = key

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        known = username == "podemos" and key == self._key
        return paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server: Any, *, root: Path, log: list[str]) -> None:
        super().__init__(server)
        self._root, self._log = root, log

    def _path(self, path: str) -> Path:
        return self._root / path.lstrip("/")

    def stat(self, path: str) -> Any:
        try:
            return paramiko.SFTPAttributes.from_stat(self._path(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    lstat = stat

    def mkdir(self, path: str, attr: Any) -> int:
        self._path(path).mkdir()
        return paramiko.SFTP_OK

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        self._path(oldpath).replace(self._path(newpath))
        self._log.append(newpath)
        return paramiko.SFTP_OK

    def open(self, path: str, flags: int, attr: Any) -> Any:
        file = os.fdopen(os.open(self._path(path), flags, 0o600), "r+b" if flags & (os.O_WRONLY | os.O_RDWR) else "rb")
        handle = paramiko.SFTPHandle(flags)
        handle.readfile = handle.writefile = file
        handle.stat = lambda: paramiko.SFTPAttributes.from_stat(os.fstat(file.fileno()))
        return handle


@contextmanager
def sftp_server(root: Path, host_key: paramiko.PKey, user_key: paramiko.PKey) -> Iterator[tuple[int, list[str]]]:
    """Serves on a free port; the list fills with the names that files got, in order."""
    log: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                transport = paramiko.Transport(connection)
                transport.add_server_key(host_key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, root=root, log=log)
                try:
                    transport.start_server(server=_Login(user_key))
                except (paramiko.SSHException, EOFError):
                    transport.close()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], log
        listener.shutdown(socket.SHUT_RDWR)
