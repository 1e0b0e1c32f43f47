"""A job finds what Glue 5.0 has, and what it brought along; nothing else of this machine."""

from __future__ import annotations

import io
import zipfile

import pytest

from .conftest import BUCKET


def _upload_zip(aws, key: str, files: dict[str, str]) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        for name, text in files.items():
            writer.writestr(name, text)
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body=archive.getvalue())
    return f"s3://{BUCKET}/{key}"


@pytest.mark.parametrize("module", ["pydantic", "duckdb", "sqlglot", "airflow", "local"])
def test_a_module_that_glue_does_not_have_is_refused(aws, module):
    run = aws.run(f"import {module}")
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith(f"ModuleNotFoundError: No module named '{module}' on AWS Glue 5.0")


@pytest.mark.parametrize(
    "script",
    [
        "from pydantic import BaseModel",
        "import pydantic.types as t",
        "import importlib; importlib.import_module('pydantic')",
        "__import__('pydantic')",
        "def late():\n    import pydantic\nlate()",
    ],
)
def test_no_spelling_of_the_import_gets_by(aws, script):
    assert "'pydantic' on AWS Glue 5.0" in aws.run(script)["ErrorMessage"]


def test_the_standard_library_and_glues_own_modules_are_there(aws):
    run = aws.run("""
        import dataclasses, decimal, zoneinfo, sqlite3
        import boto3, botocore, dateutil, numpy, pyarrow.parquet, pytz, requests, urllib3, yaml
        from pyspark.sql import functions, types
        print(boto3.client("s3").list_objects_v2(Bucket="lake")["Name"])
    """)
    assert run["JobRunState"] == "SUCCEEDED", run
    assert aws.lines(run) == ["lake"]


def test_a_module_of_glue_may_import_its_own_dependencies_and_the_job_still_may_not(aws):
    run = aws.run("""
        import sys
        import requests
        import botocore.httpsession
        sys.modules["pydantic"] = object()  # however it came to be loaded
        import pydantic
    """)
    assert "'pydantic' on AWS Glue 5.0" in run["ErrorMessage"]


def test_a_job_may_try_a_module_and_do_without(aws):
    run = aws.run("""
        try:
            import pydantic
        except ImportError as missing:
            print("without", missing.name)
    """)
    assert aws.lines(run) == ["without pydantic"]


def test_extra_py_files_are_importable_and_under_the_same_rule(aws):
    package = _upload_zip(
        aws,
        "libs/tienda.zip",
        {
            "tienda/__init__.py": "",
            "tienda/core.py": "from .money import CENT\nfrom tienda import money\nVALUE = CENT + money.CENT\n",
            "tienda/money.py": "CENT = 1\n",
            "tienda/config.py": "import pydantic\n",
        },
    )
    aws.client("s3").put_object(Bucket=BUCKET, Key="libs/suelto.py", Body=b"VALUE = 40\n")
    files = {"--extra-py-files": f"{package}, s3://{BUCKET}/libs/suelto.py"}
    run = aws.run("from tienda.core import VALUE\nimport suelto\nprint(VALUE + suelto.VALUE)", files)
    assert run["JobRunState"] == "SUCCEEDED", run
    assert aws.lines(run) == ["42"]
    refused = aws.run("import tienda.config", files)
    assert "'pydantic' on AWS Glue 5.0" in refused["ErrorMessage"]
    assert "tienda.config" in refused["ErrorMessage"]


def test_a_missing_extra_file_is_named(aws):
    run = aws.run("pass", {"--extra-py-files": f"s3://{BUCKET}/libs/nowhere.zip"})
    assert f"s3://{BUCKET}/libs/nowhere.zip" in run["ErrorMessage"]


def test_neither_the_working_folder_nor_pythonpath_is_on_the_import_path(aws):
    run = aws.run("import os, sys\nprint([p for p in sys.path if p in ('', os.getcwd())])")
    assert aws.lines(run) == ["[]"]
