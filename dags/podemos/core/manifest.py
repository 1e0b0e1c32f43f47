"""Commit by manifest: a change of state is one small JSON object, created once and named by its content's SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podemos.core.errors import AlreadyExists, DataFault, PodemosError
from podemos.core.store import ObjectStore


class ManifestConflict(PodemosError):
    """A manifest exists under this key and says something else. It stands: read it instead of writing."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A manifest's key and the SHA-256 of its bytes: an edge of the lineage graph."""

    key: str
    sha256: str

    def to_dict(self) -> dict[str, str]:
        """JSON form."""
        return {"key": self.key, "sha256": self.sha256}


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one byte form of a document: sorted keys, no spaces, UTF-8, no floats, a final newline.

    Raises:
        ValueError: a float is in it.
    """
    _refuse_floats(document)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def sha256(data: bytes) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(data).hexdigest()


def commit(store: ObjectStore, key: str, document: Mapping[str, Any]) -> Ref:
    """Creates the manifest. The same content again is the same commit; other content is refused.

    Raises:
        ManifestConflict: a different manifest has this key.
    """
    data = canonical(document)
    try:
        store.put_new(key, data, "application/json")
    except AlreadyExists:
        if store.get(key) != data:
            raise ManifestConflict(f"{store.uri(key)} already holds another manifest; it stands") from None
    return Ref(key, sha256(data))


def commit_first(store: ObjectStore, key: str, document: Mapping[str, Any]) -> tuple[Ref, dict[str, Any], bool]:
    """Creates the manifest, or returns the one that was first: (ref, its content, whether this call created it)."""
    data = canonical(document)
    try:
        store.put_new(key, data, "application/json")
    except AlreadyExists:
        data = store.get(key)
        return Ref(key, sha256(data)), json.loads(data), False
    return Ref(key, sha256(data)), json.loads(data), True


def read(store: ObjectStore, key: str) -> tuple[dict[str, Any], Ref]:
    """A manifest and its reference.

    Raises:
        NotFound: there is none.
        DataFault: it is not JSON.
    """
    data = store.get(key)
    try:
        document = json.loads(data)
    except ValueError as error:
        raise DataFault(f"{store.uri(key)} is not JSON ({error}); restore it from its version history") from error
    return document, Ref(key, sha256(data))


def read_ref(store: ObjectStore, ref: Ref | Mapping[str, str]) -> dict[str, Any]:
    """A manifest that must be the very one referred to.

    Raises:
        DataFault: its bytes changed.
    """
    wanted = ref if isinstance(ref, Ref) else Ref(ref["key"], ref["sha256"])
    document, found = read(store, wanted.key)
    if found.sha256 != wanted.sha256:
        raise DataFault(f"{store.uri(wanted.key)} was changed: SHA-256 {found.sha256}, recorded {wanted.sha256}")
    return document


def _refuse_floats(document: Any) -> None:
    """Raises ValueError with the path of the first float."""
    left: list[tuple[Any, str]] = [(document, "")]
    while left:
        value, path = left.pop()
        kind = type(value)
        if kind is str or kind is int:  # nearly all of a manifest
            continue
        if isinstance(value, float):
            raise ValueError(f"a manifest holds no floats: {path} = {value}")
        if kind is dict or isinstance(value, Mapping):
            left += [(inner, f"{path}.{key}") for key, inner in value.items() if type(inner) is not str]
        elif isinstance(value, list | tuple):
            left += [(inner, f"{path}[{at}]") for at, inner in enumerate(value) if type(inner) is not str]
