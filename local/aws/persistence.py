"""The AWS state across a restart: one file, written on SIGTERM, read once at the next start.

Moto keeps everything in memory. Its backends pickle once three things are handled: a backend another backend points to
stays the live one, locks are made anew, private keys travel as DER. The file is renamed as soon as it was read: after a
`kill -9` the server starts empty rather than with a lake older than the warehouse.
"""

from __future__ import annotations

import logging
import pickle
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import moto
import moto.backends
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from moto.core.base_backend import BaseBackend
from moto.s3.utils import _VersionedKeyStore

SERVICES = ("cloudwatch", "dynamodb", "events", "glue", "iam", "kms", "logs", "s3", "secretsmanager", "sns", "sqs")
_FORMAT = 1
_STAMP = {"format": _FORMAT, "moto": moto.__version__, "python": sys.version_info[:2], "services": SERVICES}
_FILE = "state.pickle"

log = logging.getLogger(__name__)
Address = tuple[str, str, str]  # service, account, region


def save(home: Path) -> None:
    """Write the state of SERVICES to `home`, whole or not at all. Nothing may change it meanwhile."""
    draft = home / f"{_FILE}.draft"
    with draft.open("wb") as file:
        _Pickler(file).dump(_STAMP)
        _Pickler(file).dump([(address, vars(backend)) for address, backend in _live()])
    draft.replace(home / _FILE)
    log.info("state written: %s bytes", (home / _FILE).stat().st_size)


def restore(home: Path) -> bool:
    """Read the state back and put the file aside. False when there is none, or it is of another moto or Python."""
    path = home / _FILE
    if not path.exists():
        return False
    with path.open("rb") as file:
        stamp = pickle.load(file)  # noqa: S301  we wrote it
        if stamp != _STAMP:
            log.warning("%s is of %s, this is %s: starting empty", path, stamp, _STAMP)
            path.replace(path.with_suffix(".other-version"))
            return False
        states: list[tuple[Address, dict[str, Any]]] = _Unpickler(file).load()
    for (service, account, region), state in states:
        backend = moto.backends.get_backend(service)[account][region]  # type: ignore[call-overload]
        vars(backend).clear()
        vars(backend).update(state)
    path.replace(path.with_suffix(".last-read"))
    log.info("state of %s backends read", len(states))
    return True


def _live() -> Iterator[tuple[Address, BaseBackend]]:
    for service in SERVICES:
        accounts: Any = moto.backends.get_backend(service)  # type: ignore[call-overload]
        for account in list(accounts):
            for region in list(accounts[account]):
                yield (service, account, region), accounts[account][region]


class _Pickler(pickle.Pickler):
    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, protocol=5)
        self._addresses = {id(backend): address for address, backend in _live()}

    def persistent_id(self, obj: Any) -> Address | None:
        return self._addresses.get(id(obj)) if isinstance(obj, BaseBackend) else None

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, _LOCK):
            return threading.Lock, ()
        if isinstance(obj, _RLOCK):
            return threading.RLock, ()
        if type(obj) is _VersionedKeyStore:  # its items() shows the last version only
            return _key_store, (list(dict.items(obj)),)
        if isinstance(obj, EllipticCurvePrivateKey | RSAPrivateKey | Ed25519PrivateKey):
            der = obj.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            return _private_key, (der,)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, address: Any) -> BaseBackend:
        service, account, region = address
        backend: BaseBackend = moto.backends.get_backend(service)[account][region]
        return backend


def _key_store(versions: list[tuple[str, list[Any]]]) -> _VersionedKeyStore:
    store = _VersionedKeyStore()
    for name, kept in versions:
        dict.__setitem__(store, name, kept)
    return store


def _private_key(der: bytes) -> Any:
    """A top-level function of ours: cryptography's own can not be pickled by name."""
    return serialization.load_der_private_key(der, password=None)


_LOCK = type(threading.Lock())
_RLOCK = type(threading.RLock())
