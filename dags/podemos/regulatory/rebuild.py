"""Makes a published version again, from its sealed inputs alone, and compares every byte.

The sealed files are parsed anew by the second engine; what the night found and decided is read from its manifests.
Nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from podemos.core.errors import DataFault
from podemos.core.manifest import canonical, read, read_ref, sha256
from podemos.core.store import ObjectStore
from podemos.regulatory import configuration, keys, restate
from podemos.regulatory.build import MOVEMENTS, SUMMARY, Evidence, render
from podemos.regulatory.frozen import fetch, freeze
from podemos.regulatory.lines import differing
from podemos.regulatory.publish import CHANGES
from podemos.regulatory.render import RENDERERS
from podemos.regulatory.second import read_sealed
from podemos.regulatory.versions import MANIFEST


@dataclass(frozen=True, slots=True)
class Compared:
    """One file: SHA-256 by the manifest, as it was rebuilt and as it is held now; empty when there is none."""

    name: str
    published: str
    rebuilt: str
    held: str

    @property
    def identical(self) -> bool:
        """Whether not a byte differs."""
        return self.published == self.rebuilt == self.held


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A version, compared file by file. `differences` names the movements that differ from the rebuilt ones."""

    files: tuple[Compared, ...]
    differences: tuple[str, ...] = ()

    @property
    def identical(self) -> bool:
        """Whether all files are."""
        return all(file.identical for file in self.files)


def rebuild(day: date, version: int, *, lake: ObjectStore, reports: ObjectStore, rehearsal: bool = False) -> Rebuilt:
    """Rebuilds a version and compares it with its manifest.

    Args:
        day: the business day.
        version: N of its folder `v<N>/`.
        lake: sealed inputs and evidence.
        reports: published versions.
        rehearsal: of a rehearsal.

    Raises:
        NotFound: there is no such version, or evidence is gone.
        DataFault: evidence or sealed bytes were changed, or its renderer is none of `RENDERERS`.
    """
    folder = f"{keys.reports_folder(day, rehearsal=rehearsal)}v{version}/"
    key = folder + MANIFEST
    manifest, _ = read(reports, key)
    if manifest["renderer"] not in RENDERERS:
        raise DataFault(
            f"{reports.uri(key)} was written by renderer {manifest['renderer']}, this makes those of {RENDERERS}: "
            "check out the revision that had it and rebuild there"
        )
    decision = read_ref(lake, manifest["decision"])
    reconciliation = read_ref(lake, manifest["reconciliation"])
    normalised = read_ref(lake, reconciliation["normalised"])
    seal = read_ref(lake, normalised["seal"])
    sources = configuration.of_seal(lake, seal)
    with TemporaryDirectory(prefix="rebuild-") as name:
        rows = Path(name) / "rows.parquet"
        read_sealed(seal, rows, lake=lake, sources=sources)
        evidence = Evidence(decision, normalised, reconciliation)
        rendered, _ = render(
            evidence, rows, lake=lake, sources=sources, scratch=Path(name), renderer=manifest["renderer"]
        )
        made = {file.name: file.sha256 for file in rendered}
        restatement = read_ref(lake, manifest["build"]).get("restatement")
        if restatement:
            kept = {file.name: file.path for file in rendered if file.name in (MOVEMENTS, SUMMARY)}
            changes = restate.changed(restatement, kept, reports=reports, scratch=Path(name))
            made[CHANGES] = sha256(canonical(changes))
        published = {file["name"]: file["sha256"] for file in manifest["files"]}
        names = [*published, *(name for name in made if name not in published)]
        files = tuple(
            Compared(name, published.get(name, ""), made.get(name, ""), _held(reports, folder + name)) for name in names
        )
        differences = _differences(rendered[0].path, files[0], reports, folder) if not files[0].identical else []
    return Rebuilt(files, tuple(differences))


def _held(reports: ObjectStore, key: str) -> str:
    return str(freeze(reports, key)["sha256"]) if reports.head(key) else ""


def _differences(rebuilt: Path, movements: Compared, reports: ObjectStore, folder: str) -> list[str]:
    """The movements of the published file, as it is held now, that are not the rebuilt ones."""
    if not movements.held:
        return [f"{folder}{movements.name} is gone"]
    held = rebuilt.with_name("held.csv")
    fetch(reports, {"key": folder + movements.name, "sha256": movements.held}, held)
    return differing(rebuilt, held, f"{folder}{movements.name}")
