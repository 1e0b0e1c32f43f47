"""The Redshift Data API over moto server: moto parses the requests and signs nothing, the statements really run."""

from __future__ import annotations

import json
import time
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.redshiftdata.responses import RedshiftDataAPIServiceResponse

from local.aws.redshift import parameters
from local.aws.redshift.column_types import from_duckdb_type
from local.aws.redshift.errors import InvalidRequest, Unsupported
from local.aws.redshift.executions import Execution, Executions, NotFound, Request, Submission, TooManyActive
from local.aws.redshift.text import as_text

PAGE_ROWS = 1000
MAX_SQL_BYTES = 200 * 1024
_TARGET = ("ClusterIdentifier", "WorkgroupName", "Database", "DbUser", "SecretArn")
_TYPE_NAMES = {
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "numeric": "numeric",
    "real": "float4",
    "double precision": "float8",
    "boolean": "bool",
    "character": "bpchar",
    "character varying": "varchar",
    "date": "date",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}


class DataApi:
    """The operations; each takes the request's fields and returns the answer's."""

    def __init__(self, executions: Executions) -> None:
        """Serve these executions."""
        self._executions = executions

    def execute(self, fields: dict[str, Any], batch: bool) -> dict[str, Any]:
        """ExecuteStatement and BatchExecuteStatement.

        Raises:
            InvalidRequest: as the service answers ValidationException.
        """
        sqls = fields.get("Sqls") if batch else [fields.get("Sql")]
        if not isinstance(sqls, list) or not sqls or not all(isinstance(s, str) and s.strip() for s in sqls):
            raise InvalidRequest("Sql must be a statement that is not empty")
        if len(sqls) > parameters.MAX_STATEMENTS:
            raise InvalidRequest(
                f"1 validation error detected: Value at 'sqls' failed to satisfy constraint: Member must have "
                f"length less than or "
                f"equal to {parameters.MAX_STATEMENTS} (got {len(sqls)} statements)"
            )
        for sql in sqls:
            if len(sql.encode()) > MAX_SQL_BYTES:
                raise InvalidRequest(f"Sql is longer than {MAX_SQL_BYTES} bytes")
            if "\x00" in sql:
                raise InvalidRequest("invalid byte sequence for encoding UTF8: 0x00 (NUL in the statement)")
        session_id = fields.get("SessionId")
        if sum(bool(fields.get(k)) for k in ("ClusterIdentifier", "WorkgroupName")) + bool(session_id) != 1:
            raise InvalidRequest("Exactly one of ClusterIdentifier, WorkgroupName or SessionId is required")
        if not session_id and not fields.get("Database"):
            raise InvalidRequest("Database is required")
        if fields.get("ResultFormat") not in (None, "JSON"):
            raise InvalidRequest("the local Redshift answers ResultFormat JSON only")
        values = parameters.validated(fields.get("Parameters"))
        parameters.check(sqls, values)
        request = Request(
            sqls,
            batch,
            values,
            {k: fields[k] for k in _TARGET if fields.get(k)},
            fields.get("StatementName") or "",
            fields.get("ClientToken") or "",
            fields.get("ExecutionMode") == "AUTO_COMMIT",
            session_id,
            int(fields.get("SessionKeepAliveSeconds") or 0),
            fields.get("Parameters") or (),
        )
        submission = self._executions.submit(request)
        submission.done.wait(min(30, int(fields.get("WaitTimeSeconds") or 0)))
        answer = {"Id": submission.head.id, "CreatedAt": submission.head.created, **submission.request.target}
        if submission.session_id:
            answer["SessionId"] = submission.session_id
        return answer

    def describe(self, fields: dict[str, Any]) -> dict[str, Any]:
        """DescribeStatement."""
        submission, execution = self._executions.get(str(fields.get("Id")))
        submission.done.wait(min(30, int(fields.get("WaitTimeSeconds") or 0)))
        request = submission.request
        answer: dict[str, Any] = {**_described(execution, submission), **request.target}
        if submission.session is not None:
            answer["RedshiftPid"] = submission.session.pid
        if submission.session_id:
            answer["SessionId"] = submission.session_id
        if request.raw_parameters:
            answer["QueryParameters"] = list(request.raw_parameters)
        if request.batch and execution is submission.head:
            answer["SubStatements"] = [_described(part, submission) for part in submission.parts]
            answer["HasResultSet"] = any(part["HasResultSet"] for part in answer["SubStatements"])
            if request.auto_commit:
                answer["ExecutionMode"] = "AUTO_COMMIT"
        return answer

    def result(self, fields: dict[str, Any]) -> dict[str, Any]:
        """GetStatementResult: 1,000 rows a page."""
        submission, execution = self._executions.get(str(fields.get("Id")))
        submission.done.wait(min(30, int(fields.get("WaitTimeSeconds") or 0)))
        if submission.request.batch and execution is submission.head:
            raise InvalidRequest(
                "Ask for the result of one statement of the batch: add its suffix, for example :1, to the Id"
            )
        result = execution.result
        if submission.head.status != "FINISHED" or result is None or result.columns is None:
            raise NotFound("Query does not have result. Please check query status with DescribeStatement.")
        try:
            start = int(fields.get("NextToken") or 0)
        except ValueError as error:
            raise InvalidRequest("NextToken is not valid") from error
        columns = result.columns
        numeric = [kind == "HUGEINT" for _, kind in columns]
        page = result.rows[start : start + PAGE_ROWS]
        answer: dict[str, Any] = {
            "ColumnMetadata": [_column(name, kind) for name, kind in columns],
            "Records": [[_field(value, text) for value, text in zip(row, numeric, strict=True)] for row in page],
            "TotalNumRows": len(result.rows),
        }
        if start + PAGE_ROWS < len(result.rows):
            answer["NextToken"] = str(start + PAGE_ROWS)
        return answer

    def cancel(self, fields: dict[str, Any]) -> dict[str, Any]:
        """CancelStatement."""
        return {"Status": self._executions.cancel(str(fields.get("Id")))}

    def list(self, fields: dict[str, Any]) -> dict[str, Any]:
        """ListStatements, newest first; StatementName is a prefix, Status defaults to FINISHED as in the service."""
        limit = int(fields.get("MaxResults") or 100)
        if not 0 <= limit <= 100:
            raise InvalidRequest("MaxResults is 0 to 100")
        status = fields.get("Status") or "FINISHED"
        name = fields.get("StatementName") or ""
        found = [
            s
            for s in self._executions.all()
            if s.request.name.startswith(name)
            and status in ("ALL", s.head.status)
            and all(not fields.get(k) or s.request.target.get(k) == fields[k] for k in _TARGET[:3])
        ]
        start = int(fields.get("NextToken") or 0)
        answer: dict[str, Any] = {"Statements": [_listed(s) for s in found[start : start + limit]]}
        if start + limit < len(found):
            answer["NextToken"] = str(start + limit)
        return answer


