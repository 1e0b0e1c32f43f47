"""Takes the README's pictures of a running platform with headless Chromium (`make screenshots`, after `make demo`)."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
from playwright.sync_api import Page, sync_playwright

from local.platform.settings import settings as local_settings

SIZE = {"width": 1500, "height": 950}
IMAGES = Path("docs/img")


def main() -> int:
    """Pictures of both DAGs' grids and of the newest Data Docs page."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("screenshots: no chromium on the path; `apt-get install chromium`, or set CHROMIUM", file=sys.stderr)
        return 1
    settings = local_settings()
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as browsers, TemporaryDirectory() as folder:
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE)
        for dag in ("branch_ingestion", "regulatory_report"):
            _picture(page, f"{settings.airflow_url}/dags/{dag}", f"{dag}.png", wait=6)
        docs = _newest_docs(settings.endpoint, Path(folder))
        if docs is not None:
            _picture(page, docs.as_uri(), "data_docs.png", wait=1)
        browser.close()
    return 0


def _picture(page: Page, url: str, name: str, *, wait: int) -> None:
    page.goto(url)
    page.wait_for_timeout(wait * 1000)
    page.screenshot(path=IMAGES / name)
    print(f"{url} -> {IMAGES / name}")


def _newest_docs(endpoint: str, folder: Path) -> Path | None:
    """Downloads the newest Data Docs page; None when no night has run yet."""
    s3 = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106
    )
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="podemos-lake", Prefix="regulatory/datadocs/")
    found = [o for page in pages for o in page.get("Contents", ()) if o["Key"].endswith(".html")]
    if not found:
        return None
    newest = max(found, key=lambda o: o["LastModified"])
    target = folder / "data_docs.html"
    s3.download_file("podemos-lake", newest["Key"], str(target))
    return target


if __name__ == "__main__":
    sys.exit(main())
