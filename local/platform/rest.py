"""Airflow's REST API v2, as far as the local platform needs it."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import Any

TIMEOUT_SECONDS = 30.0


class AirflowRefused(RuntimeError):
    """The API answered with an error; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class AirflowDown(RuntimeError):
    """The API did not answer."""


class Airflow:
    """One Airflow, spoken to as its administrator, or as whom `token` says."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self._url = url
        self._token = token
        # Never through a proxy: it is this machine.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def health(self) -> dict[str, str]:
        """State of each component, for example `{"scheduler": "healthy"}`.

        Raises:
            AirflowDown: no answer yet.
        """
        answer = self._send("GET", "/api/v2/monitor/health", authorised=False)
        return {part: str((about or {}).get("status")) for part, about in answer.items()}

    def get(self, path: str, **query: Any) -> Any:
        """GET below /api/v2."""
        return self._send("GET", f"/api/v2{path}", query=query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST below /api/v2."""
        return self._send("POST", f"/api/v2{path}", body=body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        """PATCH below /api/v2."""
        return self._send("PATCH", f"/api/v2{path}", body=body)

    def trigger(self, dag_id: str, conf: Mapping[str, Any]) -> str:
        """Start a run; returns its id."""
        answer = self.post(f"/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": dict(conf)})
        return str(answer["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """State of one run."""
        found: dict[str, Any] = self.get(f"/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}")
        return found

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """All task instances of a run, mapped ones singly."""
        found: list[dict[str, Any]] = []
        while True:
            path = f"/dags/{dag_id}/dagRuns/{urllib.parse.quote(run_id, safe='')}/taskInstances"
            page = self.get(path, limit=100, offset=len(found))
            found += page["task_instances"]
            if len(found) >= page["total_entries"] or not page["task_instances"]:
                return found

    def xcom(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1, key: str = "return_value") -> Any:
        """A task's value; None when it has none."""
        run = urllib.parse.quote(run_id, safe="")
        path = f"/dags/{dag_id}/dagRuns/{run}/taskInstances/{task_id}/xcomEntries/{key}"
        try:
            return self.get(path, map_index=map_index)["value"]
        except AirflowRefused as refused:
            if refused.status == 404:
                return None
            raise

    def events(self, dag_id: str, run_id: str, task_id: str, attempt: int, map_index: int = -1) -> list[dict[str, Any]]:
        """A task's log, one structured event each."""
        run = urllib.parse.quote(run_id, safe="")
        path = f"/dags/{dag_id}/dagRuns/{run}/taskInstances/{task_id}/logs/{attempt}"
        content = self.get(path, map_index=map_index, full_content="true")["content"]
        return [event if isinstance(event, dict) else {"event": str(event)} for event in content]

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        authorised: bool = True,
        again: bool = True,
    ) -> Any:
        url = self._url + path + (f"?{urllib.parse.urlencode(query)}" if query else "")
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if authorised:
            headers["Authorization"] = f"Bearer {self.token()}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 - http, this machine
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                content = answer.read()
                return json.loads(content) if content else None
        except urllib.error.HTTPError as error:
            if error.code == 401 and authorised and again:
                self._token = None
                return self._send(method, path, body=body, query=query, again=False)
            raise AirflowRefused(error.code, f"{method} {path}: {error.code} {_detail(error)}") from None
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            raise AirflowDown(f"Airflow at {self._url} does not answer: {error}") from None

    def token(self) -> str:
        """The API token; of the administrator unless another one was given."""
        if self._token is None:
            self._token = str(self._send("GET", "/auth/token", authorised=False)["access_token"])
        return self._token


def _detail(error: urllib.error.HTTPError) -> str:
    text = error.read().decode(errors="replace")
    try:
        return str(json.loads(text).get("detail", text))
    except ValueError:
        return text[:500]
