"""Every relative link of the documentation leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_exist(document: Path) -> None:
    targets = [match[1] for match in LINK.finditer(document.read_text(encoding="utf-8"))]
    missing = [t for t in targets if "://" not in t and not (document.parent / t).exists()]
    assert not missing


def test_the_documents_were_found() -> None:
    assert len(DOCS) > 15
    assert any(LINK.search(document.read_text(encoding="utf-8")) for document in DOCS)


@pytest.mark.parametrize(
    "dag",
    [
        "branch_ingestion",
        "mobile_event_compaction",
        "mobile_watch",
        "redshift_maintenance",
        "regulatory_rebuild",
        "regulatory_report",
        "regulatory_restatement",
    ],
)
def test_every_dag_has_its_runbook(dag: str) -> None:
    assert (ROOT / "docs" / "runbooks" / f"{dag}.md").is_file()
