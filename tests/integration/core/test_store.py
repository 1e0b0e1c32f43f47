"""One set of promises, kept by S3 and by memory alike."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from podemos.core.errors import AlreadyExists, NotFound
from podemos.core.store import MemoryStore, ObjectStore, S3Store


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Store]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="lake")
        client.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
        yield S3Store(client, "lake")


@pytest.fixture(params=["s3", "memory"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    return request.getfixturevalue("s3") if request.param == "s3" else MemoryStore("lake")


def test_an_object_is_created_once(store: ObjectStore, tmp_path: Path) -> None:
    store.put_new("a/1", b"one")
    file = tmp_path / "x"
    file.write_bytes(b"two")
    with pytest.raises(AlreadyExists, match="s3://lake/a/1"):
        store.put_new("a/1", b"two")
    with pytest.raises(AlreadyExists):
        store.put_file("a/1", file)
    store.put_file("a/2", file)
    assert (store.get("a/1"), store.get("a/2")) == (b"one", b"two")


def test_listing_is_in_key_order_after_a_key(store: ObjectStore) -> None:
    for key in ("p/b", "p/a", "q/a", "p/c"):
        store.put_new(key, b"x")
    assert [o.key for o in store.list("p/")] == ["p/a", "p/b", "p/c"]
    assert [o.key for o in store.list("p/", start_after="p/a")] == ["p/b", "p/c"]


def test_versions_are_kept_and_readable(store: ObjectStore) -> None:
    store.put_new("k", b"first")
    first = store.head("k")
    assert first is not None and first.size == 5
    store.replace("k", b"second")
    second = store.head("k")
    assert second is not None and second.version != first.version
    assert store.get("k", first.version) == b"first"
    assert store.get("k") == b"second"


def test_a_range_is_a_slice(store: ObjectStore) -> None:
    store.put_new("k", b"0123456789")
    assert [store.get_range("k", *asked) for asked in ((0, 4), (4, 1), (8, 100))] == [b"0123", b"4", b"89"]


def test_what_is_not_there_is_said(store: ObjectStore) -> None:
    assert store.head("none") is None
    with pytest.raises(NotFound, match="s3://lake/none"):
        store.get("none")
    with pytest.raises(NotFound, match="s3://lake/none"):
        store.get_range("none", 0, 1)


def test_of_sixteen_writers_one_wins(s3: S3Store) -> None:
    won: list[int] = []

    def write(number: int) -> None:
        with contextlib.suppress(AlreadyExists):
            s3.put_new("race", b"%d" % number)
            won.append(number)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [b"%d" % number for number in won] == [s3.get("race")]
