"""Object Lock as a regulator expects it: retention only grows, and every new version has the bucket's default."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.s3.exceptions import AccessDeniedByLock, InvalidArgumentError, MalformedXML
from moto.s3.models import FakeKey, S3Backend
from moto.s3.responses import S3Response

from local.aws import patching


def install() -> None:
    """Patch PutObjectRetention, GetObjectRetention and the default retention of multipart uploads and copies."""
    _keep_retention()
    _show_retention()
    _apply_default_to_every_write()
    _let_copies_in()


def _keep_retention() -> None:
    put_object_retention = S3Response.put_object_retention

    @functools.wraps(put_object_retention)
    def guarded(self: Any) -> Any:
        key = self.backend.get_object(self.bucket_name, self.parse_key_name(), self._get_param("versionId"))
        if isinstance(key, FakeKey):
            mode, until = self._mode_until_from_body()
            bypass = str(self.headers.get("x-amz-bypass-governance-retention", "")).lower() == "true"
            _check_change(key, mode, until, bypass=bypass)
        return put_object_retention(self)

    patching.replace(S3Response, "put_object_retention", guarded)


def _check_change(key: FakeKey, mode: str | None, until: str | None, *, bypass: bool) -> None:
    """Refuse what AWS refuses.

    Raises:
        MalformedXML: mode without date or the reverse.
        InvalidArgumentError: a date in the past.
        AccessDeniedByLock: a COMPLIANCE lock made weaker, or a GOVERNANCE lock without the bypass header.
    """
    if (mode is None) != (until is None):
        raise MalformedXML
    if until is not None and _instant(until) <= datetime.now(UTC):
        raise InvalidArgumentError("The retain until date must be in the future!", name="RetainUntilDate", value=until)
    if not key.lock_mode or not key.lock_until or _instant(key.lock_until) <= datetime.now(UTC):
        return
    shorter = until is None or _instant(until) < _instant(key.lock_until)
    if key.lock_mode == "COMPLIANCE" and (shorter or mode != "COMPLIANCE"):
        raise AccessDeniedByLock
    if key.lock_mode == "GOVERNANCE" and shorter and not bypass:
        raise AccessDeniedByLock


def _show_retention() -> None:
    key_response_get = S3Response._key_response_get

    @functools.wraps(key_response_get)
    def with_retention(self: Any, query: dict[str, Any], key_name: str) -> Any:
        if "retention" not in query:
            return key_response_get(self, query, key_name)
        key, _ = self._get_key()
        if not key.lock_mode:
            return 404, {"Content-Type": "application/xml"}, _NO_RETENTION
        self.data["Action"] = "GetObjectRetention"
        return self.serialized(
            ActionResult({"Retention": {"Mode": key.lock_mode, "RetainUntilDate": _instant(key.lock_until)}})
        )

    patching.replace(S3Response, "_key_response_get", with_retention)


_NO_RETENTION = (
    "<Error><Code>NoSuchObjectLockConfiguration</Code>"
    "<Message>The specified object does not have a ObjectLock configuration</Message></Error>"
)


def _let_copies_in() -> None:
    """A copy has no body, so AWS asks no digest of it; moto does when the bucket has a default retention."""
    key_response_put = S3Response._key_response_put

    @functools.wraps(key_response_put)
    def with_copies(self: Any, query: dict[str, Any], key_name: str) -> Any:
        if "x-amz-copy-source" not in self.headers or "uploadId" in query:
            return key_response_put(self, query, key_name)
        self._set_action("KEY", "PUT", query)
        self._authenticate_and_authorize_s3_action(bucket_name=self.bucket_name, key_name=key_name)
        return self.copy_object()

    patching.replace(S3Response, "_key_response_put", with_copies)


def _apply_default_to_every_write() -> None:
    put_object = S3Backend.put_object

    @functools.wraps(put_object)
    def with_default(self: Any, bucket_name: str, *given: Any, **named: Any) -> FakeKey:
        bucket = self.get_bucket(bucket_name)
        if named.get("lock_mode") is None and bucket.has_default_lock:
            named |= {"lock_mode": bucket.default_lock_mode, "lock_until": bucket.default_retention()}
        return put_object(self, bucket_name, *given, **named)

    patching.replace(S3Backend, "put_object", with_default)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
