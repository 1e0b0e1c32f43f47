"""The AWS operations that the code calls, found in its syntax and held to botocore's models of the services."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import botocore.loaders
from botocore import xform_name

ROOT = Path(__file__).resolve().parents[2]
SENT_FROM = ("dags", "plugins", "include")
"""What runs in the account. `local/` speaks to the stand-in, `infra/` through CloudFormation."""
SERVICES = (
    "cloudwatch", "dynamodb", "ecs", "events", "glue", "kms", "lambda", "logs", "mwaa", "redshift-data", "s3",
    "scheduler", "secretsmanager", "ses", "sns", "sqs", "ssm", "stepfunctions", "sts",
)  # fmt: skip
_BY_NAME = {"get_paginator", "get_waiter", "_call", "can_paginate", "generate_presigned_url"}
"""Functions whose first argument is the operation's name."""


@dataclass
class Call:
    """One operation.

    Attributes:
        parameters: those that the code names; a call may pass more by ``**``.
        places: files, relative to the checkout.
    """

    service: str
    operation: str
    parameters: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)


@cache
def operations(service: str) -> Mapping[str, tuple[str, frozenset[str], frozenset[str]]]:
    """Python name -> API name, parameters, required ones: botocore's model of the service, which AWS publishes."""
    model: dict[str, Any] = botocore.loaders.Loader().load_service_model(service, "service-2")
    found = {}
    for name, about in model["operations"].items():
        shape = model["shapes"][about["input"]["shape"]] if "input" in about else {}
        found[xform_name(name)] = (name, frozenset(shape.get("members", ())), frozenset(shape.get("required", ())))
    return found


@cache
def tree(path: Path) -> ast.Module:
    """A file's syntax, parsed once."""
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(files: Iterable[Path] | None = None) -> dict[tuple[str, str], Call]:
    """(service, operation) -> the call, over all files that are sent."""
    found: dict[tuple[str, str], Call] = {}
    for path in files if files is not None else python_files():
        for service, operation, parameters in _calls(tree(path)):
            call = found.setdefault((service, operation), Call(service, operation))
            call.parameters |= parameters
            call.places.add(str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name)
    return dict(sorted(found.items()))


def python_files() -> list[Path]:
    """Every Python file that runs in the account."""
    return sorted(path for folder in SENT_FROM for path in (ROOT / folder).rglob("*.py"))


def provider_classes() -> dict[str, set[str]]:
    """Class of Airflow's amazon provider -> the files that import it: they call AWS for us."""
    found: dict[str, set[str]] = {}
    for path in python_files():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("airflow.providers.amazon"):
                for name in node.names:
                    found.setdefault(name.name, set()).add(str(path.relative_to(ROOT)))
    return dict(sorted(found.items()))


def _calls(tree: ast.AST) -> Iterator[tuple[str, str, set[str]]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        keywords = {keyword.arg for keyword in node.keywords if keyword.arg}
        whole = all(keyword.arg for keyword in node.keywords)  # nothing more comes by **
        name, inner = node.func.attr, node.func.value
        if name == "paginate" and isinstance(inner, ast.Call) and (named := _first_text(inner)):
            yield from _matching(named, keywords, whole)
        elif name in _BY_NAME and (named := _first_text(node)):
            by_keyword = name == "_call"
            yield from _matching(named, keywords if by_keyword else set(), whole and by_keyword)
        elif keywords and not node.args:
            yield from _matching(name, keywords, whole)
        elif not keywords and not node.args and "_" in name and "client" in ast.unparse(inner):
            yield from _matching(name, set(), whole)


def _first_text(node: ast.Call) -> str | None:
    first = node.args[0] if node.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _matching(name: str, parameters: set[str], whole: bool) -> Iterator[tuple[str, str, set[str]]]:
    for service in SERVICES:
        known = operations(service).get(name)
        if known and parameters <= known[1] and (not whole or known[2] <= parameters):
            yield service, known[0], parameters
