"""The command line of this concern: `python -m podemos.mobile <command>`; `--help` lists the commands.

The same library as the DAG, without Airflow. AWS by boto3's own credentials, names by platform.yaml and
PODEMOS_PLATFORM. A module of commands registers them with `@app.command()` and is named in `__main__`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Annotated, Any, TypeVar

import typer
from botocore.exceptions import BotoCoreError, ClientError

from podemos.core.errors import PodemosError
from podemos.mobile.upload import S3Uploads
from podemos.outside import Outside

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
Endpoint = Annotated[str | None, typer.Option(help="Endpoint of all AWS services; default: AWS, or AWS_ENDPOINT_URL.")]
Function = TypeVar("Function", bound=Callable[..., None])
REFUSED = 2


@dataclass(frozen=True)
class Ports(Outside):
    """The outside, and the inbox in it."""

    @cached_property
    def uploads(self) -> S3Uploads:
        """The lake's bucket, as the phones' inbox."""
        return S3Uploads(self.client("s3"), self.platform.lake_bucket)


def told(function: Function) -> Function:
    """A command whose expected faults are one line on stderr and exit 2."""

    @wraps(function)
    def run(*given: Any, **named: Any) -> None:
        try:
            function(*given, **named)
        except PodemosError as error:
            _end(f"{type(error).__name__}: {error}")
        except (BotoCoreError, ClientError) as error:
            _end(f"AWS: {error}; check credentials, platform.yaml and --endpoint")

    return run  # type: ignore[return-value]


def say(document: Any) -> None:
    """A result as indented JSON."""
    typer.echo(json.dumps(document, indent=1, default=str, ensure_ascii=False))


def _end(line: str) -> None:
    sys.stderr.write(line + "\n")
    raise typer.Exit(REFUSED)