def _described(execution: Execution, submission: Submission) -> dict[str, Any]:
    result = execution.result if submission.head.status == "FINISHED" else None
    with_rows = result is not None and result.columns is not None
    rows = -1 if result is None else len(result.rows) if with_rows else result.affected
    duration = execution.duration
    if execution.status == "STARTED":
        duration = int((time.time() - execution.created) * 1e9)
    answer = {
        "Id": execution.id,
        "Status": execution.status,
        "QueryString": execution.sql,
        "CreatedAt": execution.created,
        "UpdatedAt": execution.updated,
        "Duration": duration,
        "HasResultSet": with_rows,
        "ResultRows": rows,
        "ResultSize": sum(len(str(v)) for r in (result.rows[:1000] if with_rows and result else ()) for v in r),
        "RedshiftQueryId": execution.query_id,
    }
    if execution.error:
        answer["Error"] = execution.error
    return answer


def _listed(submission: Submission) -> dict[str, Any]:
    head, request = submission.head, submission.request
    answer: dict[str, Any] = {
        "Id": head.id,
        "Status": head.status,
        "CreatedAt": head.created,
        "UpdatedAt": head.updated,
        "StatementName": request.name,
        "IsBatchStatement": request.batch,
        "QueryParameters": list(request.raw_parameters),
    }
    if request.batch:
        answer["QueryStrings"] = list(request.sqls)
    else:
        answer["QueryString"] = head.sql
    if submission.session_id:
        answer["SessionId"] = submission.session_id
    return answer


def _column(name: str, duckdb_type: str) -> dict[str, Any]:
    try:
        kind = from_duckdb_type(duckdb_type)
    except Unsupported:  # INTERVAL and the like are printed as text
        return {"name": name, "label": name, "typeName": duckdb_type.lower(), "nullable": 1}
    sizes = {"precision": kind.precision or kind.length or 0, "scale": kind.scale or 0, "length": kind.length or 0}
    return {
        "name": name,
        "label": name,
        "typeName": _TYPE_NAMES[kind.name],
        "nullable": 1,
        "isSigned": kind.name not in ("boolean", "date") and not kind.name.startswith(("character", "timestamp")),
        "isCaseSensitive": kind.name.startswith("character"),
        "isCurrency": False,
        "schemaName": "",
        "tableName": "",
        **sizes,
    }


def _field(value: Any, numeric: bool) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int) and not numeric:
        return {"longValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str | int | Decimal | date | datetime):
        return {"stringValue": as_text(value)}
    return {"stringValue": str(value)}


def patch(api: DataApi) -> None:
    """Put the operations in place of moto's."""
    operations = {
        "execute_statement": lambda fields: api.execute(fields, batch=False),
        "batch_execute_statement": lambda fields: api.execute(fields, batch=True),
        "describe_statement": api.describe,
        "get_statement_result": api.result,
        "cancel_statement": api.cancel,
        "list_statements": api.list,
    }
    for name, operation in operations.items():
        setattr(RedshiftDataAPIServiceResponse, name, _handler(operation))


def _handler(operation: Any) -> Any:
    def handle(response: RedshiftDataAPIServiceResponse) -> tuple[int, dict[str, Any], str]:
        try:
            return 200, {}, json.dumps(operation(json.loads(response.body or "{}")))
        except InvalidRequest as error:
            raise JsonRESTError("ValidationException", str(error)) from error
        except NotFound as error:
            raise JsonRESTError("ResourceNotFoundException", str(error)) from error
        except TooManyActive as error:
            raise JsonRESTError("ActiveStatementsExceededException", "500 statements are active already") from error

    return handle
