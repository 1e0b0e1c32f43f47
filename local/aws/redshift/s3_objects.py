"""The S3 side of COPY and UNLOAD: listing, manifests, downloads to a scratch folder and uploads, through boto3."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws.redshift.errors import RedshiftError


@dataclass(frozen=True)
class Fetched:
    """An object and its copy on disk."""

    uri: str
    path: Path
    size: int


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`.

    Raises:
        RedshiftError: not an S3 address.
    """
    if not uri.startswith("s3://") or "/" not in uri[5:]:
        raise RedshiftError(
            f"ERROR: '{uri}' is not an S3 path (s3://bucket/prefix); the local Redshift copies from S3 only"
        )
    bucket, key = uri[5:].split("/", 1)
    return bucket, key


class Objects:
    """Objects of the S3 endpoint."""

    def __init__(self, endpoint: str) -> None:
        """Talk to `endpoint` with path addressing; credentials are the local stand-in's dummies."""
        self._s3: Any = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - the stand-in checks no credentials
            config=Config(s3={"addressing_style": "path"}, max_pool_connections=16),
        )

    def list(self, prefix: str) -> list[tuple[str, int]]:
        """Address and size of each object under the prefix, in key order.

        Raises:
            RedshiftError: the bucket does not exist.
        """
        bucket, key = split_uri(prefix)
        try:
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
            return [(f"s3://{bucket}/{o['Key']}", o["Size"]) for page in pages for o in page.get("Contents", [])]
        except ClientError as error:
            raise RedshiftError(
                f"ERROR: S3ServiceException: {error.response['Error']['Message']}: bucket {bucket}"
            ) from error

    def copy_sources(self, source: str, manifest: bool) -> list[str]:
        """The objects a COPY loads: all under the prefix, or those that the manifest names.

        Raises:
            RedshiftError: nothing under the prefix, no such manifest, a mandatory file is missing.
        """
        if not manifest:
            found = [uri for uri, size in self.list(source) if size and not uri.endswith("/")]
            if not found:
                raise RedshiftError(
                    f"ERROR: The specified S3 prefix '{split_uri(source)[1]}' does not exist ({source})"
                )
            return found
        try:
            entries = json.loads(self.get(source))["entries"]
            wanted = [(entry["url"], bool(entry.get("mandatory", False))) for entry in entries]
        except (ValueError, KeyError, TypeError) as error:
            raise RedshiftError(f"ERROR: manifest {source} is not valid: {type(error).__name__} {error}") from error
        present = [url for url, mandatory in wanted if self._exists(url, mandatory)]
        if not present:
            raise RedshiftError(f"ERROR: manifest {source} names no existing file")
        return present

    def _exists(self, uri: str, mandatory: bool) -> bool:
        bucket, key = split_uri(uri)
        try:
            self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if mandatory:
                raise RedshiftError(
                    f"ERROR: Problem reading manifest file - mandatory file {uri} does not exist"
                ) from error
            return False
        return True

    def get(self, uri: str) -> bytes:
        """The object's bytes (manifests only; data goes through `fetch`)."""
        bucket, key = split_uri(uri)
        try:
            body: bytes = self._s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise RedshiftError(f"ERROR: S3ServiceException: {error.response['Error']['Message']}: {uri}") from error
        return body

    def fetch(self, uris: list[str], folder: Path) -> list[Fetched]:
        """Copy the objects to numbered files of the folder, four at a time."""

        def one(numbered: tuple[int, str]) -> Fetched:
            number, uri = numbered
            path = folder / f"{number:06d}"
            bucket, key = split_uri(uri)
            try:
                self._s3.download_file(bucket, key, str(path))
            except ClientError as error:
                raise RedshiftError(
                    f"ERROR: S3ServiceException: {error.response['Error']['Message']}: {uri}"
                ) from error
            return Fetched(uri, path, path.stat().st_size)

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(one, enumerate(uris)))

    def put_file(self, path: Path, uri: str) -> None:
        """Upload a file."""
        self._s3.upload_file(str(path), *split_uri(uri))

    def put(self, body: bytes, uri: str) -> None:
        """Upload a few bytes."""
        bucket, key = split_uri(uri)
        self._s3.put_object(Bucket=bucket, Key=key, Body=body)

    def delete(self, uris: list[str]) -> None:
        """Delete objects."""
        for uri in uris:
            bucket, key = split_uri(uri)
            self._s3.delete_object(Bucket=bucket, Key=key)
