"""Glue: the jobs with their scripts, `podemos` as a library zip, and the Data Catalog's database."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

from local.platform.clients import Clients
from local.platform.settings import ROOT
from podemos.contracts import resources
from podemos.contracts.platform import Platform
from podemos.core.paths import include


def provision(platform: Platform, clients: Clients) -> None:
    """Upload scripts and library under their content's hash, and point the jobs at them."""
    s3, glue = clients("s3"), clients("glue")
    database(platform, glue)
    library = library_zip(ROOT / "dags" / "podemos")
    for job in resources.jobs(platform):
        script = include() / "glue" / f"{job.name}.py"
        if not script.exists():
            raise FileNotFoundError(f"{script}: the job {job.name} of platform.yaml has no script")
        release = hashlib.sha256(script.read_bytes() + library).hexdigest()[:12]
        keys = {f"glue/{release}/{script.name}": script.read_bytes(), f"glue/{release}/podemos.zip": library}
        for key, content in keys.items():
            s3.put_object(Bucket=platform.artifacts_bucket, Key=key, Body=content)
        place = job.script(platform.artifacts_bucket, release)
        definition = {
            "Role": job.role,
            "Command": {"Name": "glueetl", "ScriptLocation": place, "PythonVersion": "3"},
            "DefaultArguments": job.arguments(platform.artifacts_bucket, release),
            "GlueVersion": job.version,
            "WorkerType": job.worker_type,
            "NumberOfWorkers": job.workers,
            "Timeout": job.timeout_minutes,
            "MaxRetries": job.retries,
            "ExecutionProperty": {"MaxConcurrentRuns": job.concurrent_runs},
        }
        if job.name in glue.list_jobs()["JobNames"]:
            glue.update_job(JobName=job.name, JobUpdate=definition)
        else:
            glue.create_job(Name=job.name, **definition)


def database(platform: Platform, glue: Any) -> None:
    """The catalog's database."""
    known = {found["Name"] for found in glue.get_databases()["DatabaseList"]}
    if platform.catalog_database not in known:
        glue.create_database(DatabaseInput={"Name": platform.catalog_database, "Description": "Curated tables"})


def library_zip(package: Path) -> bytes:
    """The package as a zip with the same bytes for the same files, whenever and wherever it is made."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(package.rglob("*.py")):
            entry = zipfile.ZipInfo(str(path.relative_to(package.parent)), date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return content.getvalue()
