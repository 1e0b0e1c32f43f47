"""Configuration: the shipped files fit, and every wrong key is reported with file, key and reason."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from podemos.contracts import branches as b
from podemos.contracts import everything
from podemos.contracts import platform as p
from podemos.contracts import sources as s
from podemos.contracts import tables as t
from podemos.contracts.loading import check, config_file, load
from podemos.core.errors import ContractViolation
from podemos.core.paths import include
from podemos.core.table import Table


def _yaml(name: str) -> Any:
    return yaml.safe_load(config_file(name).read_text(encoding="utf-8"))


def test_the_shipped_configuration_fits() -> None:
    assert len(b.branches().branches) == 200
    assert len(s.sources().sources) == 15
    assert sum(source.criticality is s.Criticality.CRITICAL for source in s.sources().sources) == 3
    assert p.platform().lake_bucket == "podemos-lake"
    assert s.policy().hold_if_missing == (s.Criticality.CRITICAL,)


def test_every_faulty_file_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything.check_everything()
    shutil.copytree(include(), tmp_path / "include")
    for name, old, new in (
        ("branches.yaml", "threads:", "treads:"),
        ("policy.yaml", "max_missing:", "max_missin:"),
        ("sources.yaml", "cutoff:", "cutof:"),
    ):
        path = tmp_path / "include" / "config" / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    monkeypatch.setenv("PODEMOS_CONFIG", str(tmp_path / "include" / "config"))
    for cached in (b.branches, s.sources, s.policy):
        cached.cache_clear()
    try:
        with pytest.raises(ContractViolation) as caught:
            everything.check_everything()
    finally:
        for cached in (b.branches, s.sources, s.policy):
            cached.cache_clear()
    told = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in told] == ["sources.yaml", "policy.yaml", "branches.yaml"]
    assert "treads: Extra inputs" in told[2]


def test_parents_come_before_children_and_every_ingested_table_has_a_contract() -> None:
    names = [table.name for table in t.tables(b.branches().extraction.tables)]
    assert names == ["clientes", "prestamos", "pagos"]


def test_a_contract_survives_the_way_to_glue() -> None:
    for name in b.branches().extraction.tables:
        table = t.contract(name).compiled()
        assert Table.from_dict(table.to_dict()) == table


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cursor": "modificado"}, "modificado"),
        ({"amount": "id_pago"}, "exact to the cent"),
        ({"business_date": "monto"}, "must be DATE"),
        ({"primary_key": ["otros_datos"]}, "must not be nullable"),
        ({"primary_keys": ["id_pago"]}, "primary_keys: Extra inputs"),
        ({"warehouse": "core.pagos; DROP"}, "warehouse"),
    ],
)
def test_a_wrong_table_contract_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ContractViolation, match=message) as caught:
        check(t.TableContract, _yaml("tables/pagos.yaml") | change, "pagos.yaml")
    assert str(caught.value).startswith("pagos.yaml: ")


@pytest.mark.parametrize(
    ("type_", "message"), [("DECIMAL(65,30)", "not exact"), ("FLOAT", "fingerprint: false"), ("VARCHAR", "pattern")]
)
def test_a_type_that_is_not_exact_is_refused(type_: str, message: str) -> None:
    data = _yaml("tables/pagos.yaml")
    data["columns"][3]["type"] = type_
    with pytest.raises(ContractViolation, match=rf"columns\.3.*{message}"):
        check(t.TableContract, data, "pagos.yaml")


def test_an_unknown_zone_and_a_branch_listed_twice_are_named() -> None:
    data = _yaml("branches.yaml")
    data["branches"][4]["zone"] = "America/Tijuna"
    with pytest.raises(ContractViolation, match=r"branches\.4\.zone.*America/Tijuna"):
        check(b.Branches, data, "branches.yaml")
    data = _yaml("branches.yaml")
    data["branches"][1]["id"] = "001"
    with pytest.raises(ContractViolation, match="branch 001 is listed twice"):
        check(b.Branches, data, "branches.yaml")
    with pytest.raises(ContractViolation, match="branch '999' is not listed"):
        b.branches().branch("999")


def test_a_source_without_mapping_or_with_a_bad_cutoff_is_named() -> None:
    data = _yaml("sources.yaml")
    del data["sources"][1]["mapping"]
    with pytest.raises(ContractViolation, match=r"sources\.1.*mapping is missing"):
        check(s.Sources, data, "sources.yaml")
    data = _yaml("sources.yaml")
    data["sources"][1]["cutoff"] = "4:00"
    with pytest.raises(ContractViolation, match=r"sources\.1\.cutoff"):
        check(s.Sources, data, "sources.yaml")


def test_a_missing_file_and_broken_yaml_are_named(tmp_path: Path) -> None:
    with pytest.raises(ContractViolation, match=r"none\.yaml: no such file"):
        load(b.Branches, tmp_path / "none.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [")
    with pytest.raises(ContractViolation, match=r"broken\.yaml is not YAML"):
        load(b.Branches, broken)


def test_the_platform_override_replaces_single_names() -> None:
    changed = p.platform('{"lake_bucket": "otro", "warehouse": {"workgroup": "w2"}}')
    assert (changed.lake_bucket, changed.warehouse.workgroup, changed.warehouse.database) == ("otro", "w2", "analytics")
    with pytest.raises(ContractViolation, match="podemos_platform is not JSON"):
        p.platform("{")
    with pytest.raises(ContractViolation, match="lake: Extra inputs"):
        p.platform('{"lake": "x"}')
