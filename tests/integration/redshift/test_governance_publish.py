"""What the Data Catalog says of a table after governance and registering have written it in turns."""

from typing import Any

import pytest

from podemos.branches import catalog
from podemos.core.store import S3Store
from podemos.governance.__main__ import contracts, main
from podemos.governance.publish import publish


@pytest.fixture
def glue(client: Any) -> Any:
    return client("glue")


def test_the_catalog_says_what_the_contract_says(glue: Any, client: Any) -> None:
    lake = S3Store(client("s3"), "lake")
    names = [contract.table for contract in contracts()]
    assert publish(glue, "gobierno", lake, contracts()) == names
    assert publish(glue, "gobierno", lake, contracts()) == [], "nothing changed, so no new version of a table"
    table = glue.get_table(DatabaseName="gobierno", Name="clientes")["Table"]
    terms = next(contract for contract in contracts() if contract.table == "clientes")
    assert (table["Owner"], table["Description"]) == (terms.owner, terms.comment)
    wanted = {"steward": terms.steward, "product": terms.product, "criticality": terms.criticality,
              "retention": terms.retention, "consumers": ",".join(terms.consumers)}  # fmt: skip
    assert wanted.items() <= table["Parameters"].items()
    columns = {column["Name"]: column for column in table["StorageDescriptor"]["Columns"]}
    classes = terms.compiled().sensitivities()
    assert {name: column["Parameters"]["sensitivity"] for name, column in columns.items()} == {
        name: str(value) for name, value in classes.items()
    }
    assert table["Parameters"]["sensitivity"] == str(max(classes.values())) != "0"
    assert all(column["Comment"] for column in columns.values())


def test_registering_leaves_governance_and_governance_leaves_registering(glue: Any, client: Any) -> None:
    lake = S3Store(client("s3"), "lake")
    (terms, *_) = contracts()
    catalog.ensure_database(glue, "turnos")
    described = catalog.table_input(terms.compiled(), lake)
    assert catalog.ensure_table(glue, "turnos", described)
    assert publish(glue, "turnos", lake, [terms]) == [terms.table]
    assert not catalog.ensure_table(glue, "turnos", described), "what governance wrote is no difference to registering"
    changed = {**described, "Description": "Otra descripción"}
    assert catalog.ensure_table(glue, "turnos", changed)
    table = glue.get_table(DatabaseName="turnos", Name=terms.table)["Table"]
    assert (table["Owner"], table["Parameters"]["steward"]) == (terms.owner, terms.steward)
    assert table["Description"] == "Otra descripción"


def test_the_command_says_what_changed(
    endpoint: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("PODEMOS_PLATFORM", '{"catalog_database": "mandado"}')
    assert main(["publish", "--endpoint", endpoint]) == 0
    assert main(["publish", "--endpoint", endpoint]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"mandado: {len(contracts())} contracts, 3 changed: {', '.join(c.table for c in contracts())}"
    assert second == "mandado: 3 contracts, 0 changed: none"
