"""Commit by manifest."""

import pytest

from podemos.core.errors import AlreadyExists, DataFault, NotFound
from podemos.core.manifest import ManifestConflict, canonical, commit, commit_first, read, read_ref
from podemos.core.store import MemoryStore


def test_the_byte_form_is_one() -> None:
    assert canonical({"b": 1, "a": "ñ"}) == '{"a":"ñ","b":1}\n'.encode()
    assert canonical({"a": "ñ", "b": 1}) == canonical({"b": 1, "a": "ñ"})


def test_a_float_is_refused_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"totals\[1\].cents"):
        canonical({"totals": [{"cents": 1}, {"cents": 1.5}]})


def test_the_same_commit_twice_is_one_and_another_is_refused() -> None:
    store = MemoryStore()
    first = commit(store, "m/1.json", {"a": 1})
    assert commit(store, "m/1.json", {"a": 1}) == first
    with pytest.raises(ManifestConflict, match="m/1.json"):
        commit(store, "m/1.json", {"a": 2})
    assert read(store, "m/1.json") == ({"a": 1}, first)


def test_of_two_different_commits_the_first_stands() -> None:
    store = MemoryStore()
    ref, document, created = commit_first(store, "m/1.json", {"a": 1})
    assert created
    assert commit_first(store, "m/1.json", {"a": 2}) == (ref, document, False)


def test_a_changed_manifest_is_named() -> None:
    store = MemoryStore()
    ref = commit(store, "m/1.json", {"a": 1})
    store.replace("m/1.json", b'{"a":2}\n')
    with pytest.raises(DataFault, match="m/1.json was changed"):
        read_ref(store, ref)


def test_what_is_missing_or_not_json_is_named() -> None:
    store = MemoryStore()
    with pytest.raises(NotFound, match="s3://memory/m/1.json"):
        read(store, "m/1.json")
    store.put_new("m/2.json", b"{")
    with pytest.raises(DataFault, match="m/2.json is not JSON"):
        read(store, "m/2.json")
    with pytest.raises(AlreadyExists):
        store.put_new("m/2.json", b"{}")
