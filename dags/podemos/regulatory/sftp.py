"""Delivers by SFTP: every file under a passing name, then renamed; the manifest last, so that it commits there too."""

from __future__ import annotations

import hashlib
import io
import socket
from typing import Any

from podemos.contracts.delivery import Sftp
from podemos.core.errors import ContractViolation, SourceUnavailable
from podemos.regulatory.channels import Answer, Parcel
from podemos.regulatory.versions import MANIFEST

TIMEOUT_SECONDS = 30


def upload(channel: Sftp, parcel: Parcel, private_key: str) -> Answer:
    """Uploads the version to `<folder>/<day>/v<N>/` and reads its manifest back.

    An upload that was cut is done again over its own files. The server's key is the configured one, or nothing is sent.

    Args:
        channel: the server.
        parcel: the version.
        private_key: of the user, PEM.

    Raises:
        SourceUnavailable: the server does not answer, is another one, or does not take the files as they are.
        ContractViolation: a key is not one.
    """
    import paramiko

    user_key, host_key = _private_key(private_key, channel), _host_key(channel)
    target = f"{channel.folder.rstrip('/')}/{parcel.manifest['business_date']}/v{parcel.manifest['version']}"
    address = f"sftp://{channel.user}@{channel.host}:{channel.port}{target}"
    try:
        with (
            socket.create_connection((channel.host, channel.port), timeout=TIMEOUT_SECONDS) as link,
            paramiko.Transport(link) as transport,
        ):
            transport.connect(hostkey=host_key, username=channel.user, pkey=user_key)
            sftp = transport.open_sftp_client()
            sftp.get_channel().settimeout(TIMEOUT_SECONDS)
            _make_folders(sftp, target)
            sizes = {}
            for name in sorted(parcel.names(), key=lambda name: (name == MANIFEST, name)):
                with parcel.reports.open(parcel.folder + name) as file:
                    sizes[name] = sftp.putfo(file, f"{target}/{name}.part", confirm=True).st_size
                sftp.posix_rename(f"{target}/{name}.part", f"{target}/{name}")
            with sftp.open(f"{target}/{MANIFEST}") as file:
                digest = hashlib.sha256(file.read()).hexdigest()
    except (OSError, paramiko.SSHException, EOFError) as error:
        raise SourceUnavailable(f"delivery by {channel.name} to {address}: {error}") from error
    if digest != parcel.ref.sha256:
        raise SourceUnavailable(f"delivery by {channel.name}: {address}/{MANIFEST} reads back as SHA-256 {digest}")
    return Answer(address, {"bytes": sizes, "manifest_read_back": digest})


def _make_folders(sftp: Any, target: str) -> None:
    """Creates what is missing of the path."""
    path = ""
    for part in target.strip("/").split("/"):
        path += f"/{part}"
        try:
            sftp.stat(path)
        except FileNotFoundError:
            sftp.mkdir(path)


def _private_key(text: str, channel: Sftp) -> Any:
    import paramiko

    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text))
        except (paramiko.SSHException, ValueError):
            continue
    raise ContractViolation(
        f"secret {channel.secret}: no private key in PEM (Ed25519, ECDSA or RSA), without passphrase"
    )


def _host_key(channel: Sftp) -> Any:
    import paramiko

    try:
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{channel.host} {channel.host_key}")
    except (paramiko.SSHException, ValueError):
        entry = None
    if entry is None:
        raise ContractViolation(f"delivery.yaml: channel {channel.name}: host_key is no line of `ssh-keyscan`'s")
    return entry.key
